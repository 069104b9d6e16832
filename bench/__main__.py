"""`python -m bench`: the command line."""

import argparse
import sys

import bench
from bench import chart, report
from bench.experiments import EXPERIMENTS, Setting, run
from bench.machine import BenchError, choose_cores, pinned
from bench.measure import QUICK, THOROUGH, Contest, say
from bench.operations import OPERATIONS, named
from bench.servers import SERVERS, WORK, chosen


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=bench.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    servers = ", ".join(server.name for server in SERVERS)
    operations = ", ".join(operation.name for operation in OPERATIONS)
    parser.add_argument("--only", metavar="SERVERS", help=f"a comma between each, of: {servers}")
    parser.add_argument("--operations", help=f"a comma between each, of: {operations}")
    parser.add_argument(
        "--experiments",
        nargs="?",
        const=",".join(EXPERIMENTS),
        metavar="NAMES",
        help=f"instead of the rounds, what takes longer; all, or some of: {', '.join(EXPERIMENTS)}",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, for a first look")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep the result in bench/: RESULTS.md and results.svg, or its part of EXPERIMENTS.md",
    )
    return parser.parse_args()


def names(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",")] if text else None


def main() -> int:
    asked = options()
    cores, effort = choose_cores(), QUICK if asked.quick else THOROUGH
    WORK.mkdir(parents=True, exist_ok=True)
    if asked.experiments:
        found = run(names(asked.experiments) or [], Setting(cores, effort, quick=asked.quick))
        sections = [report.section(name, findings) for name, findings in found.items()]
        print("\n".join(sections))
        if asked.write:
            report.keep_sections(sections)
        missed = any(finding.met is False for findings in found.values() for finding in findings)
        return 1 if asked.check and missed else 0
    operations = [named(name) for name in names(asked.operations) or [o.name for o in OPERATIONS]]
    contest = Contest(cores, effort, operations)
    with pinned(cores.load):
        contest.measure(chosen(names(asked.only)))
    text, drawing = report.markdown(contest, operations), chart.svg(contest, operations)
    print(text)
    (WORK / "latest.json").write_text(report.json_text(contest))
    (WORK / "results.svg").write_text(drawing)
    say(f"kept in {WORK}: latest.json, results.svg")
    if asked.write:
        report.keep(text, drawing)
    return 1 if asked.check and not report.all_met(contest, operations) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
