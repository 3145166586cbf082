"""The wire's contract as code: every route and model of the API, read once from `api.json`.

`api.json` beside this file holds the facts Acquit needs of the public interface, one route or
model a line: methods, paths, names and types. Sentences in it are ours.
"""

from functools import cache
from importlib.resources import files

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """A named, typed value in the path, the query or a body of style `fields`."""

    name: str
    type: str
    required: bool = False


class Member(msgspec.Struct, frozen=True, rename="camel"):
    """A member of an object model."""

    name: str
    type: str
    nullable: bool = False
    read_only: bool = False
    required: bool = False


class Model(msgspec.Struct, frozen=True):
    """An enumeration (`values`) or an object (`fields`)."""

    fields: tuple[Member, ...] = ()
    values: tuple[str, ...] = ()
    generics: tuple[str, ...] = ()

    @property
    def is_enumeration(self) -> bool:
        """Whether this is a closed list of texts."""
        return bool(self.values)


class Body(msgspec.Struct, frozen=True):
    """What a request's JSON must be: one model, or an object of named parameters (`fields`)."""

    style: str
    type: str = ""
    required: bool = False
    fields: tuple[Parameter, ...] = ()


class Route(msgspec.Struct, frozen=True):
    """One method on one path, as the contract declares it."""

    method: str
    path: str
    purpose: str
    auth: bool
    status: str
    response: str
    path_parameters: tuple[Parameter, ...] = msgspec.field(default=(), name="pathParams")
    query_parameters: tuple[Parameter, ...] = msgspec.field(default=(), name="queryParams")
    body: Body | None = None
    expands_to: str | None = msgspec.field(default=None, name="expandsTo")
    id_field: str | None = msgspec.field(default=None, name="idField")
    iam_actions: tuple[str, ...] = msgspec.field(default=(), name="iamActions")
    deprecated_since: str | None = msgspec.field(default=None, name="deprecatedSince")
    deletion_planned: str | None = msgspec.field(default=None, name="deletionPlanned")
    replaced_by: str | None = msgspec.field(default=None, name="replacedBy")
    pattern: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The key of this route in the route table."""
        return (self.method, self.path)


class Contract(msgspec.Struct, frozen=True):
    """Every route and model."""

    routes: tuple[Route, ...]
    models: dict[str, Model]


@cache
def contract() -> Contract:
    """Return the contract, decoded on first use."""
    return msgspec.json.decode(files(__name__).joinpath("api.json").read_bytes(), type=Contract)
