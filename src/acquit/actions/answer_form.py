"""Keep what an account answers about a service."""

from collections.abc import Mapping
from typing import Final

from acquit.actions.context import Context
from acquit.actions.set_renewal import held
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import refuse_ended
from acquit.store import acts, service_forms
from acquit.store.transaction import Transaction

ENDING: Final = "termination"
"""The form that asks why a service ends."""
ANSWERS_MAX: Final = 20


class TooManyAnswers(Conflict):
    """The form was answered so often that another answer is refused."""

    code = "too-many-answers"


def answer_form(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    form: str,
    answers: Mapping[str, str],
    *,
    by: str,
) -> None:
    """The answers are kept; they count in place of earlier ones to the same form.

    Raises NoSuchService, ServiceEnded, TooManyAnswers.
    """
    with context.database.write() as tx:
        service = held(tx, account_id, service_id)
        refuse_ended(service)
        if not service_forms.add(tx, account_id, service_id, form, answers, by, ANSWERS_MAX):
            raise TooManyAnswers(
                f"{ANSWERS_MAX} answers about {service.resource_name} are kept: the last one counts.",
                service=service.resource_name,
            )
        acts.record(tx, by, "answer_form", account_id, f"service:{service_id}", form=form)


def reason_in(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> str:
    """Return why the account said that the service ends; empty when it was not asked."""
    return "; ".join(service_forms.last(tx, account_id, service_id, ENDING).values())
