"""A page as axe-core sees it, and what a phone or a keyboard cannot reach on it."""

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


@functools.cache
def axe() -> str:
    if not AXE.is_file():
        or_fail("axe-core is not installed: run `make node`.")
    return Path(AXE).read_text()


def faults(page: Page) -> list[Any]:
    """What is serious to who uses a keyboard, a screen reader or a finger."""
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
        *([] if headings == 1 else ["h1"]),
    ]
