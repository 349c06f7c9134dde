from odoo import models


class ProjectTask(models.Model):
    _inherit = "project.task"

    def write(self, vals):
        """Time follows its task into another project: time that was handed in is handed in anew there."""
        if "project_id" not in vals:
            return super().write(vals)
        lines = self.env["account.analytic.line"].sudo().search([("task_id", "in", self.ids)])
        with lines._timetrack_tracing(["project_id"]):
            return super().write(vals)

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Nobody follows the thousands of tasks of an import; core would subscribe the user to one after the other."""
        if self.env.context.get("timetrack_no_follower"):
            return True
        return super().message_subscribe(partner_ids, subtype_ids)
