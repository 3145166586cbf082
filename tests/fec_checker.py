"""A strict reader of the French file of accounting entries, written from the law alone.

Source: Livre des procédures fiscales, article A47 A-1, VII.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

NAMES = [
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
]  # fmt: skip
ALWAYS = [each for each in NAMES if each not in {
    "CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise",
}]  # fmt: skip
AMOUNT = re.compile(r"[0-9]+,[0-9]{2}")


@dataclass
class Checked:
    """What the file says: its rows, the balance of each account in cents, and the letters."""

    rows: list[dict[str, str]]
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    auxiliaries: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    letters: set[str] = field(default_factory=set)


def checked(path: Path, encoding: str = "utf-8") -> Checked:
    """Read the file; every rule that it breaks is an assertion that fails."""
    assert re.fullmatch(r"[0-9]{9}FEC[0-9]{8}\.txt", path.name), path.name
    text = path.read_bytes().decode(encoding)
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert lines[0].split("\t") == NAMES
    found = Checked([dict(zip(NAMES, _cells(line), strict=True)) for line in lines[1:]])
    for row in found.rows:
        _check_row(row)
        cents = _cents(row["Debit"]) - _cents(row["Credit"])
        found.balances[row["CompteNum"]] += cents
        if row["CompAuxNum"]:
            found.auxiliaries[row["CompteNum"], row["CompAuxNum"]] += cents
    _check_entries(found.rows)
    _check_letters(found)
    assert sum(found.balances.values()) == 0
    return found


def _cells(line: str) -> list[str]:
    assert "\n" not in line
    assert "\r" not in line
    return line.split("\t")


def _check_row(row: dict[str, str]) -> None:
    assert [name for name in ALWAYS if not row[name].strip()] == []
    for name in ("EcritureDate", "PieceDate", "ValidDate"):
        _day(row[name])
    assert re.match(r"[1-7][0-9]{2}", row["CompteNum"])
    assert AMOUNT.fullmatch(row["Debit"]), row
    assert AMOUNT.fullmatch(row["Credit"]), row
    assert (_cents(row["Debit"]) == 0) != (_cents(row["Credit"]) == 0)
    assert bool(row["CompAuxNum"]) == bool(row["CompAuxLib"])
    assert bool(row["EcritureLet"]) == bool(row["DateLet"])
    assert bool(row["Montantdevise"]) == bool(row["Idevise"])
    assert row["ValidDate"] >= row["EcritureDate"]


def _check_entries(rows: list[dict[str, str]]) -> None:
    """Entries balance, stand together, are numbered without a gap in each journal, in order of validation."""
    numbers: dict[str, int] = defaultdict(int)
    libs: dict[str, str] = {}
    last = ""
    opened = False
    for (code, number), members in groupby(rows, key=lambda row: (row["JournalCode"], row["EcritureNum"])):
        entry = list(members)
        numbers[code] += 1
        assert int(re.sub(r"^\D+", "", number)) == numbers[code], (code, number)
        assert sum(_cents(row["Debit"]) - _cents(row["Credit"]) for row in entry) == 0, number
        assert len({(row["EcritureDate"], row["ValidDate"], row["PieceRef"]) for row in entry}) == 1
        assert libs.setdefault(code, entry[0]["JournalLib"]) == entry[0]["JournalLib"]
        if code == "AN":
            assert not opened, "opening balances come first"
            continue
        opened = True
        assert entry[0]["ValidDate"] >= last
        last = entry[0]["ValidDate"]


def _check_letters(found: Checked) -> None:
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in found.rows:
        if row["EcritureLet"]:
            key = (row["CompteNum"], row["CompAuxNum"], row["EcritureLet"])
            sums[key] += _cents(row["Debit"]) - _cents(row["Credit"])
            found.letters.add(row["EcritureLet"])
    assert {key: cents for key, cents in sums.items() if cents} == {}


def _cents(text: str) -> int:
    return int(text.replace(",", ""))


def _day(text: str) -> date:
    assert re.fullmatch(r"[0-9]{8}", text), text
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
