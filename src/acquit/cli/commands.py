"""The map of the command line: which task a command belongs to, where it is, and its line in `acquit --help`.

A module is imported only when its command is called, so that `acquit --help` stays quick. Names and lines
fit a terminal of 60 columns: a line has at most 38 characters.
"""

from typing import Final, NamedTuple


class Listed(NamedTuple):
    """One command: `where` is `module:attribute`, below `acquit.cli` or a whole path."""

    name: str
    where: str
    line: str


COMMANDS: Final[dict[str, tuple[Listed, ...]]] = {
    "Start": (
        Listed("demo", "demo:demo", "Make and serve a demo company."),
        Listed("init", "init:init", "Set up your own company."),
        Listed("legal-entity", "legal_entity:app", "Sellers: show and change settings."),
        Listed("serve", "serving:serve", "Serve API, office and console."),
        Listed("worker", "serving:worker", "Schedule and outbox, apart."),
    ),
    "Customers": (
        Listed("account", "account:app", "Accounts: open, show, change."),
        Listed("terms", "terms:app", "Enterprise payment: grant, revoke."),
        Listed("request", "request:app", "What customers asked of sales."),
        Listed("campaign", "campaign:app", "Consent: ask, see who gave it."),
        Listed("contract", "contract:app", "What accounts are asked to accept."),
        Listed("purchase-order", "purchase_order:app", "Purchase orders: set, list, close."),
        Listed("test-clock", "test_clock:app", "The date of a sandbox: advance."),
    ),
    "Selling": (
        Listed("catalog", "catalog:app", "Price catalogues: import, apply."),
        Listed("service", "service_move:app", "Services: subscribe, change, end."),
        Listed("billing-group", "billing_group:app", "Services that are billed apart."),
        Listed("order", "order:app", "Orders of services: list, show, bill."),
    ),
    "Billing": (
        Listed("usage", "usage:app", "Metered use: meters, import, show."),
        Listed("bills", "bills:app", "Run a period, look at runs and bills."),
        Listed("delivery", "delivery:app", "How bills leave; what became of it."),
        Listed("discount", "condition:discount", "What an account is let off."),
        Listed("reverse-bill", "reverse_bill:app", "Bills in the name of suppliers."),
        Listed("minimum-spend", "condition:minimum_spend", "What an account spends at least."),
        Listed("credit", "condition:credit", "Credit that pays bills first."),
    ),
    "Books": (
        Listed("audit", "audit:app", "Prove the books, hand evidence out."),
        Listed("period", "period:app", "Months: close, reopen, list."),
        Listed("chart", "chart:app", "Chart of accounts: show, set."),
        Listed("vat", "vat:app", "VAT that is due, with its proof."),
        Listed("export", "export:app", "Journal, FEC, balances, statements."),
        Listed("bank", "bank:app", "Bank statements: import, match."),
        Listed("archive", "archive:app", "Stamps, receipts, legal archive."),
        Listed("verify", "verify:verify", "Prove one paper, offline."),
    ),
    "Receivables": (
        Listed("dunning", "dunning:app", "Chase what is late."),
        Listed("dispute", "dispute:app", "Objections to bills."),
        Listed("credit-note", "giving_back:credit_note", "Take bills back."),
        Listed("write-off", "giving_back:write_off", "Debts that are given up."),
        Listed("refund", "giving_back:refund", "Money that goes back."),
        Listed("voucher", "giving_back:voucher", "Codes that are good for credit."),
        Listed("points", "points:app", "Points for what is paid: open, give."),
        Listed("acquirer", "acquirer:app", "What cards and wallets paid."),
    ),
    "Bank": (
        Listed("mandate", "mandate:app", "SEPA mandates of payers."),
        Listed("remittance", "remittance:app", "Direct debits, refunds: files."),
    ),
    "Access": (
        Listed("operator", "operator:app", "The provider's staff."),
        Listed("application", "application:app", "Programs that call the API."),
        Listed("consumer-key", "consumer_key:app", "What a program may do."),
        Listed("service-account", "service_account:app", "Programs that sign in themselves."),
    ),
    "Care": (
        Listed("backup", "care:backup", "Database, papers and key, whole."),
        Listed("restore", "care:restore", "Fill a new directory from a backup."),
        Listed("migrate", "care:migrate", "Bring the database up to date."),
        Listed("bench", "bench:app", "Measure, as ratios of one run."),
    ),
    "Your own bills": (Listed("collect", "acquit.collector.cli:app", "Gather bills from any APIv6."),),
}
