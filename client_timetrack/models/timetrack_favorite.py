from odoo import api, fields, models
from odoo.fields import Domain

from .account_analytic_line_grid import ROW_FIELDS


class TimetrackFavorite(models.Model):
    """Work that an employee keeps at hand in the time grid, with or without time. Everybody has their own."""

    _name = "timetrack.favorite"
    _description = "Pinned Work"
    _order = "sequence, id"

    employee_id = fields.Many2one("hr.employee", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    project_id = fields.Many2one("project.project", required=True, ondelete="cascade", index=True)
    task_id = fields.Many2one("project.task", ondelete="cascade", index="btree_not_null")
    timetrack_activity_id = fields.Many2one(
        "timetrack.activity", string="Service Type", ondelete="cascade", index="btree_not_null"
    )
    timetrack_deliverable_id = fields.Many2one(
        "timetrack.deliverable", string="Deliverable", ondelete="cascade", index="btree_not_null"
    )

    _work_unique = models.UniqueIndex(
        "(employee_id, project_id, COALESCE(task_id, 0), COALESCE(timetrack_activity_id, 0), "
        "COALESCE(timetrack_deliverable_id, 0))",
        "This work is pinned already.",
    )

    @api.model
    def _get_domain(self, employee, values):
        """Domain of what an employee has pinned with these values: dict of row field to id or False."""
        return Domain("employee_id", "=", employee.id) & Domain.AND(
            Domain(name, "=", values.get(name) or False) for name in ROW_FIELDS
        )

    @api.model
    def _get_rows(self, employees, names):
        """What the employees have pinned and may still be worked on, by the key of the row in the grid.

        :param names: the row fields of the grid
        :return: dict of key to (employee id, dict of row field to record)
        """
        domain = (
            Domain("employee_id", "in", employees.ids)
            & Domain("project_id.active", "=", True)
            & Domain("project_id.allow_timesheets", "=", True)
        )
        favorites = self.search_fetch(domain, ["employee_id", *ROW_FIELDS])
        Line = self.env["account.analytic.line"]
        works = [{"employee_id": pin.employee_id, **{name: pin[name] for name in names}} for pin in favorites]
        rows = {}
        # what was pinned may have become somebody else's since
        for records in Line._timetrack_grid_visible(works, names):
            employee = records.pop("employee_id")
            key = Line._timetrack_grid_key(employee.id, [record.id for record in records.values()])
            rows.setdefault(key, (employee.id, records))
        return rows
