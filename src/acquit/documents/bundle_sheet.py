"""The payment sheet of a bundle as PDF, in the payer's language: what to transfer, with which reference."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

import msgspec

from acquit.core.bundle import Bundle
from acquit.core.snapshot import Seller
from acquit.documents.bundle_advice import in_fours
from acquit.documents.folding import folded
from acquit.documents.payment_code import payment_code
from acquit.documents.pdf import compiled
from acquit.documents.wording import Wording, wording

LONG_ROWS = 200


@dataclass(frozen=True, slots=True)
class BundleSheet:
    """What the layout sets, in reading order; rows are cells from left to right."""

    language: str
    region: str
    title: str
    made: str
    seller: tuple[str, ...]
    payer: tuple[str, ...]
    amount: tuple[str, str]
    keys: tuple[tuple[str, str], ...]
    code: str
    code_label: str
    code_alternative: str
    how: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, str]
    mention: str
    page: str


def render_bundle(bundle: Bundle, payer_name: str, seller: Seller, language: str) -> bytes:
    """Return the sheet as PDF/A-3b, tagged for screen readers; equal bundles give equal bytes."""
    sheet = bundle_sheet(bundle, payer_name, seller, language)
    made_at = datetime.combine(bundle.made_on, time(), UTC)
    said = {"sheet": msgspec.json.encode(sheet).decode()}
    return compiled(
        "bundle.typ", said, int(made_at.timestamp()), is_long=len(bundle.parts) > LONG_ROWS
    )  # fmt: skip


def bundle_sheet(bundle: Bundle, payer_name: str, seller: Seller, language: str) -> BundleSheet:
    """Return the sheet in words; in euro it has the code that a telephone reads."""
    says = wording(language, bundle.currency)

    def say(name: str, **values: str) -> str:
        return says.say(f"bundle.{name}", **values)

    code = None
    if bundle.currency == "EUR":
        code = payment_code(seller.name, seller.iban, seller.bic, bundle.reference, bundle.amount_minor)
    keys = (
        ("payee", folded(seller.name)), ("iban", in_fours(seller.iban)), ("bic", seller.bic),
        ("reference", in_fours(bundle.reference)),
    )  # fmt: skip
    return BundleSheet(
        language=says.language,
        region=says.region,
        title=say("title", number=str(bundle.bundle_id)),
        made=say("made", date=says.day(bundle.made_on)),
        seller=_lines(seller.name, seller.street, f"{seller.zip} {seller.city}", seller.email),
        payer=_lines(payer_name, say("account", account=bundle.account_id)),
        amount=(say("to_transfer"), says.amount(bundle.amount_minor)),
        keys=tuple((say(name), text) for name, text in keys if text),
        code=code or "",
        code_label=say("code"),
        code_alternative=say("code_alternative"),
        how=say("how"),
        heading=say("bills"),
        columns=(say("bill"), say("of_account"), say("open")),
        rows=tuple(_rows(says, bundle)),
        total=(say("to_transfer"), says.figure(bundle.amount_minor)),
        mention=say("not_a_bill"),
        page=says.say("foot.page"),
    )


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(folded(each) for each in texts if each.strip())


def _rows(says: Wording, bundle: Bundle) -> Iterator[tuple[str, ...]]:
    for part in bundle.parts:
        yield part.bill_id, part.account_id, says.figure(part.amount_minor)
    if bundle.credit_minor:
        yield says.say("bundle.credit"), bundle.account_id, says.figure(-bundle.credit_minor)
