"""A service is suspended and reopened, dropped, asked about, and told what it is made of."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from acquit.actions.suspend_service import suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.identifiers import ServiceId
from acquit.core.service import Ending
from acquit.store import acts, services

from .families import Customer, Families
from .peopling import new_service
from .world import ACME, LAB, PETIT, SHOP, TECHNICAL

Make = Callable[..., Customer]


def service_of(families: Families, name: str, **wish: Any) -> ServiceId:
    return new_service(families, SHOP, f"{name}.example.net", **wish)


def token_of(families: Families, service_id: ServiceId) -> str:
    with families.world.context.database.read() as tx:
        found = services.find(tx, SHOP, service_id)
    assert found is not None
    return families.world.context.sealer.token(f"terminate:{service_id}:{found.next_renewal_on}")


def test_an_account_suspends_and_reopens(customer: Make, families: Families) -> None:
    shop, service_id = customer(SHOP), service_of(families, "pause", options=("disk-1t",))
    path = f"/service/{service_id}"
    assert shop.refusal("POST", f"{path}/reopen")[0] == 409
    assert shop.post(f"{path}/suspend") is None
    assert shop.get(path)["resource"]["state"] == "suspended"
    assert shop.get(f"/services/{service_id}/options")[0]["resource"]["state"] == "suspended"
    assert shop.refusal("POST", f"{path}/suspend")[0] == 409
    assert shop.post(f"{path}/reopen") is None
    assert shop.get(path)["resource"]["state"] == "ok"
    (option,) = shop.get(f"/services/{service_id}/options")
    assert shop.refusal("POST", f"/service/{option['serviceId']}/suspend")[0] == 400


def test_who_is_bound_does_not_suspend(customer: Make, families: Families) -> None:
    engaged = service_of(families, "bound", mode="degressivity12")
    assert customer(SHOP).refusal("POST", f"/service/{engaged}/suspend")[0] == 409
    acme = customer(ACME)
    assert acme.refusal("POST", f"/service/{acme.get('/services')[0]}/suspend")[0] == 403


def test_what_the_seller_suspended_the_account_does_not_reopen(customer: Make, families: Families) -> None:
    shop, service_id = customer(SHOP), service_of(families, "late")
    own = service_of(families, "own")
    shop.post(f"/service/{own}/suspend")
    suspend_service(families.world.context, SHOP, service_id, "unpaid", by="cli")
    for each in (service_id, own):
        assert shop.refusal("POST", f"/service/{each}/reopen")[0] == 403
        assert shop.get(f"/service/{each}")["resource"]["state"] == "suspended"
    terminate_service(families.world.context, SHOP, service_id, Ending.NOW, by="cli")
    assert shop.post(f"/service/{own}/reopen") is None


def test_what_is_to_end_is_dropped_at_once(customer: Make, families: Families) -> None:
    shop, service_id = customer(SHOP), service_of(families, "drop")
    path = f"/services/{service_id}"
    assert shop.refusal("POST", f"{path}/terminate/skipRetentionPeriod")[0] == 409
    shop.post(f"{path}/terminate/confirm", token=token_of(families, service_id))
    assert shop.get(path)["resource"]["state"] == "active"
    assert shop.post(f"{path}/terminate/skipRetentionPeriod") is None
    assert shop.get(path)["resource"]["state"] == "deleted"
    assert shop.refusal("POST", f"{path}/terminate/skipRetentionPeriod")[0] == 409
    engaged = service_of(families, "kept", mode="degressivity12")
    shop.post(f"/services/{engaged}/terminate/confirm", token=token_of(families, engaged))
    assert shop.refusal("POST", f"/services/{engaged}/terminate/skipRetentionPeriod")[0] == 409


def test_an_account_says_why_it_leaves(customer: Make, families: Families) -> None:
    shop, service_id = customer(SHOP), service_of(families, "why")
    path = f"/services/{service_id}/form"
    (form,) = shop.get(path)
    assert shop.get(f"{path}/{form['name']}") == form
    assert [each["question"] for each in form["questions"] if each["mandatory"]] == ["reason"]
    assert shop.refusal("GET", f"{path}/mood")[0] == 404
    said = [
        {"question": "reason", "value": "TOO_EXPENSIVE"},
        {"question": "commentary", "value": "trop cher"},
    ]
    assert shop.refusal("POST", f"{path}/mood/answer", {"answers": said})[0] == 404
    assert "kept" in shop.post(f"{path}/termination/answer", answers=said[:1])["message"]
    shop.post(f"{path}/termination/answer", answers=said)
    shop.post(f"/services/{service_id}/terminate/confirm", token=token_of(families, service_id))
    with families.world.context.database.read() as tx:
        done = [each for each in acts.of_account(tx, SHOP) if each.verb == "terminate_service"]
    assert done[-1].subject == f"service:{service_id}"
    assert done[-1].details["reason"] == "TOO_EXPENSIVE; trop cher"
    for _ in range(18):
        shop.post(f"{path}/termination/answer", answers=said)
    assert shop.refusal("POST", f"{path}/termination/answer", {"answers": said})[0] == 409


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [{"question": "commentary", "value": "no reason"}],
        [{"question": "reason", "value": "BORED"}],
        [{"question": "reason"}],
        [{"question": "mood", "value": "OTHER"}],
        [{"question": "reason", "value": "OTHER"}] * 2,
        [{"question": "reason", "value": "OTHER"}, {"question": "commentary", "value": "a\u0000b"}],
        [{"question": "reason", "value": "OTHER"}, {"question": "commentary", "value": "x" * 1001}],
    ],
)
def test_what_answers_no_question_is_refused(customer: Make, answers: list[dict[str, str]]) -> None:
    shop = customer(SHOP)
    path = f"/services/{shop.get('/services')[0]}/form"
    assert shop.refusal("POST", f"{path}/termination/answer", {"answers": answers})[0] == 400


def test_what_a_service_is_made_of(customer: Make) -> None:
    shop = customer(SHOP)
    shown = shop.get(f"/services/{shop.get('/services')[0]}/technicalDetails")
    assert shown["nutanixCluster"] is None
    server = shown["baremetalServers"]
    assert server["memory"] == TECHNICAL["memory"]
    assert server["server"]["cpu"]["model"] == "EPYC 4244P"
    assert server["server"]["network"] is None
    assert server["bandwidth"] is None, "what the catalogue does not tell as the contract has it is not told"


def test_any_separator_reaches_the_server(customer: Make) -> None:
    petit = customer(PETIT)
    ids = petit.get("/services")
    for separator in ("§", "—", "é"):
        path = "/services/" + quote(separator).join(map(str, ids))
        reply = petit.reply("GET", path, None, {"X-Ovh-Batch": separator.encode()})  # type: ignore[dict-item]
        assert [each["key"] for each in reply.json()] == [str(each) for each in ids]


def test_a_strangers_service_is_left_alone(customer: Make, families: Families) -> None:
    service_id = service_of(families, "mine")
    path = f"/services/{service_id}"
    answers = {"answers": [{"question": "reason", "value": "OTHER"}]}
    for stranger in (customer(ACME), customer(LAB)):
        for method, target, body in (
            ("POST", f"/service/{service_id}/suspend", None), ("POST", f"/service/{service_id}/reopen", None),
            ("POST", f"{path}/terminate/skipRetentionPeriod", None), ("GET", f"{path}/form", None),
            ("GET", f"{path}/form/termination", None), ("POST", f"{path}/form/termination/answer", answers),
            ("GET", f"{path}/technicalDetails", None),
        ):  # fmt: skip
            assert stranger.refusal(method, target, body)[0] == 404, target
