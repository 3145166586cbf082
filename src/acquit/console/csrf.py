"""Forms that only our own pages can send.

The token of a form is derived from a secret that the browser holds in a cookie no script can read:
the session's token, or before a sign-in one made for forms alone.
"""

import hashlib
import hmac
from collections.abc import Mapping

import falcon

from acquit.core.errors import Forbidden


class ForeignForm(Forbidden):
    """The form has no token, an old one, or was sent from another site."""

    code = "foreign-form"


def form_token(secret: str) -> str:
    """Return the token that a form of this browser carries."""
    return hmac.new(secret.encode(), b"acquit form", hashlib.sha256).hexdigest()


def check(request: falcon.Request, fields: Mapping[str, str], secret: str, origin: str) -> None:
    """Return when one of our own pages sent the form. Raises ForeignForm."""
    if is_foreign(request, origin) or not hmac.compare_digest(
        fields.get("csrf", "").encode(), form_token(secret).encode()
    ):
        raise ForeignForm("This form is too old: go back, load the page again, then send it.")


def is_foreign(request: falcon.Request, origin: str) -> bool:
    """Return whether the browser says that another site sent the form."""
    came_from = request.get_header("Origin")
    site = request.get_header("Sec-Fetch-Site")
    return site in ("cross-site", "same-site") or (came_from is not None and came_from != origin)
