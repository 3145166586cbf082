"""/me/identity: logins, groups and tokens."""

import time
from collections.abc import Callable, Iterator

import pytest
import requests
from ovh.exceptions import (
    BadParametersError,
    Forbidden,
    InvalidCredential,
    NotGrantedCall,
    ResourceConflictError,
    ResourceNotFoundError,
)

from acquit.actions.sign_in import SignInRefused, sign_in_account

from .families import Customer, Families
from .world import ACME, LAB, PETIT

Make = Callable[..., Customer]
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def ada(acme: Customer) -> Iterator[str]:
    """A login of Acme's, gone after the test."""
    acme.post("/me/identity/user", login="ada", password=PASSWORD, email="ada@example.com", description="d")
    yield "/me/identity/user/ada"
    if "ada" in acme.get("/me/identity/user"):
        acme.delete("/me/identity/user/ada")


def soon(caller: Customer, status: int, method: str = "GET", path: str = "/me", body: object = None) -> bool:
    """Whether a call is answered so as soon as every process has heard of the change: within moments."""
    for _ in range(200):
        if caller.reply(method, path, body).status_code == status:
            return True
        time.sleep(0.01)
    return False


def shut(url: str, headers: dict[str, str]) -> bool:
    """Whether a token is refused within moments."""
    for _ in range(200):
        if requests.get(url, headers=headers, timeout=60).status_code == 403:
            return True
        time.sleep(0.01)
    return False


def test_a_login_is_made_read_changed_and_removed(acme: Customer, ada: str) -> None:
    user = acme.get(ada)
    assert (user["login"], user["email"], user["group"], user["groups"]) == (
        "ada", "ada@example.com", "DEFAULT", ["DEFAULT"],
    )  # fmt: skip
    assert (user["status"], user["type"], user["urn"]) == (
        "OK", "USER", f"urn:v1:eu:identity:user:{ACME}/ada",
    )  # fmt: skip
    assert user["passwordLastUpdate"] is not None
    assert acme.put(ada, description="engineer", group="ADMIN") is None
    assert (acme.get(ada)["description"], acme.get(ada)["group"]) == ("engineer", "ADMIN")
    assert acme.get(ada)["email"] == "ada@example.com"
    assert acme.put(ada, email=None) is None
    assert acme.get(ada)["email"] is None
    assert acme.delete(ada) is None
    with pytest.raises(ResourceNotFoundError):
        acme.get(ada)


def test_a_disabled_login_is_shut_out(acme: Customer, ada: str, families: Families) -> None:
    context = families.world.context
    sign_in_account(context, f"{ACME}/ada", PASSWORD, address="192.0.2.1")
    hers = families.customer(ACME, login="ada")
    assert hers.get("/me")["nichandle"] == ACME
    assert acme.post(f"{ada}/disable") is None
    assert acme.get(ada)["status"] == "DISABLED"
    assert soon(hers, 403)
    with pytest.raises(SignInRefused):
        sign_in_account(context, f"{ACME}/ada", PASSWORD, address="192.0.2.1")
    with pytest.raises(InvalidCredential):
        hers.get("/me")
    assert acme.post(f"{ada}/enable") is None
    assert soon(hers, 200)
    acme.delete(ada)
    assert soon(hers, 403)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"password": "short"}, 400, "8 to 256"),
        ({"password": "password123"}, 400, "too easily guessed"),
        ({"password": "newcomer1"}, 400, "too easily guessed"),
        ({"password": None}, 400, "'password' is a required property"),
        ({"login": "a b"}, 400, "A login has"),
        ({"login": "../ada"}, 400, "A login has"),
        ({"login": ACME}, 409, "already"),
        ({"login": None}, 400, "'login' is a required property"),
        ({"email": "nowhere"}, 400, "e-mail"),
        ({"group": "nobody"}, 404, "no identity group"),
        ({"type": "ROOT"}, 400, "own login"),
        ({"type": "ROBOT"}, 400, "UserTypeEnum"),
        ({"type": "SERVICE"}, 400, "no password"),
        ({"description": "x" * 501}, 400, "500"),
    ],
)
def test_a_login_that_cannot_be(acme: Customer, change: dict[str, object], status: int, words: str) -> None:
    body = {"login": "newcomer", "password": PASSWORD} | change
    found, message = acme.refusal("POST", "/me/identity/user", body)
    assert (found, words in message) == (status, True), message
    assert PASSWORD not in message
    assert "newcomer" not in acme.get("/me/identity/user")


def test_a_login_is_taken_once_per_account(acme: Customer, customer: Make, ada: str) -> None:
    with pytest.raises(ResourceConflictError):
        acme.post("/me/identity/user", login="ada", password=PASSWORD)
    petit = customer(PETIT)
    petit.post("/me/identity/user", login="ada", password=PASSWORD)
    assert petit.get("/me/identity/user") == ["ada"]
    petit.delete("/me/identity/user/ada")
    assert acme.get(ada)["login"] == "ada"


def test_the_accounts_own_login_is_not_among_them(acme: Customer, families: Families) -> None:
    with families.world.context.database.write() as tx:
        tx.run(
            "INSERT INTO identity_user (account_id, login, type, password_hash) "
            "VALUES ('ab12345-acq', 'ab12345-acq', 'ROOT', '!') ON CONFLICT DO NOTHING"
        )
    assert ACME not in acme.get("/me/identity/user")
    for method in ("GET", "PUT", "DELETE"):
        assert acme.refusal(method, f"/me/identity/user/{ACME}")[0] == 404
    assert acme.refusal("POST", f"/me/identity/user/{ACME}/disable")[0] == 404


def test_only_administrators_change_who_may_sign_in(acme: Customer, ada: str, families: Families) -> None:
    hers = families.customer(ACME, login="ada")
    assert "ada" in hers.get("/me/identity/user")
    for method, path, body in (
        ("POST", "/me/identity/user", {"login": "eve", "password": PASSWORD}),
        ("PUT", ada, {"group": "ADMIN"}), ("DELETE", ada, None), ("POST", f"{ada}/enable", None),
        ("POST", "/me/identity/group", {"name": "x", "role": "ADMIN"}),
        ("POST", "/me/identity/group/ADMIN/user", {"user": "ada"}),
        ("POST", f"{ada}/token", {"name": "t", "description": ""}),
    ):  # fmt: skip
        assert hers.refusal(method, path, body)[0] == 403
    acme.post("/me/identity/group/ADMIN/user", user="ada")
    assert hers.put(ada, description="now she may") is None


def test_a_login_does_no_more_than_its_roles(acme: Customer, ada: str, families: Families) -> None:
    hers = families.customer(ACME, login="ada")
    assert hers.put("/me", fax="1") is None
    acme.put(ada, group="UNPRIVILEGED")
    assert soon(hers, 403, "PUT", "/me", {"fax": "2"})
    assert hers.get("/me/bill")
    acme.post("/me/identity/group", name="nobody")
    acme.put(ada, group="nobody")
    assert soon(hers, 403, "GET", "/me/bill")
    with pytest.raises(NotGrantedCall):
        hers.get("/me/bill")
    acme.put("/me/identity/group/nobody", role="REGULAR")
    assert soon(hers, 200)
    acme.put(ada, group="DEFAULT")
    acme.delete("/me/identity/group/nobody")


# ---------------------------------------------------------------- groups


def test_groups_have_roles_and_members(acme: Customer, ada: str) -> None:
    assert acme.get("/me/identity/group") == ["ACCOUNTANT", "ADMIN", "DEFAULT", "UNPRIVILEGED"]
    assert acme.get("/me/identity/group/DEFAULT")["role"] == "REGULAR"
    made = acme.post("/me/identity/group", name="readers", description="may read")
    assert (made["role"], made["defaultGroup"]) == ("NONE", False)
    path = "/me/identity/group/readers"
    assert acme.put(path, role="UNPRIVILEGED") is None
    assert (acme.get(path)["role"], acme.get(path)["description"]) == ("UNPRIVILEGED", "may read")
    assert acme.post(f"{path}/user", user="ada") is None
    assert acme.get(f"{path}/user") == ["ada"]
    assert acme.get(ada)["groups"] == ["DEFAULT", "readers"]
    assert acme.delete(f"{path}/user/ada") is None
    with pytest.raises(ResourceNotFoundError):
        acme.delete(f"{path}/user/ada")
    with pytest.raises(BadParametersError):
        acme.delete("/me/identity/group/DEFAULT/user/ada")
    acme.put(ada, group="readers")
    with pytest.raises(ResourceConflictError):
        acme.delete(path)
    acme.put(ada, group="DEFAULT")
    assert acme.delete(path) is None
    assert acme.refusal("GET", path)[0] == 404


def test_groups_of_every_account_stay_as_they_are(acme: Customer) -> None:
    for call in (
        lambda: acme.put("/me/identity/group/ADMIN", role="NONE"),
        lambda: acme.delete("/me/identity/group/DEFAULT"),
    ):
        with pytest.raises(Forbidden):
            call()
    with pytest.raises(ResourceConflictError):
        acme.post("/me/identity/group", name="ADMIN")
    with pytest.raises(BadParametersError):
        acme.post("/me/identity/group", name="a/b")
    assert acme.refusal("POST", "/me/identity/group/ADMIN/user", {"user": "nobody"})[0] == 404
    assert acme.refusal("POST", "/me/identity/group/nobody/user", {"user": "ada"})[0] == 404


# ---------------------------------------------------------------- tokens


def test_a_token_opens_what_its_login_may(acme: Customer, ada: str, families: Families) -> None:
    made = acme.post(f"{ada}/token", name="laptop", description="at work", expiresIn=3600)
    assert made["expiresAt"] is not None
    shown = acme.get(f"{ada}/token/laptop")
    assert shown == {name: value for name, value in made.items() if name != "token"}
    headers = {"Authorization": f"Bearer {made['token']}"}
    said = requests.get(f"{families.origin}/1.0/me", headers=headers, timeout=60)
    assert (said.status_code, said.json()["nichandle"]) == (200, ACME)
    details = requests.get(f"{families.origin}/1.0/auth/details", headers=headers, timeout=60).json()
    assert details["user"] == f"{ACME}/ada"
    assert acme.put(f"{ada}/token/laptop", description="at home", expiresAt=None)["expiresAt"] is None
    with pytest.raises(ResourceConflictError):
        acme.post(f"{ada}/token", name="laptop", description="")
    assert acme.delete(f"{ada}/token/laptop") is None
    assert shut(f"{families.origin}/1.0/me", headers)
    assert acme.get(f"{ada}/token") == []


def test_a_service_has_tokens_and_no_password(acme: Customer, families: Families) -> None:
    acme.post("/me/identity/user", login="robot", type="SERVICE")
    assert acme.get("/me/identity/user/robot")["passwordLastUpdate"] is None
    text = acme.post("/me/identity/user/robot/token", name="ci", description="builds")["token"]
    headers = {"Authorization": f"Bearer {text}"}
    assert requests.get(f"{families.origin}/1.0/me/bill", headers=headers, timeout=60).status_code == 200
    assert (
        requests.post(f"{families.origin}/1.0/me/subAccount", headers=headers, timeout=60).status_code == 200
    )
    acme.delete("/me/identity/user/robot")
    assert shut(f"{families.origin}/1.0/me", headers)
    with pytest.raises(SignInRefused):
        sign_in_account(
            families.world.context, f"{ACME}/robot", "nobody has this password", address="192.0.2.2"
        )


@pytest.mark.parametrize(
    "change",
    [
        {"expiresIn": 0}, {"expiresIn": 10**12}, {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresIn": 60, "expiresAt": "2030-01-01T00:00:00Z"}, {"name": "a b"}, {"name": None},
        {"description": "x" * 501},
    ],
)  # fmt: skip
def test_a_token_that_cannot_be(acme: Customer, ada: str, change: dict[str, object]) -> None:
    assert acme.refusal("POST", f"{ada}/token", {"name": "t", "description": ""} | change)[0] == 400


def test_a_strangers_login_does_not_exist(customer: Make, ada: str) -> None:
    for stranger in (customer(PETIT), customer(LAB)):
        for method, path, body in (
            ("GET", ada, None), ("PUT", ada, {"description": "x"}), ("DELETE", ada, None),
            ("POST", f"{ada}/disable", None), ("POST", f"{ada}/enable", None), ("GET", f"{ada}/token", None),
            ("POST", f"{ada}/token", {"name": "t", "description": ""}), ("GET", f"{ada}/token/t", None),
            ("PUT", f"{ada}/token/t", {}), ("DELETE", f"{ada}/token/t", None),
            ("POST", "/me/identity/group/ADMIN/user", {"user": "ada"}),
        ):  # fmt: skip
            assert stranger.refusal(method, path, body)[0] == 404
