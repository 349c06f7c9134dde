from odoo import api, fields, models

from .account_analytic_line_grid import ROW_FIELDS


class AccountAnalyticLine(models.Model):
    """Time entries that a timer measured."""

    _inherit = "account.analytic.line"

    timetrack_timer_id = fields.Many2one(
        "timetrack.timer",
        string="Timer",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups="hr_timesheet.group_hr_timesheet_user",
        help="The timer that measured the time; its laps are the raw time.",
    )

    @api.model
    def _timetrack_protected_fields(self):
        return super()._timetrack_protected_fields() | {"timetrack_timer_id"}

    @api.model
    def _timetrack_create_timed(self, timer):
        """Create the entries of a stopped timer, one a day, with the user's rights.

        Days that the policy rounds to nothing have none.

        :param timer: ``timetrack.timer`` in sudo, with a project
        :raise UserError: a rule refuses one of them: then there is none
        """
        company = timer.employee_id.company_id
        Line = self._timetrack_grid_without_defaults().with_company(company)
        hours = {day: timer._get_booked_hours(day.seconds) for day in timer._get_days()}
        return Line.create(
            [self._timetrack_prepare_timed(timer, day, booked) for day, booked in hours.items() if booked]
        )

    @api.model
    def _timetrack_prepare_timed(self, timer, day, hours):
        """Values of the entry of a stopped timer for a day: ``engine.timer.Day``. Other addons add theirs."""
        return {
            "employee_id": timer.employee_id.id,
            "date": day.date,
            **{name: timer[name].id for name in ROW_FIELDS},
            "name": timer.name or "/",
            "unit_amount": hours,
            # All three are written: the work had breaks, and what is booked is rounded.
            "timetrack_start": day.start,
            "timetrack_stop": day.stop,
        }
