"""Links that open a paper without a login: whoever has one may read the paper, nobody can guess one."""

from urllib.parse import quote

from acquit.api.request import Request
from acquit.core.identifiers import BillId, OrderId


def bill_password(request: Request, bill_id: BillId) -> str:
    """Return the secret part of the links to a bill."""
    return request.context.sealer.token(f"bill:{bill_id}")


def bill_link(request: Request, bill_id: BillId, password: str, page: str) -> str:
    """Return a link to the bill's paper: `page` is `bill.pdf`, or `bill.cgi` for the page."""
    return f"{request.origin}/cgi-bin/order/{page}?reference={quote(bill_id)}&passwd={quote(password)}"


def order_password(request: Request, order_id: OrderId) -> str:
    """Return the secret part of the link to a payment order."""
    return request.context.sealer.token(f"order:{order_id}")


def order_link(request: Request, order_id: OrderId, password: str) -> str:
    """Return the link to the page of a payment order."""
    page = f"{request.origin}/cgi-bin/order/displayOrder.cgi"
    return f"{page}?orderId={order_id}&orderPassword={quote(password)}"


def receipt_link(request: Request, kind: str, number: str) -> tuple[str, str]:
    """Return the link to a receipt of the caller, a `deposit` or a `refund`, and its secret part."""
    account_id = request.caller.account_id
    password = request.context.sealer.token(f"receipt:{kind}:{account_id}:{number}")
    page = f"{request.origin}/cgi-bin/order/receipt.cgi"
    place = f"kind={kind}&account={quote(account_id)}&number={quote(number)}"
    return f"{page}?{place}&passwd={quote(password)}", password
