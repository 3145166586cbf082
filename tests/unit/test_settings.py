"""Settings: read once, refused early, every fault at once."""

from pathlib import Path

import pytest

from acquit.setting_texts import LOG_LEVELS
from acquit.settings import ALL, Settings, SettingsRefused, default_data, read_settings

SECRET = "ab" * 32


def test_an_empty_environment_gives_a_program_that_runs() -> None:
    settings = read_settings({"HOME": "/home/alice"})
    assert (settings.host, settings.port, settings.log) == ("127.0.0.1", 8080, "info")
    assert settings.workers >= 1
    assert settings.trusted_proxies == ("127.0.0.0/8", "::1/128")
    assert (settings.database_url, settings.public_url, settings.secret_key) == (None, None, None)


@pytest.mark.parametrize(
    ("uid", "environment", "expected"),
    [
        (0, {"HOME": "/root"}, "/var/lib/acquit"),
        (1000, {"HOME": "/home/alice"}, "/home/alice/.local/share/acquit"),
        (1000, {"HOME": "/home/alice", "XDG_DATA_HOME": "/srv/alice"}, "/srv/alice/acquit"),
    ],
)
def test_the_data_directory_is_where_the_platform_keeps_data(
    monkeypatch: pytest.MonkeyPatch, uid: int, environment: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    monkeypatch.setattr("sys.platform", "linux")
    assert default_data(environment) == Path(expected)


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("ACQUIT_DATA", "/srv/acquit", "data", Path("/srv/acquit")),
        ("ACQUIT_DATABASE_URL", "postgresql://a@b/c", "database_url", "postgresql://a@b/c"),
        ("ACQUIT_PUBLIC_URL", "https://billing.example.net/", "public_url", "https://billing.example.net"),
        ("ACQUIT_PUBLIC_URL", "http://[::1]:8080", "public_url", "http://[::1]:8080"),
        (
            "ACQUIT_ACCOUNT_SSO_DOMAINS",
            "Example.com, b.example",
            "account_sso_domains",
            ("example.com", "b.example"),
        ),
        ("ACQUIT_STAFF_SSO_ROLES", "a=b=sales", "staff_sso_roles", (("a=b", "sales"),)),
        ("ACQUIT_SECOND_FACTOR_ROLES", "treasury, billing", "second_factor_roles", ("treasury", "billing")),
        (
            "ACQUIT_TRUSTED_PROXIES",
            "10.0.0.0/8, 192.0.2.7",
            "trusted_proxies",
            ("10.0.0.0/8", "192.0.2.7/32"),
        ),
        ("ACQUIT_HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("ACQUIT_PORT", " 9000 ", "port", 9000),
        ("ACQUIT_PORT", "0", "port", 0),
        ("ACQUIT_WORKERS", "4", "workers", 4),
        ("ACQUIT_CALLS_PER_MINUTE", "0", "calls_per_minute", 0),
        ("ACQUIT_LOG", "DEBUG", "log", "debug"),
        ("ACQUIT_SECRET_KEY", SECRET, "secret_key", bytes.fromhex(SECRET)),
        ("ACQUIT_PORT", "", "port", 8080),
        ("ACQUIT_SMTP_PORT", "465", "smtp_port", 465),
        ("ACQUIT_SMTP_SECURITY", "TLS", "smtp_security", "tls"),
        ("ACQUIT_SMTP_FROM", "Nuage <post@nuage.example>", "smtp_from", "Nuage <post@nuage.example>"),
        ("ACQUIT_SMTP_AUTHORITIES", __file__, "smtp_authorities", Path(__file__)),
        ("ACQUIT_PLATFORM_TOKEN_URL", "http://127.0.0.1:9/t/", "platform_token_url", "http://127.0.0.1:9/t"),
        ("ACQUIT_PEPPOL_DIRECTORY", "/tmp", "peppol_directory", Path("/tmp")),
    ],
)
def test_a_variable_is_read(variable: str, text: str, field: str, value: object) -> None:
    assert getattr(read_settings({variable: text}), field) == value


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("ACQUIT_DATA", __file__, "is a file"),
        ("ACQUIT_DATABASE_URL", "mysql://a@b/c", "begins with postgresql://"),
        ("ACQUIT_POSTGRESQL", "/nonexistent", "holds no bin/postgres"),
        ("ACQUIT_SMTP_SECURITY", "ssl", "is one of starttls, tls, none"),
        ("ACQUIT_SMTP_FROM", "billing", "is an address"),
        ("ACQUIT_SMTP_LOGIN", "é", "beyond ASCII"),
        ("ACQUIT_SMTP_AUTHORITIES", "/nonexistent", "is no file"),
        ("ACQUIT_PLATFORM_URL", "http://platform.example", "begins with https://"),
        ("ACQUIT_PEPPOL_DIRECTORY", __file__, "is no directory"),
        ("ACQUIT_SMTP_HOST", "mail.example", "needs ACQUIT_SMTP_FROM"),
        ("ACQUIT_SMTP_PASSWORD", "x", "needs ACQUIT_SMTP_LOGIN"),
        ("ACQUIT_PLATFORM_URL", "https://platform.example", "needs ACQUIT_PLATFORM_TOKEN_URL"),
        ("ACQUIT_PUBLIC_URL", "billing.example.net", "is an origin"),
        ("ACQUIT_SECOND_FACTOR_ROLES", "king", "lists roles"),
        ("ACQUIT_STAFF_SSO_ISSUER", "http://id.example.com", "begins with https"),
        ("ACQUIT_STAFF_SSO_ROLES", "admins=king", "lists GROUP=ROLE"),
        ("ACQUIT_STAFF_SSO_DOMAINS", "a@example.com", "lists domains"),
        ("ACQUIT_STAFF_SSO_SECRET", "file:/nowhere", "is no file"),
        ("ACQUIT_PUBLIC_URL", "https://a.example/path", "no path"),
        ("ACQUIT_PUBLIC_URL", "https://login@a.example", "no login"),
        ("ACQUIT_PUBLIC_URL", "https://a.example:99999", "Port out of range"),
        ("ACQUIT_TRUSTED_PROXIES", "10.0.0.0/8;::1", "lists addresses or networks"),
        ("ACQUIT_HOST", "a b", "is an address"),
        ("ACQUIT_PORT", "65536", "from 0 to 65535"),
        ("ACQUIT_PORT", "-1", "from 0 to 65535"),
        ("ACQUIT_PORT", "８０８０", "from 0 to 65535"),
        ("ACQUIT_WORKERS", "0", "from 1 to 256"),
        ("ACQUIT_LOG", "loud", ", ".join(LOG_LEVELS)),
        ("ACQUIT_SECRET_KEY", "abc", "64 hexadecimal digits"),
        ("ACQUIT_SECRET_KEY", "ab" * 31, "64 hexadecimal digits"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_it_should_be(
    variable: str, text: str, said: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({variable: text})
    assert variable in refused.value.message
    assert said in refused.value.message


def test_every_fault_is_listed_at_once() -> None:
    faulty = {"ACQUIT_PORT": "x", "ACQUIT_WORKERS": "x", "ACQUIT_LOG": "x", "ACQUIT_PRT": "1"}
    with pytest.raises(SettingsRefused) as refused:
        read_settings(faulty)
    assert refused.value.message.count("\n- ") == 4


def test_an_unknown_variable_stops_the_start_and_names_the_nearest() -> None:
    with pytest.raises(
        SettingsRefused, match=r"ACQUIT_DATABASE is no setting; did you mean ACQUIT_DATA(BASE_URL)?\?"
    ):
        read_settings({"ACQUIT_DATABASE": "x"})
    with pytest.raises(SettingsRefused, match=r"ACQUIT_ZZZ is no setting; docs/reference/settings.md"):
        read_settings({"ACQUIT_ZZZ": "1", "OTHER_PROGRAM": "1"})


def test_a_password_is_never_sent_in_the_clear() -> None:
    with pytest.raises(SettingsRefused, match="would send the password as it is"):
        read_settings(MAIL | {"ACQUIT_SMTP_SECURITY": "none"})


def test_passwords_are_not_shown() -> None:
    platform = {f"ACQUIT_PLATFORM_{name}": "https://x.example" for name in ("URL", "TOKEN_URL", "LOGIN")}
    settings = read_settings(MAIL | platform | {"ACQUIT_PLATFORM_SECRET": "hunter2"})
    assert (settings.smtp_password, settings.platform_secret) == ("hunter2", "hunter2")
    assert "hunter2" not in repr(settings)


MAIL = {
    "ACQUIT_SMTP_HOST": "mail.example", "ACQUIT_SMTP_FROM": "post@nuage.example",
    "ACQUIT_SMTP_LOGIN": "us", "ACQUIT_SMTP_PASSWORD": "hunter2",
}  # fmt: skip


@pytest.mark.parametrize("variable", ["ACQUIT_SECRET_KEY", "ACQUIT_DATABASE_URL"])
def test_a_refused_secret_is_not_repeated(variable: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({variable: "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_the_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACQUIT_PORT", "9001")
    assert read_settings().port == 9001


def test_every_field_is_a_setting() -> None:
    assert [each.field for each in ALL] == list(Settings.__slots__)
