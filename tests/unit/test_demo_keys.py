"""The keys of a demo are kept in its directory and given back as they were."""

import pytest

from acquit.demo.keys import Keys, Login, MadeOtherwise, SubAccountKey, of_members


def made() -> Keys:
    login = Login("camille", "secret", "administrator")
    return Keys(
        "key", "secret", "ab12345-acq", "consumer", "bills", (SubAccountKey(1, "ab20001-acq", "consumer"),),
        (login,), "token", login,
    )  # fmt: skip


def test_keys_come_back_as_they_were() -> None:
    assert of_members(made().members()) == made()


@pytest.mark.parametrize("change", [{"sign_in": None}, {"mystery": 1}, {"sub_accounts": [{"id": 1}]}])
def test_keys_of_another_version_are_refused_with_how_to_go_on(change: dict[str, object]) -> None:
    with pytest.raises(MadeOtherwise, match="remove"):
        of_members(made().members() | change)
