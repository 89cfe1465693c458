"""What the board calls things, in plain words; its templates have all of it as `words`."""

from notifier.rule_tools import reason_sentences
from notifier.web.board.words import (
    facts,
    jobs,
    messages,
    names,
    people,
    promises,
    sheets,
    sources,
    tasks,
    why_not,
)

__all__ = [
    "facts",
    "jobs",
    "messages",
    "names",
    "people",
    "promises",
    "reason_sentences",
    "sheets",
    "sources",
    "tasks",
    "why_not",
]
