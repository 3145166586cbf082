"""Self-billing agreements: an account lets its seller make, in its name, the bills of what it supplies.

The agreement is written before the first bill and accepted by the account. It holds what makes the bill
right and what nobody may guess: how the supplier stands to VAT, how long it may contest, when it is paid,
and whether what it owes may be set off.

Source: CGI 289 I-2, annexe II 242 nonies; Directive 2006/112/EC articles 224, 226(10a).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.account import LegalEntity, LegalParty, TaxProfile
from acquit.core.errors import Conflict, Invalid, NotFound, Unlawful
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.numbering import DocumentKind, Series
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import OWN_RATES, REVERSE_CHARGE_WORDS, TAXED_AS, TaxCase, VatCategory

CONTEST_DAYS: Final = 15
TERM_DAYS: Final = 30
CONTEST_DAYS_MAX: Final = 60
TERM_DAYS_MAX: Final = 60
"""Source: Code de commerce L441-10, I (at most sixty days from the date of the bill)."""

SERIES_DIGITS: Final = 6
SUPPLIERS_MAX: Final = 99_999
SMALL_WORDS: Final = "TVA non applicable, art. 293 B du CGI"
SMALL_CODE: Final = "VATEX-FR-FRANCHISE"
LAW: Final = "CGI 289 I-2, annexe II 242 nonies"


class NoSuchAgreement(NotFound):
    """The account has no such self-billing agreement."""

    code = "no-such-self-billing-agreement"


class NoAgreement(Unlawful):
    """No bill is made in the name of an account without its agreement, accepted and running."""

    code = "no-self-billing-agreement"


class AgreementNotThere(Conflict):
    """The agreement is not in a state from which this follows."""

    code = "self-billing-agreement-not-there"


class AgreementStands(Conflict):
    """Another agreement of the account covers some of these days."""

    code = "self-billing-agreement-stands"


class BadAgreement(Invalid):
    """What the agreement says cannot be so."""

    code = "bad-self-billing-agreement"


class SupplierIncomplete(Invalid):
    """A fact about the supplier that its bill needs is missing, or contradicts how it stands to VAT."""

    code = "supplier-incomplete"


class Regime(StrEnum):
    """How the supplier stands to VAT: it bears it, is a small business without, or is established abroad."""

    STANDARD = "standard"
    SMALL_EXEMPT = "small-exempt"
    REVERSE_CHARGE = "reverse-charge"


class AgreementState(StrEnum):
    """Where an agreement is on a day."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What seller and account agreed; `until_on` is the last day, `on_debits` when the supplier's VAT is due.

    `subject` is what is supplied, `reference` what the written agreement is called. `accepted_on` and
    `revoked_on` are None until it happens.
    """

    account_id: AccountId
    agreement_no: int
    legal_entity_id: LegalEntityId
    series_id: str
    subject: str
    reference: str
    regime: Regime
    on_debits: bool
    contest_days: int
    term_days: int
    sets_off: bool
    from_on: date
    until_on: date | None
    offered_on: date
    offered_by: str
    accepted_on: date | None = None
    accepted_by: str = ""
    revoked_on: date | None = None
    revoked_by: str = ""

    def state(self, on: date) -> AgreementState:
        """Return where it is on that day."""
        if self.revoked_on is not None or (self.until_on is not None and self.until_on < on):
            return AgreementState.ENDED
        return AgreementState.OFFERED if self.accepted_on is None else AgreementState.ACCEPTED

    def runs(self, on: date) -> bool:
        """Whether bills of that day may be made under it."""
        return self.state(on) is AgreementState.ACCEPTED and self.from_on <= on


def refuse_agreement(agreement: Agreement, others: list[Agreement], today: date) -> None:
    """Pass when it may be offered. Raises BadAgreement, AgreementStands."""
    faults = []
    if not agreement.subject.strip():
        faults.append("Say what the account supplies: it is what the agreement is about.")
    if not agreement.reference.strip():
        faults.append("Name the written agreement, as in MAND-2026-014: the law wants it written.")
    if agreement.until_on is not None and agreement.until_on < agreement.from_on:
        faults.append("It ends before it begins.")
    if not 1 <= agreement.contest_days <= CONTEST_DAYS_MAX:
        faults.append(f"The supplier has 1 to {CONTEST_DAYS_MAX} days to contest.")
    if not 0 <= agreement.term_days <= TERM_DAYS_MAX:
        faults.append(f"A supplier is paid within {TERM_DAYS_MAX} days at most (Code de commerce L441-10).")
    if faults:
        raise BadAgreement(" ".join(faults), source=LAW)
    for other in others:
        if other.state(today) is not AgreementState.ENDED and _overlap(agreement, other):
            raise AgreementStands(
                f"Agreement {other.agreement_no} of {other.account_id} covers some of these days "
                f"({other.state(today).value}): revoke it first, or begin after it.",
                agreement=str(other.agreement_no),
            )


def _overlap(one: Agreement, other: Agreement) -> bool:
    return one.from_on <= (other.until_on or date.max) and other.from_on <= (one.until_on or date.max)


def refuse_acceptance(agreement: Agreement, who: str, today: date) -> None:
    """Pass when it may be accepted. Raises AgreementNotThere, BadAgreement."""
    if agreement.state(today) is not AgreementState.OFFERED:
        raise AgreementNotThere(
            f"Agreement {agreement.agreement_no} of {agreement.account_id} is "
            f"{agreement.state(today).value}: only one that is offered is accepted."
        )
    if not who.strip():
        raise BadAgreement("Say who accepted it for the account: a name, as it was signed.")


def refuse_revocation(agreement: Agreement, today: date) -> None:
    """Pass when it may be revoked; bills that were made stay. Raises AgreementNotThere."""
    if agreement.state(today) is AgreementState.ENDED:
        raise AgreementNotThere(
            f"Agreement {agreement.agreement_no} of {agreement.account_id} has ended already."
        )


def running(account_id: AccountId, agreements: list[Agreement], on: date) -> Agreement:
    """Return the agreement under which bills of that day are made. Raises NoAgreement."""
    for agreement in agreements:
        if agreement.runs(on):
            return agreement
    waits = [each for each in agreements if each.state(on) is AgreementState.OFFERED]
    later = [each for each in agreements if each.state(on) is AgreementState.ACCEPTED]
    what = (
        f"agreement {waits[0].agreement_no} waits to be accepted (`acquit reverse-bill accept`, or the "
        "account does it in its manager)."
        if waits
        else f"agreement {later[0].agreement_no} begins on {later[0].from_on}."
        if later
        else "none stands: write one and offer it with `acquit reverse-bill agree`."
    )
    raise NoAgreement(
        f"No bill is made in the name of {account_id} without its self-billing agreement: {what}", source=LAW
    )


# ---------------------------------------------------------------- the supplier


def is_at_home(country: str, entity: LegalEntity) -> bool:
    """Whether a supplier of that country is taxed like the legal entity's own businesses."""
    ours = TAXED_AS.get(entity.country, entity.country)
    theirs = TAXED_AS.get(country, country)
    return theirs == ours or theirs in OWN_RATES.get(ours, ())


def refuse_supplier(party: LegalParty, entity: LegalEntity, regime: Regime) -> None:
    """Pass when all facts are there that a bill of this supplier needs. Raises SupplierIncomplete.

    Nothing is guessed: each missing fact is told, and where to set it.
    """
    needed = (
        ("name", party.name), ("street", party.street), ("postal code", party.zip), ("city", party.city),
    )  # fmt: skip
    faults = [f"The supplier's {what} is missing." for what, value in needed if not value.strip()]
    if party.tax_profile is not TaxProfile.BUSINESS:
        faults.append(f"Its legal party is no business ({party.tax_profile.value}).")
    at_home = is_at_home(party.country, entity)
    if at_home and entity.country == "FR" and not party.siren.strip():
        faults.append("Its SIREN is missing.")
    faults += _regime_faults(party, entity, regime, at_home=at_home)
    if faults:
        raise SupplierIncomplete(
            f"{' '.join(faults)} Set it with `acquit account set-party`, then make the bill.",
            source="CGI annexe II 242 nonies A",
        )


def _regime_faults(party: LegalParty, entity: LegalEntity, regime: Regime, *, at_home: bool) -> list[str]:
    faults = []
    if regime is Regime.REVERSE_CHARGE:
        if at_home:
            faults.append("Reverse charge is for suppliers abroad; this one is at home.")
        if not party.vat_id.strip():
            faults.append(
                "Its VAT id is missing; outside of the Union that is its number for taxes behind its "
                "country, as in US123456789."
            )
        if not entity.vat_id.strip():
            faults.append(f"{entity.legal_entity_id} has no VAT id, which owes the VAT.")
        return faults
    if not at_home:
        faults.append(f"It is established in {party.country}: its bills are under reverse charge.")
    if regime is Regime.STANDARD and not party.vat_id.strip():
        faults.append("Its VAT id is missing: who bears VAT has one.")
    if regime is Regime.SMALL_EXEMPT and entity.country != "FR":
        faults.append("The exemption of small businesses is known for France alone (CGI 293 B).")
    return faults


def supplier_of(
    party: LegalParty, agreement: Agreement, entity: LegalEntity, bank: tuple[str, str]
) -> Seller:
    """Return the supplier as printed: who sells on its own bill; `bank` is where it is paid, IBAN and BIC.

    Paying it late costs the legal entity what it asks of its own accounts (Code de commerce L441-10).
    """
    return Seller(
        name=party.name,
        country=party.country,
        siren=party.siren,
        vat_id=party.vat_id,
        e_address=party.e_address,
        street=party.street,
        street_2=party.street_2,
        zip=party.zip,
        city=party.city,
        iban=bank[0],
        bic=bank[1],
        late_rate_bp=entity.late_rate_bp,
        late_fee_minor=entity.late_fee_minor,
        vat_on_debits=agreement.on_debits,
    )


def buyer_of(entity: LegalEntity) -> Buyer:
    """Return the legal entity as printed where it buys."""
    return Buyer(
        name=entity.name,
        country=entity.country,
        siren=entity.siren,
        vat_id=entity.vat_id,
        e_address=entity.e_address,
        street=entity.street,
        street_2=entity.street_2,
        zip=entity.zip,
        city=entity.city,
    )


def case_of(regime: Regime, rate_bp: int, supplier_country: str) -> TaxCase:
    """Return the VAT case of a line of that supplier; `rate_bp` holds for one that bears VAT."""
    if regime is Regime.STANDARD:
        return TaxCase(VatCategory.STANDARD, rate_bp)
    if regime is Regime.SMALL_EXEMPT:
        return TaxCase(VatCategory.EXEMPT, 0, SMALL_CODE, SMALL_WORDS)
    words = REVERSE_CHARGE_WORDS.get(supplier_country, "Reverse charge")
    return TaxCase(VatCategory.REVERSE_CHARGE, 0, "VATEX-EU-AE", words)


def series_for(entity: LegalEntity, supplier_no: int) -> Series:
    """Return the series of one supplier: its bills are numbered apart from all others, without a gap.

    Source: CGI annexe II 242 nonies A, I-7 (distinct series for each supplier whose bills are made for it).
    """
    assert 1 <= supplier_no <= SUPPLIERS_MAX, "so many suppliers have a series"
    entity_id = entity.legal_entity_id
    is_test = entity.sandbox_of is not None
    return Series(
        series_id=f"{entity_id}-{DocumentKind.REVERSE_BILL.value}-{supplier_no:05d}",
        legal_entity_id=entity_id,
        document=DocumentKind.REVERSE_BILL,
        prefix=f"TEST-{entity_id[3:]}-S{supplier_no:05d}-" if is_test else f"{entity_id}S{supplier_no:05d}-",
        digits=SERIES_DIGITS,
        reference_code=f"S{supplier_no:05d}",
    )
