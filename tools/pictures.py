"""Take the pictures of pages that the documentation shows, from a demo of a fixed day: `docs/pictures/`.

`python tools/pictures.py` makes a demo, serves it, takes every picture and ends it. With a file of keys, a
directory and names it takes these from a demo that is served. Letters are set in Inter where it is installed
(`apt-get install fonts-inter chromium-l10n`).
"""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from banking import Tx, camt  # noqa: E402

HOME: Final = ROOT / "docs" / "pictures"
AS_OF: Final = "2026-11-23"
PORT: Final = 8471
SELLER_IBAN: Final = "FR7699999000010000042424229"
WIDTH: Final = 1180
COLOURS: Final = 128
CHROMIUM: Final = shutil.which("chromium") or "/usr/bin/chromium"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it is shown: its address, and by selectors what is clicked on the way from there."""

    name: str
    door: str
    path: str
    language: str = "en"
    follow: tuple[str, ...] = ()
    height: int = 900
    width: int = WIDTH
    dark: bool = False


PICTURES: Final = (
    Picture("manager-overview", "manager", "/manager", height=1040),
    Picture("manager-bills", "manager", "/manager/bills", height=860),
    Picture("manager-bill", "manager", "/manager/bills", follow=("table.ticks tbody a",), height=1060),
    Picture("manager-transfer", "manager", "/manager/pay", "fr", ("main form button",), height=1000),
    Picture("manager-orders", "manager", "/manager/purchase-orders", "fr", ("main h2 a",), height=760),
    Picture("manager-family", "manager", "/manager/sub-accounts?period=2026&by=order", height=860),
    Picture("manager-services", "manager", "/manager/services", "fr", height=760),
    Picture("manager-keys", "manager", "/manager/keys", height=820),
    Picture("office-account", "office", "/office/accounts/ab12345-acq", height=1000),
    Picture("office-grant", "office", "/office/accounts/ab12345-acq/terms", "fr", height=860),
    Picture("office-run", "office", "/office/runs", follow=("main a[href*='/runs/asked/']",), height=1000),
    Picture("office-bank", "office", "/office/bank", height=1000),
    Picture("office-dunning", "office", "/office/dunning", "fr", height=760),
    Picture("office-aged", "office", "/office/reports/aged", height=860),
)

ENTRIES: Final = (
    (34_030, "Facture de novembre", "Transports Delmas SA"),
    (23_734, "Règlement octobre et novembre", "Imprimerie du Vieux Port SARL"),
    (31_400, "FR00000140", "Cliniques du Lac SA"),
    (15_000, "Acompte", "M. Durand"),
)
"""What the bank tells on the day: cents, the words of the payer, its name."""


def served(directory: Path) -> Iterator[Mapping[str, Any]]:
    """Make and serve a demo company; yield its keys, end it after."""
    keys = directory / "keys.json"
    command = [
        str(ROOT / ".venv" / "bin" / "acquit"), "demo", "--data", str(directory / "demo"),
        "--keys", str(keys), "--port", str(PORT), "--as-of", AS_OF,
    ]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC"})
    try:
        until = time.monotonic() + 600
        while not keys.exists():
            assert server.poll() is None, "the demo ended before it was served"
            assert time.monotonic() < until, "the demo is not served"
            time.sleep(1)
        yield json.loads(keys.read_text(encoding="utf-8"))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def sign_in(page: Page, keys: Mapping[str, Any], door: str) -> None:
    """Go through a door of the demo."""
    page.goto(f"{keys[door]['url']}/login")
    page.locator("#login").fill(keys[door]["login"])
    page.locator("#password").fill(keys[door]["password"])
    page.locator("main button").first.click()
    page.wait_for_url(f"**/{door}")


def prepare(browser: Browser, keys: Mapping[str, Any], directory: Path) -> None:
    """Bring the bank's file of the day, rehearse the next month, chase what is late; wait for the worker."""
    origin = keys["base"].removesuffix("/1.0")
    page = browser.new_page(base_url=origin, locale="en-GB")
    sign_in(page, keys, "office")
    statement = directory / "statement.xml"
    statement.write_bytes(
        camt(
            [Tx(cents, text, payer=payer, on=date(2026, 11, 23)) for cents, text, payer in ENTRIES],
            iban=SELLER_IBAN,
        )
    )
    page.goto("/office/bank/files")
    page.locator("main input[type=file]").set_input_files(statement)
    page.locator("main form[enctype] button").click()
    page.goto("/office/runs")
    page.locator("#period").fill("2026-12")
    page.locator("button[value=rehearse]").click()
    page.locator("dl.tiles").first.wait_for(timeout=120_000)
    page.goto("/office/dunning/rehearsal")
    page.locator("main form[action='/office/dunning'] button").click()
    until = time.monotonic() + 120
    while page.locator("main tbody tr").count() == 0 and time.monotonic() < until:
        time.sleep(2)
        page.goto("/office/dunning")
    page.close()


def speak(page: Page, origin: str, language: str) -> None:
    """Choose the language of the customer's account."""
    page.goto(f"{origin}/manager/preferences")
    page.locator("select[name=language]").select_option({"en": "en_GB", "fr": "fr_FR"}[language])
    page.locator("main form button").first.click()


def take(browser: Browser, keys: Mapping[str, Any], picture: Picture) -> bytes:
    """Return the picture as PNG, as wide and high as it says."""
    origin = keys["base"].removesuffix("/1.0")
    context = browser.new_context(
        locale={"en": "en-GB", "fr": "fr-FR"}[picture.language],
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
        timezone_id="Europe/Paris",
    )
    with contextlib.closing(context):
        page = context.new_page()
        sign_in(page, keys, picture.door)
        if picture.door == "manager":
            speak(page, origin, picture.language)
        page.goto(f"{origin}{picture.path}")
        for selector in picture.follow:
            page.locator(selector).first.click()
            page.wait_for_load_state()
        return page.screenshot(animations="disabled")


def kept(content: bytes) -> bytes:
    """Return the picture with few colours, which makes it a third as long."""
    image = Image.open(io.BytesIO(content)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def font_settings(directory: Path) -> Path:
    """Write the settings by which the system's letters are Inter."""
    path = directory / "fonts.conf"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        "<include>/etc/fonts/fonts.conf</include>"
        '<match target="pattern"><test name="family"><string>sans-serif</string></test>'
        '<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>'
        "</fontconfig>",
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def opened(playwright: Playwright, fonts: Path, language: str) -> Iterator[Browser]:
    """Open a browser that speaks the language, its fields of dates too."""
    locale = {"en": "en-GB", "fr": "fr"}[language]
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", f"--lang={locale}"],
        env={**os.environ, "FONTCONFIG_FILE": str(fonts), "LANGUAGE": locale},
    )
    try:
        yield browser
    finally:
        browser.close()


def draw(keys: Mapping[str, Any], names: tuple[str, ...], home: Path, *, is_new: bool) -> None:
    """Write the pictures of these names, of none all; a new demo is prepared first."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        directory = Path(name)
        fonts = font_settings(directory)
        if is_new:
            with opened(playwright, fonts, "en") as browser:
                prepare(browser, keys, directory)
        for language in ("en", "fr"):
            with opened(playwright, fonts, language) as browser:
                for picture in PICTURES:
                    if picture.language == language and (not names or picture.name in names):
                        content = kept(take(browser, keys, picture))
                        (home / f"{picture.name}.png").write_bytes(content)
                        print(f"{picture.name}: {len(content):,} bytes")


def main() -> None:
    """Take every picture from a demo of our own, or some from one that is served."""
    if len(sys.argv) > 2:
        keys = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        home = Path(sys.argv[2])
        draw(keys, tuple(sys.argv[3:]), home, is_new=not (home / "office-bank.png").exists())
        return
    with tempfile.TemporaryDirectory(prefix="acquit-pictures-") as name:
        for keys in served(Path(name)):
            draw(keys, (), HOME, is_new=True)


if __name__ == "__main__":
    main()
