"""Orders around a prepaid account as web pages: what to transfer with which reference, and what goes back."""

from acquit.core.prepayment import PrepayOrder, Retrieval
from acquit.documents.bundle_advice import Payee, in_fours
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
from acquit.documents.payment_code import payment_code
from acquit.documents.wording import wording


def render_prepay_order(order: PrepayOrder, payee: Payee, sender: Letterhead, language: str) -> bytes:
    """Return the order as one self-contained HTML page; in euro with the code that a telephone reads."""
    says = wording(language, order.currency)
    code = ""
    if order.currency == "EUR" and not order.is_paid:
        code = payment_code(payee.name, payee.iban, payee.bic, order.reference, order.amount_minor) or ""
    state = "paid" if order.is_paid else "open"
    total_label = says.say("prepay.total")
    if order.points:
        state, total_label = f"points_{state}", says.say("prepay.points_total", n=str(order.points))
    coordinates = (
        ("reference", in_fours(order.reference)), ("iban", in_fours(payee.iban)), ("bic", payee.bic),
        ("holder", payee.name),
    )  # fmt: skip
    return filled(
        "prepay_order.html",
        sender,
        says.language,
        says.say("prepay.title", order=str(order.order_id)),
        says=says.say,
        ordered_on=says.day(order.ordered_at.date()),
        state=says.say(f"prepay.{state}"),
        coordinates=[
            (says.say(f"payment.{name}"), value) for name, value in coordinates if value and not order.is_paid
        ],
        code=code,
        total_label=total_label,
        total=says.amount(order.amount_minor),
    )


def render_retrieval(order: Retrieval, sender: Letterhead, language: str) -> bytes:
    """Return a retrieval as one self-contained HTML page: how much goes back, and how far it is."""
    says = wording(language, order.currency)
    return filled(
        "prepay_order.html",
        sender,
        says.language,
        says.say("retrieval.title", order=str(order.order_id)),
        says=says.say,
        ordered_on=says.day(order.ordered_at.date()),
        state=says.say(f"retrieval.{order.state.value}"),
        coordinates=[],
        code="",
        total_label=says.say("retrieval.total"),
        total=says.amount(order.amount_minor),
    )
