from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from .form import get_ids, get_text

PAGE = "/timetrack/period/<int:period_id>"
NOTICE = "timetrack_period_notice"


class TimetrackPeriodController(http.Controller):
    """The page on which approvers decide from their mail: it shows what waits, and changes nothing when it is opened,
    since scanners of mail follow links."""

    @http.route(PAGE, type="http", auth="user", website=True, sitemap=False, methods=["GET"])
    def show(self, period_id, **_kw):
        """The period with what waits for the user."""
        period = self._get_period(period_id)
        values = self._prepare_page(period)
        values["notice"] = request.session.pop(NOTICE, None)
        return request.render("client_timetrack.timetrack_period_page", values)

    @http.route(f"{PAGE}/decide", type="http", auth="user", website=True, sitemap=False, methods=["POST"])
    def decide(self, period_id, decision=None, reason=None, **_kw):
        """Approve the chosen entries or send them back.

        What is refused is said on the page, with the choice and the reason as they were.
        """
        period = self._get_period(period_id)
        ids = get_ids("entry_ids")
        reason = get_text(reason)
        level, text = self._take_decision(period, decision, ids, reason)
        if level == "danger":
            period.invalidate_recordset()
            values = self._prepare_page(period, ids)
            values.update(notice={"level": level, "text": text}, reason=reason)
            return request.render("client_timetrack.timetrack_period_page", values)
        request.session[NOTICE] = {"level": level, "text": text}
        return request.redirect(f"/timetrack/period/{period.id}", code=303)

    def _get_period(self, period_id):
        """The period, if it is the user's to see; to everybody else it does not exist."""
        user = request.env.user
        period = request.env["timetrack.period"].with_context(allowed_company_ids=user._get_company_ids())
        if not user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            raise request.not_found()
        period = period.search([("id", "=", period_id)])
        if not period:
            raise request.not_found()
        return period

    def _prepare_page(self, period, chosen=None):
        """Values of the page.

        :param set chosen: ids of the entries that are ticked; all of them when left out
        """
        entries = period.pending_ids
        company = period.company_id
        return {
            "period": period,
            "days": list(entries.grouped("date").items()),
            "chosen": set(entries.ids) if chosen is None else chosen,
            "hours": lambda lines: period._format_hours(sum(lines.mapped("unit_amount")), company),
            "figures": {
                name: period._format_hours(period[f"{name}_hours"], company)
                for name in ("expected", "logged", "missing", "overtime")
            },
            "notice": None,
            "reason": "",
        }

    def _take_decision(self, period, decision, ids, reason):
        """Take the step on those of the entries that still wait for the user.

        :return: level of the message (as Bootstrap names it) and its text; "danger" where nothing was done
        """
        if decision not in ("approve", "reject"):
            return "danger", request.env._("Approve the time or send it back.")
        entries = period.pending_ids.filtered(lambda line: line.id in ids)
        if not ids:
            return "danger", request.env._("Select the time that you want to approve or send back.")
        if decision == "reject" and not reason:
            return "danger", request.env._("Please say what should be changed: the employee sees it on the time.")
        if not entries:
            return "warning", request.env._(
                "This time does not wait for you any more: somebody decided on it, or it was changed."
            )
        try:
            with request.env.cr.savepoint():
                if decision == "approve":
                    entries.action_timetrack_approve()
                else:
                    entries.action_timetrack_reject(reason)
        except (AccessError, UserError) as error:
            return "danger", str(error)
        texts = [
            request.env._("Approved: %(hours)s.", hours=self._sum(period, entries))
            if decision == "approve"
            else request.env._("Sent back: %(hours)s.", hours=self._sum(period, entries))
        ]
        if len(entries) < len(ids):
            texts.append(
                request.env._("The rest does not wait for you any more: somebody decided on it, or it was changed.")
            )
        return ("success" if len(entries) == len(ids) else "warning"), " ".join(texts)

    def _sum(self, period, entries):
        return period._format_hours(sum(entries.mapped("unit_amount")), period.company_id)
