"""Generated pages are not stale, and what they promise exists."""

import re

import reference
from acquit.settings import ALL
from tidy.tree import HOME


def test_the_page_of_settings_is_as_the_code_says() -> None:
    page = HOME / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == reference.settings_page(), "run make docs"


def test_every_setting_has_its_line() -> None:
    page = (HOME / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(ACQUIT_\w+)` \|", page, re.MULTILINE) == [each.variable for each in ALL]


def test_every_setting_that_the_face_promises_exists() -> None:
    face = (HOME / "docs" / "reference" / "face.md").read_text(encoding="utf-8")
    promised = set(re.findall(r"ACQUIT_[A-Z]+(?:_[A-Z]+)*", face))
    assert promised <= {each.variable for each in ALL}


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(HOME)}: {target}"
        for page in (HOME / "README.md", *sorted((HOME / "docs").rglob("*.md")))
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)
