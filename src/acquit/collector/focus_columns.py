"""The columns of a FOCUS export: since which version, and where each value comes from.

Cost and Usage 1.0 to 1.4 and Invoice Detail 1.4. `sql` reads a row of `focus.LINES`; NULL where the
provider's interface tells nothing of it: such a column is there and empty. `docs/reference/focus.md` is
written from this.
Source: FOCUS specification of the FinOps Foundation, the columns' normative requirements.
"""

from typing import Final, NamedTuple

VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3", "1.4")
UNTOLD: Final = "the provider's interface tells none"
SAME: Final = "as BilledCost: the interface tells no other price"


class Column(NamedTuple):
    """One column: `since` and `gone` are versions; a `day` is written as an instant in UTC."""

    name: str
    since: str
    sql: str
    meaning: str
    kind: str = "plain"
    gone: str = ""


def _untold(name: str, since: str = "1.0", kind: str = "VARCHAR") -> Column:
    return Column(name, since, f"CAST(NULL AS {kind})", UNTOLD)


NUMBER: Final = "DECIMAL(24, 8)"
MONTH: Final = "CAST(date_trunc('month', issued_on) AS DATE)"
NEXT_MONTH: Final = f"CAST({MONTH} + INTERVAL 1 MONTH AS DATE)"
QUANTITY: Final = "quantity_e4 * CAST('0.0001' AS DECIMAL(5, 4))"
UNIT_PRICE: Final = "unit_price_ucents * CAST('0.00000001' AS DECIMAL(9, 8))"
TERMS: Final = (
    "CASE WHEN due_on IS NULL THEN 'Not told' WHEN due_on > issued_on THEN 'Net ' || (due_on - issued_on)"
    " ELSE 'Due on receipt' END"
)
EFFECTIVE: Final = "amount(if(is_advance, 0, net_minor), currency)"
CORRECTION: Final = (
    "CASE WHEN NOT is_tax AND family IN ('credit_note', 'corrective_bill') THEN 'Correction' END"
)
GRAIN: Final = (
    "CASE WHEN is_tax OR domain IS NULL THEN NULL"
    " WHEN sub_account_id IS NULL THEN CAST(json_object('ResourceId', domain) AS VARCHAR)"
    " ELSE CAST(json_object('ResourceId', domain, 'SubAccountId', sub_account_id) AS VARCHAR) END"
)

_ACCOUNT: Final = "the account's name at the provider; of a sub-account its parent's"
_COST: Final = Column("BilledCost", "1.0", "amount(net_minor, currency)", "the line's amount without VAT")
_CURRENCY: Final = Column("BillingCurrency", "1.0", "currency", "the bill's currency")
_ACCOUNT_ID: Final = Column("BillingAccountId", "1.0", "billing_account_id", _ACCOUNT)
_PERIOD_START: Final = Column(
    "BillingPeriodStart", "1.0", MONTH, "first day of the month that the bill is dated in", "day"
)
_PERIOD_END: Final = Column(
    "BillingPeriodEnd", "1.0", NEXT_MONTH, "first day of the month after, exclusive", "day"
)
_CATEGORY: Final = Column(
    "ChargeCategory",
    "1.0",
    "charge_category",
    "by the rules: Purchase, Usage, Credit, Adjustment; Tax is VAT",
)
_ISSUER: Final = Column(
    "InvoiceIssuerName", "1.0", "issuer", "the provider and the subsidiary that the account belongs to"
)

COST_AND_USAGE: Final = (
    _untold("AllocatedMethodDetails", "1.3"),
    _untold("AllocatedMethodId", "1.3"),
    _untold("AllocatedResourceId", "1.3"),
    _untold("AllocatedResourceName", "1.3"),
    _untold("AllocatedTags", "1.3"),
    _untold("AvailabilityZone"),
    _COST,
    _ACCOUNT_ID,
    Column("BillingAccountName", "1.0", "billing_account_name", "the company of that account"),
    Column("BillingAccountType", "1.2", "'Account'", "always `Account`"),
    _CURRENCY,
    _PERIOD_END,
    _PERIOD_START,
    _untold("CapacityReservationId", "1.1"),
    _untold("CapacityReservationStatus", "1.1"),
    _CATEGORY,
    Column(
        "ChargeClass", "1.0", CORRECTION,
        "Correction on credit notes and on what the provider lists as corrective bills alone; else empty",
    ),
    Column("ChargeDescription", "1.0", "description", "the line's text"),
    Column(
        "ChargeFrequency", "1.0",
        "CASE WHEN charge_category = 'Usage' THEN 'Usage-Based'"
        " WHEN NOT is_tax AND has_period THEN 'Recurring' ELSE 'One-Time' END",
        "Usage-Based for usage, Recurring for what has a period, else One-Time",
    ),
    Column("ChargePeriodEnd", "1.0", "end_on", "first day no longer covered, exclusive", "day"),
    Column("ChargePeriodStart", "1.0", "start_on", "first day covered; without one the bill's date", "day"),
    _untold("CommitmentDiscountCategory"),
    _untold("CommitmentDiscountId"),
    _untold("CommitmentDiscountName"),
    _untold("CommitmentDiscountQuantity", "1.1", NUMBER),
    _untold("CommitmentDiscountStatus"),
    _untold("CommitmentDiscountType"),
    _untold("CommitmentDiscountUnit", "1.1"),
    _untold("CommitmentProgramEligibilityDetails", "1.4"),
    Column(
        "ConsumedQuantity", "1.0", f"CASE WHEN charge_category = 'Usage' THEN {QUANTITY} END",
        "the line's quantity, of usage alone",
    ),
    _untold("ConsumedUnit"),
    _untold("ContractApplied", "1.3"),
    Column("ContractedCost", "1.0", "amount(net_minor, currency)", SAME),
    Column("ContractedUnitPrice", "1.0", UNIT_PRICE, "the line's unit price"),
    Column(
        "EffectiveCost", "1.0", EFFECTIVE,
        "as BilledCost; 0 for a down payment and for what deducts it: what was supplied has the cost",
    ),
    Column("HostProviderName", "1.3", "if(is_tax, 'Not Applicable', provider)", "the provider; none for VAT"),
    Column("InvoiceDetailId", "1.4", "detail_id", "the provider's identifier of the line; `vat` for VAT"),
    Column("InvoiceId", "1.2", "bill_id", "the bill's number"),
    _ISSUER,
    Column("ListCost", "1.0", "amount(net_minor, currency)", SAME),
    _untold("ListUnitPrice", "1.0", NUMBER),
    _untold("PricingCategory"),
    Column("PricingCurrency", "1.2", "currency", "the bill's currency: prices are told in it"),
    Column("PricingCurrencyContractedUnitPrice", "1.2", UNIT_PRICE, "as ContractedUnitPrice"),
    Column("PricingCurrencyEffectiveCost", "1.2", EFFECTIVE, "as EffectiveCost"),
    _untold("PricingCurrencyListUnitPrice", "1.2", NUMBER),
    Column("PricingQuantity", "1.0", QUANTITY, "the line's quantity; none for VAT"),
    _untold("PricingUnit"),
    Column("ProviderName", "1.0", "provider", "the provider, by its address or by --provider", gone="1.4"),
    Column("PublisherName", "1.0", "provider", "as ProviderName", gone="1.4"),
    _untold("RegionId"),
    _untold("RegionName"),
    Column("ResourceId", "1.0", "domain", "the service that the line is about"),
    Column("ResourceName", "1.0", "resource_name", "the name that a person gave it, else as ResourceId"),
    _untold("ResourceType"),
    Column("ServiceCategory", "1.0", "service_category", "by the rules; Other where none fits"),
    Column("ServiceName", "1.0", "service_name", "by the rules; Other where none fits"),
    Column("ServiceProviderName", "1.3", "provider", "the provider, by its address or by --provider"),
    Column("ServiceSubcategory", "1.1", "service_subcategory", "by the rules; Other (Other) where none fits"),
    _untold("SkuId"),
    _untold("SkuMeter", "1.1"),
    _untold("SkuPriceDetails", "1.1"),
    _untold("SkuPriceId"),
    Column("SubAccountId", "1.0", "sub_account_id", "the sub-account's own name at the provider"),
    Column("SubAccountName", "1.0", "sub_account_name", "what the parent wrote of the sub-account"),
    Column(
        "SubAccountType", "1.2", "CASE WHEN sub_account_id IS NOT NULL THEN 'Sub-account' END",
        "`Sub-account` where there is one",
    ),
    _untold("Tags"),
)  # fmt: skip

BILL_LINES: Final = (
    _COST._replace(meaning="the line's amount without VAT; VAT is a line of its own"),
    _ACCOUNT_ID,
    _CURRENCY,
    _PERIOD_END,
    _PERIOD_START,
    _CATEGORY,
    Column("InvoiceDetailCreated", "1.4", "first_seen_at", "when the bill was first seen", "instant"),
    Column("InvoiceDetailDescription", "1.4", "description", "the line's text"),
    Column("InvoiceDetailGrain", "1.4", GRAIN, "ResourceId, and SubAccountId if there is one"),
    Column("InvoiceDetailId", "1.4", "detail_id", "the provider's identifier of the line; `vat` for VAT"),
    Column(
        "InvoiceDetailLastUpdated", "1.4", "seen_at", "when its newest content was first seen", "instant"
    ),
    Column("InvoiceId", "1.4", "bill_id", "the bill's number"),
    Column("InvoiceIssueDate", "1.4", "issued_on", "the bill's date", "day"),
    _ISSUER,
    Column("InvoiceIssueStatus", "1.4", "'Issued'", "always `Issued`: the interface lists no others"),
    Column("PaymentCurrency", "1.4", "currency", "the bill's currency"),
    Column("PaymentCurrencyBilledCost", "1.4", "amount(net_minor, currency)", "as BilledCost"),
    Column("PaymentCurrencyInvoiceDetailId", "1.4", "detail_id", "as InvoiceDetailId"),
    Column("PaymentDueDate", "1.4", "due_on", "the due date, read or inferred: see x_DueDateSource", "day"),
    Column("PaymentTerms", "1.4", TERMS, "`Net` and the days from bill to due date; `Not told` without one"),
    Column(
        "PurchaseOrderNumber", "1.4", "purchase_order", "the order: see x_PurchaseOrderSource"
    ),
    Column(
        "ReferenceInvoiceId", "1.4", "coalesce(corrects, bill_id)", "the bill that it corrects, else itself"
    ),
)  # fmt: skip

OURS: Final = (
    Column("x_BillId", "1.0", "bill_id", "the bill's number"),
    Column(
        "x_BillFamily",
        "1.0",
        "family",
        "`bill`, `corrective_bill`, `down_payment` or `credit_note`: the list that it is from",
    ),
    Column("x_BillCategory", "1.0", "bill_category", "the kind of bill as the provider says"),
    Column("x_DetailNo", "1.0", "detail_no", "position on the bill, from 1; none for VAT"),
    Column("x_PurchaseOrder", "1.0", "purchase_order", "reference of the purchase order"),
    Column("x_PurchaseOrderSource", "1.0", "purchase_order_source", "`read`, `inferred` or `unknown`"),
    Column("x_DueDate", "1.0", "due_on", "the due date", "day"),
    Column("x_DueDateSource", "1.0", "due_source", "`read`, `inferred` or `unknown`"),
    Column(
        "x_CostCentre", "1.0", "cost_centre", "by the rules of cost-centres.toml; empty without that file"
    ),
)

SPELLED_OTHERWISE: Final = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "ResourceId": "ResourceID",
}
"""How focus-validator 1.0.0 spells four columns of FOCUS 1.0, against the specification."""

ASKED_BY_VALIDATOR: Final = Column(
    "ChargeType",
    "1.0",
    "CAST(NULL AS VARCHAR)",
    "a column of FOCUS 0.5 that focus-validator 1.0.0 reads; empty",
)


def columns_of(columns: tuple[Column, ...], version: str) -> list[Column]:
    """Return those that a version has, ours behind them."""
    at = VERSIONS.index(version)
    there = [
        one
        for one in columns
        if VERSIONS.index(one.since) <= at and (not one.gone or at < VERSIONS.index(one.gone))
    ]
    return [*there, *OURS]
