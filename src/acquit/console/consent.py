"""Pages of consent: a person lets a program act for the account, or makes a program and its keys."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from acquit.actions.create_application import NewApplication, create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.actions.validate_credential import Pending, find_pending, refuse_credential, validate_credential
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.access import Rule, read_blocks, read_rules
from acquit.core.errors import Invalid

VALIDITIES: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "1y": ("1 year", timedelta(days=365)),
    "unlimited": ("Unlimited", None),
}
VERBS: Final = {
    "GET": "Read:",
    "POST": "Create and act:",
    "PUT": "Change:",
    "DELETE": "Delete:",
    "PATCH": "Change in part:",
}
METHODS: Final = tuple(VERBS)
SUBJECTS: Final = (
    ("/me/bill/", "one bill or more"),
    ("/me/billing/", "purchase orders and billing groups"),
    ("/me/bill", "bills"),
    ("/me/debtAccount", "debts"),
    ("/me/payment", "payment methods"),
    ("/me/subAccount", "sub-accounts and their keys"),
    ("/me/identity", "logins"),
    ("/me/api", "programs and their keys"),
    ("/me/", "details of the account"),
    ("/me", "the account"),
    ("/service", "services"),
    ("/order", "orders"),
    ("/auth", "this access itself"),
    ("/", "a part of the API"),
)
"""What a rule's path is about, the first that it begins with; the path itself is shown beside it."""


class ValidityMissing(Invalid):
    """A key is given for a time that the person chooses."""

    code = "validity-missing"


class AnswerMissing(Invalid):
    """The person neither accepted nor refused."""

    code = "answer-missing"


def ask_consent(visit: Visit) -> Reply:
    """GET /auth/?credentialToken=…: who asks for what; accept or refuse."""
    pending = find_pending(visit.context, _token(visit))
    values = {
        "token": _token(visit),
        "application": pending.application,
        "rules": _spoken(pending.credential.rules),
        "blocks": pending.credential.blocks,
        "target": _target(pending),
        "validities": VALIDITIES,
        "broad": True,
    }
    return Page("consent/ask.html", values, form_targets=_origin_of(pending))


def answer_consent(visit: Visit) -> Reply:
    """POST /auth/: the key becomes valid, or never will; then the browser goes where the program wanted."""
    answer, token = visit.form.text("answer"), _token(visit)
    if answer == "accept":
        session = visit.signed_in
        login = None if session.login == session.account_id else session.login
        validity = _validity(visit)
        pending = validate_credential(
            visit.context, token, visit.account_id, validity, by=visit.actor, login=login
        )
    elif answer == "refuse":
        pending = refuse_credential(visit.context, token, visit.account_id, by=visit.actor)
    else:
        raise AnswerMissing("Choose to accept or to refuse.")
    target = _target(pending)
    if target:
        return Redirect(target)
    return Page("consent/answered.html", {"application": pending.application, "answer": answer})


def ask_application(visit: Visit) -> Reply:
    """GET /createApp/: name a program."""
    return Page("consent/create_application.html", {"broad": True})


def make_application(visit: Visit) -> Reply:
    """POST /createApp/: the program's key and secret, shown once."""
    made = create_application(
        visit.context,
        visit.account_id,
        visit.form.text("name"),
        visit.form.text("description"),
        by=visit.actor,
    )
    return Page("consent/created.html", {"made": made, "granted": None, "broad": True})


def ask_token(visit: Visit) -> Reply:
    """GET /createToken/?GET=/me&POST=…: name a program and see the rules of its first key."""
    rules = "\n".join(f"{method} {path}" for method, path in _asked_rules(visit.pairs))
    return Page("consent/create_token.html", {"rules": rules, "validities": VALIDITIES, "broad": True})


def make_token(visit: Visit) -> Reply:
    """POST /createToken/: the program's key and secret with a valid consumer key, shown once."""
    rules = read_rules(_typed_rules(visit.form.text("rules")))
    allowed_ips = visit.form.text("allowed_ips").replace(",", " ").split() or None
    read_blocks(allowed_ips)
    validity, session = _validity(visit), visit.signed_in
    made = create_application(
        visit.context,
        visit.account_id,
        visit.form.text("name"),
        visit.form.text("description"),
        by=visit.actor,
    )
    granted = grant_consumer_key(
        visit.context,
        made.application.application_id,
        visit.account_id,
        rules,
        by=visit.actor,
        allowed_ips=allowed_ips,
        expires_at=None if validity is None else visit.context.clock.now() + validity,
        login=None if session.login == session.account_id else session.login,
    )
    return Page("consent/created.html", {"made": made, "granted": granted, "broad": True})


def _registered(visit: Visit) -> NewApplication:
    name, description = visit.form.text("name"), visit.form.text("description")
    return create_application(visit.context, visit.account_id, name, description, by=visit.actor)


def _token(visit: Visit) -> str:
    return visit.form.text("credentialToken") or visit.query.get("credentialToken", "")


def _validity(visit: Visit) -> timedelta | None:
    choice = visit.form.text("validity")
    if choice not in VALIDITIES:
        raise ValidityMissing("Choose for how long the key is valid.")
    return VALIDITIES[choice][1]


def _spoken(rules: Sequence[Rule]) -> list[tuple[str, str, Rule]]:
    return [(VERBS[rule.method], _subject(rule.path), rule) for rule in rules]


def _subject(path: str) -> str:
    if path == "/*":
        return "everything"
    if path in ("/me*", "/me/*"):
        return "all of the account"
    return next((words for start, words in SUBJECTS if path.startswith(start)), "a part of the API")


def _target(pending: Pending) -> str:
    """Return where the browser goes afterwards; only http and https lead anywhere."""
    link = pending.credential.redirection or ""
    return link if urlsplit(link).scheme in ("http", "https") and "\\" not in link else ""


def _origin_of(pending: Pending) -> tuple[str, ...]:
    parts = urlsplit(_target(pending))
    is_plain = all(sign.isalnum() or sign in "-.:[]_" for sign in parts.netloc)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc and is_plain else ()


def _asked_rules(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.upper(), _path(path)) for name, path in pairs if name.upper() in METHODS]


def _path(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def _typed_rules(text: str) -> list[dict[str, str]]:
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [
        {"method": words[0].upper(), "path": words[1].strip() if len(words) > 1 else ""} for words in lines
    ]
