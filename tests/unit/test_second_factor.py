"""Codes by time against the vectors of the RFC, and what the narrowest block decides."""

import pytest

from acquit.actions.change_second_factor import device_link
from acquit.core.access import read_block
from acquit.core.address_rule import AddressRule, AddressRules, ShutsOut, Verdict
from acquit.core.second_factor import code_at, matching_step, plain_code

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
     (2000000000, "279037"), (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(now: int, code: str) -> None:
    assert code_at(SECRET, now // 30) == code
    assert matching_step(SECRET, code, now, 0) == now // 30


def test_a_code_is_taken_once_and_one_step_away_at_most() -> None:
    code = code_at(SECRET, 1000)
    assert matching_step(SECRET, code, 1001 * 30, 0) == 1000
    assert matching_step(SECRET, code, 999 * 30, 0) == 1000
    assert matching_step(SECRET, code, 1002 * 30, 0) is None
    assert matching_step(SECRET, code, 1000 * 30, 1000) is None
    assert matching_step(SECRET, "", 1000 * 30, 0) is None
    assert matching_step(SECRET, "é" * 6, 1000 * 30, 0) is None


def test_a_link_for_a_device() -> None:
    link = device_link(SECRET, "Nuage & Co", "ab12345-acq/ada")
    assert link.startswith("otpauth://totp/Nuage%20%26%20Co%3Aab12345-acq%2Fada?secret=GEZDGNBVGY3TQOJQ")
    assert "issuer=Nuage%20%26%20Co" in link


def test_a_code_is_compared_without_blanks() -> None:
    assert plain_code(" abcd-efgh 23 ") == "ABCDEFGH23"


def rule(number: int, block: str, *, accepts: bool) -> AddressRule:
    return AddressRule(number, read_block(block), Verdict(accepts))


def test_the_narrowest_block_decides() -> None:
    rules = AddressRules(
        (rule(1, "10.0.0.0/8", accepts=True), rule(2, "10.1.0.0/16", accepts=False),
         rule(3, "10.1.2.3", accepts=True), rule(4, "2001:db8::/32", accepts=True)),
        Verdict(accepts=False),
    )  # fmt: skip
    expected = {
        "10.9.9.9": True, "10.1.9.9": False, "10.1.2.3": True, "::ffff:10.1.2.3": True, "192.0.2.1": False,
        "2001:db8::1": True, "nothing": False,
    }  # fmt: skip
    assert {address: rules.decide(address).accepts for address in expected} == expected
    with pytest.raises(ShutsOut):
        rules.refuse_shutting_out("192.0.2.1")
    rules.refuse_shutting_out(None)
    assert AddressRules().decide("anything").accepts
