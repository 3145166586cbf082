"""What an archive must hold, found out by someone who shares no code with the collector.

The journal is read as lines of JSON, the manifest too, papers as bytes, tables as Parquet; all is compared
with what the provider has. Each difference is a line of text.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from collector.life import Life
from collector.provider import World

TABLES = ("account", "bill", "bill_day", "bill_detail", "bill_tax", "bill_version", "change_month",
          "changed_bill", "debt", "debt_operation", "open_debt", "paper", "payment_method", "purchase_order",
          "reverse_bill", "reverse_bill_detail", "service", "service_month",
          "sub_account", "unordered_bill")  # fmt: skip
OTHERS = {
    "correctiveInvoice": "corrective_bill", "downPaymentInvoice": "down_payment", "refund": "credit_note",
    "reverseBill": "reverse_bill",
}  # fmt: skip
"""The kinds that the journal has of what is no bill, by route."""
AROUND = {"manifest.jsonl", ".lock", "tables/state.json", "status.json"}

Line = dict[str, Any]


@dataclass
class Auditor:
    """Compares one archive with one provider."""

    archive: Path
    life: Life
    found: list[str] = field(default_factory=list)
    tables: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def audit(self, *, extras: bool) -> list[str]:
        """Return every difference; `extras`: operations and services are expected too."""
        self._manifest()
        self._strays()
        for number, key in enumerate(self.life.keys):
            name, world = f"account-{number}", self.life.provider.world(key)
            journal = list(self._lines(self.archive / "journal" / f"{name}.ndjson"))
            self._bills(name, world, journal)
            self._details(world, journal)
            self._others(name, world, journal)
            self._tables(name, world, extras)
            if extras:
                self._operations(name, world)
        return self.found

    def seen_bills(self, name: str) -> set[str]:
        """Return every form of a bill that the journal has, as text."""
        return {_text(line["body"]) for line in self._lines(self.archive / "journal" / f"{name}.ndjson")
                if line["kind"] == "bill"}  # fmt: skip

    @staticmethod
    def has(seen: set[str], form: Line) -> bool:
        """Return whether the form is one of those seen."""
        return _text(form) in seen

    # ------------------------------------------------------------ what was told

    def _lines(self, path: Path) -> Iterator[Line]:
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        self._same(f"{path.name} ends with a whole line", content[-1:] in ("", "\n"), True)
        yield from (json.loads(line, parse_float=str) for line in content.splitlines())

    def _bills(self, name: str, world: World, journal: list[Line]) -> None:
        told: dict[str, list[str]] = {}
        for line in journal:
            if line["kind"] == "bill":
                told.setdefault(line["key"], []).append(_text(line["body"]))
        self._same(f"{name}: bills", sorted(told), sorted(world.bills))
        for bill_id, texts in told.items():
            forms = [_text(form) for form in self.life.forms[bill_id]]
            self._same(f"{bill_id}: newest form", texts[-1], forms[-1])
            self._same(f"{bill_id}: forms that never were", [one for one in texts if one not in forms], [])
            places = [forms.index(one) for one in texts if texts.count(one) == 1 and forms.count(one) == 1]
            self._same(f"{bill_id}: forms in their order", places, sorted(places))
            again = [one for one, after in pairwise(texts) if one == after]
            self._same(f"{bill_id}: the same form twice in a row", again, [])

    def _details(self, world: World, journal: list[Line]) -> None:
        parts: dict[str, dict[int, list[Any]]] = {}
        counts: dict[str, int] = {}
        for line in journal:
            if line["kind"] == "details":
                parts.setdefault(line["parent"], {})[int(line["key"])] = line["body"]
            if line["kind"] == "count":
                counts[line["key"]] = line["body"]
        for bill_id, details in world.details.items():
            kept = [one for _, part in sorted(parts.get(bill_id, {}).items()) for one in part]
            ours = [_text(one) for one in kept[: counts.get(bill_id, -1)]]
            self._same(f"{bill_id}: details", ours, [_text(one) for one in details.values()])

    def _others(self, name: str, world: World, journal: list[Line]) -> None:
        """What is no bill is told as it is, and once."""
        for route, kind in OTHERS.items():
            told = [line for line in journal if line["kind"] == kind]
            expected = {
                number: {member: value for member, value in one.items()
                         if member not in ("pdfUrl", "url", "password")}
                for number, one in world.others[route].items()
            }  # fmt: skip
            self._same(f"{name}: {kind}", sorted((line["key"], _text(line["body"])) for line in told),
                       sorted((number, _text(one)) for number, one in expected.items()))  # fmt: skip

    # ------------------------------------------------------------ papers

    def _manifest(self) -> None:
        entries = list(self._lines(self.archive / "manifest.jsonl"))
        paths = [entry["path"] for entry in entries]
        self._same("manifest: paths twice", [one for one, times in Counter(paths).items() if times > 1], [])
        below = {str(one.relative_to(self.archive).as_posix())
                 for one in (self.archive / "papers").rglob("*") if one.is_file()}  # fmt: skip
        self._same("papers without a line, lines without a paper", sorted(below ^ set(paths)), [])
        newest: dict[tuple[bool, str], bytes] = {}
        for entry in entries:
            content = (self.archive / entry["path"]).read_bytes()
            self._same(f"{entry['path']}: hash", hashlib.sha256(content).hexdigest(), entry["sha256"])
            is_reverse, number = entry["kind"] == "reverse-pdf", entry["bill_id"]
            routes = ("reverseBill:",) if is_reverse else ("", *(f"{one}:" for one in OTHERS))
            printed = [one for route in routes for one in self.life.provider.printed.get(route + number, [])]
            self._same(f"{entry['path']}: was printed", content in printed, True)
            newest[is_reverse, number] = content.partition(b"% printing")[0]
        kept = Counter((entry["kind"] == "reverse-pdf", entry["bill_id"]) for entry in entries)
        for reference, papers in self.life.printable.items():
            route, _, number = reference.rpartition(":")
            name = route == "reverseBill", number
            self._same(f"{reference}: newest paper", newest.get(name) == papers[-1], True)
            forms = 1 if route else len(self._facts(number))
            self._same(f"{reference}: a paper twice", kept[name] > forms, False)

    def _facts(self, bill_id: str) -> list[str]:
        """The forms that a paper stands for: neighbours that differ in an amount, the date or the order."""
        found: list[str] = []
        for form in self.life.forms[bill_id]:
            facts = _text(
                [form[one] for one in ("date", "orderId", "priceWithTax", "priceWithoutTax", "tax")]
            )
            if found[-1:] != [facts]:
                found.append(facts)
        return found

    def _strays(self) -> None:
        """No file is there that nothing answers for."""
        expected = set(AROUND)
        for number in range(len(self.life.keys)):
            expected.add(f"journal/account-{number}.ndjson")
            expected |= {f"tables/{table}/account-{number}.parquet" for table in TABLES}
        below = {one.relative_to(self.archive).as_posix() for one in self.archive.rglob("*") if one.is_file()}
        strays = sorted(one for one in below - expected if not one.startswith("papers/"))
        self._same("files of nobody", strays, [])

    # ------------------------------------------------------------ tables

    def _tables(self, name: str, world: World, extras: bool) -> None:
        def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
            path = self.archive / "tables" / table / f"{name}.parquet"
            query = f"SELECT {columns} FROM read_parquet('{path}') ORDER BY ALL"
            return self.tables.execute(query).fetchall()

        signs = {"refund": -1, "reverseBill": 1}
        columns = "bill_id, net_minor, total_minor, details_count, paper IS NULL"
        lines = "bill_id, detail_id, net_minor"
        owed = [
            (key, _cents(one["priceWithoutTax"]), _cents(one["priceWithTax"]), len(world.details[key]), False)
            for key, one in world.bills.items()
        ]
        owed_lines = [
            (key, number, _cents(one["totalPrice"])) for key, below in world.details.items()
            for number, one in below.items()
        ]  # fmt: skip
        reverse: list[tuple[Any, ...]] = []
        reverse_lines: list[tuple[Any, ...]] = []
        for route in OTHERS:
            sign = signs.get(route, 1)
            to, to_lines = (reverse, reverse_lines) if route == "reverseBill" else (owed, owed_lines)
            for key, one in world.others[route].items():
                below = world.other_details[f"{route}:{key}"]
                to.append((key, sign * _cents(one["priceWithoutTax"]), sign * _cents(one["priceWithTax"]),
                           len(below), False))  # fmt: skip
                to_lines += [(key, no, sign * _cents(line["totalPrice"])) for no, line in below.items()]
        self._same(f"{name}: bill", rows("bill", columns), sorted(owed))
        self._same(f"{name}: bill_detail", rows("bill_detail", lines), sorted(owed_lines))
        self._same(f"{name}: reverse_bill", rows("reverse_bill", columns), sorted(reverse))
        self._same(f"{name}: reverse_bill_detail", rows("reverse_bill_detail", lines), sorted(reverse_lines))
        debts = sorted(
            (int(key), one["status"], _cents(one["dueAmount"])) for key, one in world.debts.items()
        )
        told = rows("debt", "debt_id, status, due_minor")
        self._same(f"{name}: debt", [one for one in told if str(one[0]) in world.debts], debts)
        gone = [one[1:] for one in told if str(one[0]) not in world.debts]
        self._same(f"{name}: debts listed no longer", set(gone) - {("PAID", 0)}, set())
        orders = rows("purchase_order", "purchase_order_id, status")
        self._same(f"{name}: purchase_order", [one for one in orders if one[1] != "DELETED"],
                   sorted((int(key), "CREATED") for key in world.orders))  # fmt: skip
        self._same(f"{name}: payment_method", rows("payment_method", "payment_method_id, label"),
                   [(int(key), one["label"]) for key, one in world.methods.items()])  # fmt: skip
        listed = sorted((int(key), one["description"]) for key, one in world.sub_accounts.items())
        self._same(f"{name}: sub_account", rows("sub_account", "sub_account_no, description"), listed)
        if extras:
            self._same(f"{name}: service", rows("service", "service_id"),
                       sorted((int(key),) for key in world.services))  # fmt: skip

    def _operations(self, name: str, world: World) -> None:
        path = self.archive / "tables" / "debt_operation" / f"{name}.parquet"
        query = f"SELECT debt_id, operation_id FROM read_parquet('{path}') ORDER BY ALL"
        here = {int(key): below for key, below in world.operations.items() if key in world.debts}
        self._same(f"{name}: debt_operation",
                   [one for one in self.tables.execute(query).fetchall() if one[0] in here],
                   sorted((debt, int(key)) for debt, below in here.items() for key in below))  # fmt: skip

    def _same(self, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.found.append(f"{what}: {str(ours)[:300]} in the archive, {str(theirs)[:300]} expected")


def _text(told: Any) -> str:
    return json.dumps(json.loads(json.dumps(told), parse_float=str), sort_keys=True)


def _cents(told: dict[str, Any]) -> int:
    return round(float(told["value"]) * 100)
