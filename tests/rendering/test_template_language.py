"""Templates are edited by the business: a mistake is found by a check, a trick does nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from notifier.domain.words.examples import EXAMPLE
from notifier.domain.words.segments import count_segments
from notifier.rendering import RenderFailed, Words

LINK = "{{ link }}"
EMAIL = (
    "<mjml><mj-body><mj-section><mj-column>"
    "<mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def given_words(
    root: Path, sms: str, *, email: str = EMAIL.format("hello"), subject: str = "A word"
) -> Words:
    """Return words that hold one message, `note`."""
    folder = root / "en" / "note"
    folder.mkdir(parents=True)
    (root / "en" / "_first_text.txt").write_text("Reply STOP to end these texts.")
    (root / "en" / "_email.mjml").write_text("")
    (folder / "sms.txt").write_text(sms)
    (folder / "subject.txt").write_text(subject)
    (folder / "email.mjml").write_text(email)
    return Words(root)


def test_a_value_that_does_not_exist_is_found_with_file_and_line(tmp_path: Path) -> None:
    """A typing mistake is an error of the check, never a blank in a customer's text."""
    words = given_words(tmp_path, f"{{{{ brand }}}}\n{{{{ servise }}}} {LINK}")

    assert words.check("note", "en") == ["en/note/sms.txt:2: there is no value called 'servise'"]
    with pytest.raises(RenderFailed, match=r"en/note/sms\.txt:2: 'servise' is undefined"):
        words.render_sms("note", "en", EXAMPLE)


def test_a_value_hidden_in_a_branch_is_found_too(tmp_path: Path) -> None:
    """The check reads every branch, also those that today's values don't take."""
    words = given_words(tmp_path, f"{{% if by == 'nobody' %}}{{{{ servise }}}}{{% endif %}}{LINK}")

    assert words.check("note", "en") == ["en/note/sms.txt:1: there is no value called 'servise'"]


def test_a_value_that_may_be_missing_must_stand_behind_an_if(tmp_path: Path) -> None:
    """Nobody reads "due None"."""
    bare = given_words(tmp_path / "bare", f"due\n{{{{ new }}}} {LINK}")
    guarded = given_words(
        tmp_path / "guarded", f"{{% if new %}}due {{{{ new }}}}{{% endif %}} {LINK}"
    )

    [fault] = bare.check("note", "en")
    assert fault.startswith("en/note/sms.txt:2: a value that is not known here")
    assert guarded.check("note", "en") == []


def test_a_yes_or_no_is_never_printed(tmp_path: Path) -> None:
    """Nobody reads "True"."""
    words = given_words(tmp_path, f"{{{{ first_text }}}} {LINK}")

    assert "a yes or no where words should be" in words.check("note", "en")[0]


def test_a_text_without_its_link_and_a_link_elsewhere_are_faults(tmp_path: Path) -> None:
    """Every text carries its link, and nothing links to anybody but the brand."""
    bare = given_words(tmp_path / "bare", "{{ brand }}")
    away = given_words(
        tmp_path / "away", LINK, email=EMAIL.format('<a href="https://evil.example/x">x</a>')
    )

    assert bare.check("note", "en") == ["en/note/sms.txt:1: a text without its link"]
    assert "en/note:1: a link to somewhere else than the brand" in away.check("note", "en")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A message without an email is found before somebody needs the email."""
    words = given_words(tmp_path, LINK)
    (tmp_path / "en" / "note" / "email.mjml").unlink()

    assert words.check("note", "en") == ["en/note/email.mjml:1: the file is missing"]
    assert words.check("other", "en")[0] == "en/other/sms.txt:1: the file is missing"


def test_mjml_that_is_none_is_named(tmp_path: Path) -> None:
    """A forgotten end tag stops the check, not the customer's email."""
    words = given_words(tmp_path, LINK, email="<mjml><mj-body>")

    assert words.check("note", "en") == ["en/note/email.mjml is not valid MJML"]


@pytest.mark.parametrize(
    "trick",
    [
        "{{ 'x' * 10 ** 9 }}",
        "{{ 'x' ~ link }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000d}'.format(1) }}",
        "{{ ''.__class__ }}",
        "{{ link['__class__'] }}",
        "{{ link[:3] }}",
        "{{ [1, 2] }}",
        "{{ link | upper }}",
        "{{ link | attr('__class__') }}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ self.body() }}",
        "{% for letter in link %}{{ letter }}{% endfor %}",
        "{% macro again() %}{{ again() }}{% endmacro %}",
        "{% set twice %}{{ link }}{{ link }}{% endset %}",
        "{% include 'en/note/subject.txt' %}",
        "{% import 'en/note/subject.txt' as other %}",
    ],
)
def test_whatever_could_grow_or_reach_out_is_not_in_the_language(
    tmp_path: Path, trick: str
) -> None:
    """No attributes, calls, loops, arithmetic: a template can only say values."""
    words = given_words(tmp_path, f"{trick} {LINK}")

    assert words.check("note", "en")
    with pytest.raises(RenderFailed):
        words.render_sms("note", "en", EXAMPLE)


@pytest.mark.parametrize("file", ["note/sms.txt", "note/subject.txt", "note/email.mjml"])
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{% if link > 3 %}late{% endif %}", r":2: TypeError$"),
        ("caf\xe9", r":1: it is not saved as UTF-8$"),
    ],
)
def test_whatever_is_wrong_with_a_template_is_said_of_its_file(
    tmp_path: Path, file: str, written: str, said: str
) -> None:
    """Nothing else is raised, and what an error quotes of a customer's values is left out."""
    words = given_words(tmp_path, LINK)
    before = (tmp_path / "en" / file).read_text()
    (tmp_path / "en" / file).write_text(f"{before}\n{written}", encoding="cp1252")

    assert any(re.search(f"^en/{file}{said}", fault) for fault in words.check("note", "en"))
    with pytest.raises(RenderFailed, match=f"^en/{file}{said}"):
        render_all(words)


def test_a_frame_saved_in_another_encoding_is_named_itself(tmp_path: Path) -> None:
    """Not the message that happened to fit into it."""
    words = given_words(tmp_path, LINK, email='{% extends "en/_email.mjml" %}')
    (tmp_path / "en" / "_email.mjml").write_text(EMAIL.format("caf\xe9"), encoding="cp1252")

    with pytest.raises(RenderFailed, match=r"^en/_email\.mjml:1: it is not saved as UTF-8$"):
        words.render_email("note", "en", EXAMPLE)
    with pytest.raises(RenderFailed, match=r"^en/_email\.mjml:1: UnicodeDecodeError$"):
        words.template_hash("note", "en", "email")


def test_a_template_taken_away_after_it_was_used_is_a_fault_of_its_own(tmp_path: Path) -> None:
    """An editor that saves by writing anew leaves a moment without the file."""
    words = given_words(tmp_path, LINK)
    words.render_sms("note", "en", EXAMPLE)
    (tmp_path / "en" / "note" / "sms.txt").unlink()

    with pytest.raises(RenderFailed, match=r"^en/note/sms\.txt"):
        words.render_sms("note", "en", EXAMPLE)


def render_all(words: Words) -> None:
    """Render both channels of `note`."""
    words.render_sms("note", "en", EXAMPLE)
    words.render_email("note", "en", EXAMPLE)


def test_a_template_that_fits_into_itself_fails(tmp_path: Path) -> None:
    """A frame inside its own frame is a fault, not a worker that hangs."""
    words = given_words(tmp_path, LINK, email='{% extends "en/note/email.mjml" %}')

    assert words.check("note", "en") == ["en/note/email.mjml:1: it fits into itself"]


def test_no_file_outside_the_folder_is_read(tmp_path: Path) -> None:
    """A template can't show a customer our settings."""
    (tmp_path / "secret.txt").write_text("secret")
    words = given_words(tmp_path / "templates", LINK, email='{% extends "../secret.txt" %}')

    with pytest.raises(RenderFailed, match="the file is missing"):
        words.render_email("note", "en", EXAMPLE)


def test_a_template_or_a_text_that_is_too_long_fails(tmp_path: Path) -> None:
    """Neither a long file nor a long value reaches a phone."""
    long = given_words(tmp_path / "long", "x" * 8_001)
    short = given_words(tmp_path / "short", "{{ service }} " * 30)

    with pytest.raises(RenderFailed, match="longer than 8000 characters"):
        long.render_sms("note", "en", EXAMPLE)
    with pytest.raises(RenderFailed, match="longer than 4000 characters"):
        short.render_sms("note", "en", replace(EXAMPLE, service="x" * 5_000))
    with pytest.raises(RenderFailed, match="characters, more than 1600"):
        short.render_sms("note", "en", replace(EXAMPLE, service="x" * 100))


def test_the_fullest_wording_that_costs_least_is_sent(tmp_path: Path) -> None:
    """Where nothing fits one segment, the cheapest wording still says all that it can."""
    words = given_words(tmp_path, "{{ service }}, and more {{ link }}\n---\n{{ service }}")

    def say(service: str) -> str:
        return words.render_sms("note", "en", replace(EXAMPLE, service=service))

    assert say("Repair").startswith("Repair, and more https")
    assert say("x" * 150) == "x" * 150
    assert "and more" in say("x" * 180)
    assert count_segments(say("x" * 180)) == 2


def test_how_to_stop_is_not_said_twice(tmp_path: Path) -> None:
    """A wording that ends with it already is left alone."""
    words = given_words(tmp_path, f"{LINK} Reply STOP to end these texts.")

    text = words.render_sms("note", "en", replace(EXAMPLE, first_text=True))

    assert text.count("STOP") == 1


def test_an_error_names_the_file_and_no_value(tmp_path: Path) -> None:
    """Exception texts reach the logs, so they hold nothing personal."""
    words = given_words(tmp_path, "{{ first_name }} {{ servise }}")

    with pytest.raises(RenderFailed) as caught:
        words.render_sms("note", "en", replace(EXAMPLE, first_name="Ada"))

    assert "Ada" not in str(caught.value)
