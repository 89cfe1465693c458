"""Every message that we send, as customers get it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import yaml
from inscriptis.model.html_document_state import HtmlDocumentState

from notifier.domain.facts import PromiseKind
from notifier.domain.reasons import Party, Reason
from notifier.domain.windows import Window
from notifier.domain.words.phrases import LANGUAGES
from notifier.domain.words.segments import count_segments, offending_characters
from notifier.domain.words.values import DIGEST, MessageValues
from notifier.rendering import RenderedEmail, RenderFailed, Words
from tests.rendering.readers import (
    LINK,
    MESSAGES,
    ORDER_MESSAGES,
    TEMPLATES,
    at,
    order,
    reader,
    situations,
    window,
)

PHRASES = yaml.safe_load((TEMPLATES / "phrases.yaml").read_text(encoding="utf-8"))["en"]["never"]


@pytest.fixture(scope="module")
def words() -> Words:
    """Return the words that we ship."""
    return Words(TEMPLATES)


@cache
def every_text(message: str) -> frozenset[str]:
    """Return the texts of all situations in which `message` may be owed."""
    words = Words(TEMPLATES)
    return frozenset(words.render_sms(message, "en", values) for values in situations(message))


def usual(message: str, **changed: object) -> MessageValues:
    """Return ordinary values for `message`."""
    return order(**changed) if message in ORDER_MESSAGES else reader(**changed)


def test_the_words_that_we_ship_have_no_fault(words: Words) -> None:
    """Every file is there, every value exists, and none can be missing in a customer's text."""
    assert words.check_all(MESSAGES, ["en"]) == []


def test_every_language_of_the_phrases_has_its_templates() -> None:
    """A reader never gets Spanish dates in English sentences."""
    assert {path.name for path in TEMPLATES.iterdir() if path.is_dir()} == LANGUAGES


def test_every_folder_is_a_message_that_we_know() -> None:
    """Words that no test reads would be read by customers first."""
    folders = {path.name for path in (TEMPLATES / "en").iterdir() if path.is_dir()}

    assert {name.removesuffix(DIGEST) for name in folders} == set(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_text_fits_one_segment_in_plain_letters_with_its_link(words: Words, message: str) -> None:
    """With ordinary names a text costs one segment, whatever happened and however wide."""
    texts = every_text(message)

    assert {text for text in texts if count_segments(text) > 1} == set()
    assert {text for text in texts if offending_characters(text)} == set()
    assert {text for text in texts if not text.endswith(LINK)} == set()
    assert {text for text in texts if not text.startswith("Northside Heating: ")} == set()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_first_text_fits_two_segments_and_says_how_to_stop(words: Words, message: str) -> None:
    """STOP and HELP are said once to each number, at the end, and never twice."""
    text = words.render_sms(message, "en", usual(message, first_text=True))

    assert text.endswith("Reply STOP to end these texts, HELP for help.")
    assert text.count("STOP") == 1
    assert LINK in text
    assert count_segments(text) <= 2


@pytest.mark.parametrize("message", MESSAGES)
def test_long_names_cost_words_before_they_cost_segments(words: Words, message: str) -> None:
    """The longest brand and service that we write still leave a text within two segments."""
    values = usual(
        message,
        brand_name="Northside Heating, Cooling and Plumbing",
        service="Replacement of the thermostat in the hall",
    )

    assert count_segments(words.render_sms(message, "en", values)) <= 2


@pytest.mark.parametrize("message", MESSAGES)
def test_nothing_is_said_that_must_not_be_said(words: Words, message: str) -> None:
    """No empty phrase, no blame, no payment, no health, no word that opts out as an answer."""
    said = {text.replace(LINK, "") for text in every_text(message)}
    for values in (usual(message), usual(message, late_apology=True, asked=True)):
        email = words.render_email(message, "en", values)
        said |= {email.subject, email.text}

    for phrase in PHRASES:
        found = {text for text in said if re.search(phrase["says"], text, re.IGNORECASE)}
        assert found == set(), phrase["because"]


@pytest.mark.parametrize("message", sorted({*MESSAGES} - {"ask_technician"}))
def test_a_text_asks_for_no_answer_but_c_r_or_h(message: str) -> None:
    """Carriers take YES, NO, STOP and CANCEL as opting in or out."""
    for text in every_text(message):
        asked = set(re.findall(r"[Rr]eply (\w+)|, (R) (?:for|if)", text))
        assert asked <= {("C", ""), ("", "R"), ("H", "")}


@pytest.mark.parametrize("message", MESSAGES)
def test_an_email_says_who_it_is_and_links_only_to_us(words: Words, message: str) -> None:
    """Brand, way out, the same words in both parts, no foreign address, no pictures."""
    email = words.render_email(message, "en", usual(message))

    assert "Northside Heating" in email.text
    assert "+1 206 555 0100" in email.text
    assert f"Stop these emails: {LINK}/stop" in email.text
    assert set(re.findall(r'(?:href|src|background)="([^"]*)"', email.html)) == {
        LINK,
        f"{LINK}/stop",
    }
    assert "<img" not in email.html
    assert "@import" not in email.html
    assert "\n" not in email.subject
    for part in email.text.split("\n\n"):
        first_words = part.split(": http")[0].strip()
        assert first_words in " ".join(re.sub(r"<[^>]+>", "", email.html).split())


@pytest.mark.parametrize("message", MESSAGES)
def test_no_blank_stands_before_a_stop_in_an_email(words: Words, message: str) -> None:
    """A line of a template that ends before a full stop or a comma would be one."""
    values = usual(message, late_apology=True, next_update_at=at(23, 11))
    email = words.render_email(message, "en", values)

    assert re.findall(r"\S+\s+[.,;:?!](?=\s|$)", email.text) == []


def test_an_email_that_is_worded_amid_another_keeps_its_words(
    words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads word emails at once: whatever is worded in the middle of it, each has its own."""
    start_tag = HtmlDocumentState.apply_starttag_layout
    others: list[RenderedEmail] = []

    def worded_amid(state: HtmlDocumentState, tag: str, attrs: object) -> None:
        if not others and tag == "html":
            monkeypatch.setattr(HtmlDocumentState, "apply_starttag_layout", start_tag)
            others.append(words.render_email("booked", "en", usual("booked", first_name="Quentin")))
        start_tag(state, tag, attrs)

    monkeypatch.setattr(HtmlDocumentState, "apply_starttag_layout", worded_amid)
    mine = words.render_email("booked", "en", usual("booked", first_name="Ada"))

    (other,) = others
    assert ("Hello Ada" in mine.text, "Quentin" in mine.text) == (True, False)
    assert ("Hello Quentin" in other.text, "Ada" in other.text) == (True, False)


@pytest.mark.parametrize(
    ("message", "must_say"),
    [
        ("running_late", "sorry, Boiler repair will be late: today 9:45-11:45 AM, not 9-11 AM."),
        ("earlier_if_suits", "Reply C to take it, else 9-11 AM stays."),
        ("moved", "Boiler repair is now due today 9:45-11:45 AM, not 9-11 AM."),
        ("please_ignore", "ignore our last text"),
        ("missed_by_us", "Our fault, sorry."),
        ("on_the_way", "Alexandra is on the way for Boiler repair"),
        ("someone_else_coming", "Alexandra"),
        ("order_delayed", "sorry, order ORD-1001 will be late: Wed 25 Nov, not today."),
        ("delivery_attempted", "order ORD-1001"),
        ("ready_for_pickup", "Main Street 12"),
    ],
)
def test_what_matters_is_in_the_text(words: Words, message: str, must_say: str) -> None:
    """The honest new time, beside the old one, in as few words as it takes."""
    assert must_say in words.render_sms(message, "en", usual(message))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (PromiseKind.CALL_BACK, "we ring you about Boiler repair by 11:15 AM. Rather talk now?"),
        (
            PromiseKind.UPDATE,
            "you hear from us about Boiler repair by 11:15 AM, even if there is nothing new.",
        ),
    ],
)
def test_a_promised_call_is_a_call_and_promised_news_is_news(
    words: Words, kind: PromiseKind, said: str
) -> None:
    """The text, the email and its subject name the same thing."""
    values = reader(next_update_at=at(23, 11, 15), next_is=kind)
    email = words.render_email("promise_made", "en", values)
    rings = kind is PromiseKind.CALL_BACK

    assert said in words.render_sms("promise_made", "en", replace(values, phone_or_link=LINK))
    assert email.subject.startswith("We ring you by Monday" if rings else "You hear from us by")
    assert ("one of us rings you by Monday" in email.text) is rings
    assert ("you hear from us by Monday" in email.text) is not rings


@pytest.mark.parametrize(("moment", "by"), [(at(23, 11, 15), "by 11:15 AM"), (None, "as soon as")])
def test_a_call_that_is_late_stays_a_call(words: Words, moment: datetime | None, by: str) -> None:
    """Whoever was promised a call is not put off with news."""
    values = reader(next_update_at=moment, next_is=PromiseKind.CALL_BACK)
    email = words.render_email("no_call_yet", "en", values)

    assert f"We ring you {by}" in words.render_sms("no_call_yet", "en", values)
    assert "We ring you " + ("by Monday" if moment else by) in email.text
    assert "hear from us" not in email.text


@pytest.mark.parametrize("message", sorted({*MESSAGES} - {"on_the_way", "ask_technician"}))
def test_a_year_costs_no_second_text(words: Words, message: str) -> None:
    """A date that is far off is said with its year, and still in one segment. Who sets out,
    or is asked where they are, is due within hours."""
    start = datetime(2027, 11, 24, 10, 45, tzinfo=at(23, 9).tzinfo)
    make = order if message in ORDER_MESSAGES else reader
    values = make(
        asserts=Window(start, start + timedelta(hours=2)),
        told_before=window(24, 10, 45),
        next_update_at=at(24, 8),
        reason=Reason.EARLIER_JOB,
    )

    assert count_segments(words.render_sms(message, "en", values)) == 1


def test_a_start_that_has_passed_is_worded_by_the_end(words: Words) -> None:
    """Nobody is told at 9:50 to expect us from 9:45."""
    values = reader(asserts=window(23, 8))

    assert values.new_is_by
    assert "late: by 10 AM, not 9-11 AM." in words.render_sms("running_late", "en", values)


@pytest.mark.parametrize(
    ("promised", "says"),
    [
        (window(23, 9), "out for delivery with UPS, due today."),
        (window(27, 9), "out for delivery with UPS. Can't"),  # nobody who reads Friday is in
        (window(20, 9), "out for delivery with UPS. Can't"),
        (None, "out for delivery with UPS. Can't"),
    ],
)
def test_what_is_out_for_delivery_names_no_other_day(
    words: Words, promised: Window | None, says: str
) -> None:
    """It comes now, whichever day was promised or is still believed."""
    values = order(asserts=promised)
    email = words.render_email("out_for_delivery", "en", values)

    assert says in words.render_sms("out_for_delivery", "en", values)
    assert ("due Monday 23 November" in email.text) is ("due" in says)
    assert "Friday" not in email.text


def test_a_cause_is_named_only_if_recorded(words: Words) -> None:
    """Where nobody recorded why, nothing is invented."""
    silent = words.render_email("running_late", "en", reader())
    known = words.render_email("running_late", "en", reader(reason=Reason.TRAFFIC))

    assert "The cause" not in silent.text
    assert "The cause: heavy traffic on the way." in known.text


def test_no_word_yet_is_never_worded_as_lateness() -> None:
    """Silence is not lateness: the visit may be going on as promised."""
    for message in ("no_time_yet", "order_no_date_yet", "order_not_here"):
        for text in every_text(message):
            assert not re.search(r"\b(late|delay)", text, re.IGNORECASE), text


def test_who_called_it_off_changes_the_words(words: Words) -> None:
    """We are sorry for what we call off, and never say that we did what they asked for."""
    said = {
        by: words.render_sms("cancelled", "en", reader(by=by, asserts=None))
        for by in (Party.US, Party.CUSTOMER, None)
    }

    assert "sorry" in said[Party.US]
    assert "as you asked" in said[Party.CUSTOMER]
    assert "as you asked" not in said[None]
    assert "sorry" not in said[None]


def test_a_name_with_markup_stays_a_name(words: Words) -> None:
    """Values are escaped in HTML and written as they are in plain text."""
    email = words.render_email("booked", "en", reader(brand_name="O'Neil & Sons <b>"))

    assert "O&#39;Neil &amp; Sons &lt;b&gt;" in email.html
    assert "O'Neil & Sons <b>" in email.text


def test_a_name_from_a_word_processor_costs_one_segment(words: Words) -> None:
    """U+2019 would turn 160 characters a segment into 70; a real letter is left alone."""
    text = words.render_sms("booked", "en", reader(brand_name="Ada’s Heating"))
    polish = words.render_sms("booked", "en", reader(service="Naprawa kotła"))

    assert text.startswith("Ada's Heating: ")
    assert count_segments(text) == 1
    assert "kotła" in polish


def test_the_hash_follows_the_words(tmp_path: Path) -> None:
    """A message remembers which words it was made from."""
    folder = tmp_path / "en" / "booked"
    folder.mkdir(parents=True)
    (tmp_path / "en" / "_first_text.txt").write_text("STOP")
    (folder / "sms.txt").write_text("one")
    words = Words(tmp_path)
    before = words.template_hash("booked", "en", "sms")
    (folder / "sms.txt").write_text("two")

    assert words.template_hash("booked", "en", "sms") != before
    with pytest.raises(RenderFailed, match="is missing"):
        words.template_hash("booked", "en", "email")


def test_an_unknown_locale_reads_english(words: Words) -> None:
    """Nobody goes without word because we lack their language."""
    assert words.render_sms("booked", "xx-YY", reader(locale="xx-YY")) == words.render_sms(
        "booked", "en", reader()
    )
