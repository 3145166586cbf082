"""A second factor for staff, sessions that are seen and ended, and who manages the staff."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.console.app import make_app
from acquit.core.second_factor import code_at
from acquit.store.transaction import Database
from e2e.conftest import context_on
from e2e.visitor import Visitor
from e2e.world import ACME, ACME_LAB, PASSWORD

ADDRESS = "192.0.2.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Demanding:
    """Settings under which administrators need a device."""

    public_url = None
    second_factor_roles = ("administrator",)


@pytest.fixture
def context(world_database: Database, tmp_path: Path) -> Context:
    return context_on(world_database, tmp_path)


@pytest.fixture
def client(context: Context) -> TestClient:
    return TestClient(make_app(context, Demanding()))


@pytest.fixture
def office(client: TestClient, context: Context) -> Callable[[str], Visitor]:
    def enter(name: str) -> Visitor:
        return Visitor(client, {"acquit-office": sign_in_operator(context, name, PASSWORD, address=ADDRESS)})

    return enter


def now() -> int:
    return int(time.time()) // 30


def secret_on(page: Result) -> bytes:
    from base64 import b32decode

    found = re.search(r'id="device-secret">([A-Z2-7]+)<', page.text)
    assert found, page.text
    return b32decode(found[1])


def codes_on(page: Result) -> list[str]:
    return re.findall(r"<li><code>([A-Z2-9-]+)</code></li>", page.text)


def hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


def set_up(visitor: Visitor) -> tuple[bytes, list[str]]:
    """Set a device up and return its secret and the backup codes."""
    here = "/office/security"
    assert visitor.send(here, {"do": "enrol"}).status_code == 303
    secret = secret_on(visitor.get(here))
    assert visitor.send(here, {"do": "confirm", "code": "000000x"}).status_code == 401
    shown = visitor.send(here, {"do": "confirm", "code": code_at(secret, now() - 1)})
    assert shown.status_code == 200
    codes = codes_on(shown)
    assert len(codes) == 10
    return secret, codes


def begun(client: TestClient, name: str) -> tuple[Visitor, dict[str, str]]:
    """Give name and password at the office and return the page that asks for a code."""
    visitor = Visitor(client, {})
    asked = visitor.send(
        "/office/login",
        {"login": name, "password": PASSWORD, "next": "/office/bank"},
        headers={"User-Agent": FIREFOX},
    )
    assert asked.status_code == 200, asked.text
    assert not asked.cookies, "nobody is signed in yet"
    return visitor, hidden(asked.text)


def test_an_operator_signs_in_with_a_code_of_a_device_and_each_code_once(
    client: TestClient, context: Context, office: Callable[[str], Visitor]
) -> None:
    other = office("tess")
    tess = office("tess")
    secret, codes = set_up(tess)
    assert other.get("/office").status_code == 303, "sessions of a password alone are over"
    assert tess.get("/office").status_code == 200
    visitor, form = begun(client, "tess")
    path = "/office/login/code"
    code = code_at(secret, now())
    done = visitor.post(path, form | {"code": code}, headers={"User-Agent": FIREFOX})
    assert (done.status_code, done.headers["location"]) == (303, "/office/bank")
    visitor.cookies |= {name: cookie.value for name, cookie in done.cookies.items()}
    page = visitor.get("/office/security").text
    assert "Firefox, Linux" in page
    assert "Password and code" in page or "Mot de passe et code" in page
    visitor, form = begun(client, "tess")
    assert visitor.post(path, form | {"code": code}).status_code == 401, "a code of a device is taken once"
    assert visitor.post(path, form | {"code": codes[0].lower()}).status_code == 303
    visitor, form = begun(client, "tess")
    assert visitor.post(path, form | {"code": codes[0]}).status_code == 401, "a backup code is taken once"
    with context.database.read() as tx:
        kept = tx.one(
            "SELECT secret_sealed, (SELECT count(*) FROM operator_backup_code) AS n FROM operator_device"
        )
    assert secret not in bytes(kept.secret_sealed)
    assert kept.n == 9


def test_new_codes_void_the_old_and_a_device_is_taken_away_by_a_code(
    client: TestClient, office: Callable[[str], Visitor]
) -> None:
    bob, here = office("bob"), "/office/security"
    _, codes = set_up(bob)
    assert bob.send(here, {"do": "enrol"}).status_code == 409, "one device at a time"
    drawn = codes_on(bob.send(here, {"do": "codes", "code": codes[0]}))
    assert len(set(drawn) - set(codes)) == 10
    assert bob.send(here, {"do": "remove", "code": codes[1]}).status_code == 401
    assert bob.send(here, {"do": "remove", "code": drawn[0]}).status_code == 303
    assert sign_in(client, "bob").status_code == 303


def sign_in(client: TestClient, name: str) -> Result:
    return Visitor(client, {}).send("/office/login", {"login": name, "password": PASSWORD})


def test_a_role_that_needs_a_device_sees_nothing_before_it_has_one(office: Callable[[str], Visitor]) -> None:
    ada = office("ada")
    for path in ("/office", "/office/accounts", "/office/staff"):
        assert ada.get(path).headers["location"] == "/office/security?needed=1"
    token = ada.hidden("/office/security")
    refused = ada.post("/office/staff", token | {"do": "end", "operator": "sam"})
    assert refused.headers["location"] == "/office/security?needed=1"
    set_up(ada)
    assert ada.get("/office").status_code == 200
    assert office("sam").get("/office").status_code == 200


def test_an_administrator_resets_a_factor_and_the_act_tells_it(
    client: TestClient, context: Context, office: Callable[[str], Visitor]
) -> None:
    sam, ada = office("sam"), office("ada")
    set_up(sam)
    set_up(ada)
    assert sam.send("/office/staff", {"do": "reset", "operator": "ada"}).status_code == 403
    assert ada.send("/office/staff", {"do": "reset", "operator": "nobody"}).status_code == 404
    assert ada.send("/office/staff", {"do": "reset", "operator": "tess"}).status_code == 404
    assert ada.send("/office/staff", {"do": "reset", "operator": "sam"}).status_code == 303
    assert sam.get("/office").status_code == 303, "its sessions are over"
    assert sign_in(client, "sam").status_code == 303, "the password alone signs in again"
    with context.database.read() as tx:
        act = tx.one("SELECT actor, subject FROM act WHERE verb = 'reset_factor'")
    assert (act.actor, act.subject) == ("operator:ada", "sam")


def test_staff_is_shut_out_and_the_last_administrator_stays(
    context: Context, office: Callable[[str], Visitor]
) -> None:
    bob, ada, staff = office("bob"), office("ada"), "/office/staff"
    set_up(ada)
    assert "manage-staff" not in bob.get(staff).text
    assert "deactivate" not in bob.get(staff).text
    assert ada.send(staff, {"do": "deactivate", "operator": "bob"}).status_code == 303
    assert bob.get("/office").status_code == 303
    assert ada.send(staff, {"do": "role", "operator": "ada", "role": "sales"}).status_code == 409
    assert ada.send(staff, {"do": "role", "operator": "sue", "role": "administrator"}).status_code == 303
    assert ada.send(staff, {"do": "role", "operator": "sue", "role": "king"}).status_code == 400
    assert ada.send(staff, {"do": "activate", "operator": "bob"}).status_code == 303
    assert office("bob").get("/office").status_code == 200


def test_an_account_sees_where_it_is_signed_in_and_ends_it(client: TestClient, context: Context) -> None:
    def enter(name: str, address: str) -> Visitor:
        return Visitor(client, {"acquit-manager": sign_in_account(context, name, PASSWORD, address=address)})

    here, alice = "/manager/security", f"{ACME}/alice"
    own, second, hers = enter(ACME, "192.0.2.1"), enter(ACME, "198.51.100.2"), enter(alice, "203.0.113.3")
    stranger = enter(ACME_LAB, "192.0.2.9")
    page = own.get(here).text
    for address in ("192.0.2.1", "198.51.100.2", "203.0.113.3"):
        assert address in page
    assert "192.0.2.9" not in page
    assert "192.0.2.1" not in hers.get(here).text, "one who gives no access sees its own alone"
    numbers = re.findall(r'value="end"><input type="hidden" name="number" value="(\d+)"', page)
    assert len(numbers) == 2
    for number in numbers:
        assert stranger.send(here, {"do": "end", "number": number}).status_code == 404
    assert own.send(here, {"do": "end", "number": numbers[0]}).status_code == 303
    assert hers.get("/manager").status_code == 303
    assert own.send(here, {"do": "end-others"}).status_code == 303
    assert second.get("/manager").status_code == 303
    assert own.get("/manager").status_code == 200


def test_an_account_sets_up_a_device_and_codes_in_the_browser(client: TestClient, context: Context) -> None:
    own = Visitor(client, {"acquit-manager": sign_in_account(context, ACME, PASSWORD, address=ADDRESS)})
    here = "/manager/security"
    own.send(here, {"do": "enrol"})
    page = own.get(here)
    secret, number = secret_on(page), re.findall(r'name="number" value="(\d+)"', page.text)[0]
    assert "<svg" in page.text
    assert own.send(here, {"do": "confirm", "number": number, "code": "1"}).status_code == 401
    code = code_at(secret, now() - 1)
    assert own.send(here, {"do": "confirm", "number": number, "code": code}).status_code == 303
    codes = codes_on(own.send(here, {"do": "codes"}))
    assert own.send(here, {"do": "confirm-codes", "code": codes[0]}).status_code == 303
    assert own.send(here, {"do": "drop-codes", "code": codes[0]}).status_code == 401
    assert own.send(here, {"do": "remove", "number": number, "code": codes[1]}).status_code == 303
    assert own.send(here, {"do": "drop-codes", "code": codes[2]}).status_code == 303
    assert "device-secret" not in own.get(here).text
