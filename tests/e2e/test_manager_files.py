"""Files are kept, fetched and deleted in the manager, by their account alone."""

import re
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.keep_file import add_file
from acquit.core.kept_file import FILE_BYTES_MAX, FILES_MAX
from acquit.store.transaction import Database
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor, send_with_file
from founding import ACME, PETIT

LINK = re.compile(r'href="(/manager/files/[0-9a-f-]{36}/file)"')
PAGE = b"<script>alert(1)</script>"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def test_a_file_is_kept_fetched_and_deleted_by_its_account_alone(context: Context, petit: Visitor) -> None:
    assert "No file is kept here yet." in petit.get("/manager/files").text
    sent = send_with_file(petit, "/manager/files", {"do": "send"}, "C:\\\\papers\\\\a b.html", PAGE)
    assert sent.status_code == 303
    page = petit.get(sent.headers["location"]).text
    assert "The file is kept." in page
    assert "a b.html" in page
    [link] = LINK.findall(page)
    got = petit.get(link)
    assert (got.content, got.headers["content-type"]) == (PAGE, "application/octet-stream")
    assert got.headers["content-disposition"].startswith("attachment;")
    acme = visitor_of(context, ACME)
    assert acme.get(link).status_code == 404
    number = link.split("/")[3]
    assert acme.send("/manager/files", {"do": "remove", "file": number}).status_code == 404
    gone = petit.send("/manager/files", {"do": "remove", "file": number})
    assert "No file is kept here yet." in petit.get(gone.headers["location"]).text
    assert petit.get(link).status_code == 404


def test_what_cannot_be_kept(context: Context, petit: Visitor) -> None:
    nothing = send_with_file(petit, "/manager/files", {"do": "send"}, "", b"")
    assert (nothing.status_code, "Choose a file first." in nothing.text) == (400, True)
    assert petit.send("/manager/files", {"do": "send"}).status_code == 400
    large = send_with_file(petit, "/manager/files", {"do": "send"}, "a", b"x" * (FILE_BYTES_MAX + 1))
    assert (large.status_code, "at most 8 MiB" in large.text) == (400, True)
    whole = send_with_file(petit, "/manager/files", {"do": "send"}, "a", b"x" * FILE_BYTES_MAX)
    assert whole.status_code == 303
    for number in range(FILES_MAX - 1):
        add_file(context, PETIT, str(number), {}, by="system")
    full = send_with_file(petit, "/manager/files", {"do": "send"}, "a", b"x")
    assert (full.status_code, "delete one first" in full.text) == (409, True)
