"""Leave a working ./.venv: `python3 tools/setup.py`, with nothing but the standard library.

Finds uv or brings it into ./.uv, makes ./.venv, installs exactly what requirements.lock names (by hash), then
this checkout. Run again it does nothing until the lock changes. `--system` installs, as root on Debian,
the programs that tests drive (a browser, a second PostgreSQL), and brings the official focus-validator into a
place of its own; without them those tests are skipped, loudly.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
TOOLS = HOME / ".uv"
LOCK = HOME / "requirements.lock"
STAMP = VENV / "setup.stamp"
VALIDATOR = HOME / ".focus-validator"
VALIDATOR_LOCK = HOME / "tools" / "focus-validator.lock"
VALIDATOR_PYTHONS = ("python3.11", "python3.12")
OLDEST = (3, 11)
PYTHONS = ("python3.13", "python3.12", "python3.11")
SYSTEM = (
    ("chromium", "a browser", ("chromium", "chromium-browser", "google-chrome")),
    ("postgresql", "a second PostgreSQL", ("/usr/lib/postgresql/*/bin/initdb",)),
    ("poppler-utils", "pdftotext", ("pdftotext",)),
)
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "no-index": "UV_NO_INDEX",
}


def main(arguments: Sequence[str]) -> int:
    """Carry out what the arguments ask for, and return the exit status."""
    _use_new_enough_python()
    if "--system" in arguments:
        install_system_packages()
        install_focus_validator()
    elif "--lock" in arguments:
        lock()
    else:
        setup()
    return 0


def setup() -> None:
    """Leave ./.venv as the lock says; cheap when it is so already."""
    if _is_done():
        return
    with (HOME / ".setup.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not _is_done():
            _install()


def lock() -> None:
    """Write requirements.lock anew: every version with its hashes, for every Python and system, no host name.

    Only the default index is asked: what a machine's own extra indexes hold is no business of other machines.
    """
    uv = find_uv()
    environment = {
        **_environment(uv),
        "UV_INDEX": "",
        "UV_FIND_LINKS": "",
        "UV_CUSTOM_COMPILE_COMMAND": "make lock",
    }
    _run(
        [uv, "pip", "compile", "--quiet", "--universal", "--python-version", ".".join(map(str, OLDEST)),
         "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate",
         "--extra", "server", "--group", "dev", "pyproject.toml", "--output-file", str(LOCK)],
        environment,
    )  # fmt: skip


def install_system_packages() -> None:
    """As root, install what tests drive; a failure is said loudly and is no failure."""
    missing = [(package, what) for package, what, places in SYSTEM if not _present(places)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        for package, what in missing:
            _say(f"*** {what} is missing: tests that need it are skipped (install the package {package}) ***")
        return
    names = [package for package, _ in missing]
    _say(f"Installing {', '.join(names)} for the tests")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", "-y", *names]):
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            _say(f"*** {' '.join(command)} failed; tests that need it are skipped ***")
            _say(ran.stderr.strip()[-500:])


def install_focus_validator() -> None:
    """Leave the official focus-validator in ./.focus-validator; a failure is said loudly, no more."""
    stamp, wanted = VALIDATOR / "lock", VALIDATOR_LOCK.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    inside = (3, 11) <= sys.version_info[:2] <= (3, 12)
    python = sys.executable if inside else next(filter(None, map(shutil.which, VALIDATOR_PYTHONS)), None)
    uv = find_uv()
    environment = _environment(uv)
    into = str(VALIDATOR / "bin" / "python")
    commands = (
        [uv, "venv", "--quiet", "--clear", "--python", python or "python3.11", str(VALIDATOR)],
        [uv, "pip", "sync", "--quiet", "--python", into, "--require-hashes", str(VALIDATOR_LOCK)],
    )
    _say("Installing focus-validator into ./.focus-validator for the tests")
    for command in commands:
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            _say("*** focus-validator could not be installed: its test is skipped ***")
            _say(ran.stderr.strip()[-500:])
            return
    stamp.write_text(wanted)


def find_uv() -> str:
    """Return uv: the one on PATH, the one in ./.uv, or one brought there now."""
    there = shutil.which("uv") or _first(TOOLS / "bin" / "uv", TOOLS / "lib" / "bin" / "uv")
    if there:
        return there
    _say("Bringing uv into ./.uv")
    for way in (_uv_by_venv, _uv_by_pip, _uv_by_debian):
        there = way()
        if there:
            return there
    raise SystemExit(
        "This python3 has neither venv nor pip, so nothing can be installed with it. Install one of them "
        "(Debian, Ubuntu: apt-get install python3-venv; Fedora: dnf install python3-pip), or uv itself, "
        "then run make again."
    )


def _use_new_enough_python() -> None:
    """Go on in Python 3.11 or newer, or say how to."""
    if sys.version_info[:2] >= OLDEST:
        return
    for name in PYTHONS:
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, *sys.argv])
    raise SystemExit(
        "Python {}.{} or newer is needed; this is {}.{}. "
        "Install one, or name it: make PYTHON=/path/to/python3".format(*OLDEST, *sys.version_info[:2])
    )


def _is_done() -> bool:
    try:
        return STAMP.read_text() == _wanted() and (VENV / "bin" / "acquit").exists()
    except FileNotFoundError:
        return False


def _wanted() -> str:
    """Name what .venv has to agree with: the lock, our own requirements, this Python and this place."""
    content = [path.read_bytes() for path in (LOCK, HOME / "pyproject.toml", Path(__file__))]
    said = repr((str(HOME), sys.version_info[:3], [hashlib.sha256(each).hexdigest() for each in content]))
    return hashlib.sha256(said.encode()).hexdigest()


def _install() -> None:
    uv = find_uv()
    environment = _environment(uv)
    STAMP.unlink(missing_ok=True)
    if not _is_our_python():
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], environment)
    _say("Installing what requirements.lock names into ./.venv")
    into = ["--quiet", "--python", str(VENV / "bin" / "python")]
    _run([uv, "pip", "sync", *into, "--require-hashes", str(LOCK)], environment)
    _run(
        [uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", str(HOME)],
        environment,
    )
    STAMP.write_text(_wanted())


def _is_our_python() -> bool:
    """Tell whether .venv exists, was made here and runs this Python."""
    python = VENV / "bin" / "python"
    asked = "import sys; print(sys.version_info[:3], sys.prefix)"
    try:
        ran = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return ran.stdout.strip() == f"{sys.version_info[:3]} {VENV}"


def _environment(uv: str) -> Dict[str, str]:
    """Return our environment with what pip is configured to use, which uv does not read by itself."""
    found = dict(os.environ)
    found.pop("VIRTUAL_ENV", None)
    told = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_HTTP_TIMEOUT": "180"}
    for key, value in _pip_configuration().items():
        told[FROM_PIP[key]] = value
    if "UV_INDEX" in told:
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does; the hashes decide what is taken
    cache = subprocess.run(
        [uv, "cache", "dir"], capture_output=True, text=True, check=False, env=found
    ).stdout.strip()
    if not _can_write(Path(cache or "/nonexistent")):
        told["UV_CACHE_DIR"] = str(TOOLS / "cache")
    return {**told, **found}


def _pip_configuration() -> Dict[str, str]:
    """Return pip's settings that matter, from its files and variables, as `pip config list` tells them."""
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = {}
    for scope in ("global", "install", ":env:"):
        for key, value in re.findall(rf"^{re.escape(scope)}\.([a-z-]+)='(.*)'$", ran.stdout, re.MULTILINE):
            found[key] = value.replace("\\n", " ").strip()
    for key in FROM_PIP:
        value = os.environ.get("PIP_" + key.upper().replace("-", "_"))
        if value:
            found[key] = value
    return {key: value for key, value in found.items() if key in FROM_PIP and value}


def _uv_by_venv() -> Optional[str]:
    """Bring uv by a virtual environment of its own; None where ensurepip is absent."""
    if subprocess.run(
        [sys.executable, "-c", "import venv, ensurepip"], capture_output=True, check=False
    ).returncode:
        return None
    _run([sys.executable, "-m", "venv", "--clear", str(TOOLS)])
    _run([str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    return _first(TOOLS / "bin" / "uv")


def _uv_by_pip() -> Optional[str]:
    """Bring uv by a pip that is there without venv."""
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        return None
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS / "lib"), "uv"])
    return _first(TOOLS / "lib" / "bin" / "uv")


def _uv_by_debian() -> Optional[str]:
    """As root on a Debian system, install what a virtual environment needs, and try again."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    _say(f"Installing {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "-qq", "update"], environment)
    for name in (package, "python3-venv"):
        command = ["apt-get", "-qq", "install", "--no-install-recommends", "-y", name]
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
            return _uv_by_venv()
    return None


def _can_write(directory: Path) -> bool:
    while not directory.exists():
        directory = directory.parent
    return os.access(str(directory), os.W_OK)


def _present(places: Sequence[str]) -> bool:
    return any(
        list(Path("/").glob(each[1:])) if each.startswith("/") else shutil.which(each) for each in places
    )


def _first(*paths: Path) -> Optional[str]:
    return next((str(path) for path in paths if path.exists()), None)


def _run(command: List[str], environment: Optional[Dict[str, str]] = None) -> None:
    ran = subprocess.run(command, env=environment, cwd=str(HOME), check=False)
    if ran.returncode != 0:
        raise SystemExit(f"make setup stopped: {' '.join(command)} failed (exit {ran.returncode}).")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
