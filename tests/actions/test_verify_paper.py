"""A paper is proved offline by its receipt; whatever is changed of either is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from acquit.actions.context import Context
from acquit.actions.paper_receipts import NoSuchPaper, receipt_of_bill, write_key
from acquit.actions.verify_paper import BadFile, Verified, verify_file
from acquit.adapters.sealer import AesSealer
from acquit.core.bill import NoSuchBill
from acquit.core.identifiers import BillId
from acquit.documents.paper_proof import BadKey
from acquit.documents.paper_receipt import BadReceipt, receipt_json, receipt_of
from acquit.store.transaction import Database
from archiving import FIRST, archiving, changed, cii, handed, with_e_invoice


class Handed(NamedTuple):
    """A bill as it is handed to a stranger."""

    context: Context
    paper: Path
    receipt: Path
    key: Path


@pytest.fixture(scope="module")
def given(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Handed:
    directory = tmp_path_factory.mktemp("handed")
    context = archiving(module_database, directory / "archive")
    return Handed(context, *handed(context, directory))


def states(made: Verified) -> dict[str, str]:
    return {each.check: str(each.state) for each in made.findings}


def test_with_receipt_and_key_a_paper_is_proved(given: Handed) -> None:
    made = verify_file(given.paper, given.receipt, given.key)
    assert made.verdict == "proved"
    assert states(made) == {
        "paper": "proved", "entry": "proved", "path": "proved", "signature": "proved", "key": "proved",
        "e-invoice": "proved", "text": "proved",
    }  # fmt: skip


def test_the_receipt_beside_the_paper_is_found_and_a_key_nobody_compared_is_told(given: Handed) -> None:
    made = verify_file(given.paper, None, None)
    assert (made.verdict, states(made)["key"]) == ("intact", "open")


def test_without_a_receipt_nothing_is_proved(given: Handed, tmp_path: Path) -> None:
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(given.paper.read_bytes())
    made = verify_file(alone, None, given.key)
    assert (made.verdict, states(made)) == (
        "unproved",
        {"paper": "open", "e-invoice": "proved", "text": "proved"},
    )


def test_one_changed_byte_is_told(given: Handed, tmp_path: Path) -> None:
    forged = tmp_path / "forged.pdf"
    content = bytearray(given.paper.read_bytes())
    content[len(content) // 2] ^= 1
    forged.write_bytes(content)
    made = verify_file(forged, given.receipt, given.key)
    assert (made.verdict, states(made)["paper"]) == ("differs", "differs")


def test_the_receipt_of_another_bill_is_told(given: Handed, tmp_path: Path) -> None:
    _, receipt, _ = handed(given.context, tmp_path, BillId("FR00000002"))
    made = verify_file(given.paper, receipt, given.key)
    assert (made.verdict, states(made)["paper"], states(made)["text"]) == ("differs", "differs", "differs")


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("paper", lambda told: told["paper"].update(bytes=1)),
        ("path", lambda told: told["bill"].update(account="zz99999-acq")),
        ("entry", lambda told: told["bill"].update(total_minor=1)),
        ("entry", lambda told: told["bill"].update(issued_on="2026-11-24")),
        ("entry", lambda told: told["bill"].update(currency="USD")),
        ("entry", lambda told: told["entry"].update(text=told["entry"]["text"].replace("1200", "1300"))),
        ("entry", lambda told: told["entry"].update(hash_before="01" * 32)),
        ("path", lambda told: told["entry"].update(hash="00" * 32)),
        ("path", lambda told: told.update(leaf=told["leaf"] + 1)),
        ("path", lambda told: told.update(leaf=-1)),
        ("path", lambda told: told["path"].pop()),
        ("path", lambda told: told["path"].append("00" * 32)),
        (
            "signature",
            lambda told: told["stamp"].update(text=told["stamp"]["text"].replace("-23|", "-22|")),
        ),
        ("signature", lambda told: told["stamp"].update(signature="00" * 64)),
        ("signature", lambda told: told["stamp"].update(signature="")),
        ("signature", lambda told: told["stamp"].update(public_key="11" * 32)),
        ("signature", lambda told: told["stamp"].update(public_key="")),
    ],
)
def test_whatever_is_changed_of_a_receipt_is_told(
    given: Handed, check: str, change: Callable[[dict[str, Any]], object]
) -> None:
    made = verify_file(given.paper, changed(given.receipt, change), given.key)
    assert made.verdict == "differs"
    assert states(made)[check] == "differs"


def test_a_receipt_that_anybody_made_is_told_by_the_key(given: Handed, tmp_path: Path) -> None:
    """Whoever makes books of his own can sign them too: only the seller's key tells him apart."""
    sealer = AesSealer(b"forger" * 6)
    told = receipt_of(given.receipt.read_bytes())
    signature = sealer.sign(told.stamp.text.encode())
    forged = changed(
        given.receipt,
        lambda document: document["stamp"].update(
            signature=signature.hex(), public_key=sealer.public_key().hex()
        ),
    )
    assert verify_file(given.paper, forged, None).verdict == "intact"
    made = verify_file(given.paper, forged, given.key)
    assert (made.verdict, states(made)["signature"], states(made)["key"]) == ("differs", "proved", "differs")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(format="another"),
        lambda told: told.pop("bill"),
        lambda told: told["stamp"].update(text="x"),
        lambda told: told["entry"].update(hash="xyz"),
        lambda told: told["bill"].update(currency="XXX"),
        lambda told: told["bill"].update(currency=[]),
        lambda told: told.update(path=7),
        lambda told: told.update(path=[7]),
        lambda told: told.update(stamp="x"),
        lambda told: told["paper"].update(bytes="many"),
    ],
)
def test_what_is_no_receipt_is_refused(given: Handed, change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(BadReceipt):
        verify_file(given.paper, changed(given.receipt, change), None)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"x" * (2 << 20)])
def test_what_is_not_even_json_is_refused(given: Handed, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(BadReceipt):
        verify_file(given.paper, path, None)
    with pytest.raises(BadKey):
        verify_file(given.paper, given.receipt, path)


def test_files_that_are_not_there_are_named(given: Handed, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"nothing\.pdf"):
        verify_file(tmp_path / "nothing.pdf", None, None)
    with pytest.raises(BadFile, match=r"none\.json"):
        verify_file(given.paper, tmp_path / "none.json", None)


def test_a_receipt_is_the_same_each_time_and_read_as_it_was_written(given: Handed) -> None:
    again = receipt_of_bill(given.context, FIRST, "cli")
    assert receipt_json(again) == given.receipt.read_bytes()
    assert receipt_of(receipt_json(again)) == again
    with pytest.raises(NoSuchBill):
        receipt_of_bill(given.context, BillId("FR99999999"), "cli")
    with pytest.raises(NoSuchPaper):
        receipt_of_bill(given.context, FIRST, "cli", "html")


def test_a_key_is_read_as_pem_or_as_digits(given: Handed, tmp_path: Path) -> None:
    digits = tmp_path / "key.txt"
    digits.write_text(given.context.sealer.public_key().hex() + "\n")
    assert verify_file(given.paper, given.receipt, digits).verdict == "proved"
    assert write_key(given.context, tmp_path / "k.pem").path.read_bytes() == given.key.read_bytes()


@pytest.mark.parametrize(
    ("xml", "state"),
    [
        (cii("FR00000001", "10.00", "12.00"), "proved"),
        (cii("FR00000001", "10.00", "13.00"), "differs"),
        (cii("FR00000001", "10.01", "12.00"), "differs"),
        (cii("FR00000002", "10.00", "12.00"), "differs"),
        (cii("FR00000001", "10.00", "12.00", "USD"), "differs"),
        (cii("FR00000001", "ten", "12.00"), "differs"),
        (cii("FR00000001", "10.00", "12.00", "???"), "differs"),
        (b"<Invoice><ID>FR00000001</ID></Invoice>", "differs"),
        (b"<!DOCTYPE x [<!ENTITY a 'a'>]><x>&a;</x>", "differs"),
        (b"no xml", "differs"),
    ],
)
def test_the_e_invoice_inside_is_compared_with_page_and_receipt(
    given: Handed, tmp_path: Path, xml: bytes, state: str
) -> None:
    path = tmp_path / "with.pdf"
    path.write_bytes(with_e_invoice(given.paper.read_bytes(), xml))
    assert states(verify_file(path, given.receipt, None))["e-invoice"] == state


def test_an_e_invoice_is_compared_with_the_page_even_without_a_receipt(given: Handed, tmp_path: Path) -> None:
    path = tmp_path / "with.pdf"
    for xml, told in (
        (cii("FR00000001", "10.00", "12.00"), ("unproved", "proved", "proved")),
        (cii("FR00000009", "10.00", "12.00"), ("differs", "proved", "differs")),
    ):
        path.write_bytes(with_e_invoice(given.paper.read_bytes(), xml))
        made = verify_file(path, None, None)
        assert (made.verdict, states(made)["e-invoice"], states(made)["text"]) == told


def test_what_is_no_pdf_is_told(given: Handed, tmp_path: Path) -> None:
    path = tmp_path / "note.pdf"
    path.write_bytes(b"hello")
    made = verify_file(path, given.receipt, None)
    assert (made.verdict, states(made)["e-invoice"]) == ("differs", "differs")
