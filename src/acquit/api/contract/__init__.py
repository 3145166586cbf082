"""The wire's contract as code: every route and model of the API, read once from the files beside this one.

`api.json` holds the facts Acquit needs of the public interface, one route or model a line: methods,
paths, names and types. `extensions.json` of the same format holds routes that `api.json` lacks: the
shapes are ours, after what public clients send and read. Sentences in both are ours.
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
    regions: tuple[str, ...] = ()
    auth_optional: bool = msgspec.field(default=False, name="authOptional")

    def __post_init__(self) -> None:
        """Put the parameters in the order of the path: the contract lists those of one route otherwise."""
        if len(self.path_parameters) > 1 and not self.pattern:
            ordered = sorted(self.path_parameters, key=lambda each: self.path.index(f"{{{each.name}}}"))
            msgspec.structs.force_setattr(self, "path_parameters", tuple(ordered))

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
    """Return the contract with its extensions, decoded on first use."""
    public, own = (
        msgspec.json.decode(files(__name__).joinpath(name).read_bytes(), type=Contract)
        for name in ("api.json", "extensions.json")
    )
    return Contract((*public.routes, *own.routes), public.models | own.models)
