"""What an account may wish for."""

from datetime import date
from typing import Any

import pytest

from acquit.core.subscription import NAME_MAX, QUANTITY_MAX, YEARS, BadWish, Wish, refuse_bad_wish


@pytest.mark.parametrize("name", ["", "srv-1.example", "Ünïcode name", "x" * NAME_MAX])
def test_a_wish_that_can_be_billed_passes(name: str) -> None:
    refuse_bad_wish(Wish("metal-s", date(2026, 11, 23), QUANTITY_MAX, resource_name=name))


@pytest.mark.parametrize(
    ("wished", "member"),
    [
        ({"quantity": QUANTITY_MAX + 1}, "quantity"),
        ({"resource_name": "x" * (NAME_MAX + 1)}, "resource"),
        ({"resource_name": "a/b"}, "resource"),
        ({"resource_name": " a"}, "resource"),
        ({"resource_name": "a\nb"}, "resource"),
        ({"starts_on": date(YEARS[0] - 1, 12, 31)}, "from"),
    ],
)
def test_a_wish_that_cannot_is_refused(wished: dict[str, Any], member: str) -> None:
    with pytest.raises(BadWish) as refused:
        refuse_bad_wish(Wish("metal-s", **{"starts_on": date(2026, 11, 23)} | wished))
    assert refused.value.details["member"] == member
