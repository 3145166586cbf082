"""`acquit serve`: API, office and console."""

from pathlib import Path

from acquit.cli.program import Given, Serving
from acquit.core.errors import Invalid


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
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
    """
    if (tls_cert is None) != (tls_key is None):
        raise Invalid("https needs both: --tls-cert and --tls-key.")
    serving = Serving(host, port, workers, tls_cert, tls_key)
    program.serve(serving, lambda origin: program.screen.say(f"Serving on {origin} (Ctrl-C stops)."))
