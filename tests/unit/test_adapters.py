"""What stands behind the ports, tried for real."""

import threading
from datetime import date
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock, SystemClock
from acquit.adapters.sealer import AesSealer, secret_of


def test_the_archive_gives_back_what_was_put(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path / "papers")
    name = archive.put(b"a bill")
    assert archive.put(b"a bill") == name
    assert archive.get(name) == b"a bill"
    assert [path.name for path in (tmp_path / "papers").rglob(".part-*")] == []


def test_the_archive_knows_nothing_of_another_hash(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        DirectoryArchive(tmp_path).get("0" * 64)


def test_what_is_removed_is_gone_and_can_be_removed_again(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path / "papers")
    name, other = archive.put(b"a bill"), archive.put(b"another")
    for _ in range(2):
        archive.remove(name)
    with pytest.raises(KeyError):
        archive.get(name)
    assert archive.get(other) == b"another"
    DirectoryArchive(tmp_path / "nowhere").remove(name)


def test_a_path_is_no_hash(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        DirectoryArchive(tmp_path).get("../../etc/passwd")


def test_a_sealed_secret_opens_with_its_key_alone() -> None:
    sealed = AesSealer(b"k" * 32).seal("secret")
    assert b"secret" not in sealed
    assert AesSealer(b"k" * 32).unseal(sealed) == "secret"
    with pytest.raises(ValueError, match="does not open"):
        AesSealer(b"l" * 32).unseal(sealed)


def test_two_seals_of_one_secret_differ() -> None:
    sealer = AesSealer(b"k" * 32)
    assert sealer.seal("secret") != sealer.seal("secret")


def test_a_token_is_stable_and_belongs_to_its_purpose() -> None:
    sealer = AesSealer(b"k" * 32)
    assert sealer.token("bill:FR1") == sealer.token("bill:FR1")
    assert sealer.token("bill:FR1") != sealer.token("bill:FR2")
    assert len(sealer.token("bill:FR1")) == 24


def test_a_signature_is_of_one_message_by_one_installation() -> None:
    sealer = AesSealer(b"k" * 32)
    key = Ed25519PublicKey.from_public_bytes(sealer.public_key())
    key.verify(sealer.sign(b"text"), b"text")
    for signature, message in (
        (sealer.sign(b"text"), b"test"),
        (AesSealer(b"l" * 32).sign(b"text"), b"text"),
    ):
        with pytest.raises(InvalidSignature):
            key.verify(signature, message)
    assert AesSealer(b"k" * 32).public_key() == sealer.public_key() != AesSealer(b"l" * 32).public_key()


def test_the_secret_is_made_once_even_by_many_at_once(tmp_path: Path) -> None:
    secrets: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: secrets.append(secret_of(tmp_path / "secret.key"))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(secrets)) == 1
    assert len(secrets) == 16
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_business_dates() -> None:
    clock = SystemClock()
    assert (SystemClock(400).today("Europe/Paris") - clock.today("Europe/Paris")).days in {399, 400, 401}
    assert FixedClock(date(2026, 1, 31)).today("Europe/Paris") == date(2026, 1, 31)
    assert FixedClock(date(2026, 1, 31)).now().tzinfo is not None
