"""Bank files: what is read of every version, what is odd, what is refused with the element that is wrong."""

import io
import tracemalloc
from datetime import date

import pytest

from acquit.core.bank_entry import BadBankFile, BankEntry, BankStatement, Direction, Form
from acquit.documents.bank_camt import Ended, Event, Odd, check_camt, read_camt
from acquit.documents.bank_table import check_table, read_mapping, read_table
from banking import ACME_IBAN, IBAN, Tx, camt

RICH = Tx(
    12_345, "BILL FR00000001", "RF05100000001", "E2E-1", "BANK-1", "Acme Études", ACME_IBAN, "Holding",
    "FR7699999999999999999999999", charges=150, instructed="140.00 USD",
)  # fmt: skip


def events(content: bytes, whole: frozenset[str] = frozenset()) -> list[Event]:
    return list(read_camt(io.BytesIO(content), whole))


def entries(content: bytes, whole: frozenset[str] = frozenset()) -> list[BankEntry]:
    return [each for each in events(content, whole) if isinstance(each, BankEntry)]


@pytest.mark.parametrize("version", ["02", "08", "13"])
@pytest.mark.parametrize("message", ["053", "052", "054"])
def test_everything_is_read_alike_in_every_version(message: str, version: str) -> None:
    statement, entry, end = events(camt([RICH], message=message, version=version))
    assert isinstance(statement, BankStatement)
    assert (statement.form, statement.iban) == (Form(f"camt.{message}"), IBAN)
    assert (statement.opening_minor, statement.closing_minor) == (
        (100_000, 112_345) if message == "053" else (None, None)
    )
    assert isinstance(entry, BankEntry)
    assert (entry.direction, entry.amount_minor, entry.booked_on) == (
        Direction.CREDIT, 12_345, date(2026, 12, 1),
    )  # fmt: skip
    assert (entry.payer_name, entry.payer_iban, entry.ultimate_name) == ("Acme Études", ACME_IBAN, "Holding")
    assert (entry.references, entry.text) == (("RF05100000001",), "BILL FR00000001")
    assert (entry.end_to_end_id, entry.bank_reference, entry.code) == ("E2E-1", "BANK-1", "PMNT-RCDT-ESCT")
    assert (entry.charges_minor, entry.original_minor, entry.original_currency) == (150, 14_000, "USD")
    assert entry.own_iban == "FR7699999999999999999999999"
    assert isinstance(end, Ended)
    assert (end.entries, end.moved_minor) == (1, 12_345)


def test_a_version_that_is_untested_is_read_with_a_note() -> None:
    note = events(camt([RICH], version="10"))[0]
    assert isinstance(note, Odd)
    assert note.message == "Version camt.053.001.10 is read like .08; it is untested."


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_batch_is_divided_into_its_transactions(version: str) -> None:
    batch = Tx(600, bank_reference="B", parts=[Tx(100, "one"), Tx(200, "two"), Tx(300, "three")])
    found = entries(camt([batch, Tx(50, "alone")], version=version))
    assert [(each.amount_minor, each.text, each.place) for each in found] == [
        (100, "one", "1.1.1"), (200, "two", "1.1.2"), (300, "three", "1.1.3"), (50, "alone", "1.2"),
    ]  # fmt: skip
    assert [each.batch_reference for each in found] == ["B", "B", "B", ""]
    assert check_camt(io.BytesIO(camt([batch], version=version))).odd == ()


def test_a_batch_that_does_not_add_up_is_booked_as_one_sum() -> None:
    content = camt([Tx(700, bank_reference="B", parts=[Tx(100, "one"), Tx(200, "two")])])
    (odd,) = check_camt(io.BytesIO(content)).odd
    assert odd.place == "1.1"
    assert "its 2 transactions make 3.00, the entry says 7.00" in odd.message
    found = entries(content, frozenset({"1.1"}))
    assert [(each.amount_minor, each.bank_reference, each.place) for each in found] == [(700, "B", "1.1")]


def test_what_is_not_booked_yet_is_left_for_later() -> None:
    content = camt([Tx(100), Tx(999, status="PDNG"), Tx(-40, returned="AC04", payer="Acme", iban=ACME_IBAN)])
    found = entries(content)
    assert [(each.direction, each.amount_minor) for each in found] == [
        (Direction.CREDIT, 100), (Direction.DEBIT, 40),
    ]  # fmt: skip
    assert (found[1].return_code, found[1].payer_name, found[1].payer_iban) == ("AC04", "Acme", ACME_IBAN)
    assert [each.message for each in check_camt(io.BytesIO(content)).odd] == [
        "statement 1, entry 2 is PDNG, not booked: it is left for a later statement."
    ]


def test_several_statements_follow_one_another() -> None:
    ends = [each for each in events(camt([Tx(100)], [Tx(-30), Tx(5)])) if isinstance(each, Ended)]
    assert [(each.statement.external_id, each.entries, each.moved_minor) for each in ends] == [
        ("S1", 1, 100), ("S2", 2, -25),
    ]  # fmt: skip


def test_a_statement_that_does_not_add_up_is_refused_with_its_sums() -> None:
    with pytest.raises(BadBankFile) as refused:
        check_camt(io.BytesIO(camt([Tx(100), Tx(250)], off=1)))
    assert "opens with 1000.00 EUR, its 2 entries move 3.50, which makes 1003.50" in refused.value.message
    assert "closes with 1003.51" in refused.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"</Document>", b""), "no whole XML"),
        (
            (b'<Amt Ccy="EUR">1.00', b'<Amt Ccy="EUR">1.00001'),
            "entry 1, element Amt: '1.00001' has more than 2",
        ),
        ((b'<Amt Ccy="EUR">1.00', b'<Amt Ccy="EUR">-1.00'), "entry 1, element Amt: -1.00 has a sign"),
        ((b'<Ntry><Amt Ccy="EUR">', b'<Ntry><Amt Ccy="USD">'), "it is in USD, the account in EUR"),
        ((b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>", b"<CdtDbtInd>X</CdtDbtInd><Sts>"), "CRDT or DBIT is needed"),
        ((b"camt.053.001.08", b"pain.001.001.09"), "namespace is urn:iso:std:iso:20022:tech:xsd:pain"),
        ((b"<IBAN>", b"<IBN>"), "no whole XML"),
        ((b'encoding="UTF-8"', b'encoding="UTF-16"'), "no whole XML"),
        ((b"Nuage", b"\xff\xfe"), "not in the encoding that it names"),
        ((b"<BookgDt><Dt>2026-12-01", b"<BookgDt><Dt>2026-13-01"), "element BookgDt: '2026-13-01' is no day"),
        ((b"<Document", b'<!DOCTYPE d [<!ENTITY a "b">]><Document'), "document type"),
        ((b"<Document", b"<!--" + b"x" * 70_000 + b"--><!DOCTYPE d><Document"), "document type"),
        (
            (b"<OTHER/>", b"<TxsSummry><TtlNtries><NbOfNtries>9</NbOfNtries></TtlNtries></TxsSummry>"),
            "has 9 ent",
        ),
    ],
)
def test_a_broken_file_is_refused_with_what_is_wrong(change: tuple[bytes, bytes], said: str) -> None:
    content = camt([Tx(100, "Nuage")], extra="<OTHER/>")
    assert change[0] in content
    with pytest.raises(BadBankFile) as refused:
        check_camt(io.BytesIO(content.replace(*change, 1)))
    assert said in refused.value.message


def test_a_file_without_a_statement_is_refused() -> None:
    with pytest.raises(BadBankFile):
        events(camt())


def test_a_bomb_of_entities_is_never_expanded() -> None:
    bomb = b"<!DOCTYPE d [" + b"".join(
        b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"x" * 100) for n in range(9)
    )
    content = camt([Tx(100, "Nuage")]).replace(b"<Document", bomb + b"]><Document").replace(b"Nuage", b"&e8;")
    with pytest.raises(BadBankFile):
        check_camt(io.BytesIO(content))


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(count: int) -> int:
        content = io.BytesIO(camt([Tx(n + 1, f"bill {n}") for n in range(count)]))
        tracemalloc.start()
        for _ in read_camt(content):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(3_000) < 2 * peak(300) + 100_000


MAPPING = """
[account]
iban = "FR76 3000 6000 0112 3456 7890 189"
[file]
encoding = "cp1252"
[columns]
date = "Date"
debit = "Débit"
credit = "Crédit"
text = ["Libellé", "Détail"]
balance = "Solde"
"""

TABLE = """\
Date;Libellé;Détail;Débit;Crédit;Solde
01/12/2026;VIR SEPA ACME;FR00000001;;1 234,50;2.234,50
02/12/2026;FRAIS;;12,00;;2.222,50
""".replace("1 234", "1\xa0234")


def test_a_table_is_read_by_its_mapping() -> None:
    content = io.BytesIO(TABLE.encode("cp1252"))
    found = [each for each in read_table(content, read_mapping(MAPPING), "x") if isinstance(each, BankEntry)]
    assert [(each.direction, each.amount_minor, each.text, each.place) for each in found] == [
        (Direction.CREDIT, 123_450, "VIR SEPA ACME FR00000001", "line 2"),
        (Direction.DEBIT, 1_200, "FRAIS", "line 3"),
    ]  # fmt: skip


def test_a_table_may_begin_with_the_newest() -> None:
    head, first, second = TABLE.splitlines(keepends=True)
    check_table(io.BytesIO((head + second + first).encode("cp1252")), read_mapping(MAPPING))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            TABLE.replace("2.222,50", "2.222,51").encode("cp1252"),
            "line 3: the balance 2222.51 does not follow",
        ),
        (TABLE.replace("12,00", "12,0001").encode("cp1252"), "line 3, column debit"),
        (TABLE.replace("02/12", "31/02").encode("cp1252"), "is no date like"),
        (TABLE.replace("Solde", "Sold").encode("cp1252"), "has no column Solde"),
        (TABLE.encode("utf-16"), "has no column"),
        (TABLE.splitlines()[0].encode("cp1252"), "no line below"),
    ],
)
def test_a_broken_table_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadBankFile) as refused:
        check_table(io.BytesIO(content), read_mapping(MAPPING))
    assert said in refused.value.message


def test_an_encoding_that_lies_is_told() -> None:
    mapping = read_mapping(MAPPING.replace("cp1252", "utf-8"))
    with pytest.raises(BadBankFile) as refused:
        check_table(io.BytesIO(TABLE.encode("cp1252")), mapping)
    assert "not utf-8" in refused.value.message


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("x", "no TOML"),
        (MAPPING.replace("date =", "day ="), "names day"),
        ("[columns]\ndate='d'", "amount or"),
        (MAPPING.replace("iban =", "bank ="), "iban"),
        (MAPPING.replace("cp1252", "klingon"), "klingon"),
    ],
)
def test_a_broken_mapping_is_refused(mapping: str, said: str) -> None:
    with pytest.raises(BadBankFile) as refused:
        read_mapping(mapping)
    assert said in refused.value.message
