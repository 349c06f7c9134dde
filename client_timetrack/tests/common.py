import os
from functools import partial

from hypothesis import HealthCheck, Phase, settings

from odoo.tests import TransactionCase, new_test_user

PASSWORD_LENGTH_OK = "timetrack-test"

# Examples of a property that needs the database: rolled back one by one, too slow to be shrunk.
database_examples = partial(
    settings,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)

# The complete run has hundreds of thousands of cases of what has to do with money.
TIMES = 100 if os.environ.get("TIMETRACK_FULL") else 1


def cases(usual):
    """Cases of a property of an engine.

    :param int usual: how many of them in the usual run
    """
    return settings(deadline=None, max_examples=usual * TIMES)


class TimetrackCommon(TransactionCase):
    """One small firm: two consultants, their lead, another lead, a project manager, an administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True, no_reset_password=True))
        cls.company = cls.env.company
        cls.company.timetrack_approval_required = True
        user_groups = "hr_timesheet.group_hr_timesheet_user"
        approver_groups = "hr_timesheet.group_hr_timesheet_approver"
        cls.consultant = cls._new_user("tt_consultant", user_groups)
        cls.colleague = cls._new_user("tt_colleague", user_groups)
        cls.lead = cls._new_user("tt_lead", approver_groups)
        cls.other_lead = cls._new_user("tt_other_lead", approver_groups)
        cls.project_manager = cls._new_user("tt_project_manager", "project.group_project_manager")
        cls.administrator = cls._new_user("tt_administrator", "hr_timesheet.group_timesheet_manager")

        Employee = cls.env["hr.employee"]
        cls.employee_lead = Employee.create({"name": "Lena Lead", "user_id": cls.lead.id, "hourly_cost": 80})
        cls.employee_other_lead = Employee.create({"name": "Otto Other", "user_id": cls.other_lead.id})
        cls.employee_manager = Employee.create({"name": "Petra Project", "user_id": cls.project_manager.id})
        cls.employee_administrator = Employee.create({"name": "Ada Admin", "user_id": cls.administrator.id})
        cls.employee = Employee.create(
            {
                "name": "Carl Consultant",
                "user_id": cls.consultant.id,
                "parent_id": cls.employee_lead.id,
                "hourly_cost": 50,
            }
        )
        cls.employee_colleague = Employee.create(
            {"name": "Cora Colleague", "user_id": cls.colleague.id, "parent_id": cls.employee_lead.id}
        )

        cls.client_company = cls.env["res.partner"].create({"name": "Client Works", "is_company": True})
        cls.client_contact = cls.env["res.partner"].create(
            {"name": "Clara Contact", "parent_id": cls.client_company.id}
        )
        cls.project = cls.env["project.project"].create(
            {
                "name": "Merger",
                "allow_timesheets": True,
                "partner_id": cls.client_contact.id,
                "user_id": cls.project_manager.id,
                "privacy_visibility": "employees",
            }
        )
        cls.task = cls.env["project.task"].create({"name": "Due diligence", "project_id": cls.project.id})
        cls.internal_project = cls.env["project.project"].create(
            {"name": "Office", "allow_timesheets": True, "user_id": False, "privacy_visibility": "employees"}
        )
        cls.activity_consulting = cls.env["timetrack.activity"].create({"name": "Consulting"})
        cls.activity_research = cls.env["timetrack.activity"].create(
            {"name": "Research", "parent_id": cls.activity_consulting.id}
        )
        cls.activity_training = cls.env["timetrack.activity"].create({"name": "Training", "is_billable": False})

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(cls.env, login=login, groups=groups, password=PASSWORD_LENGTH_OK)

    @classmethod
    def _entry(cls, **values):
        """A time entry of the consultant: two hours on the task, today; ``values`` change that."""
        return cls.env["account.analytic.line"].create(
            {
                "name": "Reading",
                "project_id": cls.project.id,
                "task_id": cls.task.id,
                "employee_id": cls.employee.id,
                "unit_amount": 2,
                **values,
            }
        )

    def _submitted(self, **values):
        entry = self._entry(**values)
        entry.action_timetrack_submit()
        return entry

    def _approved(self, **values):
        entry = self._submitted(**values)
        entry.with_user(self.lead).action_timetrack_approve()
        return entry


class BudgetCommon(TimetrackCommon):
    """Work for a budget of every scope: each has its part, so that parts of it can be counted too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job = cls.env["hr.job"].create({"name": "Senior"})
        cls.employee.job_id = cls.job
        cls.subtask = cls.env["project.task"].create(
            {"name": "Contracts", "project_id": cls.project.id, "parent_id": cls.task.id}
        )
        cls.deliverable = cls.env["timetrack.deliverable"].create({"name": "Report", "project_id": cls.project.id})
        cls.chapter = cls.env["timetrack.deliverable"].create({"name": "Chapter", "parent_id": cls.deliverable.id})
        cls.second = cls.project.copy({"name": "Second", "allocated_hours": 0})

    def _budget(self, scope, hours=10, **values):
        targets = {
            "project": {"project_id": self.project.id},
            "client": {"client_id": self.client_company.id},
            "task": {"task_id": self.task.id},
            "deliverable": {"deliverable_id": self.deliverable.id},
            "activity": {"project_id": self.project.id, "activity_id": self.activity_consulting.id},
            "employee": {"project_id": self.project.id, "employee_id": self.employee.id},
            "job": {"project_id": self.project.id, "job_id": self.job.id},
        }
        return self.env["timetrack.budget"].create({"scope": scope, "hours": hours, **targets[scope], **values})
