"""The tables of an archive: each column's type and meaning. `docs/reference/archive.md` is written from this.

Amounts are whole numbers of the currency's smallest unit (EUR: cents) beside a `currency`; a currency that
we do not know counts two decimals. `_on` is a day as the provider wrote it, `_at` an instant in UTC.
"""

from typing import Final, NamedTuple


class Column(NamedTuple):
    """One column: DuckDB's name of its type, and what it says."""

    name: str
    kind: str
    meaning: str


ACCOUNT: Final = Column("account", "VARCHAR", "the name that the collector has for the account")
BILL: Final = Column("bill_id", "VARCHAR", "number of the bill")
CURRENCY: Final = Column("currency", "VARCHAR", "code as the provider writes it")
SEEN: Final = Column("seen_at", "TIMESTAMP", "when this content was first seen")

_BILL: Final = (
    ACCOUNT,
    BILL,
    Column(
        "family",
        "VARCHAR",
        "`bill`, `corrective_bill`, `down_payment` or `credit_note`: the provider's list that it is from",
    ),
    Column("issued_on", "DATE", "date of the bill"),
    Column("category", "VARCHAR", "kind of bill as the provider says; null where it says none (US)"),
    Column("order_id", "BIGINT", "number of the provider's order behind the bill"),
    CURRENCY,
    Column("net_minor", "BIGINT", "amount without VAT; of a credit note below zero, as all its amounts"),
    Column("tax_minor", "BIGINT", "VAT"),
    Column("total_minor", "BIGINT", "amount with VAT"),
)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "account": (
        ACCOUNT,
        Column("nichandle", "VARCHAR", "the provider's name for the account"),
        Column("organisation", "VARCHAR", "the company"),
        Column("subsidiary", "VARCHAR", "the provider's selling company, such as FR"),
        Column("vat_id", "VARCHAR", "VAT number known to the provider"),
        Column("currency", "VARCHAR", "currency of the account"),
        Column("base", "VARCHAR", "base URL that it was gathered from"),
        Column(
            "parent",
            "VARCHAR",
            "the account that it is a sub-account of, as the collector names it; else null",
        ),
        Column("sub_account_no", "BIGINT", "its number below the parent; else null"),
        Column(
            "gathered_at", "TIMESTAMP", "end of the last run that left nothing out, to the hour; null: never"
        ),
    ),
    "sub_account": (
        Column("account", "VARCHAR", "the parent"),
        Column("sub_account_no", "BIGINT", "the provider's number of the sub-account"),
        Column("description", "VARCHAR", "what the parent wrote"),
        Column("created_on", "DATE", "day of its creation"),
    ),
    "bill": (
        *_BILL,
        Column("purchase_order", "VARCHAR", "reference of the purchase order; null when unknown or none"),
        Column(
            "purchase_order_source",
            "VARCHAR",
            "`read` on the paper, `inferred` from the windows of the orders, `unknown`",
        ),
        Column("due_on", "DATE", "due date; null when unknown"),
        Column("due_source", "VARCHAR", "`read` on the paper, `inferred` from the debt, `unknown`"),
        Column("details_count", "BIGINT", "number of details gathered; null: not gathered yet"),
        Column(
            "versions_count",
            "BIGINT",
            "how many different contents were seen; more than 1: changed after issue",
        ),
        Column("e_invoicing_status", "VARCHAR", "as the provider says; null where it says none"),
        Column("paper", "VARCHAR", "path of the PDF below the archive; null: not there yet"),
        Column("kind", "VARCHAR", "`bill` or `credit-note`, as read on the paper; null: not read"),
        Column(
            "corrects",
            "VARCHAR",
            "the bill that it corrects or reduces, as read on the paper, else as the provider says",
        ),
        Column(
            "payment_means",
            "VARCHAR",
            "`transfer`, `direct-debit`, `card` or `other`, as read on the paper; null: not read",
        ),
        Column("payee", "VARCHAR", "who is to be paid, as read on the paper"),
        Column("payee_iban", "VARCHAR", "the IBAN to pay to as the paper writes it, unproven"),
        Column("payee_bic", "VARCHAR", "its BIC"),
        Column("payment_reference", "VARCHAR", "the reference that a transfer is to quote"),
        SEEN,
    ),
    "bill_tax": (
        ACCOUNT,
        BILL,
        Column("category", "VARCHAR", "VAT category of EN 16931: S Z E AE K G O"),
        Column("rate_bp", "BIGINT", "rate in 1/10,000"),
        Column("net_minor", "BIGINT", "what it is charged on"),
        Column("tax_minor", "BIGINT", "VAT, as the paper writes it: positive on credit notes too"),
    ),
    "bill_version": (
        *_BILL,
        Column("version_no", "BIGINT", "1 is the first content seen"),
        SEEN,
    ),
    "bill_detail": (
        ACCOUNT,
        BILL,
        Column("detail_no", "BIGINT", "position on the bill, from 1"),
        Column("detail_id", "VARCHAR", "the provider's identifier"),
        Column("issued_on", "DATE", "date of the bill"),
        Column("domain", "VARCHAR", "the service that it is about"),
        Column("description", "VARCHAR", "text of the line"),
        Column("quantity_e4", "BIGINT", "quantity in 1/10,000; null when it is no number"),
        Column("unit_price_ucents", "BIGINT", "unit price in 1e-8 of the currency's unit"),
        Column("net_minor", "BIGINT", "amount of the line without VAT"),
        CURRENCY,
        Column("period_start_on", "DATE", "first day of the service; null when the line has none"),
        Column(
            "period_end_on",
            "DATE",
            "end of the service as the provider writes it; null when the line has none",
        ),
    ),
    "reverse_bill": (
        ACCOUNT,
        Column("bill_id", "VARCHAR", "number of the reverse bill: what the account supplied to the provider"),
        Column("issued_on", "DATE", "its date"),
        Column("order_id", "BIGINT", "the provider's number of it as an order"),
        CURRENCY,
        Column("net_minor", "BIGINT", "what the account is owed, without VAT; below zero: taken back"),
        Column("tax_minor", "BIGINT", "VAT that the account owes for it"),
        Column("total_minor", "BIGINT", "amount with VAT"),
        Column("due_on", "DATE", "when it is paid, as read on the paper; null when unknown"),
        Column("corrects", "VARCHAR", "the reverse bill that it takes back, as read on the paper"),
        Column("details_count", "BIGINT", "number of details gathered; null: not gathered yet"),
        Column("paper", "VARCHAR", "path of the PDF below the archive; null: not there yet"),
        SEEN,
    ),
    "reverse_bill_detail": (
        ACCOUNT,
        Column("bill_id", "VARCHAR", "number of the reverse bill"),
        Column("detail_no", "BIGINT", "position on it, from 1"),
        Column("detail_id", "VARCHAR", "the provider's identifier"),
        Column("issued_on", "DATE", "date of the reverse bill"),
        Column("domain", "VARCHAR", "what was supplied"),
        Column("description", "VARCHAR", "text of the line"),
        Column("quantity_e4", "BIGINT", "quantity in 1/10,000; null when it is no number"),
        Column("unit_price_ucents", "BIGINT", "unit price in 1e-8 of the currency's unit"),
        Column("net_minor", "BIGINT", "amount of the line without VAT"),
        CURRENCY,
    ),
    "debt": (
        ACCOUNT,
        Column("debt_id", "BIGINT", "the provider's identifier"),
        Column("order_id", "BIGINT", "the order, by which a debt and its bill meet"),
        Column("bill_id", "VARCHAR", "the bill of that order; null when it was not gathered"),
        Column("opened_on", "DATE", "date of the debt"),
        Column("due_on", "DATE", "no collection before this day; null when the provider says none"),
        Column(
            "status",
            "VARCHAR",
            "UNMATURED TO_BE_PAID UNPAID PAID REFUNDED WRITE_OFF; derived from amounts where not told (US)",
        ),
        CURRENCY,
        Column("amount_minor", "BIGINT", "what was owed first"),
        Column("due_minor", "BIGINT", "what is still owed, whether its term still runs or not"),
        Column("todo_minor", "BIGINT", "booked, payment not started"),
        Column("pending_minor", "BIGINT", "payment under way"),
        Column("unmatured_minor", "BIGINT", "part of it whose term still runs"),
        SEEN,
    ),
    "debt_operation": (
        ACCOUNT,
        Column("debt_id", "BIGINT", "the debt"),
        Column("operation_id", "BIGINT", "the provider's identifier"),
        Column("operated_on", "DATE", "day of the operation"),
        Column("kind", "VARCHAR", "such as ENTERPRISE_MANUAL; null where not told"),
        Column("status", "VARCHAR", "as the provider says: to do, PENDING, DONE, PAID, FAILED, CANCELLED"),
        CURRENCY,
        Column("amount_minor", "BIGINT", "amount"),
        Column("deposit_order_id", "BIGINT", "order of the deposit that brought the money"),
    ),
    "payment_method": (
        ACCOUNT,
        Column("payment_method_id", "BIGINT", "the provider's identifier"),
        Column("kind", "VARCHAR", "such as ENTERPRISE or SEPA_DIRECT_DEBIT"),
        Column("subkind", "VARCHAR", "brand or term, such as 45_DAYS"),
        Column("term_days", "BIGINT", "days of the term, read from the subkind or the label; null: no term"),
        Column("status", "VARCHAR", "such as VALID"),
        Column("is_default", "BOOLEAN", "whether it pays what is not told otherwise"),
        Column("label", "VARCHAR", "as the provider labels it"),
    ),
    "purchase_order": (
        ACCOUNT,
        Column("purchase_order_id", "BIGINT", "the provider's identifier"),
        Column("reference", "VARCHAR", "the text printed on bills"),
        Column("kind", "VARCHAR", "PURCHASE_ORDER or REFERENCE_ORDER"),
        Column("status", "VARCHAR", "CREATED or DELETED; DELETED too when the provider no longer lists it"),
        Column("is_active", "BOOLEAN", "false: suspended"),
        Column("start_on", "DATE", "first day covered"),
        Column("end_on", "DATE", "first day not covered; null: open"),
        Column("billing_group_id", "BIGINT", "the group that it is limited to; null: the whole account"),
        Column("description", "VARCHAR", "what was written with it"),
    ),
    "service": (
        ACCOUNT,
        Column("service_id", "BIGINT", "the provider's identifier"),
        Column("name", "VARCHAR", "name of the resource; a detail's domain is this name"),
        Column("display_name", "VARCHAR", "the name that a person gave it"),
        Column("plan", "VARCHAR", "code of what was bought"),
        Column("state", "VARCHAR", "as the provider says"),
        Column("next_billing_on", "DATE", "day of the next renewal"),
    ),
    "paper": (
        ACCOUNT,
        BILL,
        Column(
            "kind",
            "VARCHAR",
            "`pdf`, or `xml` for the e-invoice inside it; `reverse-pdf`, `reverse-xml` of a reverse bill",
        ),
        Column("path", "VARCHAR", "path below the archive"),
        Column("sha256", "VARCHAR", "hash of the file, hexadecimal"),
        Column("size_bytes", "BIGINT", "its length"),
        Column("saved_at", "TIMESTAMP", "when it was saved"),
    ),
    "bill_day": (
        ACCOUNT,
        Column("issued_on", "DATE", "date of the bills"),
        CURRENCY,
        Column("purchase_order", "VARCHAR", "as in `bill`"),
        Column("purchase_order_source", "VARCHAR", "as in `bill`"),
        Column("has_no_due", "BOOLEAN", "whether their due date is unknown; credit notes have none"),
        Column("has_no_paper", "BOOLEAN", "whether their paper is not there yet"),
        Column("net_minor", "BIGINT", "sum without VAT"),
        Column("tax_minor", "BIGINT", "sum of VAT"),
        Column("total_minor", "BIGINT", "sum with VAT"),
        Column("bills_count", "BIGINT", "how many bills"),
        Column("without_details_count", "BIGINT", "how many of them without their details yet"),
    ),
    "service_month": (
        ACCOUNT,
        Column("month_on", "DATE", "first day of the month that the bills are dated in"),
        Column("domain", "VARCHAR", "the service"),
        CURRENCY,
        Column("net_minor", "BIGINT", "sum of its details, without VAT"),
        Column("details_count", "BIGINT", "how many details"),
    ),
    "change_month": (
        ACCOUNT,
        Column("month_on", "DATE", "first day of the month that is compared with the one before"),
        Column("domain", "VARCHAR", "the service"),
        CURRENCY,
        Column(
            "reason",
            "VARCHAR",
            "new ended added removed price quantity renewal one_off credit unexplained no_details",
        ),
        Column("difference_minor", "BIGINT", "what the month costs more, without VAT; less is negative"),
    ),
    "open_debt": (
        ACCOUNT,
        Column("debt_id", "BIGINT", "the debt, of which something is still owed"),
        Column("order_id", "BIGINT", "as in `debt`"),
        Column("bill_id", "VARCHAR", "as in `debt`"),
        Column("opened_on", "DATE", "as in `debt`"),
        Column("status", "VARCHAR", "as in `debt`"),
        CURRENCY,
        Column("due_minor", "BIGINT", "as in `debt`"),
        Column("pending_minor", "BIGINT", "payment under way"),
        Column("due_on", "DATE", "due date of the bill, else of the debt; null when unknown"),
        Column("due_source", "VARCHAR", "`read` on the paper, `inferred` from the debt, `unknown`"),
        Column("purchase_order", "VARCHAR", "of the bill, as in `bill`"),
        Column("purchase_order_source", "VARCHAR", "of the bill, as in `bill`"),
    ),
    "unordered_bill": (
        ACCOUNT,
        BILL,
        Column("issued_on", "DATE", "date of the bill, which has no purchase order or none that is known"),
        Column("purchase_order_source", "VARCHAR", "`read`: the paper says none; `unknown`"),
        Column("has_no_paper", "BOOLEAN", "whether its paper is not there yet"),
        CURRENCY,
        Column("net_minor", "BIGINT", "amount without VAT"),
        Column("total_minor", "BIGINT", "amount with VAT; the largest bills of an account come first"),
    ),
    "changed_bill": (
        ACCOUNT,
        BILL,
        Column("issued_on", "DATE", "latest date of its later contents"),
        Column("changed_on", "DATE", "day on which the last content was first seen"),
        Column("versions_count", "BIGINT", "how many different contents were seen"),
        CURRENCY,
        Column("first_minor", "BIGINT", "amount with VAT as it was first"),
        Column("now_minor", "BIGINT", "amount with VAT as it is now"),
    ),
}

PARQUET: Final = {
    name: ", ".join(f"{column.name} {column.kind}" for column in columns) for name, columns in TABLES.items()
}
"""What a CREATE TABLE of each table says."""
