"""Registers of VAT ids: the form alone, nobody is asked; and the European Commission's VIES over HTTP."""

from typing import Any, Final

import httpx
from stdnum.eu import vat

from acquit.core.vat_check import Answer, Outcome, compact

VIES: Final = "https://ec.europa.eu/taxation_customs/vies/rest-api"
TIMEOUT_SECONDS: Final = 20.0
NO_ANSWER: Final = frozenset({
    "MS_UNAVAILABLE", "SERVICE_UNAVAILABLE", "TIMEOUT", "GLOBAL_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ",
    "GLOBAL_MAX_CONCURRENT_REQ_TIME", "MS_MAX_CONCURRENT_REQ_TIME", "VAT_BLOCKED", "IP_BLOCKED",
})  # fmt: skip


class FormOnly:
    """Whether an id of a member state has the length and the check digits of its country."""

    def check(self, vat_id: str, asked_by: str) -> Answer:
        """Return valid or invalid; nobody is asked, so there is no reference."""
        said = compact(vat_id)
        fits = bool(vat.is_valid(said))
        told = "length and check digits fit" if fits else "length or check digits do not fit the country"
        return Answer("format", Outcome.VALID if fits else Outcome.INVALID, told=told)


class Vies:
    """The register of the European Commission, which asks the member state.

    It answers with a consultation number, the proof, when the asking company names its own id.
    """

    def __init__(self, origin: str = VIES) -> None:
        self.origin = origin

    def check(self, vat_id: str, asked_by: str) -> Answer:
        """Return what VIES says; unknown when it, or the member state, gives no answer."""
        said, own = compact(vat_id), compact(asked_by)
        asked = {"countryCode": said[:2], "vatNumber": said[2:]}
        if own:
            asked |= {"requesterMemberStateCode": own[:2], "requesterNumber": own[2:]}
        try:
            got = httpx.post(f"{self.origin}/check-vat-number", json=asked, timeout=TIMEOUT_SECONDS)
            document: Any = got.json()
        except (httpx.HTTPError, ValueError) as error:
            return Answer("vies", Outcome.UNKNOWN, told=type(error).__name__)
        return _answer(document if isinstance(document, dict) else {})


def _answer(document: dict[str, Any]) -> Answer:
    """Return an answer as we tell it: valid only when VIES says so, never because it said something else."""
    faults = [
        str(each.get("error", "")) for each in document.get("errorWrappers", ()) if isinstance(each, dict)
    ]
    fault = faults[0] if faults else str(document.get("userError", ""))
    valid = document.get("valid")
    if not isinstance(valid, bool) or fault in NO_ANSWER:
        return Answer("vies", Outcome.UNKNOWN, told=fault or "no answer")
    told = ", ".join(
        " ".join(str(document.get(name) or "").split())
        for name in ("name", "address", "requestDate")
        if str(document.get(name) or "---") != "---"
    )
    outcome = Outcome.VALID if valid else Outcome.INVALID
    return Answer("vies", outcome, str(document.get("requestIdentifier") or ""), told)
