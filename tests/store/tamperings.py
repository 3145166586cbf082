"""What a superuser may do to the books behind their back, and which check of the audit sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

from founding import ACME, LAB, PETIT
from store.chased import CHASED

ONE = "WHERE bill_id = 'FR00000001'"
PENDING = "WHERE ledger = '445740'"
ACMES = f"WHERE account_id = '{ACME}'"
USE = "{petit}/{used}/traffic/2026-10"
SAVED = "{petit}/{used}/disk/2026-11/small"
SECOND = f"WHERE account_id = '{PETIT}' AND entry_no = 2"


@dataclass(frozen=True, slots=True)
class Tampering:
    """What the superuser does, which check sees it, and which id it names."""

    check: str
    statements: Sequence[str]
    names: str


def by(check: str, names: str, *statements: str) -> Tampering:
    return Tampering(check, statements, names)


TAMPERINGS = [
    by("detail-amounts", "FR00000001/1", f"UPDATE bill_detail SET unit_price_ucents = 999000000 {ONE}"),
    by("bill-details", "FR00000001", f"UPDATE bill_detail SET net_minor = net_minor + 1 {ONE}"),
    by("bill-details", "FR00000002", "DELETE FROM bill_detail WHERE bill_id = 'FR00000002'"),
    by("bill-totals", "FR00000001", f"UPDATE bill SET total_minor = total_minor + 1 {ONE}"),
    by("bill-taxes", "FR00000001", f"UPDATE bill_tax SET tax_minor = tax_minor + 1 {ONE}"),
    by("bill-taxes", "FR00000001", f"DELETE FROM bill_tax {ONE}"),
    by("tax-bases", "FR00000001/S/2000", f"UPDATE bill_detail SET vat_rate_bp = 1000 {ONE}"),
    by("due-dates", "FR00000001", f"UPDATE bill SET due_on = due_on + 1 {ONE}"),
    by("numbers-gapless", "FR/1", f"DELETE FROM bill_number {ONE}"),
    by("numbers-gapless", "FR/1", f"UPDATE bill_number SET number = 2 {ONE}"),
    by("numbers-gapless", "FR/17", "UPDATE series SET next_number = 18 WHERE series_id = 'FR'"),
    by("numbers-gapless", "RC/1", "DELETE FROM deposit WHERE deposit_id = 'RC00000001'"),
    by("number-dates", "FR00000002", f"UPDATE bill_number SET issued_on = issued_on + 40 {ONE}"),
    by("number-dates", "FR00000016", "UPDATE series SET last_on = last_on + 1 WHERE series_id = 'FR'"),
    by("numbered-bills", "FR00000001", f"UPDATE bill_number SET account_id = 'zz99999-acq' {ONE}"),
    by("numbered-bills", "FR00000001", f"UPDATE bill SET issued_at = issued_at - interval '2 days' {ONE}"),
    by("payment-references", "FR00000001", f"UPDATE bill SET payment_reference = 'RF05100000001' {ONE}"),
    by("bill-orders", "FR00000001", f"DELETE FROM bill_order {ONE}"),
    by("bill-snapshots", "FR00000001", f"UPDATE bill SET buyer_hash = '\\x00' {ONE}"),
    by(
        "snapshots",
        "{snapshot}",
        "UPDATE snapshot SET body = jsonb_set(body, '{city}', '\"Elsewhere\"') "
        "WHERE encode(snapshot_hash, 'hex') = '{snapshot}'",
    ),
    by("credit-notes", "AV00000001", "UPDATE bill SET corrects_bill_id = 'FR0' WHERE bill_id = 'AV00000001'"),
    by(
        "charges-billed-once",
        "{petit}/{service}/renewal/2026-11-01",
        f"UPDATE bill_detail SET correction_no = 0, account_id = '{PETIT}', service_id = {{service}}, "
        "kind = 'renewal', period_start = '2026-11-01' WHERE bill_id = 'FR00000001'",
    ),
    by(
        "charges-as-accepted",
        "{petit}/{service}/usage/2026-10-01",
        "UPDATE bill_detail SET quantity_e4 = 1 WHERE kind = 'usage'",
    ),
    by(
        "charges-as-accepted",
        "{petit}/{service}/usage/2026-10-01",
        "DELETE FROM charge WHERE kind = 'usage'",
    ),
    by(
        "charges-open",
        "{petit}/{service}/usage/2026-10-01",
        "INSERT INTO open_charge SELECT account_id, service_id, kind, part, period_start, accepted_on "
        "FROM charge WHERE kind = 'usage'",
    ),
    by("charges-open", "{petit}/7/usage:cpu/2026-10-01",
       "INSERT INTO open_charge VALUES ('" + PETIT + "', 7, 'usage', 'cpu', '2026-10-01', '2026-10-31')"),
    by(
        "charges-credited",
        "{petit}/{service}/usage/2026-10-01",
        "INSERT INTO credited_charge SELECT account_id, service_id, kind, part, period_start, account_id, "
        "'FR00000001', 200 FROM charge WHERE kind = 'usage'",
    ),
    by("charges-conserved", "EUR/2026-10-31", "UPDATE bill_detail SET net_minor = 7 WHERE kind = 'usage'"),
    by(
        "renewal-dates",
        "{petit}/{service}",
        "UPDATE service SET next_renewal_on = '2026-12-01' WHERE service_id = {service}",
    ),
    by(
        "renewal-periods",
        "{petit}/{service}/2026-12-01",
        "UPDATE bill_detail SET period_end = '2026-12-15' WHERE kind = 'renewal' AND service_id = {service} "
        "AND period_start = '2026-11-01'",
    ),
    by("order-draws", "FR00000001", "UPDATE purchase_order_draw SET amount_minor = 1 " + ONE),
    by("order-draws", "FR00000001", f"UPDATE bill SET purchase_order_id = NULL {ONE}"),
    by("order-maxima", f"{ACME}/100", "UPDATE purchase_order SET amount_max_minor = 1"),
    by("order-lines", f"{LAB}/101/1", "UPDATE purchase_order_line SET amount_max_minor = 1"),
    by("order-lines", f"{ACME}/100/9", f"UPDATE bill_detail SET purchase_order_line_no = 9 {ONE}"),
    by("run-totals", "1/EUR", "UPDATE bill_run_page SET net_minor = net_minor + 1 WHERE run_id = 1"),
    by("run-totals", "1/EUR", f"UPDATE bill SET run_id = NULL {ONE}"),
    by(
        "page-heads",
        "1/1",
        "UPDATE entry SET hash = sha256('rewritten') WHERE kind = 'bill' AND reference = 'FR00000001'",
    ),
    by("closed-runs", "FR/2026-11", "UPDATE parked_account SET resolved_at = NULL WHERE run_id = 1"),
    by("usage-intake", "chunk/1", "DELETE FROM usage_event WHERE event_id = 'u1'"),
    by("usage-intake", "chunk/1", "DELETE FROM usage_rejected"),
    by("usage-intake", "FR/2026-10", "UPDATE usage_intake SET accepted = accepted + 1"),
    by("usage-once", "test/u1", "UPDATE usage_event SET used_on = used_on + 31 WHERE event_id = 'u1'"),
    by("usage-once", "test/fix", "UPDATE usage_event SET meter = 'disk' WHERE event_id = 'fix'"),
    by("usage-rated", USE, "UPDATE usage_event SET quantity_e4 = 1 WHERE event_id IN ('u1', 'fix')"),
    by("usage-rated", USE, "UPDATE usage_rating SET events = events + 1"),
    by("usage-pending", USE, "DELETE FROM usage_rating"),
    by("usage-pending", "{petit}/{used}/traffic/2026-11", "DELETE FROM usage_pending"),
    by("usage-charged", f"{USE}/1", "UPDATE charge SET quantity_e4 = 1 WHERE part = 'usage:traffic:tier-01'"),
    by("usage-charged", f"{USE}/1", "DELETE FROM charge WHERE part = 'usage:traffic:tier-01'"),
    by("usage-charged", USE, "UPDATE usage_rating SET net_minor = net_minor + 1"),
    by("usage-savings", SAVED, "UPDATE savings_plan_change SET size = size + 1"),
    by("usage-savings", SAVED, "UPDATE savings_plan SET starts_on = starts_on + 1"),
    by("agreements", "{petit}/{service}", "UPDATE service SET quantity_e4 = 1 WHERE service_id = {service}"),
    by("agreements", "{petit}/{service}", "DELETE FROM service_agreement WHERE agreement_no = 1"),
    by("planned-changes", "{petit}/{change}", "UPDATE planned_change SET applied_on = applied_on + 1"),
    by("planned-changes", "{petit}/{change}", "UPDATE planned_change SET unit_price_ucents = 7"),
    by("planned-changes", "{petit}/{change}", "DELETE FROM planned_change"),
    by(
        "days-settled",
        "{petit}/{ended}/end-back/2027-02-01",
        "UPDATE charge SET unit_price_ucents = unit_price_ucents + 1000000 WHERE part = 'end-back'",
    ),
    by(
        "days-settled",
        "{petit}/{ended}/end-back/2027-02-01",
        "UPDATE service SET renewal_months = 2 WHERE service_id = {ended}",
    ),
    by("suspensions", "{suspended}", "UPDATE service SET state = 'active' WHERE state = 'suspended'"),
    by(
        "service-orders",
        "{order}",
        "UPDATE service_order_detail SET net_minor = net_minor + 1 WHERE detail_no = 1",
    ),
    by(
        "service-orders",
        "{order}",
        "UPDATE service_order_detail SET unit_price_ucents = 7 WHERE detail_no = 1",
    ),
    by("service-orders", "{order}", "DELETE FROM service_order_detail WHERE detail_no = 2"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_payment"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_service"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_line"),
    by("orders-delivered", "{order}", "DELETE FROM service WHERE plan_code = 'ram-32'"),
    by("entries-balanced", f"{ACME}/1", f"DELETE FROM posting {ACMES} AND posting_no = 1"),
    by("entries-balanced", f"{ACME}/1", f"DELETE FROM entry WHERE account_id = '{ACME}'"),
    by("entry-chain", f"{PETIT}/2", f"UPDATE entry SET reference = 'x' {SECOND}"),
    by("entry-chain", f"{PETIT}/2", f"UPDATE posting SET ledger = '0' {SECOND}"),
    by("entry-chain", f"{PETIT}/2", f"DELETE FROM entry WHERE account_id = '{PETIT}' AND entry_no = 1"),
    by("bill-entries", "FR00000001", "UPDATE entry SET reference = 'x' WHERE reference = 'FR00000001'"),
    by(
        "bill-entries",
        "FR00000001",
        f"UPDATE posting SET ledger = '445710' WHERE account_id = '{ACME}' AND entry_no = 1 "
        "AND ledger = '706000'",
    ),
    by("bill-debts", "FR00000001", f"UPDATE debt SET amount_minor = amount_minor - 1 {ONE}"),
    by("bill-debts", "FR00000001", f"DELETE FROM debt {ONE}"),
    by("family-sums", f"{ACME}/EUR", f"UPDATE debt SET payer_id = '{PETIT}' {ONE}"),
    by(
        "debt-operations",
        "FR00000003",
        "UPDATE debt_operation SET amount_minor = amount_minor + 1000000 "
        "WHERE debt_id = (SELECT debt_id FROM debt WHERE bill_id = 'FR00000003')",
    ),
    by(
        "debt-operations",
        "FR00000004",
        "UPDATE debt_operation SET reverses_id = 1 WHERE kind = 'reopened'",
    ),
    by("operation-entries", "FR00000003/{paid}", "DELETE FROM debt_operation WHERE operation_id = {paid}"),
    by("credits", "FR00000002", "DELETE FROM debt_operation WHERE kind = 'credit'"),
    by("deposits", "RC00000001", "UPDATE deposit SET amount_minor = 1 WHERE deposit_id = 'RC00000001'"),
    by(
        "deposit-entries",
        "RC00000001",
        "UPDATE deposit SET amount_minor = amount_minor + 1 WHERE deposit_id = 'RC00000001'",
    ),
    by("money-conserved", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '419100'"),
    by("receivable", "FR/EUR", "UPDATE posting SET amount_minor = amount_minor + 1 WHERE ledger = '411000'"),
    by("open-debts", "FR00000001", f"UPDATE open_debt SET open_minor = open_minor + 1 {ONE}"),
    by("open-debts", "FR00000001", f"DELETE FROM open_debt {ONE}"),
    by("open-deposits", "RC00000001", "INSERT INTO open_deposit VALUES ('{petit}', 'RC00000001', 'EUR', 1)"),
    by("in-hand", f"{ACME}/{ACME}/EUR", f"UPDATE in_hand SET amount_minor = amount_minor + 1 {ACMES}"),
    by("discounts-agreed", "FR00000016/2", "UPDATE discount SET from_on = '2027-03-01'"),
    by("discounts-agreed", "FR00000016/2", "DELETE FROM discount"),
    by("minimums-agreed", "FR00000016/4", "UPDATE minimum_spend SET amount_minor = 1"),
    by("minimums-agreed", "FR00000016/4", "UPDATE minimum_spend SET amount_minor = amount_minor + 1"),
    by("credit-lots", f"{PETIT}/2", "UPDATE credit_movement SET amount_minor = 1 WHERE movement_id = 2"),
    by("credit-operations", f"{PETIT}/{{credit}}", "DELETE FROM credit_movement WHERE amount_minor < 0"),
    by("credit-balances", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '419700'"),
    by("run-inputs", "{run}/1", "DELETE FROM bill_run_input WHERE run_id = {run}"),
    by(
        "shared-slices",
        "FR00000013/{works}",
        "UPDATE bill_slice SET net_minor = net_minor + 1 WHERE owner_id = '{works}'",
    ),
    by("shared-slices", "FR00000013", "UPDATE bill_slice SET tax_minor = tax_minor + 1 WHERE slice_no = 1"),
    by("shared-slices", "FR00000013/{works}", "UPDATE bill_detail SET owner_id = NULL"),
    by("shared-slices", "FR00000013/{works}", "DELETE FROM bill_slice"),
    by(
        "shared-owners",
        "FR00000013/{works}",
        "UPDATE account SET parent_id = '{petit}', payer_id = '{petit}' WHERE account_id = '{works}'",
    ),
    by("shared-owners", "FR00000013/{works}", "UPDATE bill_sharing SET from_on = '2027-03-01'"),
    by("shared-owners", "FR00000013/{works}", "UPDATE bill SET payer_id = 'x' WHERE bill_id = 'FR00000013'"),
    by("family-view", f"{ACME}/2026-11/EUR", f"UPDATE bill_tax SET tax_minor = tax_minor + 1 {ONE}"),
    by(
        "corrective-bills",
        "FR00000012",
        "UPDATE bill SET net_minor = net_minor + 1 WHERE bill_id = 'FR00000011'",
    ),
    by("corrective-bills", "FR00000012", "DELETE FROM bill WHERE bill_id = 'AV00000003'"),
    by("credited-vat", "AV00000002", "UPDATE bill_tax SET tax_minor = 0 WHERE bill_id = 'AV00000002'"),
    by("settings", "FR/price_notice_days", "UPDATE legal_entity SET price_notice_days = 7"),
    by("vat-report", "FR/2027-01/EUR", "UPDATE entry SET reference = 'FR9/1' WHERE kind = 'settlement'"),
    by("aged-balance", "FR00000003", "UPDATE entry SET reference = 'FR00000004/1' "
       "WHERE kind = 'settlement' AND reference LIKE 'FR00000003/%'"),
    by("aged-balance", "FR00000001", f"UPDATE debt SET amount_minor = amount_minor - 1 {ONE}"),
    by("deferred-revenue", f"{ACME}/EUR", "UPDATE posting SET amount_minor = amount_minor - 1 "
       f"WHERE ledger = '487000' AND account_id = '{ACME}'"),
    by("deferred-revenue", f"{ACME}/EUR", "UPDATE bill_detail SET period_end = period_end + 9 "
       "WHERE kind = 'renewal'"),
    by("accrued-revenue", f"{PETIT}/EUR", "UPDATE posting SET amount_minor = amount_minor + 1 "
       "WHERE ledger = '418100' AND (account_id, entry_no) IN (SELECT account_id, entry_no FROM entry "
       "WHERE kind = 'accrual')"),
    by("accrued-revenue", f"{PETIT}/2027-02/EUR", "DELETE FROM posting USING entry e WHERE "
       "ledger = '418100' AND posting.account_id = e.account_id AND posting.entry_no = e.entry_no "
       "AND e.kind = 'accrual-reversed'"),
    by("accrued-revenue", f"{PETIT}/2027-02/EUR", "UPDATE entry SET booked_on = booked_on + 1 "
       "WHERE kind = 'accrual-reversed'"),
    by("accrued-revenue", f"{PETIT}/EUR", "UPDATE charge SET quantity_e4 = 2 * quantity_e4 "
       "WHERE part = 'end-back'"),
    by("closed-periods", "FR/2026-11", "UPDATE entry SET booked_on = '2026-12-01' "
       "WHERE reference = 'FR00000001'"),
    by("closed-periods", "FR/2026-11", "UPDATE entry SET hash = '' WHERE reference = 'FR00000001'"),
    by("closed-periods", "FR/2026-11", "UPDATE posting SET amount_minor = amount_minor + 1 "
       f"WHERE account_id = '{ACME}' AND entry_no = 1 AND posting_no = 1"),
    by("vat-pending", "FR00000003", f"UPDATE posting SET ledger = '0' {PENDING} AND amount_minor > 0"),
    by("bank-statements", "FR/{statement}", "UPDATE bank_statement SET told = told + 1"),
    by("bank-statements", "FR/{statement}", "DELETE FROM bank_entry WHERE entry_id = {waiting}"),
    by(
        "bank-entries",
        "FR/{matched}",
        "UPDATE bank_entry SET amount_minor = amount_minor + 1 WHERE entry_id = {matched}",
    ),
    by("bank-entries", "FR/{waiting}", "DELETE FROM bank_move WHERE entry_id = {waiting}"),
    by("bank-entries", "FR/{matched}", "DELETE FROM bank_telling WHERE entry_id = {matched}"),
    by("bank-suspense", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '471000'"),
    by("bank-suspense", "FR/EUR", "DELETE FROM bank_move WHERE kind = 'suspense'"),
    by("bank-deposits", "FR/{matched}", "UPDATE deposit SET received_on = '2020-01-01' WHERE label = 'bank'"),
    by("bank-matches", "FR/match/{match}", "UPDATE bank_match_part SET amount_minor = amount_minor + 1 "
       "WHERE kind = 'paid'"),
    by("bank-matches", "FR/{matched}", "DELETE FROM bank_match WHERE rule <> 11"),
    by("bank-matches", "FR/inbox/{waiting}", "DELETE FROM bank_inbox"),
    by("bank-own", "FR/{own}", "DELETE FROM bank_own"),
    by("bank-own", "FR/{own}/bank-x/po1", "UPDATE bank_own SET amount_minor = amount_minor - 1"),
    by("bank-own", "FR/{own}/bank-x/po1", "UPDATE acquirer_payout SET fee_minor = fee_minor + 1"),
    *(by(*each) for each in CHASED),
]  # fmt: skip
