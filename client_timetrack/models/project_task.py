from odoo import models


class ProjectTask(models.Model):
    _inherit = "project.task"

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Nobody follows the thousands of tasks of an import; core would subscribe the user to one after the other."""
        if self.env.context.get("timetrack_no_follower"):
            return True
        return super().message_subscribe(partner_ids, subtype_ids)
