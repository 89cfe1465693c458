"""The linter for words: each message does what it owes, and says nothing that none should."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from notifier.domain.findings import Finding, Level
from notifier.rendering import Words
from notifier.word_linter.checks import check_words
from tests.services import ROOT

SHIPPED = ROOT / "templates" / "messages"
TIME = "{% if old %}{{ new }}, not {{ old }}{% else %}{{ new }}{% endif %}"
GOOD = (
    f"{{{{ brand }}}}: sorry, you wait later: {TIME}. We text if that changes."
    " Not OK? {{ link }}"
)
LATE = "{% if late_apology %} We should have told you sooner.{% endif %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the words that we ship, to be spoilt."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "messages"))


def findings(
    folder: Path, message: str, sms: str | None = None, *, file: str = "sms.txt"
) -> list[Finding]:
    """Return what is wrong with `message`, its text replaced by `sms`."""
    if sms is not None:
        (folder / "en" / message / file).write_text(sms)
    return check_words(Words(folder), [message], ["en"])


def owed(folder: Path, message: str, sms: str) -> set[str]:
    """Return what the text of `message` lacks."""
    found = findings(folder, message, sms)
    assert all(one.subject.startswith(f"en/{message}/sms.txt:") for one in found)
    assert all(one.level is Level.FAILING for one in found)
    return {(one.remedy or "").removeprefix("It ").removesuffix(".") for one in found}


def test_the_words_that_we_ship_do_what_they_owe() -> None:
    """Every wording of every text and every email, in every situation."""
    words = Words(SHIPPED)

    assert check_words(words, sorted(words.messages("en")), words.locales()) == []


@pytest.mark.parametrize(
    ("was", "became", "lacks"),
    [
        ("sorry, you wait later", "news", "says plainly what has changed or did not hold"),
        (TIME, "soon", "gives the new time, or says that none is known yet"),
        ("Not OK? ", "", "says what they can do about it, with the link or the number"),
        (" We text if that changes.", "", "says when they hear next"),
        (LATE, "", "says sorry that they hear it so late"),
    ],
)
def test_a_delay_owes_five_things(folder: Path, was: str, became: str, lacks: str) -> None:
    """Acknowledgement, the new time or that there is none, an option, when they hear next."""
    good = GOOD.replace(" We text", LATE + " We text")

    assert owed(folder, "running_late", good) == set()
    assert owed(folder, "running_late", good.replace(was, became)) == {lacks}


def test_an_apology_owes_ownership_and_a_way_to_be_heard(folder: Path) -> None:
    """Not "it did not work out", and not without an answer."""
    assert owed(folder, "missed_by_us", "It did not work out. {{ link }}") == {
        'takes it upon us, in words such as "sorry" or "our fault"',
        "gives them a way to be heard",
    }
    assert owed(folder, "missed_by_us", "Our fault, sorry. Tell us: {{ link }}") == set()


def test_no_time_known_owes_the_moment_of_the_next_word(folder: Path) -> None:
    """ "We will text you" is no promise where a moment is known."""
    vague = "{{ brand }}: no firm time yet. We will text you. Not OK? {{ link }}"
    exact = vague.replace("you.", "{% if next %}by {{ next }}{% else %}you{% endif %}.")

    assert owed(folder, "no_time_yet", vague) == {"names the moment by which they hear next"}
    assert owed(folder, "no_time_yet", exact) == set()


def test_where_no_time_is_known_it_says_so(folder: Path) -> None:
    """When they hear next is no answer to when we come."""
    silent = "{{ brand }}: we text by {{ next }}. Not OK? {{ link }}"
    text = silent.replace("{{ next }}", "{% if next %}{{ next }}{% else %}then{% endif %}")
    (found, *_) = findings(folder, "no_time_yet", text)

    assert owed(folder, "no_time_yet", text) == {"says that no time is known yet"}
    assert found.sentence.startswith("it does not do what is owed by “no time known”")
    assert owed(folder, "no_time_yet", text.replace("we text", "no time yet. We text")) == set()


def test_a_delay_gives_the_new_time_or_says_that_none_is_known(folder: Path) -> None:
    """Whatever a business calls its own message of a delay: with a time and without."""
    shutil.copytree(folder / "en" / "no_time_yet", folder / "en" / "delayed_by_snow")
    listed = (folder / "obligations.yaml").read_text()
    (folder / "obligations.yaml").write_text(f"{listed}  delayed_by_snow: [delay]\n")
    (folder / "en" / "delayed_by_snow" / "email.mjml").write_text(
        '{% extends "en/_email.mjml" %}{% block said %}We come later, '
        "{% if new %}{{ new_in_full }}{% else %}no time yet{% endif %}. We write by then."
        f"{LATE}{{% endblock %}}{{% block can_do %}}Not OK? Tell us.{{% endblock %}}"
    )
    known = "{% if new %}, at {{ new }}{% endif %}"
    silent = f"{{{{ brand }}}}: we come later{known}. We text by then.{LATE} Not OK? {{{{ link }}}}"
    said = silent.replace("{% endif %}.", "{% else %}, no time yet{% endif %}.", 1)
    lacks = "gives the new time, or says that none is known yet"

    assert lacks in owed(folder, "delayed_by_snow", silent)
    assert owed(folder, "delayed_by_snow", said) == set()
    assert lacks in owed(folder, "delayed_by_snow", said.replace("at {{ new }}", "soon"))


def test_silence_is_never_worded_as_lateness(folder: Path) -> None:
    """The technician may be there on time, with a dead phone."""
    text = (SHIPPED / "en" / "no_word_yet" / "sms.txt").read_text()
    (found, *_) = findings(
        folder, "no_word_yet", text.replace("no clear word", "running late, no clear word")
    )

    assert "a silence is never worded so" in found.sentence


def test_what_is_owed_in_a_situation_is_asked_of_that_situation(folder: Path) -> None:
    """We are sorry for what we call off, and need not be for what they called off."""
    text = "{{ brand }}: it is called off. New time? {{ link }}"
    said = (
        "{% if by == 'us' %}Sorry. {% if late_apology %}Sorry to say so late.{% endif %}{% endif %}"
    )
    late = "{% if late_apology %}Sorry to say so late.{% endif %}"

    assert "says sorry for what we called off" in owed(folder, "cancelled", f"{late} {text}")
    assert owed(folder, "cancelled", f"{late} {said} {text}") == set()


def test_a_fault_names_the_wording_and_its_line(folder: Path) -> None:
    """Any wording may be sent, so that each is held to it."""
    good = GOOD.replace(" We text", LATE + " We text")
    (found,) = findings(folder, "running_late", f"{good}\n---\n\n{good.replace(' Not OK?', '')}\n")

    assert found.subject == "en/running_late/sms.txt:4"
    assert "Northside Heating: sorry" in found.sentence
    assert found.remedy == "It says what they can do about it, with the link or the number."


def test_an_email_owes_the_same(folder: Path) -> None:
    """Whoever has no phone is told no less."""
    email = (SHIPPED / "en" / "running_late" / "email.mjml").read_text()
    (found,) = findings(
        folder,
        "running_late",
        email.replace("If that changes again, we write to you.", ""),
        file="email.mjml",
    )

    assert found.subject == "en/running_late/email.mjml:1"
    assert found.remedy == "It says when they hear next."


@pytest.mark.parametrize(
    "phrase",
    [
        "due to unforeseen circumstances",
        "We apologise for any inconvenience",
        "you failed to be there",
        "nobody was home",
        "Unfortunately",
    ],
)
def test_empty_phrases_and_blame_are_found_on_their_line(folder: Path, phrase: str) -> None:
    """The list is data; each says what was meant."""
    (found,) = findings(
        folder, "booked", f"{{{{ brand }}}}: booked.\n{phrase}. Questions? {{{{ link }}}}"
    )

    assert found.subject == "en/booked/sms.txt:2"
    assert found.remedy


@pytest.mark.parametrize(
    ("invitation", "word"),
    [
        ("Reply YES if that suits", "YES"),
        ("Reply with STOPALL if not", "STOPALL"),
        ("Text END to leave", "END"),
        ("Reply C if OK, CANCEL if not", "CANCEL"),
        ("Reply HELP if not", "HELP"),
        ("Reply yes if that suits", "yes"),
        ("Reply Q if that suits", "Q"),
    ],
)
def test_no_message_asks_for_a_carriers_word(folder: Path, invitation: str, word: str) -> None:
    """CANCEL opts a US customer out, YES opts one in, and Q would mean nothing to us."""
    found = findings(
        folder, "booked", f"{{{{ brand }}}}: booked. {invitation}. Questions? {{{{ link }}}}"
    )

    assert any(f"asks for “{word}”" in one.sentence for one in found)


@pytest.mark.parametrize("letter", ["C", "R", "X", "H"])
def test_the_letters_that_we_understand_may_be_asked_for(folder: Path, letter: str) -> None:
    """They are nobody's keyword."""
    text = f"{{{{ brand }}}}: booked. Reply {letter} if that suits. Questions? {{{{ link }}}}"

    assert findings(folder, "booked", text) == []


def test_a_technician_is_asked_for_what_a_technician_may_answer(folder: Path) -> None:
    """OTW is understood from them, C is not, and STOP is as little asked for as of anybody."""
    text = "{{ brand }}: where are you with {{ reference }}? Reply WORD or tap {{ link }}"

    assert findings(folder, "ask_technician", text.replace("WORD", "OTW")) == []
    for word in ("C", "END"):
        found = findings(folder, "ask_technician", text.replace("WORD", word))
        assert any(f"asks for “{word}”" in one.sentence for one in found)


def test_the_first_text_says_how_to_stop(folder: Path) -> None:
    """In a word that stops."""
    (folder / "en" / "_first_text.txt").write_text("Reply ENOUGH to end these texts.")
    (found,) = findings(folder, "booked")

    assert found.subject == "en/_first_text.txt:1"


def test_every_locale_has_every_message(folder: Path) -> None:
    """One English text among Spanish ones is a fault that nobody would report."""
    (folder / "es" / "booked").mkdir(parents=True)
    found = check_words(Words(folder), ["booked", "moved"], Words(folder).locales())

    assert [one.subject for one in found] == ["phrases.yaml:1"]
    phrases = (folder / "phrases.yaml").read_text()
    (folder / "phrases.yaml").write_text(phrases + phrases.replace("\nen:", "\nes:"))
    found = check_words(Words(folder), ["booked", "moved"], Words(folder).locales())
    assert ("es/moved:1", "`es` has no words for `moved`") in {
        (f.subject, f.sentence) for f in found
    }


def test_a_message_must_say_what_it_is(folder: Path) -> None:
    """New words are held to something from their first day."""
    shutil.copytree(folder / "en" / "booked", folder / "en" / "brand_new")
    (found,) = findings(folder, "brand_new")

    assert found.subject == "obligations.yaml:1"
    assert "`brand_new` is not listed" in found.sentence


@pytest.mark.parametrize(
    ("file", "was", "became", "where", "said"),
    [
        (
            "obligations.yaml",
            "values: [reference]",
            "values: [referense]",
            "obligations.yaml",
            "referense",
        ),
        (
            "obligations.yaml",
            "booked: [confirmation]",
            "booked: [party]",
            "obligations.yaml",
            "party",
        ),
        (
            "phrases.yaml",
            "    late_apology:",
            "    early_apology:",
            "phrases.yaml:1",
            "late_apology",
        ),
        ("phrases.yaml", "says: cancel", "says: (cancel", "phrases.yaml:", "regular expression"),
    ],
)
def test_a_mistake_in_the_data_is_a_finding(
    folder: Path, file: str, was: str, became: str, where: str, said: str
) -> None:
    """Never a traceback, and never words that are held to nothing."""
    text = (folder / file).read_text()
    assert was in text
    (folder / file).write_text(text.replace(was, became, 1))
    (found, *_) = findings(folder, "booked")

    assert found.level is Level.FAILING
    assert found.subject.startswith(where)
    assert said in found.sentence
