"""The environment is read once, whole, and every problem is named without giving a secret away."""

import os
import stat
from pathlib import Path

import pytest

from config.demo_secret import demo_secret_key
from config.settings import Settings, SettingsInvalid, load_settings

SECRET = "s3cr3t-" * 6
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "token-never-shown",
    "TWILIO_FROM": "+12065550100",
}
BRAND = {"BRAND_NAME": "Northside", "BRAND_PHONE": "206-555-0199"}
EXAMPLE = Path(__file__).parents[2] / "config" / "example.env"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start from a directory without `.env` and an environment that sets nothing of ours."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set environment variables for this test."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def problems() -> list[str]:
    """Return what `load_settings` complains about."""
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    return caught.value.problems


def test_a_fresh_checkout_runs_without_any_setting(tmp_path: Path) -> None:
    """The demo needs nothing set: local address, SQLite, no provider, a secret of its own."""
    settings = load_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url == "sqlite:///var/notifier.db"
    assert not settings.providers_configured
    assert settings.secret_key.get_secret_value() == (tmp_path / "var/secret_key").read_text()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, False),
        ({"PORT": "9000"}, True),
        ({"HOST": "::1"}, True),
        ({"PUBLIC_URL": "http://localhost:8000"}, True),
    ],
)
def test_whether_an_address_is_named_is_known(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], named: bool
) -> None:
    """The usual one is nobody's wish."""
    given(monkeypatch, **values)

    assert load_settings().names_address is named


def test_the_demo_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    """A restart finds the same key, and nobody else on the machine can read it."""
    first = demo_secret_key(tmp_path / "var")

    assert demo_secret_key(tmp_path / "var") == first
    assert len(first) >= 32
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "var/secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700  # the database lies there too


def test_every_problem_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody setting up mends all of it in one go, whatever kind of problem each is."""
    given(
        monkeypatch,
        SECRET_KEY="short",
        PORT="eighty",
        PUBLIC_URL="notify.example.com",
        BRAND_TIME_ZONE="Mars/Olympus",
        BRAND_PHONE="call us",
        DATABASE_URL="mysql://root@db/notifier",
        TWILIO_ACCOUNT_SID="SK123",
        TWILIO_FROM="+0",
        SENDGRID_API_KEY="SG.key-never-shown",
        SENDGRID_WEBHOOK_PUBLIC_KEY="",
        LOG_FORMAT="xml",
        LEASE_SECONDS="0",
    )

    found = problems()

    for name in (
        "PORT must be a whole number.",
        "PUBLIC_URL must be a whole address such as https://notify.example.com.",
        "BRAND_TIME_ZONE must be the name of a time zone, such as America/Los_Angeles.",
        "BRAND_PHONE must be a phone number as customers should read it.",
        "DATABASE_URL must start with sqlite:/// or postgresql://.",
        "TWILIO_ACCOUNT_SID must be AC followed by 32 hexadecimal digits.",
        "LOG_FORMAT must be 'console' or 'json'.",
        "LEASE_SECONDS must be more than 0.",
        "Twilio is only half set up: TWILIO_AUTH_TOKEN must be set too.",
        "SendGrid is only half set up: SENDGRID_FROM must be set too.",
        "SECRET_KEY must have at least 32 characters.",
        "BRAND_NAME must be set once a provider is: texts begin with it.",
    ):
        assert name in found
    assert any(sentence.startswith("TWILIO_FROM must be a number") for sentence in found)
    assert len(found) == 13


def test_no_problem_quotes_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is complained about may itself be a secret put in the wrong place."""
    given(
        monkeypatch,
        SECRET_KEY="hunter2",
        TWILIO_ACCOUNT_SID="hunter2",
        SMTP_URL="hunter2",
        PORT="hunter2",
        DATABASE_URL="hunter2://x",
    )

    with pytest.raises(SettingsInvalid) as caught:
        load_settings()

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", sorted(TWILIO))
def test_half_of_twilio_is_a_problem(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whichever of the three is missing, it is named."""
    given(monkeypatch, SECRET_KEY=SECRET, **BRAND, **{**TWILIO, name: ""})

    assert problems() == [f"Twilio is only half set up: {name} must be set too."]


@pytest.mark.parametrize(
    "values",
    [
        TWILIO,
        {"SENDGRID_API_KEY": "SG.x", "SENDGRID_FROM": "hi@example.com"},
        {"SMTP_URL": "smtp://u:p@mail.example.com:587", "SENDGRID_FROM": "N <hi@example.com>"},
        {"PUBLIC_URL": "https://notify.example.com"},
        {"DATABASE_URL": "postgresql://db/notifier"},
        {"DATABASE_URL": "sqlite:////srv/notifier.db"},
    ],
)
def test_a_secret_is_required_outside_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str]
) -> None:
    """A provider, a public address or another database: real people may be at the other end."""
    given(monkeypatch, **BRAND, **values)

    assert [sentence.split()[0] for sentence in problems()] == ["SECRET_KEY"]
    assert not (tmp_path / "var").exists()

    given(monkeypatch, SECRET_KEY=SECRET)
    assert load_settings().secret_key.get_secret_value() == SECRET


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_means_psycopg(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """A hosting provider's DATABASE_URL works as it is given."""
    given(monkeypatch, SECRET_KEY=SECRET, DATABASE_URL=f"{scheme}://u:p@db:5432/n?sslmode=require")

    url = load_settings().database_url

    assert url == "postgresql+psycopg://u:p@db:5432/n?sslmode=require"


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("0.0.0.0", "8080", "http://127.0.0.1:8080"),
        ("::", "8000", "http://[::1]:8000"),
        ("::1", "8000", "http://[::1]:8000"),
        ("localhost", "80", "http://localhost:80"),
    ],
)
def test_the_public_address_follows_the_server(
    monkeypatch: pytest.MonkeyPatch, host: str, port: str, url: str
) -> None:
    """Listening elsewhere changes the links too, and the demo needs no secret for it."""
    given(monkeypatch, HOST=host, PORT=port)

    assert load_settings().public_url == url


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "https://", "https://x.example/?a=1", "http://[", "http://a b"]
)
def test_a_malformed_public_address_is_a_problem(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A link that can't work must not reach a customer."""
    given(monkeypatch, SECRET_KEY=SECRET, PUBLIC_URL=url)

    assert [sentence.split()[0] for sentence in problems()] == ["PUBLIC_URL"]


def test_the_environment_overrides_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`.env` holds what is usual, the environment what is so this time."""
    (tmp_path / ".env").write_text(
        f"BRAND_NAME=From the file\nPORT=9000\nSECRET_KEY={SECRET}\nUNRELATED=1\n"
    )
    given(monkeypatch, PORT="9001")

    settings = load_settings()

    assert (settings.brand_name, settings.port) == ("From the file", 9001)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings, by accident or in a traceback, gives nothing away."""
    given(
        monkeypatch,
        SECRET_KEY=SECRET,
        SENDGRID_API_KEY="SG.key-never-shown",
        SENDGRID_FROM="hi@example.com",
        DATABASE_URL="postgresql://u:password-never-shown@db/n",
        **TWILIO,
        **BRAND,
    )

    shown = repr(load_settings())

    assert "never-shown" not in shown
    assert SECRET not in shown


def test_the_example_names_every_setting_and_works(tmp_path: Path) -> None:
    """The example is the documentation, so it can't lag behind, and its defaults are ours."""
    lines = EXAMPLE.read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    (tmp_path / ".env").write_text("\n".join(lines))

    from_example = load_settings().model_dump()

    assert named == {name.upper() for name in Settings.model_fields}
    os.remove(tmp_path / ".env")
    assert from_example == load_settings().model_dump()


OTHER_SENDER = {"TWILIO_SECOND_FROM": "MG" + "0123456789abcdef" * 2}
OTHER_ACCOUNT = {
    "TWILIO_SECOND_ACCOUNT_SID": "AC" + "fedcba9876543210" * 2,
    "TWILIO_SECOND_AUTH_TOKEN": "token-of-the-other",
}


@pytest.mark.parametrize("values", [OTHER_SENDER, OTHER_SENDER | OTHER_ACCOUNT])
def test_a_second_sender_is_of_the_same_account_or_of_another(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    """A number or service, with an account of its own if need be."""
    given(monkeypatch, SECRET_KEY=SECRET, **BRAND, **TWILIO, **values)

    assert load_settings().twilio_second_from == OTHER_SENDER["TWILIO_SECOND_FROM"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            TWILIO | {"TWILIO_SECOND_FROM": TWILIO["TWILIO_FROM"]},
            "TWILIO_SECOND_FROM must be another sender than TWILIO_FROM.",
        ),
        (OTHER_SENDER, "TWILIO_SECOND_FROM is set, but TWILIO_FROM, which goes first, is not."),
        (
            TWILIO | OTHER_ACCOUNT,
            "A second Twilio account is set, but TWILIO_SECOND_FROM is not.",
        ),
        (
            TWILIO | OTHER_SENDER | OTHER_ACCOUNT | {"TWILIO_SECOND_AUTH_TOKEN": ""},
            "The second Twilio account is only half set up: TWILIO_SECOND_AUTH_TOKEN must be set.",
        ),
    ],
)
def test_half_of_a_second_sender_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], problem: str
) -> None:
    """It says what is missing, or what contradicts."""
    given(monkeypatch, SECRET_KEY=SECRET, **BRAND, **values)

    assert problems() == [problem]


def test_nobody_is_texted_under_an_invented_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo has a name of its own; customers of a real business read the real one."""
    given(monkeypatch, SECRET_KEY=SECRET, **TWILIO)

    assert [sentence.split()[0] for sentence in problems()] == ["BRAND_NAME", "BRAND_PHONE"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LOOKUP_AFTER_SECONDS", "30", "LOOKUP_AFTER_SECONDS must be more than LEASE_SECONDS."),
        (
            "LOOKUP_AGAIN_SECONDS",
            "39",
            "LOOKUP_AGAIN_SECONDS must be more than LOOKUP_AFTER_SECONDS.",
        ),
        ("LEASE_SECONDS", "41", "LOOKUP_AFTER_SECONDS must be more than LEASE_SECONDS."),
        ("HOLD_AFTER_SECONDS", "90", "HOLD_AFTER_SECONDS must be more than LOOKUP_AGAIN_SECONDS."),
    ],
)
def test_nothing_is_looked_up_while_it_may_still_be_sent(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """It would be absent twice, and go twice; nor is a person asked before the provider was."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as invalid:
        Settings()
    assert said in str(invalid.value)
