"""Why something was not sent: our own reasons, and what a provider's codes mean."""

from __future__ import annotations

from notifier.domain.messages import WhyNot
from notifier.providers.codes import CALLS, meaning
from notifier.web.board.words.names import plain

WHY_NOT: dict[WhyNot, str] = {
    WhyNot.NO_CONTACT: "no number or address",
    WhyNot.OPTED_OUT: "asked for no more messages",
    WhyNot.NO_CONSENT: "has not agreed to this kind of message",
    WhyNot.LANDLINE: "a landline, which takes no texts",
    WhyNot.INVALID_ADDRESS: "the number or address does not work",
    WhyNot.COUNTRY_CLOSED: "a number of a country that you don't text to",
    WhyNot.NUMBER_CAP: "their number has had as many texts as one may get in a day",
    WhyNot.PREFIX_CAP: "numbers like theirs have had as many texts as they may get in a day",
    WhyNot.DAY_CAP: "as many texts as may go in a day have gone",
    WhyNot.SPENT_TODAY: "what may be spent on texts in a day is spent",
    WhyNot.SPENT_THIS_MONTH: "what may be spent on texts in a month is spent",
    WhyNot.BRAKED: "far more than ever were about to go: somebody must look first",
    WhyNot.WAITS_FOR_SENDER: "our sender rests, or is not well",
    WhyNot.NO_RECEIPT: "it went out, and no receipt came",
    WhyNot.DROPPED_BY_STAFF: "far more than ever were about to go, and you dropped them",
    WhyNot.BOUNCED: "email to them comes back",
    WhyNot.SHADOW: "shadow: nothing is sent",
    WhyNot.BEFORE_LIVE: "it happened before you went live",
    WhyNot.NO_LONGER_OWED: "no longer true",
    WhyNot.JOB_ENDED: "the job has ended",
    WhyNot.REACHED_OTHERWISE: "they know it already",
    WhyNot.EXPIRED: "too late to help",
    WhyNot.HELD_BY_STAFF: "on hold: you said that you will call",
    WhyNot.OUTCOME_UNKNOWN: "it may or may not have gone out",
    WhyNot.RULE_OFF: "this rule is switched off",
    WhyNot.PROVIDER_REFUSED: "the provider refused it",
    WhyNot.NO_PROVIDER: "nothing is set up to send it",
    WhyNot.GAVE_UP: "no provider took it in time",
    WhyNot.RENDER_FAILED: "its words could not be put together",
    WhyNot.TRIAL: "its rule is on trial",
    WhyNot.CAP_REACHED: "they have had enough messages for now",
    WhyNot.SUPERSEDED_BY_RULE: "another message takes its place",
    WhyNot.NEEDS_CALL: "somebody is to ring instead",
    WhyNot.QUIET_HOURS: "it could not go in quiet hours",
    WhyNot.IN_DIGEST: "it went out with the news of their other jobs",
}


def why_not_words(reason: str | None) -> str:
    """Return in words why something was not sent: one of ours, or a provider's code."""
    if not reason:
        return ""
    if reason in WHY_NOT:
        return WHY_NOT[WhyNot(reason)]
    said = meaning(reason)
    if said is None:
        return plain(reason)
    return said if reason in CALLS else f"{said} ({_as_looked_up(reason)})"


def _as_looked_up(code: str) -> str:
    """Return a code as it is written elsewhere: `HTTP 500` for `http_500`."""
    scheme, _, number = code.partition("_")
    return f"{scheme.upper()} {number}" if number.isdecimal() else plain(code)
