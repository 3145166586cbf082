"""Files of usage: NDJSON and CSV, broken lines by number, all or nothing, going on where it stopped."""

import gzip
import io
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acquit.actions import import_usage as importing
from acquit.actions.accept_usage import Told
from acquit.actions.context import Context
from acquit.actions.import_usage import How, ImportedUsage, NothingImported, import_usage
from acquit.actions.usage_file import FileRefused, lines, reader
from acquit.actions.usage_lines import LINE_MAX, BadColumns
from acquit.store.transaction import Database
from billed import failed, family, rows, seller, subscribe
from commanding import commander
from founding import PETIT
from metering import event, measure

CSV = """id,account,service,meter,quantity,at,region
a,cd67890-acq,srv,traffic,1.5,2026-10-10T12:00:00Z,gra
b,cd67890-acq,srv,traffic,2,2026-10-10T12:00:00Z,
"c","cd67890-acq",srv,traffic,"3",2026-10-10T12:00:00Z,"sb""g"
"""


@pytest.fixture
def context(database: Database) -> Context:
    """Petit with a server since January."""
    found = seller(database)
    family(found)
    measure(found)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1))
    return found


class Taken:
    """The lines that an import told as rejected."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def __call__(self, told: Any) -> None:
        self.told += told

    @property
    def codes(self) -> dict[int, str]:
        return {each.line_no: each.problem.code for each in self.told if each.problem}


PLAIN = How()


def take(context: Context, content: bytes, how: How = PLAIN, tell: Any = lambda _: None) -> ImportedUsage:
    return import_usage(context, lambda: io.BytesIO(content), "events", how, by="cli", tell=tell)


def ndjson(*events: Any) -> bytes:
    return b"".join(
        (each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in events
    )


def counts(found: ImportedUsage) -> tuple[int, int, int]:
    return found.accepted, found.again, found.rejected


def test_a_file_with_broken_lines(context: Context) -> None:
    content = ndjson(
        event("a", "srv"), b"", b"{broken", event("b", "srv", -1), event("c", "srv"),
        b'{"id": "' + b"x" * LINE_MAX, b"\xff\xfe", event("d", "srv"),
    )  # fmt: skip
    taken = Taken()
    assert counts(take(context, content, tell=taken)) == (3, 0, 4)
    assert taken.codes == {
        3: "malformed-line", 4: "negative-quantity", 6: "line-too-long", 7: "wrong-encoding",
    }  # fmt: skip
    again = take(context, content + ndjson(event("e", "srv")))
    assert (counts(again), again.begun_at_line, again.lines) == ((1, 0, 0), 9, 9)
    assert failed(context) == {}


@pytest.mark.parametrize("pack", [lambda each: each, gzip.compress], ids=["plain", "gzip"])
def test_csv(context: Context, pack: Any) -> None:
    assert counts(take(context, pack(CSV.replace("\n", "\r\n").encode("utf-8-sig")))) == (3, 0, 0)
    found = rows(context, "SELECT event_id, quantity_e4, properties FROM usage_event ORDER BY event_id")
    assert [tuple(each) for each in found] == [
        ("a", 15_000, {"region": "gra"}), ("b", 20_000, None), ("c", 30_000, {"region": 'sb"g'}),
    ]  # fmt: skip


def test_csv_with_a_mapping_and_broken_records(context: Context) -> None:
    content = (
        b"Event;Client;Quantity;service;meter;When\n"
        b"a;cd67890-acq;1;srv;traffic;2026-10-10T12:00:00Z\n"
        b"b;cd67890-acq;1,5;srv;traffic;2026-10-10T12:00:00Z\n"
        b"c;cd67890-acq;1\n"
        b'd;"cd67890-acq;1;srv;traffic;2026-10-10T12:00:00Z\n'
        b"\xe9;cd67890-acq;1;srv;traffic;2026-10-10T12:00:00Z\n"
    )
    how = How(mapping={"id": "Event", "account": "Client", "quantity": "Quantity", "at": "When"})
    taken = Taken()
    assert counts(take(context, content, how, taken)) == (1, 0, 4)
    assert taken.codes == {3: "bad-quantity", 4: "malformed-line", 5: "malformed-line", 6: "wrong-encoding"}
    kept = rows(context, "SELECT raw FROM usage_rejected WHERE line_no = 3")
    assert json.loads(bytes(kept[0].raw))["quantity"] == "1,5"
    with pytest.raises(BadColumns, match="no column id, account, quantity"):
        take(context, content)
    with pytest.raises(BadColumns, match="has no colour"):
        take(context, content, How(mapping={"colour": "red"}))


def test_all_or_nothing(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    monkeypatch.setattr("acquit.actions.usage_file.READ", 100)
    good = [event(f"e{n}", "srv") for n in range(9)]
    taken = Taken()
    with pytest.raises(NothingImported, match="2 broken lines"):
        take(context, ndjson(*good[:4], b"{", *good[4:], b"}"), How(all_or_nothing=True), taken)
    assert set(taken.codes) == {5, 11}
    assert rows(context, "SELECT 1 FROM usage_event") == rows(context, "SELECT 1 FROM usage_chunk") == []
    assert counts(take(context, ndjson(*good), How(all_or_nothing=True))) == (9, 0, 0)
    with pytest.raises(NothingImported):
        take(context, ndjson(event("new", "srv"), event("e3", "srv", 7)), How(all_or_nothing=True))
    assert len(rows(context, "SELECT 1 FROM usage_event")) == 9
    assert failed(context) == {}


def test_a_torn_file_keeps_what_was_read(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 50)
    monkeypatch.setattr("acquit.actions.usage_file.READ", 4096)
    content = ndjson(*(event(f"e{n}-{os.urandom(16).hex()}", "srv") for n in range(400)))
    packed = gzip.compress(content)
    with pytest.raises(FileRefused, match="ends too early"):
        take(context, packed[: len(packed) // 2])
    kept = len(rows(context, "SELECT 1 FROM usage_event"))
    assert 0 < kept < 400
    found = take(context, packed)
    assert found.begun_at_line > 1
    assert found.accepted + kept == 400
    assert failed(context) == {}
    with pytest.raises(FileRefused, match="UTF-16"):
        take(context, "{}".encode("utf-16"))


def test_a_file_that_begins_alike_is_read_from_its_start(context: Context) -> None:
    start = ndjson(*(event(f"e{n:04d}", "srv") for n in range(60)))
    assert counts(take(context, start + ndjson(event("x", "srv")))) == (61, 0, 0)
    other = take(context, start + ndjson(event("y", "srv")))
    assert (counts(other), other.begun_at_line) == ((1, 60, 0), 1)
    same = take(context, start + ndjson(event("y", "srv")))
    assert (counts(same), same.begun_at_line) == ((0, 0, 0), 62)


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_lines_are_whole_whatever_is_read_at_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acquit.actions.usage_file.READ", size)
    wanted = [b"", b"a", b"bc" * 20, b"", b"d" * 9]
    for content in (b"\n".join(wanted), b"\n".join(wanted) + b"\n"):
        found = list(lines(reader(io.BytesIO(content)), 1, 2))
        assert [raw for each in found for raw in each.raw] == wanted
        assert [each.first_no for each in found] == [
            1 + sum(len(before.raw) for before in found[:number]) for number in range(len(found))
        ]
        assert found[-1].offset_bytes == len(content)
        for each in found[:-1]:
            assert content[: each.offset_bytes].endswith(b"\n")


def test_the_commands(
    context: Context,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = commander(context, capsysbinary, tmp_path)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "events.ndjson"
    file.write_bytes(
        ndjson(event("a", "srv", 20), event("b", "later"), event("m", "srv", at="2026-11-20T08:00:00Z"))
    )
    code, said = run("usage", "import", file, as_json=False)
    assert (code, "1 lines were rejected" in said) == (1, True)
    told = json.loads((tmp_path / "events.ndjson.rejected.ndjson").read_text())
    assert (told["line"], told["id"], told["code"]) == (2, "b", "no-such-service")
    shown = run("usage", "rejected")
    assert (shown["reasons"], shown["rejected"][0]["id"]) == ({"no-such-service": 1}, "b")
    subscribe(context, PETIT, "later", next_on=date(2026, 1, 1))
    assert run("usage", "retry") == {"accepted": 1, "again": 0, "rejected": 0}
    (use,) = run("usage", "show", "--account", PETIT)
    assert (use["meter"], use["quantity_e4"], use["period"]) == ("traffic", 10_000, "2026-11")
    run("bills", "run", "--period", "2026-10")
    found = run("usage", "show", "--account", PETIT, "--period", "2026-10")
    assert [(each["net_minor"], each["rated"]) for each in found] == [(100, True), (0, True)]
    meters = tmp_path / "meters.toml"
    meters.write_text('[[price]]\nmeter = "traffic"\nplan = "vps-1"\nfrom = 2026-12-01\nprice = "0.2"\n')
    assert len(run("usage", "meters", "import", meters)["prices"]) == 1
    assert run("usage", "meters", "import", meters)["prices"] == []
    assert len(run("usage", "meters", "show", "traffic")["prices"]) == 2
    assert run("usage", "meters", "show", "steam") == (1, "no-such-meter")
    assert run("usage", "import", tmp_path / "nothing") == (1, "invalid")
    file.write_bytes(b"{")
    assert run("usage", "import", file, "--all-or-nothing") == (1, "nothing-imported")
    assert "traffic" in run("usage", "meters", "show", as_json=False)[1]
