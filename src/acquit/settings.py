"""One frozen value, read once from the environment, refused early with every fault listed.

Every setting is a row of `ALL`, from which `docs/reference/settings.md` is written (a test compares them). A
variable that begins with ACQUIT_ and is no setting stops the start: a typing error must not go unnoticed.
"""

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from acquit.core.errors import Refusal
from acquit.core.operator import Role
from acquit.setting_texts import ascii_text as _ascii
from acquit.setting_texts import calls as _calls
from acquit.setting_texts import database_url as _database_url
from acquit.setting_texts import days as _days
from acquit.setting_texts import directory as _directory
from acquit.setting_texts import domains as _domains
from acquit.setting_texts import file as _file
from acquit.setting_texts import groups as _groups
from acquit.setting_texts import held as _held
from acquit.setting_texts import host as _host
from acquit.setting_texts import installation as _installation
from acquit.setting_texts import level as _level
from acquit.setting_texts import networks as _networks
from acquit.setting_texts import origin as _origin
from acquit.setting_texts import port as _port
from acquit.setting_texts import roles as _roles
from acquit.setting_texts import sample as _sample
from acquit.setting_texts import secret as _secret
from acquit.setting_texts import security as _security
from acquit.setting_texts import sender as _sender
from acquit.setting_texts import there as _there
from acquit.setting_texts import url as _url
from acquit.setting_texts import workers as _workers

PREFIX: Final = "ACQUIT_"


class SettingsRefused(Refusal):
    """The environment asks for something that cannot be; the message lists every fault."""

    code = "settings-refused"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. None means: not set, and the program decides."""

    data: Path
    database_url: str | None
    postgresql: Path | None
    public_url: str | None
    trusted_proxies: tuple[str, ...]
    host: str
    port: int
    workers: int
    calls_per_minute: int
    log: str
    secret_key: bytes | None
    access_log_days: int = 365
    log_networks: tuple[str, ...] = ()
    judged_one_in: int = 10_000
    second_factor_roles: tuple[str, ...] = ()
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_login: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_from: str | None = None
    smtp_authorities: Path | None = None
    platform_url: str | None = None
    platform_token_url: str | None = None
    platform_login: str | None = None
    platform_secret: str | None = field(default=None, repr=False)
    peppol_directory: Path | None = None
    staff_sso_issuer: str | None = None
    staff_sso_name: str | None = None
    staff_sso_secret: str | None = field(default=None, repr=False)
    staff_sso_domains: tuple[str, ...] = ()
    staff_sso_roles: tuple[tuple[str, Role], ...] = ()
    staff_sso_claim: str = "groups"
    account_sso_issuer: str | None = None
    account_sso_name: str | None = None
    account_sso_secret: str | None = field(default=None, repr=False)
    account_sso_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its field of `Settings`, what it is without a variable, and how its text is read.

    `read` raises ValueError with a sentence that says what the text should have been.
    """

    field: str
    default: Callable[[Mapping[str, str]], object]
    default_said: str
    meaning: str
    read: Callable[[str], object]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.field.upper()


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; an empty variable counts as not set.

    Raises:
        SettingsRefused: a value cannot be read or a variable is unknown; the message lists every fault.
    """
    values: dict[str, Any] = {}
    faults = [_unknown(name) for name in sorted(environment) if _is_unknown(name)]
    for setting in ALL:
        text = environment.get(setting.variable, "").strip()
        try:
            values[setting.field] = setting.read(text) if text else setting.default(environment)
        except ValueError as error:
            shown = "" if setting.field in (*SECRET, *SECRET_TOO) else f"={text}"
            faults.append(f"{setting.variable}{shown}: {error}")
    faults += [] if faults else _contradictions(values)
    if faults:
        raise SettingsRefused("These settings cannot be used:\n" + "\n".join(f"- {each}" for each in faults))
    return Settings(**values)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return what of settings that are each possible does not go together."""
    faults = []
    if values["smtp_host"] and not values["smtp_from"]:
        faults.append("ACQUIT_SMTP_HOST needs ACQUIT_SMTP_FROM, the address that mails come from.")
    if values["smtp_password"] and not values["smtp_login"]:
        faults.append("ACQUIT_SMTP_PASSWORD needs ACQUIT_SMTP_LOGIN, whose password it is.")
    if values["smtp_login"] and values["smtp_security"] == "none":
        faults.append("ACQUIT_SMTP_SECURITY=none would send the password as it is: use starttls or tls.")
    needed = ("platform_token_url", "platform_login", "platform_secret")
    missing = [PREFIX + name.upper() for name in needed if not values[name]]
    if values["platform_url"] and missing:
        faults.append(f"ACQUIT_PLATFORM_URL needs {', '.join(missing)} too.")
    for who in ("staff", "account"):
        needed_too = [f"{PREFIX}{who.upper()}_SSO_{name}" for name in ("NAME", "SECRET")]
        absent = [name for name in needed_too if not values[name.removeprefix(PREFIX).lower()]]
        if values[f"{who}_sso_issuer"] and absent:
            faults.append(f"{PREFIX}{who.upper()}_SSO_ISSUER needs {', '.join(absent)} too.")
    return faults


def default_data(environment: Mapping[str, str]) -> Path:
    """Return the data directory that the platform suggests; for root `/var/lib/acquit`."""
    if os.geteuid() == 0:
        return Path("/var/lib/acquit")
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "acquit"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "acquit"


def _is_unknown(name: str) -> bool:
    return name.startswith(PREFIX) and name not in {setting.variable for setting in ALL}


def _unknown(name: str) -> str:
    known = [setting.variable.removeprefix(PREFIX) for setting in ALL]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    hint = (
        f"did you mean {PREFIX}{near[0]}?" if near else "docs/reference/settings.md lists those that exist."
    )
    return f"{name} is no setting; {hint}"


def _nothing(_: Mapping[str, str]) -> None:
    return None


SECRET: Final = frozenset({"secret_key", "database_url", "smtp_password", "platform_secret"})
SECRET_TOO: Final = ("staff_sso_secret", "account_sso_secret")


def _sign_on(who: str, people: str) -> tuple[Setting, ...]:
    """Return the settings of the identity provider of a door."""
    no, must = "passwords alone", "must be set with an issuer"
    issuer = f"Identity provider (OpenID Connect) that {people} sign in by, exactly as it names itself."
    secret = "Secret to that name, or `file:` and the path of a file that holds it; never logged."  # noqa: S105
    domains = f"Domains of the verified addresses of {people} that are taken, as in `example.com`."
    return (
        Setting(f"{who}_sso_issuer", _nothing, no, issuer, lambda text: _url(text) and text),
        Setting(f"{who}_sso_name", _nothing, must, "Name by which it knows us.", str),
        Setting(f"{who}_sso_secret", _nothing, must, secret, _held),
        Setting(f"{who}_sso_domains", lambda _: (), "all", domains, _domains),
    )


ALL: Final[tuple[Setting, ...]] = (
    Setting(
        "data",
        default_data,
        "the platform's user data directory; `/var/lib/acquit` for root",
        "Directory of the embedded database, the papers, the secret key and in `texts` own words of papers; "
        "made on first use, mode 700.",
        _directory,
    ),
    Setting(
        "database_url",
        _nothing,
        "an embedded PostgreSQL in the data directory",
        "An external PostgreSQL (15 or newer) as `postgresql://…`. Its login owns the database and may take "
        "the role `acquit_app`; `acquit migrate` says what a database administrator has to do when it may "
        "not.",
        _database_url,
    ),
    Setting(
        "postgresql",
        _nothing,
        "the PostgreSQL that acquit brings, then the system's",
        "Directory above the `bin` of the PostgreSQL that runs the embedded database.",
        _installation,
    ),
    Setting(
        "public_url",
        _nothing,
        "the origin of each request, as trusted proxies report it",
        "Origin behind a proxy, such as `https://billing.example.net`: what links on papers and pages "
        "begin with.",
        _origin,
    ),
    Setting(
        "trusted_proxies",
        lambda _: ("127.0.0.0/8", "::1/128"),
        "`127.0.0.0/8,::1/128`",
        "Networks whose X-Forwarded-Proto, -Host, -Port and -For are believed.",
        _networks,
    ),
    Setting("host", lambda _: "127.0.0.1", "`127.0.0.1`", "Address that `acquit serve` listens on.", _host),
    Setting(
        "port", lambda _: 8080, "`8080`", "Port that `acquit serve` listens on; 0 takes a free one.", _port
    ),
    Setting(
        "workers",
        lambda _: os.cpu_count() or 1,
        "one per core",
        "How many processes serve requests.",
        _workers,
    ),
    Setting(
        "calls_per_minute",
        lambda _: 30_000,
        "`30000`",
        "How many calls a minute one consumer key or token may make of the API, in all processes that serve "
        "together; who makes more is answered 429. 0 is no limit.",
        _calls,
    ),
    Setting(
        "log",
        lambda _: "info",
        "`info`",
        "The least serious level logged: debug, info, warning or error.",
        _level,
    ),
    Setting(
        "secret_key",
        _nothing,
        "a file `secret.key` of mode 600 in the data directory",
        "At least 64 hexadecimal digits that seal application secrets and derive the links to papers. Every "
        "process on one database needs the same; lost, every application needs a new secret.",
        _secret,
    ),
    Setting(
        "access_log_days",
        lambda _: 365,
        "`365`",
        "For how many days it is kept from where people signed in to an account, and how what they changed "
        "of its access was before and after.",
        _days,
    ),
    Setting(
        "log_networks",
        lambda _: (),
        "the public internet alone",
        "Networks, as in `10.0.0.0/8`, that logs of accounts may be forwarded to besides: accounts name the "
        "hosts.",
        _networks,
    ),
    Setting(
        "judged_one_in",
        lambda _: 10_000,
        "`10000`",
        "Of how many bills of a run one is judged by the official rules of electronic bills before it has a "
        "number, besides the first of each form; 0 judges no sample.",
        _sample,
    ),
    Setting(
        "second_factor_roles",
        lambda _: (),
        "nobody has to",
        "Roles of operators, as in `treasury,administrator`, or `all`, who sign in with a code of a device "
        "besides the password: until one is set up the office shows them nothing else.",
        _roles,
    ),
    Setting(
        "smtp_host",
        _nothing,
        "no mail leaves; a warning says so",
        "Mail server that letters and bills leave by.",
        _host,
    ),
    Setting("smtp_port", lambda _: 587, "`587`", "Port of the mail server; 465 with `tls`.", _port),
    Setting(
        "smtp_security",
        lambda _: "starttls",
        "`starttls`",
        "`starttls`, `tls`, or `none` without a login; the server's certificate is verified.",
        _security,
    ),
    Setting("smtp_login", _nothing, "no login", "Name by which the mail server knows us.", _ascii),
    Setting("smtp_password", _nothing, "none", "Password to that name; never logged.", _ascii),
    Setting(
        "smtp_from",
        _nothing,
        "must be set with a mail server",
        "Address that mails come from, and to which servers report what did not arrive: `Billing "
        "<billing@example.com>`.",
        _sender,
    ),
    Setting(
        "smtp_authorities",
        _nothing,
        "the system's",
        "File with the certificates of the authorities that may vouch for the mail server.",
        _file,
    ),
    Setting(
        "platform_url",
        _nothing,
        "no e-invoice leaves by a platform; a warning says so",
        "Flow service (AFNOR XP Z12-013) of the e-invoicing platform: what stands before `/v1/flows`.",
        _url,
    ),
    Setting(
        "platform_token_url",
        _nothing,
        "must be set with a platform",
        "Where the platform gives tokens (OAuth 2.0, client credentials).",
        _url,
    ),
    Setting("platform_login", _nothing, "must be set with a platform", "Name by which it knows us.", _ascii),
    Setting(
        "platform_secret",
        _nothing,
        "must be set with a platform",
        "Secret to that name; never logged.",
        _ascii,
    ),
    Setting(
        "peppol_directory",
        _nothing,
        "nothing is handed over for Peppol; a warning says so",
        "Directory, which exists, that an access point takes UBL documents from.",
        _there,
    ),
    *_sign_on("staff", "operators"),
    Setting(
        "staff_sso_roles",
        lambda _: (),
        "each operator keeps the role that it has",
        "Which group gives which role, the first that fits, as in `acquit-admins=administrator`; who has "
        "none of the groups is refused.",
        _groups,
    ),
    Setting("staff_sso_claim", lambda _: "groups", "`groups`", "Claim that names the groups.", str),
    *_sign_on("account", "identity users of accounts"),
)
