"""A page as axe-core sees it, what a phone or a keyboard cannot reach on it, and what it weighs."""

import functools
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.clients.drivers import FOLDER, or_fail

AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# What a finger has to hit: every button and field, and links that stand alone.
SMALLEST = 44
SMALL = """(smallest) => [...document.querySelectorAll('button, input:not([type=hidden], [type=checkbox]), summary')]
  .filter((one) => one.checkVisibility() && !one.classList.contains('hidden'))
  .filter((one) => one.getBoundingClientRect().height < smallest && !one.closest('.steps'))
  .map((one) => one.outerHTML)"""
# All that a page loads, in bytes before any compression, be it from the server or from what the browser has kept.
HEAVIEST = 60_000
WEIGHT = """() => ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
  .map((one) => one.decodedBodySize)"""
SEEN: dict[str, set[str]] = {}
"""The templates that a walk has come by in this run, with the looks in which it has."""


@functools.cache
def axe() -> str:
    if not AXE.is_file():
        or_fail("axe-core is not installed: run `make node`.")
    return Path(AXE).read_text()


def faults(page: Page) -> list[Any]:
    """What is serious to who uses a keyboard, a screen reader or a finger, or waits for it on a slow line."""
    weight = weight_of(page)
    page.evaluate(axe())
    found = page.evaluate("async () => (await axe.run()).violations")
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]
    wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    small = page.evaluate(SMALL, SMALLEST)
    headings = page.locator("h1").count()
    return [
        *serious,
        *small,
        *(["wider than the screen"] if wide else []),
        *([f"{weight} bytes"] if weight >= HEAVIEST else []),
        *([] if headings == 1 else ["h1"]),
    ]


def weight_of(page: Page) -> int:
    """The bytes of the page and of everything that it loads."""
    # The page itself and its stylesheet, at least; a page that goes on by itself never says that it has loaded.
    page.wait_for_function(
        f"() => {{ const all = ({WEIGHT})(); return all.length > 1 && all.every(Boolean); }}"
    )
    sizes: list[int] = page.evaluate(WEIGHT)
    return sum(sizes)
