from datetime import date

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

FULL_DAY = [(8, 12), (13, 17)]
MORNING = [(8, 12)]
TZ = "Europe/Brussels"


class ReportsCommon(TransactionCase):
    """A small firm in March 2025 (21 working days), with a public holiday on Monday the 10th.

    ========  =====================  =====  =======  =====  ===
    employee  works                  gross  holiday  leave  net
    ========  =====================  =====  =======  =====  ===
    Ada       8 h a day, leave 11th    168        8      8  152
    Bob       4 h a day                 84        4      0   80
    Cai       8 h, hired on the 12th   112        0      0  112
    Dee       flexible, 40 h a week    168        8      0  160
    ========  =====================  =====  =======  =====  ===
    """

    MARCH = (date(2025, 3, 1), date(2025, 3, 31))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, tz=TZ))
        cls.Report = cls.env["timetrack.report"]
        cls.Capacity = cls.env["timetrack.capacity"]
        cls.company = cls.env["res.company"].create({"name": "Small Firm"})
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.company.ids))
        cls.full_time = cls._create_calendar("Full time", FULL_DAY)
        cls.part_time = cls._create_calendar("Mornings", MORNING)
        cls.department = cls.env["hr.department"].create({"name": "Advice", "company_id": cls.company.id})
        cls.ada = cls._create_employee("Ada", cls.full_time, department_id=cls.department.id)
        cls.bob = cls._create_employee("Bob", cls.part_time)
        cls.cai = cls._create_employee("Cai", cls.full_time, contract_date_start="2025-03-12")
        cls.dee = cls._create_employee("Dee", False)
        cls.firm = cls.ada | cls.bob | cls.cai | cls.dee
        cls.holiday = cls._create_leave("2025-03-09 23:00:00", "2025-03-10 22:59:59")
        cls.leave = cls._create_leave("2025-03-10 23:00:00", "2025-03-11 22:59:59", cls.ada)
        cls.Capacity._refresh(cls.firm, *cls.MARCH)
        cls._create_work()

    @classmethod
    def _create_calendar(cls, name, day):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "tz": TZ,
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": name,
                                "dayofweek": str(weekday),
                                "hour_from": hour_from,
                                "hour_to": hour_to,
                                "day_period": "morning" if hour_to <= 12 else "afternoon",
                            }
                        )
                        for weekday in range(5)
                        for hour_from, hour_to in day
                    ),
                ],
            }
        )

    @classmethod
    def _create_employee(cls, name, calendar, **values):
        start = values.get("contract_date_start", "2025-01-01")
        user = new_test_user(
            cls.env,
            login=f"timetrack_{name.lower()}",
            groups="hr_timesheet.group_hr_timesheet_user",
            name=name,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            tz=TZ,
        )
        return cls.env["hr.employee"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "user_id": user.id,
                "tz": TZ,
                "resource_calendar_id": calendar and calendar.id,
                "date_version": start,
                "contract_date_start": start,
                "hourly_cost": 50.0,
                **values,
            }
        )

    @classmethod
    def _create_leave(cls, date_from, date_to, employee=None, **values):
        return cls.env["resource.calendar.leaves"].create(
            {
                "name": "Off",
                "date_from": date_from,
                "date_to": date_to,
                "company_id": cls.company.id,
                "calendar_id": False,
                "resource_id": employee.resource_id.id if employee else False,
                "time_type": "leave",
                **values,
            }
        )

    @classmethod
    def _create_work(cls):
        """32 hours: 25 billable (10 approved, 8 submitted, 7 draft) and 7 not billable (4 approved)."""
        cls.client_partner = cls.env["res.partner"].create({"name": "=Client", "is_company": True})
        Project = cls.env["project.project"].with_context(default_company_id=cls.company.id)
        cls.project = Project.create(
            {
                "name": "Billable",
                "partner_id": cls.client_partner.id,
                "allow_timesheets": True,
                "company_id": cls.company.id,
                "privacy_visibility": "employees",
                "allocated_hours": 50.0,
            }
        )
        cls.internal = Project.create(
            {
                "name": "=1+1",
                "partner_id": False,
                "allow_timesheets": True,
                "company_id": cls.company.id,
                "privacy_visibility": "employees",
            }
        )
        Budget = cls.env["timetrack.budget"]
        cls.budget = Budget.search([("project_id", "=", cls.project.id)]) or Budget.create(
            {"project_id": cls.project.id}
        )
        cls.budget.sudo().cost = 3000.0
        cls.research, cls.meeting = cls.env["timetrack.activity"].create(
            [{"name": "Research", "is_billable": True}, {"name": "Meeting", "is_billable": True}]
        )
        cls.reading = cls.env["timetrack.activity"].create(
            {"name": "Reading", "parent_id": cls.research.id, "is_billable": True}
        )
        cls.task = cls.env["project.task"].create(
            {
                "name": "Report",
                "project_id": cls.project.id,
                "allocated_hours": 20.0,
                "date_deadline": "2025-03-20 12:00:00",
            }
        )
        cls.entries = cls.env["account.analytic.line"]
        for employee, day, project, activity, hours, state in (
            (cls.ada, "2025-03-03", cls.project, cls.research, 6.0, "approved"),
            (cls.ada, "2025-03-04", cls.project, cls.reading, 8.0, "submitted"),
            (cls.ada, "2025-03-05", cls.internal, cls.meeting, 4.0, "approved"),
            (cls.bob, "2025-03-03", cls.project, cls.reading, 4.0, "approved"),
            (cls.cai, "2025-03-12", cls.project, cls.meeting, 7.0, "draft"),
            (cls.dee, "2025-03-13", cls.internal, cls.meeting, 3.0, "draft"),
        ):
            cls.entries |= cls._create_entry(employee, day, project, hours, state, timetrack_activity_id=activity.id)

    @classmethod
    def _create_entry(cls, employee, day, project, hours, state="draft", **values):
        entry = cls.env["account.analytic.line"].create(
            {
                "name": "Work",
                "employee_id": employee.id,
                "date": day,
                "project_id": project.id,
                "task_id": cls.task.id if project == cls.project else False,
                "unit_amount": hours,
                **values,
            }
        )
        if state != "draft":
            entry.flush_recordset()
            entry._timetrack_internal().write({"timetrack_state": state})
        return entry

    def _domain(self, *more):
        return [("company_id", "=", self.company.id), *more]

    def _in_march(self, *more):
        return self._domain(("date", ">=", self.MARCH[0]), ("date", "<=", self.MARCH[1]), *more)

    def _totals(self, domain, *measures):
        """Grand totals of some measures."""
        return self.Report._read_group(domain, [], [f"{name}:sum" for name in measures])[0]

    def _groups(self, groupby, *measures, domain=None):
        """Dict of group to values of some measures, in March."""
        groups = self.Report._read_group(
            self._in_march() if domain is None else domain, [groupby], [f"{name}:sum" for name in measures]
        )
        return {group[0]: group[1:] if len(measures) > 1 else group[1] for group in groups}
