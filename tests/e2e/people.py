"""What a person does with a browser, in a few words."""

from collections.abc import Sequence
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from e2e.world import PASSWORD

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}
"""What axe looks for.

Naming every place that is in order would be most of its work. Fetching style sheets and media again would be
half of the rest, and serves two rules alone: turned screens, which is not one of these, and sound.
"""

LOOKS: Final[dict[str, dict[str, Any]]] = {
    "English": {"language": "en-GB", "viewport": {"width": 1280, "height": 900}},
    "small French dark": {
        "language": "fr-FR", "viewport": {"width": 360, "height": 740}, "color_scheme": "dark",
    },
}  # fmt: skip
"""How pages are looked at."""


def looked_at(paths: Sequence[str], look: str, soak: bool) -> Sequence[str]:
    """Return the pages to look at in this look: all of them in a soak, else each page in one of the looks."""
    return paths if soak else paths[list(LOOKS).index(look) :: len(LOOKS)]


def sign_in(page: Page, door: str, name: str, password: str = PASSWORD) -> None:
    """Go through the door's sign-in page."""
    if not page.url.split("?")[0].endswith(f"/{door}/login"):
        page.goto(f"/{door}/login")
    page.locator("#login").fill(name)
    page.locator("#password").fill(password)
    page.locator("main button").first.click()


def overflows(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def barriers(page: Page, path: str) -> list[str]:
    """What keeps somebody from using the page that is shown, as far as a program can tell."""
    violations = Axe().run(page, options=RULES).response["violations"]
    found = [f"{path}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in violations]
    if overflows(page):
        found.append(f"{path}: wider than its window")
    if page.locator("h1").count() != 1:
        found.append(f"{path}: not one h1")
    return found
