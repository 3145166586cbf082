"""A bill laid out in words: what a page of it says, in its language, ready to be set.

Both views, PDF and HTML, are set from this value, so they say the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.bill import CREDITS, SELF_BILLED, TRANSFER, Bill, BillKind, Detail
from acquit.core.identifiers import BillId
from acquit.core.mandate import masked_iban
from acquit.core.snapshot import Buyer, Debit, Seller
from acquit.core.tax import TaxLine, VatCategory
from acquit.documents import logo
from acquit.documents.annex import Annex, annex
from acquit.documents.folding import folded
from acquit.documents.mentions import foot, mentions, no_vat, vat_texts
from acquit.documents.palette import Palette, palette
from acquit.documents.paper import BillPaper
from acquit.documents.payment_code import payment_code
from acquit.documents.wording import Wording, wording

CITY_FIRST: Final = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US"})
SIREN_COUNTRIES: Final = frozenset({"BL", "FR", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"})
"""Where businesses are numbered in the French register."""

NO_RATE: Final = "–"
GOODS: Final = frozenset({VatCategory.INTRA_COMMUNITY, VatCategory.EXPORT})
GROUP: Final = 4
FULL_WIDTH_WORD_MAX: Final = 64
ONE_PAGE_ROWS: Final = 20
GROUP_ROWS: Final = 2
"""So many rows fit a page with everything else; heading and sum of a group are two. More may go on."""

ORDER_BESIDE_MAX: Final = 40
ORDER_BESIDE_WORD_MAX: Final = 24
ORDER_IN_SHORT_MAX: Final = 48
BETWEEN: Final = " · "


@dataclass(frozen=True, slots=True)
class Said:
    """A label and what it says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """A party: its label, name and the lines below."""

    label: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the bill; `carried` is what the lines come to so far, where a page may end after it."""

    description: str
    period: str
    quantity: str
    unit_price: str
    vat: str
    net: str
    net_minor: int
    carried: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one service; `period` is theirs when all have the same, else each row tells its own.

    On a shared bill the first group of an account says in `part` whose it is, the last what it comes to.
    """

    heading: str
    period: str
    rows: tuple[Row, ...]
    subtotal: str
    part: str = ""
    part_end: Said | None = None


@dataclass(frozen=True, slots=True)
class VatRow:
    """The VAT of one category and rate."""

    rate: str
    net: str
    tax: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay: a heading, the coordinates and the code to scan; empty members are not shown."""

    heading: str
    coordinates: tuple[Said, ...] = ()
    quote: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the layout sets, in reading order."""

    language: str
    region: str
    title: str
    mark: str
    number: str
    logo: str
    palette: Palette
    seller: Block
    buyer: Block
    payer: Block | None
    order: Said | None
    order_in_short: str
    order_is_long: bool
    keys: tuple[Said, ...]
    facts: tuple[Said, ...]
    groups: tuple[Group, ...]
    vat: tuple[VatRow, ...]
    vat_reasons: tuple[str, ...]
    totals: tuple[Said, ...]
    gross: Said
    settled: tuple[Said, ...]
    payment: Payment
    mentions: tuple[str, ...]
    annex: Annex | None
    foot: tuple[str, ...]
    labels: dict[str, str]


LABELS: Final = {
    "description": "column.description",
    "quantity": "column.quantity",
    "unit_price": "column.unit_price",
    "vat": "column.vat",
    "subtotal": "line.subtotal",
    "vat_heading": "vat.heading",
    "vat_rate": "vat.rate",
    "vat_net": "vat.net",
    "vat_tax": "vat.tax",
    "code": "payment.code",
    "code_alternative": "payment.code_alternative",
    "carried_forward": "line.carried_forward",
    "brought_forward": "line.brought_forward",
    "page": "foot.page",
    "download": "foot.download",
}


def sheet(paper: BillPaper) -> Sheet:
    """Return the bill in words."""
    bill = paper.bill
    says = wording(bill.language, bill.currency)
    reference = folded(bill.purchase_order_reference or "", FULL_WIDTH_WORD_MAX)
    order = Said(says.say(f"order.{bill.purchase_order_type}"), reference) if reference else None
    abroad = paper.seller.country != paper.buyer.country
    is_claim = bill.kind is BillKind.CLAIM
    return Sheet(
        language=says.language,
        region=says.region,
        title=says.say(f"title.{bill.kind}"),
        mark=says.say("mark.test") if paper.is_test else "",
        number=bill.bill_id,
        logo=logo.drawing(paper.logo) or "",
        palette=palette(paper.seller.brand_colour),
        seller=_seller(says, paper.seller, abroad),
        buyer=_block(says, "party.buyer", paper.buyer, abroad),
        payer=None if paper.payer is None else _block(says, "party.payer", paper.payer, abroad),
        order=order,
        order_in_short=_in_short(reference),
        order_is_long=_is_long(reference),
        keys=tuple(_keys(says, bill)),
        facts=tuple(_facts(says, paper)),
        groups=_carried(says, bill, _parts(says, bill) if bill.slices else _groups(says, bill.details)),
        vat=tuple(_vat_row(says, tax) for tax in bill.taxes),
        vat_reasons=tuple(no_vat(bill.taxes) if is_claim else vat_texts(says, paper)),
        totals=tuple(_totals(says, bill)),
        gross=Said(says.say("total.gross"), says.amount(bill.total_minor)),
        settled=tuple(_settled(says, bill)),
        payment=payment(says, paper),
        mentions=tuple(mentions(says, paper)),
        annex=annex(says, paper),
        foot=foot(says, paper.seller),
        labels={name: says.say(key) for name, key in LABELS.items()}
        | {"net": says.say("column.net", currency=bill.currency)},
    )


def in_fours(text: str) -> str:
    """Return an IBAN or a reference in groups of four, as people read it aloud."""
    compact = "".join(text.split())
    return " ".join(compact[start : start + GROUP] for start in range(0, len(compact), GROUP))


def _is_long(reference: str) -> bool:
    words = reference.split()
    return len(reference) > ORDER_BESIDE_MAX or any(len(word) > ORDER_BESIDE_WORD_MAX for word in words)


def _in_short(reference: str) -> str:
    """Return a reference that fits the head of a later page."""
    return reference if len(reference) <= ORDER_IN_SHORT_MAX else reference[: ORDER_IN_SHORT_MAX - 1] + "…"


def _present(*texts: str) -> tuple[str, ...]:
    return tuple(folded(text) for text in texts if text.strip())


def _address(says: Wording, party: Seller | Buyer, abroad: bool) -> tuple[str, ...]:
    city = (party.city, party.zip) if party.country in CITY_FIRST else (party.zip, party.city)
    country = says.locale.territories.get(party.country, party.country) if abroad else ""
    return _present(party.street, party.street_2, " ".join(part for part in city if part), country)


def _said(says: Wording, key: str, **value: str) -> tuple[str, ...]:
    """Return the text with its value, or nothing when the value is empty."""
    return (says.say(key, **value),) if all(value.values()) else ()


def _block(says: Wording, label: str, party: Seller | Buyer, abroad: bool) -> Block:
    number = "party.siren" if party.country in SIREN_COUNTRIES else "party.register_number"
    ids = (
        *_said(says, number, siren=folded(party.siren)),
        *_said(says, "party.vat_id", vat_id=folded(party.vat_id)),
    )
    return Block(says.say(label), folded(party.name), (*_address(says, party, abroad), *ids))


def _seller(says: Wording, seller: Seller, abroad: bool) -> Block:
    block = _block(says, "party.seller", seller, abroad)
    return Block(block.label, block.name, (*block.lines, *_present(seller.email, seller.phone)))


def _keys(says: Wording, bill: Bill) -> Iterator[Said]:
    yield Said(says.say("key.issued_on"), says.day(bill.issued_on))
    if bill.kind in CREDITS:
        yield Said(says.say("key.credited"), says.amount(bill.total_minor))
        return
    if bill.collected_on is None:
        yield Said(says.say("key.due_on"), says.day(bill.due_on))
    else:
        yield Said(says.say("key.collected_on"), says.day(bill.collected_on))
    yield Said(says.say("key.total"), says.amount(bill.to_pay_minor))


def _facts(says: Wording, paper: BillPaper) -> Iterator[Said]:
    bill, buyer = paper.bill, paper.buyer
    if bill.corrects_bill_id is not None:
        yield Said(says.say("fact.corrects"), _corrected(says, bill.corrects_bill_id, paper.corrected_on))
    if bill.note.strip():
        yield Said(says.say("fact.note"), folded(bill.note))
    if bill.kind not in CREDITS:
        yield Said(says.say("fact.term"), _term(says, bill))
    if buyer.sub_account.strip():
        yield Said(says.say("fact.sub_account"), BETWEEN.join((folded(buyer.sub_account), bill.account_id)))
    else:
        yield Said(says.say("fact.account"), bill.account_id)
    if buyer.buyer_reference.strip():
        yield Said(says.say("fact.buyer_reference"), folded(buyer.buyer_reference))
    if bill.contract.strip():
        yield Said(says.say("fact.contract"), folded(bill.contract))
    if bill.cost_account.strip():
        yield Said(says.say("fact.cost_account"), folded(bill.cost_account))
    if bill.kind is BillKind.CLAIM:
        return
    goods = any(tax.vat_category in GOODS for tax in bill.taxes)
    yield Said(says.say("fact.operation"), says.say("fact.goods" if goods else "fact.services"))


def _corrected(says: Wording, bill_id: BillId, on: date | None) -> str:
    return bill_id if on is None else says.say("fact.corrects_value", bill_id=bill_id, date=says.day(on))


def _term(says: Wording, bill: Bill) -> str:
    if bill.due_on == bill.issued_on:
        return says.say("term.on_receipt")
    return says.say(f"term.{bill.term_method}", days=str(bill.term_days))


def _parts(says: Wording, bill: Bill) -> Iterator[Group]:
    """Gather the details of a shared bill by account, each with its subtotal, in the order of its slices."""
    for part in bill.slices:
        own = part.owner_id == bill.account_id
        name = says.say("line.own_part") if own else folded(part.name, FULL_WIDTH_WORD_MAX)
        members = [each for each in bill.details if (each.owner_id or bill.account_id) == part.owner_id]
        groups = list(_groups(says, members))
        if len(groups) == 1:
            groups = [replace(groups[0], subtotal="")]
        end = Said(says.say("line.part_subtotal", name=name), says.figure(part.net_minor))
        groups[0] = replace(groups[0], part=BETWEEN.join((name, part.owner_id)))
        groups[-1] = replace(groups[-1], part_end=end)
        yield from groups


def _groups(says: Wording, details: Iterable[Detail]) -> Iterator[Group]:
    """Gather details by service, in the order in which services first appear."""
    gathered: dict[str, list[Detail]] = {}
    for detail in details:
        gathered.setdefault(detail.domain.strip(), []).append(detail)
    for service, members in gathered.items():
        spoken = service or (says.say("line.other") if len(gathered) > 1 else "")
        yield _group(says, folded(spoken, FULL_WIDTH_WORD_MAX), members)


def _group(says: Wording, heading: str, details: list[Detail]) -> Group:
    periods = {(detail.period_start, detail.period_end) for detail in details}
    shared = says.period(*periods.pop()) if heading and len(periods) == 1 else ""
    rows = tuple(_row(says, detail, tell_period=not shared) for detail in details)
    several = heading and len(details) > 1
    subtotal = says.figure(sum(detail.net_minor for detail in details)) if several else ""
    return Group(heading, shared, rows, subtotal)


def _row(says: Wording, detail: Detail, *, tell_period: bool) -> Row:
    return Row(
        description=BETWEEN.join((folded(detail.description), *_references(says, detail))),
        period=says.period(detail.period_start, detail.period_end) if tell_period else "",
        quantity=says.quantity(detail.quantity_e4),
        unit_price=says.price(detail.unit_price_ucents),
        vat=says.rate(detail.vat_rate_bp) if detail.vat_category == VatCategory.STANDARD else NO_RATE,
        net=says.figure(detail.net_minor),
        net_minor=detail.net_minor,
    )


def _carried(says: Wording, bill: Bill, groups: Iterable[Group]) -> tuple[Group, ...]:
    """Have each row of a bill of several pages tell what the lines come to so far, but the last one."""
    told = list(groups)
    if len(bill.details) + GROUP_ROWS * len(told) <= ONE_PAGE_ROWS:
        return tuple(told)
    so_far = 0
    for place, group in enumerate(told):
        rows = []
        for row in group.rows:
            so_far += row.net_minor
            rows.append(replace(row, carried=says.figure(so_far)))
        told[place] = replace(group, rows=tuple(rows))
    last = told[-1].rows
    told[-1] = replace(told[-1], rows=(*last[:-1], replace(last[-1], carried="")))
    return tuple(told)


def _references(says: Wording, detail: Detail) -> Iterator[str]:
    """Tell the order's line and the buyer's cost account of a line, where it has its own."""
    if detail.purchase_order_item.strip():
        yield says.say("line.order_item", item=folded(detail.purchase_order_item))
    if detail.cost_account.strip():
        yield says.say("line.cost_account", account=folded(detail.cost_account))


def _vat_row(says: Wording, tax: TaxLine) -> VatRow:
    rate = says.find(f"vat.label.{tax.vat_category}") or says.rate(tax.vat_rate_bp)
    return VatRow(rate, says.amount(tax.net_minor), says.amount(tax.tax_minor))


def _totals(says: Wording, bill: Bill) -> Iterator[Said]:
    yield Said(says.say("total.net"), says.amount(bill.net_minor))
    taxed = [tax for tax in bill.taxes if tax.vat_category == VatCategory.STANDARD]
    for tax in taxed:
        yield Said(says.say("total.tax", rate=says.rate(tax.vat_rate_bp)), says.amount(tax.tax_minor))
    if not taxed:
        yield Said(says.say("total.tax_none"), says.amount(bill.tax_minor))


def _settled(says: Wording, bill: Bill) -> Iterator[Said]:
    """Tell what was paid before the bill was issued, and what is left. Source: EN 16931 BT-113, BT-115."""
    if bill.prepaid_minor:
        yield Said(says.say("total.prepaid"), f"\N{MINUS SIGN}{says.amount(bill.prepaid_minor)}")
        yield Said(says.say("total.to_pay"), says.amount(bill.to_pay_minor))


def payment(says: Wording, paper: BillPaper) -> Payment:
    """Return how the bill is paid: by transfer, by itself, or, a credit note or with credit, not at all."""
    bill = paper.bill
    if paper.is_test:
        return Payment(says.say("mark.payment"))
    if bill.kind in CREDITS:
        return Payment(says.say("payment.credit_note", bill_id=bill.corrects_bill_id or ""))
    if not bill.to_pay_minor:
        return Payment(says.say("payment.prepaid"))
    if paper.debit is not None and bill.collected_on is not None:
        return _debited(says, paper.debit, bill, bill.collected_on)
    if bill.kind in SELF_BILLED:
        return _paid_to_supplier(says, paper)
    if bill.payment_means != TRANSFER:
        means = says.find(f"payment.{bill.payment_means}") or says.say("payment.other")
        return Payment(says.say("payment.debited", amount=says.amount(bill.to_pay_minor), means=means))
    return Payment(
        heading=_pay_by(says, bill),
        coordinates=tuple(_coordinates(says, paper)),
        quote=says.say("payment.quote"),
        code=_code(paper) or "",
    )


def _debited(says: Wording, debit: Debit, bill: Bill, on: date) -> Payment:
    """Tell the debit as a payer recognises it on its statement. Source: EPC016-06 section 5.4 (notice)."""
    told = (
        ("from", in_fours(masked_iban(debit.iban))),
        ("mandate", debit.mandate_reference),
        ("creditor", debit.creditor_id),
        ("reference", in_fours(bill.payment_reference)),
    )
    return Payment(
        says.say("payment.collected", amount=says.amount(bill.to_pay_minor), date=says.day(on)),
        tuple(Said(says.say(f"payment.{name}"), value) for name, value in told),
        says.say("payment.nothing_to_do"),
    )


def _paid_to_supplier(says: Wording, paper: BillPaper) -> Payment:
    """Tell where the buyer pays its supplier, and until when that may contest the bill."""
    bill, seller = paper.bill, paper.seller
    until = paper.contest_until
    return Payment(
        says.say("self_billing.paid", amount=says.amount(bill.to_pay_minor), date=says.day(bill.due_on)),
        tuple(
            Said(says.say(f"payment.{name}"), value)
            for name, value in (
                ("iban", in_fours(seller.iban)), ("bic", seller.bic), ("holder", folded(seller.name)),
            )
            if value.strip() and seller.iban.strip()
        ),
        "" if until is None else says.say("self_billing.contest", date=says.day(until)),
    )  # fmt: skip


def _pay_by(says: Wording, bill: Bill) -> str:
    if bill.due_on == bill.issued_on:
        return says.say("payment.heading_on_receipt")
    return says.say("payment.heading", date=says.day(bill.due_on))


def _coordinates(says: Wording, paper: BillPaper) -> Iterator[Said]:
    seller = paper.seller
    for name, value in (
        ("reference", in_fours(paper.bill.payment_reference)),
        ("iban", in_fours(seller.iban)),
        ("bic", seller.bic),
        ("bank", folded(seller.bank_name)),
        ("holder", folded(seller.name)),
    ):
        if value.strip():
            yield Said(says.say(f"payment.{name}"), value)


def _code(paper: BillPaper) -> str | None:
    bill, seller = paper.bill, paper.seller
    if bill.currency != "EUR":
        return None
    return payment_code(seller.name, seller.iban, seller.bic, bill.payment_reference, bill.to_pay_minor)
