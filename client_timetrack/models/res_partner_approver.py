import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_duration, formatLang

from ..tools import isolated

_logger = logging.getLogger(__name__)

# Clients who leave time waiting are reminded after this time.
REMIND_AFTER = timedelta(days=7)


class ResPartner(models.Model):
    """A contact who approves time as the client."""

    _inherit = "res.partner"

    timetrack_approval_mail_date = fields.Datetime(
        "Told About Time to Approve",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="When the contact last got an e-mail about time that waits for their approval.",
    )

    def _timetrack_get_approvers(self):
        """The users who approve time as this client: those of the contact itself and, where it is a company, its
        contacts with access to the portal."""
        users = self.user_ids
        if self.is_company:
            users |= self.child_ids.user_ids.filtered("share")
        return users

    @api.model
    def _cron_timetrack_mail_approvers(self):
        """Tell clients in one e-mail about the time that waits for them: when new time came, and once a week."""
        now = fields.Datetime.now()
        due = []
        for (partner, company), projects in self._timetrack_waiting_by_contact().items():
            last = partner.timetrack_approval_mail_date
            newest = max(project["since"] for project in projects)
            if not last or newest > last or now - last >= REMIND_AFTER:
                due.append((partner, company, projects))
        for partner, company, projects in due:
            with isolated(self.env.cr, _logger, "The contact %s was not told what waits for approval.", partner.id):
                partner._timetrack_mail_waiting(company, projects)
                partner.timetrack_approval_mail_date = now

    @api.model
    def _timetrack_waiting_by_contact(self):
        """What waits for clients.

        :return: dict of (contact with an e-mail address, company) to a list of dicts, one a project: its ``name``,
            the ``count`` of entries, their ``hours``, and ``since`` when the latest waits
        """
        Line = self.env["account.analytic.line"].sudo()
        groups = Line._read_group(
            Line._timetrack_waits_for_client_domain(),
            ["project_id", "company_id"],
            ["__count", "unit_amount:sum", "timetrack_state_date:max"],
        )
        waiting = defaultdict(list)
        for project, company, count, hours, since in groups:
            client = project.timetrack_approver_id or project.partner_id
            for partner in client._timetrack_get_approvers().partner_id.filtered("email"):
                waiting[partner, company].append({"name": project.name, "count": count, "hours": hours, "since": since})
        return waiting

    def _timetrack_mail_waiting(self, company, projects):
        """Queue the e-mail to the contact; each project's time in the unit in which the company records it."""
        Line = self.env["account.analytic.line"].with_company(company).with_context(lang=self.lang)
        in_days = Line._is_timesheet_encode_uom_day()
        for project in projects:
            hours = project["hours"]
            days = Line._convert_hours_to_days(hours)
            project["amount"] = formatLang(Line.env, days) if in_days else format_duration(hours)
        template = self.env.ref("client_timetrack.mail_template_time_approval").with_company(company)
        template.with_context(
            timetrack_projects=projects, timetrack_in_days=in_days, timetrack_company=company
        ).send_mail(self.id, email_layout_xmlid="mail.mail_notification_layout")
