"""What a new user does: start it in an empty place, look, make a phone buzz, stop it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from tests.served import ROOT, Served, eventually, free_port

PRODUCT = ("app.py", "config", "notifier", "rules", "templates")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home directory."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a place with the product and nothing else: no database, no secret, no `.env`."""
    made = tmp_path / "checkout"
    made.mkdir()
    leave_out = shutil.ignore_patterns("__pycache__", ".env")
    for name in PRODUCT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, made / name, ignore=leave_out)
        else:
            shutil.copy(ROOT / name, made / name)
    return made


@pytest.fixture
def served(checkout: Path, home: Path) -> Iterator[Served]:
    """Return `flask --app app serve`, started there with nothing set but a free port."""
    with Served(
        settings={"PORT": str(free_port())}, cwd=checkout, home=home, root=checkout
    ) as process:
        yield process


def test_serve_starts_from_nothing_and_says_where_everything_is(
    served: Served, checkout: Path, home: Path
) -> None:
    """A board, a way in, and a working day on it; nothing is written elsewhere."""
    board, sign_in = served.hears("The board:"), served.hears("Sign in:").split()[0]

    later = ".venv/bin/flask --app app staff sign-in-link robin@example.com"
    assert served.hears("Later:") == later

    browser = _signed_in(sign_in)
    page = browser.get(board, timeout=30)

    assert page.status_code == 200
    assert "Running late" in page.text
    assert requests.get(board, timeout=30).status_code == 401
    assert requests.get(sign_in, timeout=30).status_code == 410, "the link works once"
    ready = requests.get(board.replace("/board", "/readyz"), timeout=30)
    assert (ready.status_code, ready.json()["status"]) == (200, "ok"), ready.text
    assert list(home.iterdir()) == []
    assert {path.name for path in checkout.iterdir()} == {*PRODUCT, "var"}


def test_what_lives_as_long_as_the_process_is_not_searched_for_garbage(
    checkout: Path, home: Path
) -> None:
    """A bulk fact would spend a fifth of its time on looking through modules and rules."""
    start = "import gc, app; app.create_app(); print(gc.get_freeze_count())"

    started = subprocess.run(
        [sys.executable, "-c", start],
        cwd=checkout,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert int(started.stdout.splitlines()[-1]) > 100_000


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl was not found")
def test_the_curl_line_that_it_prints_makes_a_phone_buzz(served: Served) -> None:
    """Copied as it stands into a shell: the visit is booked and the sandbox shows the text."""
    served.hears("Book a visit")
    line = f"curl {served.hears('curl ')}"

    answer = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)

    assert answer.returncode == 0, answer.stderr
    assert '"status":"scheduled"' in answer.stdout.replace(" ", "")
    browser = _signed_in(served.hears("Sign in:").split()[0])
    phones = served.hears("The phones:")

    def on_the_phone() -> bool:
        """Whether it stands there, beside what the demo day had said before."""
        said = unescape(re.sub(r"<[^>]*>", "", browser.get(phones, timeout=30).text))
        return "Boiler repair is booked" in said

    assert eventually(on_the_phone)


def test_commands_beside_it_lead_to_the_port_that_it_was_given_alone(
    served: Served, checkout: Path, home: Path
) -> None:
    """`PORT=9000 make run`, and a source from another shell: its address is not dead."""
    board = served.hears("The board:")

    with Served(
        *("sources", "add", "shop", "--kind", "generic"),
        settings={},
        cwd=checkout,
        home=home,
        root=checkout,
    ) as command:
        address = command.hears("URL:")
        assert command.wait() == 0

    assert address == board.replace("/board", "/webhooks/in/shop")


def test_it_stops_when_it_is_asked_and_leaves_nothing_running(served: Served) -> None:
    """SIGTERM, as `kill`, systemd and containers send it: a clean end, soon."""
    board = served.hears("The board:")
    served.hears("Book a visit")
    assert requests.get(board, timeout=30).status_code == 401

    assert served.stop() == 0, served.lines[-20:]

    with pytest.raises(ProcessLookupError):
        os.killpg(served.pid, 0)
    with pytest.raises(requests.ConnectionError):
        requests.get(board, timeout=5)


def test_the_second_start_finds_what_the_first_one_left(checkout: Path, home: Path) -> None:
    """The demo is loaded once, and the session's secret stays the same."""
    settings = {"PORT": str(free_port())}
    with Served(settings=settings, cwd=checkout, home=home, root=checkout) as first:
        browser = _signed_in(first.hears("Sign in:").split()[0])
        assert first.hears("The database is empty")
        assert first.stop() == 0
    with Served(settings=settings, cwd=checkout, home=home, root=checkout) as second:
        board = second.hears("The board:")
        second.hears("Book a visit")

        assert not any("is empty" in line for line in second.lines)
        assert browser.get(board, timeout=30).status_code == 200


def test_what_is_wrong_with_the_settings_is_said_all_at_once(checkout: Path, home: Path) -> None:
    """A start that can't work ends with every problem listed, and no traceback."""
    settings = {"PORT": "many", "TWILIO_FROM": "+12065550199", "BRAND_TIME_ZONE": "Mars/Base"}
    with Served(settings=settings, cwd=checkout, home=home, root=checkout) as process:
        assert process.wait() != 0

    said = "\n".join(process.lines)
    assert "Traceback" not in said
    for name in ("PORT", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "BRAND_TIME_ZONE"):
        assert name in said


def _signed_in(link: str) -> requests.Session:
    """Return a browser that has pressed the button behind `link`."""
    browser = requests.Session()
    page = browser.get(link, timeout=30).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = browser.post(link, data={"csrf_token": token}, timeout=30, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return browser
