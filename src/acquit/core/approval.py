"""Four eyes: what one person may decide alone, and who the second one is."""

from acquit.core.account import LegalEntity
from acquit.core.terms import NobodyNamed, SamePersonApproves


def needs_second(amount_minor: int, entity: LegalEntity) -> bool:
    """Whether money of this amount is given up or given back only when a second operator agrees."""
    above = entity.approval_above_minor
    return above is not None and amount_minor > above


def refuse_second(what: str, asked_by: str, by: str) -> None:
    """Pass when `by` is a named operator and not who asked. Raises NobodyNamed, SamePersonApproves."""
    if not by.startswith("operator:"):
        raise NobodyNamed(f"{what} is approved by a second person, who has a name: say which operator.")
    if asked_by == by:
        raise SamePersonApproves(
            f"{what} was asked for by {by}; a second person has to approve it.", asked_by=asked_by
        )
