"""The board's page for CSV files: a preview that writes nothing, a button that does just that."""

from __future__ import annotations

import html
import io
import re
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from notifier.domain.facts import FactSource
from notifier.importing.tables import MOST_BYTES
from notifier.store.engine import reading
from notifier.store.tables import FactRow, Job
from tests.web.board.world import Board, given_visit

PAGE = "/board/import"
DAY = (
    "\ufeffreference;service;date;from;to;name;phone;address\n"
    'JOB-1;Boiler repair;2026-11-24;9:00 AM;11:00 AM;Ada Park;206 555 0100;"1 Pine St\nSeattle"\n'
    "JOB-2;Boiler check;2026-11-24;11:00 AM;1:00 PM;Bo <Lind>;;\n"
)


def send_file(board: Board, data: bytes, name: str = "day.csv") -> TestResponse:
    """Choose a file and press Preview."""
    with_token = re.search(r'name="csrf_token" value="([^"]+)"', board.get(PAGE).text)
    assert with_token is not None
    form = {"csrf_token": with_token[1], "text": "", "file": (io.BytesIO(data), name)}
    return board.client.post(f"{PAGE}/preview", data=form, content_type="multipart/form-data")


def press_import(board: Board, page: str, *, text: str | None = None) -> TestResponse:
    """Press the button of a preview, as a browser would send its form."""
    version = re.search(r'name="version" value="([0-9a-f]+)"', page)
    assert version is not None, page
    lines = text if text is not None else text_in(page)
    sent = lines.replace("\n", "\r\n")  # as browsers end lines
    return board.press(PAGE, text=sent, version=version[1])


def text_in(page: str) -> str:
    """Return the lines that the page's form holds."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def references(board: Board) -> list[str]:
    """Return what is booked."""
    with reading(board.services.sessions) as session:
        return sorted(session.scalars(select(Job.reference)))


def test_a_file_is_previewed_and_then_imported(board: Board, dispatcher: UUID) -> None:
    """Nothing before the button; then exactly that, said by who pressed it."""
    page = send_file(board, DAY.encode()).text

    assert "What it would do: 2 new" in page
    assert "tomorrow, 9:00–11:00 AM" in page
    assert "Bo &lt;Lind&gt;" in page
    assert "nobody is written to" in page
    assert references(board) == []

    done = press_import(board, page)

    assert done.status_code == 200
    assert "Imported: 2 new." in done.text
    assert references(board) == ["JOB-1", "JOB-2"]
    with reading(board.services.sessions) as session:
        said = {(fact.source, fact.actor) for fact in session.scalars(select(FactRow))}
    assert said == {(FactSource.STAFF, f"staff:{dispatcher}")}


def test_the_same_again_has_nothing_to_import(board: Board) -> None:
    """Pasted this time."""
    press_import(board, send_file(board, DAY.encode()).text)
    page = board.press(f"{PAGE}/preview", text=DAY).text
    assert "2 booked already" in page
    assert "nothing to import" in page
    assert 'name="version"' not in page


def test_what_would_do_something_else_is_shown_anew(board: Board) -> None:
    """Because of another booking, or because the lines were edited since."""
    page = send_file(board, DAY.encode()).text

    edited = press_import(board, page, text=text_in(page).replace("JOB-2", "JOB-3"))
    assert edited.status_code == 409
    assert "the lines were changed" in edited.text
    assert references(board) == []

    given_visit(board.services, board.brand, reference="JOB-2")
    meanwhile = press_import(board, page)
    assert meanwhile.status_code == 409
    assert "1 new, 1 conflict" in meanwhile.text
    assert references(board) == ["JOB-2"]

    done = press_import(board, edited.text)  # the new preview can be agreed to
    assert "Imported: 2 new." in done.text


def test_a_line_to_mend_comes_first_and_has_no_button(board: Board) -> None:
    """The lines stay in the form, to be mended there."""
    page = send_file(board, DAY.encode() + b"JOB-3;;2026-11-31;;;;12;\n").text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert table.index("JOB-3") < table.index("JOB-1")
    assert "<b>date</b> is not a day that exists" in table
    assert "<b>service</b> is missing" in table
    assert 'name="version"' not in page
    assert "JOB-3;;2026-11-31" in text_in(page)
    assert board.press(PAGE, text=text_in(page)).status_code == 409
    assert references(board) == []


def test_what_no_page_can_show_is_marked_in_the_form(board: Board) -> None:
    """Of such a line the rest is as it was; nothing turns the writing of the page around."""
    odd = "JOB-3;\x1b[31mTap;;;;\N{RIGHT-TO-LEFT OVERRIDE}Cy\tDale;12;\n"

    page = send_file(board, (DAY + odd).encode()).text

    assert "must not hold control characters" in page
    assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(page)
    marked = "JOB-3;\N{REPLACEMENT CHARACTER}[31mTap;;;;\N{REPLACEMENT CHARACTER}Cy\tDale;12;"
    assert marked in text_in(page)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"reference\nJ\0\n", "not a CSV file in UTF-8"),
        (b"reference\nZo\xeb\n", "Line 2 is not UTF-8"),
        (b"reference,<script>\nJ,1\n", "“&lt;script&gt;”"),
        (b"reference\n" + b"x" * 200_000, "Line 2 can’t be read"),
        (b"c," * 10_000 + b"c\nx\n", "more than 50 columns"),
        (b"x" * (MOST_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_what_can_not_be_read_is_a_sentence(board: Board, data: bytes, sentence: str) -> None:
    """On the page that takes another file."""
    answer = send_file(board, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert sentence in answer.text


def test_a_long_text_is_taken_and_one_too_long_is_refused(board: Board) -> None:
    """Larger than the server takes elsewhere; the form itself ends somewhere."""
    row = "J-{},Tap," + "x" * 1_900 + "\n"
    text = "reference,service,address\n" + "".join(row.format(n) for n in range(400))
    assert "400 new" in board.press(f"{PAGE}/preview", text=text).text
    assert send_file(board, b"x" * 3 * MOST_BYTES).status_code == 413
    assert board.press("/board/search", q="x" * 3 * MOST_BYTES).status_code == 413


def test_a_formula_is_text(board: Board) -> None:
    """Shown as it is written."""
    page = send_file(board, b"reference,service\nJ-1,=1+1\n").text
    assert "<b>J-1</b> =1+1" in page


def test_only_staff_with_a_token(board: Board) -> None:
    """As every form of the board."""
    assert board.client.post(PAGE, data={"text": DAY}).status_code == 400
    board.press("/sign-out")
    assert board.get(PAGE).status_code == 401


def test_every_page_leads_there(board: Board) -> None:
    """From the foot of the board."""
    assert f'href="{PAGE}"' in board.get("/board").text
