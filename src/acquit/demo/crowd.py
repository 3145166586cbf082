"""More accounts for trials at size: each with its legal party and services that renew this month."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final

from stdnum import luhn

from acquit.actions.enrol_accounts import Enrolment
from acquit.core.account import Account, LegalParty, SupportLevel
from acquit.core.catalogue import Plan
from acquit.core.identifiers import AccountId, CatalogueId, LegalPartyId, ServiceId
from acquit.core.service import Service, months_after
from acquit.core.subscription import Buying, parts, services
from acquit.demo.cast import FR, SELLER, Want
from acquit.demo.shelf import Shelf

WANTS: Final = (Want("cloud-s", 20, ""), Want("web-pro", 10, ""), Want("vault-1t", 30, ""))
DAYS: Final = 28
AGES: Final = 14
CITIES: Final = (("35000", "Rennes"), ("44000", "Nantes"), ("67000", "Strasbourg"), ("33000", "Bordeaux"))


def crowd(
    count: int, as_of: date, catalogue_id: CatalogueId, plans: Mapping[str, Plan]
) -> Iterator[Enrolment]:
    """Yield so many accounts, the same for the same date, with three services each."""
    templates = _templates(as_of, catalogue_id, plans)
    for number in range(count):
        account_id = AccountId(f"xa{number:07d}-{SELLER.account_suffix}")
        day = number % DAYS + 1
        started_on = months_after(as_of.replace(day=1), -(number % AGES) - 1, day)
        yield Enrolment(
            account=_account(account_id, number, started_on),
            party=_party(number, started_on),
            services=tuple(_service(each, account_id, day, started_on, as_of) for each in templates),
        )


def _templates(as_of: date, catalogue_id: CatalogueId, plans: Mapping[str, Plan]) -> list[Service]:
    """Return one service per want, without options, as a model for everybody's."""
    shelf = Shelf(plans)
    buying = Buying(AccountId(""), catalogue_id, SELLER.currency)
    wishes = [shelf.wish(want, as_of) for want in WANTS]
    return [services(buying, wish, parts(plans, wish)[:1], [ServiceId(0)])[0] for wish in wishes]


def _account(account_id: AccountId, number: int, opened_on: date) -> Account:
    return Account(
        account_id=account_id,
        legal_entity_id=FR,
        payer_id=account_id,
        currency=SELLER.currency,
        opened_at=datetime.combine(opened_on, time(8), UTC),
        support_level=SupportLevel.STANDARD,
        language=SELLER.language,
        given_name="Camille",
        family_name=f"Martin {number}",
        email=f"compta-{number}@example.com",
    )


def _party(number: int, from_on: date) -> LegalParty:
    siren = f"98{number:06d}"[:8]
    siren += luhn.calc_check_digit(siren)
    zip_code, city = CITIES[number % len(CITIES)]
    return LegalParty(
        LegalPartyId(0), from_on, f"Société d'essai {number} SARL", "FR", siren=siren, e_address=siren,
        street=f"{number % 199 + 1} rue de l'Essai", zip=zip_code, city=city,
    )  # fmt: skip


def _service(template: Service, account_id: AccountId, day: int, started_on: date, as_of: date) -> Service:
    name = f"{template.plan_code}-{account_id}"
    return replace(
        template,
        account_id=account_id,
        resource_name=name,
        display_name=name,
        anniversary_day=day,
        started_on=started_on,
        next_renewal_on=as_of.replace(day=day),
    )
