"""The gate: what is asked of every draft before it has a number; every problem is told at once.

Nothing is refused after the number, so whatever could make a paper or a file wrong is looked for before: sums
and characters without a glyph here, the rules of electronic bills in core/electronic_rule.
"""

from collections.abc import Iterable

from acquit.core.bill import Draft, MissingGlyphs
from acquit.core.money import amount_minor
from acquit.core.problem import Problem
from acquit.core.snapshot import Buyer, Seller


def arithmetic_problems(checked: Draft) -> list[Problem]:
    """Return where the draft does not add up: details, VAT per category and rate, sums."""
    problems = []
    currency = checked.sharing.currency
    for detail in checked.details:
        if detail.net_minor != amount_minor(detail.quantity_e4, detail.unit_price_ucents, currency):
            english = f"Detail {detail.detail_no} is not quantity × unit price."
            french = f"La ligne {detail.detail_no} n'est pas quantité × prix unitaire."
            problems.append(Problem("wrong-detail", english, "bill", "", french))
    if sum([detail.net_minor for detail in checked.details]) != checked.net_minor:
        english = "The details do not add up to the net amount."
        french = "La somme des lignes n'est pas le total hors taxe."
        problems.append(Problem("wrong-net", english, "bill", "BR-CO-10", french))
    if sum([tax.net_minor for tax in checked.taxes]) != checked.net_minor:
        english = "The bases of VAT do not add up to the net."
        french = "La somme des bases de TVA n'est pas le total hors taxe."
        problems.append(Problem("wrong-tax-base", english, "bill", "BR-CO-13", french))
    if sum([tax.tax_minor for tax in checked.taxes]) != checked.tax_minor:
        english = "The VAT per rate does not add up to the VAT."
        french = "La somme de la TVA par taux n'est pas le total de la TVA."
        problems.append(Problem("wrong-tax", english, "bill", "BR-CO-14", french))
    return problems


def glyph_problems(
    texts: Iterable[str], missing_glyphs: MissingGlyphs, where: str | None = None
) -> list[Problem]:
    """Return the texts with characters that no paper can print; `where` they are mended, else themselves."""
    texts = tuple(texts)
    whole = "".join(texts)
    if whole.isascii() and whole.isprintable():
        return []
    problems = []
    for text in texts:
        missing = missing_glyphs(text)
        if missing:
            shown = " ".join(f"U+{ord(sign):04X}" for sign in sorted(missing))
            english = f"No paper can print {shown} in {text!r}."
            french = f"Aucun document ne peut imprimer {shown} dans {text!r}."
            problems.append(Problem("missing-glyph", english, text if where is None else where, "", french))
    return problems


def printed_texts(buyer: Buyer) -> tuple[str, ...]:
    """Return the members of a buyer or payer as they appear on a paper and in its files."""
    return (
        buyer.name, buyer.street, buyer.street_2, buyer.zip, buyer.city, buyer.siren, buyer.vat_id,
        buyer.exemption_reason, buyer.buyer_reference, buyer.sub_account, buyer.e_address,
    )  # fmt: skip


def seller_texts(seller: Seller) -> tuple[str, ...]:
    """Return the seller's members as they appear on a paper and in its files."""
    return (
        seller.name, seller.legal_form, seller.capital, seller.register_city, seller.siren, seller.siret,
        seller.vat_id, seller.e_address, seller.street, seller.street_2, seller.zip, seller.city,
        seller.email, seller.phone, seller.website, seller.iban, seller.bic, seller.bank_name,
    )  # fmt: skip


def detail_texts(checked: Draft) -> list[str]:
    """Return what a draft says by itself: its details, cost account, contract, and whose parts it has."""
    sharing = checked.sharing
    texts = [text for detail in checked.details for text in (detail.description, detail.domain)]
    return [*texts, sharing.cost_account, sharing.contract, *[part.name for part in checked.slices]]


def order_texts(checked: Draft) -> list[str]:
    """Return what the purchase order of a draft adds to it."""
    order = checked.order
    if order is None:
        return []
    lines = [text for each in checked.details for text in (each.purchase_order_item, each.cost_account)]
    return [order.reference, order.cost_account, *lines]
