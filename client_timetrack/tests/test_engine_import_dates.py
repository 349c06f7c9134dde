from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..engine.csv_import import harmless
from ..engine.import_dates import KNOWN, AmbiguousDates, detect_formats, parse_date, parse_moment
from ..engine.xlsx_reader import is_workbook

days = st.lists(st.dates(min_value=date(1970, 1, 1), max_value=date(2068, 12, 31)), min_size=1, max_size=30)


class TestImportDates(BaseCase):
    """Dates of a column, and times of day, without a database."""

    def test_formats_of_exporters(self):
        for texts, expected in (
            (["2026-03-02"], "%Y-%m-%d"),
            (["02.03.2026"], "%d.%m.%Y"),
            (["13/03/2026", "01/02/2026"], "%d/%m/%Y"),
            (["03/13/2026", "01/02/2026"], "%m/%d/%Y"),
            (["Mar 2, 2026"], "%b %d, %Y"),
            (["20260302"], "%Y%m%d"),
        ):
            with self.subTest(texts):
                self.assertEqual(detect_formats(texts)[0], expected)

    def test_nobody_guesses(self):
        with self.assertRaises(AmbiguousDates) as caught:
            detect_formats(["03/04/2026", "05/06/2026"])
        self.assertEqual(caught.exception.text, "03/04/2026")
        # the same day, whichever comes first
        self.assertEqual(parse_date("03/03/2026", detect_formats(["03/03/2026"])), date(2026, 3, 3))

    def test_a_typing_error_does_not_hide_the_format(self):
        texts = [f"{day:02}/04/2026" for day in range(1, 28)]
        self.assertEqual(detect_formats([*texts, "soon"]), ("%d/%m/%Y",))
        self.assertEqual(detect_formats(["soon", "later"]), ())
        self.assertEqual(detect_formats([]), ())

    def test_moments(self):
        for text, formats, expected in (
            ("2026-03-02 09:05", ("%Y-%m-%d",), datetime(2026, 3, 2, 9, 5)),
            ("2026-03-02T09:05:07Z", ("%Y-%m-%d",), datetime(2026, 3, 2, 9, 5, 7)),
            ("02/03/2026 12:15 AM", ("%d/%m/%Y",), datetime(2026, 3, 2, 0, 15)),
            ("02/03/2026 01:15:00 PM", ("%d/%m/%Y",), datetime(2026, 3, 2, 13, 15)),
        ):
            with self.subTest(text):
                self.assertEqual(parse_moment(text, formats), expected)
        for text in ("2026-03-02", "25:00", "2026-03-02 25:00", ""):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_moment(text, ("%Y-%m-%d",))

    @settings(max_examples=200, deadline=None)
    @given(days, st.sampled_from([pattern for pattern in KNOWN if "%y" not in pattern]))
    def test_a_column_is_read_as_it_was_written(self, dates, pattern):
        texts = [day.strftime(pattern) for day in dates]
        try:
            formats = detect_formats(texts)
        except AmbiguousDates:
            return
        for day, text in zip(dates, texts, strict=True):
            self.assertEqual(parse_date(text, formats), day)

    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=30))
    def test_nothing_that_is_written_out_is_a_formula(self, text):
        self.assertFalse(harmless(text).lstrip().startswith(("=", "@")))
        if harmless(text) != text:
            self.assertEqual(harmless(text), "'" + text)

    def test_numbers_stay_numbers(self):
        for text in ("-1.5", "-1:30", "+2"):
            self.assertEqual(harmless(text), text)
        for text in ("-1+cmd|' /C calc'!A0", "+cmd", "--1", "- 1", "=1", "@x", " =1", "\t=1", "\x0c@x", "\x1f=1"):
            with self.subTest(text):
                self.assertEqual(harmless(text), "'" + text)

    def test_workbooks_are_told_from_texts(self):
        self.assertTrue(is_workbook(b"PK\x03\x04rest"))
        self.assertFalse(is_workbook(b"Project,Hours"))

    @settings(max_examples=100, deadline=None)
    @given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2068, 12, 31)))
    def test_moments_are_read_as_they_were_written(self, moment):
        moment = moment.replace(microsecond=0) - timedelta(seconds=moment.second)
        self.assertEqual(parse_moment(moment.strftime("%d.%m.%Y %H:%M"), ("%d.%m.%Y",)), moment)
