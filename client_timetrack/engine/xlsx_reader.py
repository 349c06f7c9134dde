"""Read the first sheet of a workbook as a table of the import, row by row, without Odoo.

Cells keep what Excel knows of them: a date is a date, hours in the format ``[h]:mm`` are hours, whatever the profile
says about separators. Formulas count by their last result. A workbook is somebody else's file: what unpacks to too
much, or brings definitions of entities along, is refused before it is read.
"""

import io
import zipfile
from datetime import date, datetime, time, timedelta

from .csv_import import BLANKS, FileError, Table, Typed

MAGIC = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MAX_UNPACKED = 1 << 30
MAX_PARTS = 10_000
MAX_COLUMNS = 1_000
HOUR = 3600


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a workbook rather than a text; old and protected ones too, to say so."""
    return data.startswith((MAGIC, OLD_EXCEL))


def read_xlsx(data: bytes) -> Table:
    """Read the first sheet that has a header.

    :raise FileError: ``old_workbook`` (or protected by a password), ``bad_workbook``, ``too_large`` or ``empty``
    """
    if data.startswith(OLD_EXCEL):
        raise FileError("old_workbook")
    _check_parts(data)
    # here, not above: reading text needs no library
    import openpyxl

    try:
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in workbook.worksheets:
            records = _records(sheet)
            _line, header, _problem = next(records, (0, [], None))
            if header:
                return Table([str(name) for name in header], records)
    except FileError:
        raise
    except Exception as error:
        # whatever the library stumbles over, the file is what is wrong
        raise FileError("bad_workbook", detail=str(error)) from error
    raise FileError("empty")


def _check_parts(data: bytes):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise FileError("too_large")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        if b"<!DOCTYPE" in content.read(4096).upper():
                            raise FileError("bad_workbook", detail="DOCTYPE")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileError("bad_workbook", detail=str(error)) from error


def _records(sheet):
    """Yield (number of the row, cells, None); empty rows are passed over."""
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1):
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
