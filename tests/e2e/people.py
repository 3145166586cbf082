"""What a person does with a browser, in a few words."""

from playwright.sync_api import Page

from e2e.world import PASSWORD


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
