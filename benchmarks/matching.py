"""Matching: a bank's file of noisy transfers against as many open debts, read, booked and settled.

Payers owe seven to fourteen bills each. Of the entries 25 % pay several bills at once (three in five of these
name them), 10 % pay one of two bills of the same amount (half of them name it), 5 % name a reference with a
wrong digit, 5 % come from nobody known, 5 % are too little or too much; the others pay one bill, by its
reference, its number in free text, or from a known IBAN alone. What an entry is meant to pay is kept apart
in a table of its own, and compared with what was matched.

`wrong_automatic` counts entries that settled anything else than meant by themselves, `recall` is the share of
the entries of rules 1 to 4 which were matched by themselves, `ranked_first` the share of the others with
anything to find whose first proposal is what was meant. `parse_ratio` compares the processor time of
reading the file as the import does with that of a bare lxml iterparse. On a crowded machine the clock
says little: beside it stands the processor time of this process and of PostgreSQL's sessions.
"""

import argparse
import hashlib
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import psycopg
from lxml import etree
from rig import rig, say, server_seconds, tell

from acquit.actions.context import Context
from acquit.actions.import_bank_file import import_bank_file
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.numbering import payment_reference
from acquit.documents.bank_camt import read_camt
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

SEED: Final = 20_261_201
ON: Final = date(2026, 12, 1)
IBAN: Final = "FR7630006000011234567890189"
COMMON: Final = (1_200, 2_400, 3_588, 4_999, 7_188, 11_988, 23_988, 59_880, 119_880)
NAMES: Final = (
    "Atelier",
    "Bureau",
    "Cabinet",
    "Comptoir",
    "Fabrique",
    "Groupe",
    "Institut",
    "Laboratoire",
    "Maison",
)
PLACES: Final = ("Lille", "Nantes", "Lyon", "Brest", "Metz", "Pau", "Tours", "Dijon", "Nice", "Reims", "Caen")
KINDS: Final = (
    ("reference", 26), ("number", 12), ("iban", 12), ("named", 15), ("unnamed", 10), ("twin-named", 5),
    ("twin", 5), ("mistyped", 5), ("unknown", 5), ("odd", 5),
)  # fmt: skip

SELLER: Final = """
    INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone, iban,
           bill_series_id, credit_series_id, deposit_series_id)
    VALUES ('FR', 'Nuage du Nord SAS', '1 rue du Quai', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris',
            %(iban)s, 'FR', 'AV', 'RC');
    INSERT INTO series (series_id, legal_entity_id, document, prefix, digits, reference_code, next_number)
    VALUES ('FR', 'FR', 'bill', 'FR', 8, '1', 90000000), ('AV', 'FR', 'credit-note', 'AV', 8, '2', 1),
           ('RC', 'FR', 'deposit', 'RC', 9, '3', 1);
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES ('FR', 'receivable', '411000', ''), ('FR', 'revenue', '706000', ''), ('FR', 'bank', '512000', ''),
           ('FR', 'vat_collected', '445710', ''), ('FR', 'vat_pending', '445740', ''),
           ('FR', 'unapplied', '419100', ''), ('FR', 'write_off', '654000', ''),
           ('FR', 'credit_balance', '419700', ''), ('FR', 'credit_given', '709600', ''),
           ('FR', 'suspense', '471000', '');
    CREATE TABLE truth (end_to_end_id text, kind text, bills text[])
"""

BILLS: Final = """
    INSERT INTO bill_number (bill_id, series_id, number, account_id, issued_on)
    SELECT bill_id, 'FR', debt_id, account_id, '2026-11-01' FROM debt;
    INSERT INTO entry (account_id, entry_no, kind, booked_on, reference, prev_hash, hash)
    SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY debt_id), 'bill', '2026-11-01',
           bill_id, ''::bytea, sha256(bill_id::bytea)
      FROM debt;
    INSERT INTO posting (account_id, entry_no, posting_no, ledger, amount_minor, currency)
    SELECT e.account_id, e.entry_no, p.no, p.ledger, p.amount_minor, 'EUR'
      FROM entry e
      JOIN debt d ON d.account_id = e.account_id AND d.bill_id = e.reference
     CROSS JOIN LATERAL (VALUES (1, '411000', d.amount_minor),
                                (2, '706000', -(d.amount_minor - d.amount_minor / 6)),
                                (3, '445740', -(d.amount_minor / 6))) AS p(no, ledger, amount_minor)
     WHERE p.amount_minor <> 0;
    ANALYZE
"""

WRONG: Final = """
    SELECT count(*)
      FROM bank_match m
      JOIN bank_entry e ON e.legal_entity_id = m.legal_entity_id AND e.entry_id = m.entry_id
      JOIN truth t ON t.end_to_end_id = e.end_to_end_id
     CROSS JOIN LATERAL (
           SELECT array_agg(d.bill_id ORDER BY d.bill_id) AS bills
             FROM bank_match_part p
             JOIN debt d ON d.account_id = p.account_id AND d.debt_id = p.debt_id
            WHERE p.legal_entity_id = m.legal_entity_id AND p.match_no = m.match_no) found
     WHERE found.bills IS DISTINCT FROM t.bills
"""

RECALL: Final = """
    SELECT t.kind, count(*) AS entries, count(m.match_no) AS matched,
           count(*) FILTER (WHERE m.match_no IS NULL AND p.bills = t.bills) AS first
      FROM truth t
      JOIN bank_entry e ON e.end_to_end_id = t.end_to_end_id
      LEFT JOIN bank_match m ON m.legal_entity_id = e.legal_entity_id AND m.entry_id = e.entry_id
      LEFT JOIN LATERAL (
           SELECT array_agg(part ->> 2 ORDER BY part ->> 2) AS bills
             FROM bank_proposal q
            CROSS JOIN jsonb_array_elements(q.body -> 'paid') AS part
            WHERE q.legal_entity_id = e.legal_entity_id AND q.entry_id = e.entry_id AND q.rank = 1) p ON true
     GROUP BY t.kind
     ORDER BY t.kind
"""


@dataclass(slots=True)
class Payer:
    """A payer with what it owes: (number of the bill, amount), oldest due first."""

    number: int
    name: str
    debts: list[tuple[int, int]]

    @property
    def account_id(self) -> str:
        return f"ab{self.number:07d}-acq"

    @property
    def iban(self) -> str:
        return f"DE{self.number:020d}"


@dataclass(slots=True)
class Sent:
    """One transfer, and what it is meant to pay (empty: nothing that we could know)."""

    kind: str
    amount: int
    bills: tuple[int, ...]
    reference: str = ""
    text: str = ""
    name: str = ""
    iban: str = ""


def payers(count: int, rng: random.Random) -> Iterator[Payer]:
    """Yield payers until their debts can be paid by `count` entries."""
    number, bill = 0, 0
    while number < count // 5:
        number += 1
        debts = []
        for _ in range(rng.randint(7, 14)):
            bill += 1
            debts.append((bill, rng.choice(COMMON) if rng.random() < 0.1 else rng.randint(500, 900_000)))
        if rng.random() < 0.5 and len(debts) > 2:
            place = rng.randrange(len(debts) - 1)
            debts[place + 1] = (debts[place + 1][0], debts[place][1])
        name = f"{rng.choice(NAMES)} {rng.choice(PLACES)} {number}"
        yield Payer(number, name, debts)


def transfers(payer: Payer, rng: random.Random) -> Iterator[Sent]:
    """Yield what a payer sends until it owes (almost) nothing."""
    left = list(payer.debts)
    kinds, weights = zip(*KINDS, strict=True)
    while len(left) > 1:
        (kind,) = rng.choices(kinds, weights)
        sent = MAKERS[kind](payer, left, rng)
        if sent is None:
            continue
        paid = set(sent.bills)
        left[:] = [debt for debt in left if debt[0] not in paid]
        yield sent


def unique(left: list[tuple[int, int]], rng: random.Random) -> tuple[int, int] | None:
    amounts = [amount for _, amount in left]
    single = [debt for debt in left if amounts.count(debt[1]) == 1]
    return rng.choice(single) if single else None


def twins(left: list[tuple[int, int]]) -> tuple[int, int] | None:
    amounts = [amount for _, amount in left]
    return next((debt for debt in left if amounts.count(debt[1]) > 1), None)


def by_reference(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    bill, amount = rng.choice(left)
    known = payer.iban if rng.random() < 0.6 else f"XX{rng.randrange(10**18):018d}"
    return Sent("1", amount, (bill,), payment_reference("1", bill), "", payer.name, known)


def by_number(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    bill, amount = rng.choice(left)
    text = rng.choice(
        (f"FR{bill:08d}", f"facture FR {bill:08d}", f"Bill no. {bill:08d} thank you", f"fr-{bill:08d}/12")
    )
    known = payer.iban if rng.random() < 0.6 else ""
    return Sent("2", amount, (bill,), "", text, payer.name.upper(), known)


def by_iban(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent | None:
    debt = unique(left, rng)
    if debt is None:
        return None
    return Sent("3", debt[1], (debt[0],), "", rng.choice(("", "payment", "services")), payer.name, payer.iban)


def several(left: list[tuple[int, int]], rng: random.Random) -> list[tuple[int, int]]:
    size = rng.randint(2, min(6, len(left)))
    if rng.random() < 0.6:
        return left[:size]
    return [left[place] for place in sorted(rng.sample(range(len(left)), size))]


def named(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    chosen = several(left, rng)
    spell = (
        (lambda bill: payment_reference("1", bill)) if rng.random() < 0.5 else (lambda bill: f"FR{bill:08d}")
    )
    text = " ".join(spell(bill) for bill, _ in chosen)
    return Sent("4", sum(a for _, a in chosen), tuple(b for b, _ in chosen), "", text, payer.name, payer.iban)


def unnamed(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    chosen = several(left, rng)
    return Sent("5", sum(a for _, a in chosen), tuple(b for b, _ in chosen), "", "", payer.name, payer.iban)


def twin_named(payer: Payer, left: list[tuple[int, int]], _rng: random.Random) -> Sent | None:
    debt = twins(left)
    if debt is None:
        return None
    return Sent("1", debt[1], (debt[0],), payment_reference("1", debt[0]), "", payer.name, payer.iban)


def twin(payer: Payer, left: list[tuple[int, int]], _rng: random.Random) -> Sent | None:
    debt = twins(left)
    return None if debt is None else Sent("twin", debt[1], (debt[0],), "", "", payer.name, payer.iban)


def mistyped(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent | None:
    debt = unique(left, rng)
    if debt is None:
        return None
    written = list(payment_reference("1", debt[0]) if rng.random() < 0.5 else f"FR{debt[0]:08d}")
    place = rng.randrange(4, len(written))
    written[place] = str((int(written[place]) + rng.randint(1, 9)) % 10)
    is_known = rng.random() < 0.7
    return Sent(
        "mistyped", debt[1], (debt[0],), "", "".join(written), payer.name, payer.iban if is_known else ""
    )


def unknown(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    amount = rng.choice(left)[1] if rng.random() < 0.5 else rng.randint(500, 900_000)
    return Sent("unknown", amount, (), "", "invoice", "Quelqu'un", f"YY{rng.randrange(10**18):018d}")


def odd(payer: Payer, left: list[tuple[int, int]], rng: random.Random) -> Sent:
    bill, amount = rng.choice(left)
    other = rng.choice((amount - rng.randint(1, 99), amount // 2 + 1, amount + rng.randint(1, 5_000)))
    kind = "7" if other > amount else "8" if amount - other <= 100 else "6"
    return Sent(kind, other, (bill,), payment_reference("1", bill), "", payer.name, payer.iban)


MAKERS: Final[dict[str, Any]] = {
    "reference": by_reference, "number": by_number, "iban": by_iban, "named": named, "unnamed": unnamed,
    "twin-named": twin_named, "twin": twin, "mistyped": mistyped, "unknown": unknown, "odd": odd,
}  # fmt: skip


def make(url: str, path: Path, entries: int) -> tuple[int, int]:
    """Write payers, debts and truth into the database, the bank's file beside; return debts and entries."""
    rng = random.Random(SEED)
    debts = 0
    with psycopg.connect(url) as owner:
        for statement in SELLER.split(";"):
            owner.execute(statement.encode(), {"iban": IBAN} if "%(iban)s" in statement else None)
        people = list(payers(entries, rng))
        copied(
            owner,
            "legal_party (legal_party_id, from_on, name, country)",
            ((p.number, date(2020, 1, 1), p.name, "FR") for p in people),
        )
        copied(
            owner,
            "account (account_id, legal_entity_id, payer_id, legal_party_id, currency)",
            ((p.account_id, "FR", p.account_id, p.number, "EUR") for p in people),
        )
        copied(
            owner,
            "payer_iban (legal_entity_id, iban, account_id, learned_by)",
            (("FR", p.iban, p.account_id, "bench") for p in people),
        )
        rows = ((p.account_id, bill, f"FR{bill:08d}", p.account_id, "EUR", amount, ON,
                 ON - timedelta(days=len(p.debts) - place))
                for p in people for place, (bill, amount) in enumerate(p.debts))  # fmt: skip
        debts = copied(
            owner,
            "debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)",
            rows,
        )
        for statement in BILLS.split(";"):
            owner.execute(statement.encode())
        sent = write_file(path, people, rng, entries, owner)
    return debts, sent


def copied(owner: psycopg.Connection[Any], table: str, rows: Any) -> int:
    count = 0
    with owner.cursor().copy(f"COPY {table} FROM STDIN".encode()) as out:
        for row in rows:
            out.write_row(row)
            count += 1
    return count


def write_file(
    path: Path, people: list[Payer], rng: random.Random, entries: int, owner: psycopg.Connection[Any]
) -> int:
    """Write the transfers, mixed, as one camt.053; keep what each is meant to pay."""
    total = count = 0
    body = path.with_suffix(".body")
    window: list[str] = []
    with body.open("w") as out, owner.cursor().copy(b"COPY truth FROM STDIN") as truth:
        for payer in people:
            for sent in transfers(payer, rng):
                if count == entries:
                    break
                count += 1
                total += sent.amount
                kind = "3" if sent.kind == "mistyped" and sent.iban else sent.kind
                bills = sorted(f"FR{bill:08d}" for bill in sent.bills)
                truth.write_row((f"E{count}", kind, bills or None))
                window.append(entry(sent, count))
                if len(window) > 5_000:
                    out.write(window.pop(rng.randrange(len(window))))
        out.writelines(window)
    with path.open("w") as out, body.open() as source:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document '
            'xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>'
            f"<CreDtTm>{ON}T06:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><CreDtTm>{ON}T06:00:00</CreDtTm>"
            f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
            f"{balance('OPBD', 0)}{balance('CLBD', total)}\n"
        )
        while piece := source.read(1 << 20):
            out.write(piece)
        out.write("</Stmt></BkToCstmrStmt></Document>\n")
    body.unlink()
    return count


def balance(code: str, cents: int) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{money(cents)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{ON}</Dt></Dt></Bal>"
    )


def entry(sent: Sent, number: int) -> str:
    structured = (
        f"<Strd><CdtrRefInf><Ref>{sent.reference}</Ref></CdtrRefInf></Strd>" if sent.reference else ""
    )
    free = f"<Ustrd>{sent.text}</Ustrd>" if sent.text else ""
    iban = f"<DbtrAcct><Id><IBAN>{sent.iban}</IBAN></Id></DbtrAcct>" if sent.iban else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{money(sent.amount)}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{ON}</Dt></BookgDt><ValDt><Dt>{ON}</Dt></ValDt><AcctSvcrRef>B{number}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E{number}</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>{sent.name}"
        f"</Nm></Pty></Dbtr>{iban}</RltdPties><RmtInf>{free}{structured}</RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def parsing(path: Path) -> tuple[float, float]:
    """Return the seconds of a bare iterparse of the file, and of reading it as the import does."""
    started = time.process_time()
    with path.open("rb") as source:
        for _, element in etree.iterparse(source, tag="{*}Ntry"):
            element.clear()
            before = element.getprevious()
            if before is not None and before.tag == element.tag:
                element.getparent().remove(before)
    bare = time.process_time() - started
    started = time.process_time()
    with path.open("rb") as source:
        for _ in read_camt(source):
            pass
    return bare, time.process_time() - started


def measure(url: str, home: Path, path: Path) -> dict[str, Any]:
    """Import the file and compare what was matched with what was meant."""
    context = Context(
        Database(url), FixedClock(ON), AesSealer(hashlib.sha256(b"bench").digest()), DirectoryArchive(home),
        NullMailer(),
    )  # fmt: skip
    began: list[float] = []

    def opening() -> AbstractContextManager[BinaryIO]:
        return path.open("rb")

    def progress(_rows: int) -> None:
        began.append(time.perf_counter())

    served, worked = server_seconds(home), time.process_time()
    started = time.perf_counter()
    found = import_bank_file(context, path.name, opening, by="system", progress=progress)
    seconds = time.perf_counter() - started
    worked = time.process_time() - worked
    served = server_seconds(home) - served
    context.database.close()
    with psycopg.connect(url) as owner:
        (wrong,) = owner.execute(WRONG.encode()).fetchone()  # type: ignore[misc]
        rows = owner.execute(RECALL.encode()).fetchall()
    exact = [row for row in rows if row[0] in "1234"]
    others = [row for row in rows if row[0] in ("5", "6", "7", "8", "twin")]
    matching = began[-1] - began[0] if len(began) > 1 else seconds
    pages = max(len(began) - 1, 1)
    return {
        "seconds": round(seconds, 1),
        "matching_seconds": round(matching * len(began) / pages, 1),
        "entries_per_second": round(found.entries / seconds),
        "processor_seconds": {"python": round(worked, 1), "postgresql": round(served, 1)},
        "processor_us_per_entry": round(1e6 * (worked + served) / found.entries),
        "matched": found.matched,
        "proposed": found.proposed,
        "wrong_automatic": wrong,
        "recall": round(sum(row[2] for row in exact) / sum(row[1] for row in exact), 4),
        "ranked_first": round(sum(row[3] for row in others) / sum(row[1] for row in others), 4),
        "by_kind": {row[0]: {"entries": row[1], "matched": row[2], "first": row[3]} for row in rows},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory(prefix="acquit-bench-") as home:
        path = Path(home) / "statement.xml"
        with open_cluster(Path(home)) as cluster:
            migrate(cluster.url)
            say(f"Making {entries:,} transfers and what they pay …")
            debts, sent = make(cluster.url, path, entries)
            say(f"Reading {path.stat().st_size / 1e6:.0f} MB …")
            bare, ours = parsing(path)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            say(f"Matching {sent:,} entries against {debts:,} open debts …")
            figures = {"entries": sent, "debts": debts} | measure(cluster.url, Path(home), path)
            figures["parse_ratio"] = round(bare / ours, 3)
            figures["parse_mb_per_second"] = round(path.stat().st_size / 1e6 / ours, 1)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            figures["peak_rss_mb"] = after // 1024
            figures["peak_rss_grown_mb"] = (after - before) // 1024
            tell("matching", rig(cluster.url), figures)


if __name__ == "__main__":
    main()
