"""Each reason that planning can give, as a sentence that staff can act on."""

from __future__ import annotations

from collections.abc import Mapping

from notifier.domain.decisions import Reason
from notifier.domain.messages import WhyNot
from notifier.providers.codes import meaning

#: What planning answers of a rule and a person.
_ANSWERS: Mapping[Reason, str] = {
    Reason.OWED: "It is owed.",
    Reason.RULE_OFF: "The rule is switched off.",
    Reason.OTHER_BRAND: "The rule is for another brand.",
    Reason.NOT_ADDRESSED: "The rule does not write to somebody in their role.",
    Reason.CONDITION_FALSE: "Its condition does not hold.",
    Reason.FINISHED: "The job has ended, so its time matters to nobody.",
    Reason.THERE_ALREADY: "Somebody is there already.",
    Reason.NOTHING_TOLD_YET: "They have not been told a time yet, so none has moved.",
    Reason.WITHIN_TOLERANCE: "They know the right time, or are being told it.",
    Reason.EXPECTED_HAS_PASSED: "The expected time has passed: to announce it now would be odd.",
    Reason.EARLIER_OWES_NOTHING: "It comes earlier than promised, which needs no message.",
    Reason.WAITS_FOR_THE_CUSTOMER: "The customer is asked first; others hear once they agree.",
    Reason.NO_DRIFT: "They know the right time.",
    Reason.ANOTHER_RULE_SPEAKS: "Another rule says it already, and one is enough.",
    Reason.EPISODE_ALREADY_SPOKEN: "Another rule has told them of this already.",
    Reason.WAITS_FOR_SETTLEMENT: "It waits until we know what became of the message before it.",
    Reason.SUPERSEDED_BY_RULE: "Another rule takes its place.",
    Reason.ALREADY_TOLD: "It has reached them already.",
    Reason.ALREADY_SPOKEN: "This rule has spoken about it already.",
    Reason.UNDER_WAY: "It is on its way to them.",
    Reason.ON_TRIAL: "The rule is on trial: it is planned and recorded, and not sent.",
    Reason.NO_MOMENT: "Its moment has not come, or can't be told.",
    Reason.MOMENT_PASSED: "Its moment had passed when the time was promised.",
    Reason.BEFORE_LIVE: (
        "It happened before the brand, or the source that said it, was live, or the visit goes on"
        " under another reference."
    ),
    Reason.EXPIRED: "It is too late for it to help.",
    Reason.QUIET_HOURS: "It is quiet where they are, and it can't go then.",
    Reason.UNREACHED: "No channel reaches them: somebody must ring.",
    Reason.NO_CONSENT: "They have not agreed to messages of this kind.",
    Reason.CAP_REACHED: "They have had as many messages as your rules allow.",
    Reason.NEEDS_CALL: "It is to be said by phone, not in a text alone.",
    Reason.A_TASK: "It is a task for dispatch, not a message.",
}

#: What else the row of a message can say.
_ROWS: Mapping[WhyNot, str] = {
    WhyNot.NO_CONTACT: "There is no number or address to write to.",
    WhyNot.OPTED_OUT: "They asked for no more messages.",
    WhyNot.LANDLINE: "Their number is a landline, which takes no texts.",
    WhyNot.INVALID_ADDRESS: "Their number or address does not work.",
    WhyNot.COUNTRY_CLOSED: "Their number is of a country that you don't text to.",
    WhyNot.NUMBER_CAP: "As many texts as one number may get in a day had gone to theirs.",
    WhyNot.PREFIX_CAP: "As many texts as a row of numbers may get in a day had gone to theirs.",
    WhyNot.DAY_CAP: "As many texts as your guards allow in a day had gone out.",
    WhyNot.SPENT_TODAY: "As much as your guards allow for texts in a day was spent.",
    WhyNot.SPENT_THIS_MONTH: "As much as your guards allow for texts in a month was spent.",
    WhyNot.BRAKED: "Its rule was about to send far more than ever: somebody must look first.",
    WhyNot.WAITS_FOR_SENDER: "It waits for its sender, which was asked to rest or is not well.",
    WhyNot.DROPPED_BY_STAFF: "Its rule was about to send far more than ever, and staff dropped it.",
    WhyNot.BOUNCED: "Email to them comes back.",
    WhyNot.SHADOW: "The brand is in shadow: everything is planned, nothing is sent.",
    WhyNot.NO_LONGER_OWED: "It was no longer true when its turn came.",
    WhyNot.JOB_ENDED: "The job ended before its turn came.",
    WhyNot.REACHED_OTHERWISE: "They learnt it in another way first.",
    WhyNot.HELD_BY_STAFF: "The job is on hold: somebody said that they would ring.",
    WhyNot.OUTCOME_UNKNOWN: "It may or may not have gone out; a person must look.",
    WhyNot.PROVIDER_REFUSED: "The provider refused it.",
    WhyNot.NO_PROVIDER: "Nothing is set up to send it.",
    WhyNot.GAVE_UP: "No provider took it in time, and it was given up.",
    WhyNot.RENDER_FAILED: "Its words could not be put together.",
    WhyNot.NO_RECEIPT: "It went out, and no receipt says that it arrived.",
    WhyNot.IN_DIGEST: "It goes out together with the news of their other jobs.",
}

#: A sentence for every reason that a rule's decision or a message's row can give.
SENTENCES: Mapping[str, str] = {
    str(reason): sentence for reason, sentence in (*_ANSWERS.items(), *_ROWS.items())
}


def sentence_of(reason: str) -> str:
    """Return what a reason means; a code of a provider is told by its own table."""
    if reason in SENTENCES:
        return SENTENCES[reason]
    said = meaning(reason.rpartition(" ")[2])
    if said is None:
        return f"The provider said: {reason}."
    return f"{said[0].upper()}{said[1:]} ({reason})."
