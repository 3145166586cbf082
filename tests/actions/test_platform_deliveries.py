"""E-invoices go to a platform and to Peppol, once; what platform, buyer and bank tell becomes statuses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.deliver import Delivered, deliver_due
from acquit.actions.follow_platform import follow_platform, hear_platform
from acquit.actions.open_dispute import open_dispute
from acquit.actions.render_document import bill_cii, bill_pdf, bill_ubl
from acquit.actions.set_delivery import (
    list_deliveries,
    send_again,
    show_statuses,
)
from acquit.actions.settle_debt import return_payment
from acquit.actions.tell_statuses import tell_statuses
from acquit.api.e_invoicing import e_invoicing_status
from acquit.core.debt import Debt, Means, OperationKind
from acquit.core.delivery import (
    Channel,
    key_of,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId, ServiceId
from acquit.core.life_cycle import SaidBy
from acquit.documents.life_cycle import read_statuses
from acquit.documents.specimen import detail, specimen
from acquit.store import bill_statuses, debts
from acquit.store.transaction import Database
from billed import ON, failed, rows
from delivering import (
    ATTEMPTS,
    Flows,
    by_peppol,
    by_platform,
    delivering,
    later_due,
    leave_by,
    platform,
    render,
    soon,
)
from founding import ACME, PETIT
from issued_papers import issue
from owing import debt_of, operations_of, pay


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Context:
    return delivering(database, tmp_path / "papers")


@pytest.fixture
def flows() -> Iterator[Flows]:
    with platform() as found:
        yield found


def bill_of(context: Context, account_id: AccountId) -> BillId:
    return debt_of(context, account_id).bill_id


def on_wire(context: Context, account_id: AccountId) -> tuple[str, str]:
    bill_id = bill_of(context, account_id)
    with context.database.read() as tx:
        (row,) = bill_statuses.find_rows(tx, account_id, [bill_id])
    found = bill_statuses.on_wire(bill_statuses.version_of(row))
    assert found is not None
    return found.reference, e_invoicing_status(found.outcome, found.codes)


# ---------------------------------------------------------------- the platform


def test_bills_go_to_the_platform_under_their_key(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    assert on_wire(world, PETIT) == ("", "readyToSubmit")
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert flows.tokens == 1
    bill_id = bill_of(world, PETIT)
    (posted,) = [each for each in flows.posted if each["name"] == f"{bill_id}.pdf"]
    assert posted["trackingId"] == key_of(bill_id, "platform", "bill")
    assert (posted["flowSyntax"], posted["processingRule"], posted["type"]) == (
        "Factur-X", "B2B", "application/pdf",
    )  # fmt: skip
    assert flows.files[posted["flowId"]] == bill_pdf(world, PETIT, bill_id)
    assert on_wire(world, PETIT) == (posted["flowId"], "submitted")
    assert failed(world) == {}


def test_an_answer_that_is_lost_does_not_post_twice(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.loses_answers = True
    assert deliver_due(by_platform(world, flows)) == Delivered(delayed=4)
    assert len(flows.posted) == 1
    flows.loses_answers = False
    later_due(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert len({each["trackingId"] for each in flows.posted}) == len(flows.posted) == 4


@pytest.mark.parametrize("code", [429, 500, 503, 403])
def test_a_platform_that_is_unwell_delays(world: Context, flows: Flows, code: int) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.post_code = code
    assert deliver_due(by_platform(world, flows)) == Delivered(delayed=4)
    flows.post_code = 202
    later_due(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert len(flows.posted) == 4


@pytest.mark.parametrize("code", [400, 413, 422])
def test_what_a_platform_refuses_waits_for_a_person(world: Context, flows: Flows, code: int) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.post_code = code
    assert deliver_due(by_platform(world, flows)) == Delivered(refused=4)
    (first, *_) = list_deliveries(world, ["refused"])
    assert first.told == f"{code} E1 not this one"
    assert on_wire(world, PETIT) == ("", "error")
    assert failed(world) == {}


def test_tokens_are_renewed_and_a_wrong_secret_delays(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.bad_tokens.add("token-1")
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert flows.tokens == 2
    right, flows.secret = flows.secret, "changed"
    wrong = by_platform(world, replace(flows, secret=right))
    send_again(world, bill_of(world, PETIT), by="cli")
    assert deliver_due(wrong) == Delivered(delayed=1)
    assert rows(world, ATTEMPTS)[-1].told == "the platform gives us no token: 401"


def test_persons_and_foreign_buyers_do_not_go_there(world: Context, flows: Flows) -> None:
    with world.database.write() as tx:
        tx.connection.execute(
            "RESET ROLE; UPDATE snapshot SET body = jsonb_set(body::jsonb, '{tax_profile}', '\"person\"') "
            "WHERE snapshot_hash = (SELECT buyer_hash FROM bill WHERE account_id = 'cd67890-acq')"
        )
    leave_by(world, Channel.PLATFORM)
    render(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=3)
    assert failed(world).keys() == {"snapshots"}, "the copy that we changed by hand, and no delivery"


def test_what_the_platform_and_the_buyer_say_becomes_statuses(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    connected = by_platform(world, flows)
    deliver_due(connected)
    petits, acmes = bill_of(world, PETIT), bill_of(world, ACME)
    flow_ids = {each["name"].removesuffix(".pdf"): each["flowId"] for each in flows.posted}
    flows.acknowledged = {
        flow_ids[petits]: {"status": "Ok"},
        flow_ids[acmes]: {
            "status": "Error",
            "details": [
                {"level": "Error", "item": "BT-48", "reasonCode": "REJ_SEMAN", "reasonMessage": "no"}
            ],
        },
    }
    assert follow_platform(connected) == 2
    assert follow_platform(connected) == 0, "what is known changes nothing"
    assert on_wire(world, PETIT) == (flow_ids[petits], "processing")
    assert on_wire(world, ACME) == (flow_ids[acmes], "invalid")
    _, (rejected,) = show_statuses(world, acmes)
    assert (rejected.code, rejected.said_by, rejected.reason) == (213, SaidBy.PLATFORM, "REJ_SEMAN BT-48 no")
    for number, (code, expected) in enumerate([(202, "ok"), (205, "accepted"), (210, "rejected")]):
        flows.files[f"in-{number}"] = status_message(petits, code)
        flows.incoming.append(
            {"flowId": f"in-{number}", "flowType": "CustomerInvoiceLC", "flowDirection": "In",
             "updatedAt": soon()}
        )  # fmt: skip
        assert follow_platform(connected) == 1
        assert on_wire(world, PETIT)[1] == expected
    flows.files["in-9"] = b"<broken"
    flows.incoming.append({**flows.incoming[0], "flowId": "in-9"})
    flows.files["in-8"] = status_message("FR99999999", 205)
    flows.incoming.append({**flows.incoming[0], "flowId": "in-8"})
    assert follow_platform(connected) == 0, "what cannot be read, or is nobody's, stops nothing"
    _, said = show_statuses(world, petits)
    assert [(each.code, each.said_by) for each in said] == [
        (200, SaidBy.PLATFORM), (202, SaidBy.BUYER), (205, SaidBy.BUYER), (210, SaidBy.BUYER),
    ]  # fmt: skip


def status_message(bill_id: str, code: int) -> bytes:
    return f"""<?xml version="1.0"?>
<CrossDomainAcknowledgementAndResponse xmlns="urn:x"><ExchangedDocument><IssuerTradeParty>
<RoleCode>BY</RoleCode></IssuerTradeParty></ExchangedDocument><AcknowledgementDocument>
<IssueDateTime><DateTimeString format="204">20261124101500</DateTimeString></IssueDateTime>
<ReferenceReferencedDocument><IssuerAssignedID>{bill_id}</IssuerAssignedID>
<ProcessConditionCode>{code}</ProcessConditionCode><SpecifiedDocumentStatus>
<ReasonCode>AUTRE</ReasonCode></SpecifiedDocumentStatus></ReferenceReferencedDocument>
</AcknowledgementDocument></CrossDomainAcknowledgementAndResponse>""".encode()


def test_a_platform_that_is_silent_is_asked_again_next_time(
    world: Context, flows: Flows, caplog: pytest.LogCaptureFixture
) -> None:
    flows.bad_tokens |= {"token-1", "token-2"}
    assert hear_platform(by_platform(world, flows)) == 0
    assert [record.message for record in caplog.records] == ["platform.silent"]


# ---------------------------------------------------------------- collected, disputed


def collected(context: Context, account_id: AccountId) -> list[tuple[tuple[int, int], ...]]:
    _, said = show_statuses(context, bill_of(context, account_id))
    return [each.collected for each in said if each.code == 212]


def test_part_payments_and_a_return_are_told_per_rate(world: Context, flows: Flows) -> None:
    pay(world, PETIT, 100, 100)
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 400, 400)
    assert tell_statuses(world) == 2, "what was paid before the bill left is told too"
    pay(world, PETIT, 700, 700)
    last = operations_of(world, PETIT)[-1]
    return_payment(world, PETIT, debt_of(world, PETIT).debt_id, last.operation_id, "AC04", by="cli")
    assert tell_statuses(world) == 2
    assert tell_statuses(world) == 0
    assert collected(world, PETIT) == [((2000, 100),), ((2000, 400),), ((2000, 700),), ((2000, -700),)]
    assert failed(world) == {}
    connected = by_platform(world, flows)
    deliver_due(connected)
    later_due(world)
    deliver_due(connected)
    messages = [flows.files[each["flowId"]] for each in flows.posted if each["flowSyntax"] == "CDAR"]
    assert len(messages) == 4
    assert [told.code for each in messages for told in read_statuses(each)] == [212] * 4
    assert sum(b">-7.00</ram:ValueAmount>" in each for each in messages) == 1
    assert failed(world) == {}


def test_part_payments_of_several_rates_add_up_to_each(world: Context) -> None:
    whole = two_rates(world)
    leave_by(world, Channel.PLATFORM)
    render(world)
    parts = [1, 333, 2_000]
    parts.append(sum(whole.values()) - sum(parts))
    for amount_minor in parts:
        with world.database.write() as tx:
            debts.add_operation(
                tx, PETIT, DebtId(900), OperationKind.PAYMENT, Means.TRANSFER, amount_minor, ON
            )  # fmt: skip
        tell_statuses(world)
    _, said = show_statuses(world, TWO_RATES)
    told = [each.collected for each in said]
    assert [sum(amount for _, amount in each) for each in told] == parts
    sums: dict[int, int] = {}
    for rate, amount in (share for each in told for share in each):
        assert amount > 0
        sums[rate] = sums.get(rate, 0) + amount
    assert sums == whole
    assert "collected-told" not in failed(world)


TWO_RATES = BillId("FR00000942")


def two_rates(context: Context) -> dict[int, int]:
    """Petit owes a bill of two rates, as a run would have written it; return what each comes to."""
    lines = [
        replace(
            detail(f"srv-{number}", "Livre", 1_234_567_800, vat=("S", rate)),
            service_id=ServiceId(number),
            correction_no=9,
        )
        for number, rate in ((901, 2_000), (902, 550), (903, 550))
    ]
    paper = specimen(
        lines, bill_id=TWO_RATES, order_id=OrderId(900), payer_id=PETIT, issued_on=ON, due_on=ON
    )  # fmt: skip
    issue(context, paper)
    bill = paper.bill
    owed = Debt(
        PETIT, DebtId(900), TWO_RATES, PETIT, bill.currency, bill.total_minor, bill.issued_at, bill.due_on
    )
    with context.database.write() as tx:
        debts.write(tx, [owed])
    return {each.vat_rate_bp: each.net_minor + each.tax_minor for each in bill.taxes}


def test_a_payment_waits_until_its_bill_is_there(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    tell_statuses(world)
    flows.post_code = 503
    connected = by_platform(world, flows)
    deliver_due(connected)
    flows.post_code = 202
    for _ in range(2):
        later_due(world)
        deliver_due(connected)
    kinds = [each["flowSyntax"] for each in flows.posted]
    assert (kinds.count("CDAR"), kinds.count("Factur-X"), kinds[-1]) == (1, 4, "CDAR")


def test_a_seller_whose_vat_is_due_with_the_bill_tells_no_payment(database: Database, tmp_path: Path) -> None:
    world = delivering(database, tmp_path / "papers", vat_on_debits=True)
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    assert tell_statuses(world) == 0
    assert rows(world, "SELECT 1 FROM status_waiting") == []
    assert failed(world) == {}


def test_a_bill_that_is_on_no_platform_tells_nothing(world: Context) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    open_dispute(world, ACME, bill_of(world, ACME), 500, "wrong price", by="cli")
    assert rows(world, "SELECT 1 FROM status_waiting") == []
    assert show_statuses(world, bill_of(world, ACME))[1] == []


def test_a_dispute_is_a_status(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    deliver_due(by_platform(world, flows))
    open_dispute(world, ACME, bill_of(world, ACME), 500, "wrong price", by="cli")
    _, (disputed,) = show_statuses(world, bill_of(world, ACME))
    assert (disputed.code, disputed.said_by, disputed.reason) == (207, SaidBy.BUYER, "wrong price")
    assert on_wire(world, ACME)[1] == "ok"


# ---------------------------------------------------------------- Peppol


def test_ubl_is_handed_over_in_its_envelope(world: Context, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with world.database.write() as tx:
        tx.connection.execute(
            "RESET ROLE; UPDATE snapshot SET body = "
            "jsonb_set(body::jsonb, '{e_address}', '\"0208:0123456789\"') "
            "WHERE snapshot_hash = (SELECT buyer_hash FROM bill WHERE account_id = 'cd67890-acq')"
        )
    leave_by(world, Channel.PEPPOL, "ubl")
    render(world)
    petits = bill_of(world, PETIT)
    (waiting,) = list_deliveries(world)
    assert (waiting.bill_id, waiting.channel) == (petits, "peppol")
    connected = by_peppol(world, out)
    assert deliver_due(connected) == Delivered(delayed=1), "the directory is not there"
    out.mkdir()
    later_due(world)
    assert deliver_due(connected) == Delivered(sent=1)
    (file,) = out.iterdir()
    assert file.name == f"{petits}-{key_of(petits, 'peppol', 'bill')[:8]}.xml"
    said = file.read_text(encoding="utf-8")
    assert '<Identifier Authority="iso6523-actorid-upis">0208:0123456789</Identifier>' in said
    assert '<Identifier Authority="iso6523-actorid-upis">0225:732829320</Identifier>' in said
    ubl = bill_ubl(world, PETIT, petits).decode()
    assert ubl.partition("?>")[2].strip() in said
    assert "::Invoice##urn:cen.eu:en16931:2017::2.1</InstanceIdentifier>" in said
    assert on_wire(world, PETIT) == (file.name, "submitted")
    assert failed(world).keys() == {"snapshots"}, "the copy that we changed by hand, and no delivery"


@pytest.mark.parametrize(("form", "syntax"), [("cii", "CII"), ("ubl", "UBL")])
def test_a_platform_may_get_xml_alone(world: Context, flows: Flows, form: str, syntax: str) -> None:
    leave_by(world, Channel.PLATFORM, form)
    render(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    petits = bill_of(world, PETIT)
    (posted,) = [each for each in flows.posted if each["name"] == f"{petits}.xml"]
    assert (posted["flowSyntax"], posted["type"]) == (syntax, "application/xml")
    read = {"cii": bill_cii, "ubl": bill_ubl}[form]
    assert flows.files[posted["flowId"]] == read(world, PETIT, petits)
