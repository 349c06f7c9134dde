from odoo import models

from ..report.timetrack_report import RATE_GROUP


class ProjectProject(models.Model):
    _inherit = "project.project"

    def action_timetrack_view_report(self):
        """Open what the project brings in and costs; without the right to see rates, what was planned and worked."""
        self.ensure_one()
        name = "profitability" if self.env.user.has_group(RATE_GROUP) else "plan"
        return self.env["timetrack.report"]._get_action(name, self, "project_id")
