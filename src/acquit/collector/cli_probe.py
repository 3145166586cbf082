"""`acquit collect probe`: what a real endpoint does where the public sources are silent."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from acquit.collector.files import replace_text
from acquit.collector.probe import CALLS, markdown, probe
from acquit.collector.running import Run, chosen
from acquit.collector.seat import Config, Given, accounts_in, table

TRIES: Final = 2


def run_probe(
    *, account: str = "", out: Path = Path("acquit-probe.json"), config: Config = None, program: Given
) -> int:  # fmt: skip
    """Ask an endpoint what its description leaves open, by reading only; writes a report without your data.

    Beside the JSON a page of the same name (.md) is written, to be read before you send either.

    Parameters
    ----------
    account
        The account whose key is used; without it the first.
    out
        File of the report.
    """
    access = chosen(accounts_in(config).all(), [account] if account else [])[0]
    screen = program.screen
    screen.say(f"{len(CALLS) + 1} calls, all of them GET, with the key of account {access.name}.")
    secrets = [
        access.application_key,
        *(one.reveal() for one in (access.application_secret, access.consumer_key)),
    ]
    with Run(Path()).wire(access, TRIES) as wire:
        report = probe(wire, [*secrets, access.base], lambda *_: None)
    page = out.with_suffix(".md")
    replace_text(out, msgspec.json.format(msgspec.json.encode(asdict(report)), indent=2).decode() + "\n")
    replace_text(page, markdown(report))
    told = [one for one in report.questions if one.outcome != "not asked"]
    screen.answer(
        {"out": str(out), "page": str(page), **asdict(report)},
        table("question", "Acquit chose", "outcome", "remark",
              rows=[(one.id, one.chosen, one.outcome, one.remark) for one in told]),
        f"{report.count('confirms')} confirmed, {report.count('differs')} differ, "
        f"{report.count('not seen')} could not be seen.",
        f"Read {page}; it holds no name, amount, number, link or key. Then send it to the project.",
    )  # fmt: skip
    return 0
