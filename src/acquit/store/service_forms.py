"""What accounts answered about their services."""

import json
from collections.abc import Mapping
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, ServiceId
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO service_form_answer (account_id, service_id, answer_no, form, answers, answered_by)
    SELECT %(account_id)s, %(service_id)s, count(*) + 1, %(form)s, %(answers)s::jsonb, %(answered_by)s
      FROM service_form_answer
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
    HAVING count(*) < %(most)s
"""

LAST: Final[LiteralString] = """
    SELECT answers
      FROM service_form_answer
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s AND form = %(form)s
     ORDER BY answer_no DESC
     LIMIT 1
"""


def add(
    tx: Transaction,
    account_id: AccountId,
    service_id: ServiceId,
    form: str,
    answers: Mapping[str, str],
    by: str,
    most: int,
) -> bool:
    """Write the answers to a form, by question; False when so many are kept. The service is held."""
    return tx.run(
        ADD, account_id=account_id, service_id=service_id, form=form,
        answers=json.dumps(answers, ensure_ascii=False), answered_by=by, most=most,
    ) == 1  # fmt: skip


def last(tx: Transaction, account_id: AccountId, service_id: ServiceId, form: str) -> Mapping[str, str]:
    """Return the newest answers to a form, by question; none while nobody answered it."""
    row = tx.one_or_none(LAST, account_id=account_id, service_id=service_id, form=form)
    return {} if row is None else dict(row.answers)
