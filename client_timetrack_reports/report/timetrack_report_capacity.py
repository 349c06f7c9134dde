from odoo import api, models
from odoo.tools import SQL


class TimetrackReport(models.Model):
    """Capacity (``timetrack.capacity``) and plans by week (``timetrack.plan``, on the Monday of the week)."""

    _inherit = "timetrack.report"
    _depends = {
        "hr.employee": ["department_id", "job_id", "parent_id", "user_id"],
        "project.project": ["partner_id"],
        "timetrack.plan": ["company_id", "employee_id", "hours", "project_id", "week"],
    }

    @api.model
    def _get_employee_dimensions(self):
        """The dimensions that an ``employee`` and a ``company`` give."""
        return {
            "user_id": SQL("employee.user_id"),
            "manager_id": SQL("employee.parent_id"),
            "currency_id": SQL("company.currency_id"),
        }

    @api.model
    def _select_capacity(self):
        return {
            **self._get_employee_dimensions(),
            "id": SQL("c.id"),
            "employee_id": SQL("c.employee_id"),
            "department_id": SQL("c.department_id"),
            "job_id": SQL("c.job_id"),
            "company_id": SQL("c.company_id"),
            "date": SQL("c.date"),
            "gross_available_hours": SQL("c.gross_hours"),
            "holiday_hours": SQL("c.holiday_hours"),
            "leave_hours": SQL("c.leave_hours"),
            "net_available_hours": SQL("c.net_hours"),
            "target_hours": SQL("c.target_hours"),
        }

    @api.model
    def _from_capacity(self):
        return SQL(
            """
            FROM timetrack_capacity c
                 LEFT JOIN hr_employee employee ON employee.id = c.employee_id
                 LEFT JOIN res_company company ON company.id = c.company_id
            """
        )

    @api.model
    def _where_capacity(self):
        return SQL("WHERE TRUE")

    @api.model
    def _select_booking(self):
        return {
            **self._get_employee_dimensions(),
            **self._get_project_dimensions(),
            "id": SQL("plan.id"),
            "employee_id": SQL("plan.employee_id"),
            "department_id": SQL("version.department_id"),
            "job_id": SQL("version.job_id"),
            "company_id": SQL("plan.company_id"),
            "date": SQL("plan.week"),
            "project_id": SQL("plan.project_id"),
            "booked_hours": SQL("plan.hours"),
        }

    @api.model
    def _from_booking(self):
        return SQL(
            """
            FROM timetrack_plan plan
                 JOIN project_project project ON project.id = plan.project_id
                 LEFT JOIN hr_employee employee ON employee.id = plan.employee_id
                 LEFT JOIN hr_version version ON version.id = employee.current_version_id
                 LEFT JOIN res_company company ON company.id = plan.company_id
                 %s
            """,
            self._join_project(SQL("project.partner_id"), SQL("plan.company_id")),
        )

    @api.model
    def _where_booking(self):
        return SQL("WHERE TRUE")
