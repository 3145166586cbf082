"""Papers: downloaded whole or not at all, under names that people can browse, each with its hash.

`papers/ACCOUNT/2026/11/2026-11-02_FR00000042_123.45-EUR.pdf`, its e-invoice beside it as `.xml`. The
manifest has
a line for each file; a file without a line is written anew, a line that a crash tore off is cut away.
"""

import hashlib
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from acquit.collector.families import Family
from acquit.collector.fault import Fault
from acquit.collector.files import append_line, replace_bytes
from acquit.collector.journal import Journal, day_of
from acquit.collector.lists import Object
from acquit.collector.manifest import Entry, Saved, entries
from acquit.collector.pace import Pace, RealTimer, Timer
from acquit.collector.paper_facts import READS
from acquit.collector.reading import Reading, read_paper
from acquit.collector.wire import AGENT, PASSING, TIMEOUT, trusted

PAPER_BYTES_MAX: Final = 200_000_000
TAIL_BYTES: Final = 2048
TRIES: Final = 4
REDIRECTS_MAX: Final = 5
CURRENCY_IN_PATH: Final = re.compile(r"-([A-Za-z]+)(?:_v\d+)?\.pdf$")
"""A paper's path tells the currency of its bill."""

PASSING_AGAIN: Final = frozenset({"network", "provider", "limit"})


class Papers:
    """The papers of one account; close it."""

    def __init__(
        self, archive: Path, account: str, journal: Journal, pace: Pace, *, month_first: bool = False,
        timer: Timer | None = None,
    ) -> None:  # fmt: skip
        self._archive, self._account, self._journal, self._pace = archive, account, journal, pace
        self._month_first = month_first
        self._timer = timer or RealTimer()
        self._http = httpx.Client(
            timeout=TIMEOUT, follow_redirects=True, max_redirects=REDIRECTS_MAX, verify=trusted(),
            headers={"User-Agent": AGENT},
        )  # fmt: skip

    def fetch(self, family: Family, bill: Object, link: str, mark: str) -> None:
        """Save the paper of the bill in this form (mark), and what was read on it. Raises Fault."""
        bill_id = str(bill["billId"])
        pdf = self._download(bill_id, link)
        path = self._save(family, bill_id, mark, path_of(self._account, family, bill) + ".pdf", pdf)
        self._read(family, bill_id, mark, path, pdf)

    def resume(self, family: Family, bill_id: str, mark: str) -> bool:
        """Return whether the paper was saved by a run that was broken off before it could say so.

        What is read on it is then noted. Raises Fault.
        """
        found = self._saved.paper_of(kind_of(family, "pdf"), bill_id, mark)
        if found is None or not (self._archive / found[0]).exists():
            return False
        path, sha256 = found
        pdf = (self._archive / path).read_bytes()
        if hashlib.sha256(pdf).hexdigest() != sha256:
            return False
        self._read(family, bill_id, mark, path, pdf)
        return True

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if "_saved" in self.__dict__:
            self._saved.close()

    @cached_property
    def _saved(self) -> Saved:
        """The account's lines of the manifest; read when a first paper is wanted."""
        return Saved(entries(self._archive, self._account))

    def _read(self, family: Family, bill_id: str, mark: str, path: str, pdf: bytes) -> None:
        currency = CURRENCY_IN_PATH.search(path)
        reading, xml = read_paper(
            pdf, bill_id, month_first=self._month_first, currency=currency[1] if currency else ""
        )
        if xml is not None:
            self._save(family, bill_id, mark, path.removesuffix(".pdf") + ".xml", xml)
        self._journal.write(family.marked("reading"), bill_id, told_of(reading))

    def _save(self, family: Family, bill_id: str, mark: str, path: str, content: bytes) -> str:
        """Return the path of the file, which the manifest answers for once. Raises Fault (disk, archive)."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._free(path, digest)
        if self._saved.sha256_at(path) is None:
            replace_bytes(self._archive / path, content)
            kind = kind_of(family, path.rpartition(".")[2])
            entry = Entry(self._account, bill_id, kind, path, digest, len(content), datetime.now(UTC), mark)
            append_line(self._archive / "manifest.jsonl", msgspec.json.encode(entry))
            self._saved.add(entry)
        return path

    def _free(self, path: str, digest: str) -> str:
        """Return the path, or one beside it when the manifest has another content there.

        What the manifest answers for is never written over; a file without a line is.
        """
        stem, dot, ending = path.rpartition(".")
        for number in range(1, 1000):
            tried = path if number == 1 else f"{stem}_v{number}{dot}{ending}"
            if self._saved.sha256_at(tried) in (None, digest):
                return tried
        raise Fault("archive", f"{path} exists a thousand times; look at the archive.")

    # ------------------------------------------------------------ download

    def _download(self, bill_id: str, link: str) -> bytes:
        problem = Fault("paper", f"The link to the paper of {bill_id} is not encrypted; it was not followed.")
        if not _is_safe(link):
            raise problem
        for attempt in range(TRIES):
            if attempt:
                self._timer.sleep(2.0**attempt)
            self._pace.wait()
            try:
                return self._once(bill_id, link)
            except Fault as fault:
                problem = fault
        raise problem

    def _once(self, bill_id: str, link: str) -> bytes:
        try:
            with self._http.stream("GET", link) as response:
                if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                    self._pace.refused(None)
                if response.status_code in PASSING or not response.is_success:
                    raise Fault("paper", f"The paper of {bill_id} was answered {response.status_code}.")
                content = _whole(response, bill_id)
        except httpx.HTTPError as error:
            raise Fault(
                "paper", f"The paper of {bill_id} did not arrive whole ({type(error).__name__})."
            ) from None
        _refuse_other(content, bill_id)
        return content


def told_of(reading: Reading) -> Object:
    """Return a reading as the journal has it; `reads` says how much was looked for."""
    return {
        "purchase_order": reading.purchase_order,
        "order_is_read": reading.order_is_read,
        "due_on": reading.due_on.isoformat() if reading.due_on else None,
        "reads": READS,
        "facts": asdict(reading.facts),
    }


def kind_of(family: Family, ending: str) -> str:
    """Return what the manifest calls a file of the family: `pdf`, or `reverse-pdf` of a reverse bill."""
    return family.prefix.replace("_", "-") + ending


def path_of(account: str, family: Family, bill: Object) -> str:
    """Return the path of a bill's paper below the archive, without its ending."""
    issued_on = day_of(bill.get("date"))
    price = bill.get("priceWithTax") or {}
    year, month = (f"{issued_on:%Y}", f"{issued_on:%m}") if issued_on else ("undated", "00")
    name = f"{issued_on or 'undated'}_{family.prefix.replace('_', '-')}{bill['billId']}_{_amount(price)}"
    name += f"-{price.get('currencyCode', 'XXX')}"
    return f"papers/{account}/{year}/{month}/{re.sub(r'[^A-Za-z0-9._-]', '_', name)}"


def _amount(price: Object) -> str:
    """Return the amount as people write it in a file name, `123.45`; exact, from text or whole numbers."""
    ucents = price.get("priceInUcents")
    if isinstance(ucents, int):
        cents = (abs(ucents) + 500_000) // 1_000_000
        return f"{'-' if ucents < 0 else ''}{cents // 100}.{cents % 100:02d}"
    whole, _, fraction = str(price.get("value", "0")).partition(".")
    return f"{whole}.{fraction[:2]:0<2}"


def _is_safe(link: str) -> bool:
    parts = urlsplit(link)
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    )


def _whole(response: httpx.Response, bill_id: str) -> bytes:
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > PAPER_BYTES_MAX:
            raise Fault("paper", f"The paper of {bill_id} is larger than any bill; it was not kept.")
    return b"".join(parts)


def _refuse_other(content: bytes, bill_id: str) -> None:
    """Refuse what is no whole PDF: a page of HTML, an empty answer, a file cut short."""
    if not content.startswith(b"%PDF-"):
        kind = "a page of HTML" if b"<html" in content[:2048].lower() else "something else"
        raise Fault("paper", f"The provider sent {kind} in place of the paper of {bill_id}.")
    if b"%%EOF" not in content[-TAIL_BYTES:]:
        raise Fault("paper", f"The paper of {bill_id} is cut short.")
