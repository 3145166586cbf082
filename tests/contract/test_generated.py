"""schemathesis makes calls up: no 5xx, no answer that is not JSON, no hang; long in `make soak`."""

import json
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.api.contract import contract

from .conftest import Keys
from .families import Families
from .generated import PATIENCE, Judge, Signed, document, is_walked, schema
from .peopling import people
from .world import ACME

WALKED = [route for route in contract().routes if is_walked(route)]
EACH, WALKS, STEPS = 2, 25, 12
EACH_OF_A_SOAK, WALKS_OF_A_SOAK, STEPS_OF_A_SOAK = 200, 1_500, 40
QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@pytest.fixture(scope="module")
def peopled(families: Families) -> Families:
    return people(families)


@pytest.fixture(scope="module")
def keys(peopled: Families) -> Keys:
    application = peopled.application
    key = grant_consumer_key(
        peopled.world.context, application.application.application_id, ACME, by="system"
    ).consumer_key
    return Keys(
        application.application.application_id, application.application.application_key,
        application.secret, key,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(peopled: Families) -> Any:
    return schema(f"{peopled.origin}/1.0")


@pytest.mark.parametrize("route", WALKED, ids=lambda route: f"{route.method} {route.path}")
def test_calls_made_up_for_one_route(route: Any, made: Any, keys: Keys, soak: bool) -> None:
    operation = made[route.path][route.method]

    @settings(
        max_examples=EACH_OF_A_SOAK if soak else EACH, deadline=None, suppress_health_check=QUIET,
        phases=(Phase.generate,), database=None, derandomize=not soak,
    )  # fmt: skip
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        Judge()(case, case.call(auth=Signed(keys), timeout=PATIENCE))

    ask()


def test_an_answer_that_differs_from_the_document_is_told(peopled: Families, keys: Keys) -> None:
    url = f"{peopled.origin}/1.0"
    changed = document(url)
    changed["components"]["schemas"]["billing.Bill"]["properties"]["billId"] = {"type": "integer"}
    operation = schema(url, changed)["/me/bill/{billId}"]["GET"]
    bill_id = Signed(keys)(requests.Request("GET", f"{url}/me/bill").prepare())
    (first, *_) = requests.Session().send(bill_id, timeout=PATIENCE).json()
    case = operation.Case(path_parameters={"billId": first})
    answered = case.call(auth=Signed(keys), timeout=PATIENCE)
    assert answered.status_code == 200
    with pytest.raises(Exception, match="violates schema"):
        Judge()(case, answered)


def test_walks_along_the_links(made: Any, keys: Keys, soak: bool) -> None:
    """What one answer names is asked for by the next call."""
    judged = Judge()
    followed: list[str] = []

    class Walk(made.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"auth": Signed(keys), "timeout": PATIENCE}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            judged(case, response)
            if response.status_code == 200 and case.operation.path.endswith("}"):
                followed.append(f"{case.method} {case.operation.path}")

    once = settings(
        max_examples=1, stateful_step_count=STEPS_OF_A_SOAK if soak else STEPS, deadline=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,), database=None,
    )  # fmt: skip
    for number in range(WALKS_OF_A_SOAK if soak else WALKS):
        # Each walk on its own: what a server answers depends on the walks before, which is not flaky.
        run_state_machine_as_test(seed(number)(Walk), settings=once)
    assert len(set(followed)) >= 5, f"no link led to anything: {json.dumps(judged.seen)}"
    assert judged.seen[200] > sum(judged.seen.values()) // 20, judged.seen
