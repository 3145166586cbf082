"""/me/accessRestriction: addresses that the account is reached from, devices and codes of its logins."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions import change_second_factor, restrict_addresses
from acquit.actions.change_second_factor import Person
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Batched, Handler, Request
from acquit.core.address_rule import AddressRule, Verdict
from acquit.core.errors import Forbidden
from acquit.core.second_factor import BackupCodes, CodeGenerator, NoSuchFactor, State
from acquit.store import address_rules, second_factors
from acquit.store.transaction import Transaction

STATES: Final = {State.NEW: "needCodeValidation", State.ENABLED: "enabled", State.DISABLED: "disabled"}
RULE_COLUMNS: Final = {
    "id": Column("address_rule_id"),
    "ip": Column("block::text"),
    "warning": Column("warns"),
}
DEVICE_COLUMNS: Final = {
    "id": Column("code_generator_id"),
    "creationDate": Column("created_at"),
    "description": Column("description"),
}


class NotOffered(Forbidden):
    """This kind of second factor is not offered here."""

    code = "not-offered"


# ---------------------------------------------------------------- addresses


def list_rules(request: Request) -> Listing[int]:
    """GET /me/accessRestriction/ip: rules per block of addresses."""
    chosen = address_rules.of_account(request.caller.account_id)
    return Listing(chosen, lambda tx, ids: _rules(tx, request, ids), RULE_COLUMNS)


def get_rule(request: Request) -> object:
    """GET /me/accessRestriction/ip/{id}: one rule."""
    found = get_many_rules(request, [request.path["id"]])
    if not found:
        raise NoSuchObject(request.path["id"])
    return found[request.path["id"]]


def get_many_rules(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several rules with one statement."""
    with request.read() as tx:
        return _rules(tx, request, ids)


def create_rule(request: Request) -> None:
    """POST /me/accessRestriction/ip: one more rule; it may not shut out the caller."""
    body, caller = request.body, request.caller
    restrict_addresses.add_address_rule(
        request.context,
        caller.account_id,
        body["ip"],
        Verdict(body["rule"] == "accept", body["warning"]),
        by=caller.actor,
        address=request.address,
    )


def edit_rule(request: Request) -> None:
    """PUT /me/accessRestriction/ip/{id}: what the rule says."""
    caller, rule_id = request.caller, request.path["id"]
    with request.read() as tx:
        found = address_rules.find_many(tx, caller.account_id, [rule_id])
    if not found:
        raise NoSuchObject(rule_id)
    verdict = _changed(request, found[0].verdict)
    restrict_addresses.change_address_rule(
        request.context, caller.account_id, rule_id, verdict, by=caller.actor, address=request.address
    )


def delete_rule(request: Request) -> None:
    """DELETE /me/accessRestriction/ip/{id}: the rule is gone."""
    caller = request.caller
    restrict_addresses.remove_address_rule(
        request.context, caller.account_id, request.path["id"], by=caller.actor, address=request.address
    )


def get_others(request: Request) -> object:
    """GET /me/accessRestriction/ipDefaultRule: what holds for all other addresses."""
    with request.read() as tx:
        return _verdict(address_rules.find(tx, request.caller.account_id).others)


def edit_others(request: Request) -> None:
    """PUT /me/accessRestriction/ipDefaultRule: what holds for all other addresses."""
    caller = request.caller
    with request.read() as tx:
        others = address_rules.find(tx, caller.account_id).others
    restrict_addresses.set_other_addresses(
        request.context,
        caller.account_id,
        _changed(request, others),
        by=caller.actor,
        address=request.address,
    )


def _changed(request: Request, was: Verdict) -> Verdict:
    body = request.body
    accepts = body["rule"] == "accept" if body.get("rule") is not None else was.accepts
    return Verdict(accepts, was.warns if body.get("warning") is None else body["warning"])


def _rules(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = address_rules.find_many(tx, request.caller.account_id, ids)
    return {each.address_rule_id: _rule(each) for each in found}


def _rule(rule: AddressRule) -> dict[str, Any]:
    return {"id": rule.address_rule_id, "ip": str(rule.block), **_verdict(rule.verdict)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"rule": "accept" if verdict.accepts else "deny", "warning": verdict.warns}


# ---------------------------------------------------------------- devices that make codes


def list_devices(request: Request) -> Listing[int]:
    """GET /me/accessRestriction/totp: devices of the login that calls."""
    person = _person(request)
    chosen = second_factors.generators_of(person.account_id, person.login)
    return Listing(chosen, lambda tx, ids: _devices(tx, request, ids), DEVICE_COLUMNS)


def get_device(request: Request) -> object:
    """GET /me/accessRestriction/totp/{id}: one device."""
    found = get_many_devices(request, [request.path["id"]])
    if not found:
        raise NoSuchFactor(request.path["id"])
    return found[request.path["id"]]


def get_many_devices(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several devices with one statement."""
    with request.read() as tx:
        return _devices(tx, request, ids)


def enrol_device(request: Request) -> object:
    """POST /me/accessRestriction/totp: one more; its secret is in this answer and nowhere else."""
    made = change_second_factor.enrol_generator(request.context, _person(request), by=request.caller.actor)
    return {"id": made.code_generator_id, "qrcodeHelper": made.link, "secret": made.secret}


def edit_device(request: Request) -> None:
    """PUT /me/accessRestriction/totp/{id}: what it is called."""
    text = request.body.get("description")
    change_second_factor.describe_generator(
        request.context, _person(request), request.path["id"], text, by=request.caller.actor
    )


def delete_device(request: Request) -> None:
    """DELETE /me/accessRestriction/totp/{id}: one that is not in use is gone."""
    change_second_factor.remove_generator(
        request.context, _person(request), request.path["id"], by=request.caller.actor
    )


def validate_device(request: Request) -> None:
    """POST /me/accessRestriction/totp/{id}/validate: a code confirms it, from now on it is asked for."""
    _with_code(change_second_factor.validate_generator, request)


def enable_device(request: Request) -> None:
    """POST /me/accessRestriction/totp/{id}/enable: it is asked for again."""
    _with_code(change_second_factor.enable_generator, request)


def disable_device(request: Request) -> None:
    """POST /me/accessRestriction/totp/{id}/disable: it is not asked for."""
    _with_code(change_second_factor.disable_generator, request)


def _with_code(change: Any, request: Request) -> None:
    change(
        request.context,
        _person(request),
        request.path["id"],
        request.body["code"],
        by=request.caller.actor,
    )


def _devices(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    person = _person(request)
    found = second_factors.find_generators(tx, person.account_id, person.login, ids)
    return {each.code_generator_id: _device(each, request) for each in found}


def _device(found: CodeGenerator, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.instant(found.created_at, request.zone),
        "description": found.description,
        "id": found.code_generator_id,
        "lastUsedDate": wire.instant_or_none(found.last_used_at, request.zone),
        "status": STATES[found.state],
    }


# ---------------------------------------------------------------- backup codes


def get_codes(request: Request) -> object:
    """GET /me/accessRestriction/backupCode: how many codes are left."""
    person = _person(request)
    with request.read() as tx:
        found = second_factors.find_codes(tx, person.account_id, person.login)
    if found is None:
        raise NoSuchFactor("backupCode")
    return {
        "creationDate": wire.instant(found.created_at, request.zone),
        "lastUsedDate": wire.instant_or_none(found.last_used_at, request.zone),
        "remaining": found.remaining,
        "status": STATES[found.state],
    }


def draw_codes(request: Request) -> object:
    """POST /me/accessRestriction/backupCode: a new list; it is in this answer and nowhere else."""
    codes = change_second_factor.draw_backup_codes(request.context, _person(request), by=request.caller.actor)
    return {"codes": codes}


def delete_codes(request: Request) -> None:
    """DELETE /me/accessRestriction/backupCode: a list that is not in use is thrown away."""
    change_second_factor.remove_backup_codes(request.context, _person(request), by=request.caller.actor)


def validate_codes(request: Request) -> object:
    """POST /me/accessRestriction/backupCode/validate: a code confirms the list, and is spent."""
    return {"remainingCodes": _set_codes(request, (State.NEW,), State.ENABLED).remaining}


def enable_codes(request: Request) -> None:
    """POST /me/accessRestriction/backupCode/enable: codes are taken again; one is spent."""
    _set_codes(request, (State.DISABLED,), State.ENABLED)


def disable_codes(request: Request) -> None:
    """POST /me/accessRestriction/backupCode/disable: no code is taken; one is spent."""
    _set_codes(request, (State.ENABLED,), State.DISABLED)


def _set_codes(request: Request, wanted: tuple[State, ...], state: State) -> BackupCodes:
    person, code = _person(request), request.body["code"]
    return change_second_factor.set_backup_codes(
        request.context, person, code, wanted, state, by=request.caller.actor
    )


# ---------------------------------------------------------------- what is not offered


def list_none(_: Request) -> Listing[int]:
    """GET /me/accessRestriction/sms and /u2f: nobody has one."""
    return Listing(lambda _tx: [], lambda _tx, _ids: {})


def refuse_new(_: Request) -> None:
    """POST /me/accessRestriction/sms and /u2f: not offered."""
    raise NotOffered(
        "Second factors by SMS and by security key are not offered here: use a device that makes codes "
        "(/me/accessRestriction/totp)"
    )


def miss(request: Request) -> None:
    """Any call on one SMS or security key: there is none."""
    raise NoSuchFactor(request.path["id"])


def _person(request: Request) -> Person:
    caller = request.caller
    return Person(caller.account_id, caller.login or caller.account_id, request.address)


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/accessRestriction/backupCode"): get_codes,
    ("POST", "/me/accessRestriction/backupCode"): draw_codes,
    ("DELETE", "/me/accessRestriction/backupCode"): delete_codes,
    ("POST", "/me/accessRestriction/backupCode/disable"): disable_codes,
    ("POST", "/me/accessRestriction/backupCode/enable"): enable_codes,
    ("POST", "/me/accessRestriction/backupCode/validate"): validate_codes,
    ("GET", "/me/accessRestriction/ip"): list_rules,
    ("POST", "/me/accessRestriction/ip"): create_rule,
    ("GET", "/me/accessRestriction/ip/{id}"): Batched(get_rule, get_many_rules),
    ("PUT", "/me/accessRestriction/ip/{id}"): edit_rule,
    ("DELETE", "/me/accessRestriction/ip/{id}"): delete_rule,
    ("GET", "/me/accessRestriction/ipDefaultRule"): get_others,
    ("PUT", "/me/accessRestriction/ipDefaultRule"): edit_others,
    ("GET", "/me/accessRestriction/totp"): list_devices,
    ("POST", "/me/accessRestriction/totp"): enrol_device,
    ("GET", "/me/accessRestriction/totp/{id}"): Batched(get_device, get_many_devices),
    ("PUT", "/me/accessRestriction/totp/{id}"): edit_device,
    ("DELETE", "/me/accessRestriction/totp/{id}"): delete_device,
    ("POST", "/me/accessRestriction/totp/{id}/disable"): disable_device,
    ("POST", "/me/accessRestriction/totp/{id}/enable"): enable_device,
    ("POST", "/me/accessRestriction/totp/{id}/validate"): validate_device,
    ("GET", "/me/accessRestriction/sms"): list_none,
    ("POST", "/me/accessRestriction/sms"): refuse_new,
    ("GET", "/me/accessRestriction/sms/{id}"): miss,
    ("PUT", "/me/accessRestriction/sms/{id}"): miss,
    ("DELETE", "/me/accessRestriction/sms/{id}"): miss,
    ("POST", "/me/accessRestriction/sms/{id}/disable"): miss,
    ("POST", "/me/accessRestriction/sms/{id}/enable"): miss,
    ("POST", "/me/accessRestriction/sms/{id}/sendCode"): miss,
    ("POST", "/me/accessRestriction/sms/{id}/validate"): miss,
    ("GET", "/me/accessRestriction/u2f"): list_none,
    ("POST", "/me/accessRestriction/u2f"): refuse_new,
    ("GET", "/me/accessRestriction/u2f/{id}"): miss,
    ("PUT", "/me/accessRestriction/u2f/{id}"): miss,
    ("DELETE", "/me/accessRestriction/u2f/{id}"): miss,
    ("POST", "/me/accessRestriction/u2f/{id}/disable"): miss,
    ("POST", "/me/accessRestriction/u2f/{id}/enable"): miss,
    ("POST", "/me/accessRestriction/u2f/{id}/validate"): miss,
}
