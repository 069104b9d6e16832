"""The result as a table for people and as JSON for programs."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.experiments import EXPERIMENTS, Finding
from bench.machine import describe
from bench.measure import Contest, Result
from bench.operations import Operation
from bench.servers import REPOSITORY

FOLDER = REPOSITORY / "bench"
PREFACE = """# What a request costs

Written by `python -m bench --write`. The server has one core, the load another.

- *CPU* is that of the server's whole process tree for one operation, work put off past the answer included.
- *cryptography* is what the operation's signatures and modular powers cost alone, measured on the same core right
  before and after; *share* is that part of the CPU: higher is better.
- Cenote takes powers of g from a table, at less than the plain cost that shares are counted in. *by table* is the
  share of what it really computes.
- Limits in microseconds were set where ministack took 440 for GetUser and 230 for JWKS. They go with what it takes in
  the same run: a slower machine makes both slower.
- The interpreter counts: one that was compiled without a profile, as pyenv does by default, takes up to a fifth
  longer for what is Python than those of distributions, container images and uv.
- A server that keeps passwords as they were typed needs no modular power for them; its share tells only how its
  cost compares.
- † marks a server that takes what it must refuse.

![CPU time of each operation](results.svg)

"""


def share(result: Result) -> str:
    part = result.median(lambda sample: sample.share)
    if part == 0:
        return ""
    # More than the whole: whatever it does, it is not the cryptography this operation needs.
    return f"{part:.2f}" if part < 1 else "> 1"


def row(result: Result, operation: Operation, yardstick: float | None) -> list[str]:
    costs = operation.crypto.cost_anything
    return [
        operation.title,
        f"{result.median(lambda sample: sample.cpu):,.0f} ± {result.spread():.0%}",
        f"{result.median(lambda sample: sample.crypto):,.0f}" if costs else "",
        share(result),
        f"{result.median(lambda sample: sample.share_by_table):.2f}" if costs else "",
        operation.target(yardstick),
        "yes" if met(result, operation, yardstick) else "**no**",
        f"{result.median(lambda sample: sample.wall):,.0f}",
        f"{result.median(lambda sample: sample.p50):.1f} / {result.median(lambda sample: sample.p99):.1f}",
    ]


def met(result: Result, operation: Operation, yardstick: float | None) -> bool:
    cpu, part = result.median(lambda sample: sample.cpu), result.median(lambda sample: sample.share)
    return operation.met(cpu, part, yardstick)


def yardstick(contest: Contest, operation: Operation) -> float | None:
    """What the server took in this run by which the operation's limit was set."""
    result = contest.results.get((operation.yardstick[0], operation.name))
    return result.median(lambda sample: sample.cpu) if result is not None and result.samples else None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """GitHub's Markdown, numbers to the right; columns padded so that it reads well on a terminal too."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ("-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths))
    return [line(head), f"| {' | '.join(rule)} |", *(line(cells) for cells in rows)]


def markdown(contest: Contest, operations: Sequence[Operation]) -> str:
    effort = contest.effort
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe()}.",
        f"Medians of {effort.rounds} rounds, ± half their range; {effort.connections} keep-alive connections.",
        "",
    ]
    for subject in contest.subjects:
        if subject.running.server.ours:
            lines += _against_targets(contest, operations, subject.running.server.name)
    if len(contest.subjects) > 1 or not contest.subjects[0].running.server.ours:
        lines += _side_by_side(contest, operations)
    lines += _notes(contest, operations)
    return "\n".join(lines) + "\n"


def _against_targets(contest: Contest, operations: Sequence[Operation], server: str) -> list[str]:
    head = (
        server, "CPU µs", "cryptography µs", "share", "by table", "target", "met", "wall µs", "p50 / p99 ms"
    )  # fmt: skip
    rows = [
        row(contest.results[server, operation.name], operation, yardstick(contest, operation))
        for operation in operations
    ]
    return [*table(head, rows), ""]


def _side_by_side(contest: Contest, operations: Sequence[Operation]) -> list[str]:
    names = [subject.running.server.name for subject in contest.subjects]
    rows = []
    for operation in operations:
        cells = [operation.title]
        for name in names:
            result = contest.results[name, operation.name]
            if not result.samples:
                cells.append("n/a")
                continue
            cpu, part = f"{result.median(lambda sample: sample.cpu):,.0f}", share(result)
            cells.append(cpu + (f" ({part})" if part else "") + (" †" if result.lax else ""))
        rows.append(cells)
    return [*table(("CPU µs (share)", *names), rows), ""]


def _notes(contest: Contest, operations: Sequence[Operation]) -> list[str]:
    titles = {operation.name: operation.title for operation in operations}
    lines = []
    for subject in contest.subjects:
        server = subject.running.server
        memory = f"{subject.rest.pss / 1024:.0f} MB (PSS) at rest"
        lines.append(
            f"- {server.name} {subject.version}: state in {server.keeps}; ready after "
            f"{subject.running.ready_after:.2f} s; {memory}."
        )
    lines += [f"- {name}: n/a: {reason}" for name, reason in contest.absent.items()]
    for result in contest.results.values():
        if result.missing is not None:
            lines.append(f"- {result.server}, {titles[result.operation]}: n/a: {result.missing}")
        elif result.lax:
            lines.append(f"- † {result.server}, {titles[result.operation]}: {result.lax}.")
    samples = [sample for result in contest.results.values() for sample in result.samples]
    if samples and (most := max(sample.others for sample in samples)) > 0.05:
        lines.append(
            f"- The machine was not idle: other processes had up to {most:.0%} of the server's core."
        )
    return lines


def all_met(contest: Contest, operations: Sequence[Operation]) -> bool:
    return all(
        met(
            contest.results[subject.running.server.name, operation.name],
            operation,
            yardstick(contest, operation),
        )
        for subject in contest.subjects
        if subject.running.server.ours
        for operation in operations
    )


def json_text(contest: Contest) -> str:
    servers: dict[str, Any] = {
        subject.running.server.name: {
            "version": subject.version,
            "ready_seconds": subject.running.ready_after,
            "rest": dataclasses.asdict(subject.rest),
        }
        for subject in contest.subjects
    }
    results = [
        dataclasses.asdict(result) | {"shares": [sample.share for sample in result.samples]}
        for result in contest.results.values()
    ]
    kept = {"machine": describe(), "servers": servers, "absent": contest.absent, "results": results}
    return json.dumps(kept, indent=1)


def keep(text: str, drawing: str) -> None:
    (FOLDER / "results.svg").write_text(drawing)
    (FOLDER / "RESULTS.md").write_text(PREFACE + text)


def section(name: str, findings: Sequence[Finding]) -> str:
    """What one experiment found, under its name."""
    verdicts = {True: "yes", False: "**no**", None: ""}
    rows = [[finding.what, finding.value, finding.target, verdicts[finding.met]] for finding in findings]
    about = (EXPERIMENTS[name].__doc__ or "").strip()
    lines = [f"## {name}", "", about, f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe()}.", ""]
    return "\n".join([*lines, *table(("", "measured", "target", "met"), rows)]) + "\n"


def keep_sections(sections: Iterable[str]) -> None:
    """Puts each in the place of the one of its name; what was not measured this time stays as it was."""
    path = FOLDER / "EXPERIMENTS.md"
    kept = path.read_text().split("\n## ")[1:] if path.exists() else []
    by_name = {
        text.partition("\n")[0]: text for text in (*kept, *(new.removeprefix("## ") for new in sections))
    }
    path.write_text(
        "# What takes longer to measure\n\n"
        "Written by `python -m bench --experiments --write`; `bench/experiments.py` has each under its name.\n"
        + "".join(f"\n## {by_name[name].rstrip()}\n" for name in EXPERIMENTS if name in by_name)
    )
