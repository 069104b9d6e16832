"""The result as a picture: one panel an operation, one bar a server, and a line at the bare cryptography.

Plain SVG with its own background, and colours that follow the reader's colour scheme: it reads well on a page of
documentation, light or dark, as it does from a file.
"""

from collections.abc import Sequence
from html import escape

from bench.measure import Contest, Result
from bench.operations import Operation

PANEL_WIDTH, MARGIN, GAP = 400, 28, 36
LABEL, VALUE = 96, 92  # pixels left and right of the bars
BAR, STEP, TITLE, FOOT = 14, 24, 34, 24

STYLE = """
  .paper { fill: #ffffff; stroke: #d8dee4; }
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328; }
  .head { font-size: 17px; font-weight: 600; }
  .title { font-size: 13px; font-weight: 600; }
  .quiet { fill: #59636e; }
  .ours { fill: #0b6e99; }
  .peer { fill: #b4bcc6; }
  .alone { stroke: #c2410c; stroke-width: 2; }
  .alone-text { fill: #c2410c; font-size: 11px; }
  .strong { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; stroke: #30363d; }
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .ours { fill: #3aa8d8; }
    .peer { fill: #4b535d; }
    .alone { stroke: #fb923c; }
    .alone-text { fill: #fb923c; }
  }
"""


def time_text(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.{1 if microseconds < 100_000 else 0}f} ms"


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def panel(contest: Contest, operation: Operation, left: float, top: float) -> list[str]:
    names = [subject.running.server.name for subject in contest.subjects]
    ours = {subject.running.server.name for subject in contest.subjects if subject.running.server.ours}
    results = [contest.results[name, operation.name] for name in names]
    cpu = [result.median(lambda sample: sample.cpu) if result.samples else None for result in results]
    crypto = _crypto(results)
    room = PANEL_WIDTH - LABEL - VALUE
    scale = room / max([value for value in cpu if value is not None] + [crypto, 1.0])
    start = left + LABEL
    parts = [text(left, top + 14, operation.title, "title")]
    for number, (name, value, result) in enumerate(zip(names, cpu, results, strict=True)):
        y = top + TITLE + number * STEP
        emphasis = "strong" if name in ours else "quiet"
        parts.append(text(start - 8, y + 11, name, emphasis, "end"))
        if value is None:
            parts.append(text(start + crypto * scale + 7, y + 11, "not offered", "quiet"))
            continue
        width = max(value * scale, 1.5)
        colour = "ours" if name in ours else "peer"
        parts.append(
            f'<rect x="{start:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" class="{colour}"/>'
        )
        label = time_text(value) + (" †" if result.lax else "")
        parts.append(text(start + max(width, crypto * scale) + 7, y + 11, label, emphasis))
    if crypto:
        x, bottom = start + crypto * scale, top + TITLE + len(names) * STEP
        parts.append(
            f'<line x1="{x:.1f}" y1="{top + TITLE - 5}" x2="{x:.1f}" y2="{bottom - 5}" class="alone"/>'
        )
        anchor = "start" if crypto * scale < room / 2 else "end"
        parts.append(text(x, bottom + 8, f"cryptography alone {time_text(crypto)}", "alone-text", anchor))
    return parts


def _crypto(results: Sequence[Result]) -> float:
    costs = [result.median(lambda sample: sample.crypto) for result in results if result.samples]
    return sum(costs) / len(costs) if costs else 0.0


def svg(contest: Contest, operations: Sequence[Operation]) -> str:
    names = [f"{subject.running.server.name} {subject.version}" for subject in contest.subjects]
    panel_height = TITLE + len(names) * STEP + FOOT
    rows = (len(operations) + 1) // 2
    width = 2 * PANEL_WIDTH + GAP + 2 * MARGIN
    top = MARGIN + 56
    height = top + rows * (panel_height + 14) + MARGIN + (14 if _any_lax(contest) else 0)
    parts = [
        text(MARGIN, MARGIN + 14, "CPU time of the server for one operation", "head"),
        text(MARGIN, MARGIN + 33, f"Shorter is better. One core. {', '.join(names)}.", "quiet"),
    ]
    for number, operation in enumerate(operations):
        left = MARGIN + (number % 2) * (PANEL_WIDTH + GAP)
        parts += panel(contest, operation, left, top + (number // 2) * (panel_height + 14))
    if _any_lax(contest):
        parts.append(text(MARGIN, height - MARGIN + 6, "† takes what it must refuse", "quiet"))
    body = "\n  ".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="CPU time of the server for one operation">\n'
        f"  <style>{STYLE}</style>\n"
        f'  <rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" class="paper"/>\n'
        f"  {body}\n</svg>\n"
    )


def _any_lax(contest: Contest) -> bool:
    return any(result.lax for result in contest.results.values())
