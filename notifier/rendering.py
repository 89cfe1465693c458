"""Turn templates and values into the exact text or email that a customer reads.

The folder handed to `Words` holds `<locale>/<message>/{sms.txt, subject.txt, email.mjml}`.
`sms.txt` may hold several wordings of the same text, fullest first, parted by a line `---`:
the first that needs the fewest segments is sent, so that a long name costs words, not money.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, fields
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

from inscriptis import get_text
from inscriptis.css_profiles import RELAXED_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from mjml import mjml2html

from notifier.domain.messages import Channel
from notifier.domain.words.examples import variations
from notifier.domain.words.segments import count_segments, plain
from notifier.domain.words.values import MessageValues
from notifier.errors import NotifierError
from notifier.template_language import WordsEnvironment

SMS, SUBJECT, EMAIL = "sms.txt", "subject.txt", "email.mjml"
_FIRST_TEXT = "_first_text.txt"  # how to stop and to get help, said once to each number
_EMAIL_FRAME = "_email.mjml"
_DEFAULT_LOCALE = "en"
_MAX_SMS = 1_600  # characters; the provider takes no more
_MAX_SUBJECT = 200
_MAX_EMAIL = 60_000  # mail readers cut an email off at about 100 kB
_NEXT_WORDING = re.compile(r"^---\s*$", re.MULTILINE)
_LINK_IN_TEXT = re.compile(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)")
_TARGET = re.compile(r"(?:href|src|background)=\"([^\"]+)\"")
_TAG = re.compile(r"<[^>]*>")
_URL = re.compile(r"https?://[^\s\"<>)]+")
_KNOWN = tuple(field.name for field in fields(MessageValues))


class RenderFailed(NotifierError):
    """These words can't be said: a template is missing or wrong. Names the file, no values."""


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """One email, ready to hand over. `text` says what `html` says."""

    subject: str
    text: str
    html: str


class Words:
    """The templates below one folder. May be used from many threads."""

    def __init__(self, templates_dir: Path) -> None:
        """Read from `templates_dir`, the folder that holds one folder for each locale."""
        self._root = templates_dir
        self._environment = WordsEnvironment(templates_dir)

    def render_sms(self, message: str, locale: str, values: MessageValues) -> str:
        """Return the text, one line.

        :raises RenderFailed: if a template is missing, wrong, or names what is not known.
        """
        folder = self._folder(message, locale)
        wordings = self.wordings(message, locale, values)
        if not all(wordings):
            raise RenderFailed(f"{folder}/{message}/{SMS} says nothing")
        text = min(wordings, key=count_segments)  # the first of the shortest: the fullest
        return _capped(text, _MAX_SMS, f"{folder}/{message}/{SMS}")

    def wordings(self, message: str, locale: str, values: MessageValues) -> list[str]:
        """Return every wording of the text, fullest first, one line each; any may be sent.

        :raises RenderFailed: if a template is missing, wrong, or names what is not known.
        """
        folder = self._folder(message, locale)
        said = self._render(f"{folder}/{message}/{SMS}", values)
        wordings = [_one_line(wording) for wording in _NEXT_WORDING.split(said)]
        if values.first_text:
            ending = _one_line(self._render(f"{folder}/{_FIRST_TEXT}", values))
            wordings = [w if w.endswith(ending) else f"{w} {ending}" for w in wordings]
        return wordings

    def lines_of_wordings(self, message: str, locale: str) -> list[int]:
        """Return the line (from 1) of `sms.txt` on which each wording starts.

        :raises RenderFailed: if the file is missing.
        """
        source = self.source(f"{self._folder(message, locale)}/{message}/{SMS}")
        starts = [match.end() + 1 for match in _NEXT_WORDING.finditer(source)]
        return [1] + [source.count("\n", 0, start) + 1 for start in starts]

    def email_words(self, message: str, locale: str, values: MessageValues) -> str:
        """Return what an email says, subject first and links included, without its looks.

        :raises RenderFailed: if a template is missing, wrong, or names what is not known.
        """
        folder = self._folder(message, locale)
        subject = self._render(f"{folder}/{message}/{SUBJECT}", values)
        source = self._render(f"{folder}/{message}/{EMAIL}", values)
        body = unescape(_TAG.sub(" ", _TARGET.sub(r">\1<", source)))
        return _one_line(f"{subject} {body}")

    def render_email(self, message: str, locale: str, values: MessageValues) -> RenderedEmail:
        """Return the email; its text part is made from the HTML, so that both say the same.

        :raises RenderFailed: if a template is missing, wrong, or names what is not known.
        """
        folder = self._folder(message, locale)
        name = f"{folder}/{message}/{EMAIL}"
        subject = _one_line(self._render(f"{folder}/{message}/{SUBJECT}", values))
        source = self._render(name, values)
        with _faults_of(name):
            html = _html(source, name)
            text = _text_part(html)
        return RenderedEmail(
            subject=_capped(subject, _MAX_SUBJECT, f"{folder}/{message}/{SUBJECT}"),
            text=text,
            html=_capped(html, _MAX_EMAIL, name),
        )

    def template_hash(self, message: str, locale: str, channel: Channel | str) -> str:
        """Return a short hash of all files that a message of this channel is made from.

        :raises RenderFailed: if one is missing.
        """
        folder = self._folder(message, locale)
        files = (
            (f"{message}/{SMS}", _FIRST_TEXT)
            if channel == Channel.SMS
            else (f"{message}/{SUBJECT}", f"{message}/{EMAIL}", _EMAIL_FRAME)
        )
        digest = hashlib.sha256()
        for file in files:
            digest.update(self.source(f"{folder}/{file}").encode())
            digest.update(b"\0")
        return digest.hexdigest()[:16]

    @property
    def directory(self) -> Path:
        """The folder that holds one folder for each locale, and what words are held to."""
        return self._root

    def locales(self) -> tuple[str, ...]:
        """Return the locales that have words of their own, in name order."""
        return tuple(sorted(path.name for path in self._root.iterdir() if path.is_dir()))

    def messages(self, locale: str) -> frozenset[str]:
        """Return the messages that have a folder in `locale`, not counting what it borrows."""
        folder = self._root / locale
        return frozenset(path.name for path in folder.iterdir() if path.is_dir())

    def source(self, name: str) -> str:
        """Return the file as it is written, `name` such as `en/booked/sms.txt`.

        :raises RenderFailed: if it is missing or can't be read.
        """
        with _faults_of(name):
            try:
                return (self._root / name).read_text(encoding="utf-8")
            except FileNotFoundError as error:
                raise RenderFailed(f"{name} is missing") from error

    def check(self, message: str, locale: str) -> list[str]:
        """Return what is wrong with the words of `message`, a sentence each; empty if nothing.

        Every value that may be missing is taken away once, so that a blank is found here and
        not by a customer.
        """
        folder = self._folder(message, locale)
        faults = [
            fault
            for file in (SMS, SUBJECT, EMAIL)
            for fault in self._check_source(f"{folder}/{message}/{file}")
        ]
        if faults:
            return faults  # each would fail every rendering; saying it once is enough
        for values in variations(message):
            faults += self._check_words(folder, message, values)
        if not faults:
            faults += self._check_links(message, locale, next(variations(message)))
        return list(dict.fromkeys(faults))

    def check_all(self, messages: Sequence[str], locales: Sequence[str]) -> list[str]:
        """Return what is wrong with any of `messages` in any of `locales`, with file and line."""
        faults = []
        for locale in locales:
            for file in (_FIRST_TEXT, _EMAIL_FRAME):
                faults += self._check_source(f"{locale}/{file}")
            for message in messages:
                faults += self.check(message, locale)
        return faults

    def _folder(self, message: str, locale: str) -> str:
        """Return the folder of the locale, else of its language, else of English."""
        for name in (locale.replace("-", "_"), re.split("[-_]", locale)[0]):
            if re.fullmatch("[A-Za-z_]+", name) and (self._root / name / message).is_dir():
                return name
        return _DEFAULT_LOCALE

    def _render(self, name: str, values: MessageValues) -> str:
        with _faults_of(name):
            return self._environment.get_template(name).render(
                {value: getattr(values, value) for value in _KNOWN}
            )

    def _check_source(self, name: str) -> list[str]:
        if not (self._root / name).is_file():
            return [f"{name}:1: the file is missing"]
        try:
            with _faults_of(name):
                self._environment.get_template(name)
                tree = self._environment.parse(self.source(name), name)
        except RenderFailed as error:
            return [str(error)]
        return [
            f"{name}:{node.lineno}: there is no value called {node.name!r}"
            for node in tree.find_all(nodes.Name)
            if node.ctx == "load" and node.name not in _KNOWN
        ]

    def _check_words(self, folder: str, message: str, values: MessageValues) -> list[str]:
        try:
            for file in (SUBJECT, EMAIL):
                if not self._render(f"{folder}/{message}/{file}", values).strip():
                    return [f"{folder}/{message}/{file}:1: it says nothing"]
            text = self.render_sms(message, folder, values)
        except RenderFailed as error:
            return [str(error)]
        if values.link not in text:
            return [f"{folder}/{message}/{SMS}:1: a text without its link"]
        return []

    def _check_links(self, message: str, locale: str, values: MessageValues) -> list[str]:
        try:
            email = self.render_email(message, locale, values)
        except RenderFailed as error:
            return [str(error)]
        text = self.render_sms(message, locale, values)
        own = urlsplit(values.link).netloc
        urls = _TARGET.findall(email.html) + _URL.findall(f"{text} {email.subject} {email.text}")
        return [
            f"{self._folder(message, locale)}/{message}:1: a link to somewhere else than the brand"
            for url in urls
            if urlsplit(url).netloc != own
        ]


@contextmanager
def _faults_of(name: str) -> Iterator[None]:
    """Say of whatever goes wrong with a template where it is, for an editor and the log.

    Templates are edited while messages go out: whatever somebody wrote or saved into one must
    stop no other message. What is not a fault that a template reports is named by its class
    alone, for its text may quote a customer's values.
    """
    try:
        yield
    except RenderFailed:
        raise
    except Exception as error:
        raise RenderFailed(_place(name, error)) from error


def _place(name: str, error: Exception) -> str:
    """Return file, line and what is wrong, from the innermost template of the error."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or name}:{error.lineno}: {error.message}"
    if isinstance(error, TemplateNotFound):
        return f"{error.name}:1: the file is missing"
    if isinstance(error, RecursionError):
        return f"{name}:1: it fits into itself"
    frames = traceback.extract_tb(error.__traceback__)
    line = next((f.lineno for f in reversed(frames) if f.filename.endswith(name)), 1)
    what = error.message if isinstance(error, TemplateError) else type(error).__name__
    return f"{name}:{line}: {what}"


def _html(source: str, name: str) -> str:
    try:
        return mjml2html(source, disable_comments=True, fonts={})
    except ValueError as error:
        raise RenderFailed(f"{name} is not valid MJML") from error


def _one_line(text: str) -> str:
    return " ".join(plain(text).split())


def _capped(text: str, limit: int, name: str) -> str:
    if len(text) > limit:
        raise RenderFailed(f"{name}:1: {len(text)} characters, more than {limit}")
    return text


def _text_part(html: str) -> str:
    """Return `html` as plain text: a blank line between parts, links written out."""
    # Inscriptis hangs the page that it writes on the style of `body`, which every thread shares
    # otherwise: one customer's words would end in another's email.
    style = {**RELAXED_CSS_PROFILE, "body": copy(RELAXED_CSS_PROFILE["body"])}
    text = get_text(html, ParserConfig(css=style, display_links=True))
    text = _LINK_IN_TEXT.sub(r"\1: \2", text)
    parts = [line.strip() for line in text.splitlines()]
    return "\n\n".join(part for part in parts if part) + "\n"
