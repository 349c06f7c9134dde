"""Workbooks that finance people can check: real numbers and dates, live formulas, a header that says what it is.

Plain Python and XlsxWriter (3.0.2 on); no ORM. What is written is described by data: a :class:`Header` and a list of
:class:`Sheet`, each with :class:`Column` objects and rows of values.

How it works
    A column is a value, a ratio of two other columns or a difference of two. Values come from the rows; ratios and
    differences are formulas, as are all totals, each with its result stored beside it, so that programs that don't
    calculate (previews, readers) show the same figures. A ratio's total is the ratio of the totals, never a mean. A
    ratio whose denominator is not positive reads "n/a".

    Totals are sub-totals: filtered rows leave them. Below them a figure that comes from elsewhere may be set against a
    total (:class:`Tie`), with the difference as a formula.

    Text is always written as text: nothing that comes from a user can become a formula.

    Details by the ten thousand are written by :func:`stream`, row by row, in memory that does not grow with them.

Example
    >>> sheet = Sheet("Hours", [
    ...     Column("name", "Name"),
    ...     Column("net", "Net", HOURS, total=True),
    ...     Column("billable", "Billable", HOURS, total=True),
    ...     Ratio("utilization", "Utilization", "billable", "net"),
    ... ], [{"name": "Ada", "net": 40.0, "billable": 30.0}])
    >>> build(Header("Firm", [("Currency", "EUR")]), [sheet])[:2]
    b'PK'
"""

import io
from dataclasses import dataclass, field
from datetime import date

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

TEXT = "text"
HOURS = "hours"
MONEY = "money"
DATE = "date"
PERCENT = "percent"
INDEX = "index"

NUMBER_FORMATS = {HOURS: "#,##0.00", MONEY: "#,##0.00", PERCENT: "0.0%", INDEX: "0.00", DATE: "yyyy-mm-dd"}
NOT_AVAILABLE = "n/a"
# What is text stays text, whatever it starts with; nothing is kept in memory.
STREAMING = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
# Widths of columns whose longest text nobody knows.
STREAM_WIDTHS = {TEXT: 26, DATE: 12}
# A sheet of Excel has no more rows than this, and a cell no more characters.
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
# Characters that Excel forbids in the name of a sheet.
FORBIDDEN_IN_NAMES = "[]:*?/\\"
# More bars than this cannot be read; the chart then shows the first rows only.
CHART_ROWS = 25
MAX_WIDTH = 48


@dataclass(frozen=True)
class Column:
    """Values of the rows under ``key``; ``total`` asks for a sum below them."""

    key: str
    label: str
    kind: str = TEXT
    total: bool = False


@dataclass(frozen=True)
class Ratio:
    """``numerator / denominator``: keys of columns to the left. Not available unless the denominator is positive (or is
    not available itself)."""

    key: str
    label: str
    numerator: str
    denominator: str
    kind: str = PERCENT
    total: bool = True


@dataclass(frozen=True)
class Difference:
    """``minuend - subtrahend``: keys of columns to the left; ``floor`` asks for nothing below zero. Not available if
    one of them is not.

    Without a floor the total is the difference of the totals; with one it is the sum of the rows.
    """

    key: str
    label: str
    minuend: str
    subtrahend: str
    kind: str = HOURS
    total: bool = True
    floor: bool = False


@dataclass(frozen=True)
class Product:
    """``left x right``: keys of columns to the left; the total is the sum of the rows. Not available if one is
    empty."""

    key: str
    label: str
    left: str
    right: str
    kind: str = HOURS
    total: bool = True


@dataclass(frozen=True)
class Tie:
    """What the total of the column ``key`` has to come to, from another source than the rows."""

    label: str
    key: str
    value: float
    difference_label: str = "Difference"


@dataclass(frozen=True)
class Style:
    """Formats of numbers, as Excel writes them: it puts in the separators of the reader itself."""

    money: str = NUMBER_FORMATS[MONEY]
    date: str = NUMBER_FORMATS[DATE]


@dataclass(frozen=True)
class Chart:
    """A bar chart of some columns by the first one."""

    title: str
    keys: tuple
    category: str


@dataclass(frozen=True)
class Sheet:
    """A table with a header block, totals and at most one chart."""

    name: str
    columns: list
    rows: list
    chart: Chart = None
    note: str = ""
    total_label: str = "Total"
    ties: list = field(default_factory=list)


@dataclass(frozen=True)
class Header:
    """What stands above every table: a title and (label, value) pairs; dates stay dates."""

    title: str
    lines: list = field(default_factory=list)


def build(header, sheets, style=None):
    """Write a workbook.

    :param header: the ``Header`` that every sheet starts with, or one for each sheet
    :param sheets: list of ``Sheet``
    :param Style style: formats of numbers
    :return: the bytes of an .xlsx file
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    formats = _Formats(book, style)
    taken = set()
    headers = header if isinstance(header, list) else [header] * len(sheets)
    for own, sheet in zip(headers, sheets, strict=True):
        name = sheet_name(sheet.name, taken)
        _SheetWriter(book, formats, name, sheet).write_sheet(own)
    book.close()
    return target.getvalue()


def stream(path, header, sheet, style=None):
    """Write a workbook of one long table to a file, in memory that does not grow with its rows.

    :param path: of the file
    :param Header header: what stands above the table
    :param Sheet sheet: with columns of the class ``Column`` only, whose rows are an iterable of tuples in their order
    :param Style style: formats of numbers
    :return: how many rows were written
    :raise ValueError: they are more than a sheet can hold
    """
    book = xlsxwriter.Workbook(path, {**STREAMING, "default_date_format": (style or Style()).date})
    try:
        name = sheet_name(sheet.name, set())
        return _StreamWriter(book, _Formats(book, style), name, sheet).write_sheet(header)
    finally:
        book.close()


def sheet_name(name, taken):
    """A name that Excel accepts and that is not ``taken`` (a set of lower-case names, which grows).

    >>> taken = set()
    >>> sheet_name("A/B: budget", taken), sheet_name("A B  budget", taken)
    ('A B  budget', 'A B  budget 2')
    """
    clean = "".join(" " if char in FORBIDDEN_IN_NAMES else char for char in name).strip(" '")[:31] or "Sheet"
    candidate, number = clean, 1
    while candidate.lower() in taken:
        number += 1
        suffix = f" {number}"
        candidate = clean[: 31 - len(suffix)] + suffix
    taken.add(candidate.lower())
    return candidate


def divide(numerator, denominator):
    """``numerator / denominator``, or None unless the denominator is positive."""
    return (numerator or 0.0) / denominator if denominator and denominator > 0 else None


class _Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book, style=None):
        self._book = book
        self._cache = {}
        self._numbers = dict(NUMBER_FORMATS)
        if style:
            self._numbers |= {MONEY: style.money, DATE: style.date}

    def get(self, kind=TEXT, **properties):
        """The format of a kind of cells with some properties; the same one each time."""
        key = (kind, tuple(sorted(properties.items())))
        if key not in self._cache:
            if kind in self._numbers:
                properties["num_format"] = self._numbers[kind]
            if kind != TEXT:
                # what is not available stands where the numbers do, and days beside words are to be told from these
                properties.setdefault("align", "left" if kind == DATE else "right")
            self._cache[key] = self._book.add_format(properties)
        return self._cache[key]

    def title(self):
        """Of the title of a sheet."""
        return self.get(bold=True, font_size=14)

    def label(self):
        """Of what stands beside the title."""
        return self.get(font_color="#666666")

    def head(self, kind):
        """Of the title of a column of that kind."""
        align = "left" if kind in (TEXT, DATE) else "right"
        return self.get(bold=True, bg_color="#E7EDF3", bottom=1, text_wrap=True, valign="vcenter", align=align)

    def total(self, kind):
        """Of the total of a column of that kind."""
        return self.get(kind, bold=True, top=1)


class _SheetWriter:
    """Writes one sheet; knows where each column and row is."""

    def __init__(self, book, formats, name, sheet):
        self.book = book
        self.formats = formats
        self.sheet = sheet
        self.name = name
        self.page = book.add_worksheet(name)
        self.index = {column.key: index for index, column in enumerate(sheet.columns)}
        self.first_row = 0
        self.label_width = 0

    def write_sheet(self, header):
        """Header block, table, totals, chart, in this order."""
        head_row = self._write_header(header)
        self._write_head(head_row)
        self.first_row = head_row + 1
        values = [self._write_row(self.first_row + offset, row) for offset, row in enumerate(self.sheet.rows)]
        total_row = self.first_row + len(values)
        sums = self._write_totals(total_row, values)
        last = self._write_ties(total_row, sums)
        self._write_table(head_row, len(values))
        self._write_chart(last + 2)
        self.page.freeze_panes(self.first_row, 1)
        self._set_widths()
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        self.page.repeat_rows(head_row)

    def _write_header(self, header):
        """Write the header block; return the row of the table's head."""
        self.label_width = max((len(label) + 2 for label, _value in header.lines), default=0)
        self.page.write_string(0, 0, f"{header.title} - {self.sheet.name}", self.formats.title())
        row = 1
        lines = [*header.lines, ("", self.sheet.note)] if self.sheet.note else header.lines
        for label, value in lines:
            self.page.write_string(row, 0, label, self.formats.label())
            if isinstance(value, date):
                self.page.write_datetime(row, 1, value, self.formats.get(DATE, align="left"))
            elif isinstance(value, float):
                self.page.write_number(row, 1, value, self.formats.get(MONEY, align="left"))
            else:
                self.page.write_string(row, 1, str(value))
            row += 1
        return row + 1

    def _write_head(self, row):
        self.page.set_row(row, 30)
        for index, column in enumerate(self.sheet.columns):
            self.page.write_string(row, index, column.label, self.formats.head(column.kind))

    def _write_table(self, row, size):
        """Make the rows a table of Excel, which can be sorted and filtered; its headings have to differ."""
        if not size:
            return
        taken = set()
        columns = []
        for column in self.sheet.columns:
            label = column.label
            while label.lower() in taken:
                label += " "
            taken.add(label.lower())
            columns.append({"header": label, "header_format": self.formats.head(column.kind)})
        self.page.add_table(row, 0, row + size, len(columns) - 1, {"columns": columns, "style": None})

    def _write_row(self, row, values):
        """Write one row; return its values with the results of its formulas."""
        values = dict(values)
        for index, column in enumerate(self.sheet.columns):
            if not isinstance(column, Column):
                values[column.key] = compute(column, values)
                self._write_formula(row, column, values[column.key], self.formats.get(column.kind))
            else:
                self._write_value(row, index, column.kind, values.get(column.key))
        return values

    def _write_value(self, row, index, kind, value):
        """Write a value by its kind; None leaves the cell empty."""
        cell_format = self.formats.get(kind)
        if value is None:
            self.page.write_blank(row, index, None, cell_format)
        elif kind == TEXT:
            self.page.write_string(row, index, str(value)[:MAX_TEXT], cell_format)
        elif kind == DATE:
            self.page.write_datetime(row, index, value, cell_format)
        else:
            self.page.write_number(row, index, value, cell_format)

    def _write_formula(self, row, column, result, cell_format):
        """Write what is worked out of cells in the same row."""
        if isinstance(column, Ratio):
            top, bottom = self._cell(row, column.numerator), self._cell(row, column.denominator)
            positive = f"N({bottom})>0" if self._may_lack(column.denominator) else f"{bottom}>0"
            if self._may_lack(column.numerator):
                positive = f"AND({positive},ISNUMBER({top}))"
            formula = f'=IF({positive},{top}/{bottom},"{NOT_AVAILABLE}")'
        elif isinstance(column, Product):
            left, right = self._cell(row, column.left), self._cell(row, column.right)
            formula = f'=IF(AND(ISNUMBER({left}),ISNUMBER({right})),{left}*{right},"{NOT_AVAILABLE}")'
        else:
            minuend, subtrahend = self._cell(row, column.minuend), self._cell(row, column.subtrahend)
            formula = f"{minuend}-{subtrahend}"
            formula = f"MAX(0,{formula})" if column.floor else formula
            if self._may_lack(column.minuend) or self._may_lack(column.subtrahend):
                both = f"AND(ISNUMBER({minuend}),ISNUMBER({subtrahend}))"
                formula = f'IF({both},{formula},"{NOT_AVAILABLE}")'
            formula = f"={formula}"
        value = NOT_AVAILABLE if result is None else result
        self.page.write_formula(row, self.index[column.key], formula, cell_format, value)

    def _may_lack(self, key):
        """Whether a cell of the column may read "n/a"."""
        column = self.sheet.columns[self.index[key]]
        if isinstance(column, Difference):
            return self._may_lack(column.minuend) or self._may_lack(column.subtrahend)
        return isinstance(column, (Ratio, Product))

    def _write_totals(self, row, values):
        """Sum the columns that ask for it; ratios and differences are taken of the sums. Return the results."""
        sums = {}
        if not values or not any(column.total for column in self.sheet.columns):
            return sums
        for index, column in enumerate(self.sheet.columns):
            cell_format = self.formats.total(column.kind)
            if index == 0:
                self.page.write_string(row, index, self.sheet.total_label, cell_format)
            elif not column.total:
                self.page.write_blank(row, index, None, cell_format)
            elif isinstance(column, (Column, Product)) or getattr(column, "floor", False):
                sums[column.key] = sum(line.get(column.key) or 0.0 for line in values)
                first, last = self._cell(self.first_row, column.key), self._cell(row - 1, column.key)
                self.page.write_formula(row, index, f"=SUBTOTAL(109,{first}:{last})", cell_format, sums[column.key])
            else:
                sums[column.key] = compute(column, sums)
                self._write_formula(row, column, sums[column.key], cell_format)
        return sums

    def _write_ties(self, row, sums):
        """Set figures from elsewhere against the totals; return the last row."""
        total_row = row
        for tie in self.sheet.ties if sums else ():
            kind = self.sheet.columns[self.index[tie.key]].kind
            index = self.index[tie.key]
            total = self._cell(total_row, tie.key)
            self.page.write_string(row + 1, 0, tie.label, self.formats.label())
            self.page.write_number(row + 1, index, tie.value, self.formats.get(kind))
            self.page.write_string(row + 2, 0, tie.difference_label, self.formats.label())
            difference = round((sums[tie.key] or 0.0) - tie.value, 6)
            formula = f"=ROUND({total}-{self._cell(row + 1, tie.key)},6)"
            self.page.write_formula(row + 2, index, formula, self.formats.get(kind), difference)
            row += 2
        return row

    def _write_chart(self, row):
        chart_of = self.sheet.chart
        if not chart_of or not self.sheet.rows:
            return
        last = self.first_row + min(len(self.sheet.rows), CHART_ROWS) - 1
        chart = self.book.add_chart({"type": "column"})
        chart.set_title({"name": chart_of.title, "name_font": {"size": 12}})
        category = self.index[chart_of.category]
        for key in chart_of.keys:
            index = self.index[key]
            chart.add_series(
                {
                    "name": [self.name, self.first_row - 1, index],
                    "categories": [self.name, self.first_row, category, last, category],
                    "values": [self.name, self.first_row, index, last, index],
                }
            )
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 860, "height": 320})
        self.page.insert_chart(row, 0, chart)

    def _set_widths(self):
        for index, column in enumerate(self.sheet.columns):
            width = max([12, *(len(word) + 2 for word in column.label.split())])
            if column.kind == TEXT:
                longest = max((len(str(row.get(column.key) or "")) for row in self.sheet.rows), default=0)
                width = min(max(width, longest + 2), MAX_WIDTH)
            self.page.set_column(index, index, width if index else max(width, self.label_width))

    def _cell(self, row, key):
        return xl_rowcol_to_cell(row, self.index[key])


class _StreamWriter(_SheetWriter):
    """Writes one long sheet row by row: what is written is not kept."""

    def write_sheet(self, header):
        """Header block, rows, sub-totals; return the number of rows."""
        head_row = self._write_header(header)
        self._write_head(head_row)
        self.first_row = head_row + 1
        for index, column in enumerate(self.sheet.columns):
            width = STREAM_WIDTHS.get(column.kind, 14)
            width = width if index else max(width, self.label_width)
            # words need no format, which each of their cells would name
            cell_format = None if column.kind == TEXT else self.formats.get(column.kind)
            self.page.set_column(index, index, width, cell_format)
        sums, size = self._write_rows()
        if size:
            self._write_sums(self.first_row + size, sums)
            self.page.autofilter(head_row, 0, head_row + size, len(self.sheet.columns) - 1)
        self.page.freeze_panes(self.first_row, 1)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        self.page.repeat_rows(head_row)
        return size

    def _write_rows(self):
        """Write the rows, in the formats of their columns; return the sums of those that ask for them, and the number
        of rows."""
        summed = [index for index, column in enumerate(self.sheet.columns) if column.total]
        sums = dict.fromkeys(summed, 0.0)
        write_row = self.page.write_row
        row = self.first_row
        for values in self.sheet.rows:
            if row >= MAX_ROWS - 1:
                raise ValueError("A sheet cannot hold so many rows.")
            write_row(row, 0, values)
            for index in summed:
                sums[index] += values[index] or 0.0
            row += 1
        return sums, row - self.first_row

    def _write_sums(self, row, sums):
        """The sub-totals below the rows, with their results."""
        for index, column in enumerate(self.sheet.columns):
            cell_format = self.formats.total(column.kind)
            if index == 0:
                self.page.write_string(row, index, self.sheet.total_label, cell_format)
            elif index in sums:
                first, last = self._cell(self.first_row, column.key), self._cell(row - 1, column.key)
                self.page.write_formula(row, index, f"=SUBTOTAL(109,{first}:{last})", cell_format, sums[index])


def compute(column, values):
    """The result of a ratio or a difference from values by key, as the formula would give it.

    >>> compute(Ratio("u", "Utilization", "billable", "net"), {"billable": 12.0, "net": 24.0})
    0.5
    >>> compute(Ratio("u", "Utilization", "billable", "net"), {"billable": 12.0, "net": 0.0}) is None
    True
    >>> compute(Difference("o", "Overtime", "logged", "net", floor=True), {"logged": 30.0, "net": 40.0})
    0.0
    >>> compute(Product("e", "Earned", "budget", "done"), {"budget": 40.0, "done": 0.5})
    20.0
    """
    if isinstance(column, Ratio):
        numerator = values.get(column.numerator, 0.0)
        return None if numerator is None else divide(numerator, values.get(column.denominator))
    if isinstance(column, Product):
        left, right = values.get(column.left), values.get(column.right)
        return None if left is None or right is None else left * right
    minuend, subtrahend = values.get(column.minuend, 0.0), values.get(column.subtrahend, 0.0)
    if minuend is None or subtrahend is None:
        return None
    return max(0.0, minuend - subtrahend) if column.floor else minuend - subtrahend
