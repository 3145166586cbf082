"""Services as the wire lists them, and what their plans are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, CatalogueId
from acquit.core.service import Service
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class PlanName:
    """What a plan is called on bills and in the catalogue."""

    invoice_name: str
    product: str


def of_account(
    account_id: AccountId, *, resource_name: str | None = None, routes: Sequence[str] = ()
) -> Selection:
    """Select the account's services, of one resource or of some routes when given."""
    source: LiteralString = "service WHERE account_id = %(account_id)s"
    values: dict[str, object] = {"account_id": account_id}
    if resource_name is not None:
        source += " AND resource_name = %(resource_name)s"
        values["resource_name"] = resource_name
    if routes:
        source += " AND route = ANY(%(routes)s)"
        values["routes"] = list(routes)
    return Selection("service_id", source, values)


PLAN_NAMES: Final[LiteralString] = """
    SELECT catalogue_id, plan_code, invoice_name, product
      FROM plan
     WHERE (catalogue_id, plan_code) IN (
           SELECT wanted.*
             FROM unnest(%(catalogue_ids)s::bigint[], %(plan_codes)s::text[]) AS wanted)
"""


def plan_names(tx: Transaction, found: Sequence[Service]) -> Mapping[tuple[CatalogueId, str], PlanName]:
    """Return the names of the services' plans by catalogue and plan code."""
    wanted = sorted({(service.catalogue_id, service.plan_code) for service in found})
    rows = tx.all(
        PLAN_NAMES,
        catalogue_ids=[catalogue_id for catalogue_id, _ in wanted],
        plan_codes=[plan_code for _, plan_code in wanted],
    )
    return {
        (CatalogueId(row.catalogue_id), row.plan_code): PlanName(row.invoice_name, row.product)
        for row in rows
    }


ANY_RENEWS: Final[LiteralString] = """
    SELECT EXISTS (SELECT 1
                     FROM service s
                     JOIN account a ON a.account_id = s.account_id
                    WHERE a.payer_id = %(payer_id)s AND s.state = 'active'
                      AND (s.renew_automatic OR s.renew_forced)) AS there
"""


def any_renews(tx: Transaction, payer_id: AccountId) -> bool:
    """Whether a service that the account pays for renews by itself."""
    return bool(tx.one(ANY_RENEWS, payer_id=payer_id).there)
