"""Two people begin at one moment: what each gets is lawful, and nothing happens twice."""

import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

from acquit.actions.change_account import AccountChange, change_account
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.match_by_hand import Choice, match_by_hand
from acquit.actions.run_dunning import run_dunning
from acquit.core.bank_entry import NotInTheInbox
from acquit.core.debt import NotOwed
from acquit.core.errors import Refusal
from acquit.core.identifiers import BillId
from acquit.core.remittance import NothingToSend
from acquit.store import accounts
from acquit.store.transaction import Database
from actions.test_bank import bill_ids, billed, bring, inbox, ledger, opened, references
from banking import Tx, camt
from billed import failed, rows
from collecting import DUE_ON, collecting, on
from fault.killing import World
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import TESS, TOM

LATE = date(2027, 1, 20)


def at_once(context: Context, url: str, directory: Path, *acts: Callable[[Context], Any]) -> list[Any]:
    """What came of each act, a value or a refusal: each has its own store, and every write is slow."""
    World(url, directory).slow_down()
    ready = Barrier(len(acts))

    def begin(act: Callable[[Context], Any]) -> Any:
        with Database(url) as own:
            ready.wait(10)
            try:
                return act(replace(context, database=own))
            except Refusal as refusal:
                return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))


def bringing(content: bytes) -> Callable[[Context], Any]:
    return lambda context: import_bank_file(
        context, "f.xml", lambda: nullcontext(io.BytesIO(content)), by="cli"
    )


def test_two_imports_of_one_file_book_it_once(database: Database, database_url: str, tmp_path: Path) -> None:
    context = billed(database)
    told = references(context)
    content = camt(
        [Tx(1_200, reference=told[ACME]), Tx(70, "who?")],
        [Tx(2_400, reference=told[LAB]), Tx(1_200, "a mistyped reference")],
    )
    first, second = at_once(context, database_url, tmp_path, bringing(content), bringing(content))
    assert (first.entries, second.entries) == (4, 4)
    assert sorted([first.known, second.known])[1] > 0, "one of them found what the other had booked"
    assert first.known + second.known == 4
    assert len(rows(context, "SELECT * FROM bank_entry")) == 4
    assert (ledger(context)["512000"], ledger(context)["471000"]) == (4_870, -1_270)
    assert (len(opened(context)), len(inbox(context)), failed(context)) == (2, 2, {})
    assert bring(context, content).status == "already_booked"


def test_an_import_beside_dunning_never_asks_for_what_it_has_booked(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = on(billed(database), LATE)
    told = references(context)
    content = camt([Tx(1_200, reference=told[ACME]), Tx(6_000, reference=told[SHOP])])
    found, reports = at_once(
        context, database_url, tmp_path, bringing(content), lambda own: run_dunning(own, FR, by="cli")
    )
    assert (found.matched, len(opened(context))) == (2, 2)
    assert reports[0].payers in (1, 2, 3)
    chased = rows(context, "SELECT account_id FROM dunning_step ORDER BY account_id")
    assert max(Counter(row.account_id for row in chased).values()) == 1
    assert {PETIT} <= {row.account_id for row in chased} <= {ACME, SHOP, PETIT}
    assert run_dunning(context, FR, by="cli")[0].payers == 0
    assert failed(context) == {}


def test_two_files_of_debits_take_each_debt_up_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = collecting(database, tmp_path)

    def creating(by: str) -> Callable[[Context], Any]:
        return lambda own: create_remittance(own, FR, DUE_ON, by=by)

    made = at_once(context, database_url, tmp_path, creating(TESS), creating(TOM))
    assert Counter(type(each) for each in made)[NothingToSend] == 1
    (file,) = rows(context, "SELECT message_id, lines, amount_minor FROM remittance")
    assert (file.message_id, file.lines, file.amount_minor) == ("FR-SDD-00000001", 2, 3_600)
    assert len(rows(context, "SELECT * FROM pending_debt")) == 3
    assert failed(context) == {}


def test_a_match_by_hand_beside_an_import_settles_the_bill_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = billed(database)
    petit, reference = bill_ids(context)[PETIT], references(context)[PETIT]
    bring(context, camt([Tx(1_200, "who?")], name="A"))
    (waiting,) = inbox(context)
    choice = Choice(bills=((BillId(petit), None),))
    by_hand, found = at_once(
        context, database_url, tmp_path, lambda own: match_by_hand(own, waiting, choice, by="cli"),
        bringing(camt([Tx(1_200, reference=reference)], name="B", opening=200_000)),
    )  # fmt: skip
    assert petit not in opened(context)
    settled = rows(context, "SELECT effect_minor FROM debt_operation")
    assert [row.effect_minor for row in settled] == [-1_200]
    if isinstance(by_hand, Refusal):
        assert isinstance(by_hand, NotOwed | NotInTheInbox)
        assert (found.matched, inbox(context)) == (1, [waiting])
    else:
        assert (
            len(inbox(context)) + len(rows(context, "SELECT * FROM bank_match_part WHERE kind = 'to-credit'"))
            == 1
        )
    assert ledger(context)["512000"] == 2_400
    assert failed(context) == {}


def test_a_sub_account_changes_while_its_payer_is_held(database: Database, database_url: str) -> None:
    """Who holds a payer and then its accounts, and who changes an account, never wait for one another."""
    context = billed(database)
    with ThreadPoolExecutor(1) as pool, Database(database_url) as other, other.write() as tx:
        accounts.lock(tx, ACME)
        for city in ("Lyon", "Lille"):
            change = AccountChange({"given_name": city}, {"name": "Lab", "city": city})
            pool.submit(change_account, context, LAB, change, by="cli").result(15)
