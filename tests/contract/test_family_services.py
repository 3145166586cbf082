"""/services and serviceInfos: reading, renewal that cannot be switched off, ending."""

from collections.abc import Callable
from datetime import date

import pytest
from ovh.exceptions import BadParametersError, Forbidden, ResourceConflictError, ResourceNotFoundError

from acquit.core.identifiers import ServiceId
from acquit.store import services

from .families import Customer, Families
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]


def infos_of(caller: Customer, number: int = 0) -> str:
    """The serviceInfos of one of the caller's services."""
    return str(caller.page("/services")[number]["route"]["url"]) + "/serviceInfos"


def test_a_service_is_read(customer: Make) -> None:
    shop = customer(SHOP)
    server, disk = shop.page("/services")
    assert server["resource"]["name"] == "ns-ab20002.example.net"
    assert server["route"]["path"] == "/dedicated/server/{serviceName}"
    assert server["billing"]["plan"] == {"code": "metal-s", "invoiceName": "Serveur Métal S"}
    assert server["billing"]["pricing"]["price"]["value"] == 100.00
    assert server["billing"]["pricing"]["priceInUcents"] == 9_999_500_000
    assert server["billing"]["renew"]["current"] == {
        "mode": "automatic", "nextDate": "2026-12-01T00:00:00+01:00", "period": "P1M",
    }  # fmt: skip
    assert disk["parentServiceId"] == server["serviceId"]
    assert shop.get(f"/services/{server['serviceId']}/options") == [disk]
    assert shop.get(f"/services/{server['serviceId']}/renewPeriodCapacities") == ["P1M"]
    assert shop.refusal("GET", f"/services/{server['serviceId']}/billing/engagement")[0] == 404


def test_services_are_filtered_and_ordered(customer: Make) -> None:
    petit = customer(PETIT)
    every = petit.get("/services")
    assert every == sorted(every)
    assert petit.get("/services", resourceName="ns-engaged.example.net") == every[-1:]
    assert petit.get("/services", routes="/dedicated/server/{serviceName},/ip") == every
    assert petit.get("/services", routes="/ip/{ip}") == []
    assert petit.get("/services", orderBy="serviceId", sort="DESC") == every[::-1]
    assert petit.get("/services", orderBy="resource.name")[-1] == every[-1]
    for query in ({"orderBy": "mood"}, {"sort": "UP"}, {"colour": "red"}):
        with pytest.raises(BadParametersError):
            petit.get("/services", **query)


def test_permanent_renewal_says_so_and_stays(customer: Make) -> None:
    for payer_pays in (ACME, LAB):
        caller = customer(payer_pays)
        path = infos_of(caller)
        infos = caller.get(path)
        assert (infos["renewalType"], infos["renew"]["forced"]) == ("automaticForcedProduct", True)
        assert infos["canDeleteAtExpiration"] is False
        for renew in (
            {"automatic": False}, {"forced": False}, {"deleteAtExpiration": True},
            {**infos["renew"], "automatic": False, "forced": False},
        ):  # fmt: skip
            with pytest.raises(Forbidden, match="renews permanently"):
                caller.put(path, renew=renew)
        assert caller.put(path, **infos) is None
        assert caller.get(path) == infos
        service = f"/services/{infos['serviceId']}"
        assert caller.get(service)["billing"]["renew"]["capacities"] == {"mode": ["automatic"]}
        for method, target, body in (
            ("PUT", service, {"renew": {"mode": "manual"}}),
            ("PUT", service, {"terminationPolicy": "terminateAtExpirationDate"}),
            ("PUT", service, {"terminationPolicy": "terminateAtEngagementDate"}),
            ("DELETE", service, None), ("POST", f"{service}/terminate", None),
            ("POST", f"{service}/terminate/confirm", {"token": "x"}),
            ("POST", path.replace("serviceInfos", "terminate"), None),
            ("POST", path.replace("serviceInfos", "confirmTermination"), {"token": "x"}),
        ):  # fmt: skip
            assert caller.refusal(method, target, body)[0] == 403, target
        assert caller.get(path) == infos


def test_renewal_is_the_customers_choice_without_a_term(customer: Make) -> None:
    shop = customer(SHOP)
    path = infos_of(shop)
    assert shop.get(path)["renewalType"] == "automaticV2016"
    assert shop.put(path, renew={"automatic": False}) is None
    infos = shop.get(path)
    assert (infos["renewalType"], infos["renew"]["automatic"]) == ("manual", False)
    service = f"/services/{infos['serviceId']}"
    assert shop.get(service)["billing"]["nextBillingDate"] is None
    assert shop.put(service, renew={"mode": "automatic", "period": "P1M"}) is None
    assert shop.get(path)["renew"]["automatic"] is True
    assert shop.put(service, terminationPolicy="terminateAtExpirationDate") is None
    assert shop.get(path)["renew"]["deleteAtExpiration"] is True
    assert "deleteAtExpiration" in shop.get(service)["billing"]["lifecycle"]["current"]["pendingActions"]
    assert shop.put(service, terminationPolicy="empty", displayName="front") is None
    assert shop.get(path)["renew"]["deleteAtExpiration"] is False
    assert shop.get(service)["resource"]["displayName"] == "front"
    assert shop.put(path) is None
    assert shop.put(path, renew=None) is None


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("infos", {"renew": {"period": 12}}, 400),
        ("infos", {"renew": {"period": "month"}}, 400),
        ("infos", {"renew": {"forced": True}}, 403),
        ("infos", {"renew": {"colour": "red"}}, 400),
        ("infos", {"renew": True}, 400),
        ("service", {"renew": {"mode": "never"}}, 400),
        ("service", {"renew": {"period": "P1Y"}}, 400),
        ("service", {"renew": {"period": "PT1H"}}, 400),
        ("service", {"terminationPolicy": "now"}, 400),
        ("service", {"displayName": ""}, 400),
        ("service", {"displayName": "a\u0000b"}, 400),
    ],
)
def test_a_renewal_that_is_not_offered(
    customer: Make, target: str, body: dict[str, object], status: int
) -> None:
    shop = customer(SHOP)
    path = infos_of(shop) if target == "infos" else f"/services/{shop.get('/services')[0]}"
    before = shop.get(path)
    assert shop.refusal("PUT", path, body)[0] == status
    assert shop.get(path) == before


def test_the_rule_of_an_engagement_is_read_and_chosen(customer: Make) -> None:
    petit = customer(PETIT)
    service = petit.page("/services", Filter="resource.name:eq=ns-engaged.example.net")[0]
    path = f"/services/{service['serviceId']}/billing/engagement"
    rule = petit.get(path)["endRule"]
    assert rule["strategy"] in rule["possibleStrategies"]
    assert service["billing"]["engagement"]["endRule"] == rule
    for strategy in ("STOP_ENGAGEMENT_KEEP_PRICE", "CANCEL_SERVICE", rule["strategy"]):
        assert petit.put(f"{path}/endRule", strategy=strategy) is None
        assert petit.get(path)["endRule"]["strategy"] == strategy
        ends = petit.get(f"/services/{service['serviceId']}")["billing"]["lifecycle"]["current"]
        assert (ends["terminationDate"] is not None) == (strategy == "CANCEL_SERVICE")
    assert petit.refusal("PUT", f"{path}/endRule", {"strategy": "NONE"})[0] == 400
    plain = petit.page("/services")[0]["serviceId"]
    assert (
        petit.refusal("PUT", f"/services/{plain}/billing/engagement/endRule", {"strategy": "CANCEL_SERVICE"})[
            0
        ]
        == 404
    )
    shop = customer(SHOP)
    assert shop.refusal("PUT", f"{path}/endRule", {"strategy": "CANCEL_SERVICE"})[0] == 404


def test_a_service_ends_with_the_token_of_the_letter(customer: Make, families: Families) -> None:
    petit, context = customer(PETIT), families.world.context
    service = petit.page("/services", Filter="resource.name:eq=ns-engaged.example.net")[0]
    path = f"/services/{service['serviceId']}"
    assert petit.get(f"{path}/billing/engagement")["currentPeriod"]["endDate"] == "2027-09-01"
    assert "bob@example.com" in petit.delete(path)["message"]
    assert "bob@example.com" in petit.post(service["route"]["url"] + "/terminate")
    with pytest.raises(BadParametersError):
        petit.post(f"{path}/terminate/confirm", token="guess")
    assert petit.get(path)["billing"]["lifecycle"]["current"]["terminationDate"] is None
    with context.database.read() as tx:
        found = services.find(tx, PETIT, ServiceId(service["serviceId"]))
    assert found is not None
    token = context.sealer.token(f"terminate:{found.service_id}:{found.next_renewal_on}")
    answer = petit.post(
        service["route"]["url"] + "/confirmTermination", token=token, reason="TOO_EXPENSIVE",
        futureUse="OTHER", commentary="we move",
    )  # fmt: skip
    assert "2027-09-01" in answer
    ended = petit.get(path)["billing"]["lifecycle"]["current"]
    assert (ended["terminationDate"], ended["state"]) == ("2027-09-01T00:00:00+02:00", "active")
    assert found.engaged_until_on == date(2027, 9, 1)
    infos = petit.get(service["route"]["url"] + "/serviceInfos")
    assert infos["renew"]["deleteAtExpiration"] is True
    assert petit.put(service["route"]["url"] + "/serviceInfos", renew=infos["renew"]) is None
    assert petit.get(path)["billing"]["lifecycle"]["current"]["terminationDate"] is not None
    renew = infos["renew"] | {"deleteAtExpiration": False}
    assert petit.put(service["route"]["url"] + "/serviceInfos", renew=renew) is None
    assert petit.get(path)["billing"]["lifecycle"]["current"]["terminationDate"] is None
    petit.post(f"{path}/terminate/confirm", token=token)
    assert petit.put(path, terminationPolicy="empty") is None
    assert petit.get(path)["billing"]["lifecycle"]["current"]["terminationDate"] is None


def test_no_letter_without_an_address(customer: Make, families: Families) -> None:
    with families.world.context.database.write() as tx:
        tx.run("UPDATE account SET email = '' WHERE account_id IN ('ab20002-acq', 'ab12345-acq')")
    shop = customer(SHOP)
    with pytest.raises(ResourceConflictError):
        shop.delete(f"/services/{shop.get('/services')[0]}")


def test_a_strangers_service_does_not_exist(customer: Make) -> None:
    acme = customer(ACME)
    service = acme.page("/services")[0]
    path, infos = f"/services/{service['serviceId']}", f"{service['route']['url']}/serviceInfos"
    for stranger in (customer(PETIT), customer(LAB), customer(SHOP)):
        for method, target, body in (
            ("GET", path, None), ("PUT", path, {"displayName": "mine"}), ("DELETE", path, None),
            ("GET", f"{path}/options", None), ("GET", f"{path}/renewPeriodCapacities", None),
            ("GET", f"{path}/billing/engagement", None), ("POST", f"{path}/terminate", None),
            ("POST", f"{path}/terminate/confirm", {"token": "x"}), ("GET", infos, None),
            ("PUT", infos, {"renew": {"automatic": True}}),
            ("POST", infos.replace("serviceInfos", "terminate"), None),
            ("POST", infos.replace("serviceInfos", "confirmTermination"), {"token": "x"}),
        ):  # fmt: skip
            assert stranger.refusal(method, target, body)[0] == 404, target
        assert stranger.get("/services", resourceName=service["resource"]["name"]) == []
        (entry,) = stranger.batch(f"{path},")
        assert entry["error"]["class"] == "Client::NotFound"
    with pytest.raises(ResourceNotFoundError):
        acme.get(infos.replace("/dedicated/server", "/ip"))


def test_renewals_are_grouped_on_a_day(customer: Make) -> None:
    shop = customer(SHOP)
    assert shop.refusal("GET", "/me/autorenew")[0] == 404
    assert shop.refusal("PUT", "/me/autorenew", {"renewDay": 5})[0] == 404
    assert shop.refusal("POST", "/me/autorenew", {"renewDay": 32})[0] == 400
    assert shop.refusal("POST", "/me/autorenew", {})[0] == 400
    assert shop.post("/me/autorenew", renewDay=15) is None
    found = shop.get("/me/autorenew")
    assert (found["active"], found["renewDay"]) == (True, 15)
    assert found["lastRenew"].startswith("2026-11-01")
    assert shop.put("/me/autorenew", **(found | {"renewDay": 20})) is None
    assert shop.get("/me/autorenew")["renewDay"] == 20
    assert shop.put("/me/autorenew", active=False) is None
    assert shop.get("/me/autorenew")["active"] is False
    assert customer(PETIT).refusal("GET", "/me/autorenew")[0] == 404
