from odoo import api, fields, models

from ..engine.ledes import CLASSIFICATIONS

CLASSIFICATION_SELECTION = list(
    zip(CLASSIFICATIONS, ("Partner", "Associate", "Of Counsel", "Legal Assistant", "Other"), strict=True)
)


class TimetrackTimekeeper(models.Model):
    """Who an employee is on electronic invoices.

    A model of its own, for who bills is not who keeps employees.
    """

    _name = "timetrack.timekeeper"
    _inherit = ["timetrack.kept.mixin"]
    _description = "Timekeeper"
    _rec_name = "employee_id"
    _order = "code, id"

    employee_id = fields.Many2one("hr.employee", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="employee_id.company_id", store=True, index=True)
    active = fields.Boolean(related="employee_id.active", store=True)
    code = fields.Char("Timekeeper ID", help="As the clients' systems know the person, such as initials. At most 20.")
    classification = fields.Selection(
        CLASSIFICATION_SELECTION, help="The class that rates are agreed for. Receivers may have names of their own."
    )
    first_name = fields.Char(compute="_compute_names", store=True, readonly=False)
    last_name = fields.Char(compute="_compute_names", store=True, readonly=False)

    _employee_unique = models.Constraint("UNIQUE(employee_id)", "This person is a timekeeper already.")
    _code_unique = models.UniqueIndex(
        "(company_id, code) WHERE code <> ''", "Another timekeeper of this company has this ID already."
    )

    @api.depends("employee_id")
    def _compute_names(self):
        """Odoo keeps a name in one piece: the last word is taken for the surname until somebody says otherwise."""
        for keeper in self:
            first, _space, last = (keeper.employee_id.sudo().name or "").strip().rpartition(" ")
            keeper.first_name, keeper.last_name = first, last

    @api.model
    def _get_by_employee(self, employees):
        """The timekeepers of employees, in sudo: mapping of employee to timekeeper. One query."""
        found = self.sudo().with_context(active_test=False).search([("employee_id", "in", employees.ids)])
        return {keeper.employee_id: keeper for keeper in found}
