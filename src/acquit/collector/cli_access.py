"""`acquit collect init`, `accounts` and `sub-accounts add`: whose bills, and by which keys."""

import os
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.collector.access import Access, Accounts, of_sdk
from acquit.collector.endpoint import ENDPOINTS, base_of, token_page
from acquit.collector.fault import Fault
from acquit.collector.lists import Skills, object_of, read_list, refuse
from acquit.collector.rights import RULES, SERVICE_RULES, SUB_ACCOUNT_RULES, Right, tried_rights
from acquit.collector.running import Run, chosen
from acquit.collector.seat import ARCHIVE, Config, Given, Screen, accounts_in, table
from acquit.collector.secret import Secret
from acquit.collector.wire import Wire

TRIES: Final = 3

sub_accounts = App(name="sub-accounts", help="Keys of the sub-accounts, made by the parent's key.")


def init(
    *, name: str = "main", endpoint: str = "", config: Config = None, program: Given
) -> int:  # fmt: skip
    """Add an account: makes the token link with the least rights, takes the keys, tests them.

    Without a terminal the keys are one line on standard input, or those of OVH_* and ovh.conf.

    Parameters
    ----------
    name
        The name that you give the account.
    endpoint
        A public endpoint such as ovh-eu, or a base URL.
    """
    screen, accounts = program.screen, accounts_in(config)
    access = _asked(screen, name, endpoint)
    with Run(ARCHIVE).wire(access, TRIES) as wire:
        rights = tried_rights(wire)
        me: dict[str, Any] = object_of(wire.get("/me"), "/me") if rights[0].granted else {}
    kept = accounts.keep(access)
    missing = [right for right in rights if not right.granted]
    screen.answer(
        {"account": name, "nichandle": me.get("nichandle"), "secrets_in": kept, "rights": rights},
        f"Account {name} is {me.get('nichandle', 'not told')}; its secrets are in {kept}.",
        table(
            "right",
            "for",
            "granted",
            rows=[(r.path, r.purpose, "yes" if r.granted else "no") for r in rights],
        ),
        "Next: acquit collect run --dry-run",
    )
    for right in missing:
        screen.warn(f"The key may not call GET {right.path} ({right.purpose}): {_consequence(right)}")
    return 1 if any(right.needed for right in missing) else 0


def accounts(*, config: Config = None, program: Given) -> None:
    """List the accounts that the collector knows."""
    known = accounts_in(config).all()
    rows = [(one.name, one.endpoint, one.parent, one.sub_account) for one in known]
    program.screen.answer(
        [{"name": n, "endpoint": e, "parent": p or None, "sub_account": s} for n, e, p, s in rows],
        table("name", "endpoint", "parent", ">sub-account", rows=rows),
    )


@sub_accounts.command
def add(
    *numbers: int,
    account: str = "",
    allow_ip: Annotated[tuple[str, ...], Parameter(help="Block of addresses that may use the keys.")] = (),
    config: Config = None,
    program: Given,
) -> int:
    """Make a key for each sub-account that has none yet; each becomes an account of the collector.

    The provider lets such a key do all that its account may; only its addresses can be restricted.

    Parameters
    ----------
    numbers
        The provider's numbers of the sub-accounts; none: all.
    account
        The parent, when several are known.
    """
    accounts, screen = accounts_in(config), program.screen
    parent = _parent(accounts, account)
    made, faults = [], []
    with Run(ARCHIVE).wire(parent) as wire:
        listed = [int(one.key) for one in read_list(wire, Skills(), "/me/subAccount", "id")]
        have = {one.sub_account for one in accounts.all() if one.parent == parent.name}
        accounts.keep(parent)
        for number in numbers or sorted(set(listed) - have):
            try:
                child = _child(wire, parent, number)
                _restrict(child, allow_ip)
                made.append({"account": child.name, "secrets_in": accounts.keep(child)})
            except Fault as fault:
                faults.append(fault)
                screen.warn(f"Sub-account {number}: {fault.message}")
    screen.answer(
        {"made": made, "had": len(have), "faults": [fault.message for fault in faults]},
        f"{len(made)} keys made, {len(have)} were there. Next: acquit collect run",
    )
    return 1 if faults else 0


# ---------------------------------------------------------------- steps


def _asked(screen: Screen, name: str, endpoint: str) -> Access:
    """Return the access that a person or the environment tells. Raises Fault."""
    by_sdk = of_sdk(os.environ)
    if by_sdk and (not endpoint or base_of(endpoint) == by_sdk[0].base) and not screen.is_attended:
        found = by_sdk[0]
        return Access(
            name, found.endpoint, found.application_key, found.application_secret, found.consumer_key
        )
    endpoint = endpoint or screen.ask(f"Endpoint ({', '.join(ENDPOINTS)} or a base URL)", "ovh-eu")
    base = base_of(endpoint)
    screen.say("Open this page, log in, choose how long the key is valid, and accept:")
    screen.say(token_page(base, [*RULES, *SUB_ACCOUNT_RULES, *SERVICE_RULES]))
    screen.say("POST /me/subAccount/… is for `sub-accounts add` alone; take it out if you have none.")
    told = (
        screen.ask_secret("Application key, application secret and consumer key, in one line")
        .replace(",", " ")
        .split()
    )
    if len(told) != 3:
        raise Fault(
            "configuration", "Three keys are expected in one line: application key, secret, consumer key."
        )
    return Access(name, endpoint, told[0], Secret(told[1]), Secret(told[2]))


def _consequence(right: Right) -> str:
    return "nothing can be gathered without it." if right.needed else "the rest is gathered without."


def _parent(accounts: Accounts, name: str) -> Access:
    parents = [one for one in accounts.all() if not one.parent]
    if not name and len(parents) > 1:
        raise Fault(
            "configuration", f"Name the parent with --account: {', '.join(one.name for one in parents)}."
        )
    return chosen(parents, [name] if name else [])[0]


def _child(wire: Wire, parent: Access, number: int) -> Access:
    path = f"/me/subAccount/{number}/createConsumerKey"
    answer = wire.post(path)
    if not answer.ok or not isinstance(answer.value, dict) or not answer.value.get("consumerKey"):
        fault = refuse(answer, path)
        raise Fault(fault.kind, fault.message.replace("GET", "POST"))
    return Access(
        name=f"{parent.name}-{number}",
        endpoint=parent.endpoint,
        application_key=parent.application_key,
        application_secret=parent.application_secret,
        consumer_key=Secret(str(answer.value["consumerKey"])),
        parent=parent.name,
        sub_account=number,
    )


def _restrict(child: Access, blocks: tuple[str, ...]) -> None:
    """Let the new key be used from these addresses alone. Raises Fault."""
    if not blocks:
        return
    with Run(Path()).wire(child, TRIES) as wire:
        mine = object_of(wire.get("/auth/currentCredential"), "/auth/currentCredential")
        answer = wire.put(f"/me/api/credential/{mine['credentialId']}", {"allowedIPs": list(blocks)})
        if answer.status != HTTPStatus.OK:
            raise Fault(
                "right", "The key was made, but the provider did not restrict its addresses; it was not kept."
            )
