import csv
import io
from datetime import timedelta

from odoo import fields, http
from odoo.http import request

from ..engine import feed
from ..engine.csv_import import harmless
from ..models.res_users import FEED_SCOPE
from .form import get_number, get_text

DAYS = 180
MOST_DAYS = 366


class TimeFeed(http.Controller):
    """One's own time, for a calendar or a sheet that fetches it with a key of its own."""

    @http.route("/timesheets/feed.ics", type="http", auth="public", methods=["GET"], save_session=False)
    def calendar(self, key="", days=""):
        """Own time entries as a calendar.

        :param key: an API key that *Preferences > Calendar > Time Feed* made; it reads own time and nothing else
        :param days: how many days back and ahead; 180 unless told, 366 at most
        """
        entries = self._get_entries(key, days)
        if entries is None:
            return self._refuse()
        env = entries.env
        events = [
            feed.Event(
                key=entry.id,
                date=entry.date,
                title=env._(
                    "%(hours)s h %(work)s",
                    hours=f"{entry.unit_amount:g}",
                    work=entry.task_id.name or entry.project_id.name,
                ),
                text="\n".join(filter(None, [self._get_client(entry), entry.project_id.name, entry.name])),
                changed=entry.write_date,
                start=entry.timetrack_start,
                stop=entry.timetrack_stop,
            )
            for entry in entries
        ]
        host = request.httprequest.host.rsplit(":", 1)[0]
        text = feed.calendar(events, env._("Time of %s", env.user.name), host)
        return self._answer(text.encode(), "text/calendar; charset=utf-8", "time.ics")

    @http.route("/timesheets/feed.csv", type="http", auth="public", methods=["GET"], save_session=False)
    def sheet(self, key="", days=""):
        """The same as a CSV file (UTF-8, commas, hours with a point), the last entry first."""
        entries = self._get_entries(key, days)
        if entries is None:
            return self._refuse()
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        names = [
            "date", "timetrack_client_id", "project_id", "task_id", "timetrack_activity_id",
            "timetrack_deliverable_id", "name", "unit_amount", "timetrack_state",
        ]  # fmt: skip
        labels = entries.fields_get(names, ["string"])
        writer.writerow([labels[name]["string"] for name in names])
        states = dict(entries._fields["timetrack_state"]._description_selection(entries.env))
        for entry in entries:
            texts = [
                fields.Date.to_string(entry.date), self._get_client(entry), entry.project_id.name, entry.task_id.name,
                entry.timetrack_activity_id.name, entry.timetrack_deliverable_id.name, entry.name,
            ]  # fmt: skip
            writer.writerow(
                [*(harmless(text or "") for text in texts), f"{entry.unit_amount:g}", states[entry.timetrack_state]]
            )
        return self._answer(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "time.csv")

    def _get_entries(self, key, days):
        """The entries of whom the key belongs to, with that user's rights; None where it is nobody's."""
        key = get_text(key)
        uid = key and request.env["res.users.apikeys"]._check_credentials(scope=FEED_SCOPE, key=key)
        if not uid:
            return None
        user = request.env(user=uid)["res.users"].browse(uid)
        companies = user.sudo().company_ids.ids
        env = request.env(user=uid, context={"lang": user.lang, "tz": user.tz, "allowed_company_ids": companies})
        today = fields.Date.context_today(env.user)
        span = timedelta(days=min(get_number(days) or DAYS, MOST_DAYS))
        return env["account.analytic.line"].search(
            [
                ("user_id", "=", uid),
                ("project_id", "!=", False),
                ("date", ">=", today - span),
                ("date", "<=", today + span),
            ],
            order="date desc, id desc",
        )

    def _get_client(self, entry):
        # who logs time for a client knows its name
        return entry.timetrack_client_id.sudo().name or ""

    def _refuse(self):
        return request.make_response(
            request.env._("This key is not valid, or not any more. Make a new one in your preferences."),
            [("Content-Type", "text/plain; charset=utf-8")],
            status=403,
        )

    def _answer(self, content, kind, filename):
        return request.make_response(
            content,
            [
                ("Content-Type", kind),
                ("Content-Disposition", http.content_disposition(filename)),
                ("Cache-Control", "private, no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
