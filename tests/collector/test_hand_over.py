"""A hand-over that is killed at any of its writes: nothing doubled, nothing lost, the next run says so."""

import os
import resource
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acquit.collector.fault import Fault
from acquit.collector.hand_over import HandedBill, Planned, deliver, finish, hand_over, read_log

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BILLS = [HandedBill("main", "FR1", "EUR", 12_000), HandedBill("main", "FR2", "EUR", -500)]
FILES = {"pay.xml": b"<transfers/>", "advice.csv": b"bill,amount\r\n"}
PLANNED = Planned("payment", FILES, BILLS)
KILLED = 9


def killed_after(steps: int, archive: Path, out: Path) -> int:
    """Hand over in a child that dies just before its step (a sync or a rename) of this number."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [steps]
    real = {"fsync": os.fsync, "replace": os.replace}

    def counted(name: str) -> object:
        def call(*given: object) -> object:
            if left[0] == 0:
                os._exit(KILLED)
            left[0] -= 1
            return real[name](*given)  # type: ignore[operator]

        return call

    os.fsync, os.replace = counted("fsync"), counted("replace")  # type: ignore[assignment]
    hand_over(archive, PLANNED, out, AT)
    os._exit(0)


def test_killed_at_every_write(tmp_path: Path) -> None:
    for steps in range(100):
        archive, out = tmp_path / f"archive-{steps}", tmp_path / f"out-{steps}"
        archive.mkdir()
        code = killed_after(steps, archive, out)
        counted = len(read_log(archive).hand_overs)
        delivered, thrown_away = finish(archive, AT)
        if counted == 0:
            assert not out.exists(), "nothing left the archive before it counted"
            assert (delivered, [name for name in thrown_away if name != "0001-payment"]) == ([], [])
            hand_over(archive, PLANNED, out, AT)
        log = read_log(archive)
        assert [one.bills for one in log.hand_overs] == [BILLS], f"killed at step {steps}"
        assert log.delivered == {1}
        assert {path.name: path.read_bytes() for path in out.iterdir() if path.name[0] != "."} == FILES
        if code == 0:
            assert steps == 10, "so many writes were tried"
            return
        assert code == KILLED
    pytest.fail("it never came to its end")


def test_a_full_disk_hands_nothing_over(tmp_path: Path) -> None:
    """No file may grow beyond 40 bytes: the bank's file fits, its line in the log does not."""
    archive, out = tmp_path / "archive", tmp_path / "out"
    archive.mkdir()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
        try:
            hand_over(archive, PLANNED, out, AT)
        except Fault as fault:
            os._exit(KILLED if fault.kind == "disk" else 1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    assert (read_log(archive).hand_overs, out.exists()) == ([], False)
    assert finish(archive, AT) == ([], ["0001-payment"])
    hand_over(archive, PLANNED, out, AT)
    assert [one.number for one in read_log(archive).hand_overs] == [1]


def test_the_same_files_arrive_again(tmp_path: Path) -> None:
    handed = hand_over(tmp_path / "archive", PLANNED, tmp_path / "out", AT)
    assert [path.read_bytes() for path in deliver(tmp_path / "archive", handed, tmp_path / "else")] == list(
        FILES.values()
    )


def test_kept_files_that_were_changed_do_not_leave(tmp_path: Path) -> None:
    handed = hand_over(tmp_path, PLANNED, tmp_path / "out", AT)
    (tmp_path / "handed-over" / "0001-payment" / "pay.xml").write_bytes(b"<other/>")
    with pytest.raises(Fault, match="is not as it was handed over"):
        deliver(tmp_path, handed, tmp_path / "else")


def test_nothing_is_written_over_a_file_that_says_something_else(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "pay.xml").write_bytes(b"mine")
    with pytest.raises(Fault, match="exists and says something else"):
        hand_over(tmp_path / "archive", PLANNED, tmp_path / "out", AT)
    assert read_log(tmp_path / "archive").hand_overs == []


def test_a_place_that_cannot_be_written_is_told_and_made_up_for(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file where a directory is wanted")
    with pytest.raises(Fault, match="Hand-over 1 counts, but its files did not arrive"):
        hand_over(tmp_path / "archive", PLANNED, tmp_path / "out", AT)
    (tmp_path / "out").unlink()
    delivered, _ = finish(tmp_path / "archive", AT)
    assert [one.number for one in delivered] == [1]
    assert (tmp_path / "out" / "pay.xml").read_bytes() == FILES["pay.xml"]


def test_a_damaged_log_is_told(tmp_path: Path) -> None:
    hand_over(tmp_path, PLANNED, tmp_path / "out", AT)
    path = tmp_path / "handed-over.jsonl"
    path.write_bytes(path.read_bytes() + b'{"line":"handed-over","number":2')
    assert len(read_log(tmp_path).hand_overs) == 1
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with pytest.raises(Fault, match="line 1, is damaged"):
        read_log(tmp_path)
