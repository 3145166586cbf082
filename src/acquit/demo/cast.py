"""Who plays: an invented seller and its invented customers. All identifiers validate; none is anybody's."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.account import LegalEntity, LegalParty, SupportLevel
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.purchase_order import Policy
from acquit.core.terms import Method, Term

FR: Final = LegalEntityId("FR")
ALWAYS: Final = 1_000
"""Months back: from the beginning of the play."""
VAULT: Final = "coffre-lyon"
"""The service whose use is measured."""
VAULT_BACK: Final = 12

SELLER: Final = LegalEntity(
    legal_entity_id=FR,
    name="Nuage Belledonne",
    legal_form="SAS",
    capital="250 000 €",
    register_city="Grenoble",
    siren="990100422",
    siret="99010042200015",
    vat_id="FR64990100422",
    street="12 chemin des Glaciers",
    zip="38000",
    city="Grenoble",
    country="FR",
    email="facturation@nuage-belledonne.example",
    phone="+33 4 99 00 00 00",
    website="https://www.nuage-belledonne.example",
    iban="FR7699999000010000042424229",
    bic="BDEMFRPPXXX",
    bank_name="Banque de Démonstration",
    currency=Currency("EUR"),
    zone="Europe/Paris",
    bill_series_id="",
    credit_series_id="",
    deposit_series_id="",
)

OPERATORS: Final = (
    ("sophie", "Sophie Lambert", "sales"),
    ("bruno", "Bruno Keller", "billing"),
    ("tania", "Tania Moreau", "treasury"),
)


@dataclass(frozen=True, slots=True)
class Want:
    """A service to subscribe, `back` months before the end of the play, on that day of the month.

    `plan` is looked for in the catalogue; another catalogue gives its plan at that `level` of its prices
    (0 the cheapest, 99 the dearest).
    """

    plan: str
    level: int
    name: str
    back: int = ALWAYS
    day: int = 1
    mode: str = "default"
    quantity: int = 1
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Habit:
    """How a customer pays: so many days after the due date (before it when negative).

    What fell due less than `late_days` before the end of the play is not paid yet, less than `halves_days`
    before it only by half.
    """

    after_days: int = 0
    late_days: int = 0
    halves_days: int = 0


@dataclass(frozen=True, slots=True)
class Character:
    """A customer: who it is, what it was granted, what it buys and how it pays."""

    account_id: AccountId
    party: LegalParty
    given_name: str
    family_name: str
    email: str
    wants: tuple[Want, ...]
    level: SupportLevel = SupportLevel.STANDARD
    tags: frozenset[str] = frozenset()
    term: Term | None = None
    policy: Policy = Policy.PROCEED
    habit: Habit = Habit()
    language: str = "fr_FR"


@dataclass(frozen=True, slots=True)
class SubCharacter:
    """A sub-account: `party` only when it is another legal person, which then pays itself."""

    account_id: AccountId
    description: str
    wants: tuple[Want, ...]
    party: LegalParty | None = None
    habit: Habit = Habit()


def _party(
    name: str,
    siren: str,
    vat_id: str,
    street: str,
    zip_code: str,
    city: str,
    country: str = "FR",
    buyer_reference: str = "",
) -> LegalParty:
    return LegalParty(
        LegalPartyId(0), date(2000, 1, 1), name, country, siren=siren, vat_id=vat_id, street=street,
        zip=zip_code, city=city, e_address=siren, buyer_reference=buyer_reference,
    )  # fmt: skip


LEAD: Final = Character(
    AccountId("ab12345-acq"),
    _party("Ateliers Bellecour SAS", "990200115", "FR92990200115", "48 quai des Tisserands", "69002", "Lyon",
           buyer_reference="COMPTA-IT"),
    "Alice",
    "Bernard",
    "achats@bellecour.example",
    (
        Want("metal-core", 85, "erp.bellecour.example", options=("memory-64g", "traffic-1g")),
        Want("metal-edge", 65, "intranet.bellecour.example", back=11, options=("panel-pro",)),
        Want("vault-1t", 30, VAULT, back=VAULT_BACK),
        Want("ip-extra", 5, "ip-lyon", back=9, quantity=24),
    ),
    SupportLevel.ENTERPRISE,
    frozenset({"reseller"}),
    Term(45),
    habit=Habit(-3),
)  # fmt: skip

FAMILY: Final = (
    SubCharacter(
        AccountId("ab20001-acq"),
        "Laboratoire de recherche",
        (
            Want(
                "metal-apex", 99, "calcul-1.bellecour.example", back=12, options=("memory-128g", "nvme-2x960")
            ),
            Want("cloud-m", 40, "cahier.bellecour.example", back=9, options=("backup-daily",)),
        ),
    ),
    SubCharacter(
        AccountId("ab20002-acq"),
        "Boutique en ligne",
        (
            Want("cloud-l", 55, "boutique.bellecour.example", options=("backup-daily",)),
            Want("web-pro", 10, "blog.bellecour.example", back=10),
            Want("domain-fr", 0, "bellecour-boutique.example", back=10, day=15),
        ),
    ),
    SubCharacter(
        AccountId("ab20003-acq"),
        "Studio Perrache (paie elle-même)",
        (
            Want("cloud-l", 55, "rendu.perrache.example", back=13, options=("backup-daily",)),
            Want("cloud-s", 20, "site.perrache.example", back=6, day=31),
        ),
        _party("Studio Perrache SARL", "990200123", "FR19990200123", "3 cours du Confluent", "69002", "Lyon"),
        Habit(-1),
    ),
)

PORT: Final = Character(
    AccountId("cd30021-acq"),
    _party(
        "Imprimerie du Vieux Port SARL",
        "990300212",
        "FR71990300212",
        "7 rue des Presses",
        "13002",
        "Marseille",
    ),
    "Karim",
    "Haddad",
    "comptabilite@vieuxport.example",
    (
        Want("metal-edge", 65, "presse.vieuxport.example", options=("nvme-2x960",)),
        Want("cloud-s", 20, "devis.vieuxport.example", back=8),
    ),
    SupportLevel.BUSINESS,
    term=Term(30),
    habit=Habit(4, late_days=50),
)

DELMAS: Final = Character(
    AccountId("ef40031-acq"),
    _party(
        "Transports Delmas SA", "990400319", "FR80990400319", "Zone du Rail, bâtiment 4", "59000", "Lille"
    ),
    "Hélène",
    "Delmas",
    "fournisseurs@delmas.example",
    (
        Want("metal-core", 85, "flotte.delmas.example", back=13, mode="degressivity12"),
        Want("cloud-m", 40, "suivi.delmas.example", options=("backup-daily",)),
    ),
    SupportLevel.BUSINESS,
    term=Term(60),
    policy=Policy.WARN,
    habit=Habit(-2, halves_days=45),
)

LAC: Final = Character(
    AccountId("gh50041-acq"),
    _party("Cliniques du Lac SA", "990500415", "FR56990500415", "101 avenue des Cygnes", "74000", "Annecy"),
    "Paul",
    "Vernier",
    "achats@cliniquesdulac.example",
    (
        Want("metal-edge", 65, "dossiers.cliniquesdulac.example", day=20, options=("memory-64g",)),
        Want("cloud-l", 55, "agenda.cliniquesdulac.example", back=7, day=20),
    ),
    SupportLevel.ENTERPRISE,
    term=Term(45, Method.DAYS_FIRST),
)

NORDLICHT: Final = Character(
    AccountId("jk60052-acq"),
    _party("Nordlicht Handels GmbH", "", "DE999123406", "Kaistraße 18", "20457", "Hamburg", country="DE"),
    "Jonas",
    "Vogel",
    "buchhaltung@nordlicht.example",
    (
        Want("metal-edge", 65, "lager.nordlicht.example", back=12),
        Want("cloud-m", 40, "shop.nordlicht.example", back=5),
    ),
    SupportLevel.PREMIUM,
    habit=Habit(2),
    language="en_GB",
)

ALPENBLICK: Final = Character(
    AccountId("lm60063-acq"),
    _party("Alpenblick Verlag AG", "", "", "Seestrasse 5", "6003", "Luzern", country="CH"),
    "Reto",
    "Frei",
    "rechnungen@alpenblick.example",
    (Want("cloud-l", 55, "verlag.alpenblick.example", back=10, options=("backup-daily",)),),
    habit=Habit(-6),
    language="en_GB",
)

PETIT: Final = Character(
    AccountId("np60051-acq"),
    _party("Petit et Filles SARL", "990600512", "FR35990600512", "2 place du Marché", "31000", "Toulouse"),
    "Jeanne",
    "Petit",
    "jeanne@petitetfilles.example",
    (
        Want("web-pro", 10, "petitetfilles.example", back=13),
        Want("domain-fr", 0, "petitetfilles-domaine.example", back=13, day=9),
    ),
    habit=Habit(-12),
)

BRASSERIE: Final = Character(
    AccountId("qr70061-acq"),
    _party(
        "Brasserie des Trois Épis SAS",
        "990700619",
        "FR44990700619",
        "9 rue du Houblon",
        "67000",
        "Strasbourg",
    ),
    "Luc",
    "Schmitt",
    "gestion@troisepis.example",
    (
        Want("cloud-m", 40, "caisse.troisepis.example", back=8, options=("backup-daily",)),
        Want("web-pro", 10, "troisepis.example", back=8),
    ),
    SupportLevel.BUSINESS,
    habit=Habit(-5),
)

CAST: Final = (LEAD, PORT, DELMAS, LAC, NORDLICHT, ALPENBLICK, PETIT, BRASSERIE)
