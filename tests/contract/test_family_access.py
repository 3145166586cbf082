"""/me/accessRestriction: addresses, devices that make codes, backup codes; and the manager's door."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from acquit.actions import passwords
from acquit.actions.attempts import TooManyAttempts
from acquit.actions.restrict_addresses import lift_restrictions
from acquit.actions.sign_in import (
    AddressRefused,
    CodeNeeded,
    SignInOver,
    SignInRefused,
    sign_in_account,
    sign_in_with_code,
)
from acquit.core.access import Rule
from acquit.core.second_factor import WrongCode, code_at

from .families import Customer, Families
from .world import ACME, PETIT

Make = Callable[..., Customer]
PASSWORD = "correct-horse-battery-staple"
HERE = "192.0.2.1"
IP = "/me/accessRestriction/ip"
OTHERS = "/me/accessRestriction/ipDefaultRule"
TOTP = "/me/accessRestriction/totp"
CODES = "/me/accessRestriction/backupCode"


class Letters:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        self.sent.append((to, subject, text))


@pytest.fixture(autouse=True)
def unrestricted(families: Families) -> Iterator[None]:
    """Every test begins with a password that nobody tried, and ends without restrictions."""
    hashed = passwords.hashed(PASSWORD)
    with families.world.context.database.write() as tx:
        tx.run("DELETE FROM login_attempt")
        tx.run(
            "INSERT INTO identity_user (account_id, login, type, password_hash) "
            "VALUES ('ab12345-acq', 'ab12345-acq', 'ROOT', %(hashed)s) "
            "ON CONFLICT (account_id, login) DO UPDATE SET password_hash = excluded.password_hash",
            hashed=hashed,
        )
    yield
    lift_restrictions(families.world.context, ACME, by="system")
    time.sleep(0.2)


def soon(caller: Customer, status: int) -> bool:
    """Whether a call is answered so as soon as every process has heard of the change."""
    for _ in range(200):
        if caller.reply("GET", "/me").status_code == status:
            return True
        time.sleep(0.01)
    return False


# ---------------------------------------------------------------- addresses


def test_rules_are_made_read_changed_and_removed(acme: Customer) -> None:
    assert acme.get(OTHERS) == {"rule": "accept", "warning": False}
    assert acme.post(IP, ip="192.0.2.0/24", rule="deny", warning=True) is None
    (number,) = acme.get(IP)
    path = f"{IP}/{number}"
    assert acme.get(path) == {"id": number, "ip": "192.0.2.0/24", "rule": "deny", "warning": True}
    assert acme.put(path, rule="accept") is None
    assert acme.get(path) == {"id": number, "ip": "192.0.2.0/24", "rule": "accept", "warning": True}
    assert acme.refusal("POST", IP, {"ip": "192.0.2.0/24", "rule": "deny", "warning": False})[0] == 409
    for wrong in ("nowhere", "192.0.2.0/33", ""):
        assert acme.refusal("POST", IP, {"ip": wrong, "rule": "deny", "warning": False})[0] == 400
    assert acme.delete(path) is None
    assert acme.refusal("GET", path)[0] == 404


def test_rules_are_looked_for_by_their_block(customer: Callable[..., Customer]) -> None:
    petit = customer(PETIT)
    blocks = ("192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32")
    for block in blocks:
        petit.post(IP, ip=block, rule="accept", warning=False)

    def found(said: str) -> list[str]:
        return [each["ip"] for each in petit.page(IP, Filter=said, Sort="ip")]

    assert found("ip:eq=198.51.100.7") == found("ip:eq=198.51.100.7/32") == [blocks[1]]
    assert found("ip:in=2001:db8::/32,192.0.2.0/24") == [blocks[0], blocks[2]]
    assert found("ip:ne=192.0.2.0/24") == list(blocks[1:])
    assert found("ip:like=%.%") == list(blocks[:2])
    assert found("ip:gt=192.0.2.0/24") == list(blocks[1:])
    for operator in ("eq", "in", "lt"):
        headers = {"X-Pagination-Mode": "CachedObjectList-Pages", "X-Pagination-Filter": f"ip:{operator}=x"}
        assert petit.reply("GET", IP, None, headers).status_code == 400
    for number in petit.get(IP):
        petit.delete(f"{IP}/{number}")


def test_what_shuts_out_the_caller_is_refused(acme: Customer) -> None:
    assert acme.refusal("PUT", OTHERS, {"rule": "deny"})[0] == 409
    assert acme.get(OTHERS)["rule"] == "accept"
    assert acme.refusal("POST", IP, {"ip": "127.0.0.0/8", "rule": "deny", "warning": False})[0] == 409
    acme.post(IP, ip="127.0.0.1", rule="accept", warning=False)
    assert acme.put(OTHERS, rule="deny") is None
    (number,) = acme.get(IP)
    assert acme.refusal("DELETE", f"{IP}/{number}")[0] == 409
    assert acme.refusal("PUT", f"{IP}/{number}", {"rule": "deny"})[0] == 409
    assert acme.get("/me")["nichandle"] == ACME


def test_keys_and_tokens_are_refused_from_elsewhere(
    acme: Customer, customer: Make, families: Families
) -> None:
    token = acme.post("/auth/token")["token"]
    acme.post(IP, ip="127.0.0.1", rule="accept", warning=False)
    acme.put(OTHERS, rule="deny")
    elsewhere = {"X-Forwarded-For": HERE}
    for _ in range(200):
        reply = acme.reply("GET", "/me", None, elsewhere)
        if reply.status_code == 403:
            break
        time.sleep(0.01)
    assert reply.json()["errorCode"] == "FORBIDDEN"
    headers = {"Authorization": f"Bearer {token}", **elsewhere}
    assert requests.get(f"{families.origin}/1.0/me", headers=headers, timeout=60).status_code == 403
    assert customer(PETIT).reply("GET", "/me", None, elsewhere).status_code == 200
    lift_restrictions(families.world.context, ACME, by="system")
    for _ in range(200):
        if acme.reply("GET", "/me", None, elsewhere).status_code == 200:
            break
        time.sleep(0.01)
    assert acme.reply("GET", "/me", None, elsewhere).status_code == 200


def test_the_door_looks_at_the_address_after_the_password(acme: Customer, families: Families) -> None:
    letters = Letters()
    context = replace(families.world.context, mailer=letters)
    acme.post(IP, ip="192.0.2.0/24", rule="deny", warning=True)
    with pytest.raises(SignInRefused):
        sign_in_account(context, ACME, "wrong", address=HERE)
    assert not letters.sent
    with pytest.raises(AddressRefused):
        sign_in_account(context, ACME, PASSWORD, address=HERE)
    ((to, subject, text),) = letters.sent
    assert (to, HERE in text, "refusée" in text) == ("alice@example.com", True, True)
    assert HERE not in subject, "subjects are kept"
    assert sign_in_account(context, ACME, PASSWORD, address="198.51.100.1")
    assert len(letters.sent) == 1


# ---------------------------------------------------------------- devices


def code(secret: str, later: int = 0) -> str:
    """The code that a device shows now, or so many steps later."""
    return code_at(base64.b32decode(secret), int(time.time()) // 30 + later)


@pytest.fixture
def device(acme: Customer) -> dict[str, Any]:
    """A device of Acme's own login, confirmed."""
    made: dict[str, Any] = acme.post(TOTP)
    acme.post(f"{TOTP}/{made['id']}/validate", code=code(made["secret"], -1))
    return made


def test_a_device_is_enrolled_confirmed_and_asked_for(acme: Customer, families: Families) -> None:
    context = families.world.context
    made = acme.post(TOTP)
    path = f"{TOTP}/{made['id']}"
    assert made["qrcodeHelper"].startswith("otpauth://totp/")
    assert acme.get(path)["status"] == "needCodeValidation"
    assert made["secret"] not in str(acme.get(path))
    assert sign_in_account(context, ACME, PASSWORD, address=HERE), "an unconfirmed device is not asked for"
    wrong = "000000" if code(made["secret"]) != "000000" else "000001"
    assert acme.refusal("POST", f"{path}/validate", {"code": wrong})[0] == 403
    right = code(made["secret"])
    assert acme.post(f"{path}/validate", code=right) is None
    assert acme.refusal("POST", f"{path}/validate", {"code": code(made["secret"], 1)})[0] == 409
    assert acme.get(path)["status"] == "enabled"
    with pytest.raises(CodeNeeded) as needed:
        sign_in_account(context, ACME, PASSWORD, address=HERE)
    with pytest.raises(WrongCode):
        sign_in_with_code(context, needed.value.pending, right, address=HERE)
    token = sign_in_with_code(context, needed.value.pending, code(made["secret"], 1), address=HERE)
    assert len(token) == 43
    with pytest.raises(SignInOver):
        sign_in_with_code(context, needed.value.pending, code(made["secret"], 1), address=HERE)


def test_a_device_in_use_is_disabled_by_a_code_before_it_goes(acme: Customer, device: dict[str, Any]) -> None:
    path = f"{TOTP}/{device['id']}"
    assert acme.put(path, description="phone") is None
    assert acme.get(path)["description"] == "phone"
    assert acme.refusal("DELETE", path)[0] == 409
    assert acme.post(f"{path}/disable", code=code(device["secret"])) is None
    assert acme.get(path)["status"] == "disabled"
    assert acme.post(f"{path}/enable", code=code(device["secret"], 1)) is None
    assert acme.get(path)["lastUsedDate"] is not None
    draw = acme.post(CODES)["codes"]
    acme.post(f"{CODES}/validate", code=draw[0])
    assert acme.post(f"{path}/disable", code=draw[1]) is None
    assert acme.delete(path) is None
    assert acme.refusal("GET", path)[0] == 404


def test_codes_are_not_guessed(acme: Customer, families: Families, device: dict[str, Any]) -> None:
    path = f"{TOTP}/{device['id']}/disable"
    for _ in range(5):
        status, message = acme.refusal("POST", path, {"code": "no code"})
        assert (status, "not valid" in message) == (403, True)
    status, message = acme.refusal("POST", path, {"code": code(device["secret"])})
    assert (status, "15 minutes" in message) == (429, True)
    assert acme.reply("POST", path, {"code": "x"}).headers["Retry-After"] == "900"
    context = families.world.context
    with pytest.raises(CodeNeeded) as needed:
        sign_in_account(context, ACME, PASSWORD, address=HERE)
    for _ in range(5):
        with pytest.raises(WrongCode):
            sign_in_with_code(context, needed.value.pending, "000", address=HERE)
    with pytest.raises(TooManyAttempts):
        sign_in_with_code(context, needed.value.pending, code(device["secret"], 1), address=HERE)


def test_a_device_belongs_to_the_login_that_calls(
    acme: Customer, customer: Make, families: Families, device: dict[str, Any]
) -> None:
    acme.post("/me/identity/user", login="eve", password=PASSWORD)
    hers, stranger = families.customer(ACME, login="eve"), customer(PETIT)
    for caller in (hers, stranger):
        assert caller.get(TOTP) == []
        for method, path, body in (
            ("GET", "", None), ("PUT", "", {"description": "x"}), ("DELETE", "", None),
            ("POST", "/disable", {"code": "1"}), ("POST", "/enable", {"code": "1"}),
            ("POST", "/validate", {"code": "1"}),
        ):  # fmt: skip
            assert caller.refusal(method, f"{TOTP}/{device['id']}{path}", body)[0] == 404
    made = hers.post(TOTP)
    hers.post(f"{TOTP}/{made['id']}/validate", code=code(made["secret"]))
    with pytest.raises(CodeNeeded):
        sign_in_account(families.world.context, f"{ACME}/eve", PASSWORD, address=HERE)
    acme.delete("/me/identity/user/eve")
    acme.post("/me/identity/user", login="eve", password=PASSWORD)
    assert sign_in_account(families.world.context, f"{ACME}/eve", PASSWORD, address=HERE)
    acme.delete("/me/identity/user/eve")


# ---------------------------------------------------------------- backup codes


def test_backup_codes_are_drawn_confirmed_and_spent(
    acme: Customer, families: Families, device: dict[str, Any]
) -> None:
    assert acme.refusal("GET", CODES)[0] == 404
    codes = acme.post(CODES)["codes"]
    assert len(set(codes)) == 10
    assert acme.get(CODES)["status"] == "needCodeValidation"
    assert acme.post(f"{CODES}/validate", code=codes[0]) == {"remainingCodes": 9}
    assert acme.get(CODES)["status"] == "enabled"
    for method, path in (("POST", CODES), ("DELETE", CODES)):
        assert acme.refusal(method, path, {} if method == "POST" else None)[0] == 409
    context = families.world.context
    with pytest.raises(CodeNeeded) as needed:
        sign_in_account(context, ACME, PASSWORD, address=HERE)
    with pytest.raises(WrongCode):
        sign_in_with_code(context, needed.value.pending, codes[0], address=HERE)
    typed = f"{codes[1][:6].lower()}-{codes[1][6:]}"
    assert sign_in_with_code(context, needed.value.pending, typed, address=HERE)
    assert (acme.get(CODES)["remaining"], acme.get(CODES)["lastUsedDate"] is None) == (8, False)
    assert acme.post(f"{CODES}/disable", code=codes[2]) is None
    assert acme.refusal("POST", f"{CODES}/enable", {"code": codes[2]})[0] == 403
    assert acme.post(f"{CODES}/enable", code=codes[3]) is None
    acme.post(f"{CODES}/disable", code=codes[4])
    assert acme.delete(CODES) is None
    assert acme.refusal("GET", CODES)[0] == 404


def test_a_backup_code_confirms_no_device(acme: Customer) -> None:
    codes = acme.post(CODES)["codes"]
    acme.post(f"{CODES}/validate", code=codes[0])
    made = acme.post(TOTP)
    assert acme.refusal("POST", f"{TOTP}/{made['id']}/validate", {"code": codes[1]})[0] == 403
    assert acme.get(CODES)["remaining"] == 9


@pytest.mark.parametrize("kind", ["sms", "u2f"])
def test_what_is_not_offered_says_so(acme: Customer, kind: str) -> None:
    path = f"/me/accessRestriction/{kind}"
    assert acme.get(path) == []
    status, message = acme.refusal("POST", path, {"phone": "+33600000000"} if kind == "sms" else {})
    assert (status, "not offered" in message) == (403, True)
    assert acme.refusal("GET", f"{path}/1")[0] == 404


def test_a_key_that_may_only_read_changes_nothing(families: Families) -> None:
    reader = families.customer(rules=(Rule("GET", "/me/*"),))
    assert reader.refusal("POST", TOTP, {})[0] == 403
    assert reader.get(TOTP) == []
