"""The audit with papers: every archived byte is read again."""

from dataclasses import replace
from pathlib import Path

from acquit.actions.audit_books import audit_books
from acquit.adapters.archive import DirectoryArchive
from acquit.store.transaction import Database
from billed import bill, family, seller, subscribe
from founding import PETIT

RECORD = """
    INSERT INTO document (account_id, bill_id, form, sha256, size_bytes)
    VALUES (%(account_id)s, 'FR00000001', %(form)s, %(sha256)s, %(size_bytes)s)
"""


def test_a_paper_that_was_changed_or_lost_is_named(database: Database, tmp_path: Path) -> None:
    context = replace(seller(database), archive=DirectoryArchive(tmp_path))
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    with database.write() as tx:
        for form, content in (("pdf", b"paper"), ("cii", b"xml")):
            sha256 = context.archive.put(content)
            tx.run(RECORD, account_id=PETIT, form=form, sha256=sha256, size_bytes=len(content))
    papers = audit_books(context, full=True)[-1]
    assert (papers.name, papers.passed, papers.compared) == ("papers", True, 2)

    kept = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    kept[0].chmod(0o600)
    kept[0].write_bytes(b"other")
    kept[1].unlink()
    there, papers = audit_books(context, full=True)[-2:]
    assert (there.name, there.differences) == ("papers-kept", ("FR00000001/cii",))
    assert (papers.name, papers.differences) == ("papers", ("FR00000001/pdf",))
    assert all(each.passed for each in audit_books(context))


def test_checks_that_run_at_once_see_one_instant(database: Database) -> None:
    count = "SELECT count(*) AS number FROM vat_rate"
    with database.snapshots(3) as txs:
        before = txs[0].one(count).number
        with database.write() as tx:
            tx.run("INSERT INTO vat_rate (country, from_on, rate_bp) VALUES ('XX', '2020-01-01', 1)")
        assert [each.one(count).number for each in txs] == [before] * 3
    with database.read() as tx:
        assert tx.one(count).number == before + 1
