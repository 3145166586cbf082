"""The parts by themselves: reading papers, keeping a pace, finding keys, naming files, the reference page."""

import json
from datetime import date
from pathlib import Path

import pytest
from keyring.errors import KeyringError

from acquit.collector.access import Access, Accounts, check_name, of_sdk
from acquit.collector.endpoint import base_of, region_of, token_page
from acquit.collector.families import BILL
from acquit.collector.fault import Fault
from acquit.collector.pace import Pace
from acquit.collector.papers import path_of
from acquit.collector.reading import Reading, date_in, read_text, read_xml
from acquit.collector.reference import BEGIN, tables_page
from acquit.collector.rights import RULES
from acquit.collector.secret import Secret
from collector.provider import VirtualTimer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("31/12/2026", date(2026, 12, 31)),
        ("1er décembre 2026", date(2026, 12, 1)),
        ("17 décembre 2026", date(2026, 12, 17)),
        ("31 January 2027", date(2027, 1, 31)),
        ("January 31, 2027", date(2027, 1, 31)),
        ("31. Dezember 2026", date(2026, 12, 31)),
        ("31 de diciembre de 2026", date(2026, 12, 31)),
        ("32/12/2026", None),
        ("45 days", None),
        ("", None),
    ],
)
def test_dates_as_papers_write_them(text: str, expected: date | None) -> None:
    assert date_in(text) == expected


def test_a_month_stands_first_in_america() -> None:
    assert date_in("11/02/2026", month_first=True) == date(2026, 11, 2)
    assert date_in("11/02/2026") == date(2026, 2, 11)


def test_labels_are_read_and_sentences_are_not() -> None:
    paper = "Votre bon de commande\nPO-7\nDate d’échéance\n31 janvier 2027\nNet à payer\n175,19 €"
    assert read_text(paper) == Reading("PO-7", True, date(2027, 1, 31))
    assert read_text("It will be collected on the due date.\nLate payment bears interest.") == Reading()


@pytest.mark.parametrize(
    "xml",
    [
        b"no xml",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<Invoice><ID>FR2</ID><DueDate>2026-12-31</DueDate></Invoice>",
    ],
    ids=["broken", "with a document type", "of another bill"],
)
def test_an_xml_that_cannot_be_trusted_says_nothing(xml: bytes) -> None:
    assert read_xml(xml, "FR1") == Reading()


def test_ubl_is_read() -> None:
    order = b"<OrderReference><ID>PO-9</ID></OrderReference>"
    xml = b"<Invoice><ID>FR1</ID><DueDate>2026-12-31</DueDate>" + order + b"</Invoice>"
    assert read_xml(xml, "FR1") == Reading("PO-9", True, date(2026, 12, 31))
    without = b"<Invoice><ID>FR1</ID><DueDate>2026-12-31</DueDate></Invoice>"
    assert read_xml(without, "FR1") == Reading(None, True, date(2026, 12, 31))


def test_a_key_never_calls_more_than_its_pace() -> None:
    timer = VirtualTimer()
    pace, sent = Pace(60, timer), []
    for _ in range(300):
        pace.wait()
        sent.append(timer.now())
    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[60:], strict=False))
    assert pace.seconds_for(60) == pytest.approx(61, abs=2)


def test_a_pace_gives_way_and_recovers() -> None:
    timer = VirtualTimer()
    pace = Pace(60, timer)
    pace.refused(30.0)
    assert pace.per_minute == 45
    before = timer.now()
    pace.wait()
    assert timer.now() - before == pytest.approx(30)
    for _ in range(240):
        pace.accepted()
    assert pace.per_minute == 60


def test_keys_are_found_where_the_official_sdk_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "ovh.conf").write_text(
        "[default]\nendpoint=ovh-ca\n[ovh-ca]\napplication_key=ak\napplication_secret=as\nconsumer_key=ck\n"
    )
    found = of_sdk({})[0]
    assert (found.endpoint, found.application_key, found.consumer_key.reveal()) == ("ovh-ca", "ak", "ck")
    assert of_sdk({"OVH_CONSUMER_KEY": "other"})[0].consumer_key.reveal() == "other"
    with pytest.raises(Fault, match="not complete"):
        of_sdk({"OVH_ENDPOINT": "ovh-us"})


def test_an_account_file_that_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text("[accounts\n")
    with pytest.raises(Fault, match="is not TOML"):
        Accounts(tmp_path).all()
    (tmp_path / "accounts.toml").write_text('[accounts."../etc"]\napplication_key = "a"\n')
    with pytest.raises(Fault, match="is no name for an account"):
        Accounts(tmp_path).all()


@pytest.mark.parametrize("name", ["nul", "COM1", "aux.main", "main."])
def test_a_name_that_no_file_can_have_on_windows_is_refused(name: str) -> None:
    with pytest.raises(Fault, match="is no name for an account"):
        check_name(name)


def test_a_key_that_moves_into_the_keyring_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring: dict[tuple[str, str], str] = {}
    former = Access("main", "ovh-eu", "ak", Secret("former-secret"), Secret("former-key"))
    newer = Access("main", "ovh-eu", "ak", Secret("newer-secret"), Secret("newer-key"))

    def refuse(*_: str) -> None:
        raise KeyringError

    monkeypatch.setattr("keyring.set_password", refuse)
    monkeypatch.setattr("keyring.get_password", lambda service, name: ring.get((service, name)))
    assert Accounts(tmp_path).keep(former) == "secrets.toml"
    monkeypatch.setattr(
        "keyring.set_password", lambda service, name, text: ring.update({(service, name): text})
    )
    assert Accounts(tmp_path).keep(newer) == "keyring"
    assert Accounts(tmp_path).all() == [newer]
    assert "former" not in (tmp_path / "secrets.toml").read_text()


@pytest.mark.parametrize("endpoint", ["nowhere", "http://example.com/1.0", "https://u:p@example.com/1.0"])
def test_endpoints_that_are_none(endpoint: str) -> None:
    with pytest.raises(Fault):
        base_of(endpoint)


def test_endpoints() -> None:
    assert region_of(base_of("ovh-us")) == "us"
    assert region_of(base_of("ovh-ca")) == "ca"
    assert region_of(base_of("http://127.0.0.1:8080/1.0/")) == "eu"
    page = token_page(base_of("ovh-eu"), list(RULES))
    assert page.startswith("https://eu.api.ovh.com/createToken/?GET=/me&GET=/me/bill*")


def test_names_of_papers_hold_nothing_odd() -> None:
    price = {"value": "-12.5", "currencyCode": "EUR"}
    bill = {"billId": "../FR 1", "date": "2026-11-02T00:00:00+01:00", "priceWithTax": price}
    assert path_of("main", BILL, bill) == "papers/main/2026/11/2026-11-02_.._FR_1_-12.50-EUR"


def test_the_reference_page_says_what_the_tables_are() -> None:
    page = (ROOT / "docs" / "reference" / "archive.md").read_text(encoding="utf-8")
    assert page.partition(BEGIN)[1] + page.partition(BEGIN)[2] == tables_page(), (
        "write it anew from reference.py"
    )


def test_the_collector_needs_its_own_packages_alone() -> None:
    """What `acquit collect` imports is installed by `pip install acquit`, without the server's extra."""
    import subprocess
    import sys

    code = (
        "import sys, json, acquit.app, acquit.collector.cli; "
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    )
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )
    assert not set(loaded) & {
        "psycopg",
        "falcon",
        "granian",
        "procrastinate",
        "typst",
        "pikepdf",
        "argon2",
        "jinja2",
    }
