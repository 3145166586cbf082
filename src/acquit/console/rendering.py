"""From a template and its values to the text of a page, in one of the console's languages."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from acquit.console import formats, texts
from acquit.console.badges import BADGES, DONE
from acquit.console.csrf import form_token
from acquit.console.staff.words import OFFICE_BADGES, OFFICE_DONE
from acquit.console.visit import Page, Visit
from acquit.core.errors import Refusal

HERE: Final = Path(__file__).parent
STATIC: Final = {
    "acquit.css": "text/css; charset=utf-8",
    "mark.svg": "image/svg+xml",
    "office.css": "text/css; charset=utf-8",
    "office.js": "text/javascript; charset=utf-8",
}


def render(page: Page, visit: Visit, fault: Refusal | None = None) -> bytes:
    """Return the page as UTF-8; every value is escaped, `fault` is told above the form."""
    template = environment(visit.language).get_template(page.template)
    common: Mapping[str, object] = {
        "visit": visit,
        "csrf": form_token(visit.form_secret),
        "once": secrets.token_urlsafe(16),
        "fault": fault,
        "fault_text": fault_text(fault, visit.language),
        "typed": visit.form.fields,
        "script": page.script,
    }
    return template.render({**common, **page.values}).encode()


def fault_text(fault: Refusal | None, language: str) -> str:
    """Return what a refusal says: the translated sentence of its code, or its own words."""
    return "" if fault is None else texts.refused(fault, language)


@cache
def environment(language: str) -> Environment:
    """Return the templates with words and formats of the language."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    locale = {"fr": "fr_FR", "en": "en_GB"}[language]
    env.globals.update(
        _=partial(texts.translate, language=language),
        language=language,
        static=static_link,
        badges={**BADGES, **OFFICE_BADGES},
        done_texts={**DONE, **OFFICE_DONE},
    )
    for name in (
        "money",
        "unit_price",
        "quantity",
        "whole",
        "estimate",
        "percent",
        "rate",
        "day",
        "month",
        "instant",
        "size",
    ):
        env.filters[name] = partial(getattr(formats, name), language=locale)
    env.filters.update(eve=formats.eve, grouped=formats.grouped, said=partial(texts.said, language=language))
    return env


@cache
def static_content(name: str) -> bytes:
    """Return one of the few files that pages load. Raises KeyError for any other name."""
    if name not in STATIC:
        raise KeyError(name)
    return (HERE / "static" / name).read_bytes()


@cache
def static_link(name: str) -> str:
    """Return the link of a file; it changes with the file's content, so browsers may keep it."""
    return f"/static/{hashlib.sha256(static_content(name)).hexdigest()[:12]}/{name}"
