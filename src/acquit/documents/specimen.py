"""A bill that was never issued: what a paper looks like, for previews, tests and measurements."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from acquit.core.bill import Bill, BillKind, Detail
from acquit.core.identifiers import AccountId, BillId, LegalEntityId, OrderId, ServiceId
from acquit.core.meter import Aggregation, Meter, Per, Price, Tier
from acquit.core.metered_use import MeteredUse
from acquit.core.money import Currency, amount_minor, share_minor
from acquit.core.rating import Metered, Rated, Share, charges, rate
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import TaxLine
from acquit.documents.paper import BillPaper

EUR: Final = Currency("EUR")
SELLER: Final = Seller(
    name="Acquit Démo SAS",
    country="FR",
    legal_form="SAS",
    capital="100\N{NARROW NO-BREAK SPACE}000\N{NARROW NO-BREAK SPACE}€",
    register_city="Lille Métropole",
    siren="732829320",
    siret="73282932000074",
    vat_id="FR44732829320",
    street="12 rue de la Soie",
    zip="59000",
    city="Lille",
    email="facturation@acquit.example",
    phone="+33 3 20 00 00 00",
    website="acquit.example",
    iban="FR7630006000011234567890189",
    bic="AGRIFRPP",
    bank_name="Banque de Démonstration",
    late_rate_bp=1215,
    late_fee_minor=4000,
)
BUYER: Final = Buyer(
    name="Établissements Lefèvre & Fils",
    country="FR",
    siren="552100554",
    vat_id="FR27552100554",
    street="47 boulevard de la Liberté",
    street_2="Bâtiment Œuvre, 3e étage",
    zip="75011",
    city="Paris",
    sub_account="Filiale Nord",
)
PLANS: Final = (
    ("Serveur dédié, 8 cœurs, 64 Go", 8_999_000_000),
    ("Bande passante garantie 1 Gbit/s", 2_500_000_000),
    ("Adresse IP supplémentaire", 200_000_000),
    ("Stockage de sauvegarde 500 Go", 499_000_000),
)


NOVEMBER: Final = (date(2026, 11, 1), date(2026, 11, 30))
CLOUD: Final = "projet-analyse-4f1a"
CLOUD_ACCOUNT: Final = AccountId("cd67890-acq")
METERED: Final = (
    (
        Meter(
            "traffic", NOVEMBER[0], "E34", Aggregation.SUM, Per.PERIOD, "Trafic sortant", "Outgoing traffic"
        ),
        Price(
            "traffic", "", NOVEMBER[0], EUR, (Tier(10_000_0000, 1_000_000), Tier(None, 500_000)),
            included_e4=1_000_0000,
        ),
        24_118_5300,
    ),
    (
        Meter("cpu", NOVEMBER[0], "HUR", Aggregation.SUM, Per.PERIOD, "Calcul", "Computing"),
        Price(
            "cpu", "", NOVEMBER[0], EUR, (Tier(None, 1_690_000),), committed_e4=2_000_0000,
            committed_price_ucents=1_210_000,
        ),
        2_764_2500,
    ),
    (
        Meter("requests", NOVEMBER[0], "C62", Aggregation.SUM, Per.PERIOD, "Requêtes", "Requests"),
        Price("requests", "", NOVEMBER[0], EUR, (Tier(None, 44),)),
        83_402_117_0000,
    ),
)  # fmt: skip


def detail(
    service: str,
    description: str,
    unit_price_ucents: int,
    quantity_e4: int = 10_000,
    period: tuple[date, date] = (date(2026, 12, 1), date(2026, 12, 31)),
    vat: tuple[str, int] = ("S", 2_000),
) -> Detail:
    """Return a detail with its net amount; `vat` is category and rate."""
    net_minor = amount_minor(quantity_e4, unit_price_ucents, EUR)
    numbers = (quantity_e4, unit_price_ucents, net_minor)
    return Detail(1, ServiceId(1), "renewal", service, description, *numbers, *vat, *period)


def specimen(details: Iterable[Detail] = (), **members: Any) -> BillPaper:
    """Return a paper of these details (some of our own by default) whose totals add up.

    `members` replace those of the bill.
    """
    lines = tuple(replace(line, detail_no=no) for no, line in enumerate(details or servers(6), 1))
    taxes = tuple(_taxes(lines))
    net_minor, tax_minor = sum(tax.net_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
    bill = Bill(
        account_id=AccountId("cd67890-acq"),
        bill_id=BillId("FR00000042"),
        order_id=OrderId(100_000_042),
        kind=BillKind.BILL,
        corrects_bill_id=None,
        legal_entity_id=LegalEntityId("FR"),
        payer_id=AccountId("ab12345-acq"),
        run_id=None,
        category="autorenew",
        issued_on=date(2026, 12, 1),
        issued_at=datetime(2026, 12, 1, 6, 30, tzinfo=UTC),
        term_days=45,
        term_method="days-first",
        term_grant_id=None,
        due_on=date(2027, 1, 31),
        currency=EUR,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        billing_group_id=None,
        purchase_order_account=None,
        purchase_order_id=None,
        purchase_order_reference="PO-2026-00417",
        purchase_order_type="PURCHASE_ORDER",
        payment_reference="RF18539007547034",
        payment_means="transfer",
        language="fr_FR",
        note="",
        seller_hash=b"",
        buyer_hash=b"",
        payer_hash=None,
        details=lines,
        taxes=taxes,
    )
    return BillPaper(replace(bill, **members), SELLER, BUYER)


def servers(count: int) -> list[Detail]:
    """Return `count` details, four to a service."""
    return [
        detail(
            f"ns{31415 + index // 4}.acquit.example", *PLANS[index % 4], quantity_e4=10_000 * (1 + index % 3)
        )
        for index in range(count)
    ]


def metered(language: str = "fr_FR", **members: Any) -> BillPaper:
    """Return a paper of a project whose use was metered, with what stands behind its lines."""
    uses, lines = [], []
    for meter, price, used_e4 in METERED:
        rated = rate(price, used_e4, Share(30, 30))
        assert isinstance(rated, Rated), "the specimen's use has a price"
        uses.append(MeteredUse(CLOUD_ACCOUNT, ServiceId(7), CLOUD, meter, NOVEMBER[0], used_e4, rated.lines))
        named = Metered(ServiceId(7), meter, NOVEMBER[0], EUR, language, CLOUD)
        lines += [
            detail(CLOUD, each.description, each.unit_price_ucents, each.quantity_e4, NOVEMBER)
            for each in charges(named, price, rated)
        ]
    paper = specimen(lines, language=language, category="consumption", account_id=CLOUD_ACCOUNT, **members)
    return replace(paper, uses=tuple(uses))


def _taxes(details: Iterable[Detail]) -> Iterable[TaxLine]:
    nets: dict[tuple[str, int], int] = {}
    for line in details:
        key = (line.vat_category, line.vat_rate_bp)
        nets[key] = nets.get(key, 0) + line.net_minor
    for (category, rate_bp), net_minor in nets.items():
        yield TaxLine(category, rate_bp, net_minor, share_minor(net_minor, rate_bp))
