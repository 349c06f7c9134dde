from odoo import fields, models


class AccountAnalyticLine(models.Model):
    """Another entry on the same work."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "timetrack.quick.entry.mixin"]

    def _timetrack_prepare_quick_entry(self):
        """Another entry on the same work and day."""
        self._timetrack_check_takes_time(self.project_id)
        return {"project_id": self.project_id.id, "task_id": self.task_id.id, "date": fields.Date.to_string(self.date)}
