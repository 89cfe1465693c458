"""What a technician's text says."""

from __future__ import annotations

import pytest

from notifier.domain.reply_intents import CLOSES_ADDRESS, classify
from notifier.domain.technician_answers import Act, Answer, about_in, answer_in


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer(Act.ON_MY_WAY)),
        ("OTW", Answer(Act.ON_MY_WAY)),
        ("On my way!", Answer(Act.ON_MY_WAY)),
        ("I’m on my way", Answer(Act.ON_MY_WAY)),
        ("2", Answer(Act.HERE)),
        ("here.", Answer(Act.HERE)),
        ("Arrived", Answer(Act.HERE)),
        ("3", Answer(Act.LATE, 15)),
        ("15", Answer(Act.LATE, 15)),
        ("15 min", Answer(Act.LATE, 15)),
        ("running 15 late", Answer(Act.LATE, 15)),
        ("late 30", Answer(Act.LATE, 30)),
        ("4", Answer(Act.LATE, 30)),
        ("+45", Answer(Act.LATE, 45)),
        ("60 minutes late", Answer(Act.LATE, 60)),
        ("late", Answer(Act.LATE)),
        ("5", Answer(Act.CANNOT)),
        ("NO", Answer(Act.CANNOT)),
        ("can't make it", Answer(Act.CANNOT)),
        ("No puedo", Answer(Act.CANNOT)),
        ("Done", Answer(Act.DONE)),
    ],
)
def test_a_plain_answer_is_understood(text: str, answer: Answer) -> None:
    """In words, in minutes, and by the number of the button."""
    assert answer_in(text) == answer


@pytest.mark.parametrize(
    "text",
    ["", "?", "ok", "no parking here", "15 or 30", "20", "150", "not here yet", "6", "5 min"],
)
def test_anything_else_is_left_to_a_person(text: str) -> None:
    """It changes what the business believes, so it must say that and nothing else."""
    assert answer_in(text) is None


@pytest.mark.parametrize("text", ["OTW", "HERE", "15", "30", "NO", "1", "2", "3", "4", "5"])
def test_no_word_that_we_invite_opts_out(text: str) -> None:
    """A carrier would close their number."""
    assert classify(text) not in CLOSES_ADDRESS


@pytest.mark.parametrize(
    ("text", "about", "answer"),
    [
        ("V-1 here", "V-1", Answer(Act.HERE)),
        ("15 v-1", "V-1", Answer(Act.LATE, 15)),
        ("V-10: can't come", "V-10", Answer(Act.CANNOT)),
        ("15 15", "15", Answer(Act.LATE, 15)),
        ("V-1 is the one", "V-1", None),
    ],
)
def test_a_text_can_name_its_visit(text: str, about: str, answer: Answer | None) -> None:
    """The rest of it says what there is to say."""
    found = about_in(text, ["V-1", "V-10"] if "v-1" in text.casefold() else ["15", "16"])

    assert found is not None
    assert (found[0], answer_in(found[1])) == (about, answer)


@pytest.mark.parametrize("text", ["here", "V-1 and V-10 done", "V-100 here", "OV-1 here"])
def test_a_text_that_names_none_or_several_is_about_none(text: str) -> None:
    """Nobody guesses which."""
    assert about_in(text, ["V-1", "V-10"]) is None
