"""What is set about banks and payers, and bundles: the rest of `acquit bank`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.bundle_bills import bundle_bills, import_advice, payment_sheet
from acquit.actions.context import Context
from acquit.actions.import_bank_file import Mapped, read_mapping
from acquit.actions.loading import account_in
from acquit.actions.set_bank import add_bank_account, group_payers, know_iban, set_bank_limits
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given
from acquit.cli.screen import Screen, table
from acquit.cli.terms import Operator, actor
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import parsed, plain
from acquit.store import bank_settings, bundles, legal_entities
from acquit.store.bank_settings import Limits

ForPayer = Annotated[str, Parameter(name="--account", help="The payer, as in ab12345-acq.")]
Seller = Annotated[str | None, Parameter(name="--legal-entity", help="The seller, where there are several.")]
FILE_MAX = 10_000_000


def register(app: App) -> None:
    """Put these commands below `acquit bank`."""
    for command in (account, limits, payers, payer, group, bundle, advice):
        app.command(command, name=command.__name__.rstrip("_"))


def read_bank_mapping(path: Path) -> Mapped:
    """Return the mapping of a bank's own table. Raises BadBankFile, Invalid."""
    return read_mapping(_content(path).decode("utf-8", errors="replace"))


def account(
    iban: Annotated[str | None, Parameter(help="The account at the bank; lists them if not given.")] = None,
    /,
    *,
    name: Annotated[str, Parameter(help="What it is called.", show_default=False)] = "",
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Make an account at a bank known as the seller's own, or list them."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        if iban is not None:
            add_bank_account(context, entity_id, iban, name, by=actor(operator))
        with context.database.read() as tx:
            found = [{"iban": row.iban, "name": row.name} for row in bank_settings.accounts(tx, entity_id)]
    program.screen.answer(found, table("IBAN", "name", rows=[(each["iban"], each["name"]) for each in found]))


def limits(
    *,
    approval_above: Annotated[
        str | None, Parameter(help="Above this amount a match by hand takes two; 'never' for none.")
    ] = None,
    tolerance: Annotated[str | None, Parameter(help="How much may be missing to be written off.")] = None,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Set above which amount two persons match by hand and how much may be missing, or show it."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            before = bank_settings.limits(tx, entity_id)
            entity = legal_entities.find(tx, entity_id)
        assert entity is not None, "the legal entity was found before"
        currency = entity.currency
        above = before.approval_above_minor
        if approval_above is not None:
            above = None if approval_above == "never" else parsed(approval_above, currency)
        missing = before.short_tolerance_minor if tolerance is None else parsed(tolerance, currency)
        now = Limits(above, missing)
        if now != before:
            set_bank_limits(context, entity_id, now, by=actor(operator))
    two = "never" if now.approval_above_minor is None else plain(now.approval_above_minor, currency)
    program.screen.answer(
        {"approval_above_minor": now.approval_above_minor, "short_tolerance_minor": now.short_tolerance_minor,
         "currency": currency},
        f"Two persons above: {two}. May be missing: {plain(now.short_tolerance_minor, currency)} {currency}.",
    )  # fmt: skip


def payers(*, legal_entity: Seller = None, program: Given) -> None:
    """List known and virtual IBANs of payers, and groups of payers."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            found = [
                {"kind": row.kind, "name": row.name, "account": row.account_id, "by": row.by}
                for row in bank_settings.payers(tx, entity_id)
            ]
    rows = [(each["kind"], each["name"], each["account"], each["by"]) for each in found]
    program.screen.answer(
        found, table("kind", "IBAN or group", "payer", "by", rows=rows) if rows else "No payer is known yet."
    )


def payer(
    iban: Annotated[str, Parameter(help="The IBAN.")],
    /,
    *,
    account: ForPayer,
    virtual: Annotated[bool, Parameter(negative="", help="One that this payer alone pays to.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Know that a payer pays from an IBAN, or (--virtual) is given one of its own to pay to."""
    with program.open() as context:
        bare = know_iban(context, AccountId(account), iban, by=actor(operator), is_virtual=virtual)
    program.screen.answer(
        {"iban": bare, "account": account, "virtual": virtual}, f"{bare} is known to be of {account}."
    )


def group(
    name: Annotated[str, Parameter(help="What the group is called.")],
    /,
    *,
    account: Annotated[
        list[str], Parameter(name="--account", help="Its payers; repeat it.", consume_multiple=True)
    ],
    operator: Operator = None,
    program: Given,
) -> None:
    """Let payers pay for one another, as from the account of their holding."""
    with program.open() as context:
        group_payers(context, name, [AccountId(each) for each in account], by=actor(operator))
    program.screen.answer({"group": name, "accounts": account}, f"{', '.join(account)} are of group {name}.")


def bundle(
    *bill: str,
    account: ForPayer,
    with_credit: Annotated[bool, Parameter(negative="", help="Take the payer's credit off.")] = False,
    out: Annotated[
        Path | None, Parameter(help="A directory for the remittance advice and the payment sheet (PDF).")
    ] = None,
    number: Annotated[int | None, Parameter(help="Write the sheet of this bundle again; make none.")] = None,
    show: Annotated[bool, Parameter(name="--list", negative="", help="List the payer's bundles.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Bundle bills (all that is open if none is named): one reference, one transfer, one advice.

    Parameters
    ----------
    bill
        The bills.
    """
    payer_id = AccountId(account)
    with program.open() as context:
        if show:
            with context.database.read() as tx:
                account_in(tx, payer_id)
                found = [_bundle(each) for each in bundles.of_account(tx, payer_id)]
            rows = [(each["bundle"], each["reference"], each["amount"], len(each["parts"])) for each in found]
            program.screen.answer(
                found, table(">bundle", "reference", ">amount", ">bills", rows=rows) if rows else "No bundle."
            )
            return
        if number is not None:
            _write_sheet(context, program.screen, payer_id, number, out)
            return
        made = bundle_bills(
            context, payer_id, [BillId(each) for each in bill], by=actor(operator), with_credit=with_credit
        )
        bundle_id, files = made.bundle.bundle_id, []
        if out is not None:
            forms = (("txt", made.text), ("csv", made.table), ("html", made.page))
            papers = [(f"remittance-advice-{bundle_id}.{suffix}", content) for suffix, content in forms]
            papers.append((f"payment-sheet-{bundle_id}.pdf", payment_sheet(context, payer_id, bundle_id)))
            files = [_written(out, name, content) for name, content in papers]
    program.screen.answer(_bundle(made.bundle) | {"files": files}, made.text.decode())


def _write_sheet(
    context: Context, screen: Screen, payer_id: AccountId, number: int, out: Path | None
) -> None:
    content = payment_sheet(context, payer_id, number)
    path = _written(out or Path(), f"payment-sheet-{number}.pdf", content)
    screen.answer({"bundle": number, "account": payer_id, "files": [path]}, path)


def _written(directory: Path, name: str, content: bytes) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_bytes(content)
    return str(path)


def advice(file: Path, /, *, account: ForPayer, operator: Operator = None, program: Given) -> None:
    """Keep a payer's remittance advice (CSV with bill and amount) as evidence for matching.

    Parameters
    ----------
    file
        The payer's file.
    """
    with program.open() as context:
        number, total = import_advice(
            context, AccountId(account), file.name, _content(file), by=actor(operator)
        )
    program.screen.answer(
        {"advice": number, "account": account, "total_minor": total, "status": "kept" if number else "known"},
        f"Remittance advice {number} is kept." if number else "This remittance advice was known already.",
    )


def _bundle(each: Any) -> dict[str, Any]:
    return {
        "bundle": each.bundle_id, "account": each.account_id, "reference": each.reference,
        "amount": f"{plain(each.amount_minor, each.currency)} {each.currency}",
        "amount_minor": each.amount_minor, "credit_minor": each.credit_minor, "currency": each.currency,
        "made_on": each.made_on,
        "parts": [{"bill": part.bill_id, "account": part.account_id, "amount_minor": part.amount_minor}
                  for part in each.parts],
    }  # fmt: skip


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    if path.stat().st_size > FILE_MAX:
        raise Invalid(f"{path} is larger than 10 MB.")
    return path.read_bytes()
