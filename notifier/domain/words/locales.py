"""Which locale the dates and times of a reader are written in."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

from notifier.domain.words.phrases import LANGUAGES

_ENGLISH = Locale("en")


def locale_of(name: str) -> Locale:
    """Return the locale that somebody's `name` for it means: `en-US` as BCP 47 writes it, `en_US`.

    English where it is none, or where its language has no words yet: a sentence and its dates are
    of one language.
    """
    try:
        parsed = Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return _ENGLISH
    return parsed if parsed.language in LANGUAGES else _ENGLISH
