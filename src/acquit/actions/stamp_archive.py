"""Stamp what was archived and booked: each day once, and whenever somebody asks for it."""

from dataclasses import dataclass
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.account import LegalEntity
from acquit.core.identifiers import LegalEntityId
from acquit.core.stamp import Stamp, next_stamp
from acquit.store import acts, legal_entities, stamps
from acquit.store.transaction import Transaction

LEAVES_MAX: Final = 100_000
"""Papers, and as many heads, of one stamp: what is more goes into the next one."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A stamp that was made, and how many of its leaves are papers."""

    stamp: Stamp
    papers: int


def stamp_archive(
    context: Context,
    legal_entity_id: LegalEntityId,
    by: str,
    *,
    even_empty: bool = False,
    leaves_max: int = LEAVES_MAX,
) -> list[Stamped]:
    """Every paper that the seller has, and every account's last entry, is in a stamp; return the new ones.

    Nothing new makes no stamp, unless it is asked for. Raises NoSuchLegalEntity.
    """
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
    made: list[Stamped] = []
    is_full = True
    while is_full:
        with context.database.write() as tx:
            stamped, is_full = _stamp(context, tx, entity, leaves_max, even_empty and not made)
            if stamped is None:
                return made
            acts.record(
                tx, by, "stamp_archive", None, f"{legal_entity_id}/{stamped.stamp.stamp_no}",
                papers=stamped.papers, leaves=stamped.stamp.leaves,
            )  # fmt: skip
        made.append(stamped)
    return made


def stamp_days(context: Context) -> int:
    """Each seller has a stamp of its day, made early in it, so that the day before is whole; return new ones.

    Sandboxes are stamped when somebody asks for it.
    """
    with context.database.read() as tx:
        entities = legal_entities.every(tx)
    return sum(_stamp_day(context, entity) for entity in entities)


def _stamp_day(context: Context, entity: LegalEntity) -> int:
    with context.database.read() as tx:
        last = stamps.last(tx, entity.legal_entity_id)
    if last is not None and last.stamped_on >= date_of(context, entity):
        return 0
    return len(stamp_archive(context, entity.legal_entity_id, "system", even_empty=True))


def _stamp(
    context: Context, tx: Transaction, entity: LegalEntity, leaves_max: int, even_empty: bool
) -> tuple[Stamped | None, bool]:
    """Make one stamp of what waits, or none when nothing does; tell whether more may wait."""
    stamps.hold(tx, entity.legal_entity_id)
    papers = stamps.fresh_papers(tx, entity.legal_entity_id, leaves_max)
    heads = stamps.fresh_heads(tx, entity.legal_entity_id, leaves_max)
    if not papers and not heads and not even_empty:
        return None, False
    leaves = [each.leaf for each in papers] + [each.leaf for each in heads]
    last = stamps.last(tx, entity.legal_entity_id)
    stamp = next_stamp(last, entity.legal_entity_id, date_of(context, entity), leaves)
    signature = context.sealer.sign(stamp.text.encode())
    stamps.write(tx, stamp, papers, heads, signature, context.sealer.public_key())
    return Stamped(stamp, len(papers)), leaves_max in (len(papers), len(heads))
