from odoo import api, models


class ProjectUpdate(models.Model):
    """A project update begins with what the budget says on its day."""

    _inherit = "project.update"

    @api.model
    def _get_template_values(self, project):
        """Beside Odoo's: the project's budget, empty where it has none, and how to write hours as the company does."""
        values = super()._get_template_values(project)
        company = project.company_id or self.env.company
        hour, unit = self.env.ref("uom.product_uom_hour"), company.timesheet_encode_uom_id

        def format_time(hours):
            amount = values["format_lang"](hour._compute_quantity(hours, unit, raise_if_failure=False), 2)
            return f"{amount} {unit.name}"

        budgets = self.env["timetrack.budget"]
        if budgets.has_access("read"):
            budgets = project.timetrack_budget_ids.filtered(lambda budget: budget.hours > 0)
        return {**values, "timetrack_budget": budgets, "timetrack_format_time": format_time}
