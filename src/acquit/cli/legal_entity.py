"""`acquit legal-entity`: the sellers and their settings."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.set_legal_entity import CHANGEABLE, Shown, set_legal_entity, show_legal_entity
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import facts, table
from acquit.core.errors import NotFound
from acquit.core.identifiers import LegalEntityId
from acquit.store import legal_entities

app = App(name="legal-entity", help="Sellers and their settings: show, set.")

Named = Annotated[str | None, Parameter(name="--legal-entity", help="Which seller, if there are several.")]
VALUE_MAX = 60


@app.command
def show(*, legal_entity: Named = None, program: Given) -> None:
    """Show the settings of a seller, and what was set since it was set up."""
    with program.open() as context:
        shown = show_legal_entity(context, _one(context, legal_entity))
    program.screen.answer(_document(shown), *_tables(shown))


@app.command(name="set")
def set_(
    *settings: Annotated[str, Parameter(help="NAME=VALUE, as in default_days=45 or granted_days=30,60.")],
    logo: Annotated[Path | None, Parameter(help="A PNG, JPEG or SVG file.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    legal_entity: Named = None,
    operator: Annotated[str | None, Parameter(help="Who does it, by operator id.")] = None,
    program: Given,
) -> None:
    """Change settings of a seller, today or from a day on. Issued bills keep what they were issued with."""
    given = dict(map(_pair, settings))
    if logo is not None:
        given["logo"] = logo.read_bytes()
    if not given:
        raise WrongUsage(f"Name a setting and its value, as in default_days=45: {', '.join(CHANGEABLE)}.")
    by = "cli" if operator is None else f"operator:{operator}"
    with program.open() as context:
        shown = set_legal_entity(context, _one(context, legal_entity), given, from_, by=by)
    program.screen.answer(_document(shown), *_tables(shown))


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WrongUsage(f"{text!r} is not NAME=VALUE.")
    if name == "logo":
        raise WrongUsage("A logo is read from a file: --logo FILE.")
    return name, value


def _one(context: Context, wanted: str | None) -> LegalEntityId:
    """Return the seller that is named, or the only one."""
    if wanted is not None:
        return LegalEntityId(wanted)
    with context.database.read() as tx:
        known = [each.legal_entity_id for each in legal_entities.every(tx)]
    if not known:
        raise NotFound("There is no legal entity yet; `acquit init` makes one.")
    if len(known) > 1:
        raise WrongUsage(f"There are several sellers: name one by --legal-entity ({', '.join(known)}).")
    return known[0]


def _document(shown: Shown) -> dict[str, Any]:
    settings = asdict(shown.entity) | {"logo": _bytes(shown.entity.logo)}
    return {"settings": settings, "history": [_told(asdict(each)) for each in shown.history]}


def _told(setting: dict[str, Any]) -> dict[str, Any]:
    """Return a change with a logo as its length: nobody reads the bytes."""
    if setting["name"] != "logo":
        return setting
    return setting | {name: _length(setting[name]) for name in ("value", "value_before")}


def _length(value: str | None) -> str | None:
    return None if value is None else f"{len(value) // 2 - 1} bytes"


def _bytes(content: bytes | None) -> str | None:
    return None if content is None else f"{len(content)} bytes"


def _tables(shown: Shown) -> list[object]:
    settings = {name: _short(value) for name, value in _document(shown)["settings"].items()}
    tables: list[object] = [facts(**settings)]
    if shown.history:
        rows = [
            (
                each["from_on"], each["name"], _short(each["value_before"]), _short(each["value"]),
                each["set_by"], "waits" if each["from_on"] > shown.today else "",
            )
            for each in map(_told, map(asdict, shown.history))
        ]  # fmt: skip
        tables.append(table("from", "setting", "before", "then", "by", "", rows=rows))
    return tables


def _short(value: object) -> str:
    if value is None or value == "":
        return "-"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"
