"""The lines of a CSV file, held to the shapes that the API takes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from notifier.booking import NewAppointment, NewOrder
from notifier.domain.jobs import JobKind
from notifier.domain.phones import to_e164
from notifier.errors import Invalid
from notifier.importing.bodies import Asked, body_of
from notifier.importing.bookings import Fault, Line
from notifier.importing.columns import column_of
from notifier.importing.tables import Row, as_written, read_table
from notifier.shape_faults import shape_faults
from notifier.web.api.bookings_in import AppointmentIn, OrderIn


def read_lines(data: bytes, *, zone: str, country: str) -> tuple[Line, ...]:
    """Return the bookings that stand in `data`, each with its faults.

    :param zone: of local times on lines that name none: the brand's.
    :param country: reads numbers without a +.
    :raises Invalid: if it is no file that can be read; the sentence says what to do.
    """
    table = read_table(data)
    return tuple(_line(row, table.written, zone=zone, country=country) for row in table.rows)


def _line(row: Row, written: Mapping[str, str], *, zone: str, country: str) -> Line:
    asked = body_of(row.cells, zone)
    faults = dict(asked.faults)
    if row.outside:
        faults["line"] = "has something where the first line names no column"
    new = None
    try:
        new = _new(asked, country)
    except ValidationError as error:
        for field, sentence in shape_faults(error):
            faults.setdefault(column_of(field), sentence)
    except Invalid as invalid:
        faults.setdefault(column_of(invalid.field), str(invalid))
    return Line(
        number=row.number,
        kind=asked.kind,
        reference=as_written(row.cells.get("reference", "")),
        new=None if faults else new,
        written=written,
        faults=tuple(Fault(written.get(name, name), text) for name, text in faults.items()),
    )


def _new(asked: Asked, country: str) -> NewAppointment | NewOrder:
    if asked.kind is JobKind.ORDER:
        return OrderIn.model_validate(asked.body).to_new(country)
    new = AppointmentIn.model_validate(asked.body).to_new(country)
    if new.technician_phone is not None:
        _check_phone(new.technician_phone, country)
    return new


def _check_phone(phone: str, country: str) -> None:
    try:
        to_e164(phone, country)
    except ValueError as error:
        raise Invalid("technician.phone", str(error)) from None
