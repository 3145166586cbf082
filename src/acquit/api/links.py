"""Links that open a paper without a login: whoever has one may read the paper, nobody can guess one.

Their secret part is base64url, which a query bears as it is.
"""

from urllib.parse import quote

from acquit.actions import keep_file
from acquit.actions.publish_contract import contract_token
from acquit.api.request import Request
from acquit.core.identifiers import BillId, OrderId
from acquit.core.kept_file import Deed
from acquit.ports import Sealer


def bill_links(request: Request, bill_id: BillId) -> dict[str, str]:
    """Return the links to a bill's paper and page, and their secret part, as the wire names them."""
    return paper_links(request.origin, request.context.sealer, bill_id)


def paper_links(origin: str, sealer: Sealer, bill_id: BillId) -> dict[str, str]:
    """Return those links below an origin."""
    password = sealer.token(f"bill:{bill_id}")
    place = f"{origin}/cgi-bin/order/bill"
    named = bill_id if bill_id.isascii() and bill_id.isalnum() else quote(bill_id)
    asked = f"?reference={named}&passwd={password}"
    return {"password": password, "pdfUrl": f"{place}.pdf{asked}", "url": f"{place}.cgi{asked}"}


def order_password(request: Request, order_id: OrderId) -> str:
    """Return the secret part of the link to a payment order."""
    return request.context.sealer.token(f"order:{order_id}")


def order_link(request: Request, order_id: OrderId, password: str) -> str:
    """Return the link to the page of a payment order."""
    page = f"{request.origin}/cgi-bin/order/displayOrder.cgi"
    return f"{page}?orderId={order_id}&orderPassword={password}"


def receipt_link(request: Request, kind: str, number: str) -> tuple[str, str]:
    """Return the link to a receipt of the caller, a `deposit` or a `refund`, and its secret part."""
    account_id = request.caller.account_id
    password = request.context.sealer.token(f"receipt:{kind}:{account_id}:{number}")
    page = f"{request.origin}/cgi-bin/order/receipt.cgi"
    place = f"kind={kind}&account={quote(account_id)}&number={quote(number)}"
    return f"{page}?{place}&passwd={password}", password


def contract_link(request: Request, contract_text_id: int) -> str:
    """Return the link to the paper of a contract text."""
    password = contract_token(request.context, contract_text_id)
    page = f"{request.origin}/cgi-bin/order/contract.pdf"
    return f"{page}?contract={contract_text_id}&passwd={password}"


def closed_file_link(request: Request, file_id: str) -> str:
    """Return the address of a file without the secret that opens it."""
    return f"{request.origin}/cgi-bin/document/{file_id}"


def file_link(request: Request, file_id: str, deed: Deed) -> str:
    """Return the link by which a file of the caller is sent or fetched for an hour or two."""
    account_id = request.caller.account_id
    until, password = keep_file.file_link(request.context, account_id, file_id, deed)
    place = closed_file_link(request, file_id)
    return f"{place}?account={quote(account_id)}&until={until}&passwd={password}"
