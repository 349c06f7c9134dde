from odoo import fields, models

from .account_analytic_line_grid import ROW_FIELDS


class AccountAnalyticLine(models.Model):
    """The same work on other days."""

    _inherit = "account.analytic.line"

    def action_timetrack_duplicate(self):
        """Open the dialog that asks on which days the same work was done."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Duplicate to Days"),
            "res_model": "timetrack.duplicate.wizard",
            "views": [(False, "form")],
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids, "active_id": self[:1].id},
        }

    def _timetrack_prepare_duplicate(self, date):
        """Values of the same work on another day; the clock of the one day says nothing of the other.

        Other addons add what people set by hand.
        """
        self.ensure_one()
        return {
            "employee_id": self.employee_id.id,
            "date": fields.Date.to_string(date),
            "name": self.name,
            "unit_amount": self.unit_amount,
            "timetrack_is_billable": self.timetrack_is_billable,
            **{name: self[name].id for name in ROW_FIELDS},
        }

    def _timetrack_get_duplicates_action(self):
        """An action that shows the entries just made."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Duplicates"),
            "res_model": self._name,
            "views": [(self.env.ref("hr_timesheet.hr_timesheet_line_tree").id, "list"), (False, "form")],
            "domain": [("id", "in", self.ids)],
            "context": {"is_timesheet": 1},
        }
