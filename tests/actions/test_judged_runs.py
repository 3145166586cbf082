"""Runs whose drafts the official rules judge before a number is spent, by the real rules in their process."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from falcon.testing import Result, TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.check_bills import check_drafts, check_issued, check_rules
from acquit.actions.context import Context
from acquit.actions.judging import CannotJudge
from acquit.actions.retry_parked import parked_accounts, retry_parked
from acquit.actions.run_bills import run_bills
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.official_rules import OfficialRules
from acquit.core.bill_run import RunStatus
from acquit.core.official_finding import Finding
from acquit.core.problem import Problem
from acquit.office.app import make_app
from acquit.ports import Judged, RulesNotRun
from acquit.store.transaction import Database
from billed import bill, failed, family, rows, seller, subscribe
from commanding import commander
from founding import ACME, FR, LAB, PETIT

FORMS = "SELECT form, rules FROM proven_form ORDER BY form"
FREE = "SELECT next_number FROM series WHERE series_id = 'FR' FOR UPDATE SKIP LOCKED"


@pytest.fixture(scope="module")
def rules() -> Iterator[OfficialRules]:
    """The official rules, compiled once for all tests of the module."""
    judge = OfficialRules()
    yield judge
    judge.close()


class Watched:
    """The real rules, with what they were asked; `spoil` changes files before, `before` is called first."""

    def __init__(
        self,
        rules: OfficialRules,
        one_in: int = 0,
        spoil: Callable[[bytes], bytes] = lambda xml: xml,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.one_in = one_in
        self.asked: list[Judged] = []
        self._rules = rules
        self._spoil = spoil
        self._before = before

    @property
    def version(self) -> str:
        return self._rules.version

    def judge(self, files: Sequence[Judged]) -> list[tuple[Finding, ...]]:
        self._before()
        self.asked += files
        return self._rules.judge([replace(each, xml=self._spoil(each.xml)) for each in files])


class Broken:
    """An installation on which the rules cannot be run."""

    one_in = 1
    version = ""

    def judge(self, files: Sequence[Judged]) -> list[tuple[Finding, ...]]:
        raise RulesNotRun("the package with the official files is not installed.")


def without_exchange_of(name: str) -> Callable[[bytes], bytes]:
    """Spoil the kind of exchange in the files of one buyer: no gate over values can see it."""

    def spoil(xml: bytes) -> bytes:
        return re.sub(rb">S1<", b">X9<", xml) if name.encode() in xml else xml

    return spoil


@pytest.fixture
def world(database: Database) -> Context:
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    return context


def judged_by(context: Context, judge: Any) -> Context:
    return replace(context, judge=judge)


def problems(context: Context) -> dict[str, tuple[Problem, ...]]:
    return {one.account_id: one.problems for _, found in parked_accounts(context) for one in found}


def test_the_first_of_each_form_is_judged_and_remembered(world: Context, rules: OfficialRules) -> None:
    judge = Watched(rules)
    report = bill(judged_by(world, judge))
    assert (report.bills, report.parked) == (3, 0)
    assert [each.is_french for each in judge.asked] == [True, True]
    assert [b"CrossIndustryInvoice" in each.xml for each in judge.asked] == [True, False]
    (form,) = rows(world, FORMS)
    assert form.form == "S 2000 FR business EUR fr_FR transfer"
    assert form.rules.startswith("factur-x ")
    subscribe(world, PETIT, "srv-late")
    again = Watched(rules)
    assert bill(judged_by(world, again)).posted_now == 1
    assert again.asked == []
    assert failed(world) == {}


def test_a_sample_is_judged_besides(world: Context, rules: OfficialRules) -> None:
    judge = Watched(rules, one_in=1)
    bill(judged_by(world, judge))
    subscribe(world, PETIT, "srv-late")
    bill(judged_by(world, judge))
    assert len(judge.asked) == 2 * (3 + 1)


def test_no_number_is_locked_while_the_rules_run(world: Context, rules: OfficialRules) -> None:
    free: list[bool] = []

    def look() -> None:
        with world.database.read() as tx:
            url = tx.connection.info.dsn
        with psycopg.connect(url) as other, other.transaction(force_rollback=True):
            free.append(other.execute(FREE).rowcount == 1)

    bill(judged_by(world, Watched(rules, before=look)))
    assert free == [True]


def test_a_draft_that_the_rules_refuse_is_parked_with_rule_and_words(
    world: Context, rules: OfficialRules
) -> None:
    judge = Watched(rules, one_in=1, spoil=without_exchange_of("Petit SAS"))
    report = bill(judged_by(world, judge))
    assert (report.status, report.bills, report.parked) == (RunStatus.OPEN, 2, 1)
    (told,) = problems(world)[PETIT]
    assert (told.code, told.rule) == ("official-rule", "BR-FR-08_BT-23")
    assert "BR-FR-08" in told.message
    assert told.french.startswith("Les règles officielles")
    mended = retry_parked(judged_by(world, Watched(rules)), by="cli")
    assert [(each.status, len(each.parked)) for each in mended] == [(RunStatus.CLOSED, 0)]
    assert failed(world) == {}


def test_a_form_of_which_every_draft_fails_bills_nobody(world: Context, rules: OfficialRules) -> None:
    judge = Watched(rules, spoil=without_exchange_of(""))
    report = bill(judged_by(world, judge))
    assert (report.bills, report.parked) == (0, 3)
    assert rows(world, FORMS) == []


def test_where_the_rules_cannot_be_run_new_forms_wait_and_known_ones_go_on(
    world: Context, rules: OfficialRules
) -> None:
    report = bill(judged_by(world, Broken()))
    assert (report.bills, report.parked) == (0, 3)
    (told,) = problems(world)[PETIT]
    assert (told.code, told.where) == ("rules-not-run", "installation")
    assert "not installed" in told.message
    acts = rows(world, "SELECT details FROM act WHERE verb = 'rules_not_run'")
    assert acts[0].details["why"].endswith("not installed.")
    retry_parked(judged_by(world, Watched(rules)), by="cli")
    subscribe(world, PETIT, "srv-late")
    assert bill(judged_by(world, Broken())).parked == 0


def test_a_file_that_is_none_breaks_the_answer_and_not_the_judge(rules: OfficialRules) -> None:
    with pytest.raises(RulesNotRun, match="XMLSyntaxError"):
        rules.judge([Judged(b"<", False)])
    assert rules.judge([]) == []


def test_drafts_and_issued_bills_are_judged_on_demand(
    world: Context, rules: OfficialRules, tmp_path: Path
) -> None:
    context = replace(world, judge=rules, archive=DirectoryArchive(tmp_path))
    found = check_drafts(context, PETIT, "2026-11", by="cli")
    assert found.is_good
    assert [(each.account, each.total_minor) for each in found.drafts] == [(PETIT, 1_200)]
    assert rows(world, FORMS) == []
    bill(context)
    assert check_drafts(context, PETIT, "2026-11", by="cli").drafts == ()
    checked = check_issued(context)
    assert (checked.bills, checked.wrong) == (3, ())
    assert check_rules(context).wrong == ()
    with pytest.raises(CannotJudge):
        check_rules(replace(world, judge=Broken()))
    wrong = check_issued(judged_by(context, Watched(rules, spoil=without_exchange_of("Petit SAS"))))
    assert [key[0] for key, _ in wrong.wrong] == [PETIT]


def test_a_strict_rehearsal_judges_every_draft_and_writes_nothing(
    world: Context, rules: OfficialRules
) -> None:
    judge = Watched(rules, spoil=without_exchange_of("Petit SAS"))
    (report,) = run_bills(
        judged_by(world, judge), FR, "2026-11", dry_run=True, strict=True, as_of=date(2026, 11, 23), by="cli"
    )
    assert (report.bills, report.parked) == (2, 1)
    assert len(judge.asked) == 6
    assert rows(world, FORMS) == []


def test_the_commands_tell_what_is_wrong(
    world: Context, rules: OfficialRules, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    spoilt = replace(judged_by(world, Watched(rules, spoil=without_exchange_of("Petit SAS"))))
    run = commander(spoilt, capfdbinary, tmp_path)
    code, text = run("bills", "check", PETIT, as_json=False)
    assert code == 1
    assert "BR-FR-08_BT-23" in text
    assert run("bills", "check", ACME)["drafts"][0]["problems"] == []
    assert run("bills", "rules")["wrong"] == []
    assert run("bills", "check") == (1, "nothing-to-check")
    assert run("bills", "run", "--period", "2026-11", "--strict") == (1, "strict-alone")


def test_the_office_tells_what_is_parked_and_tries_again(world: Context, rules: OfficialRules) -> None:
    bill(judged_by(world, Watched(rules, one_in=1, spoil=without_exchange_of("Petit SAS"))))
    client = TestClient(make_app(judged_by(world, Watched(rules))))

    def ask(who: str, method: str, path: str) -> Result:
        token = create_operator_token(world, who, by="system")
        headers = {"Authorization": f"Bearer {token}"}
        return client.simulate_request(method, f"/office/api{path}", body="{}", headers=headers)

    (told,) = ask("sam", "GET", "/parked").json
    (problem,) = told["problems"]
    assert (told["account"], told["period"]) == (PETIT, "2026-11")
    assert (problem["rule"], problem["where"]) == ("BR-FR-08_BT-23", "legal entity")
    assert problem["french"].startswith("Les règles officielles")
    assert ask("sam", "POST", "/parked/retry").status_code == 403
    (retried,) = ask("bob", "POST", "/parked/retry").json
    assert (retried["status"], retried["bills"], retried["parked"]) == ("closed", 1, [])
    assert ask("sam", "GET", "/parked").json == []
