"""Providers in memory that answer as a test tells them to, one answer a call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from notifier.providers.errors import SendError
from notifier.providers.protocols import (
    Accepted,
    LookUp,
    LookUpAbsent,
    OutgoingEmail,
    OutgoingSms,
)

Answer = Accepted | Exception
LookUpAnswer = LookUp | SendError


class _Scripted:
    """Takes everything, unless told otherwise by `answers`, which come first."""

    gives_receipts = True
    can_look_up = True

    def __init__(self, name: str, *, now: Callable[[], datetime]) -> None:
        self.name = name
        self.answers: deque[Answer] = deque()
        self.look_ups: deque[LookUpAnswer] = deque()
        self.asked: list[str] = []
        self.asked_about: list[tuple[str, datetime]] = []
        self.meanwhile: Callable[[], object] | None = None
        self.while_asked: Callable[[], object] | None = None
        self._now = now
        self._count = 0

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Answer the next scripted look-up; absent without one."""
        self.asked.append(link_token)
        self.asked_about.append((to, since))
        if self.while_asked is not None:
            self.while_asked()
        answer = self.look_ups.popleft() if self.look_ups else LookUpAbsent()
        if isinstance(answer, SendError):
            raise answer
        return answer

    def _answer(self) -> Accepted:
        self._count += 1
        if self.meanwhile is not None:
            self.meanwhile()
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer or Accepted(f"{self.name}-{self._count}", self._now())


class ScriptedSms(_Scripted):
    """`sent` holds each text that it was handed, accepted or not."""

    def __init__(self, name: str = "twilio", *, now: Callable[[], datetime]) -> None:
        super().__init__(name, now=now)
        self.sent: list[OutgoingSms] = []

    def send(self, sms: OutgoingSms) -> Accepted:
        """Keep the text, then give the next answer."""
        self.sent.append(sms)
        return self._answer()


class ScriptedEmail(_Scripted):
    """`sent` holds each email that it was handed, accepted or not."""

    def __init__(self, name: str = "sendgrid", *, now: Callable[[], datetime]) -> None:
        super().__init__(name, now=now)
        self.sent: list[OutgoingEmail] = []

    def send(self, email: OutgoingEmail) -> Accepted:
        """Keep the email, then give the next answer."""
        self.sent.append(email)
        return self._answer()
