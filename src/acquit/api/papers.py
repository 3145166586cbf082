"""The links that open a paper without a login.

Below `/cgi-bin/order`: `bill.pdf`, `bill.cgi`, `displayOrder.cgi`, `receipt.cgi`, `contract.pdf`,
`bills.cgi` for an archive of bills, and `usage.cgi` for use as a table.

Whoever has a link may read one paper; a wrong one is not found, whether the paper exists or not. Nothing
of a link's query ever reaches a log.
"""

import hmac
import logging
import mimetypes
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from acquit.actions.context import Context
from acquit.actions.export_bills import exported
from acquit.actions.publish_contract import contract_paper
from acquit.actions.render_document import account_of, bill_page, bill_pdf
from acquit.actions.report_usage import bill_usage, usage_report
from acquit.actions.show_order import order_page
from acquit.actions.show_receipt import deposit_page, refund_page
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.papers")

PREFIX: Final = "/cgi-bin/order"
PARAMETERS_MAX: Final = 8
NUMBER_DIGITS_MAX: Final = 18

StartResponse = Callable[[str, list[tuple[str, str]]], object]
Headers = list[tuple[str, str]]
Query = Mapping[str, str]
Paper = tuple[Headers, bytes]

PRIVATE: Final = (
    ("Cache-Control", "private, no-cache"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow, noarchive"),
)
PAGE: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'",
    ),
)
PLAIN: Final = (("Content-Type", "text/plain; charset=utf-8"),)


class NoSuchLink(NotFound):
    """The link is wrong, or what it named never was."""

    code = "no-such-link"


class Papers:
    """The WSGI application below `/cgi-bin/order`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pages: dict[str, Callable[[Query], Paper]] = {
            f"{PREFIX}/bill.pdf": self._bill_pdf,
            f"{PREFIX}/bill.cgi": self._bill_page,
            f"{PREFIX}/bills.cgi": self._archive,
            f"{PREFIX}/displayOrder.cgi": self._order_page,
            f"{PREFIX}/receipt.cgi": self._receipt_page,
            f"{PREFIX}/contract.pdf": self._contract,
            f"{PREFIX}/usage.cgi": self._usage,
        }

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, content = self._answer(environ)
        start_response(status, [*headers, *PRIVATE, ("Content-Length", str(len(content)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def _answer(self, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
        path, _, query = environ["REQUEST_URI"].partition("?")
        page = self._pages.get(path)
        try:
            if page is None:
                raise NoSuchLink(path)
            if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                return "405 Method Not Allowed", [*PLAIN, ("Allow", "GET, HEAD")], b"Read it with GET.\n"
            return "200 OK", *page(_read(query))
        except NotFound:
            return "404 Not Found", [*PLAIN], b"There is no such paper, or the link is not complete.\n"
        except Unavailable:
            log.error("paper.unavailable", extra={"path": path})
            return "503 Service Unavailable", [*PLAIN, ("Retry-After", "5")], b"Try again in a moment.\n"
        except Exception as error:
            log.error("paper.crash", extra={"path": path, "error": type(error).__qualname__})
            return "500 Internal Server Error", [*PLAIN], b"The paper cannot be shown now.\n"

    def _bill_pdf(self, query: Query) -> Paper:
        bill_id = self._bill(query)
        content = bill_pdf(self._context, account_of(self._context, bill_id), bill_id)
        file_name = bill_id.replace("/", "-")
        return [
            ("Content-Type", "application/pdf"),
            ("Content-Disposition", f'inline; filename="{file_name}.pdf"'),
        ], content

    def _bill_page(self, query: Query) -> Paper:
        bill_id = self._bill(query)
        link = "bill.pdf?" + urlencode({"reference": bill_id, "passwd": query["passwd"]})
        return [*PAGE], bill_page(self._context, account_of(self._context, bill_id), bill_id, link)

    def _order_page(self, query: Query) -> Paper:
        text = query.get("orderId", "")
        self._refuse_wrong(f"order:{text}", query.get("orderPassword", ""))
        return [*PAGE], order_page(self._context, OrderId(_number(text)))

    def _receipt_page(self, query: Query) -> Paper:
        kind, account, number = (query.get(name, "") for name in ("kind", "account", "number"))
        self._refuse_wrong(f"receipt:{kind}:{account}:{number}", query.get("passwd", ""))
        if kind == "deposit":
            return [*PAGE], deposit_page(self._context, AccountId(account), number)
        return [*PAGE], refund_page(self._context, AccountId(account), _number(number))

    def _archive(self, query: Query) -> Paper:
        found = exported(self._context, _number(query.get("export", "")), query.get("passwd", ""))
        return [
            ("Content-Type", mimetypes.guess_type(found.name)[0] or "application/octet-stream"),
            ("Content-Disposition", f'attachment; filename="{found.name}"'),
        ], found.content

    def _contract(self, query: Query) -> Paper:
        number = _number(query.get("contract", ""))
        content = contract_paper(self._context, number, query.get("passwd", ""))
        return [
            ("Content-Type", "application/pdf"),
            ("Content-Disposition", f'inline; filename="contract-{number}.pdf"'),
        ], content

    def _usage(self, query: Query) -> Paper:
        secret = query.get("passwd", "")
        if "report" in query:
            name, content = usage_report(self._context, _number(query["report"]), secret)
        else:
            name, content = bill_usage(self._context, BillId(query.get("reference", "")), secret)
        return [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", f'attachment; filename="{name}"'),
        ], content

    def _bill(self, query: Query) -> BillId:
        reference = query.get("reference", "")
        self._refuse_wrong(f"bill:{reference}", query.get("passwd", ""))
        return BillId(reference)

    def _refuse_wrong(self, purpose: str, given: str) -> None:
        """Pass when the link's secret is right; the comparison takes as long for every wrong one."""
        right = self._context.sealer.token(purpose)
        if not hmac.compare_digest(right.encode(), given.encode()):
            raise NoSuchLink(purpose)


def _number(text: str) -> int:
    """Return the number in a link. Raises NoSuchLink when there is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX):
        raise NoSuchLink(text)
    return int(text)


def _read(query: str) -> Query:
    """Return the parameters; what no link of ours looks like has none."""
    try:
        return dict(parse_qsl(query, max_num_fields=PARAMETERS_MAX, errors="strict"))
    except ValueError:
        return {}
