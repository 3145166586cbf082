"""Read what an account supplied, from a file or from what somebody typed."""

from collections.abc import Mapping

from acquit.core.reverse_bill import Supplied
from acquit.documents import supply_file


def supplies_in(content: bytes, form: str) -> list[Supplied]:
    """Return the lines of a file whose form is `csv` or `json`. Raises BadSupplyFile, BadAmount."""
    return supply_file.read_supplies(content, form)


def supply_of(members: Mapping[str, str]) -> Supplied:
    """Return one line as it was typed: description, quantity, unit_price, from, to, reference, vat_rate.

    Raises BadSupplyFile, BadAmount.
    """
    return supply_file.supplied(members, "The line")
