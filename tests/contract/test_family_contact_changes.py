"""changeContact, /me/task/contactChange, /me/billing/task: a service is given away when both sides agree."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any, Final, LiteralString

import pytest

from acquit.actions.audit_books import audit_books
from acquit.actions.change_contacts import ask_contact_change, token_of
from acquit.actions.set_support_level import add_tag
from acquit.actions.terminate_service import terminate_service
from acquit.api.order_progress import NOT_BEGUN
from acquit.core.contact_change import WAITING_MAX, Contact, Side
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import Ending
from acquit.store import contact_changes, services

from .families import Customer, Families
from .peopling import new_service
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]
ROUTE: Final = "/dedicated/server"
TASKS: Final = "/me/task/contactChange"
BILLING: Final = "/me/billing/task"
NUMBERS: Final = count(1)
AGE: Final[LiteralString] = """
    UPDATE contact_change SET asked_at = now() - interval '8 days' WHERE contact_change_id = %(number)s
"""
EARLIER: Final[LiteralString] = """
    UPDATE contact_change SET told_at = now() - interval '2 minutes' WHERE contact_change_id = %(number)s
"""
OWNERS: Final = ("contactAdmin", "contactBilling")


def fresh(families: Families, account_id: AccountId = PETIT, **wish: Any) -> tuple[ServiceId, str, str]:
    """A new server: its number, its name, and where its contacts are changed."""
    name = f"ns-moving-{next(NUMBERS)}.example.net"
    return new_service(families, account_id, name, **wish), name, f"{ROUTE}/{name}/changeContact"


def token(families: Families, number: int, side: Side) -> dict[str, str]:
    context = families.world.context
    with context.database.read() as tx:
        row = tx.one("SELECT account_id FROM contact_change WHERE contact_change_id = %(n)s", n=number)
        (found,) = contact_changes.find(tx, row.account_id, [number])
    return {"token": token_of(context, found, side)}


def agree(families: Families, numbers: list[int], giver: Customer, taker: Customer) -> None:
    for number in numbers:
        taker.post(f"{TASKS}/{number}/accept", **token(families, number, Side.TAKER))
        giver.post(f"{TASKS}/{number}/accept", **token(families, number, Side.GIVER))


def test_a_service_is_given_away_when_both_agree_to_both(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    service_id, name, path = fresh(families, options=("disk-1t",))
    admin, billing = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP)
    for caller in (petit, shop):
        task = caller.get(f"{TASKS}/{admin}")
        assert (task["askingAccount"], task["fromAccount"], task["toAccount"]) == (PETIT, PETIT, SHOP)
        assert (task["contactTypes"], task["state"]) == (["contactAdmin"], "validatingByCustomers")
        assert (task["serviceDomain"], task["dateDone"]) == (name, None)
        assert caller.get(f"{BILLING}/{billing}")["status"] == NOT_BEGUN
    agree(families, [admin], petit, shop)
    assert shop.get(f"{TASKS}/{admin}")["state"] == "doing"
    assert name in [each["resource"]["name"] for each in petit.page("/services")], "one of two is nothing yet"
    shop.post(f"{TASKS}/{billing}/accept", **token(families, billing, Side.TAKER))
    petit.post(f"{TASKS}/{billing}/accept", **token(families, billing, Side.GIVER))
    assert {shop.get(f"{TASKS}/{number}")["state"] for number in (admin, billing)} == {"done"}
    assert shop.get(f"{BILLING}/{admin}") == {
        "id": admin, "name": "contact/change", "status": "DONE", "step": "done",
        "metadata": [
            {"key": "contactType", "value": "contactAdmin"}, {"key": "fromAccount", "value": PETIT},
            {"key": "serviceDomain", "value": name}, {"key": "toAccount", "value": SHOP},
        ],
    }  # fmt: skip
    infos = shop.get(f"{ROUTE}/{name}/serviceInfos")
    assert {infos[f"contact{kind}"] for kind in ("Admin", "Billing", "Tech")} == {SHOP}
    assert petit.get(f"/services/{service_id}")["resource"]["state"] == "deleted", "its history stays"
    assert petit.get(f"{ROUTE}/{name}/serviceInfos")["status"] == "expired"
    assert len(shop.get(f"/services/{infos['serviceId']}/options")) == 1
    assert shop.refusal("GET", f"/services/{service_id}")[0] == 404
    assert shop.refusal("POST", f"{TASKS}/{admin}/accept", token(families, admin, Side.TAKER))[0] == 409
    assert [each for each in audit_books(families.world.context) if not each.passed] == []


def test_two_calls_ask_for_what_one_would(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    _, name, path = fresh(families)
    (billing,) = petit.post(path, contactBilling=SHOP)
    agree(families, [billing], petit, shop)
    (admin,) = petit.post(path, contactAdmin=SHOP, contactBilling=PETIT)
    agree(families, [admin], petit, shop)
    assert name in [each["resource"]["name"] for each in shop.page("/services")]


def test_a_technical_contact_is_named_and_reads_nothing(customer: Make, families: Families) -> None:
    petit, shop, lab = customer(PETIT), customer(SHOP), customer(LAB)
    service_id, name, path = fresh(families)
    (number,) = petit.post(path, contactTech=SHOP, contactAdmin=PETIT)
    agree(families, [number], petit, shop)
    assert petit.get(f"{ROUTE}/{name}/serviceInfos")["contactTech"] == SHOP
    shown = petit.get(f"/services/{service_id}")["customer"]["contacts"]
    assert {each["type"]: each["customerCode"] for each in shown} == {
        "administrator": PETIT, "billing": PETIT, "technical": SHOP,
    }  # fmt: skip
    assert shop.refusal("GET", f"/services/{service_id}")[0] == 404
    assert shop.refusal("GET", f"{ROUTE}/{name}/serviceInfos")[0] == 404
    given = petit.post(path, contactAdmin=LAB, contactBilling=LAB)
    agree(families, given, petit, lab)
    assert lab.get(f"{ROUTE}/{name}/serviceInfos")["contactTech"] == SHOP, "a name goes along"
    (back,) = lab.post(path, contactTech=LAB)
    assert lab.get(f"{TASKS}/{back}")["fromAccount"] == SHOP
    lab.post(f"{TASKS}/{back}/accept", **token(families, back, Side.GIVER))
    assert lab.get(f"{ROUTE}/{name}/serviceInfos")["contactTech"] == LAB, "nobody else is asked for that"


def test_an_account_speaks_for_those_that_it_opened(customer: Make, families: Families) -> None:
    acme, lab = customer(ACME), customer(LAB)
    _, name, path = fresh(families, ACME)
    numbers = acme.post(path, contactAdmin=LAB, contactBilling=LAB)
    for number in numbers:
        acme.post(f"{TASKS}/{number}/accept", **token(families, number, Side.GIVER))
    assert name in [each["resource"]["name"] for each in lab.page("/services")]
    numbers = lab.post(path, contactAdmin=SHOP, contactBilling=SHOP)
    for number in numbers:
        lab.post(f"{TASKS}/{number}/accept", **token(families, number, Side.GIVER))
    assert {lab.get(f"{TASKS}/{number}")["state"] for number in numbers} == {"validatingByCustomers"}


def test_either_side_may_refuse(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    for caller, side in ((petit, Side.GIVER), (shop, Side.TAKER)):
        _, _, path = fresh(families)
        admin, billing = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP)
        assert caller.refusal("POST", f"{TASKS}/{admin}/refuse", {"token": "x"})[0] == 400
        assert caller.post(f"{TASKS}/{admin}/refuse", **token(families, admin, side)) is None
        assert shop.get(f"{TASKS}/{admin}")["state"] == "refused"
        assert shop.get(f"{TASKS}/{billing}")["state"] == "aborted"
        assert shop.get(f"{BILLING}/{billing}")["status"] == "CANCELLED"
        assert caller.refusal("POST", f"{TASKS}/{admin}/accept", token(families, admin, side))[0] == 409


def test_a_token_is_its_side_s_and_its_task_s(customer: Make, families: Families) -> None:
    petit, shop, acme = customer(PETIT), customer(SHOP), customer(ACME)
    _, _, path = fresh(families)
    admin, billing = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP)
    for wrong in (token(families, admin, Side.GIVER), token(families, billing, Side.TAKER), {"token": ""}):
        status, message = shop.refusal("POST", f"{TASKS}/{admin}/accept", wrong)
        assert (status, "[token]" in message) == (400, True)
    for verb in ("accept", "refuse", "resendEmail"):
        body = None if verb == "resendEmail" else token(families, admin, Side.TAKER)
        assert acme.refusal("POST", f"{TASKS}/{admin}/{verb}", body)[0] == 404
    assert acme.refusal("GET", f"{TASKS}/{admin}")[0] == 404
    assert acme.refusal("GET", f"{BILLING}/{admin}")[0] == 404
    assert admin not in acme.get(TASKS)
    shop.post(f"{TASKS}/{admin}/accept", **token(families, admin, Side.TAKER))
    again = shop.refusal("POST", f"{TASKS}/{admin}/accept", token(families, admin, Side.TAKER))
    assert (again[0], "already" in again[1]) == (409, True)


def test_a_newer_one_aborts_an_older_one_and_a_week_ends_it(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    _, _, path = fresh(families)
    (old,) = petit.post(path, contactTech=SHOP)
    (new,) = petit.post(path, contactTech=LAB)
    assert petit.get(f"{TASKS}/{old}")["state"] == "aborted"
    with families.world.context.database.write() as tx:
        tx.run(AGE, number=new)
    assert petit.get(f"{TASKS}/{new}")["state"] == "expired"
    assert new in petit.get(TASKS, state="expired")
    assert new not in petit.get(TASKS, state="validatingByCustomers")
    assert new in petit.get(BILLING, status="CANCELLED", name="contact/change")
    assert petit.get(TASKS, state="error") == []
    assert petit.refusal("POST", f"{TASKS}/{new}/accept", token(families, new, Side.GIVER))[0] == 409
    assert old in shop.get(TASKS, askingAccount=PETIT)
    assert old in petit.get(TASKS, toAccount=SHOP)
    assert old not in petit.get(TASKS, toAccount=LAB)
    assert petit.get(TASKS, askingAccount=ACME) == []


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({}, 400, "Nothing would change"),
        ({"contactAdmin": PETIT, "contactTech": PETIT}, 400, "Nothing would change"),
        ({"contactAdmin": SHOP, "contactBilling": LAB}, 400, "[contactBilling]"),
        ({"contactAdmin": "zz99999-acq"}, 400, "[contactAdmin] There is no account zz99999-acq"),
        ({"contactTech": "nobody at all"}, 400, "[contactTech] There is no account"),
        ({"contactTech": 7}, 400, "not valid for type"),
        ({"contact": SHOP}, 400, "not described"),
    ],
)
def test_what_cannot_be_asked(
    customer: Make, families: Families, said: dict[str, object], status: int, words: str
) -> None:
    _, _, path = fresh(families)
    before = customer(PETIT).get(TASKS)
    found, message = customer(PETIT).refusal("POST", path, said)
    assert (found, words in message) == (status, True), message
    assert customer(PETIT).get(TASKS) == before


def test_what_an_account_cannot_take_only_it_is_told(customer: Make, families: Families) -> None:
    """Shop has a server of that name: it is told so when it agrees; Petit, which agrees last, is not."""
    petit, shop = customer(PETIT), customer(SHOP)
    _, name, path = fresh(families)
    numbers = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP)
    agree(families, numbers[:1], petit, shop)
    shop.post(f"{TASKS}/{numbers[1]}/accept", **token(families, numbers[1], Side.TAKER))
    taken = new_service(families, SHOP, name)
    giver = token(families, numbers[1], Side.GIVER)
    status, message = petit.refusal("POST", f"{TASKS}/{numbers[1]}/accept", giver)
    assert (status, "reason of its own" in message, "already has" in message) == (409, True, False)
    other = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP)
    status, message = shop.refusal(
        "POST", f"{TASKS}/{other[0]}/accept", token(families, other[0], Side.TAKER)
    )
    assert (status, "already has" in message) == (409, True)
    terminate_service(families.world.context, SHOP, taken, Ending.NOW, by="cli")
    agree(families, other, petit, shop)
    assert shop.get(f"{TASKS}/{other[0]}")["state"] == "done"


def test_what_is_permanent_is_not_given_away_by_its_account(customer: Make, families: Families) -> None:
    acme, petit = customer(ACME), customer(PETIT)
    _, name, path = fresh(families, ACME)
    numbers = acme.post(path, contactAdmin=PETIT, contactBilling=PETIT)
    agree(families, numbers[:1], acme, petit)
    petit.post(f"{TASKS}/{numbers[1]}/accept", **token(families, numbers[1], Side.TAKER))
    giver = token(families, numbers[1], Side.GIVER)
    status, message = acme.refusal("POST", f"{TASKS}/{numbers[1]}/accept", giver)
    assert (status, "permanently" in message) == (403, True), message
    assert name in [each["resource"]["name"] for each in acme.page("/services")]


def test_a_service_that_ended_meanwhile_goes_nowhere(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    service_id, _, path = fresh(families)
    numbers = petit.post(path, contactAdmin=SHOP, contactBilling=SHOP, contactTech=SHOP)
    agree(families, numbers[:1], petit, shop)
    terminate_service(families.world.context, PETIT, service_id, Ending.NOW, by="cli")
    for number in numbers[1:]:
        shop.post(f"{TASKS}/{number}/accept", **token(families, number, Side.TAKER))
        giver = token(families, number, Side.GIVER)
        assert petit.refusal("POST", f"{TASKS}/{number}/accept", giver)[0] == 409
    assert petit.refusal("POST", path, {"contactTech": SHOP})[0] == 409


def test_letters_bring_each_side_its_own_token(families: Families) -> None:
    sent: list[tuple[str, str, str]] = []

    class Letters:
        def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
            sent.append((to, subject, text))

    context = replace(families.world.context, mailer=Letters())
    service_id, name, _ = fresh(families)
    made = ask_contact_change(
        context, PETIT, service_id, {Contact.ADMIN: ACME, Contact.BILLING: ACME}, by="system"
    )
    assert [to for to, _, _ in sent] == ["bob@example.com", "alice@example.com"]
    assert all(name in subject for _, subject, _ in sent)
    for (_, _, text), side, other in zip(
        sent, (Side.GIVER, Side.TAKER), (Side.TAKER, Side.GIVER), strict=True
    ):
        for change in made:
            assert token_of(context, change, side) in text
            assert token_of(context, change, other) not in text


def test_letters_come_again_but_not_at_once_and_not_without_end(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    _, _, path = fresh(families)
    (number,) = petit.post(path, contactTech=SHOP)
    assert shop.refusal("POST", f"{TASKS}/{number}/resendEmail")[0] == 429
    with families.world.context.database.write() as tx:
        tx.run(EARLIER, number=number)
    assert shop.post(f"{TASKS}/{number}/resendEmail") is None
    shop.post(f"{TASKS}/{number}/accept", **token(families, number, Side.TAKER))
    assert shop.refusal("POST", f"{TASKS}/{number}/resendEmail")[0] == 409
    left = WAITING_MAX - len(petit.get(TASKS, state="validatingByCustomers", askingAccount=PETIT))
    left -= len(petit.get(TASKS, state="doing", askingAccount=PETIT))
    for _ in range(left):
        petit.post(fresh(families)[2], contactTech=SHOP)
    status, message = petit.refusal("POST", fresh(families)[2], {"contactTech": SHOP})
    assert (status, f"{WAITING_MAX} may" in message) == (409, True)


def test_ids_of_services_stay_apart(customer: Make, families: Families) -> None:
    """A stranger changes the contacts of nothing, by name or by task."""
    _, name, path = fresh(families)
    add_tag(families.world.context, PETIT, "seen", by="cli")
    assert customer(SHOP).refusal("POST", path, {"contactTech": SHOP})[0] == 404
    with families.world.context.database.read() as tx:
        assert services.named(tx, PETIT, name) is not None
