from datetime import date, datetime, timezone

import vobject
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.feed import Event, calendar

# what XML, and with it mail and calendars, can carry
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=200)


@tagged("standard", "at_install")
class TestFeed(BaseCase):
    def test_hours_alone_are_a_day(self):
        text = calendar(
            [Event(7, date(2026, 3, 31), "2 h Reading", "Works\nMerger", datetime(2026, 4, 1, 8, 30, 5, 77))],
            "Time", "firm.example",
        )  # fmt: skip
        self.assertEqual(
            [line for line in text.split("\r\n") if not line.startswith("PRODID")],
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "X-WR-CALNAME:Time",
                "BEGIN:VEVENT",
                "UID:time-7@firm.example",
                "DTSTART;VALUE=DATE:20260331",
                "DTEND;VALUE=DATE:20260401",
                "DESCRIPTION:Works\\nMerger",
                "DTSTAMP:20260401T083005Z",
                "SUMMARY:2 h Reading",
                "TRANSP:TRANSPARENT",
                "END:VEVENT",
                "END:VCALENDAR",
                "",
            ],
        )

    def test_a_clock_gives_it_its_place(self):
        start, stop = datetime(2026, 3, 31, 9), datetime(2026, 3, 31, 10, 30)
        text = calendar([Event(7, start.date(), "A", "B", stop, start, stop)], "Time", "firm.example")
        self.assertIn("DTSTART:20260331T090000Z\r\n", text)
        self.assertIn("DTEND:20260331T103000Z\r\n", text)

    @given(TEXTS, TEXTS)
    def test_any_text_comes_back(self, title, text):
        """Commas, semicolons, backslashes and long lines are read as they were written."""
        event = Event(1, date(2026, 1, 1), title, text, datetime(2026, 1, 1, tzinfo=timezone.utc))
        written = calendar([event], "Time", "firm.example")
        [found] = vobject.readOne(written).vevent_list
        self.assertEqual((found.summary.value, found.description.value), (title, text))
