"""The bytes of a CSV file as rows, with the number of the line on which each begins.

Comma, semicolon or tab; quoted fields; any line ends; UTF-8 with or without its mark. Every
cell is text: a formula is not worked out, here or anywhere.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notifier.errors import Invalid
from notifier.importing.columns import column_named

MOST_BYTES = 1_000_000
MOST_LINES = 2_000
_MOST_COLUMNS = 50
_DELIMITERS = (",", ";", "\t")
_QUOTED = re.compile(r'"[^"]*"')
_NAMED = 5  # unknown columns that a sentence names
_LONGEST_NAME = 40
_SAVE_AS = "save it as “CSV UTF-8 (comma delimited)”"


@dataclass(frozen=True, slots=True)
class Row:
    """One booking as it is written. `cells` has, by our names of columns, what is not empty."""

    number: int  # of the line on which it begins, from 1
    cells: Mapping[str, str]
    outside: bool  # something stands where no column is


@dataclass(frozen=True, slots=True)
class Table:
    """The rows, and what the file itself calls the columns that it has."""

    written: Mapping[str, str]  # by our names
    rows: tuple[Row, ...]


def read_table(data: bytes) -> Table:
    """Return what stands in `data`.

    :raises Invalid: if it is no such file, too large, or has columns that mean nothing to us.
    """
    records = _records(_text(data))
    header = next(records, None)
    if header is None:
        raise Invalid("file", "The file is empty.")
    names = _names(header[1])
    rows: list[Row] = []
    for number, cells in records:
        if len(rows) == MOST_LINES:
            raise Invalid("file", f"The file has more than {MOST_LINES:,} lines. Split it.")
        rows.append(_row(number, cells, names))
    if not rows:
        raise Invalid("file", "There is no line below the names of the columns.")
    written = {name: as_written(cell) for name, cell in zip(names, header[1], strict=True) if name}
    return Table(written, tuple(rows))


def as_written(text: str) -> str:
    """Return what a file says, short and fit to be shown: a terminal obeys what it prints."""
    short = text.strip()
    short = short if len(short) <= _LONGEST_NAME else f"{short[:_LONGEST_NAME]}…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def _text(data: bytes) -> str:
    """Return the text, its lines ended by one character: quoted ones read the same everywhere."""
    if len(data) > MOST_BYTES:
        raise Invalid("file", "The file is larger than 1 MB. Split it.")
    if data.startswith(b"PK\x03\x04"):
        raise Invalid("file", f"This is a spreadsheet, not a CSV file: {_SAVE_AS}.")
    try:
        if b"\0" in data:
            raise Invalid("file", f"This is not a CSV file in UTF-8: {_SAVE_AS}.")
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Invalid("file", f"Line {line} is not UTF-8: {_SAVE_AS}.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _records(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield what is not empty, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error:
        raise Invalid(
            "file",
            f"Line {number} can’t be read: a quotation mark is not closed or stands inside a "
            "field, or a field is far too long.",
        ) from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.split("\n") if line.strip()), "")
    bare = _QUOTED.sub("", first)
    return max(_DELIMITERS, key=bare.count)


def _names(header: Sequence[str]) -> list[str | None]:
    """Return our name of each column, None for one that the file does not name."""
    if len(header) > _MOST_COLUMNS:
        raise Invalid("file", f"The file has more than {_MOST_COLUMNS} columns.")
    names = [column_named(cell) for cell in header]
    unknown = [
        as_written(cell)
        for cell, name in zip(header, names, strict=True)
        if cell.strip() and name is None
    ]
    if unknown:
        listed = ", ".join(f"“{name}”" for name in unknown[:_NAMED])
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise Invalid(
            "file",
            f"The first line names the columns, and these are not known: {listed}{more}. "
            "Rename or remove them.",
        )
    known = [name for name in names if name is not None]
    for name in known:
        if known.count(name) > 1:
            raise Invalid("file", f"There are two columns for {name}. Remove one.")
    return names


def _row(number: int, cells: Sequence[str], names: Sequence[str | None]) -> Row:
    named: dict[str, str] = {}
    outside = any(cell.strip() for cell in cells[len(names) :])
    for name, cell in zip(names, cells, strict=False):
        if not cell.strip():
            continue
        if name is None:
            outside = True
        else:
            named[name] = cell.strip()
    return Row(number, named, outside)
