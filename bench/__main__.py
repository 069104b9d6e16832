"""`python -m bench`: the command line."""

import argparse
import sys

from bench import chart, report
from bench.machine import BenchError, choose_cores, pinned
from bench.measure import QUICK, THOROUGH, Contest, say
from bench.operations import OPERATIONS, named
from bench.servers import SERVERS, WORK, chosen


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    servers = ", ".join(server.name for server in SERVERS)
    operations = ", ".join(operation.name for operation in OPERATIONS)
    parser.add_argument("--only", metavar="SERVERS", help=f"a comma between each, of: {servers}")
    parser.add_argument("--operations", help=f"a comma between each, of: {operations}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, for a first look")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    parser.add_argument(
        "--write", action="store_true", help="keep the result: bench/RESULTS.md and results.svg"
    )
    return parser.parse_args()


def names(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",")] if text else None


def main() -> int:
    asked = options()
    cores = choose_cores()
    operations = [named(name) for name in names(asked.operations) or [o.name for o in OPERATIONS]]
    contest = Contest(cores, QUICK if asked.quick else THOROUGH, operations)
    with pinned(cores.load):
        contest.measure(chosen(names(asked.only)))
    text = report.markdown(contest, operations)
    print(text)
    drawing = chart.svg(contest, operations)
    folder = WORK
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(report.json_text(contest))
    (folder / "results.svg").write_text(drawing)
    say(f"kept in {folder}: latest.json, results.svg")
    if asked.write:
        report.keep(text, drawing)
    return 1 if asked.check and not report.all_met(contest, operations) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
