"""Legal entities: the sellers, with every setting of theirs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.account import BelowZero, LegalEntity
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT legal_entity_id, name, legal_form, capital, register_city, siren, siret, vat_id, e_address,
           street, street_2, zip, city, country, email, phone, website, iban, bic, bank_name, currency, zone,
           language, logo, account_suffix, granted_days, default_days, net_days_max, month_end_days_max,
           usage_days_max, unpaid_after_days, late_rate_bp, late_fee_minor, vat_on_debits,
           usage_past_days, usage_future_days, approval_above_minor, method_type, method_label,
           price_notice_days, refunds_unused, bills_suspended, bill_series_id, credit_series_id,
           deposit_series_id, sandbox_of, test_on, below_zero, orders_billed_at_once,
           pays_reverse_bills, brand_colour
      FROM legal_entity
     WHERE legal_entity_id = %(legal_entity_id)s
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT e.legal_entity_id, e.name, e.legal_form, e.capital, e.register_city, e.siren, e.siret, e.vat_id,
           e.e_address, e.street, e.street_2, e.zip, e.city, e.country, e.email, e.phone, e.website, e.iban,
           e.bic, e.bank_name, e.currency, e.zone, e.language, e.logo, e.account_suffix, e.granted_days,
           e.default_days, e.net_days_max, e.month_end_days_max, e.usage_days_max, e.unpaid_after_days,
           e.late_rate_bp, e.late_fee_minor, e.vat_on_debits, e.usage_past_days,
           e.usage_future_days, e.approval_above_minor, e.method_type, e.method_label, e.price_notice_days,
           e.refunds_unused, e.bills_suspended, e.bill_series_id, e.credit_series_id, e.deposit_series_id,
           e.sandbox_of, e.test_on, e.below_zero, e.orders_billed_at_once,
           e.pays_reverse_bills, e.brand_colour
      FROM legal_entity e
      JOIN account a ON a.legal_entity_id = e.legal_entity_id
     WHERE a.account_id = %(account_id)s
"""

EVERY: Final[LiteralString] = """
    SELECT legal_entity_id, name, legal_form, capital, register_city, siren, siret, vat_id, e_address,
           street, street_2, zip, city, country, email, phone, website, iban, bic, bank_name, currency, zone,
           language, logo, account_suffix, granted_days, default_days, net_days_max, month_end_days_max,
           usage_days_max, unpaid_after_days, late_rate_bp, late_fee_minor, vat_on_debits,
           usage_past_days, usage_future_days, approval_above_minor, method_type, method_label,
           price_notice_days, refunds_unused, bills_suspended, bill_series_id, credit_series_id,
           deposit_series_id, sandbox_of, test_on, below_zero, orders_billed_at_once,
           pays_reverse_bills, brand_colour
      FROM legal_entity
     WHERE sandbox_of IS NULL
     ORDER BY legal_entity_id
"""

INSERT: Final[LiteralString] = """
    INSERT INTO legal_entity (
           legal_entity_id, name, legal_form, capital, register_city, siren, siret, vat_id, e_address,
           street, street_2, zip, city, country, email, phone, website, iban, bic, bank_name, currency, zone,
           language, logo, account_suffix, granted_days, default_days, net_days_max, month_end_days_max,
           usage_days_max, unpaid_after_days, late_rate_bp, late_fee_minor, vat_on_debits,
           usage_past_days, usage_future_days, approval_above_minor, method_type, method_label,
           price_notice_days, refunds_unused, bills_suspended, bill_series_id, credit_series_id,
           deposit_series_id, sandbox_of, test_on, below_zero,
           orders_billed_at_once, pays_reverse_bills, brand_colour)
    VALUES (%(legal_entity_id)s, %(name)s, %(legal_form)s, %(capital)s, %(register_city)s, %(siren)s,
           %(siret)s, %(vat_id)s, %(e_address)s, %(street)s, %(street_2)s, %(zip)s, %(city)s, %(country)s,
           %(email)s, %(phone)s, %(website)s, %(iban)s, %(bic)s, %(bank_name)s, %(currency)s, %(zone)s,
           %(language)s, %(logo)s, %(account_suffix)s, %(granted_days)s, %(default_days)s,
           %(net_days_max)s, %(month_end_days_max)s, %(usage_days_max)s, %(unpaid_after_days)s,
           %(late_rate_bp)s, %(late_fee_minor)s, %(vat_on_debits)s, %(usage_past_days)s,
           %(usage_future_days)s, %(approval_above_minor)s,
           %(method_type)s, %(method_label)s, %(price_notice_days)s, %(refunds_unused)s,
           %(bills_suspended)s, %(bill_series_id)s, %(credit_series_id)s,
           %(deposit_series_id)s, %(sandbox_of)s, %(test_on)s, %(below_zero)s,
           %(orders_billed_at_once)s, %(pays_reverse_bills)s, %(brand_colour)s)
"""

NEXT_SANDBOX_NO: Final[LiteralString] = "SELECT nextval('sandbox_no') AS number"

HOLD: Final[LiteralString] = """
    SELECT legal_entity_id FROM legal_entity WHERE legal_entity_id = %(legal_entity_id)s FOR NO KEY UPDATE
"""

VALUES: Final[LiteralString] = """
    SELECT to_jsonb(e) AS settings FROM legal_entity e WHERE legal_entity_id = %(legal_entity_id)s
"""

SETTINGS: Final[LiteralString] = """
    SELECT setting_no, from_on, name, value, value_before, set_by, set_at
      FROM legal_entity_setting
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY from_on, setting_no
"""

ADD_SETTING: Final[LiteralString] = """
    INSERT INTO legal_entity_setting (legal_entity_id, from_on, name, value, value_before, set_by)
    SELECT %(legal_entity_id)s, %(from_on)s, %(name)s, %(value)s, to_jsonb(e) -> %(name)s, %(set_by)s
      FROM legal_entity e
     WHERE e.legal_entity_id = %(legal_entity_id)s
"""

TAKE_SETTINGS: Final[LiteralString] = """
    WITH due AS (
         SELECT DISTINCT ON (name) name, value
           FROM legal_entity_setting
          WHERE legal_entity_id = %(legal_entity_id)s AND from_on <= %(today)s
          ORDER BY name, from_on DESC, setting_no DESC
         )
    UPDATE legal_entity e
       SET name = r.name, legal_form = r.legal_form, capital = r.capital, register_city = r.register_city,
           siren = r.siren, siret = r.siret, vat_id = r.vat_id, e_address = r.e_address, street =
           r.street, street_2 = r.street_2, zip = r.zip, city = r.city, email = r.email, phone = r.phone,
           website = r.website, iban = r.iban, bic = r.bic, bank_name = r.bank_name, language =
           r.language, logo = r.logo, account_suffix = r.account_suffix, granted_days = r.granted_days,
           default_days = r.default_days, net_days_max = r.net_days_max, month_end_days_max =
           r.month_end_days_max, usage_days_max = r.usage_days_max, unpaid_after_days =
           r.unpaid_after_days, late_rate_bp = r.late_rate_bp, late_fee_minor = r.late_fee_minor,
           vat_on_debits = r.vat_on_debits, usage_past_days = r.usage_past_days, usage_future_days =
           r.usage_future_days, approval_above_minor = r.approval_above_minor, method_type =
           r.method_type, method_label = r.method_label, price_notice_days = r.price_notice_days,
           refunds_unused = r.refunds_unused, bills_suspended = r.bills_suspended, below_zero = r.below_zero,
           orders_billed_at_once = r.orders_billed_at_once,
           pays_reverse_bills = r.pays_reverse_bills, brand_colour = r.brand_colour
      FROM legal_entity o
     CROSS JOIN LATERAL (SELECT coalesce(jsonb_object_agg(name, value), '{}') AS patch FROM due) d
     CROSS JOIN LATERAL jsonb_populate_record(o, d.patch) r
     WHERE e.legal_entity_id = %(legal_entity_id)s AND o.legal_entity_id = e.legal_entity_id
       AND NOT to_jsonb(o) @> d.patch
"""

MOVE_CLOCK: Final[LiteralString] = """
    UPDATE legal_entity
       SET test_on = %(to_on)s
     WHERE legal_entity_id = %(legal_entity_id)s AND sandbox_of IS NOT NULL AND test_on = %(from_on)s
"""


def find(tx: Transaction, legal_entity_id: LegalEntityId) -> LegalEntity | None:
    """Return the legal entity or None."""
    row = tx.one_or_none(FIND, legal_entity_id=legal_entity_id)
    return None if row is None else _entity(row)


def of_account(tx: Transaction, account_id: AccountId) -> LegalEntity | None:
    """Return the legal entity that sells to the account, or None when there is no such account."""
    row = tx.one_or_none(OF_ACCOUNT, account_id=account_id)
    return None if row is None else _entity(row)


def every(tx: Transaction) -> Sequence[LegalEntity]:
    """Return all legal entities in the order of their ids, without those of sandboxes."""
    return [_entity(row) for row in tx.all(EVERY)]


def insert(tx: Transaction, entity: LegalEntity) -> None:
    """Write a new legal entity; its series may be written later in the transaction."""
    tx.run(INSERT, **(asdict(entity) | {"granted_days": list(entity.granted_days)}))


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a legal entity from a day on, as JSON; `value_before` is what held when it was set."""

    setting_no: int
    from_on: date
    name: str
    value: Any
    value_before: Any
    set_by: str
    set_at: datetime


def hold(tx: Transaction, legal_entity_id: LegalEntityId) -> bool:
    """Hold the settings of the legal entity; return whether there is one."""
    return tx.one_or_none(HOLD, legal_entity_id=legal_entity_id) is not None


def values(tx: Transaction, legal_entity_id: LegalEntityId) -> dict[str, Any]:
    """Return every column of the legal entity as JSON, by name."""
    found: dict[str, Any] = tx.one(VALUES, legal_entity_id=legal_entity_id).settings
    return found


def settings(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Setting]:
    """Return what was set since the legal entity was set up, by the day from which it holds."""
    return [Setting(*row) for row in tx.all(SETTINGS, legal_entity_id=legal_entity_id)]


def add_setting(
    tx: Transaction, legal_entity_id: LegalEntityId, from_on: date, name: str, value: object, by: str
) -> None:
    """Write that a setting has another value from that day on; `take_settings` lets it hold."""
    tx.run(
        ADD_SETTING,
        legal_entity_id=legal_entity_id, from_on=from_on, name=name, value=Jsonb(value), set_by=by,
    )  # fmt: skip


def take_settings(tx: Transaction, legal_entity_id: LegalEntityId, today: date) -> bool:
    """Let everything hold that was set for today or earlier; return whether anything was otherwise."""
    return tx.run(TAKE_SETTINGS, legal_entity_id=legal_entity_id, today=today) == 1


def next_sandbox_no(tx: Transaction) -> int:
    """Take the number of the next sandbox."""
    return int(tx.one(NEXT_SANDBOX_NO).number)


def move_clock(tx: Transaction, legal_entity_id: LegalEntityId, from_on: date, to_on: date) -> bool:
    """Set the test clock forward if it still stands where it was seen; return whether it did."""
    assert from_on <= to_on, "a test clock never goes back"
    return tx.run(MOVE_CLOCK, legal_entity_id=legal_entity_id, from_on=from_on, to_on=to_on) == 1


def _entity(row: Any) -> LegalEntity:
    members = row._asdict()
    return LegalEntity(
        **members
        | {
            "legal_entity_id": LegalEntityId(row.legal_entity_id),
            "currency": Currency(row.currency),
            "granted_days": tuple(row.granted_days),
            "below_zero": BelowZero(row.below_zero),
        }
    )
