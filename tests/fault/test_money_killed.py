"""Money's own commands, killed while they write and begun again: the books are as if none was.

Statements, dunning, files of debits and refunds, and the closing of a month run as processes of the command
line; each kill is a kill -9 in the middle of a transaction that is drawn at random.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, LiteralString

import pytest
from psycopg.conninfo import conninfo_to_dict

from acquit.actions.advance_remittance import approve_remittance, hand_over_remittance, send_remittance
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.open_account import Opening, open_account
from acquit.actions.refund_money import approve_refund, refund_money
from acquit.actions.set_creditor import set_creditor
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.adapters.archive import DirectoryArchive
from acquit.core.collection import Creditor
from acquit.core.identifiers import AccountId
from acquit.core.refund import RefundState
from acquit.store.embedded import Cluster
from acquit.store.transaction import Database
from banking import Tx, camt
from billed import ADDRESSED, bill, subscribe
from collecting import COLLECTED_ON, EMAILS, IBAN, ICS, SELLER_IBAN, on, sign
from fault.killing import NewPlaces, World
from founding import FR
from owing import EUR, PAID_ON, TESS, TOM, owing
from store.copies import copy_of

SEED: Final = 20261129
JANUARY: Final = date(2027, 1, 20)
NOVEMBER: Final = date(2026, 11, 24)

LEDGER: Final[LiteralString] = """
    SELECT e.account_id, e.kind, p.ledger, sum(p.amount_minor)::bigint
      FROM entry e JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
ENDS: Final[LiteralString] = """
    SELECT 'debit', account_id, state, reason_code, count(*) FROM collection_event GROUP BY 2, 3, 4
     UNION ALL SELECT 'refund', account_id, state, '', count(*) FROM refund_event GROUP BY 2, 3
     UNION ALL SELECT 'file', legal_entity_id, state, '', count(*) FROM remittance_event GROUP BY 2, 3
     UNION ALL SELECT 'chased', account_id, kind, '', count(*) FROM dunning_step GROUP BY 2, 3
     UNION ALL SELECT 'match', legal_entity_id, rule::text, reason_kind, count(*)
                 FROM (SELECT legal_entity_id, rule, is_automatic::text AS reason_kind FROM bank_match) m
                GROUP BY 2, 3, 4
     UNION ALL SELECT 'month', legal_entity_id, period, happening, count(*) FROM period_act
                WHERE happening NOT IN ('deferred', 'accrued') GROUP BY 2, 3, 4
     ORDER BY 1, 2, 3, 4
"""


def payer(number: int) -> AccountId:
    return AccountId(f"kp{10_000 + number}-acq")


@pytest.fixture(scope="module")
def payers(request: pytest.FixtureRequest) -> int:
    """How many payers beside the family: more kills need more to write."""
    return 48 if request.config.getoption("--soak") else 12


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The papers of the prepared world."""
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="module")
def prepared(cluster: Cluster, template: str, payers: int, archive: Path) -> Iterator[str]:
    """The name of a database: of the payers a third is collected, a third is owed money, a third is late.

    The file of debits is at the bank; refunds are approved; December is billed too.
    """
    with copy_of(cluster, template) as url:
        with Database(url) as database:
            _build(database, archive, payers)
        yield str(conninfo_to_dict(url)["dbname"])


def _build(database: Database, directory: Path, payers: int) -> None:
    context = owing(database, iban=SELLER_IBAN, bic="AGRIFRPP")
    context = replace(context, archive=DirectoryArchive(directory))
    set_creditor(context, Creditor(FR, ICS), by=TESS)
    for number in range(payers):
        opening = Opening(FR, replace(ADDRESSED, name=f"Payer {number}"), payer(number))
        open_account(context, opening, by="cli")
        subscribe(context, payer(number), f"srv-{number}")
        if number % 3 < 2:
            sign(context, payer(number), IBAN)
    with database.write() as tx:
        tx.run(EMAILS)
    bill(context)
    file = create_remittance(on(context, NOVEMBER), FR, COLLECTED_ON, by=TESS).remittance
    assert file is not None
    approve_remittance(on(context, NOVEMBER), file.message_id, by=TOM)
    hand_over_remittance(on(context, NOVEMBER), file.message_id, by=TESS)
    send_remittance(on(context, NOVEMBER), file.message_id, by=TESS)
    for number in range(1, payers, 3):
        _owed_back(on(context, PAID_ON), payer(number))
    bill(on(context, date(2026, 12, 1)), "2026-12")


def _owed_back(context: Context, payer_id: AccountId) -> None:
    settled = settle_debt(context, payer_id, Receipt(PAID_ON, 500, EUR), [], by="cli")
    asked = refund_money(context, payer_id, settled.deposit.deposit_id, "paid twice", by=TESS)
    if asked.state is RefundState.ASKED:
        approve_refund(context, payer_id, asked.refund_id, by=TOM)


TESSA: Final = ("--operator", "tess")
TOMMY: Final = ("--operator", "tom")


@dataclass(frozen=True)
class Step:
    """A command, how often it writes at least, and the refusal by which it says that it was done before."""

    tokens: tuple[object, ...]
    writes: int
    done: str


def step(*tokens: object, writes: int = 1, done: str = "") -> Step:
    return Step(tokens, writes, done)


def told(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def importing(world: World) -> list[Step]:
    """Credits and returns of debits, transfers with and without reference: several to a statement."""
    debits = world.rows("SELECT end_to_end, amount_minor FROM collection ORDER BY account_id")
    owed = world.rows("""
        SELECT b.payment_reference, b.total_minor FROM bill b
         WHERE b.account_id LIKE 'kp%' AND b.bill_id NOT IN (SELECT bill_id FROM collection_debt)
         ORDER BY b.account_id, b.bill_id
    """)
    entries = [Tx(minor, end_to_end=name, on=COLLECTED_ON) for name, minor in debits]
    entries += [Tx(-minor, end_to_end=name, returned="AM04", on=COLLECTED_ON) for name, minor in debits[::4]]
    entries += [Tx(minor, reference=reference, on=COLLECTED_ON) for reference, minor in owed]
    entries += [Tx(100 + number, f"who? {number}", on=COLLECTED_ON) for number in range(3)]
    statements = [entries[place::4] for place in range(4)]
    file = world.directory / "statement.xml"
    file.write_bytes(camt(*statements, iban=SELLER_IBAN))
    return [step("bank", "import", file, writes=12)]


def dunning(world: World) -> list[Step]:
    """Whoever is late is written to, one letter after the other."""
    return [step("dunning", "run", writes=5)]


def remitting(world: World) -> list[Step]:
    """The first file is told as collected; a second is made, approved, handed over and sent."""
    one, two = (f"FR-SDD-{number:08d}" for number in (1, 2))
    (total,) = world.rows("SELECT amount_minor FROM remittance WHERE message_id = 'FR-SDD-00000001'")
    return [
        step("remittance", "collected", one, "--amount", told(total[0]), "--on", COLLECTED_ON, *TESSA,
             writes=2),
        step("remittance", "create", "--kind", "direct-debit", "--until", "2027-01-31", *TESSA,
             done="nothing-to-send"),
        step("remittance", "approve", two, *TOMMY, done="remittance-not-there"),
        step("remittance", "download", two, "--out", NewPlaces(world.directory), *TESSA),
        step("remittance", "sent", two, *TESSA, done="remittance-not-there"),
    ]  # fmt: skip


def refunding(world: World) -> list[Step]:
    """A file of refunds is made, approved, handed over and told as paid."""
    number = "FR-SCT-00000002"
    (total,) = world.rows("SELECT sum(amount_minor)::bigint FROM refund")
    return [
        step("remittance", "create", "--kind", "refund", *TESSA, done="nothing-to-send"),
        step("remittance", "approve", number, *TOMMY, done="remittance-not-there"),
        step("remittance", "download", number, "--out", NewPlaces(world.directory), *TESSA),
        step("remittance", "paid", number, "--amount", told(total[0]), "--on", JANUARY, *TESSA,
             done="amount-differs"),
    ]  # fmt: skip


def closing(world: World) -> list[Step]:
    """November and December are closed: their revenue is spread account by account before."""
    return [
        step("period", "close", "--period", month, writes=2, done="period-closed")
        for month in ("2026-11", "2026-12")
    ]


def carry_out_all(world: World, play: Callable[[World], list[Step]]) -> None:
    for each in play(world):
        world.carry_out(JANUARY, *each.tokens)


@pytest.mark.parametrize("play", [importing, dunning, remitting, refunding, closing])
def test_killed_while_it_writes_and_begun_again_it_ends_in_the_same_books(
    play: Callable[[World], list[Step]],
    prepared: str,
    archive: Path,
    cluster: Cluster,
    soak: bool,
    tmp_path: Path,
) -> None:
    kills = 10 if soak else 2
    with (
        copy_of(cluster, prepared) as calm_url,
        copy_of(cluster, prepared) as url,
        ThreadPoolExecutor(1) as pool,
    ):
        calm = World(calm_url, tmp_path / "calm")
        world = World(url, tmp_path / "killed", random.Random(f"{SEED}/{play.__name__}"))
        for one in (calm, world):
            shutil.copytree(archive, one.directory / "papers")
        undisturbed = pool.submit(carry_out_all, calm, play)
        world.slow_down()
        steps = play(world)
        for place, each in enumerate(steps):
            for _ in range(kills // len(steps) + (place < kills % len(steps))):
                world.kill(JANUARY, *each.tokens, writes_max=each.writes)
            world.carry_out(JANUARY, *each.tokens, done=each.done)
        assert world.killed >= kills // 2, "most kills hit a command that wrote"
        undisturbed.result()
        assert world.rows(LEDGER) == calm.rows(LEDGER)
        assert world.rows(ENDS) == calm.rows(ENDS)
        assert world.counts() == calm.counts()
        world.carry_out(JANUARY, "audit", "--full")
