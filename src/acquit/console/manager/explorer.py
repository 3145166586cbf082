"""The API explorer: find a call, fill it in, make it with the session's rights or with keys, see the code."""

import json
from typing import Final
from urllib.parse import urlencode

from acquit.console.code_samples import samples
from acquit.console.exploring import Explorer
from acquit.console.place import own_place, page
from acquit.console.visit import NoSuchPage, Page, Visit
from acquit.core.errors import Invalid
from acquit.core.exploration import BadValue, Heard, Keys, Operation, Person, Written

LISTED_MAX: Final = 100
SHOWN_MAX: Final = 200_000


class NotSure(Invalid):
    """A call that changes something was not confirmed."""

    code = "not-sure"


def list_calls(visit: Visit) -> Page:
    """GET /manager/api: every call of the API, or those whose path or purpose has all the words."""
    words = visit.query.get("q", "").lower().split()
    is_served_only = visit.query.get("all", "") != "1"
    found = [each for each in _explorer(visit).operations() if _fits(each, words)]
    shown = [each for each in found if each.is_served or not is_served_only]
    with visit.read() as tx:
        place = own_place(visit, tx)
    rows = [(each, _link(each)) for each in shown[:LISTED_MAX]]
    return page(
        "explorer.html",
        place,
        rows=rows,
        count=len(shown),
        most=LISTED_MAX,
        hidden_count=len(found) - len(shown),
        query=visit.query.get("q", ""),
        is_all=not is_served_only,
    )


def show_call(visit: Visit) -> Page:
    """GET /manager/api/call: one call, to be filled in."""
    return _page(visit, None, None)


def make_call(visit: Visit) -> Page:
    """POST /manager/api/call: make the call and show what it answers; a change has to be confirmed."""
    explorer, form = _explorer(visit), visit.form
    operation = explorer.operation(form.text("method"), form.text("path"))
    written = explorer.write(operation, form.fields)
    if operation.changes and "sure" not in form.fields:
        raise NotSure("This call changes something: tick the box that says so, then send it again.")
    keys = Keys(
        *(form.fields.get(f"key.{name}", "").strip() for name in ("application", "secret", "consumer"))
    )
    if keys.consumer_key:
        heard = explorer.call_with(keys, written, origin=visit.origin, address=visit.address)
    else:
        person = Person(visit.account_id, visit.signed_in.login)
        heard = explorer.call_as(person, operation, written, origin=visit.origin, address=visit.address)
    return _page(visit, written, heard)


def _page(visit: Visit, written: Written | None, heard: Heard | None) -> Page:
    explorer = _explorer(visit)
    named = visit.form if visit.method == "POST" else None
    method, path = (
        (named.text("method"), named.text("path"))
        if named
        else (visit.query.get("method", ""), visit.query.get("path", ""))
    )
    operation = explorer.operation(method, path)
    with visit.read() as tx:
        place = own_place(visit, tx)
    return page(
        "explorer_call.html",
        place,
        operation=operation,
        link=_link(operation),
        written=written,
        heard=heard,
        answer=_pretty(heard) if heard else "",
        samples=samples(written or _empty(explorer, operation), visit.origin),
    )


def _empty(explorer: Explorer, operation: Operation) -> Written:
    """Return the call before anything is typed: names stand in the path."""
    typed = {each.field: f"{{{each.name}}}" for each in operation.given if each.place == "path"}
    try:
        written = explorer.write(operation, typed)
    except BadValue:
        return Written(operation.method, "/1.0" + operation.path)
    return Written(written.method, written.target.replace("%7B", "{").replace("%7D", "}"), written.body)


def _pretty(heard: Heard) -> str:
    try:
        text = json.dumps(json.loads(heard.text), indent=2, ensure_ascii=False)
    except ValueError:
        text = heard.text
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "\n…"


def _fits(operation: Operation, words: list[str]) -> bool:
    said = f"{operation.method} {operation.path} {operation.purpose}".lower()
    return all(word in said for word in words)


def _link(operation: Operation) -> str:
    return f"/manager/api/call?{urlencode({'method': operation.method, 'path': operation.path})}"


def _explorer(visit: Visit) -> Explorer:
    if visit.explorer is None:
        raise NoSuchPage("There is no page at this address.")
    return visit.explorer
