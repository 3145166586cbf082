"""`acquit demo`: a provider with a demo company, made in a directory of its own and served."""

import hashlib
import os
import signal
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acquit.cli.program import AlsoTls, Given, Program, Serving, WrongUsage
from acquit.cli.screen import facts

if TYPE_CHECKING:
    from acquit.demo.home import Home
    from acquit.demo.keys import Keys

BESIDE: Final = "acquit-demo"
TLS_OFFSET: Final = 363
"""https is served that many ports above http: 8443 beside 8080."""


def demo(
    *,
    port: int | None = None,
    keys: Path | None = None,
    catalog: Path | None = None,
    months: int = 14,
    accounts: int = 0,
    tls: bool = False,
    once: bool = False,
    program: Given,
) -> int:
    """Make the demo company in an empty directory and serve it.

    A directory that it made before is served again; its business date goes on from the day it was made for.

    Parameters
    ----------
    port
        Port to listen on, 0 for a free one [8080].
    keys
        File that gets the keys of all doors once everything is ready, mode 600.
    catalog
        Published price catalogue to sell from (gzip or plain).
    months
        Months of bills.
    accounts
        How many more accounts with services to add.
    tls
        Also serve https, with a certificate for this machine.
    once
        Make it, print the guide's walk and exit.
    """
    if accounts < 0:
        raise WrongUsage("--accounts is 0 or more.")
    directory = program.options.data or program.data.parent / BESIDE
    there = program.at(directory)
    program.refuse_port(port)
    script = {"months": months, "accounts": accounts, "catalogue": catalog and str(catalog.absolute())}
    made = _made(program, there, directory.absolute(), script)
    return _Door(program, there, made, keys, once).serve(port, tls)


def _made(program: Program, there: Program, directory: Path, script: dict[str, Any]) -> "Keys":
    """Return the keys of the directory's demo, made now unless it was made before."""
    from acquit.demo import world
    from acquit.demo.home import READY, Home
    from acquit.demo.keys import of_members

    home = Home(directory)
    with home.held():
        mark = home.mark()
        if mark.get("state") == READY:
            _say_again(program, directory, mark["script"])
            return of_members(mark["keys"])
        content = Path(script["catalogue"]).read_bytes() if script["catalogue"] else None
        world.Script(date.max, script["months"], content).check()
        if mark:
            program.screen.say("A demo was begun here and not finished: it is made anew.")
            there.empty()
        return _make(program, there, home, script, content)


def _say_again(program: Program, directory: Path, script: dict[str, Any]) -> None:
    program.screen.say(f"The demo in {directory}, made for {script['as_of']}, is served again.")
    wanted = program.options.as_of
    if wanted is not None and wanted.isoformat() != script["as_of"]:
        program.screen.warn(
            f"It is not made again for {wanted}: remove the directory or name another --data."
        )


def _make(
    program: Program, there: Program, home: "Home", script: dict[str, Any], content: bytes | None
) -> "Keys":
    """Build the world and print its papers; only then is the demo finished."""
    from acquit.demo import world

    screen = program.screen
    if content is not None:
        script = script | {"sha256": hashlib.sha256(content).hexdigest()}
    home.begin(script)
    with there.open() as context:
        as_of = program.options.as_of or world.business_today(context)
        script = script | {"as_of": as_of.isoformat()}
        home.begin(script)
        with screen.progress(f"Playing {script['months']} months of business") as advance:
            made = world.build(context, world.Script(as_of, script["months"], content), lambda: advance(1))
        if script["accounts"]:
            with screen.progress("Adding accounts", script["accounts"]) as advance:
                world.add_crowd(context, script["accounts"], as_of, advance)
        with screen.progress("Printing papers") as advance:
            papers = world.print_papers(context, advance)
        screen.say(f"Made for {as_of}: {script['months']} months, {papers} bills with their papers.")
    home.finish(script, made)
    return made


class _Door:
    """The served demo: where it is and what it says when it is open."""

    def __init__(self, program: Program, there: Program, made: "Keys", keys: Path | None, once: bool) -> None:
        self._program, self._there, self._made = program, there, made
        self._keys, self._once = keys, once
        self._failed = False
        self._https: dict[str, Any] = {}

    def serve(self, port: int | None, tls: bool) -> int:
        """Serve until Ctrl-C (or, once, to the end of the walk) and return the exit code."""
        self._there.serve(Serving(port=port, also_tls=self._tls(port) if tls else None), self._ready)
        return 1 if self._failed else 0

    def _tls(self, port: int | None) -> AlsoTls:
        from acquit.demo.certificate import certificate_in

        made = certificate_in(self._there.data / "tls")
        http_port = self._program.port if port is None else port
        https_port = http_port + TLS_OFFSET if http_port else 0
        self._https = {"certificate": str(made.authority)}
        return AlsoTls(https_port, made.certificate, made.key)

    def _ready(self, origin: str, tls_origin: str | None) -> None:
        from acquit.demo.keys import write

        document = self._made.document(origin)
        if tls_origin is not None:
            document["https"] = {"base": f"{tls_origin}/1.0"} | self._https
        if self._keys is not None:
            write(self._keys, document)
        if self._once:
            self._walk(document)
            os.kill(os.getpid(), signal.SIGINT)
            return
        self._program.screen.answer(document, _doors(document, self._keys, self._there.data), "Ctrl-C stops.")

    def _walk(self, document: dict[str, Any]) -> None:
        from acquit.demo.walk import WalkFailed, walk

        told: list[str] = []
        screen = self._program.screen
        try:
            walk(document, told.append if screen.json else screen.answer_line)
        except WalkFailed as failure:
            self._failed = True
            screen.fail(str(failure))
        if screen.json:
            screen.answer({"passed": not self._failed, "walk": told})


def _doors(document: dict[str, Any], keys: Path | None, data: Path) -> Any:
    """Return where the doors are and how a person gets in."""
    own, office = document["manager"], document["office"]
    shown = {"API": document["base"]}
    if "https" in document:
        shown |= {"https": document["https"]["base"], "certificate": document["https"]["certificate"]}
    return facts(
        **shown,
        manager=f"{own['url']}  {own['login']}  {own['password']}",
        office=f"{office['url']}  {office['login']}  {office['password']}",
        keys=keys or "name a file with --keys to have them",
        commands=f"acquit COMMAND --data {data}",
    )
