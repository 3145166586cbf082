"""Change from where an account may be reached: by the API at once, by the next sign-in in the manager."""

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, require_staff
from acquit.core.access import read_block
from acquit.core.address_rule import RULES_MAX, AddressRuleTaken, NoSuchAddressRule, Verdict
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.store import access, acts, address_rules, second_factors
from acquit.store.transaction import Transaction


def add_address_rule(
    context: Context, account_id: AccountId, block: str, verdict: Verdict, *, by: str, address: str
) -> None:
    """The block of addresses has a rule. Raises MalformedBlock, AddressRuleTaken, ShutsOut."""
    read = read_block(block, "ip")
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if len(address_rules.find(tx, account_id).rules) >= RULES_MAX:
            raise AddressRuleTaken(f"An account has at most {RULES_MAX} rules: remove one first")
        if not address_rules.add(tx, account_id, read, verdict):
            raise AddressRuleTaken(f"There is a rule for {read} already: change that one", block=str(read))
        _finish(tx, account_id, address, by, "add_address_rule", str(read))


def change_address_rule(
    context: Context, account_id: AccountId, address_rule_id: int, verdict: Verdict, *, by: str, address: str
) -> None:
    """The rule says this from now on. Raises NoSuchAddressRule, ShutsOut."""
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if not address_rules.find_many(tx, account_id, [address_rule_id]):
            raise NoSuchAddressRule(address_rule_id)
        address_rules.change(tx, account_id, address_rule_id, verdict)
        _finish(tx, account_id, address, by, "change_address_rule", str(address_rule_id))


def remove_address_rule(
    context: Context, account_id: AccountId, address_rule_id: int, *, by: str, address: str
) -> None:
    """The rule is gone. Raises NoSuchAddressRule, ShutsOut."""
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if not address_rules.remove(tx, account_id, address_rule_id):
            raise NoSuchAddressRule(address_rule_id)
        _finish(tx, account_id, address, by, "remove_address_rule", str(address_rule_id))


def set_other_addresses(
    context: Context, account_id: AccountId, verdict: Verdict, *, by: str, address: str
) -> None:
    """This holds for addresses in no block. Raises ShutsOut."""
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        address_rules.set_others(tx, account_id, verdict)
        _finish(tx, account_id, address, by, "set_other_addresses", "accept" if verdict.accepts else "deny")


def lift_restrictions(context: Context, account_id: AccountId, login: str | None = None, *, by: str) -> None:
    """Nothing restricts from where the account is reached; no code is asked of the login, or of any.

    Raises NoSuchAccount.
    """
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        require_staff(tx, by, Right.GRANT_TERMS)
        if login is None:
            address_rules.remove_all(tx, account_id)
        second_factors.remove_all(tx, account_id, login)
        access.tell_change(tx)
        acts.record(tx, by, "lift_restrictions", account_id, login or "")


def _finish(tx: Transaction, account_id: AccountId, address: str, by: str, verb: str, subject: str) -> None:
    """Refuse what shuts out the caller, tell every process, record it."""
    address_rules.find(tx, account_id).refuse_shutting_out(address)
    access.tell_change(tx)
    acts.record(tx, by, verb, account_id, subject)
