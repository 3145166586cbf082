"""A seller that gives points, and what a test asks of them."""

from acquit.actions.context import Context
from acquit.actions.count_points import count_points
from acquit.actions.show_points import points_of
from acquit.core.identifiers import AccountId
from acquit.core.point import Programme
from billed import ON, failed
from founding import ACME, FR
from owing import EUR, ledger

PROGRAMME = Programme(
    FR, EUR, ON, points=2, per_minor=100, worth_minor=5, used_bp=8_000, lapse_months=12
)  # fmt: skip
"""2 points per euro net, each good for 5 cents of which 4 are expected to be used, gone after a year."""


def counted(context: Context, account_id: AccountId = ACME) -> int:
    """The account's points once everything is counted; register and books hold."""
    count_points(context)
    assert failed(context) == {}
    return points_of(context, account_id).balance


def points_ledger(context: Context) -> int:
    """What the books owe for points."""
    return -ledger(context).get("487100", 0)


def kinds(context: Context, account_id: AccountId = ACME) -> list[tuple[str, int]]:
    """The account's movements, oldest first."""
    return [(each.kind.value, each.points) for each in points_of(context, account_id).movements][::-1]
