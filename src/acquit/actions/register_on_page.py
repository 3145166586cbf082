"""An account registers a card or wallet on a page of the seller's acquirer, which tells when it is done."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from acquit.actions.change_payment_method import DESCRIPTION_MAX, PayerDecides
from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_in, require_staff
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, LegalEntityId, PaymentMethodId
from acquit.core.method_on_file import BadAddress, FileKind
from acquit.core.operator import Right
from acquit.core.payment_method import MethodStatus, NotRegisterable
from acquit.store import accounts, acts, methods_on_file, payment_methods

URL_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Registration:
    """The payment method that waits, and the page on which it is registered."""

    payment_method_id: PaymentMethodId
    url: str


def set_registration_page(
    context: Context, legal_entity_id: LegalEntityId, kind: FileKind, url: str | None, *, by: str
) -> None:
    """Accounts of the seller register such a method on that page; with None nowhere.

    Raises NoSuchLegalEntity, BadAddress, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity_in(tx, legal_entity_id)
        if url is not None:
            _refuse_page(url)
        methods_on_file.set_page(tx, legal_entity_id, kind, url, by)
        acts.record(tx, by, "set_registration_page", None, f"{legal_entity_id}/{kind.value}", url=url)


def register_on_page(
    context: Context,
    account_id: AccountId,
    kind: FileKind,
    *,
    by: str,
    description: str | None = None,
    wants_default: bool = False,
    return_url: str | None = None,
) -> Registration:
    """There is a payment method that waits for the acquirer's word, and the page's address for it.

    While one of the kind waits, it is the same one. Raises NoSuchAccount, PayerDecides, NotRegisterable (the
    seller has no such page), BadAddress, Invalid for a description that is too long.
    """
    _refuse_return(return_url)
    if description is not None and len(description) > DESCRIPTION_MAX:
        raise Invalid(f"[description] A description has at most {DESCRIPTION_MAX} characters")
    with context.database.write() as tx:
        account = account_in(tx, account_id)
        if not account.pays_itself:
            raise PayerDecides(f"{account.payer_id} pays for this account: it registers how.")
        url = methods_on_file.page(tx, account.legal_entity_id, kind)
        if url is None:
            raise NotRegisterable(
                f"No {kind.value} is registered here: an acquirer keeps it, and its seller has no page of it "
                "for that. Ask the provider's staff",
                paymentType=kind.payment_type,
            )
        accounts.lock(tx, account_id)
        waits = [key for key, (of, _) in methods_on_file.waiting(tx, account_id).items() if of is kind]
        if waits:
            method_id = PaymentMethodId(waits[0])
        else:
            method_id = payment_methods.insert(
                tx, account_id, kind.payment_type, None, None, description=description or None,
                status=MethodStatus.CREATING,
            )  # fmt: skip
            methods_on_file.wait(tx, account_id, method_id, kind, wants_default=wants_default)
            acts.record(tx, by, "register_on_page", account_id, str(method_id), kind=kind.value)
    return Registration(method_id, _page_for(url, account_id, method_id, return_url))


def _refuse_page(url: str) -> None:
    """Pass when it is the address of a page. Raises BadAddress."""
    parts = urlsplit(url) if len(url) <= URL_MAX and _is_plain(url) else None
    if parts is None or parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise BadAddress(
            "A page is at an https address without a fragment, as in https://pay.example.com/register."
        )


def _refuse_return(url: str | None) -> None:
    """Pass when somebody can be sent back there, or nowhere. Raises BadAddress."""
    if url is None:
        return
    parts = urlsplit(url) if len(url) <= URL_MAX and _is_plain(url) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress("[returnUrl] An address to return to begins with https:// or http://")


def _page_for(url: str, account_id: AccountId, registration: PaymentMethodId, return_url: str | None) -> str:
    """Return the page's address for a registration: what the acquirer sends back with its event."""
    said = {"account": account_id, "registration": str(registration)}
    if return_url is not None:
        said["return"] = return_url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(said)}"


def _is_plain(url: str) -> bool:
    return re.fullmatch(r"[\x21-\x7e]+", url) is not None
