"""/services/{serviceId}/form: what the account is asked about a service: why it ends."""

import re
from typing import Any, Final

from acquit.actions.answer_form import ENDING, answer_form
from acquit.api.contract import contract
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Handler, Request
from acquit.api.services import find
from acquit.core.service import State

ENUMERATIONS: Final = {
    "reason": "service.TerminationReasonEnum",
    "futureUse": "service.TerminationFutureUseEnum",
}
"""Questions with a choice of answers, and the enumeration that has them."""
FREE: Final = "commentary"
MANDATORY: Final = "reason"
TEXT_MAX: Final = 1_000
CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def list_forms(request: Request) -> list[dict[str, Any]]:
    """GET /services/{serviceId}/form: what may be asked; nothing of a service that has ended."""
    return [] if find(request).state is State.TERMINATED else [_description()]


def get_form(request: Request) -> object:
    """GET /services/{serviceId}/form/{formName}: the questions and what may be answered."""
    _find_form(request)
    return _description()


def answer(request: Request) -> object:
    """POST /services/{serviceId}/form/{formName}/answer: kept, told as the reason when the service ends."""
    service_id = _find_form(request)
    caller, answers = request.caller, _answers(request.body["answers"])
    answer_form(request.context, caller.account_id, service_id, ENDING, answers, by=caller.actor)
    return {"message": "Your answers are kept. They are told as the reason if the service is terminated."}


def _find_form(request: Request) -> Any:
    service = find(request)
    if request.path["formName"] != ENDING:
        raise NoSuchObject(request.path["formName"])
    return service.service_id


def _description() -> dict[str, Any]:
    choices = [_question(name, "enum", _values(name)) for name in ENUMERATIONS]
    return {"name": ENDING, "questions": [*choices, _question(FREE, "text", None)]}


def _question(name: str, kind: str, values: list[str] | None) -> dict[str, Any]:
    return {
        "answers": values and [{"key": value} for value in values],
        "mandatory": name == MANDATORY,
        "question": name,
        "type": kind,
    }


def _values(question: str) -> list[str]:
    return sorted(contract().models[ENUMERATIONS[question]].values)


def _answers(given: list[dict[str, Any]]) -> dict[str, str]:
    """Return the answers by question. Raises BadParameter."""
    found: dict[str, str] = {}
    for each in given:
        question, value = each.get("question", ""), each.get("value", "")
        if question in found or question not in (*ENUMERATIONS, FREE):
            raise BadParameter(f"[answers.question] {question[:80]} is no question, or answered twice")
        if question in ENUMERATIONS and value not in _values(question):
            raise BadParameter(f"[answers.value] Given data ({value[:80]}) does not answer {question}")
        if question == FREE and (len(value) > TEXT_MAX or CONTROL.search(value)):
            raise BadParameter(f"[answers.value] {FREE} has at most {TEXT_MAX} printable characters")
        found[question] = value
    if MANDATORY not in found:
        raise BadParameter(f"[answers] {MANDATORY} has to be answered", parameter="answers")
    return found


ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/services/{serviceId}/form"): list_forms,
    ("GET", "/services/{serviceId}/form/{formName}"): get_form,
    ("POST", "/services/{serviceId}/form/{formName}/answer"): answer,
}
