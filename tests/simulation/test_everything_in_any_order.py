"""Everything at once, in any order: statements with noise, matches by hand, files to the bank and what comes
back, months that close, and all that happens to debts; after each step every check of the audit passes."""

import io
import random
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

from acquit.actions.advance_remittance import (
    approve_remittance,
    cancel_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.amend_mandate import Change, amend_creditor, amend_mandate
from acquit.actions.bank_inbox import look_again
from acquit.actions.bundle_bills import bundle_bills, import_advice
from acquit.actions.close_period import close_period, reopen_period
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.pay_refunds import create_refund_remittance, take_refund_returned, take_refunds_paid
from acquit.actions.refund_money import approve_refund, refund_money
from acquit.actions.register_mandate import change_mandate
from acquit.actions.set_creditor import set_creditor
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.take_status_report import take_status_report
from acquit.actions.unmatch_entry import set_entry_aside, unmatch_entry
from acquit.core.collection import Creditor
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId
from acquit.core.late_interest import LateRate
from acquit.core.mandate import MandateStep
from acquit.core.remittance import Remittance, RemittanceKind
from acquit.store import late_rates, remittances
from acquit.store.transaction import Database
from banking import ACME_IBAN, Tx, camt
from billed import failed, later, rows
from collecting import IBAN, ICS, OTHER_IBAN, OTHER_ICS, SELLER_IBAN, collecting, report
from founding import ACME, FR, PETIT, SHOP
from owing import TESS, TOM
from simulation import test_money_in_any_order as debts
from simulation.test_money_in_any_order import Play

BILLS: LiteralString = "SELECT bill_id, payment_reference, total_minor FROM bill ORDER BY bill_id"
OWN: LiteralString = """
    SELECT end_to_end AS name, amount_minor, 'debit' AS what FROM collection
     UNION ALL
    SELECT batch_id, sum(amount_minor)::bigint, 'debit' FROM collection GROUP BY batch_id
     UNION ALL
    SELECT message_id, amount_minor, CASE kind WHEN 'refund' THEN 'refund' ELSE 'debit' END FROM remittance
     UNION ALL
    SELECT end_to_end, amount_minor, 'refund' FROM remittance_refund
     ORDER BY name
"""
PAYOUTS: LiteralString = "SELECT payout_id AS name, gross_minor - fee_minor AS net_minor FROM acquirer_payout"
TOLD: LiteralString = """
    SELECT end_to_end_id, amount_minor FROM bank_entry WHERE direction = 'credit' ORDER BY entry_id
"""
INBOX: LiteralString = "SELECT entry_id FROM bank_inbox ORDER BY entry_id"
ENTRIES: LiteralString = "SELECT entry_id FROM bank_match ORDER BY entry_id"
BUNDLES: LiteralString = "SELECT reference, amount_minor FROM bundle ORDER BY bundle_id"
MANDATES: LiteralString = "SELECT account_id, mandate_id FROM mandate ORDER BY mandate_id"
FILES: LiteralString = "SELECT message_id FROM remittance ORDER BY message_id"
LINES: LiteralString = "SELECT end_to_end AS name, amount_minor FROM collection ORDER BY collection_id"
REFUNDS: LiteralString = "SELECT end_to_end AS name, amount_minor FROM remittance_refund ORDER BY end_to_end"


@dataclass
class World(Play):
    """A play whose seller has banks, files and months."""

    balance: int = 100_000
    statement: int = 0
    told: list[Tx] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    @property
    def now(self) -> Context:
        """The context on the day of play, with its archive and postbox."""
        return replace(self.context, clock=later(self.context, self.day).clock)

    def any(self, query: LiteralString) -> Any:
        """A row that the query finds, or IndexError."""
        return self.dice.choice(rows(self.context, query))

    def bring(self, entries: list[Tx], message: str = "053") -> None:
        """Import a statement or notification with these entries."""
        self.statement += 1
        content = camt(
            entries, iban=SELLER_IBAN, name=f"N{self.statement}-", message=message, opening=self.balance
        )
        if message == "053":
            self.balance += sum(each.cents for each in entries)
        opening = lambda: nullcontext(io.BytesIO(content))  # noqa: E731 - opened anew each time
        import_bank_file(self.now, f"{self.statement}.xml", opening, by="cli")


def entry(play: World) -> Tx:
    """One entry: a transfer with noise, what a bank tells of our own files, a payout, or a return."""
    play.number += 1
    bank, day, dice = f"B{play.number}", play.day, play.dice
    kind = dice.choice(["transfer", "transfer", "noise", "own", "own", "payout", "back", "bundle"])
    if kind == "bundle":
        bundle = play.any(BUNDLES)
        cents = bundle.amount_minor + dice.choice([0, 0, -1])
        return Tx(max(cents, 1), f"our ref {bundle.reference}", "", f"E{bank}", bank, on=day)
    if kind == "own":
        own = play.any(OWN)
        is_debit = dice.random() < (0.35 if own.what == "debit" else 0.65)
        cents = own.amount_minor if dice.random() < 0.9 else own.amount_minor + 1
        code = dice.choice(["AM04", "MD01", "AC04", ""]) if is_debit == (own.what == "debit") else ""
        return Tx(
            -cents if is_debit else cents, "x", "", own.name, bank, returned=code, on=day,
            is_reversal=is_debit and not code,
        )  # fmt: skip
    if kind == "payout":
        payout = play.any(PAYOUTS)
        return Tx(payout.net_minor or 1, f"payout {payout.name}", "", f"E{bank}", bank, "Card Inc", on=day)
    if kind == "back":
        back = play.any(TOLD)
        return Tx(-back.amount_minor or -1, "back", "", back.end_to_end_id, bank, returned="AC04", on=day)
    owed = play.any(BILLS)
    reference = owed.payment_reference if kind == "transfer" else dice.choice(["", owed.payment_reference])
    cents = owed.total_minor + (dice.choice([0, 0, -3, 100, -600]) if kind == "noise" else 0)
    return Tx(
        max(cents, 1), dice.choice(["x", owed.bill_id]), reference, f"E{bank}", bank,
        dice.choice(["", "Acme", "Petit SAS"]), dice.choice([ACME_IBAN, "", f"IBAN{bank}"]), on=day,
    )  # fmt: skip


def receive(play: World) -> None:
    """A statement of some entries; or a notification first, which the statement tells again."""
    entries = [entry(play) for _ in range(play.dice.randint(1, 3))]
    if play.dice.random() < 0.3:
        play.bring(entries, "054")
        if play.dice.random() < 0.5:
            entries = [replace(each, bank_reference=f"{each.bank_reference}S") for each in entries]
    play.bring(entries)


def take(play: World) -> None:
    match_by_hand(play.now, play.any(INBOX).entry_id, Choice(rank=play.dice.randint(1, 2)), by="cli")


def by_hand(play: World) -> None:
    chosen = tuple((BillId(play.any(BILLS).bill_id), None) for _ in range(play.dice.randint(0, 2)))
    payer = play.dice.choice((None, ACME, SHOP, PETIT))
    choice = Choice(None, chosen, payer, play.dice.random() < 0.5, play.dice.random() < 0.5)
    match_by_hand(play.now, play.any(INBOX).entry_id, choice, by="cli")


def unmatch(play: World) -> None:
    unmatch_entry(play.now, play.any(ENTRIES).entry_id, "at random", by="cli")


def look(play: World) -> None:
    look_again(play.now, FR, by="cli")
    if play.dice.random() < 0.2:
        set_entry_aside(play.now, play.any(INBOX).entry_id, "at random", by="cli")


def _send(play: World, made: Remittance | None) -> None:
    assert made is not None
    end = play.dice.random()
    if end < 0.1:
        cancel_remittance(play.now, made.message_id, "at random", by=TESS)
        return
    approve_remittance(play.now, made.message_id, by=TOM)
    if end < 0.2:
        return
    hand_over_remittance(play.now, made.message_id, by=TESS)
    send_remittance(play.now, made.message_id, by=TESS)


def debit(play: World) -> None:
    """A file of direct debits of what is due within two months."""
    for payer_id in (ACME, PETIT):
        for row in rows(play.context, "SELECT mandate_id FROM mandate WHERE account_id = %(a)s", a=payer_id):
            try:
                change_mandate(play.now, payer_id, row.mandate_id, MandateStep.RESUMED, "at random", by=TESS)
            except Refusal:
                continue
    _send(play, create_remittance(play.now, FR, play.day + timedelta(days=60), by=TESS).remittance)


def pay_back(play: World) -> None:
    """A refund is asked for, approved, and goes to the bank in a file."""
    deposit = play.any("SELECT account_id, deposit_id FROM deposit ORDER BY deposit_id")
    payer_id = AccountId(deposit.account_id)
    asked = refund_money(play.now, payer_id, deposit.deposit_id, "over", by=TESS)
    if asked.state.value == "asked":
        approve_refund(play.now, payer_id, asked.refund_id, by=TOM)
    _send(play, create_refund_remittance(play.now, FR, by=TESS).remittance)


def answer(play: World) -> None:
    """The bank answers a file by pain.002: takes it, refuses it, or refuses a line."""
    with play.context.database.read() as tx:
        file = remittances.find(tx, play.any(FILES).message_id)
    assert file is not None
    play.number += 1
    line = play.any(LINES if file.kind is RemittanceKind.DIRECT_DEBIT else REFUNDS)
    status = play.dice.choice(["ACCP", "RJCT", ""])
    lines = {} if status else {line.name: ("RJCT", play.dice.choice(["AC01", "AM04"]))}
    content = report(
        file, status, lines, report_id=f"R{play.number}", reason="AM04" if status == "RJCT" else ""
    )
    take_status_report(play.now, content, by=TESS)


def collected(play: World) -> None:
    own = play.any(OWN)
    act = take_collected if own.what == "debit" else take_refunds_paid
    act(play.now, own.name, own.amount_minor, play.day, by=TESS)


def returned(play: World) -> None:
    if play.dice.random() < 0.7:
        line = play.any(LINES)
        take_return(play.now, line.name, "AM04", line.amount_minor, play.day, by=TESS)
    else:
        take_refund_returned(play.now, play.any(REFUNDS).name, "AC04", play.day, by=TESS)


def bundle(play: World) -> None:
    """A payer ticks some of its bills, or all that is open; now and then its credit is taken off."""
    payer_id = play.dice.choice((ACME, SHOP, PETIT))
    chosen = [BillId(play.any(BILLS).bill_id)] if play.dice.random() < 0.3 else []
    bundle_bills(play.now, payer_id, chosen, by="cli", with_credit=play.dice.random() < 0.4)


def advise(play: World) -> None:
    """A payer says which bills a transfer pays, perhaps less something, and pays just that."""
    payer_id = play.dice.choice((ACME, SHOP, PETIT))
    bills = {row.bill_id: row.total_minor for row in [play.any(BILLS), play.any(BILLS)]}
    lines = [f"{bill_id},{minor / 100:.2f}" for bill_id, minor in bills.items()]
    lines += [",-0.50"] if play.dice.random() < 0.3 else []
    table = "\n".join(["bill,amount", *lines]).encode()
    _, total = import_advice(play.now, payer_id, f"{play.name()}.csv", table, by="cli")
    play.bring([Tx(max(total, 1), "as advised", payer="Acme", bank_reference=play.name(), on=play.day)])


def amend(play: World) -> None:
    """A payer has another bank account or number, or the seller another identifier or name."""
    if play.dice.random() < 0.3:
        set_creditor(play.now, Creditor(FR, play.dice.choice([ICS, OTHER_ICS])), by=TESS)
        amend_creditor(play.now, FR, play.dice.choice(["", "Nuage SARL"]), by=TESS)
        return
    mandate = play.any(MANDATES)
    change = Change(
        play.dice.choice([ACME_IBAN, IBAN, OTHER_IBAN, ""]), reference=play.dice.choice(["", play.name()])
    )
    amend_mandate(play.now, AccountId(mandate.account_id), mandate.mandate_id, change, by=TESS)


def close_month(play: World) -> None:
    """The oldest open month is closed; now and then the last one is opened again."""
    if play.closed and play.dice.random() < 0.2:
        reopen_period(play.now, FR, play.closed.pop(), "at random", by="cli")
        return
    first = date(2026, 11, 1)
    months = [f"{year}-{month:02d}" for year in range(first.year, 2100) for month in range(1, 13)]
    month = next(each for each in months if each >= "2026-11" and each not in play.closed)
    close_period(play.now, FR, month, despite_suspense="at random", by="cli")
    play.closed.append(month)


MORE: dict[Callable[[World], None], int] = {
    receive: 16, take: 5, by_hand: 5, unmatch: 4, look: 3, debit: 5, pay_back: 4, answer: 3, collected: 3,
    returned: 3, close_month: 3, bundle: 4, advise: 2, amend: 3,
}  # fmt: skip
STEPS: dict[Callable[[Any], None], int] = {**debts.STEPS, **MORE}


def played(database: Database, directory: Path, seed: int, steps: int) -> World:
    """Play so many steps; one that the rules refuse changes nothing. The audit judges each."""
    context = collecting(database, directory)
    set_legal_entity(context, FR, {"approval_above_minor": 1_000, "late_fee_minor": 4_000}, by="cli")
    with database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1_215)]})
    play = World(context, random.Random(seed))
    for _ in range(steps):
        step = play.dice.choices(list(STEPS), list(STEPS.values()))[0]
        play.day += timedelta(days=play.dice.randint(0, 4))
        try:
            step(play)
        except (Refusal, IndexError):
            continue
        finally:
            found = failed(context)
            assert found == {}, f"seed {seed}, {step.__name__} on {play.day}: {found}"
        play.done[step.__name__] = play.done.get(step.__name__, 0) + 1
    return play


def test_the_audit_passes_after_each_step(database: Database, tmp_path: Path, soak: bool) -> None:
    """Twenty-five steps; twelve hundred with --soak."""
    play = played(database, tmp_path, 1, 1_200 if soak else 25)
    assert len(play.done) >= (20 if soak else 5)
