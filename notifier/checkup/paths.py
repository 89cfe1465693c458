"""How each path out fares: what `doctor`, `/readyz` and `/metrics` tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.domain.findings import Finding
from notifier.domain.sending.path_health import (
    Answer,
    Figures,
    PathHealth,
    Tone,
    figures,
    health_of,
)
from notifier.domain.windows import utc_text
from notifier.sending.paths import read_answers
from notifier.sending.routing import SANDBOX, every_path, has_other_path
from notifier.services import Services

#: What is shown, and for how long a failure is news: a path without traffic is not tried.
_LATELY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSeen:
    """One path as it stands now."""

    name: str
    health: PathHealth
    lately: Figures
    refused: bool  # what went wrong last: it did not want us
    has_other: bool  # another path of its channel is set up
    now: datetime

    @property
    def fails(self) -> bool:
        """Whether it is left alone, or was until a moment ago and has not recovered since."""
        until = self.health.open_until
        return until is not None and until > self.now - _LATELY

    @property
    def rests(self) -> bool:
        """Whether it asked to be left alone."""
        return self.health.rests_until is not None and self.health.rests_until > self.now


def look_at_paths(session: Session, services: Services) -> list[PathSeen]:
    """Return each path that can reach a real person."""
    now, seen = services.now(), []
    for name in sorted(set(every_path(services)) - {SANDBOX}):
        answers = read_answers(session, name)
        seen.append(
            PathSeen(
                name=name,
                health=health_of(answers),
                lately=figures(answers, since=now - _LATELY),
                refused=_refused(answers),
                has_other=has_other_path(services, name),
                now=now,
            )
        )
    return seen


def say_path(path: PathSeen) -> Finding:
    """Return a line about one path."""
    subject = f"path {path.name}"
    lately = _say(path.lately)
    if path.fails:
        assert path.health.open_until is not None
        return Finding.warning(
            subject,
            f"{'It refuses us' if path.refused else 'It fails'}. {lately} It is tried again, with"
            f" little, from {utc_text(path.health.open_until)}.",
            f"{_MEND if path.refused else _STATUS} {_MEANWHILE[path.has_other]}",
        )
    if not path.rests:
        return Finding.ok(subject, lately)
    assert path.health.rests_until is not None
    until = utc_text(path.health.rests_until)
    if path.refused:
        return Finding.failing(
            subject,
            f"It refused us, and is left alone until {until}. {lately}",
            f"{_MEND} {_MEANWHILE[path.has_other]}",
        )
    return Finding.warning(
        subject,
        f"We were too fast: it rests until {until}. {lately}",
        "It goes on by itself; ask the provider for a higher rate, if it happens often.",
    )


_MEND = "A task on the board says why: mend the account or the sender."
_STATUS = "See the provider's status page."
_MEANWHILE = {
    True: "The other path carries meanwhile.",
    False: "A second path would carry meanwhile: docs/providers.md.",
}


def _refused(answers: Sequence[Answer]) -> bool:
    """Whether what went wrong last was that it refused us: not our haste, nor its own trouble."""
    wrong = [one for one in answers if one.tone is not Tone.WELL]
    return bool(wrong) and wrong[-1].tone is Tone.ILL and wrong[-1].wait is not None


def _say(lately: Figures) -> str:
    if not lately.answers:
        return "No answer in the last five minutes."
    median = f", median {lately.seconds:.1f} s" if lately.seconds is not None else ""
    return (
        f"Of {lately.answers} answer(s) in the last five minutes {lately.ill} failed or were"
        f" slow{median}."
    )
