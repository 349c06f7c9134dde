from odoo import api, fields, models

from .timetrack_timekeeper import CLASSIFICATION_SELECTION

HR_GROUP = "hr.group_hr_user"


class HrEmployee(models.Model):
    _inherit = "hr.employee"

    timetrack_timekeeper_ids = fields.One2many(
        "timetrack.timekeeper", "employee_id", string="Timekeeper", groups=HR_GROUP
    )
    timetrack_timekeeper_code = fields.Char(
        "Timekeeper ID",
        compute="_compute_timetrack_timekeeper",
        inverse="_inverse_timetrack_timekeeper",
        groups=HR_GROUP,
        help="As the e-billing systems of clients know the person, such as initials.",
    )
    timetrack_timekeeper_class = fields.Selection(
        CLASSIFICATION_SELECTION,
        string="Timekeeper Class",
        compute="_compute_timetrack_timekeeper",
        inverse="_inverse_timetrack_timekeeper",
        groups=HR_GROUP,
    )

    @api.depends("timetrack_timekeeper_ids.code", "timetrack_timekeeper_ids.classification")
    def _compute_timetrack_timekeeper(self):
        for employee in self:
            keeper = employee.timetrack_timekeeper_ids[:1]
            employee.timetrack_timekeeper_code = keeper.code
            employee.timetrack_timekeeper_class = keeper.classification

    def _inverse_timetrack_timekeeper(self):
        wanted = {
            employee: (employee.timetrack_timekeeper_code, employee.timetrack_timekeeper_class) for employee in self
        }
        Keeper = self.env["timetrack.timekeeper"]
        keepers = Keeper._get_by_employee(self)
        for employee, (code, classification) in wanted.items():
            values = {"code": code, "classification": classification}
            if employee in keepers:
                keepers[employee].write(values)
            elif code or classification:
                Keeper.create({"employee_id": employee.id, **values})
