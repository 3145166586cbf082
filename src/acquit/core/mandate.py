"""Mandates: a payer's signature that lets a creditor collect from its bank account.

Source: EPC016-06 (SEPA Direct Debit Core) and EPC222-07 (Business to Business), rulebooks; Regulation (EU)
260/2012.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.account import TaxProfile
from acquit.core.errors import Conflict, Invalid, NotFound, Unlawful
from acquit.core.identifiers import AccountId, LegalEntityId, PaymentMethodId
from acquit.core.service import months_after

REFERENCE: Final = re.compile(r"[A-Za-z0-9+?:().,'-](?:/?[A-Za-z0-9+?:().,'-]){0,34}")
REFERENCE_MAX: Final = 35
UNUSED_MONTHS_MAX: Final = 36
SHOWN_SIGNS: Final = 4

SEPA_COUNTRIES: Final = frozenset({
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR",
    "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL",
    "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
})  # fmt: skip
"""Source: EPC409-09, list of the SEPA scheme countries; the letters that an IBAN begins with there."""


class NoSuchMandate(NotFound):
    """The payer has no such mandate."""

    code = "no-such-mandate"


class BadMandate(Invalid):
    """What was given does not make a mandate that a bank takes."""

    code = "bad-mandate"


class MandateTaken(Conflict):
    """Another mandate of the creditor bears the reference."""

    code = "mandate-taken"


class MandateNotThere(Conflict):
    """The mandate is not in a state from which this follows."""

    code = "mandate-not-there"


class NotForPersons(Unlawful):
    """The business scheme is closed to consumers."""

    code = "not-for-persons"


class Scheme(StrEnum):
    """Which rulebook the mandate follows: core for everybody, B2B for businesses, without a refund right."""

    CORE = "CORE"
    B2B = "B2B"


class MandateUse(StrEnum):
    """Whether the mandate is for many collections or for one."""

    RECURRENT = "recurrent"
    ONE_OFF = "one-off"


class MandateStep(StrEnum):
    """What may happen to a mandate."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    CANCELLED = "cancelled"


class MandateState(StrEnum):
    """How a mandate stands; only an active one lets money be collected."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a debtor is, part by part: banks take no other form. Town and country are needed."""

    town: str
    country: str
    street: str = ""
    building: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A signed mandate of a payer; `payment_method_id` is the method that it shows as."""

    account_id: AccountId
    mandate_id: int
    legal_entity_id: LegalEntityId
    reference: str
    creditor_id: str
    scheme: Scheme
    use: MandateUse
    iban: str
    bic: str
    debtor_name: str
    address: PostalAddress
    signed_on: date
    payment_method_id: PaymentMethodId
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class MandateEvent:
    """One step of a mandate, with who took it and why."""

    event_no: int
    step: MandateStep
    happened_on: date
    reason: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """What changed about a mandate without a new signature; what is empty stayed as it was.

    `former_name` is the creditor's name before. A new IBAN comes with its BIC, or with none.
    """

    amendment_no: int
    amended_on: date
    reference: str = ""
    creditor_id: str = ""
    former_name: str = ""
    iban: str = ""
    bic: str = ""
    reason: str = ""
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """What the debtor's bank knows of a mandate that was amended since; what is empty it knows as it is."""

    reference: str = ""
    creditor_id: str = ""
    creditor_name: str = ""
    is_new_account: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A mandate with what happened to it: its steps, when it was last presented, if it ever got money.

    `last_used_on` is the date of the latest collection presented to the bank, `is_begun` whether one of them
    was not refused before settlement: the next is then no first one. `mandate` is as it holds now, `signed`
    as it was before its amendments, the first `known_no` of which a bank was told.
    """

    mandate: Mandate
    events: tuple[MandateEvent, ...] = ()
    last_used_on: date | None = None
    is_begun: bool = False
    signed: Mandate | None = None
    amendments: tuple[Amendment, ...] = ()
    known_no: int = 0

    @property
    def amendment_no(self) -> int:
        """How often it was amended."""
        return len(self.amendments)

    def as_of(self, amendment_no: int) -> Mandate:
        """Return the mandate as it was after so many amendments."""
        return amended(self.signed or self.mandate, self.amendments[:amendment_no])

    def original(self) -> Original | None:
        """Return what the next collection tells of the mandate as the debtor's bank knows it, or None.

        A mandate that was never presented is not known to any bank: there is nothing to tell. Any other
        account, at the same bank or not, is told as one. Source: EPC130-08 (AT-24, AmdmntInfDtls); EPC,
        explanatory note on SMNDA: "Same Mandate with a New Debtor Account" since 20 November 2016.
        """
        newer = self.amendments[self.known_no :]
        if not (self.is_begun and newer):
            return None
        known, now = self.as_of(self.known_no), self.mandate
        found = Original(
            known.reference if known.reference != now.reference else "",
            known.creditor_id if known.creditor_id != now.creditor_id else "",
            next((each.former_name for each in newer if each.former_name), ""),
            known.iban != now.iban,
        )
        return None if found == Original() else found

    def state(self, on: date) -> MandateState:
        """Return how the mandate stands on that day.

        Unused for 36 months it has expired, counted from its signature when it was never used.
        Source: EPC016-06 section 4.1.
        """
        steps = [event.step for event in sorted(self.events, key=lambda event: event.event_no)]
        if MandateStep.CANCELLED in steps:
            return MandateState.CANCELLED
        if on > expires_on(self.last_used_on or self.mandate.signed_on):
            return MandateState.EXPIRED
        if self.mandate.use is MandateUse.ONE_OFF and self.is_begun:
            return MandateState.USED
        return MandateState.SUSPENDED if steps[-1:] == [MandateStep.SUSPENDED] else MandateState.ACTIVE


def amended(mandate: Mandate, amendments: Iterable[Amendment]) -> Mandate:
    """Return the mandate after these amendments, oldest first."""
    for each in amendments:
        mandate = replace(
            mandate,
            reference=each.reference or mandate.reference,
            creditor_id=each.creditor_id or mandate.creditor_id,
            iban=each.iban or mandate.iban,
            bic=each.bic if each.iban else mandate.bic,
        )
    return mandate


def refuse_amendment(held: Held, amendment: Amendment) -> None:
    """Pass when the mandate may be amended so. Raises MandateNotThere, BadMandate."""
    state, mandate = held.state(amendment.amended_on), held.mandate
    if state not in (MandateState.ACTIVE, MandateState.SUSPENDED):
        raise MandateNotThere(
            f"Mandate {mandate.reference} is {state.value}: have a new one signed instead of amending it.",
            reference=mandate.reference,
        )
    if amended(mandate, [amendment]) == mandate and not amendment.former_name:
        raise BadMandate(
            f"Mandate {mandate.reference} says all that already: nothing would change.",
            reference=mandate.reference,
        )
    faults = _faults_of_reference(amendment.reference) if amendment.reference else []
    faults += _faults_of_iban(amendment.iban) if amendment.iban else []
    if faults:
        raise BadMandate("The mandate cannot be amended: " + " ".join(faults), reference=mandate.reference)


def expires_on(held_from: date) -> date:
    """Return the last day on which a mandate last used (or, unused, signed) on that day may be used."""
    return months_after(held_from, UNUSED_MONTHS_MAX, held_from.day)


def masked_iban(iban: str) -> str:
    """Return the IBAN with its country, check digits and last four signs; the rest are stars."""
    hidden = len(iban) - 2 * SHOWN_SIGNS
    return iban if hidden <= 0 else f"{iban[:SHOWN_SIGNS]}{'*' * hidden}{iban[-SHOWN_SIGNS:]}"


def mandate_reference(account_id: AccountId, mandates_before: int) -> str:
    """Return the reference of a payer's next mandate: `AB12345-ACQ-1`."""
    return f"{account_id.upper()}-{mandates_before + 1}"


def refuse_mandate(mandate: Mandate, today: date, tax_profile: TaxProfile) -> None:
    """Pass when the mandate can be registered; IBAN, BIC and creditor identifier are proven by the caller.

    Raises BadMandate with every fault, NotForPersons.
    """
    faults = [*_faults_of_reference(mandate.reference), *_faults_of_iban(mandate.iban)]
    if not mandate.debtor_name.strip():
        faults.append("the debtor needs a name.")
    if not mandate.address.town.strip() or not re.fullmatch(r"[A-Z]{2}", mandate.address.country):
        faults.append("the debtor's town and country are needed; banks refuse addresses without them.")
    if mandate.signed_on > today:
        faults.append(f"it was signed today ({today}) or before, not on {mandate.signed_on}.")
    if expires_on(mandate.signed_on) < today:
        faults.append(f"signed on {mandate.signed_on} and never used, it has expired: have a new one signed.")
    if faults:
        raise BadMandate("The mandate cannot be registered: " + " ".join(faults), reference=mandate.reference)
    if mandate.scheme is Scheme.B2B and tax_profile is TaxProfile.PERSON:
        raise NotForPersons(
            f"Account {mandate.account_id} is a person: the business scheme is for businesses. Use CORE.",
            source="EPC222-07 section 1.5",
        )


def _faults_of_reference(reference: str) -> list[str]:
    if REFERENCE.fullmatch(reference) is None or len(reference) > REFERENCE_MAX:
        return ["its reference is 1 to 35 of letters, digits and +?:().,'- without / at an end."]
    return []


def _faults_of_iban(iban: str) -> list[str]:
    if iban[:2] not in SEPA_COUNTRIES:
        return [f"{iban[:2]} is outside the SEPA area: no direct debit reaches it."]
    return []


def refuse_step(held: Held, step: MandateStep, on: date) -> None:
    """Pass when the step follows. Raises MandateNotThere."""
    state = held.state(on)
    follows = {
        MandateStep.SUSPENDED: {MandateState.ACTIVE},
        MandateStep.RESUMED: {MandateState.SUSPENDED},
        MandateStep.CANCELLED: {MandateState.ACTIVE, MandateState.SUSPENDED, MandateState.EXPIRED},
    }
    if state not in follows[step]:
        raise MandateNotThere(
            f"Mandate {held.mandate.reference} is {state.value}: it cannot be {step.value}.",
            reference=held.mandate.reference,
        )


def usable(mandates: Iterable[Held], payment_method_id: PaymentMethodId, on: date) -> Held | None:
    """Return the active mandate of a payment method on that day, or None."""
    return next(
        (
            held for held in mandates
            if held.mandate.payment_method_id == payment_method_id and held.state(on) is MandateState.ACTIVE
        ),
        None,
    )  # fmt: skip
