"""Bundle bills, so that one transfer settles them all; keep what payers say that they pay."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_of, require_if_staff, require_staff
from acquit.core.account import LegalEntity
from acquit.core.bundle import BadAdvice, Bundle, NoSuchBundle, NothingToBundle, bundled, refuse_clash
from acquit.core.identifiers import AccountId, BillId
from acquit.core.match import OpenDebt
from acquit.core.money import BadAmount, Currency, parsed
from acquit.core.operator import Right
from acquit.core.snapshot import seller
from acquit.documents.bundle_advice import Payee, as_page, as_table, as_text
from acquit.documents.bundle_sheet import render_bundle
from acquit.documents.letterhead import Letterhead
from acquit.documents.payment_code import payment_code
from acquit.store import acts, bank_evidence, bundles, legal_parties
from acquit.store.transaction import Transaction

ADVICE_LINES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Papers:
    """A bundle with its remittance advice in three forms, and in euro the code that a telephone reads.

    Text and page speak the account's language.
    """

    bundle: Bundle
    text: bytes
    table: bytes
    page: bytes
    code: str | None = None


def bundle_bills(
    context: Context,
    payer_id: AccountId,
    bill_ids: Sequence[BillId] = (),
    *,
    by: str,
    with_credit: bool = False,
) -> Papers:
    """There is a reference under which one transfer pays these bills (none named: all that is open).

    With `with_credit` the payer's credit balance is taken off. Raises NoSuchAccount, NothingToBundle,
    ReferenceClash.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.SETTLE_DEBTS)
        account = account_in(tx, payer_id)
        entity = entity_of(tx, account)
        refuse_clash(bank_evidence.bill_series(tx, entity.legal_entity_id))
        owed = bank_evidence.open_of_payers(tx, [payer_id]).get(payer_id, [])
        if bill_ids:
            owed = _chosen(owed, bill_ids, payer_id)
        on = date_of(context, entity)
        currency = owed[0].currency if owed else account.currency
        credit = bank_evidence.credit(tx, [payer_id], on).get(payer_id, {}) if with_credit else {}
        parts, currency, taken = bundled(owed, payer_id, credit.get(currency, 0))
        bundle = bundles.add(tx, payer_id, parts, currency, taken, on, by)
        acts.record(
            tx, by, "bundle_bills", payer_id, bundle.reference, amount_minor=bundle.amount_minor,
            currency=currency,
        )  # fmt: skip
    return _papers(bundle, entity, account.language)


def find_bundle(context: Context, payer_id: AccountId, bundle_id: int) -> Papers:
    """Return the payer's bundle with its papers. Raises NoSuchAccount, NoSuchBundle."""
    with context.database.snapshot() as tx:
        account = account_in(tx, payer_id)
        entity = entity_of(tx, account)
        bundle = _bundle_in(tx, payer_id, bundle_id)
    return _papers(bundle, entity, account.language)


def payment_sheet(context: Context, payer_id: AccountId, bundle_id: int, language: str = "") -> bytes:
    """Return the payment sheet of a bundle as PDF, in the account's language unless told otherwise.

    Raises NoSuchAccount, NoSuchBundle.
    """
    with context.database.snapshot() as tx:
        account = account_in(tx, payer_id)
        entity = entity_of(tx, account)
        bundle = _bundle_in(tx, payer_id, bundle_id)
        party = legal_parties.of_account(tx, payer_id, bundle.made_on)
    name = "" if party is None else party.name
    return render_bundle(bundle, name, seller(entity), language or account.language)


def import_advice(
    context: Context, payer_id: AccountId, name: str, content: bytes, *, by: str
) -> tuple[int | None, int]:
    """What the payer says that a transfer pays is evidence for matching; return its number and total.

    The table has a header with `bill` and `amount`; other columns are ignored, a line without a bill takes
    something off. The number is None when the same advice was kept before. Raises NoSuchAccount, BadAdvice.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
        account = account_in(tx, payer_id)
        lines = _lines(content, account.currency)
        total = sum(amount for _, amount in lines)
        sha256 = hashlib.sha256(content).hexdigest()
        advice_id = bundles.add_advice(tx, payer_id, sha256, name, account.currency, lines, by)
        if advice_id is not None:
            acts.record(tx, by, "import_advice", payer_id, str(advice_id), total_minor=total)
    return advice_id, total


def _bundle_in(tx: Transaction, payer_id: AccountId, bundle_id: int) -> Bundle:
    found = bundles.find(tx, payer_id, bundle_id)
    if found is not None:
        return found
    raise NoSuchBundle(f"Account {payer_id} has no bundle {bundle_id}.", bundle=str(bundle_id))


def _papers(bundle: Bundle, entity: LegalEntity, language: str) -> Papers:
    payee = Payee(entity.name, entity.iban, entity.bic)
    sender = Letterhead(seller(entity), entity.logo or b"")
    code = None
    if bundle.currency == "EUR":
        code = payment_code(entity.name, entity.iban, entity.bic, bundle.reference, bundle.amount_minor)
    text, page = as_text(bundle, payee, language), as_page(bundle, payee, sender, language)
    return Papers(bundle, text, as_table(bundle), page, code)


def _chosen(owed: Sequence[OpenDebt], bill_ids: Sequence[BillId], payer_id: AccountId) -> list[OpenDebt]:
    known = {debt.bill_id: debt for debt in owed}
    missing = [bill_id for bill_id in bill_ids if bill_id not in known]
    if missing:
        raise NothingToBundle(
            f"{payer_id} owes nothing on {', '.join(missing)}: paid already, or not its bill.",
            bill=missing[0],
        )
    return [known[bill_id] for bill_id in dict.fromkeys(bill_ids)]


def _lines(content: bytes, currency: Currency) -> list[tuple[BillId, int]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadAdvice("The remittance advice is not UTF-8.") from None
    delimiter = ";" if text.split("\n", 1)[0].count(";") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    named = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if "bill" not in named or not {"amount", "paid_amount"} & set(named):
        raise BadAdvice("A remittance advice has columns bill and amount.")
    amount_name = named.get("paid_amount") or named["amount"]
    lines = []
    for row in reader:
        try:
            amount = parsed(row[amount_name] or "0", currency)
        except BadAmount as error:
            raise BadAdvice(f"line {reader.line_num}: {error.message}") from None
        if amount:
            lines.append((BillId((row[named["bill"]] or "").strip()), amount))
    if not 0 < len(lines) <= ADVICE_LINES_MAX:
        raise BadAdvice(f"A remittance advice has 1 to {ADVICE_LINES_MAX} lines with an amount.")
    return lines
