"""Take in exchange rates of the euro, at which bills in other currencies tell their VAT."""

from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.core.exchange_rate import BadRates, ExchangeRates, RateDiffers
from acquit.core.money import EXPONENTS, Currency, scaled_text
from acquit.core.operator import Right
from acquit.documents.exchange_rate_file import read_rates
from acquit.store import acts, exchange_rates


@dataclass(frozen=True, slots=True)
class RatesTaken:
    """How many rates of a file are new, how many it holds in all, and its last day."""

    added: int
    held: int
    last_on: str


def import_exchange_rates(context: Context, content: bytes, *, by: str) -> RatesTaken:
    """The rates of a file such as eurofxref-hist.csv are known; taking it in twice adds nothing.

    Of currencies in which no bill can be made nothing is kept. Raises BadRates, RateDiffers (nothing is
    written then), StaffOnly, RoleForbids.
    """
    read = read_rates(content)
    rates = ExchangeRates({name: dated for name, dated in read.per_euro.items() if name in EXPONENTS})
    days = [on for dated in rates.per_euro.values() for on, _ in dated]
    if not days:
        raise BadRates(f"The file holds no rate of a currency of bills: {', '.join(EXPONENTS)}.")
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        differing = exchange_rates.differing(tx, rates)
        if differing is not None:
            currency, on, known_e8 = differing
            raise RateDiffers(
                f"The rate of {currency} of {on} is known as {scaled_text(known_e8, 8)}, and bills may have "
                "been issued at it; the file tells another. Nothing was taken in: compare it with the "
                "European Central Bank's.",
                currency=Currency(currency),
                on=str(on),
            )
        added = exchange_rates.add(tx, rates, by)
        acts.record(tx, by, "import_exchange_rates", None, "", added=added, last_on=str(max(days)))
    return RatesTaken(added, len(days), str(max(days)))
