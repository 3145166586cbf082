"""Links to papers: they open without a login, and a wrong one finds nothing."""

import io
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypdf
import pytest

from acquit.actions.context import Context
from acquit.api.papers import Papers
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.payment_order import OrderedDebt
from acquit.store import payment_orders
from acquit.store.transaction import Database
from issued_papers import issue, numbered, paper_context

BILL = "FR00000042"


class Reader:
    """Opens links as a browser without a session does."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.papers = Papers(context)

    def get(self, target: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            seen.append((status, headers))

        environ: dict[str, Any] = {"REQUEST_METHOD": method, "REQUEST_URI": target}
        content = b"".join(self.papers(environ, start_response))
        ((status, headers),) = seen
        return int(status[:3]), dict(headers), content

    def bill(self, page: str, reference: str, password: str | None = None, method: str = "GET") -> Any:
        secret = self.context.sealer.token(f"bill:{reference}") if password is None else password
        target = f"/cgi-bin/order/{page}?reference={quote(reference)}&passwd={quote(secret)}"
        return self.get(target, method)


@pytest.fixture(scope="module")
def reader(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    context = paper_context(module_database, tmp_path_factory.mktemp("archive"))
    issue(context, numbered(42))
    return Reader(context)


def test_a_link_opens_the_paper_without_a_login(reader: Reader) -> None:
    status, headers, content = reader.bill("bill.pdf", BILL)
    assert (status, headers["Content-Type"]) == (200, "application/pdf")
    assert headers["Content-Disposition"] == 'inline; filename="FR00000042.pdf"'
    assert headers["Content-Length"] == str(len(content))
    assert "PO-2026-00417" in pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert reader.bill("bill.pdf", BILL)[2] == content


def test_the_other_link_shows_a_page_that_leads_to_the_pdf(reader: Reader) -> None:
    status, headers, content = reader.bill("bill.cgi", BILL)
    page = content.decode()
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script" not in headers["Content-Security-Policy"]
    href = page.split('class="download" href="')[1].split('"')[0].replace("&amp;", "&")
    assert reader.get(f"/cgi-bin/order/{href}")[1]["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("page", ["bill.pdf", "bill.cgi"])
@pytest.mark.parametrize(
    "password", ["", "x", "A" * 24, "é" * 24, "\x00", "00000000000000000000000=", " ", "%"]
)
def test_a_wrong_link_is_not_found(reader: Reader, page: str, password: str) -> None:
    status, headers, content = reader.bill(page, BILL, password)
    assert status == 404
    assert BILL.encode() not in content
    assert "no-referrer" in headers["Referrer-Policy"]


def test_another_bills_secret_opens_nothing(reader: Reader) -> None:
    issue(reader.context, numbered(43))
    assert reader.bill("bill.pdf", BILL, reader.context.sealer.token("bill:FR00000043"))[0] == 404


def test_the_right_secret_of_a_bill_that_never_was_finds_nothing(reader: Reader) -> None:
    assert reader.bill("bill.pdf", "FR00000099")[0] == 404


@pytest.mark.parametrize(
    "target",
    [
        "/cgi-bin/order/bill.pdf",
        "/cgi-bin/order/bill.pdf?",
        "/cgi-bin/order/bill.pdf?reference=%FF%FE&passwd=x",
        "/cgi-bin/order/bill.pdf?" + "&".join(f"a{n}=1" for n in range(50)),
        "/cgi-bin/order/",
        "/cgi-bin/order/bill.pdf/",
        "/cgi-bin/order/../bill.pdf",
        "/cgi-bin/order/bill%2Epdf",
        "/cgi-bin/order/secret.key",
        "/cgi-bin/order/displayOrder.cgi?orderId=1&orderPassword=x",
        "/cgi-bin/order/displayOrder.cgi?orderId=x'&orderPassword=",
    ],
)
def test_nothing_else_is_there(reader: Reader, target: str) -> None:
    assert reader.get(target)[0] == 404


def test_links_are_only_read(reader: Reader) -> None:
    status, headers, content = reader.bill("bill.pdf", BILL, method="HEAD")
    assert (status, content) == (200, b"")
    assert int(headers["Content-Length"]) > 10_000
    status, headers, _ = reader.bill("bill.pdf", BILL, method="POST")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_a_links_secret_is_never_logged(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reader = Reader(paper_context(database, tmp_path))
    issue(reader.context, numbered(42))
    secret = reader.context.sealer.token(f"bill:{BILL}")
    reader.bill("bill.pdf", BILL)
    reader.bill("bill.pdf", BILL, "guessed-secret")
    database.close()
    assert reader.bill("bill.pdf", BILL)[0] in (500, 503)
    assert caplog.records
    said = "\n".join(str(vars(record)) for record in caplog.records)
    assert secret not in said
    assert "guessed-secret" not in said


def test_the_page_of_a_payment_order_tells_how_to_pay(reader: Reader) -> None:
    parts = (OrderedDebt(DebtId(42), BillId(BILL), 12_345),)
    with reader.context.database.write() as tx:
        order = payment_orders.add(tx, AccountId("cd67890-acq"), Currency("EUR"), parts, "system")
    secret = reader.context.sealer.token(f"order:{order.order_id}")
    target = f"/cgi-bin/order/displayOrder.cgi?orderId={order.order_id}&orderPassword="
    status, _, content = reader.get(target + quote(secret))
    page = content.decode()
    assert status == 200
    assert "123,45\N{NARROW NO-BREAK SPACE}€" in page
    assert "RF18 5390 0754 7034" in page
    assert "FR76 3000 6000 0112 3456 7890 189" in page
    assert reader.get(target + "wrong")[0] == 404


def test_the_right_secret_of_an_order_that_never_was_finds_nothing(reader: Reader) -> None:
    for text in ("7", "07", "9" * 40, "-1", "one"):
        secret = quote(reader.context.sealer.token(f"order:{text}"))
        target = f"/cgi-bin/order/displayOrder.cgi?orderId={text}&orderPassword={secret}"
        assert reader.get(target)[0] == 404
