"""/services/{serviceId}/technicalDetails: what a service is made of, as its catalogue has it."""

import gzip
from collections.abc import Mapping
from typing import Any, Final

from acquit.api.contract import contract
from acquit.api.request import Handler, Request
from acquit.api.services import find
from acquit.core.plan_configuration import technical
from acquit.core.service import State
from acquit.store import catalogues, services

KINDS: Final = {
    "baremetalServers": "services.expanded.technical.BaremetalServer",
    "nutanixCluster": "services.expanded.technical.NutanixCluster",
}
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,), "boolean": (bool,), "long": (int,), "double": (int, float),
}  # fmt: skip


def get_details(request: Request) -> object:
    """GET /services/{serviceId}/technicalDetails: of its plan, with what its options are instead."""
    service = find(request)
    published: dict[str, Any] = {}
    with request.read() as tx:
        options = services.options_of(tx, request.caller.account_id, service.service_id)
        parts = [service, *(each for each in options if each.state is not State.TERMINATED)]
        contents = {each.catalogue_id: b"" for each in parts}
        for catalogue_id in contents:
            contents[catalogue_id] = gzip.decompress(catalogues.content(tx, catalogue_id))
    for each in parts:
        published |= technical(contents[each.catalogue_id], each.plan_code)
    return {name: _details(published, model) for name, model in KINDS.items()}


def _details(published: Mapping[str, Any], model: str) -> dict[str, Any] | None:
    """Return the members of the model that the catalogue tells; None when it tells none of them."""
    found = _fitting(published, model)
    return found if found is not None and any(each is not None for each in found.values()) else None


def _fitting(value: Any, kind: str) -> Any:
    """Return the value as the contract declares it; None where it is not told, or told otherwise."""
    if kind.endswith("[]"):
        if not isinstance(value, list):
            return None
        elements = [_fitting(each, kind[:-2]) for each in value]
        return None if any(each is None for each in elements) else elements
    if kind in TYPES:
        is_right = type(value) in TYPES[kind]
        return value if is_right else None
    model = contract().models[kind]
    if model.is_enumeration:
        return value if value in model.values else None
    if not isinstance(value, Mapping):
        return None
    found = {member.name: _fitting(value.get(member.name), member.type) for member in model.fields}
    lacks = any(found[member.name] is None and not member.nullable for member in model.fields)
    return None if lacks else found


ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/services/{serviceId}/technicalDetails"): get_details
}
