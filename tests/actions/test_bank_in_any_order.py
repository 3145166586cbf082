"""Money in, in any order: entries, matches, their undoing, returns; the books balance after each."""

import random

import pytest

from acquit.actions.bank_inbox import look_again
from acquit.actions.context import Context
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.settle_debt import reopen_debt
from acquit.actions.unmatch_entry import set_entry_aside, unmatch_entry
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.store import bank_matches
from acquit.store.transaction import Database
from actions.test_bank import billed, bring, inbox
from banking import ACME_IBAN, Tx, camt
from billed import bill, failed, rows
from founding import ACME, FR, PETIT, SHOP

STANDING = """
    SELECT m.entry_id
      FROM bank_match m
     WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_no = m.match_no)
     ORDER BY m.entry_id
"""
OWED = "SELECT payment_reference, total_minor FROM bill ORDER BY bill_id"
PAID = """
    SELECT o.account_id, o.debt_id, o.operation_id
      FROM debt_operation o
     WHERE o.kind = 'payment'
       AND NOT EXISTS (SELECT FROM debt_operation u WHERE u.reverses_id = o.operation_id)
     ORDER BY o.operation_id
"""


class Play:
    """A world in which things happen at random."""

    def __init__(self, context: Context, seed: int) -> None:
        self.context, self.rng, self.balance, self.number = context, random.Random(seed), 100_000, 0
        self.refused = 0

    def step(self) -> None:
        steps = (
            self.receive, self.receive, self.take, self.take, self.by_hand, self.by_hand, self.undo,
            self.undo, self.reopen, self.look, self.take_back,
        )  # fmt: skip
        try:
            self.rng.choice(steps)()
        except Refusal:
            self.refused += 1

    def receive(self) -> None:
        """A statement of one to three transfers, right, wrong, or of nobody known."""
        told = dict(rows(self.context, OWED))
        sent = []
        for _ in range(self.rng.randint(1, 3)):
            self.number += 1
            reference = self.rng.choice((*told, ""))
            amount = told.get(reference, 1_200) + self.rng.choice((0, 0, 0, -3, 100, -600))
            iban = self.rng.choice((ACME_IBAN, "", f"IBAN{self.number}"))
            sent.append(
                Tx(
                    amount,
                    "x",
                    reference,
                    f"E{self.number}",
                    f"B{self.number}",
                    self.rng.choice(("", "Acme")),
                    iban,
                )
            )
        bring(self.context, camt(sent, name=f"N{self.number}-", opening=self.balance))
        self.balance += sum(each.cents for each in sent)

    def one(self, found: list[int]) -> int:
        return self.rng.choice(found) if found else 0

    def take(self) -> None:
        match_by_hand(
            self.context, self.one(inbox(self.context)), Choice(rank=self.rng.randint(1, 2)), by="cli"
        )

    def by_hand(self) -> None:
        bills = [
            BillId(row.bill_id) for row in rows(self.context, "SELECT bill_id FROM bill ORDER BY bill_id")
        ]
        chosen = tuple((each, None) for each in self.rng.sample(bills, self.rng.randint(0, 2)))
        payer = self.rng.choice((None, ACME, SHOP, PETIT))
        choice = Choice(None, chosen, payer, self.rng.random() < 0.5, self.rng.random() < 0.5)
        match_by_hand(self.context, self.one(inbox(self.context)), choice, by="cli")

    def undo(self) -> None:
        found = [row.entry_id for row in rows(self.context, STANDING)]
        unmatch_entry(self.context, self.one(found), "at random", by="cli")

    def reopen(self) -> None:
        paid = rows(self.context, PAID)
        if paid:
            one = self.rng.choice(paid)
            reopen_debt(
                self.context,
                AccountId(one.account_id),
                DebtId(one.debt_id),
                one.operation_id,
                "at random",
                by="cli",
            )

    def look(self) -> None:
        look_again(self.context, FR, by="cli")
        if self.rng.random() < 0.2:
            set_entry_aside(self.context, self.one(inbox(self.context)), "at random", by="cli")

    def take_back(self) -> None:
        """The bank returns a transfer that it told before."""
        told = rows(
            self.context,
            "SELECT end_to_end_id, amount_minor FROM bank_entry WHERE direction = 'credit' ORDER BY entry_id",
        )
        if told:
            one = self.rng.choice(told)
            self.number += 1
            back = Tx(-one.amount_minor, "back", "", one.end_to_end_id, f"B{self.number}", returned="AC04")
            bring(self.context, camt([back], name=f"N{self.number}-", opening=self.balance))
            self.balance -= one.amount_minor


@pytest.mark.parametrize("seed", [1, 2])
def test_the_books_balance_whatever_happens(database: Database, seed: int, soak: bool) -> None:
    context = billed(database)
    bill(context)
    play = Play(context, seed)
    for number in range(400 if soak else 30):
        play.step()
        if soak or number % 6 == 5:
            assert failed(context) == {}, f"seed {seed}, step {number}"
    assert failed(context) == {}
    assert rows(context, "SELECT * FROM bank_match")
    with context.database.read() as tx:
        assert bank_matches.count_waiting(tx, FR) == len(inbox(context))
