"""Where credentials come from and where they are kept.

Named accounts stand in one TOML file without secrets, `accounts.toml`; their secrets are in the system's
keyring, or, where there is none, in `secrets.toml` beside it, mode 600. Without that file the collector
reads what the official SDK reads: `OVH_*`, `./ovh.conf`, `~/.ovh.conf`, `/etc/ovh.conf`, in this order.
"""

import configparser
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keyring
import tomli_w
from keyring.errors import KeyringError

from acquit.collector.endpoint import base_of
from acquit.collector.fault import Fault
from acquit.collector.files import replace_text
from acquit.collector.secret import Secret
from acquit.collector.wire import Keys

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TAKEN: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
)
"""No file can have these names on Windows, where an archive may be copied to."""
SERVICE: Final = "acquit-collect"
SDK_FILES: Final = (Path("/etc/ovh.conf"), Path("~/.ovh.conf"), Path("ovh.conf"))
SECRETS: Final = ("application_secret", "consumer_key")


@dataclass(frozen=True, slots=True)
class Access:
    """One account that the collector may read: a name of ours, its endpoint, its keys.

    `parent` names the access whose sub-account this one is, with the provider's number of it.
    """

    name: str
    endpoint: str
    application_key: str
    application_secret: Secret
    consumer_key: Secret
    parent: str = ""
    sub_account: int | None = None

    @property
    def base(self) -> str:
        """The base URL of its endpoint."""
        return base_of(self.endpoint)

    @property
    def keys(self) -> Keys:
        """What signs its calls."""
        return Keys(self.application_key, self.application_secret, self.consumer_key)


class Accounts:
    """The accounts that this person's collector knows."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self._file = directory / "accounts.toml"
        self._secrets = directory / "secrets.toml"
        self._environment = os.environ if environment is None else environment

    def all(self) -> list[Access]:
        """Return every account, parents before their sub-accounts. Raises Fault when a file is not right."""
        listed = _toml(self._file).get("accounts", {})
        if not listed:
            return of_sdk(self._environment)
        if not isinstance(listed, dict):
            raise Fault("configuration", f"{self._file}: [accounts.NAME] tables are expected.")
        found = [self._access(name, row) for name, row in listed.items()]
        return sorted(found, key=lambda access: (access.parent != "", access.parent, access.name))

    def keep(self, access: Access) -> str:
        """Add or replace an account; return where its secrets are kept: `keyring` or the file's name."""
        check_name(access.name)
        listed = _toml(self._file).get("accounts", {})
        listed[access.name] = {
            "endpoint": access.endpoint,
            "application_key": access.application_key,
            **({"parent": access.parent} if access.parent else {}),
            **({"sub_account": access.sub_account} if access.sub_account is not None else {}),
        }
        kept = self._keep_secrets(access)
        replace_text(self._file, tomli_w.dumps({"accounts": listed}))
        return kept

    def _access(self, name: str, row: object) -> Access:
        check_name(name)
        if not isinstance(row, dict) or not row.get("application_key"):
            raise Fault("configuration", f"{self._file}: account {name} has no application_key.")
        return Access(
            name=name,
            endpoint=str(row.get("endpoint", "ovh-eu")),
            application_key=str(row["application_key"]),
            application_secret=self._secret(name, "application_secret"),
            consumer_key=self._secret(name, "consumer_key"),
            parent=str(row.get("parent", "")),
            sub_account=row.get("sub_account"),
        )

    def _secret(self, name: str, kind: str) -> Secret:
        kept = _toml(self._secrets).get(name, {})
        text = kept.get(kind) if isinstance(kept, dict) else None
        if text is None:
            with suppress(KeyringError):
                text = keyring.get_password(SERVICE, f"{self._file}:{name}:{kind}")
        if not text:
            raise Fault(
                "credentials",
                f"The {kind} of account {name} is missing; run `acquit collect init --name {name}`.",
            )
        return Secret(str(text))

    def _keep_secrets(self, access: Access) -> str:
        pairs = {kind: getattr(access, kind).reveal() for kind in SECRETS}
        try:
            for kind, text in pairs.items():
                keyring.set_password(SERVICE, f"{self._file}:{access.name}:{kind}", text)
        except KeyringError:
            kept = {**_toml(self._secrets), access.name: pairs}
            replace_text(self._secrets, tomli_w.dumps(kept), mode=0o600)
            return self._secrets.name
        self._forget_in_file(access.name)
        return "keyring"

    def _forget_in_file(self, name: str) -> None:
        """Take former secrets out of the file, which would else be read before the keyring's."""
        kept = _toml(self._secrets)
        if kept.pop(name, None) is not None:
            replace_text(self._secrets, tomli_w.dumps(kept), mode=0o600)


def check_name(name: str) -> None:
    """Refuse a name that could not be a directory. Raises Fault."""
    if not NAME.fullmatch(name) or name.endswith(".") or name.partition(".")[0].upper() in TAKEN:
        raise Fault(
            "configuration",
            f"{name!r} is no name for an account: letters, digits, '.', '-', '_', at most 64, "
            "no dot at its end and no device of Windows.",
        )


def of_sdk(environment: Mapping[str, str]) -> list[Access]:
    """The one account that the official SDK would use, or none."""
    found = configparser.RawConfigParser()
    with suppress(configparser.Error):
        found.read([path.expanduser() for path in SDK_FILES], encoding="utf-8")

    def value(name: str, section: str) -> str:
        return environment.get(f"OVH_{name.upper()}") or str(found.get(section, name, fallback=""))

    endpoint = value("endpoint", "default")
    if not endpoint:
        return []
    key, secret, consumer = (value(name, endpoint) for name in ("application_key", *SECRETS))
    if not (key and secret and consumer):
        raise Fault(
            "credentials",
            f"The keys for {endpoint} are not complete in OVH_* or ovh.conf; run `acquit collect init`.",
        )
    return [Access("default", endpoint, key, Secret(secret), Secret(consumer))]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault("configuration", f"{path} is not TOML: {error}") from None
