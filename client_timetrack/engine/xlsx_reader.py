"""Read the first sheet of a workbook as a table of the import, row by row, without Odoo.

Cells keep what Excel knows of them: a date is a date, hours in the format ``[h]:mm`` are hours, whatever the profile
says about separators. Formulas count by their last result. A workbook is somebody else's file: what unpacks to too
much, or brings definitions of entities along, is refused before it is read.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from .csv_import import BLANKS, FileError, Table, Typed

MAGIC = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MAX_UNPACKED = 1 << 30
MAX_PARTS = 10_000
MAX_COLUMNS = 1_000
HOUR = 3600


def is_workbook(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a workbook rather than a text; old and protected ones too."""
    return data.startswith((MAGIC, OLD_EXCEL))


def read_xlsx(source: bytes | BinaryIO) -> Table:
    """Read the first sheet that has a header.

    :param source: the bytes, or a binary file; it stays the caller's to close, once the records are read
    :raise FileError: ``old_workbook`` (or protected by a password), ``bad_workbook``, ``too_large`` or ``empty``
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    file.seek(0)
    if file.read(len(OLD_EXCEL)) == OLD_EXCEL:
        raise FileError("old_workbook")
    _check_parts(file)
    # here, not above: reading text needs no library
    import openpyxl

    with _blaming_the_file():
        sheets = openpyxl.load_workbook(file, read_only=True, data_only=True).worksheets
    for sheet in sheets:
        records = SheetRecords(sheet)
        _line, header, _problem = next(records.with_header(), (0, [], None))
        if header:
            return Table([str(name) for name in header], records)
    raise FileError("empty")


@contextmanager
def _blaming_the_file():
    """Whatever the library stumbles over, the file is what is wrong."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:
        raise FileError("bad_workbook", detail=str(error)) from error


def _check_parts(file: BinaryIO):
    with _blaming_the_file(), zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise FileError("too_large")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as content:
                    if b"<!DOCTYPE" in content.read(4096).upper():
                        raise FileError("bad_workbook", detail="DOCTYPE")


class SheetRecords:
    """The records of a sheet behind its header: (number of the row, cells, None)."""

    def __init__(self, sheet):
        self.sheet = sheet

    def __iter__(self) -> Iterator:
        records = self.with_header()
        next(records)
        yield from records

    def with_header(self) -> Iterator:
        """Yield the header, then the records; empty rows are passed over."""
        rows = enumerate(self.sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1)
        while True:
            with _blaming_the_file():
                number, values = next(rows, (0, None))
            if values is None:
                return
            cells = [_cell(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield number, cells, None


def _cell(value):
    """A cell as text that remembers what it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        midnight = value.time() == time.min
        text = value.strftime("%Y-%m-%d") if midnight else value.strftime("%Y-%m-%d %H:%M:%S")
        return Typed(text, value)
    if isinstance(value, date):
        return Typed(value.strftime("%Y-%m-%d"), datetime.combine(value, time.min))
    if isinstance(value, timedelta):
        return _hours(value.total_seconds() / HOUR)
    if isinstance(value, time):
        hours = value.hour + value.minute / 60 + value.second / HOUR
        return Typed(value.strftime("%H:%M:%S"), hours)
    if isinstance(value, int | float):
        return Typed(f"{value:.10f}".rstrip("0").rstrip("."), float(value))
    return str(value).strip(BLANKS)


def _hours(hours):
    minutes = round(hours * 60)
    return Typed(f"{minutes // 60}:{minutes % 60:02}", hours)
