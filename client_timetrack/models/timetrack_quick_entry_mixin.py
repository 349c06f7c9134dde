from odoo import api, fields, models
from odoo.exceptions import UserError


class TimetrackQuickEntryMixin(models.AbstractModel):
    """Records that time is logged on with one click: a small dialog with everything known filled in."""

    _name = "timetrack.quick.entry.mixin"
    _description = "Quick Time Entry"

    def action_timetrack_log_time(self):
        """Open the dialog that logs time on the record.

        :raise UserError: the user has no employee, or the record takes no time
        """
        self.ensure_one()
        if not self.env.user.employee_id:
            raise UserError(self.env["account.analytic.line"]._timetrack_no_employee_notice())
        return self._timetrack_get_quick_action(self._timetrack_prepare_quick_entry())

    def _timetrack_prepare_quick_entry(self):
        """Values that a new entry on the record starts with.

        :raise UserError: the record takes no time
        """
        raise NotImplementedError

    @api.model
    def _timetrack_get_quick_action(self, values):
        """The action of the dialog, with defaults."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log Time"),
            "res_model": "account.analytic.line",
            "views": [(self.env.ref("client_timetrack.account_analytic_line_view_form_quick").id, "form")],
            "target": "new",
            "context": {
                "is_timesheet": 1,
                "dialog_size": "medium",
                "default_date": fields.Date.to_string(fields.Date.context_today(self)),
                "default_name": "",
                **{f"default_{name}": value for name, value in values.items()},
            },
        }

    @api.model
    def _timetrack_check_takes_time(self, project):
        """Refuse a project that takes no time.

        :raise UserError: it says why
        """
        reason = self.env["account.analytic.line"]._timetrack_grid_notice(project.sudo())
        if project.sudo().is_template:
            reason = self.env._("The project is a template.")
        if reason:
            raise UserError(self.env._("No time can be logged here. %s", reason))
