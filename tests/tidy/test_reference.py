"""Generated pages are not stale, and what they promise exists."""

import re
from dataclasses import fields

from cyclopts import App

import apiv6_page
import reference
from acquit.actions.run_bills import RunReport
from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.cli.frame import command_tree
from acquit.collector.probe_questions import QUESTIONS
from acquit.settings import ALL
from tidy.tree import HOME


def test_the_page_of_settings_is_as_the_code_says() -> None:
    page = HOME / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == reference.settings_page(), "run make docs"


def test_the_page_of_commands_is_as_the_code_says() -> None:
    page = HOME / "docs" / "reference" / "commands.md"
    assert page.read_text(encoding="utf-8") == reference.commands_page(), "run make docs"


def test_the_page_of_the_wire_is_as_the_code_says() -> None:
    page = (HOME / "docs" / "reference" / "apiv6.md").read_text(encoding="utf-8")
    assert page == apiv6_page.page(), "run make docs"
    told = re.search(r"has (\d+) routes; (\d+) are served, (\d+) answer 501", page)
    assert told is not None
    routes = contract().routes
    assert [int(each) for each in told.groups()] == [len(routes), len(ROUTES), len(routes) - len(ROUTES)]


def test_every_choice_of_the_wire_concerns_a_route_of_the_contract() -> None:
    assert set(apiv6_page.CONCERNS) == {question.id for question in QUESTIONS}
    assert set(apiv6_page.CHANGED_BY) <= set(apiv6_page.CONCERNS)
    assert set(apiv6_page.SINCE) <= set(ROUTES)
    for name in apiv6_page.CONCERNS:
        assert any(apiv6_page.concerns(name, route) for route in contract().routes), name


def test_what_scripts_read_of_a_run_is_what_it_says() -> None:
    face = (HOME / "docs" / "reference" / "face.md").read_text(encoding="utf-8")
    promised = re.search(r"- `bills run`: `(.+?)`,", face, re.DOTALL)
    assert promised is not None
    assert re.findall(r'"(\w+)"(?!:)', re.sub(r': "[^"]*"', "", promised[1])) == [
        field.name for field in fields(RunReport)
    ]


def test_the_face_says_which_commands_are_there() -> None:
    face = (HOME / "docs" / "reference" / "face.md").read_text(encoding="utf-8")
    to_come = re.search(r"^Not built yet: (.+?)\.$", face, re.MULTILINE | re.DOTALL)
    assert to_come is not None
    missing = {" ".join(each.split()) for each in re.findall(r"`([^`]+)`", to_come[1])}
    root = command_tree()
    assert sorted(each for each in missing if is_there(root, each)) == [], "built by now: say so in face.md"
    promised = {each for line in face.splitlines() for each in promised_by(line)}
    absent = sorted(each for each in promised if not is_there(root, each))
    assert [each for each in absent if not {each, each.split()[0]} & missing] == []


def promised_by(line: str) -> set[str]:
    """Return the commands that a line of the face's table names: of `a b / c` also `a c`."""
    if not line.startswith("| `acquit "):
        return set()
    found, noun = set(), ""
    for text in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
        words = re.split(r" (?=\[|--|[A-Z…'])", text)[0].split()
        if words[0] == "acquit" and len(words) == 2:
            found.add(words[1])
            continue
        if words[0] == "acquit":
            words = words[1:]
        if len(words) > 1 and "/" not in words[1]:
            noun = words[0]
            words = words[1:]
        found |= {f"{noun} {verb}".strip() for verb in " ".join(words).split(" / ")}
    return found


def is_there(root: App, words: str) -> bool:
    """Return whether the command line has the command."""
    app = root
    for word in words.split():
        if word not in app:
            return False
        app = app[word]
    return True


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


def test_the_page_of_clients_names_tests_that_exist() -> None:
    page = (HOME / "docs" / "reference" / "clients.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    there = {
        name: file.name
        for file in (HOME / "tests" / "contract").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named <= set(there)
    replayed = {name for name, file in there.items() if file == "test_sdk_shapes.py"}
    assert replayed <= named, "a replayed shape that the page does not tell"


def test_the_choices_say_why_a_route_answers_501() -> None:
    """Each route that is not served has its reason on the page, and none that is served is still there."""
    page = (HOME / "docs" / "reference" / "apiv6-choices.md").read_text(encoding="utf-8")
    table = page.partition("## What answers 501, and why")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(told) > 20

    def is_told(route: Route) -> bool:
        names = (name.rpartition(" ") for name in told)
        return any(
            method in ("", route.method) and f"{route.path}/".startswith(f"{path}/")
            for method, _, path in names
        )

    assert [route.key for route in contract().routes if is_told(route) == (route.key in ROUTES)] == []
    assert "| 501" not in page.partition("## What answers 501, and why")[0]
