"""Conditions of rules, in CEL (Common Expression Language). The only module that knows CEL."""

from __future__ import annotations

import re
from difflib import get_close_matches

from cel_expr_python import cel

from notifier.domain.rules.conditions import ABOUT_TIME, Part
from notifier.domain.rules.situation import NAMES, Situation

#: The names behind which a CEL condition asks about the time: `drift.kind`, `job.expected`.
_TIME = re.compile(rf"\b({'|'.join(sorted(ABOUT_TIME))})\b")

_TYPES = {"str": cel.Type.STRING, "bool": cel.Type.BOOL, "int": cel.Type.INT}
_LONGEST = 2_000  # characters; what is longer is no condition that anybody could read
_ENV = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in NAMES.items()})


class ConditionInvalid(Exception):
    """The text is no condition; the message is a plain sentence that says why."""


def compile_condition(text: str) -> Part:
    """Return the question that `text` states over the typed values of a situation.

    :raises ConditionInvalid: for a syntax error, an unknown name, a wrong type, or a text
        that is not a yes-or-no question.
    """
    if not text.strip():
        raise ConditionInvalid("it is empty: ask something, or take it out")
    if len(text) > _LONGEST:
        raise ConditionInvalid(f"it is longer than {_LONGEST} characters: make it several rules")
    try:
        text.encode()
        expression = _ENV.compile(text)
    except UnicodeEncodeError as error:
        raise ConditionInvalid("there is half a character in it") from error
    except RuntimeError as error:
        raise ConditionInvalid(_sentence(str(error))) from error
    if expression.return_type() != cel.Type.BOOL:
        raise ConditionInvalid("it must be a yes-or-no question, such as `history.bad_news == 0`")
    _refuse_constant(expression)

    def holds(situation: Situation) -> bool:
        # Run-time errors come back as values: only True itself counts. What takes too long to
        # work out is raised instead, and one rule must not stop the plans of all others.
        try:
            return expression.eval(data=situation.values()).value() is True
        except RuntimeError:
            return False

    return Part(f"when: {text}", holds, about_time=bool(_TIME.search(text)))


def _refuse_constant(expression: cel.Expression) -> None:
    """Work it out over nothing at all: what has an answer then asks nothing of the job."""
    try:
        answer = expression.eval(data={}).value()
    except RuntimeError:
        return  # it takes too long, and so holds never
    if answer is True:
        raise ConditionInvalid("it always holds, whatever the job: ask something, or take it out")
    if answer is False or not str(answer).startswith("UNKNOWN"):
        raise ConditionInvalid("it never holds, whatever the job: ask something, or take it out")


def _sentence(error: str) -> str:
    """Return the compiler's first complaint in one line, without its wrapping."""
    if "recursion" in error:
        return "it is nested too deeply: make it several rules"
    first = error.split("ERROR: ", 1)[-1].split("\n", 1)[0]
    _, _, rest = first.partition("<input>:")
    place, _, what = rest.partition(": ")
    column = place.partition(":")[2]
    what = what.replace(" (in container '')", "")
    if "undeclared reference to" in what:
        name = what.split("'")[1] if "'" in what else ""
        close = get_close_matches(name, NAMES, n=1)
        meant = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(sorted(NAMES))}"
        what = f"there is no `{name}`; {meant}"
    if not what:
        return "it can't be understood"
    return f"at character {column}: {what}" if column else what
