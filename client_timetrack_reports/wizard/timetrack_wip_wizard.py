from odoo import fields, models
from odoo.tools import format_date


class TimetrackWipWizard(models.TransientModel):
    """Ask for a day; show the work in progress at its end."""

    _name = "timetrack.wip.wizard"
    _description = "Work in Progress at a Date"

    date = fields.Date("At the End Of", required=True, default=fields.Date.context_today)

    def action_open(self):
        """Open the work in progress of the day, aged from there."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_reports.timetrack_report_action_wip")
        return {
            **action,
            "display_name": self.env._("Work in Progress, %s", format_date(self.env, self.date)),
            "context": {"timetrack_as_of": fields.Date.to_string(self.date)},
        }
