"""What a legal entity sets about banks and payers: own accounts, limits, known and virtual IBANs, groups."""

from stdnum import iban as ibans

from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_in, require_staff
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.terms import NotThePayer
from acquit.store import acts, bank_settings
from acquit.store.bank_settings import Limits
from acquit.store.transaction import Transaction


class BadIban(Invalid):
    """The text is no IBAN: its check digits or its length are wrong."""

    code = "bad-iban"


class IbanTaken(Conflict):
    """The account number is of somebody else already."""

    code = "iban-taken"


def checked_iban(text: str) -> str:
    """Return the IBAN without blanks. Raises BadIban."""
    bare = "".join(text.split()).upper()
    if not ibans.is_valid(bare):
        raise BadIban(f"{text} is not an IBAN: its check digits or its length are wrong.", iban=bare)
    return bare


def add_bank_account(
    context: Context, legal_entity_id: LegalEntityId, iban: str, name: str = "", *, by: str
) -> str:
    """Statements of the account can be imported. Raises BadIban, IbanTaken, NoSuchLegalEntity."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
        entity_in(tx, legal_entity_id)
        bare = checked_iban(iban)
        if not bank_settings.add_account(tx, legal_entity_id, bare, name, by):
            raise IbanTaken(f"Account {bare} is known already.", iban=bare)
        acts.record(tx, by, "add_bank_account", None, bare, legal_entity=legal_entity_id)
    return bare


def set_bank_limits(context: Context, legal_entity_id: LegalEntityId, limits: Limits, *, by: str) -> None:
    """From now on a second operator approves above this amount, and so much may be missing."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
        entity_in(tx, legal_entity_id)
        if limits.short_tolerance_minor < 0 or (limits.approval_above_minor or 0) < 0:
            raise Invalid("A limit is not negative.")
        bank_settings.set_limits(tx, legal_entity_id, limits, by)
        acts.record(
            tx, by, "set_bank_limits", None, legal_entity_id,
            approval_above_minor=limits.approval_above_minor,
            short_tolerance_minor=limits.short_tolerance_minor,
        )  # fmt: skip


def know_iban(context: Context, payer_id: AccountId, iban: str, *, by: str, is_virtual: bool = False) -> str:
    """The payer is known to pay from this IBAN, or is given it to pay to. Raises BadIban, IbanTaken."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        entity_id = _payer_in(tx, payer_id)
        bare = checked_iban(iban)
        if is_virtual:
            if not bank_settings.add_virtual_iban(tx, entity_id, bare, payer_id, by):
                raise IbanTaken(f"{bare} was given to a payer already.", iban=bare)
        else:
            bank_settings.learn(tx, entity_id, bare, payer_id, by)
        acts.record(tx, by, "know_iban", payer_id, bare, is_virtual=is_virtual)
    return bare


def group_payers(context: Context, name: str, payer_ids: list[AccountId], *, by: str) -> None:
    """What is paid from the IBAN of one of these payers may be for any of them. Raises NotThePayer."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        for payer_id in payer_ids:
            entity_id = _payer_in(tx, payer_id)
            bank_settings.join_group(tx, entity_id, name, payer_id, by)
            acts.record(tx, by, "group_payers", payer_id, name)


def _payer_in(tx: Transaction, payer_id: AccountId) -> LegalEntityId:
    account = account_in(tx, payer_id)
    if not account.pays_itself:
        raise NotThePayer(f"{account.payer_id} pays for {payer_id}.", account=payer_id)
    return account.legal_entity_id
