"""What a customer's answer asks for, in plain English and Spanish.

Opting out is read generously: whoever is left alone by mistake is rung by a person, who gets
every reply as a task, while whoever is written to against their will was failed. Everything
else must be said clearly, for it changes what the business believes.

Source of the keywords: twilio.com/docs/messaging/features/advanced-opt-out, CTIA Messaging
Principles 5.1.3; 47 CFR 64.1200(a)(10) lets people opt out "in any reasonable manner".
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Intent(StrEnum):
    """What a reply asks for. All of them are also read by a person."""

    OPT_OUT = "opt_out"
    CANCEL = "cancel"  # opts out, as carriers have it; perhaps the visit was meant
    NO_CONTACT = "no_contact"  # on no channel, ever
    OPT_IN = "opt_in"
    HELP = "help"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    DECLINE = "decline"
    ARRIVED = "he_is_here"  # whoever was awaited is there; stored replies keep the older word
    OTHER = "other"


#: The intents after which the address must not be written to.
CLOSES_ADDRESS = frozenset({Intent.OPT_OUT, Intent.CANCEL, Intent.NO_CONTACT})

_POLITE = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|now|ok|okay|por favor|porfavor|gracias|ya)\b"
)

# The whole message, once courtesies are taken away.
_WHOLE: dict[Intent, frozenset[str]] = {
    Intent.CANCEL: frozenset({"cancel", "cancelar"}),
    Intent.OPT_OUT: frozenset(
        {
            "stop", "stopall", "stop all", "stop it", "unsubscribe", "end", "quit", "optout",
            "opt out", "revoke", "remove", "remove me", "unsubscribe me", "no more", "stop this",
            "s t o p", "i said stop", "go away",
            "alto", "baja", "parar", "pare", "paren", "para", "basta", "detener", "detengase",
             "no mas", "salir", "eliminar", "nunca mas",
        }
    ),
    Intent.OPT_IN: frozenset(
        {"start", "unstop", "resume", "subscribe", "opt in", "optin", "comenzar", "iniciar"}
    ),
    Intent.HELP: frozenset({"help", "info", "ayuda"}),
    Intent.CONFIRM: frozenset(
        {
            "c", "confirm", "confirmed", "i confirm", "yes", "that works", "works for me",
            "that suits", "that suits me", "confirmo", "confirmar", "confirmado", "si",
        }
    ),
    Intent.RESCHEDULE: frozenset(
        {
            "r", "reschedule", "i need to reschedule", "need to reschedule", "can we reschedule",
            "can i reschedule", "reprogramar", "quiero reprogramar", "cambiar la cita",
        }
    ),
    Intent.ARRIVED: frozenset(
        {
            "h", "here", "already here", "he is here", "she is here", "they are here",
            "they're here", "here already", "aqui", "esta aqui",
        }
    ),
    Intent.DECLINE: frozenset(
        {
            "x", "no", "decline", "no thanks", "no thank you", "that doesn't work",
            "doesn't work", "doesn't work for me", "that doesn't suit", "that doesn't work for me",
        }
    ),
}  # fmt: skip

#: Words that bring somebody back who opted out; for everybody else they are an answer.
_YES = frozenset({"yes", "si"})

# A keyword that stands as a sentence of its own: "Stop! I never signed up."
_SENTENCE = frozenset({"stop", "stopall", "stop all", "unsubscribe", "opt out", "no mas"})

_END = r"(?=\s*(?:$|[.,!;:?]))"
_ME = r"(?:me|us|this (?:number|phone|address)|my (?:number|phone|cell|email|inbox))"
_AGAIN = r"(?:any ?more|again|ever)"
_THING = (
    r"(?:(?:any|all|these|those|this|the|your|more|of|further|stupid|annoying)\s+)*"
    r"(?:texts?|messages?|msgs?|sms|e-?mails?|spam|notifications?|alerts?|reminders?|stuff)\b"
)
_WRITING = (
    r"(?:text(?:ing)?|messag(?:e|ing)|e-?mail(?:ing)?|writ(?:e|ing)|sms(?:ing)?|spam(?:ming)?)"
)
_DONT = r"(?:do not|don'?t|dont|never)"
_CEASE = r"(?:stop|quit|cease|discontinue|end)"
_CONTACT = r"contact(?:ing)?"

_ANY_CHANNEL = re.compile(
    rf"\b{_DONT} {_CONTACT} {_ME}\b"
    rf"|\b{_CEASE} (?:all )?{_CONTACT}(?: {_ME}|{_END})"
    r"|\bno (?:more )?contact (?:at all|of any kind|whatsoever|ever)"
    rf"|\b(?:{_DONT}|{_CEASE}) (?:call|text|e-?mail)(?:ing)?,? "
    rf"(?:(?:call|text|e-?mail|message)(?:ing)?,? )*(?:or|and|nor) "
    rf"(?:call|text|e-?mail|message)(?:ing)?(?: {_ME}|{_END})"
    r"|\b(?:no|nunca) (?:me |nos )?(?:vuelvan? a )?contact(?:e|en|es|ar|arme)\b"
    r"|\b(?:deje|dejen|deja) de contactar(?:me|nos)?\b"
)

_OPT_OUT = re.compile(
    # Stop texting me; quit sending; stop these messages. Never "stop by", "stop at".
    rf"\b{_CEASE} {_WRITING}(?: {_ME}\b| {_AGAIN}\b|{_END}|,)"
    rf"|\b{_CEASE} (?:sending|w/|with)(?: {_ME})?(?: {_THING}| {_AGAIN}\b| these\b| this\b|{_END})"
    rf"|\b{_CEASE} {_THING}"
    rf"|\b{_CEASE} (?:bothering|harassing|bugging|pestering) {_ME}\b"
    # Don't text me; never email this address again; I don't want these texts.
    rf"|\b{_DONT} {_WRITING}(?: {_ME}\b| {_AGAIN}\b|{_END})"
    rf"|\b{_DONT} send(?: {_ME})?(?: {_THING}| {_AGAIN}\b|{_END})"
    rf"|\b{_DONT} (?:want|wish|need)(?: to (?:get|receive|have))? {_THING}"
    rf"|\bno (?:more |further )+(?:of )?{_THING}"
    rf"|\b(?:take|get|remove|delete|drop) {_ME} (?:off|from)\b"
    r"|\b(?:remove|delete|lose) my (?:number|phone|cell|email)\b"
    r"|\b(?:opt|sign) me out\b|\bunsubscribe me\b|\bleave (?:me|us) alone\b"
    r"|\b(?:want|like|wish|need|going) to (?:opt out|unsubscribe)\b"
    r"|\b(?:want|like|wish) to stop (?:getting|receiving)\b|\bstop receiving\b"
    rf"|\b(?:revoke|withdraw) (?:all )?(?:my )?consent\b|\b{_DONT} consent\b|\bcease and desist\b"
    # No me escriban; dejen de mandarme; no quiero más mensajes; quítenme de la lista.
    r"|\bno (?:me |nos )(?:vuelvan? a )?(?:escrib|text|mensaje)\w*"
    rf"|\b(?:ya )?no (?:me |nos )?(?:mand|envi)\w+(?: mas)?"
    rf"(?: (?:mas )?(?:mensajes?|textos?|correos?|sms|nada)\b|{_END})"
    r"|\bdej(?:a|e|en|ar) de (?:escrib|mand|envi|molest|text|mensaj)\w+"
    r"|\bno (?:quiero|deseo)(?: recibir)?(?: mas)?(?: sus| estos)?"
    r" (?:mensajes?|textos?|correos?|sms)\b"
    r"|\bno mas (?:mensajes?|textos?|correos?|sms)\b"
    r"|\b(?:quite|saque|borre|elimine)n?(?:me|nos) de\b"
    r"|\b(?:dar|den|de)(?:me|nos)? de baja\b|\bdej(?:e|a|en)(?:me|nos) en paz\b"
)

# Whoever has the number now never asked for these texts.
_WRONG_NUMBER = re.compile(
    r"(?:(?:sorry|hi|hello|no|think|i) )*(?:(?:you (?:have |got |have got )?|you've (?:got )?"
    r"|this is |it's |its )(?:the |a )?)?wrong (?:number|person)|numero equivocado"
)

_NOT_AN_OPT_OUT = re.compile(rf"\b{_DONT} (?:ever )?stop\b|\bno (?:pare|deje)n? de\b")

_HERE = re.compile(
    r"^(?:hi|hello|yes|actually|well|hey)?[ ,]*"
    r"(?:(?:he|she|they|someone|somebody|the (?:technician|tech|guy|man|lady|plumber|engineer)"
    r"|your (?:technician|tech|guy|man)|technician|tech|\w{2,12})"
    r"(?:'s|'re| is| are| has| have|)(?: already| just| now)* "
    r"(?:here|arrived|come|shown? up)"
    r"|(?:already|just) (?:here|arrived)"
    r"|(?:el tecnico |el |ella )?(?:ya )(?:llego|llegaron|esta aqui|estan aqui|vino))"
    r"(?:,? (?:already|now|thanks|thank you|gracias))*[ .!]*$"
)
_NOT_HERE = re.compile(
    r"\b(?:not|n't|isn't|isnt|nobody|no one|noone|none|nadie|when|if|once|until|unless|no|never"
    r"|i|i'm|im|i'll|we|we're|come|be)\b.*\b(?:here|arrived|come|show)|\?"
)


#: Characters of a reply that are read; a text of several segments fits ten times.
_MOST_READ = 5_000


def classify(text: str, *, suppressed: bool = False) -> Intent:
    """Return what `text` asks for; `suppressed` says whether its sender had opted out."""
    said = _plain(text[:_MOST_READ])
    whole = _stripped(said)
    if suppressed and whole in _YES:
        return Intent.OPT_IN
    for intent, words in _WHOLE.items():
        if whole in words and not (intent is Intent.ARRIVED and "?" in said):  # "here?" asks
            return intent
    if _ANY_CHANNEL.search(said):
        return Intent.NO_CONTACT
    sentences = {_stripped(part) for part in re.split(r"[.!\n]", said)}
    strangers = any(_WRONG_NUMBER.fullmatch(sentence) for sentence in sentences)
    if _OPT_OUT.search(_NOT_AN_OPT_OUT.sub(" ", said)) or sentences & _SENTENCE or strangers:
        return Intent.OPT_OUT
    if _HERE.match(said) and not _NOT_HERE.search(said):
        return Intent.ARRIVED
    return Intent.OTHER


def _plain(text: str) -> str:
    """Return `text` in lower case without accents, invisible characters or curly quotes."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})
    straight = kept.replace("’", "'").replace("‘", "'").replace("`", "'")
    lines = [" ".join(line.split()) for line in straight.casefold().splitlines()]
    return "\n".join(line for line in lines if line)


def _stripped(said: str) -> str:
    """Return the bare words: no courtesies, punctuation, emoji, or words said twice in a row."""
    bare = re.sub(r"[^\w\s']", " ", said)
    without = " ".join(_POLITE.sub(" ", bare).split())
    return re.sub(r"\b(\w+)(?: \1\b)+", r"\1", without).strip("' ")
