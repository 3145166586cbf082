"""One word, one meaning: names are checked against the glossary."""

import functools
import re

import pytest

from tidy.tree import HOME, SOURCE, Named, names_given, shown

NEVER = frozenset({"customer", "customers", "client", "clients", "invoice", "invoices", "user", "users"})
"""Account, caller, operator; bill. Forbidden anywhere in a name."""

VAGUE = frozenset(
    {"item", "handle", "process", "manager", "helper", "helpers", "util", "utils", "data", "info"}
)
"""Words that say nothing. Forbidden as a whole name."""

EXPECTED = {
    "data": "the option --data and the setting ACQUIT_DATA are a contract",
    "MANAGER": "the door /manager is a contract",
    "invoice_name": "a member of the published catalogue format",
    "invoiceName": "a member of the published catalogue format",
}

GLOSSARY = HOME / "docs" / "glossary.md"


def rows() -> list[tuple[str, str, str]]:
    """Return the glossary's rows: word, meaning, what the wire says."""
    cells = [
        tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        for line in GLOSSARY.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not set(line) <= set("|-: ")
    ]
    return [(row[0], row[1], row[2]) for row in cells[1:] if len(row) == 3]


def is_about_identity(named: Named) -> bool:
    """`/me/identity/user` is the wire's noun for a login of an account; only there is it a user."""
    return "identity" in named.path.stem or "identity" in named.words


def is_e_invoicing(named: Named) -> bool:
    """E-invoice standards keep their own name for a bill."""
    return re.search(r"e_?invoic", named.name, re.IGNORECASE) is not None


def test_no_name_uses_another_word_for_an_account_or_a_bill() -> None:
    found = [
        str(named)
        for named in names_given("src")
        if NEVER & set(named.words)
        and named.name not in EXPECTED
        and not ("user" in " ".join(named.words) and is_about_identity(named))
        and not is_e_invoicing(named)
    ]
    assert not found, "account, caller or operator; bill:\n" + "\n".join(found)


def test_no_name_says_nothing() -> None:
    found = [
        str(named)
        for named in names_given("src")
        if named.name.strip("_").lower() in VAGUE and named.name not in EXPECTED
    ]
    assert not found, "say what it is:\n" + "\n".join(found)


def test_the_glossary_has_rows() -> None:
    assert len(rows()) >= 30


@pytest.mark.parametrize("word", [row[0] for row in rows()])
def test_a_word_of_the_glossary_is_a_word_of_the_code(word: str) -> None:
    spelled = re.sub(r"[\s-]+", "_", word)
    used = any(re.search(rf"(^|_){spelled}s?(_|$)", name) for name in spellings())
    tables = (SOURCE / "store" / "schema.sql").read_text(encoding="utf-8")
    assert used or re.search(rf"\b\w*{spelled}\w*\b", tables), f"no name in the code says {word}"


@pytest.mark.parametrize("wire", sorted({word for row in rows() for word in re.findall(r"\w+", row[2])}))
def test_the_wires_words_stay_in_the_wires_room(wire: str) -> None:
    ours = {re.sub(r"[\s-]+", "_", row[0]) for row in rows()} | {"none", "me", "order", "plan", "subtype"}
    if snake(wire) in ours or not re.search(r"[a-z][A-Z]|nichandle", wire):
        return
    found = [
        str(named)
        for named in spellings().get(snake(wire), ())
        if "api" not in named.path.relative_to(SOURCE).parts
    ]
    assert not found, f"{wire} is what the wire says:\n" + "\n".join(found)


def test_core_is_named_in_the_singular() -> None:
    plural = [shown(path) for path in (SOURCE / "core").glob("*s.py") if path.stem not in SINGULAR]
    assert not plural, "\n".join(plural)


SINGULAR = {"errors", "identifiers", "access", "terms", "series", "electronic_address"}
"""Words that end in s without being several of something, and the two that architecture.md names."""


@functools.cache
def spellings() -> dict[str, list[Named]]:
    """Return every name of the code in snake_case, once, with the places that give it."""
    found: dict[str, list[Named]] = {}
    for named in names_given("src"):
        found.setdefault(snake(named.name), []).append(named)
    return found


def snake(name: str) -> str:
    """Return CamelCase as snake_case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
