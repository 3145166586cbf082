"""The WSGI application of the pages. Every request passes here, in this order:

route → session (or the sign-in page) → role → form → token of the form → once → handler → page.
"""

import logging
import secrets
import traceback
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode, urlsplit
from wsgiref.util import application_uri

import falcon

from acquit.actions.context import Context
from acquit.actions.submit_once import claim, finish
from acquit.console import csrf, forms
from acquit.console.exchange import SECURITY, Exchange, Locate, blind, opened, status_of
from acquit.console.exploring import Explorer
from acquit.console.rendering import STATIC, static_content, static_link
from acquit.console.routes import ROUTES, Route
from acquit.console.visit import NoSuchPage, Page, Redirect, Reply, Visit
from acquit.core.errors import Invalid, NotFound, Refusal
from acquit.core.identity import ACCOUNTANTS, OutOfSight, refuse_reader, sees_all
from acquit.core.operator import RoleForbids, require
from acquit.core.session import Door
from acquit.store import identities
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.console")

SET_UP: Final = ("/office/security", "/office/logout")
"""Where an operator whose role needs a device may go before there is one."""
FORM_ONLY: Final = ("csrf", "once", "_review")


class Settings(Protocol):
    """What the pages need of the settings."""

    @property
    def public_url(self) -> str | None:
        """The origin that browsers use; None: that of the request."""
        ...

    @property
    def second_factor_roles(self) -> tuple[str, ...]:
        """The roles of operators who sign in with a code besides the password."""
        ...


class OutOfReach(Refusal):
    """The database does not answer."""

    code = "out-of-reach"


def make_app(
    context: Context, settings: Settings, locate: Locate | None = None, explorer: Explorer | None = None
) -> "falcon.App[Any, Any]":
    """Return the WSGI application that serves every page; without an `explorer` nobody tries the API there.

    Behind proxies `locate` says which origin the browser sees and where the caller is; without it the
    settings' origin (else the request's own) and the connection's address are taken.
    """
    app: falcon.App[Any, Any] = falcon.App(media_type=falcon.MEDIA_HTML)
    app.req_options.strip_url_path_trailing_slash = True
    where = locate or _locate(settings.public_url)
    console = Console(context, where, settings.second_factor_roles, explorer)
    app.add_route("/static/{version}/{name}", Static())
    for path in dict.fromkeys(route.path for route in ROUTES):
        app.add_route(path, Endpoint(console, [route for route in ROUTES if route.path == path]))
    app.add_sink(console.nothing_here, "/")
    app.add_error_handler(Exception, console.crash)
    app.add_error_handler(Unavailable, console.unavailable)
    app.add_error_handler(falcon.HTTPError, console.wrong_request)
    return app


class Static:
    """The style sheet and the mark."""

    def on_get(self, _: falcon.Request, response: falcon.Response, version: str, name: str) -> None:
        """Answer a file that browsers may keep: its link changes when it does."""
        if name not in STATIC or static_link(name) != f"/static/{version}/{name}":
            raise falcon.HTTPNotFound
        response.content_type = STATIC[name]
        response.data = static_content(name)
        response.cache_control = ["public", "max-age=31536000", "immutable"]
        response.set_headers(SECURITY)


class Endpoint:
    """One address and the routes of its methods."""

    def __init__(self, console: "Console", routes: list[Route]) -> None:
        self._console = console
        self._routes = {route.method: route for route in routes}

    def on_get(self, request: falcon.Request, response: falcon.Response, **path_values: str) -> None:
        """Answer GET."""
        self._answer("GET", request, response, path_values)

    def on_head(self, request: falcon.Request, response: falcon.Response, **path_values: str) -> None:
        """Answer HEAD as GET; the server leaves the body out."""
        self._answer("GET", request, response, path_values)

    def on_post(self, request: falcon.Request, response: falcon.Response, **path_values: str) -> None:
        """Answer POST."""
        self._answer("POST", request, response, path_values)

    def _answer(
        self, method: str, request: falcon.Request, response: falcon.Response, path_values: dict[str, str]
    ) -> None:
        if method not in self._routes:
            raise falcon.HTTPMethodNotAllowed(list(self._routes))
        route = self._routes[method]
        exchange, entering = opened(
            self._console.context, self._console.locate, request, response, path_values, route.door
        )
        self._console.answer(exchange, route, self._routes.get("GET"))
        if entering.form_secret_is_new and not route.foreign:
            exchange.remember(entering.form_secret)


class Console:
    """Answers routes in one installation."""

    def __init__(
        self,
        context: Context,
        locate: Locate,
        factor_roles: Collection[str] = (),
        explorer: Explorer | None = None,
    ) -> None:
        self.context = context
        self.locate = locate
        self._factor_roles = factor_roles
        self._explorer = explorer

    def answer(self, exchange: Exchange, route: Route, form_route: Route | None) -> None:
        """Answer one request; a refusal becomes the form again with the reason, or a page of its own."""
        exchange.visit = replace(exchange.visit, explorer=self._explorer)
        try:
            if route.method == "POST":
                exchange.visit = replace(
                    exchange.visit, form=forms.read(exchange.request, route.body_max, route.field_max)
                )
            exchange.say(self._reply(exchange, route, form_route))
        except Refusal as refusal:
            _refuse(exchange, form_route, refusal)

    def nothing_here(self, req: falcon.Request, resp: falcon.Response, **kwargs: object) -> None:
        """Answer an address that leads nowhere."""
        blind(self.context, self.locate, req, resp).refuse(NoSuchPage("There is no page at this address."))

    def wrong_request(
        self, request: falcon.Request, response: falcon.Response, error: falcon.HTTPError, _: object
    ) -> None:
        """Answer what the framework refused, as a page."""
        exchange = blind(self.context, self.locate, request, response)
        if error.status_code == 404:
            self.nothing_here(request, response)
        else:
            exchange.refuse(Invalid("The server cannot answer this request."), error.status_code)
        for name, value in dict(error.headers or {}).items():
            response.set_header(name, value)

    def crash(self, request: falcon.Request, response: falcon.Response, error: Exception, _: object) -> None:
        """Answer our own fault: the trace goes to the log, its reference to the page."""
        reference = secrets.token_hex(6)
        trace = "".join(traceback.format_exception(error))
        log.error("page.crashed", extra={"reference": reference, "path": request.path, "trace": trace})
        fault = Refusal("Something went wrong on our side. Nothing was changed.", reference=reference)
        blind(self.context, self.locate, request, response).refuse(fault, 500)

    def unavailable(
        self, request: falcon.Request, response: falcon.Response, error: Exception, _: object
    ) -> None:
        """Answer that the database is out of reach for the moment."""
        log.error("page.database_unavailable", extra={"path": request.path, "reason": str(error)})
        fault = OutOfReach("The books are out of reach for a moment. Nothing was changed: try again soon.")
        blind(self.context, self.locate, request, response).refuse(fault, 503)
        response.set_header("Retry-After", "5")

    def _reply(self, exchange: Exchange, route: Route, form_route: Route | None) -> Reply:
        visit = exchange.visit
        if route.door is not None and not visit.is_signed_in:
            return _ask_to_sign_in(exchange, route.door)
        if route.door is Door.MANAGER:
            exchange.visit = visit = _seen(visit, route)
        if (
            visit.staff is not None
            and visit.staff.lacks_factor(self._factor_roles)
            and route.path not in SET_UP
        ):
            return Redirect("/office/security?needed=1")
        if route.right is not None:
            require(visit.operator, route.right)
        if route.method == "GET":
            return route.handler(visit)
        if not route.foreign:
            csrf.check(exchange.request, visit.form.fields, visit.form_secret, visit.origin)
        if visit.is_review and form_route is not None:
            return form_route.handler(visit)
        return self._once(route, visit) if route.once else route.handler(visit)

    def _once(self, route: Route, visit: Visit) -> Reply:
        scope = f"form {visit.actor} {visit.path}"
        key = visit.form.fields.get("once", "")
        fields = {name: text for name, text in visit.form.fields.items() if name not in FORM_ONLY}
        content = b"".join(upload.content for upload in visit.form.uploads)
        led_to = claim(self.context, scope, key, fields, content)
        if led_to is not None:
            return Redirect(led_to)
        reply = route.handler(visit)
        finish(self.context, scope, key, reply.location if isinstance(reply, Redirect) else "")
        return reply


def _seen(visit: Visit, route: Route) -> Visit:
    """Return the visit of somebody who may be here, and as what. Raises OutOfSight, ReadsOnly."""
    login = visit.signed_in.login
    if login == visit.account_id or route.own:
        return visit
    with visit.read() as tx:
        roles = identities.roles(tx, visit.account_id, login)
        is_accountant = not sees_all(roles) and identities.is_in(tx, visit.account_id, login, ACCOUNTANTS)
    if not sees_all(roles) and not (is_accountant and route.is_about_money):
        raise OutOfSight("This login does not see that part of the account: ask one with the role ADMIN.")
    if visit.method == "POST" and route.refuses_readers and not is_accountant:
        refuse_reader(roles)
    return replace(visit, is_accountant=is_accountant)


def _ask_to_sign_in(exchange: Exchange, door: Door) -> Reply:
    visit = exchange.visit
    link = quote(visit.path) + (f"?{urlencode(visit.pairs)}" if visit.pairs else "")
    if visit.method == "GET":
        return Redirect(f"/{door.value}/login?{urlencode({'next': link})}")
    kept = "" if csrf.is_foreign(exchange.request, visit.origin) else forms.keep(visit.form.fields)
    sign_on = door in visit.context.sign_on
    back = {"next": link, "kept": kept, "is_back": True, "sign_on": sign_on, "left": False}
    return Page("login.html", {"door": door.value} | back, status=401)


def _refuse(exchange: Exchange, form_route: Route | None, refusal: Refusal) -> None:
    """Show the form again with the reason; where there is no form to show, a page with the reason."""
    visit = exchange.visit
    is_form = visit.method == "POST" and form_route is not None and visit.form.fields
    if not is_form or isinstance(refusal, (NotFound, OutOfSight, RoleForbids, csrf.ForeignForm)):
        exchange.refuse(refusal)
        return
    assert form_route is not None
    try:
        reply = form_route.handler(visit)
    except Refusal:
        exchange.refuse(refusal)
        return
    shown = replace(reply, status=status_of(refusal)) if isinstance(reply, Page) else reply
    exchange.say(shown, refusal)


def _locate(public_url: str | None) -> Locate:
    def origin_and_address(environ: Mapping[str, Any]) -> tuple[str, str]:
        parts = urlsplit(public_url or application_uri(dict(environ)))
        return f"{parts.scheme}://{parts.netloc}", environ.get("REMOTE_ADDR", "")

    return origin_and_address
