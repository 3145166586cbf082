"""Requests in addresses, and the files that came with them."""

from acquit.console.visit import Download
from acquit.core.identifiers import RequestId
from acquit.core.sales_request import NoSuchRequest, SalesRequest
from acquit.store import requests
from acquit.store.transaction import Transaction


def request_id_of(text: str) -> RequestId:
    """Return the number of a request in an address. Raises NoSuchRequest when it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NoSuchRequest(text[:40])
    return RequestId(int(text))


def attached(tx: Transaction, request: SalesRequest) -> Download:
    """Return the request's file, always as a download. Raises NoSuchRequest when none came with it."""
    file = requests.attachment(tx, request.account_id, request.request_id)
    if file is None:
        raise NoSuchRequest(request.request_id)
    return Download(file.content, file.type, file.name)
