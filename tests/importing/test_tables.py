"""The bytes of a file: what reads, on which line it stands, and what is refused with a sentence."""

from __future__ import annotations

import csv

import pytest

from notifier.errors import Invalid
from notifier.importing.tables import MOST_BYTES, MOST_LINES, read_table

EXPECTED = {"reference": "J-1", "name": "Ada, Park", "address": "1 Pine St\nSeattle"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_it_reads_the_same_however_it_was_saved(delimiter: str, line_end: str, mark: bytes) -> None:
    """Excel, a bank of spreadsheets and a shell write the same table in as many ways."""
    lines = [
        ["Ref", "Customer name", "Address"],
        ["J-1", '"Ada, Park"', f'"1 Pine St{line_end}Seattle"'],
    ]
    text = line_end.join(delimiter.join(line) for line in lines) + line_end

    table = read_table(mark + text.encode())

    (row,) = table.rows
    assert row.cells == EXPECTED
    assert (row.number, row.outside) == (2, False)
    assert table.written["name"] == "Customer name"


def test_a_line_is_numbered_as_an_editor_numbers_it() -> None:
    """Also below a quoted field of several lines, and below empty ones."""
    table = read_table(b'reference,address\nJ-1,"a\nb\nc"\n\n,,\nJ-2,d\n')
    assert [row.number for row in table.rows] == [2, 7]


def test_a_short_line_has_empty_fields_and_a_long_one_is_marked() -> None:
    """What stands beyond the columns was most likely meant for another one."""
    short, long, nameless = read_table(b"reference,name,\nJ-1\nJ-2,Bo,,x\nJ-3,Cy,x\n").rows
    assert (short.cells, short.outside) == ({"reference": "J-1"}, False)
    assert long.outside
    assert nameless.outside


def test_a_formula_is_text() -> None:
    """Nothing works it out."""
    formula = "=HYPERLINK(1+1)"
    (row,) = read_table(f"reference,service\nJ-1,{formula}\n".encode()).rows
    assert row.cells["service"] == formula


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\r\n", "is empty"),
        (b"reference,name\n", "no line below"),
        (b"reference\nJ\0-1\n", "not a CSV file in UTF-8"),
        ("reference\nJ-1\n".encode("utf-16"), "not a CSV file in UTF-8"),
        (b"PK\x03\x04and more", "is a spreadsheet"),
        ("reference,name\nJ-1,Bo\nJ-2,Zoë\n".encode("latin-1"), "Line 3 is not UTF-8"),
        (b'reference,name\nJ-1,Bo\nJ-2,"Cy\nJ-3,Di\n', "Line 3 can’t be read"),
        (b'reference,name\nJ-1,"Bo" Lind\n', "Line 2 can’t be read"),
        (b"reference\n" + b"x" * (csv.field_size_limit() + 1), "Line 2 can’t be read"),
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\nx\n", "more than 50 columns"),
        (b"reference,favourite colour\nJ-1,red\n", "not known: “favourite colour”."),
        (b"a1,a2,a3,a4,a5,a6,a7\nx\n", "“a5” and 2 more"),
        (b"ref,Order number\nJ-1,x\n", "two columns for reference"),
        (b"\x1b[31mred\nx\n", "“\N{REPLACEMENT CHARACTER}[31mred”"),
        (b"x" * (MOST_BYTES + 1), "larger than 1 MB"),
        (b"reference\n" + b"J\n" * (MOST_LINES + 1), "more than 2,000 lines"),
    ],
)
def test_what_can_not_be_read_says_why(data: bytes, sentence: str) -> None:
    """Each with what to do, and none with a trace."""
    with pytest.raises(Invalid) as refused:
        read_table(data)
    assert sentence in str(refused.value)


def test_the_longest_file_is_read() -> None:
    """The limit itself is allowed."""
    assert len(read_table(b"reference\n" + b"J\n" * MOST_LINES).rows) == MOST_LINES
