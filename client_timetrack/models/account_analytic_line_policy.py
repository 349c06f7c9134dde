from odoo import models
from odoo.fields import Domain
from odoo.tools import float_compare

# Hours that differ by less are the same: a hundredth of a minute.
HOURS_DIGITS = 4


class AccountAnalyticLine(models.Model):
    """What the policy of a time entry asks of it."""

    _inherit = "account.analytic.line"

    def _timetrack_policies(self):
        """The policy in force for each of the entries; looked up once per project and company.

        :return: dict of entry to ``timetrack.policy``, empty where nobody names one and on lines that are no time
        """
        none = self.env["timetrack.policy"].sudo()
        found = {}
        policies = {}
        for line in self:
            project, company = line.sudo().project_id, line.sudo().company_id
            if (project, company) not in found:
                found[project, company] = project._timetrack_find_policy(company)[0] if project else none
            policies[line] = found[project, company] if line.timetrack_state else none
        return policies

    def _timetrack_before_submit(self):
        """The entries are about to be submitted: check what their policies ask of them.

        :raise UserError: a policy refuses one of them; the message lists everything that it objects to
        """

    def _timetrack_auto_approvable(self):
        """Those of the entries, just submitted, that their policy approves by itself; never with a warning."""
        policies = self._timetrack_policies()
        entries = self.filtered(
            lambda line: policies[line].auto_approve == "always"
            or (policies[line].auto_approve == "non_billable" and not line.timetrack_is_billable)
        )
        limited = entries.filtered(lambda line: policies[line].auto_approve_max_hours > 0)
        hours = limited._timetrack_day_hours()
        return entries - limited.filtered(
            lambda line: float_compare(
                hours[line.employee_id.id, line.date], policies[line].auto_approve_max_hours, HOURS_DIGITS
            )
            > 0
        )

    def _timetrack_day_hours(self):
        """Hours of the entries' employees on the entries' days, in all projects, leave apart.

        :return: dict of (employee id, date) to hours
        """
        if not self:
            return {}
        Line = self.env["account.analytic.line"].sudo()
        groups = Line._read_group(
            Line._timetrack_entry_domain()
            & Domain("employee_id", "in", self.employee_id.ids)
            & Domain("date", "in", list(set(self.mapped("date")))),
            ["employee_id", "date:day"],
            ["unit_amount:sum"],
        )
        return {(employee.id, date): hours for employee, date, hours in groups}
