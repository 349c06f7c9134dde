from odoo import fields, models


class TimetrackLedesProblem(models.TransientModel):
    """What keeps an invoice from e-billing, and where it is mended."""

    _name = "timetrack.ledes.problem"
    _description = "Problem of an E-Billing File"

    wizard_id = fields.Many2one("timetrack.ledes.wizard", required=True, index=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    field_name = fields.Char("Field", readonly=True)
    text = fields.Char("What to Do", readonly=True)
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)

    def action_open(self):
        """Open what is to be mended."""
        self.ensure_one()
        if self.res_model == "account.analytic.line":
            return self.env["timetrack.ledes.code"]._open(self)
        action = {"type": "ir.actions.act_window", "views": [(False, "form")], "target": "current"}
        if self.res_model == "hr.employee":
            employee = self.env["hr.employee"].browse(self.res_id)
            keeper = self.env["timetrack.timekeeper"]._get_by_employee(employee).get(employee)
            return {
                **action,
                "name": self.env._("Timekeeper"),
                "res_model": "timetrack.timekeeper",
                "res_id": keeper.id if keeper else False,
                "context": {"default_employee_id": self.res_id},
            }
        return {**action, "name": self.text, "res_model": self.res_model, "res_id": self.res_id}
