"""What can come of a send, as decisions somebody must take.

The text of each is its `code` alone, never what a provider wrote: providers quote
addresses in their messages, and exceptions end up in logs.
"""

from notifier.providers.codes import Reaction


class SendError(Exception):
    """A send that was not plainly accepted. `code` is short, stable and names nobody."""

    def __init__(self, code: str, *, reaction: Reaction) -> None:
        super().__init__(code)
        self.code = code
        self.reaction = reaction


class SendRejected(SendError):
    """Will never be accepted: bad number, opted out. Do not retry."""

    def __init__(self, code: str, *, reaction: Reaction = Reaction.NEVER) -> None:
        super().__init__(code, reaction=reaction)


class SendDeferred(SendError):
    """Certainly not taken: rate limit, refused connection. Retry later.

    `retry_after` is in seconds, where the provider named a wait.
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        reaction: Reaction = Reaction.RETRY,
    ) -> None:
        super().__init__(code, reaction=reaction)
        self.retry_after = retry_after


class ProviderMisconfigured(SendDeferred):
    """Certainly not taken, nor will anything be until a person mends the account.

    A deferral, because the message is as good as before; the whole channel halts.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code, reaction=Reaction.HALT_CHANNEL)


class SendOutcomeUnknown(SendError):
    """The answer was lost, so the customer may already have it. A retry risks a duplicate."""

    def __init__(self, code: str) -> None:
        super().__init__(code, reaction=Reaction.HOLD)
