"""`acquit serve` and `acquit worker`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from acquit.cli.program import Given, Serving, WrongUsage


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    worker: Annotated[bool, Parameter(negative="--no-worker")] = True,
    program: Given,
) -> None:
    """Serve the API, the office and the console until Ctrl-C.

    Parameters
    ----------
    host
        Address to listen on [127.0.0.1].
    port
        Port to listen on, 0 for a free one [8080].
    workers
        Processes that serve [one per core].
    tls_cert
        Certificate with its chain, PEM: serves https.
    tls_key
        Key of the certificate, PEM.
    worker
        Also carry out what is due; --no-worker leaves it to `acquit worker`.
    """
    if (tls_cert is None) != (tls_key is None):
        raise WrongUsage("https needs both: --tls-cert and --tls-key.")
    serving = Serving(host, port, workers, tls_cert, tls_key, worker)
    program.serve(serving, lambda origin, _: program.screen.say(f"Serving on {origin} (Ctrl-C stops)."))


def worker(*, program: Given) -> None:
    """Carry out what is due and what waits, until Ctrl-C."""
    program.screen.say("Working (Ctrl-C stops).")
    program.work()
