"""Agree with an account that its seller makes the bills of what the account supplies; accept or revoke it."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import (
    account_in,
    entity_of,
    locked_account_in,
    require_if_staff,
    require_staff,
    today_of,
)
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.printed_text import refuse_texts
from acquit.core.self_billing import (
    CONTEST_DAYS,
    LAW,
    TERM_DAYS,
    Agreement,
    NoSuchAgreement,
    Regime,
    SupplierIncomplete,
    refuse_acceptance,
    refuse_agreement,
    refuse_revocation,
    refuse_supplier,
    series_for,
)
from acquit.core.write_off import refuse_without_reason
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, legal_parties, self_billing, series
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be agreed; without a first day it is today, without a last one it goes on."""

    subject: str
    reference: str
    regime: Regime
    on_debits: bool = False
    contest_days: int = CONTEST_DAYS
    term_days: int = TERM_DAYS
    sets_off: bool = False
    from_on: date | None = None
    until_on: date | None = None


def agree_self_billing(context: Context, account_id: AccountId, terms: Terms, *, by: str) -> Agreement:
    """The agreement is offered to the account; no bill is made before it was accepted.

    Raises NoSuchAccount, SupplierIncomplete, BadAgreement, AgreementStands, BadText, StaffOnly, RoleForbids.
    """
    texts = [("The subject", terms.subject), ("The reference", terms.reference)]
    refuse_texts(texts, missing_glyphs)
    with context.database.write() as tx:
        require_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        account = locked_account_in(tx, account_id)
        entity, today = entity_of(tx, account), today_of(context, tx, account)
        party = legal_parties.of_account(tx, account_id, today)
        if party is None:
            raise SupplierIncomplete(
                f"{account_id} has no legal party: set it with `acquit account set-party`.", source=LAW
            )
        refuse_supplier(party, entity, terms.regime)
        others = self_billing.of_account(tx, account_id)
        agreement = Agreement(
            account_id, len(others) + 1, account.legal_entity_id, "", terms.subject.strip(),
            terms.reference.strip(), terms.regime, terms.on_debits, terms.contest_days, terms.term_days,
            terms.sets_off, terms.from_on or today, terms.until_on, today, by,
        )  # fmt: skip
        refuse_agreement(agreement, others, today)
        self_billing.add(tx, agreement)
        acts.record(
            tx, by, "agree_self_billing", account_id, agreement.reference, agreement=agreement.agreement_no,
            regime=terms.regime.value,
        )  # fmt: skip
        return found_in(tx, account_id, agreement.agreement_no)


def accept_self_billing(
    context: Context, account_id: AccountId, agreement_no: int, who: str, *, by: str
) -> Agreement:
    """The account accepted the agreement, which runs from its first day; `who` signed it.

    The supplier has a series of numbers of its own from then on. Raises NoSuchAgreement, AgreementNotThere,
    BadAgreement, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        account = locked_account_in(tx, account_id)
        agreement = found_in(tx, account_id, agreement_no)
        today = today_of(context, tx, account)
        refuse_acceptance(agreement, who, today)
        refuse_texts([("The name", who)], missing_glyphs)
        if self_billing.series_of(tx, account_id) is None:
            made = series_for(entity_of(tx, account), self_billing.next_supplier_no(tx))
            series.insert(tx, made)
            self_billing.add_supplier(tx, account_id, made.series_id)
        self_billing.add_act(tx, agreement, "accepted", today, who.strip(), by)
        acts.record(tx, by, "accept_self_billing", account_id, agreement.reference, who=who.strip())
        return found_in(tx, account_id, agreement_no)


def revoke_self_billing(
    context: Context, account_id: AccountId, agreement_no: int, reason: str, *, by: str
) -> Agreement:
    """No more bills are made under the agreement; those that were stay.

    Raises NoSuchAgreement, AgreementNotThere, ReasonMissing, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.MAKE_REVERSE_BILLS)
        refuse_without_reason(reason)
        refuse_texts([("The reason", reason)], missing_glyphs)
        account = locked_account_in(tx, account_id)
        agreement = found_in(tx, account_id, agreement_no)
        today = today_of(context, tx, account)
        refuse_revocation(agreement, today)
        self_billing.add_act(tx, agreement, "revoked", today, reason.strip(), by)
        acts.record(tx, by, "revoke_self_billing", account_id, agreement.reference, reason=reason.strip())
        return found_in(tx, account_id, agreement_no)


def list_agreements(context: Context, account_id: AccountId) -> list[Agreement]:
    """Return the account's agreements, newest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return self_billing.of_account(tx, account_id)


def agreements_of(
    context: Context, legal_entity_id: LegalEntityId, after: tuple[str, int] = ("", 0), rows_max: int = 100
) -> list[Agreement]:
    """Return agreements of a legal entity by account, those after one."""
    with context.database.read() as tx:
        return self_billing.of_entity(tx, legal_entity_id, after, rows_max)


def found_in(tx: Transaction, account_id: AccountId, agreement_no: int) -> Agreement:
    """Return the account's agreement. Raises NoSuchAgreement."""
    for each in self_billing.of_account(tx, account_id):
        if each.agreement_no == agreement_no:
            return each
    raise NoSuchAgreement(f"Account {account_id} has no self-billing agreement {agreement_no}.")
