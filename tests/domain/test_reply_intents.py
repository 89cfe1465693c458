"""What customers write back, and what it asks for."""

import pytest

from notifier.domain.reply_intents import CLOSES_ADDRESS, Intent, classify


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "STOP!!!", "ＳＴＯＰ", "st\u200bop", "“Stop”", "STOPALL",
        "Stop all", "UNSUBSCRIBE", "END", "QUIT", "Quit please", "stop it", "Please stop",
        "stop 🛑", "STOP STOP STOP", "STOP now", "Opt out", "no more", "remove me",
        "please stop texting me", "Stop texting", "quit sending", "Quit sending me these",
        "stop sending these messages", "Stop the messages!", "stop all these texts",
        "stop messaging this number", "Don’t text me anymore", "dont text me", "do not text again",
        "never text me again", "don't send me any more texts", "I don't want these texts",
        "I do not want to receive your messages", "no more texts please", "take me off your list",
        "remove me from this", "remove my number", "lose my number", "unsubscribe me from this",
        "I'd like to opt out", "I want to stop receiving these", "leave me alone",
        "Stop! I never signed up for this.", "wrong person.\nSTOP",
        "stop bothering me", "stop emailing me", "S.T.O.P.", "I said stop!", "go away",
        "I revoke my consent", "I do not consent to this", "please cease and desist",
        "wrong number", "Sorry, wrong number.", "You have the wrong number", "Número equivocado",
        "Wrong person. Who is this?",
        "no más", "No mas", "NO MÁS POR FAVOR", "alto", "baja", "basta", "parar", "ya no más",
        "no me escriban", "no me escriban más", "no me manden mensajes", "no me envíen más textos",
        "ya no me manden nada", "dejen de escribirme", "deje de mandarme mensajes",
        "no quiero más mensajes", "no quiero recibir sus mensajes", "no más mensajes",
        "quítenme de la lista", "quiero darme de baja", "déjenme en paz",
    ],
)  # fmt: skip
def test_plain_words_opt_out(text: str) -> None:
    """Nobody needs to know a keyword to be left alone."""
    assert classify(text) is Intent.OPT_OUT


@pytest.mark.parametrize(
    "text",
    [
        "don't stop by before 9",
        "Can you stop by at 5?",
        "please stop at the gate and ring",
        "please don't stop texting me updates",
        "stop sign is down on our corner, careful",
        "He should end at the back door",
        "please stop sending the technician at 7am",
        "don't text while driving!",
        "don't send the same guy",
        "I'll quit work at 5 and be home",
        "is this the end of it",
        "no more than 30 minutes please",
        "please don't message the tenant",
        "no me manden al mismo técnico",
        "no más tarde de las 5",
        "please cancel my appointment on Tuesday",
        "the bus stop is right outside",
        "why did he not show up",
        "you called the wrong number, mine ends in 45",
        "the wrong number is on my invoice",
        "go away from the gate and ring at the back",
        "",
        "👍",
    ],
)
def test_words_that_only_look_like_opting_out_do_not(text: str) -> None:
    """Someone who says when to stop by still wants to hear from us."""
    assert classify(text) not in CLOSES_ADDRESS


@pytest.mark.parametrize(
    "text",
    [
        "never contact me on any channel",
        "Do not contact me again",
        "stop contacting me",
        "don't call, text or email me",
        "no me contacten",
        "dejen de contactarme",
    ],
)
def test_asking_for_no_contact_closes_every_channel(text: str) -> None:
    """Not this number alone: the person."""
    assert classify(text) is Intent.NO_CONTACT


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("CANCEL", Intent.CANCEL),
        ("cancel please", Intent.CANCEL),
        ("Cancelar", Intent.CANCEL),
        ("START", Intent.OPT_IN),
        ("unstop", Intent.OPT_IN),
        ("HELP", Intent.HELP),
        ("help?", Intent.HELP),
        ("ayuda", Intent.HELP),
        ("C", Intent.CONFIRM),
        ("c.", Intent.CONFIRM),
        ("Confirmed, thanks!", Intent.CONFIRM),
        ("confirmo", Intent.CONFIRM),
        ("R", Intent.RESCHEDULE),
        ("Reschedule please", Intent.RESCHEDULE),
        ("x", Intent.DECLINE),
        ("That doesn’t work for me", Intent.DECLINE),
        ("He's here", Intent.ARRIVED),
        ("he is already here, thanks", Intent.ARRIVED),
        ("He is already here", Intent.ARRIVED),
        ("the technician just arrived", Intent.ARRIVED),
        ("Sam is here", Intent.ARRIVED),
        ("ya llegó", Intent.ARRIVED),
        ("H", Intent.ARRIVED),
        ("h.", Intent.ARRIVED),
        ("H H", Intent.ARRIVED),
        ("here", Intent.ARRIVED),
        ("They’re here!", Intent.ARRIVED),
        ("Already here, thanks", Intent.ARRIVED),
        ("ya está aquí", Intent.ARRIVED),
        ("H?", Intent.OTHER),
        ("not here", Intent.OTHER),
        ("here?", Intent.OTHER),
        ("Hi", Intent.OTHER),
        ("He", Intent.OTHER),
        ("He is not here", Intent.OTHER),
        ("nobody is here", Intent.OTHER),
        ("is he here?", Intent.OTHER),
        ("I am here", Intent.OTHER),
        ("call me when he is here", Intent.OTHER),
        ("Where is he??", Intent.OTHER),
        ("Can you come Friday instead", Intent.OTHER),
    ],
)
def test_other_answers(text: str, intent: Intent) -> None:
    """Keywords count alone; what is not clear goes to a person as it is."""
    assert classify(text) is intent


def test_yes_brings_back_only_who_had_left() -> None:
    """YES is an opt-in by carriers' rules, and otherwise an answer."""
    assert classify("Yes", suppressed=True) is Intent.OPT_IN
    assert classify("Sí", suppressed=True) is Intent.OPT_IN
    assert classify("Yes") is Intent.CONFIRM


def test_the_letters_that_we_ask_for_are_no_carriers_keyword() -> None:
    """C, R, X and H mean one thing each, opt nobody in or out, and H is not HELP."""
    asked = {letter: classify(letter, suppressed=True) for letter in "CRXH"}

    assert asked == {
        "C": Intent.CONFIRM,
        "R": Intent.RESCHEDULE,
        "X": Intent.DECLINE,
        "H": Intent.ARRIVED,
    }
    assert classify("HELP") is Intent.HELP
