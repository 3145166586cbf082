"""Check the VAT ids of accounts in a register, and keep the proof with its date."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, entity_of, require_staff
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.vat_check import NoVatId, VatCheck, compact
from acquit.ports import VatRegister
from acquit.store import acts, legal_parties, vat_checks


def check_vat_id(context: Context, register: VatRegister, account_id: AccountId, *, by: str) -> VatCheck:
    """What the register says of the account's VAT id today is recorded; return it.

    The id is that of its legal party now. The register is asked outside of any transaction. Raises
    NoSuchAccount, NoVatId, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.CHECK_VAT_IDS)
        entity = entity_of(tx, account_in(tx, account_id))
        on = date_of(context, entity)
        party = legal_parties.of_account(tx, account_id, on)
    if party is None or not party.vat_id:
        raise NoVatId(f"The legal party of account {account_id} has no VAT id.", account=account_id)
    answer = register.check(compact(party.vat_id), compact(entity.vat_id))
    with context.database.write() as tx:
        made = vat_checks.add(tx, account_id, party.vat_id, answer, on, by)
        acts.record(
            tx, by, "check_vat_id", account_id, party.vat_id, register=answer.register,
            outcome=answer.outcome.value, reference=answer.reference,
        )  # fmt: skip
    return made


def check_foreign_vat_ids(
    context: Context, register: VatRegister, legal_entity_id: LegalEntityId, *, by: str
) -> list[VatCheck]:
    """The VAT id of every account of another country is checked; return the checks.

    Raises NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.CHECK_VAT_IDS)
        on = date_of(context, entity_in(tx, legal_entity_id))
        account_ids = vat_checks.abroad(tx, legal_entity_id, on)
    return [check_vat_id(context, register, each, by=by) for each in account_ids]


def checks_of(context: Context, account_id: AccountId) -> list[VatCheck]:
    """Return the checks of an account's ids, oldest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return vat_checks.of_account(tx, account_id)
