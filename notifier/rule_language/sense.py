"""What the keys of a rule make of each other: sentences about combinations without a meaning."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from notifier.domain.facts import FactType
from notifier.domain.jobs import FACTS_OF, STATUSES_OF, JobKind
from notifier.domain.rules.rule import Asserts, Audience, Family, InQuietHours
from notifier.domain.schedule import Edge
from notifier.rule_language.specs import PlainSpec, RuleSpec
from notifier.rule_language.values import said

#: Where in its rule a fault stands, and what it is.
Nonsense = tuple[tuple[int | str, ...], str]

#: Corrections come within minutes; whoever waits longer for them hears late.
_LONGEST_SETTLING = timedelta(hours=1)

#: What is said once for several jobs is said on the same day.
_LONGEST_DIGEST = timedelta(hours=24)

#: Silence about a visit begins with the window that they hold: before these there is none.
_BEFORE_SILENCE = frozenset({Edge.TOLD_START, Edge.TELL_BY})

#: Questions that only one kind of job can answer.
_ONLY_OF: Mapping[str, JobKind] = {
    "tracked": JobKind.ORDER,
    "parcel": JobKind.ORDER,
    "technician_known": JobKind.APPOINTMENT,
    "technician_changed": JobKind.APPOINTMENT,
}


def nonsense_in(spec: RuleSpec) -> Iterator[Nonsense]:
    """Yield what can't be meant, and where in the rule it is said."""
    if spec.if_ is None and spec.when is None and spec.at is None:
        yield (), "say when: `if`, `when` or `at` is missing"
    if Audience.DISPATCH in spec.to and len(spec.to) > 1:
        yield ("to",), "`dispatch` gets a task of its own: give it a rule of its own"
    if Audience.TECHNICIAN in spec.to and len(spec.to) > 1:
        yield ("to",), "the `technician` is asked, not told: give them a rule of their own"
    yield from _of_a_slip(spec) if spec.family is Family.SLIP else _of_no_slip(spec)
    if spec.quiet is InQuietHours.DROP and (spec.family is Family.SLIP or spec.bad_news):
        yield ("quiet",), "bad news is never dropped: let it `wait`"
    yield from _of_lengths(spec)
    yield from _of_the_kind(spec)


def supersedes_nonsense(spec: RuleSpec, known: Mapping[str, RuleSpec]) -> Iterator[str]:
    """Yield what is wrong with the rules that `spec` supersedes; `known` are all, by name."""
    for name in spec.supersedes:
        other = known.get(name)
        if other is not None and other.jobs is not spec.jobs:
            yield f"`{spec.id}` supersedes `{name}`, which is for another kind of job"
    circle = _circle(spec.id, known)
    if len(circle) == 1:
        yield f"`{spec.id}` supersedes itself"
    elif circle:
        names = ", ".join(f"`{name}`" for name in circle)
        yield f"{names} supersede each other in a circle: none would speak"


def _circle(start: str, known: Mapping[str, RuleSpec]) -> list[str]:
    """Return the shortest way from rule to superseded rule that leads back to `start`."""
    ways, seen = deque([[start]]), {start}
    while ways:
        way = ways.popleft()
        for name in known[way[-1]].supersedes:
            if name == start:
                return way
            if name in known and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _of_a_slip(spec: RuleSpec) -> Iterator[Nonsense]:
    if spec.asserts not in (None, Asserts.DRIFT):
        yield (
            ("asserts",),
            f"`family: slip` says what moved: write `asserts: drift`, not `{spec.asserts}`",
        )
    if spec.at is not None:
        yield ("at",), "`family: slip` is said as soon as it is known: take `at` out"
    if spec.if_ is not None and spec.if_.silent_for is not None:
        yield ("if", "silent_for"), "`family: slip` is about news, `silent_for` about none"
    if {Audience.DISPATCH, Audience.TECHNICIAN} & set(spec.to):
        yield ("to",), "`family: slip` is told to the job's people, not `dispatch` or `technician`"


def _of_no_slip(spec: RuleSpec) -> Iterator[Nonsense]:
    if spec.asserts is Asserts.DRIFT:
        yield ("asserts",), "only a rule with `family: slip` can say `asserts: drift`"
    yield from _of_silence(spec)


def _of_silence(spec: RuleSpec) -> Iterator[Nonsense]:
    """What is said before an edge ends with it, and no visit is silent before its window."""
    if spec.jobs is not JobKind.APPOINTMENT or spec.if_ is None or spec.at is None:
        return
    before = spec.at.before is not None and spec.at.edge in _BEFORE_SILENCE
    if spec.if_.silent_for is not None and before:
        yield (
            ("if", "silent_for"),
            f"`silent_for` never holds before `{spec.at.edge}`: silence about a visit begins with "
            "the window they hold; count `after` `told.start`, or `before` `told.end`",
        )


def _of_lengths(spec: RuleSpec) -> Iterator[Nonsense]:
    for name, length, most in (
        ("digest", spec.digest or timedelta(0), _LONGEST_DIGEST),
        ("settle", spec.settle, _LONGEST_SETTLING),
    ):
        if length >= spec.expires:
            yield (name,), f"`{name}` must be shorter than `expires`, or it never goes"
        elif length > most:
            yield (name,), f"`{name}` must be at most {said(most)}: whoever waits for it hears late"


def _of_the_kind(spec: RuleSpec) -> Iterator[Nonsense]:
    if spec.jobs is JobKind.ORDER and Audience.TECHNICIAN in spec.to:
        yield ("to",), "nobody is sent with an order: write `dispatch`, or whom of its people"
    if spec.jobs is JobKind.ORDER and spec.names_technician:
        yield ("names_technician",), "nobody is sent with an order: take `names_technician` out"
    if spec.if_ is None:
        return
    yield from _of_questions(spec.if_, spec.jobs, ("if",))
    if spec.if_.none_of is not None:
        yield from _of_questions(spec.if_.none_of, spec.jobs, ("if", "not"))
    for index, choice in enumerate(spec.if_.any_of or ()):
        yield from _of_questions(choice, spec.jobs, ("if", "any", index))


def _of_questions(
    asked: PlainSpec, jobs: JobKind, where: tuple[int | str, ...]
) -> Iterator[Nonsense]:
    yield from _others((*where, "status"), asked.status or (), STATUSES_OF[jobs], jobs)
    yield from _others((*where, "parcel"), asked.parcel or (), STATUSES_OF[JobKind.ORDER], jobs)
    facts = FACTS_OF[jobs] | {FactType.BOOKED}
    yield from _others((*where, "cause"), asked.cause or (), facts, jobs)
    for name, kind in _ONLY_OF.items():
        if getattr(asked, name) is not None and jobs is not kind:
            yield (*where, name), f"`{name}` can't be asked of an {jobs}, only of an {kind}"


def _others(
    where: tuple[int | str, ...], said: Iterable[str], known: Iterable[str], jobs: JobKind
) -> Iterator[Nonsense]:
    allowed = sorted(map(str, known))
    for value in said:
        if value not in allowed:
            yield where, f"an {jobs} is never `{value}`; there are {', '.join(allowed)}"
