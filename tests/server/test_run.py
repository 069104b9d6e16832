"""How the process sets its workers off."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import free_port
from tests.process import clean

from cenote.server import run

# What serve does, up to the fork, and nothing of what follows.
UP_TO_THE_FORK = """
import os, sys, threading
from cenote.server import run
from cenote.server.settings import load

os.fork = lambda: print("threads:", threading.active_count()) or sys.exit()
settings = load({"data": sys.argv[1], "port": int(sys.argv[2]), "workers": 2}, {})
run.check_before_start(settings)
run.serve(settings, on_ready=print)
"""


def test_workers_are_forked_while_no_other_thread_runs(tmp_path: Path) -> None:
    """A worker would wait for ever for what a thread held at that moment: an import's lock."""
    command = [sys.executable, "-c", UP_TO_THE_FORK, str(tmp_path), str(free_port())]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=clean({}))
    assert said.stdout == "threads: 1\n"


def test_as_many_connections_are_held_as_files_may_be_open() -> None:
    code = (
        "import resource\nfrom cenote.server import run\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "print(run.most_connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    few = run.OWN_FILES + 100
    for soft, hard, connections, files in ((64, few, 100, few), (few, few, 100, few), (64, 100, 1, 100)):
        command = [sys.executable, "-c", code.format(soft=soft, hard=hard)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=clean({}))
        assert said.stdout.split() == [str(connections), str(files)]
