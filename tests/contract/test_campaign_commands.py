"""`acquit campaign` and what `acquit account` says of standing: what scripts read."""

from pathlib import Path

import pytest

from acquit.actions.ask_consent import Wanted, answer_campaign, choose_marketing
from acquit.actions.context import Context
from acquit.actions.keep_file import add_file
from acquit.core.consent import Channel, Topic
from acquit.store.transaction import Database
from billed import family, seller
from commanding import Run, commander
from founding import ACME, LAB, PETIT


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def test_a_campaign_is_opened_and_its_audience_told(run: Run, context: Context) -> None:
    assert run("campaign", "open", "call", "May we call?")["kind"] == "opt-in"
    run("campaign", "open", "measure", "May we measure?", "--kind", "opt-out")
    answer_campaign(context, PETIT, "call", True, by="cli")
    answer_campaign(context, PETIT, "measure", False, by="cli")
    assert run("campaign", "audience", "call") == [PETIT]
    everybody = run("campaign", "audience", "measure")
    assert PETIT not in everybody
    assert {ACME, LAB} <= set(everybody)
    assert [each["consenting"] for each in run("campaign", "list")] == [1, len(everybody)]
    code, text = run("campaign", "list", as_json=False)
    assert (code, "May we call?" in text) == (0, True)
    assert run("campaign", "open", "call", "Again?") == (1, "campaign-taken")
    assert run("campaign", "open", "a b", "What?") == (1, "bad-campaign")
    assert run("campaign", "open", "empty", " ") == (1, "bad-campaign")
    assert run("campaign", "audience", "nothing") == (1, "no-such-campaign")
    assert run("campaign", "open", "x", "y", "--operator", "nobody") == (1, "staff-only")


def test_who_wants_to_hear_what_is_told(run: Run, context: Context) -> None:
    wishes = (((Channel.EMAIL, Topic.OFFERS), True),)
    choose_marketing(context, PETIT, Wanted(wishes), by="cli")
    assert run("campaign", "reachable", "email", "offers") == [PETIT]
    assert run("campaign", "reachable", "sms", "offers") == []
    choose_marketing(context, PETIT, Wanted(denies_all=True), by="cli")
    assert run("campaign", "reachable", "email", "offers") == []


def test_standing_is_set(run: Run) -> None:
    assert run("account", "set-vip", PETIT, "cloud", "web")["vip_in"] == ["cloud", "web"]
    partner = run("account", "set-partner", PETIT, "advanced", "--requirement", "premium", "--signed")
    assert (partner["partner_level"], partner["partner_signed"]) == ("advanced", True)
    assert partner["vip_in"] == ["cloud", "web"]
    assert run("account", "set-vip", PETIT)["vip_in"] == []
    assert run("account", "set-developer-mode", PETIT, "off")["developer_mode"] is False
    assert run("account", "set-vip", "zz99999-acq", "web") == (1, "no-such-account")


def test_the_files_of_an_account_are_listed(run: Run, context: Context) -> None:
    assert run("account", "documents", PETIT) == []
    add_file(context, PETIT, "terms.pdf", {"kind": "terms"}, by="system", content=b"%PDF-")
    add_file(context, ACME, "other.pdf", {}, by="system")
    [found] = run("account", "documents", PETIT)
    assert (found["name"], found["size_bytes"], found["tags"]) == ("terms.pdf", 5, {"kind": "terms"})
    assert (found["sent_at"] is None, found["expires_at"]) == (False, None)
    code, text = run("account", "documents", PETIT, as_json=False)
    assert (code, "terms.pdf" in text) == (0, True)
    assert run("account", "documents", "zz99999-acq") == (1, "no-such-account")
