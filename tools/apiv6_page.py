"""Make docs/reference/apiv6.md: what of the public API is served, and which choices each route rests on.

A choice is a question of the collector's probe: a point that no public source settles. Here stands
which routes it concerns; what was chosen, and what a real endpoint said, comes from the questions and
apiv6-choices.md.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.collector.probe_questions import QUESTIONS, Question

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "apiv6-choices.md"
FIRST: Final = "0.1.0"
"""The version that serves a route unless `SINCE` says otherwise."""
SINCE: Final[Mapping[tuple[str, str], str]] = {}

EVERY: Final = ".*"
SIGNED: Final = "(signed)"
LISTS: Final = "(list)"
ITEMS: Final = "(item)"
DATED: Final = "GET .*(bill|refund|deposit|withdrawal|order|Invoice)$"
DOCUMENTS: Final = "GET /me/(bill|refund|deposit|withdrawal|order|debtAccount|credit).*|GET /me/consumption.*"
CONCERNS: Final[Mapping[str, str]] = {
    "null-in-query": EVERY,
    "clock-window": SIGNED,
    "replay": SIGNED,
    "credential-members": ".* /(auth/currentCredential|me/api/credential.*)",
    "address-refused": SIGNED,
    "pending-keys": "POST /auth/credential",
    "rules-braces": SIGNED,
    "error-members": EVERY,
    "wrong-type-code": EVERY,
    "wrong-type-class": EVERY,
    "unknown-parameter": EVERY,
    "unknown-value": EVERY,
    "unknown-route": EVERY,
    "unknown-object": EVERY,
    "unknown-object-class": EVERY,
    "order-of-checks": SIGNED,
    "too-many": EVERY,
    "query-id": EVERY,
    "batch-form": ITEMS,
    "batch-below": ITEMS,
    "batch-limit": ITEMS,
    "paging": LISTS,
    "page-size": LISTS,
    "page-beyond": LISTS,
    "sort-by-nothing": LISTS,
    "unknown-mode": LISTS,
    "bare-order": LISTS,
    "schema": EVERY,
    "datetime": DOCUMENTS,
    "bare-date": DATED,
    "price-text": DOCUMENTS,
    "price-ucents": DOCUMENTS,
    "refund-sign": "GET /me/refund.*",
    "detail-id": "GET /me/bill/.*details.*",
    "bill-members": "GET /me/bill(/{billId})?|GET /me/deposit/{depositId}/paidBills.*",
    "detail-quantity": "GET /me/(bill|refund|deposit).*details.*",
    "debts": "GET .*(debtAccount/debt|/debt$|/debt/).*",
    "debt-balance": "GET /me/debtAccount",
    "payment-of-a-bill": "GET .*/(bill|paidBills)/{billId}/payment",
    "export-by-mail": "POST /me/(bill|refund)/export",
    "default-method-deleted": "DELETE /me/payment/method/.*",
    "enterprise-method": "GET /me/payment/(method.*|availableMethods)|.* /me/paymentMean/deferred.*",
    "deleted-orders": "(GET|DELETE) /me/billing/purchaseOrder.*",
    "orders-overlap": "(POST|PUT) /me/billing/purchaseOrder.*",
    "forced-renewal": ".* /services/{serviceId}|.*serviceInfos",
    "default-group": "POST /me/identity/user",
}
"""Which routes a question concerns: an expression over `METHOD /path`, or one of the marks above."""
GENERAL: Final = {EVERY: "every route", SIGNED: "signed routes", LISTS: "lists", ITEMS: "routes with an id"}
CHANGED_BY: Final[Mapping[str, str]] = {
    "enterprise-method": "`method_type` and `method_label` of the seller, in the file of `acquit init`",
    "datetime": "`zone` of the seller, in the file of `acquit init`",
    "bare-date": "`zone` of the seller, in the file of `acquit init`",
}
OPENING: Final = """\
# What of APIv6 is served

The contract has {known} routes; {served} are served, {others} answer 501. *Served* means that a
command, a page or a run fills it, and that a test calls it with real data and compares the answer with
the contract. This page is written by `make docs`; [apiv6-choices.md](apiv6-choices.md) says in words
what was chosen, [clients.md](clients.md) with which clients it was tried. `GET /1.0/openapi.json`
describes the same for programs.

## Families

| family | served | answer 501 |
|---|---|---|
"""
CHOICES: Final = """
## Choices

What no public source settles. *Changed by* names the setting; none means that the choice is fixed. *At
a real endpoint* is what `acquit collect probe` found there: nothing here is a fact before it says so.

| choice | Acquit chose | concerns | changed by | at a real endpoint |
|---|---|---|---|---|
"""
ROUTES_HEAD: Final = """
## Served routes

Choices that concern every route are not repeated; those of *signed routes*, *lists* and *routes with an
id* are named by that kind. A route marked *(ours)* is not in the public contract; its shape follows
what public clients send and read.

| route | since | choices |
|---|---|---|
"""
OTHERS_HEAD: Final = """
## Routes that answer 501

[apiv6-choices.md](apiv6-choices.md#what-answers-501-and-why) says why.

| route | status in the contract |
|---|---|
"""


def page() -> str:
    """Return the page."""
    served = [route for route in contract().routes if route.key in ROUTES]
    others = [route for route in contract().routes if route.key not in ROUTES]
    opening = OPENING.format(known=len(contract().routes), served=len(served), others=len(others))
    told = _told()
    return (
        opening
        + "".join(_families(served, others))
        + CHOICES
        + "".join(_choice(question, served, told) for question in QUESTIONS)
        + ROUTES_HEAD
        + "".join(map(_served_row, served))
        + OTHERS_HEAD
        + "".join(f"| `{route.method} {route.path}` | {route.status.lower()} |\n" for route in others)
    )


def _families(served: Iterable[Route], others: Iterable[Route]) -> Iterable[str]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, routes in enumerate((served, others)):
        for route in routes:
            counts[_family(route)][place] += 1
    return (f"| `{name}` | {counts[name][0]} | {counts[name][1]} |\n" for name in sorted(counts))


def _family(route: Route) -> str:
    first, *rest = route.path.strip("/").split("/")
    if first == "me" and rest:
        return f"/me/{rest[0]}"
    return f"/{first}/{rest[0]}" if first == "order" and rest else f"/{first}"


def _choice(question: Question, served: Iterable[Route], told: Mapping[str, str]) -> str:
    concerned = (
        GENERAL.get(CONCERNS[question.id]) or f"{sum(concerns(question.id, each) for each in served)} routes"
    )
    changed = CHANGED_BY.get(question.id, "none")
    return f"| `{question.id}` | {question.chosen} | {concerned} | {changed} | {told[question.id]} |\n"


def _told() -> Mapping[str, str]:
    """Return what a real endpoint said, by question, as the page of choices has it."""
    table = PAGE.read_text(encoding="utf-8").partition("## What a probe says\n")[2]
    return dict(re.findall(r"^\| ([a-z-]+) \|.*\| ([^|]+) \|$", table, re.MULTILINE))


def concerns(question_id: str, route: Route) -> bool:
    """Return whether a choice concerns a route."""
    return _is_of(CONCERNS[question_id], route)


def _is_of(expression: str, route: Route) -> bool:
    if expression == SIGNED:
        return route.auth
    if expression == LISTS:
        return route.expands_to is not None
    if expression == ITEMS:
        return route.method == "GET" and bool(route.path_parameters)
    return re.fullmatch(expression, f"{route.method} {route.path}") is not None


@cache
def _own() -> frozenset[tuple[str, str]]:
    """Return the keys of the routes that are ours."""
    extensions = json.loads(files("acquit.api.contract").joinpath("extensions.json").read_text("utf-8"))
    return frozenset((each["method"], each["path"]) for each in extensions["routes"])


def _served_row(route: Route) -> str:
    kinds = [said for mark, said in GENERAL.items() if mark != EVERY and _is_of(mark, route)]
    own = [
        f"`{question.id}`"
        for question in QUESTIONS
        if CONCERNS[question.id] not in GENERAL and concerns(question.id, route)
    ]
    ours = " (ours)" if route.key in _own() else ""
    since = SINCE.get(route.key, FIRST)
    return f"| `{route.method} {route.path}`{ours} | {since} | {', '.join([*kinds, *own])} |\n"
