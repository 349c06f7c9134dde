from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..hooks import INSTALLED_ON


class TimetrackEarlierWizard(models.TransientModel):
    """Approves the time of the years before the addon was installed, up to a date that the firm chooses."""

    _name = "timetrack.earlier.wizard"
    _description = "Approve Earlier Time"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    date_before = fields.Date(
        "Dated Before",
        required=True,
        default=fields.Date.context_today,
        help="Time of this day and later stays a draft.",
    )
    count = fields.Integer("Time Entries", compute="_compute_count")
    hours = fields.Float(compute="_compute_count")

    @api.depends("company_id", "date_before")
    def _compute_count(self):
        for wizard in self:
            wizard.count, wizard.hours = self.env.execute_query(
                SQL(
                    "SELECT count(*), COALESCE(sum(unit_amount), 0) FROM account_analytic_line WHERE %s",
                    wizard._earlier_condition(),
                )
            )[0]

    def _earlier_condition(self):
        """Condition on the time entries that were there when the addon was installed and are old enough.

        Nobody may have changed them since: this is no way to approve new time past the approvers.
        """
        self.ensure_one()
        installed_on = self.env["ir.config_parameter"].sudo().get_param(INSTALLED_ON)
        if not installed_on or not self.date_before:
            return SQL("FALSE")
        return SQL(
            "timetrack_state = 'draft' AND company_id = %s AND date < %s AND create_date <= %s AND write_date <= %s",
            self.company_id.id,
            self.date_before,
            installed_on,
            installed_on,
        )

    def action_approve(self):
        """Approve the entries; the trail marks them as approved at installation.

        :raise AccessError: the user is no timesheet administrator
        """
        self.ensure_one()
        if not self.env.user.has_group("hr_timesheet.group_timesheet_manager"):
            raise AccessError(self.env._("Only timesheet administrators approve time from before the installation."))
        self.company_id.check_access("read")
        ids = self.env["account.analytic.line"]._timetrack_migrate_approve(self._earlier_condition())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s time entries were approved.", len(ids)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
