"""The reader of time exports, by hand-written cases and by properties. Needs no database."""

import csv
import io
import string
import zipfile
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine import csv_import, text_reader, xlsx_reader
from ..engine.csv_import import Column, FileError, NumberError, Spec

COLUMNS = (
    Column("date", ("Date",), kind="date", required=True),
    Column("hours", ("Hours",), kind="hours", required=True),
    Column("employee", ("Employee",), required=True),
    Column("description", ("Description",)),
)
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from('\n\r;,"|\t'), max_size=20)

# Where, as a part of the length, and what is written there instead.
DAMAGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6)


def read(data, spec=None, **options):
    if isinstance(data, str):
        data = data.encode()
    spec = spec or Spec(COLUMNS, ("%Y-%m-%d", "%d/%m/%Y"))
    return list(csv_import.parse_table(text_reader.read_csv(data, **options), spec))


@lru_cache
def workbook():
    book = openpyxl.Workbook()
    book.active.append(["Date", "Hours", "Employee", "Description"])
    book.active.append([date(2024, 1, 2), 1.5, "Ann", "x"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damaged(content, damages):
    content = bytearray(content)
    for place, byte in damages:
        content[int(place * (len(content) - 1))] = byte
    return bytes(content)


def codes(row):
    return [error.code for error in row.errors]


class TestCells(BaseCase):
    def test_hours(self):
        for text, hours in {
            "1.5": 1.5,
            "1,5": 1.5,
            "2.000,0": 2000.0,
            "2,000.0": 2000.0,
            "1:30": 1.5,
            "00:45:00": 0.75,
            "100:06": 100.1,
            " 7 ": 7.0,
            ".5": 0.5,
            "0.125": 0.125,
            "1.234.567": 1234567.0,
            "1\u00a0234,5": 1234.5,
            "1'234.5": 1234.5,
            "8.": 8.0,
            "-1.5": -1.5,
            "+2": 2.0,
            "0:20": 1 / 3,
        }.items():
            with self.subTest(text=text):
                self.assertEqual(csv_import.parse_hours(text), hours)

    def test_no_hours(self):
        for text in ("", "one", "1h", "1:60", "1:5", "1..5", "1,,5", "nan", "inf", "1e5", "1.5.5", "--1", "1 5", "٣"):
            with self.subTest(text=text), self.assertRaises(NumberError) as caught:
                csv_import.parse_hours(text)
            self.assertEqual(caught.exception.code, "bad_number")

    def test_ambiguous_number_is_refused_not_guessed(self):
        for text in ("1.500", "12,000", "-999.999"):
            with self.subTest(text=text), self.assertRaises(NumberError) as caught:
                csv_import.parse_decimal(text)
            self.assertEqual(caught.exception.code, "ambiguous_number")
        self.assertEqual(csv_import.parse_decimal("1.500", "."), Decimal("1.5"))
        self.assertEqual(csv_import.parse_decimal("1.500", ","), Decimal("1500"))

    def test_a_given_mark_does_not_read_the_other_as_decimal(self):
        with self.assertRaises(NumberError):
            csv_import.parse_decimal("1,5", ".")
        self.assertEqual(csv_import.parse_decimal("1,500.25", "."), Decimal("1500.25"))

    def test_first_fitting_date_format_wins(self):
        self.assertEqual(csv_import.parse_date("03/04/2024", ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")), date(2024, 4, 3))
        self.assertEqual(csv_import.parse_date("02-Nov-04", ("%d-%b-%y",)), date(2004, 11, 2))
        for text in ("31/02/2024", "soon", "01/01/0024"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                csv_import.parse_date(text, ("%d/%m/%Y",))

    @given(st.decimals(min_value=0, max_value=10**7, places=2), st.sampled_from([".", ","]), st.booleans())
    def test_any_number_in_any_locale_comes_back(self, number, mark, grouped):
        text = f"{number:,.2f}" if grouped else f"{number:.2f}"
        if mark == ",":
            text = text.translate(str.maketrans(",.", ".,"))
        self.assertEqual(csv_import.parse_decimal(text, mark), number)
        self.assertEqual(csv_import.parse_decimal(text), number)

    @given(st.integers(0, 10**6))
    def test_any_duration_comes_back(self, seconds):
        text = f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
        self.assertAlmostEqual(csv_import.parse_hours(text) * 3600, seconds, places=5)

    @given(st.text(max_size=12) | st.text(string.digits + ".,:'- ", max_size=12))
    def test_no_text_breaks_the_parser(self, text):
        try:
            self.assertIsInstance(csv_import.parse_hours(text), float)
        except NumberError as error:
            self.assertIn(error.code, ("bad_number", "ambiguous_number"))


class TestFile(BaseCase):
    def test_columns_are_found_by_name(self):
        straight = read("Date,Hours,Employee,Description\n2024-01-02,1.5,Ann,Call\n")
        turned = read("X,Description,employee ,HOURS,Date\n?,Call,Ann,1.5,2024-01-02\n")
        self.assertEqual(straight[0].values, turned[0].values)
        self.assertEqual(straight[0].values["date"], date(2024, 1, 2))

    def test_missing_columns_are_one_error_that_names_the_present_ones(self):
        with self.assertRaises(FileError) as caught:
            read("Date,Stunden,Wer\n2024-01-02,1,Ann\n")
        self.assertEqual(caught.exception.code, "missing_columns")
        self.assertEqual(caught.exception.params["missing"], ["Hours", "Employee", "Description"])
        self.assertEqual(caught.exception.params["present"], ["Date", "Stunden", "Wer"])

    def test_optional_and_alternative_columns(self):
        spec = Spec((Column("task", ("Task", "Activity")), Column("client", ("Client",), optional=True)))
        self.assertEqual(read("Activity\nDraft\n", spec)[0].values, {"task": "Draft", "client": ""})

    def test_a_column_that_appears_twice_is_refused_if_it_is_read(self):
        with self.assertRaises(FileError) as caught:
            read("Date,Hours,Hours,Employee,Description\n")
        self.assertEqual((caught.exception.code, caught.exception.params["column"]), ("repeated_column", "Hours"))
        self.assertTrue(read("Date,Hours,Employee,Description,X,X\n2024-01-02,1,Ann,,1,2\n"))

    def test_lines_are_those_of_the_file(self):
        text = 'Date,Hours,Employee,Description\r\n2024-01-02,1,Ann,"two\r\nlines"\r\n\r\n'
        text += ",1,Ann,\r\n2024-01-02,x,Ann,\r\n"
        rows = read(text)
        self.assertEqual([row.line for row in rows], [2, 5, 6])
        self.assertEqual(rows[0].values["description"], "two\r\nlines")
        self.assertEqual(
            [(error.line, error.code, error.column) for row in rows for error in row.errors],
            [(5, "missing", "Date"), (6, "bad_number", "Hours")],
        )

    def test_all_errors_of_a_row_are_told(self):
        row = read("Date,Hours,Employee,Description\nsoon,much,,\n")[0]
        self.assertEqual(codes(row), ["bad_date", "bad_number", "missing"])
        self.assertEqual([error.value for error in row.errors], ["soon", "much", ""])

    def test_hours_must_be_positive_and_within_the_limit(self):
        spec = Spec(COLUMNS, max_hours=24)
        rows = read(
            "Date,Hours,Employee,Description\n2024-01-02,24,A,\n2024-01-02,24.01,A,\n2024-01-02,0,A,\n"
            "2024-01-02,-1,A,\n",
            spec,
        )
        self.assertEqual([codes(row) for row in rows], [[], ["too_many_hours"], ["not_positive"], ["not_positive"]])

    def test_delimiters(self):
        for delimiter in (",", ";", "\t", "|"):
            text = delimiter.join(["Date", "Hours", "Employee", "Description"]) + "\n"
            text += delimiter.join(["2024-01-02", "1", "Ann", "x"]) + "\n"
            with self.subTest(delimiter=delimiter):
                self.assertEqual(read(text)[0].values["employee"], "Ann")
                self.assertEqual(read(text, delimiter=delimiter)[0].values["employee"], "Ann")
        self.assertEqual(read("sep=;\nDate;Hours;Employee;Description\n2024-01-02;1;Ann;\n")[0].line, 3)

    def test_encodings(self):
        text = "Date,Hours,Employee,Description\n2024-01-02,1,Zoë,\n"
        for encoding, guessed in (("utf-8", False), ("utf-8-sig", False), ("utf-16", False), ("latin-1", True)):
            with self.subTest(encoding=encoding):
                table = text_reader.read_csv(text.encode(encoding))
                self.assertEqual(bool(table.notices), guessed)
                rows = list(csv_import.parse_table(table, Spec(COLUMNS)))
                self.assertEqual(rows[0].values["employee"], "Zoë")
                self.assertFalse(rows[0].errors)
        with self.assertRaises(FileError) as caught:
            read(text.encode("latin-1"), encoding="utf-8")
        self.assertEqual(caught.exception.code, "encoding")

    def test_empty_files(self):
        for data in (b"", b"\n\n", "\ufeff".encode(), b'""\n'):
            with self.subTest(data=data), self.assertRaises(FileError):
                read(data)
        self.assertEqual(read("Date,Hours,Employee,Description\n"), [])

    def test_bad_quotes_lose_no_row_silently(self):
        rows = read(
            'Date,Hours,Employee,Description\n2024-01-02,1,Ann,"a"b"\n2024-01-03,1,Ann,fine\n'
            '2024-01-04,1,Ann,"never\nclosed\n'
        )
        self.assertEqual([(row.line, codes(row)) for row in rows], [(2, ["bad_quote"]), (3, []), (4, ["open_quote"])])

    def test_shifted_cells(self):
        rows = read("Date,Hours,Employee,Description\n2024-01-02,1,Ann,a,b\n2024-01-02,1,Ann,a,,\n2024-01-02,1,Ann\n")
        self.assertEqual([codes(row) for row in rows], [["too_many_cells"], [], []])

    def test_prefix_constant_and_joined_columns(self):
        spec = Spec(
            (
                Column("employee", ("First",), prefix="Dr ", required=True),
                Column("employee", ("Last",)),
                Column("client", constant="Acme"),
                Column("task", ("Task",), prefix="T-"),
            )
        )
        row = read("First,Last,Task\nAda,Lovelace,\n", spec)[0]
        self.assertEqual(row.values, {"employee": "Dr Ada Lovelace", "client": "Acme", "task": ""})

    @given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8), st.sampled_from(text_reader.DELIMITERS))
    @settings(deadline=None)
    def test_whatever_is_written_is_read(self, records, delimiter):
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["A", "B", "C"])
        lines = []
        for record in records:
            lines.append(len(io.StringIO(out.getvalue(), newline="").readlines()) + 1)
            writer.writerow(record)
        spec = Spec(tuple(Column(name, (name,)) for name in "ABC"))
        expected = [
            (line, [cell.strip(csv_import.BLANKS) for cell in record])
            for line, record in zip(lines, records, strict=True)
            if any(cell.strip(csv_import.BLANKS) for cell in record)
        ]
        rows = read(out.getvalue(), spec, delimiter=delimiter)
        self.assertEqual([(row.line, list(row.values.values())) for row in rows], expected)

    @given(st.binary(max_size=200))
    @settings(deadline=None)
    def test_no_bytes_break_the_reader(self, data):
        try:
            rows = read(b"Date,Hours,Employee,Description\n" + data)
        except FileError as error:
            self.assertEqual(error.code, "encoding")
        else:
            self.assertEqual([row.line for row in rows], sorted(row.line for row in rows))

    def test_a_file_can_be_read_again(self):
        """Whoever was interrupted starts from the beginning; the file stays open and as it was."""
        text = "\n\nsep=;\nDate;Hours;Employee;Description\n" + "2024-01-02;1;Ann;x\n" * 3
        file = io.BytesIO(text.encode("utf-8-sig"))
        table = text_reader.read_csv(file)
        first = next(iter(table.records))
        self.assertEqual(first, (5, ["2024-01-02", "1", "Ann", "x"], None))
        self.assertEqual(list(table.records), list(table.records))
        self.assertEqual(len(list(table.records)), 3)
        self.assertFalse(file.closed)

    @given(DAMAGES, st.integers(0, 30))
    @settings(deadline=None, max_examples=100)
    def test_no_damage_breaks_the_reader_of_workbooks(self, damages, part):
        """Of the file as it is, or of the text of one of its parts."""
        whole = workbook()
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        names = sorted(parts)
        if part < len(names):
            parts[names[part]] = damaged(parts[names[part]], damages)
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for name, content in parts.items():
                    archive.writestr(name, content)
            whole = out.getvalue()
        else:
            whole = xlsx_reader.MAGIC + damaged(whole[4:], damages)
        try:
            for row in csv_import.parse_table(xlsx_reader.read_xlsx(whole), Spec(COLUMNS)):
                csv_import.unpack_row(csv_import.pack_row(row))
        except FileError as error:
            self.assertIn(error.code, ("bad_workbook", "too_large", "empty", "missing_columns", "repeated_column"))


class TestWaitingRows(BaseCase):
    """Rows that wait come back as they were, whatever is in them."""

    @given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5))
    @settings(deadline=None)
    def test_whatever_a_row_says_comes_back(self, records):
        table = csv_import.Table(
            ["Date", "Hours", "Employee"],
            [(line, list(cells), None) for line, cells in enumerate(records, start=2)],
        )
        for row in csv_import.parse_table(table, Spec(COLUMNS[:3], ("%Y-%m-%d", "%d/%m/%Y"))):
            back = csv_import.unpack_row(csv_import.pack_row(row))
            self.assertEqual((back.line, back.cells, back.values), (row.line, row.cells, row.values))
            self.assertEqual(
                [(problem, problem.params) for problem in back.errors],
                [(problem, problem.params) for problem in row.errors],
            )

    @given(st.dates(), st.datetimes(), st.floats(0, 1e6), st.booleans())
    def test_typed_values(self, day, moment, hours, flag):
        values = {"date": day, "start": moment, "hours": hours, "billable": flag, "client": None, "task": "x"}
        row = csv_import.unpack_row(csv_import.pack_row(csv_import.Row(7, ["x"], values)))
        self.assertEqual(row.values, values)
        self.assertIs(type(row.values["start"]), datetime)
        self.assertIs(type(row.values["date"]), date)


class TestKeys(BaseCase):
    def test_without_a_key_repetitions_are_other_rows(self):
        rows = read("Date,Hours,Employee,Description\n" + "2024-01-02,1,Ann,Call\n" * 3)
        self.assertEqual([row.repeats for row in rows], [True] * 3)
        hashes = [csv_import.row_hash((), row.key, number) for number, row in enumerate(rows, start=1)]
        self.assertEqual(len(set(hashes)), 3)
        self.assertEqual(hashes[0], csv_import.row_hash((), (*rows[0].key, ("", "1"))), "as it was always")

    def test_another_spelling_is_the_same_row(self):
        one = read("Date,Hours,Employee,Description\n2024-01-02,1.5,Ann,Call\n")[0]
        two = read("Employee;Description;Hours;Date\n Ann;Call;1:30;02/01/2024\n")[0]
        self.assertEqual(one.key, two.key)

    def test_key_targets_leave_the_others_out(self):
        spec = Spec(COLUMNS, key_targets=("date", "employee"))
        rows = read("Date,Hours,Employee,Description\n2024-01-02,1,Ann,x\n2024-01-02,2,Ann,y\n", spec)
        self.assertEqual([row.key for row in rows], [(("date", "2024-01-02"), ("employee", "Ann"))] * 2)

    def test_with_a_key_repetitions_are_the_same(self):
        spec = Spec(COLUMNS, key_columns=("Description",))
        rows = read("Date,Hours,Employee,Description\n2024-01-02,1,Ann,7\n2024-01-03,2,Bob,7\n", spec)
        self.assertEqual(rows[0].key, rows[1].key)
        self.assertFalse(rows[0].repeats)

    def test_moving_columns_keeps_the_hash(self):
        spec = Spec(COLUMNS, key_columns=("Date", "Employee"))
        one = read("Date,Hours,Employee,Description\n2024-01-02,1,Ann,x\n", spec)[0]
        two = read("DESCRIPTION;EMPLOYEE;HOURS;DATE\nx;Ann;1;2024-01-02\n", spec)[0]
        self.assertEqual(csv_import.row_hash(["1"], one.key), csv_import.row_hash(["1"], two.key))
        self.assertNotEqual(csv_import.row_hash(["1"], one.key), csv_import.row_hash(["2"], one.key))

    @given(st.lists(st.tuples(TEXTS, TEXTS), max_size=3), st.lists(st.tuples(TEXTS, TEXTS), max_size=3))
    def test_different_values_have_different_hashes(self, one, two):
        if [value for _name, value in one] != [value for _name, value in two]:
            self.assertNotEqual(csv_import.row_hash((), one), csv_import.row_hash((), two))
