"""The guide's walk: the example, word for word, against a real `acquit demo`, and what its keys open."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ovh
import pytest
from ovh.client import ENDPOINTS

from running_demo import AS_OF, RunningDemo, running

EXAMPLE = Path(__file__).parents[2] / "examples" / "enterprise_payment_guide.py"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    data = tmp_path_factory.mktemp("walk") / "demo"
    with running(data, "--as-of", AS_OF) as started:
        yield started


def client(demo: RunningDemo, consumer_key: str) -> Any:
    ENDPOINTS["acquit-demo"] = demo.keys["base"]
    return ovh.Client(
        endpoint="acquit-demo",
        application_key=demo.keys["application_key"],
        application_secret=demo.keys["application_secret"],
        consumer_key=consumer_key,
    )


def test_the_example_takes_every_step(demo: RunningDemo) -> None:
    ran = subprocess.run(
        [sys.executable, EXAMPLE, demo.keys_file], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for step in (
        "1. Signed in as ab12345-acq (Ateliers Bellecour SAS), support level enterprise",
        "PaymentEnterprisewith45daysdelays: ENTERPRISE 45_DAYS, VALID",
        "renews by automaticForcedProduct",
        "BC-26-2206 from 2026-04-01 to further notice",
        "its bills: []",
        "debt: UNMATURED",
        "opens without a login and quotes BC-26-2206",
    ):
        assert step in ran.stdout


def test_the_keys_file_is_as_promised(demo: RunningDemo) -> None:
    keys = demo.keys
    assert demo.keys_file.stat().st_mode & 0o777 == 0o600
    assert keys["base"].startswith("http://127.0.0.1:")
    assert keys["base"].endswith("/1.0")
    assert set(keys["account"]) == {"account", "consumer_key", "read_only_bills_key"}
    assert [each["id"] for each in keys["sub_accounts"]] == [1, 2, 3]
    assert all(set(each) == {"id", "account", "consumer_key"} for each in keys["sub_accounts"])
    assert {"url", "token", "login", "password"} == set(keys["office"])
    assert {"url", "login", "password"} == set(keys["manager"])


def test_the_whole_key_has_four_methods_and_the_other_reads_bills(demo: RunningDemo) -> None:
    whole = client(demo, demo.keys["account"]["consumer_key"])
    rules = whole.get("/auth/currentCredential")["rules"]
    assert {(rule["method"], rule["path"]) for rule in rules} == {
        (method, "/*") for method in ("GET", "POST", "PUT", "DELETE")
    }
    bills = client(demo, demo.keys["account"]["read_only_bills_key"])
    assert len(bills.get("/me/bill")) == 14
    with pytest.raises(ovh.exceptions.NotGrantedCall):
        bills.get("/me")


def test_fourteen_months_of_bills_in_every_state(demo: RunningDemo) -> None:
    whole = client(demo, demo.keys["account"]["consumer_key"])
    dates = sorted(whole.get(f"/me/bill/{bill_id}")["date"][:10] for bill_id in whole.get("/me/bill"))
    assert (dates[0], dates[-1], len(dates)) == ("2025-10-01", "2026-11-01", 14)
    found = [whole.get(f"/me/debtAccount/debt/{each}") for each in whole.get("/me/debtAccount/debt")]
    statuses = {each["status"] for each in found}
    assert {"PAID", "UNMATURED", "UNPAID"} <= statuses


def test_sub_accounts_see_their_own_bills_and_no_others(demo: RunningDemo) -> None:
    seen: dict[str, set[str]] = {}
    for each in (demo.keys["account"], *demo.keys["sub_accounts"]):
        caller = client(demo, each["consumer_key"])
        assert caller.get("/me")["nichandle"] == each["account"]
        seen[each["account"]] = set(caller.get("/me/bill"))
    every = [bill_id for bill_ids in seen.values() for bill_id in bill_ids]
    assert len(every) == len(set(every))
    assert all(seen.values())
    parent = client(demo, demo.keys["account"]["consumer_key"])
    with pytest.raises(ovh.exceptions.ResourceNotFoundError):
        parent.get(f"/me/bill/{max(seen['ab20001-acq'])}")


def test_renewal_cannot_be_switched_off(demo: RunningDemo) -> None:
    whole = client(demo, demo.keys["account"]["consumer_key"])
    service = whole.get(f"/services/{whole.get('/services')[0]}")
    path = f"{service['route']['url']}/serviceInfos"
    with pytest.raises(ovh.exceptions.APIError) as refused:
        whole.put(path, renew={"automatic": False, "deleteAtExpiration": True})
    assert "enterprise payment" in str(refused.value)
    assert whole.get(path)["renew"]["forced"] is True
