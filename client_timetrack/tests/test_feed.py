import csv
import io
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import HttpCase, tagged

from ..models.res_users import FEED_SCOPE
from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestFeed(TimetrackCommon, HttpCase):
    """Own time for other programs: by a key that reads it and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.mine = cls._entry(name="=SUM(A1) reading", date=cls.today, unit_amount=1.5)
        cls._entry(name="Last year", date=cls.today - timedelta(days=300))
        cls._entry(name="Not mine", date=cls.today, employee_id=cls.employee_colleague.id)
        cls.key = cls._make_key(cls.consultant, FEED_SCOPE)

    @classmethod
    def _make_key(cls, user, scope, days=30):
        keys = cls.env(user=user)["res.users.apikeys"].sudo()
        return keys._generate(scope, "Test", fields.Datetime.now() + timedelta(days=days))

    def _get(self, kind, **params):
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return self.url_open(f"/timesheets/feed.{kind}?{query}")

    def test_the_file_has_own_time(self):
        answer = self._get("csv", key=self.key)
        self.assertEqual(answer.status_code, 200)
        header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        self.assertEqual(header[:2], ["Date", "Client"])
        [row] = rows
        # a formula is none any more
        self.assertEqual(
            row,
            [str(self.today), "Client Works", "Merger", self.mine.task_id.name or "", "", "",
             "'=SUM(A1) reading", "1.5", "Draft"],
        )  # fmt: skip
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")

    def test_a_neutralized_copy_knows_no_keys_of_feeds(self):
        other = self._make_key(self.consultant, "rpc")
        keys = self.env["res.users.apikeys"]
        for query in get_neutralization_queries(["client_timetrack"]):
            self.env.cr.execute(query)
        self.assertFalse(keys._check_credentials(scope=FEED_SCOPE, key=self.key))
        self.assertEqual(keys._check_credentials(scope="rpc", key=other), self.consultant.id)

    def test_the_days_can_be_chosen(self):
        text = self._get("csv", key=self.key, days=320).text
        self.assertIn("Last year", text)
        for odd in ("-1", "x", "²", "9" * 5000):
            self.assertEqual(self._get("csv", key=self.key, days=odd).status_code, 200, odd[:9])

    def test_the_calendar_has_own_time(self):
        answer = self._get("ics", key=self.key)
        self.assertEqual(answer.headers["Content-Type"], "text/calendar; charset=utf-8")
        self.assertIn(f"UID:time-{self.mine.id}@", answer.text)
        self.assertEqual(answer.text.count("BEGIN:VEVENT"), 1)

    def test_other_keys_open_nothing(self):
        other = self._make_key(self.consultant, "something.else")
        for key in ("", "x", other, self.key[:-1], self.key + "0", "\u0661" * 40, "%00"):
            for kind in ("csv", "ics"):
                answer = self._get(kind, key=key)
                self.assertEqual(answer.status_code, 403, key)
                self.assertNotIn("reading", answer.text)

    def test_a_key_that_was_taken_back_opens_nothing(self):
        self.env["res.users.apikeys"].sudo().search([("user_id", "=", self.consultant.id)])._remove()
        self.assertEqual(self._get("csv", key=self.key).status_code, 403)

    def test_the_key_reads_the_feed_only(self):
        """It is no key for calls."""
        answer = self.url_open(
            "/json/2/res.users/search_read", data=b"{}",
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )  # fmt: skip
        self.assertEqual(answer.status_code, 401)

    def test_who_left_is_told_nothing(self):
        self.consultant.active = False
        self.assertEqual(self._get("csv", key=self.key).status_code, 403)

    def test_nobody_makes_it_for_others(self):
        with self.assertRaises(UserError):
            self.consultant.with_user(self.lead).action_timetrack_feed()
