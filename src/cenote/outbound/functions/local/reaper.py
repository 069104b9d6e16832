"""Kills what a worker leaves behind. A program of its own, which needs nothing but Python (see `wardens.py`).

It is told process groups on its standard input, `+123` and `-123`, one a line. When that ends, the worker has ended,
whatever ended it, and what is left of them is killed. Signals that stop servers are blocked in it from its start.
"""

import os
import signal
import sys


def main() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            continue


if __name__ == "__main__":
    main()
