"""An archive that a provider of the plain protocol filled, and the commands that pay and post from it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acquit.cli.program import Options
from acquit.cli.screen import Screen
from acquit.collector import cli_export, cli_pay
from acquit.collector.fault import Fault
from collector.gathering import run
from collector.provider import Provider, World, pdf, price

TODAY = date(2026, 11, 23)
IBAN, OTHER_IBAN = "FR7630006000011234567890189", "DE89370400440532013000"
RF = {"FR00000001": "RF18 5390 0754 7034"}
DEBTOR = """
[debtor]
name = "Lefèvre & Fils SAS"
iban = "FR14 2004 1010 0505 0001 3M02 606"
bic = "PSSTFRPPLIL"
address = { street = "bd de la Liberté", building = "47", postcode = "75011", town = "Paris", country = "FR" }
"""


@dataclass
class Seated:
    """What a command sees of the program."""

    options: Options
    screen: Screen


class Office:
    """An archive with its provider, and the commands on it."""

    def __init__(self, provider: Provider, home: Path, output: pytest.CaptureFixture[bytes]) -> None:
        self.provider, self.home, self._output = provider, home, output
        self.archive, self.config, self.out = home / "archive", home / "config", home / "out"
        self.config.mkdir()
        (self.config / "pay.toml").write_text(DEBTOR, encoding="utf-8")

    @property
    def world(self) -> World:
        return self.provider.world()

    def bill(
        self, bill_id: str, day: str, *cents: int, due: str | None = "2026-11-30",
        lines: tuple[str, ...] = (),
        iban: str = IBAN, order: str = "", title: str = "Invoice", xml: bytes | None = None, **members: Any,
    ) -> None:  # fmt: skip
        """Issue a bill whose paper tells how to pay it."""
        self.world.bill(bill_id, day, *cents, due=due, **members)
        told = [f"Provider SAS {title}", bill_id]
        told += [f"Purchase order {order}"] if order else []
        told += [f"Due date {due}"] if due else []
        told += lines or _taxed(self.world.bills[bill_id])
        if iban:
            told += [f"Payment reference {RF.get(bill_id, reference(bill_id))}", f"IBAN {iban}",
                     "BIC AGRIFRPP", "Account holder Provider SAS"]  # fmt: skip
        self.world.papers[bill_id] = pdf(*told, xml=xml)

    def gather(self) -> None:
        run(self.provider, self.archive)

    def pay(self, **given: Any) -> tuple[int, Any]:
        arguments = {"due_by": date(2026, 12, 31), "out": self.out, "config": self.config} | given
        return self._run(cli_pay.pay, **arguments)

    def export(self, what: Callable[..., Any], **given: Any) -> tuple[int, Any]:
        takes_config = what in (cli_export.journal, cli_export.sap)
        arguments = {"out": self.out} | ({"config": self.config} if takes_config else {}) | given
        return self._run(what, **arguments)

    def _run(self, command: Callable[..., Any], **given: Any) -> tuple[int, Any]:
        self._output.readouterr()
        seated = Seated(Options(json=True, as_of=TODAY), Screen(json=True))
        try:
            code = command(archive=self.archive, program=seated, **given)
        except Fault as fault:
            return 1, fault.message
        return code or 0, json.loads(self._output.readouterr().out)


def reference(bill_id: str) -> str:
    """Return an ISO 11649 reference of a bill's number."""
    digits = "".join(str(int(sign, 36)) for sign in f"{bill_id}RF00")
    return f"RF{98 - int(digits) % 97:02d}{bill_id}"


def _taxed(bill: dict[str, Any]) -> list[str]:
    net, tax = (bill[name]["priceInUcents"] // 1_000_000 for name in ("priceWithoutTax", "tax"))
    rate = "20%" if tax else "Reverse charge"
    return ["Rate Taxable amount VAT", f"{rate} {net / 100:.2f} EUR {tax / 100:.2f} EUR"]


def untaxed(*cents: int) -> dict[str, Any]:
    """Return the members of a bill without VAT."""
    return {"tax": price(0), "priceWithTax": price(sum(cents))}
