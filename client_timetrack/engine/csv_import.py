"""Read exports of time records into typed rows, without Odoo.

How it works
    ``text_reader.read_csv`` turns a file into a :class:`Table`: the header, and records that know the line of the
    file on which they start. ``parse_table`` turns a table into :class:`Row` objects by a :class:`Spec`. Another format
    (a workbook, say) needs only its own function that returns a table. Nothing here holds more than a row: the memory
    that a file takes does not grow with it.

    Columns are found by name, never by position: an exporter that adds or moves a column changes nothing here.

How errors are told
    What makes the whole file unusable raises :class:`FileError`. What concerns one row is a :class:`Problem` in
    ``row.errors``; a row may have several, and all of them are reported. Both carry a code and parameters: the caller
    owns the wording, so that it can be translated.

Example
    >>> from .text_reader import read_csv
    >>> spec = Spec(columns=(
    ...     Column("date", ("Date",), kind="date", required=True),
    ...     Column("hours", ("Hours",), kind="hours", required=True),
    ... ), date_formats=("%d/%m/%Y",))
    >>> rows = list(parse_table(read_csv(b"Hours;Date\\n1:30;05/11/2024\\n2;soon\\n"), spec))
    >>> rows[0].line, rows[0].values["hours"], rows[0].values["date"].isoformat()
    (2, 1.5, '2024-11-05')
    >>> rows[1].errors[0].line, rows[1].errors[0].code, rows[1].errors[0].column
    (3, 'bad_date', 'Date')
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from .import_dates import AUTO, ISO, AmbiguousDates, after_midnight, detect_formats, parse_date, parse_moment

BLANKS = " \t\r\n\u00a0\u202f\u2009\ufeff"
_DURATION = re.compile(r"(\d{1,6}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?", re.ASCII)
# Longer than this a value is no description, but a quotation mark that was never closed.
MAX_CELL = 131_072
# What exporters write for yes and no.
FLAGS = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "oui", "ja", "si", "sí", "sim", "billable"), True),
    **dict.fromkeys(("no", "n", "false", "0", "non", "nein", "nee", "não", "nao", "non-billable"), False),
}
# What a spreadsheet may pass over before it takes a cell for a formula.
_BEFORE_A_FORMULA = re.compile(rf"[\s{BLANKS}]*")
_SIGNED_NUMBER = re.compile(r"[+-]\d+([.,:]\d+)*", re.ASCII)


class FileError(Exception):
    """The file as a whole cannot be read.

    :ivar code: ``empty``, ``encoding``, ``bad_header``, ``missing_columns``, ``repeated_column`` or
        ``ambiguous_dates``; of workbooks ``old_workbook``, ``bad_workbook`` or ``too_large``
    :ivar params: values for the message of that code
    """

    def __init__(self, code: str, **params):
        super().__init__(f"{code}: {params}")
        self.code = code
        self.params = params


class NumberError(ValueError):
    """A text is no number; ``code`` says why (``bad_number`` or ``ambiguous_number``)."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Typed(str):
    """What a cell says, beside the value that a workbook knows it to be: a moment, or a number (of hours)."""

    def __new__(cls, text: str, value):
        cell = super().__new__(cls, text)
        cell.value = value
        return cell


@dataclass(frozen=True)
class Problem:
    """Something about one row: where it is, what the cell says and why it will not do."""

    line: int
    code: str
    column: str = ""
    value: str = ""
    params: dict = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Column:
    """How one target gets its value.

    Several columns with the same target are joined with a space, in their order (first name, last name).

    :ivar target: name of the value in ``Row.values``
    :ivar names: accepted names of the column; the first one found in the file is taken
    :ivar kind: ``text``, ``date``, ``hours``, ``flag`` (yes or no), or ``moment`` (date and time of day from all of its
        columns; nothing where one of them is empty)
    :ivar constant: the value where ``names`` is empty
    :ivar prefix: text put before a value that is not empty
    :ivar required: an empty value makes the row invalid
    :ivar optional: the file may lack the column
    """

    target: str
    names: tuple = ()
    kind: str = "text"
    constant: str = ""
    prefix: str = ""
    required: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Spec:
    """What to make of a table.

    :ivar date_formats: ``strptime`` formats, tried in this order; ``auto`` to find them from the whole column
    :ivar decimal_mark: ``.``, ``,`` or ``auto``
    :ivar max_hours: hours above which a row is refused; 0 for no limit
    :ivar key_columns: names of the columns that identify a row, as it is written
    :ivar key_targets: without key columns, the targets whose values identify a row, however they are written; rows with
        the same values are different rows. Empty for all targets
    """

    columns: tuple
    date_formats: tuple = ("%Y-%m-%d",)
    decimal_mark: str = "auto"
    max_hours: float = 0.0
    key_columns: tuple = ()
    key_targets: tuple = ()


@dataclass
class Table:
    """A header and records ``(line, cells, problem code or None)``; ``notices`` say what had to be guessed.

    The records can be iterated over more than once.
    """

    header: list
    records: Iterable
    encoding: str = ""
    delimiter: str = ""
    notices: list = field(default_factory=list)


@dataclass
class Row:
    """One record of the file: its first line, its raw cells, typed values, identity and what is wrong with it.

    :ivar repeats: whether another row with the same key is another row: the caller counts them (see ``row_hash``)
    :ivar links: the caller's, for what the values refer to
    """

    line: int
    cells: list
    values: dict = field(default_factory=dict)
    key: tuple = ()
    repeats: bool = False
    errors: list = field(default_factory=list)
    links: dict = field(default_factory=dict)


# ---------------------------------------------------------------- from a table to rows


def parse_table(table: Table, spec: Spec) -> Iterator:
    """Yield a :class:`Row` for each record of the table, good or bad.

    :raise FileError: ``missing_columns`` or ``repeated_column``, before the first row
    """
    places = _locate(table.header, spec)
    if AUTO in spec.date_formats:
        spec = _find_dates(table, spec, places)
    keys = [(name, _position(table.header, name)) for name in spec.key_columns]
    return _rows(table, spec, places, keys)


def _find_dates(table: Table, spec: Spec, places: list) -> Spec:
    """The spec with the formats of the dates of the table, which is read as a whole to find them.

    :raise FileError: ``ambiguous_dates``
    """
    columns = [at for column, at in places if column.kind == "date" and at is not None]
    texts = (cells[at] for _line, cells, problem in table.records for at in columns if not problem and at < len(cells))
    try:
        found = detect_formats(text.strip(BLANKS) for text in texts if text.strip(BLANKS) and not _typed(text))
    except AmbiguousDates as error:
        raise FileError("ambiguous_dates", value=error.text, formats=", ".join(error.formats)) from error
    named = tuple(pattern for pattern in spec.date_formats if pattern != AUTO)
    return replace(spec, date_formats=found + named or (ISO,))


def _typed(cell: str):
    """The value that a workbook knows a cell to have, else None."""
    return getattr(cell, "value", None)


def _rows(table: Table, spec: Spec, places: list, keys: list) -> Iterator:
    width = len(table.header)
    for line, cells, problem in table.records:
        row = Row(line, cells)
        if problem:
            row.errors.append(Problem(line, problem))
        elif any("\0" in cell for cell in cells):
            row.errors.append(Problem(line, "control_character"))
        elif any(len(cell) > MAX_CELL for cell in cells):
            row.errors.append(Problem(line, "long_cell"))
        elif any(cell.strip(BLANKS) for cell in cells[width:]):
            row.errors.append(Problem(line, "too_many_cells", params={"cells": len(cells), "columns": width}))
        else:
            cells = row.cells = (cells + [""] * width)[:width]
            _fill(row, spec, places)
            row.repeats = not keys
            row.key = tuple((name, cells[at].strip(BLANKS)) for name, at in keys) or _identity(row, spec)
        yield row


def _identity(row: Row, spec: Spec) -> tuple:
    """What a row says, in one spelling: another order of columns or another format of dates changes nothing."""
    values = ((target, row.values.get(target)) for target in spec.key_targets or sorted(row.values))
    return tuple((target, _canonical(value)) for target, value in values if value not in (None, ""))


def _canonical(value) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    return value.isoformat() if isinstance(value, date) else value


def normal(name: str) -> str:
    """The name of a column, without case and spaces that do not count."""
    return " ".join(name.split()).casefold()


def _position(header: list, name: str):
    """Index of a column: exact name first, else the same but for case and spaces; None if absent.

    :raise FileError: ``repeated_column`` if the name does not say which
    """
    for same in (lambda other: other == name, lambda other: normal(other) == normal(name)):
        found = [at for at, other in enumerate(header) if same(other)]
        if len(found) > 1:
            raise FileError("repeated_column", column=name)
        if found:
            return found[0]
    return None


def _locate(header: list, spec: Spec) -> list:
    """Pair every column of the spec with its index in the file (None: constant, or absent though optional)."""
    places, missing = [], []
    for column in spec.columns:
        found = [at for at in (_position(header, name) for name in column.names) if at is not None]
        if column.names and not found and not column.optional:
            missing.append(" / ".join(column.names))
        places.append((column, found[0] if found else None))
    missing += [name for name in spec.key_columns if _position(header, name) is None]
    if missing:
        raise FileError("missing_columns", missing=list(dict.fromkeys(missing)), present=[n for n in header if n])
    return places


def _fill(row: Row, spec: Spec, places: list):
    """Set the values of a row from its cells, or its errors."""
    texts, missing = {}, set()
    for column, at in places:
        text = _text(row.cells[at]) if at is not None else ("" if column.names else column.constant)
        if text:
            texts.setdefault(column.target, []).append(column.prefix + text if column.prefix else text)
        else:
            missing.add(column.target)
    for target, column, name in _targets(places):
        parts = texts.get(target, ())
        if column.kind == "moment" and target in missing:
            parts = ()
        text = parts[0] if len(parts) == 1 else " ".join(parts)
        if not text:
            row.values[target] = None if column.kind != "text" else ""
            if column.required:
                row.errors.append(Problem(row.line, "missing", name))
            continue
        try:
            row.values[target] = _convert(text, column, spec)
        except ValueError as error:
            code = getattr(error, "code", "bad_date")
            if column.kind == "moment" and any(problem.code == code for problem in row.errors):
                continue  # it is the date, which is told already
            params = {"formats": ", ".join(spec.date_formats), "max_hours": spec.max_hours}
            row.errors.append(Problem(row.line, code, name, text, params))
    _order_moments(row)


def _text(cell: str) -> str:
    return cell if _typed(cell) is not None else cell.strip(BLANKS)


def _order_moments(row: Row):
    """Work ends after it starts; who says one of both only says nothing."""
    start, stop = row.values.get("start"), row.values.get("stop")
    if start and stop:
        row.values["stop"] = after_midnight(start, stop)
    elif "start" in row.values or "stop" in row.values:
        row.values.update(start=None, stop=None)


def _targets(places: list) -> list:
    """One (target, deciding column, name to show) for each target: it is required if any of its columns is."""
    result = {}
    for column, _at in places:
        name = " / ".join(column.names) or column.target
        if column.target not in result:
            result[column.target] = (column, name)
        elif column.required and not result[column.target][0].required:
            result[column.target] = (column, result[column.target][1])
    return [(target, column, name) for target, (column, name) in result.items()]


def _convert(text: str, column: Column, spec: Spec):
    value = _typed(text)
    if column.kind == "date":
        return value.date() if isinstance(value, datetime) else _parse_day(text, spec.date_formats)
    if column.kind == "moment":
        return value if isinstance(value, datetime) else parse_moment(text, (*spec.date_formats, ISO))
    if column.kind == "flag":
        return parse_flag(text)
    if column.kind == "hours":
        hours = value if isinstance(value, float) else parse_hours(text, spec.decimal_mark)
        # hours of work are above zero and below the limit; hours planned may be nothing
        if hours < 0 or (column.required and not hours):
            raise NumberError("not_positive")
        if column.required and spec.max_hours and hours > spec.max_hours:
            raise NumberError("too_many_hours")
        return hours
    return str(text)


def _parse_day(text: str, formats: tuple) -> date:
    """A date, which may have a time of day behind it."""
    try:
        return parse_date(text, formats)
    except ValueError:
        return parse_moment(text, formats).date()


def parse_flag(text: str) -> bool:
    """Yes or no.

    :raise NumberError: ``bad_flag``

    >>> parse_flag("Yes"), parse_flag("non-billable")
    (True, False)
    """
    try:
        return FLAGS[text.strip(BLANKS).casefold()]
    except KeyError:
        raise NumberError("bad_flag") from None


# ---------------------------------------------------------------- cells


def parse_hours(text: str, decimal_mark: str = "auto") -> float:
    """Hours from a decimal number or a duration ``HH:MM`` or ``HH:MM:SS``.

    >>> parse_hours("1:30"), parse_hours("1,5"), parse_hours("2.000,0")
    (1.5, 1.5, 2000.0)
    """
    text = text.strip(BLANKS)
    duration = _DURATION.fullmatch(text)
    if duration:
        hours, minutes, seconds = (int(part or 0) for part in duration.groups())
        return (hours * 3600 + minutes * 60 + seconds) / 3600
    return float(parse_decimal(text, decimal_mark))


def parse_decimal(text: str, decimal_mark: str = "auto") -> Decimal:
    """A decimal number, thousands separated or not.

    ``auto`` takes the last of two different separators for the decimal mark, a single one too, unless it could as well
    separate thousands (``1.500``): that is refused rather than guessed.

    :raise NumberError: ``bad_number`` or ``ambiguous_number``

    >>> parse_decimal("2.000,0"), parse_decimal("1'234.5", "."), parse_decimal("0.125")
    (Decimal('2000.0'), Decimal('1234.5'), Decimal('0.125'))
    """
    bare = re.sub(r"(?<=\d)['\u2019 \u00a0\u202f](?=\d{3}(?!\d))", "", text.strip(BLANKS))
    mark = decimal_mark
    if mark == "auto":
        mark = _guess_mark(bare)
    other = "," if mark == "." else "."
    whole = rf"(?:\d+|\d{{1,3}}(?:{re.escape(other)}\d{{3}})+)"
    if not re.fullmatch(rf"[+-]?(?:{whole}(?:{re.escape(mark)}\d*)?|{re.escape(mark)}\d+)", bare, re.ASCII):
        raise NumberError("bad_number")
    return Decimal(bare.replace(other, "").replace(mark, "."))


def _guess_mark(text: str) -> str:
    """The decimal mark of a number by its own looks.

    :raise NumberError: ``ambiguous_number``
    """
    marks = [char for char in text if char in ".,"]
    if not marks:
        return "."
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text, re.ASCII):
        raise NumberError("ambiguous_number")
    return marks[0]


def harmless(cell: str) -> str:
    """A cell as it can be opened in a spreadsheet: what would be taken for a formula becomes text, numbers stay.

    >>> harmless("=cmd|' /C calc'!A0"), harmless("-1.5"), harmless("+ 3")
    ("'=cmd|' /C calc'!A0", '-1.5', "'+ 3")
    """
    is_formula = cell.startswith(("=", "+", "-", "@"), _BEFORE_A_FORMULA.match(cell).end())
    return "'" + cell if is_formula and not _SIGNED_NUMBER.fullmatch(cell) else cell


def row_hash(scope: Iterable, key: Iterable, number: int = 0) -> str:
    """A stable name for a row: the same key in the same scope (a company, say) gives the same text, always.

    Case and spaces of the columns' names do not count; those of the values do.

    :param number: which of the rows with this key it is, from 1, where they are different rows
    """
    counted = [("", str(number))] if number else []
    identity = [list(scope), [[normal(name), value] for name, value in (*key, *counted)]]
    text = json.dumps(identity, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


# ---------------------------------------------------------------- rows that wait


def pack_row(row: Row) -> str:
    """A row as text, to be kept until its turn; ``unpack_row`` gives it back, without its links and key."""
    values = {name: _pack(value) for name, value in row.values.items()}
    errors = [[problem.code, problem.column, problem.value, problem.params] for problem in row.errors]
    return json.dumps([row.line, row.cells, values, errors], separators=(",", ":"))


def _pack(value):
    """Dates and moments as what JSON has no form for."""
    return [value.isoformat()] if isinstance(value, date) else value


def unpack_row(text: str) -> Row:
    """The row that ``pack_row`` was given."""
    line, cells, values, errors = json.loads(text)
    return Row(
        line,
        cells,
        {name: _unpack(value) for name, value in values.items()},
        errors=[Problem(line, *problem) for problem in errors],
    )


def _unpack(value):
    if not isinstance(value, list):
        return value
    [text] = value
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
