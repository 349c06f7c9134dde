from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ReportsCommon


@tagged("post_install", "-at_install")
class TestReportAccess(ReportsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = cls.env["project.project"].create(
            {
                "name": "Secret",
                "privacy_visibility": "followers",
                "allow_timesheets": True,
                "company_id": cls.company.id,
                "partner_id": cls.client_partner.id,
            }
        )
        cls._create_entry(cls.bob, "2025-03-06", cls.secret, 5.0)
        cls.ada.user_id.group_ids += cls.env.ref("base.group_allow_export")
        cls.approver = cls._create_user("approver", "hr_timesheet.group_hr_timesheet_approver")
        cls.manager = cls._create_user("manager", "hr_timesheet.group_timesheet_manager")
        cls.biller = cls._create_user("biller", "client_timetrack_billing.group_billing_user")

    @classmethod
    def _create_user(cls, name, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=f"timetrack_{name}",
            groups=f"{groups},base.group_allow_export",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _as(self, user):
        return self.Report.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)

    def _sum(self, user, *measures, domain=None):
        domain = self._in_march() if domain is None else domain
        return self._as(user)._read_group(domain, [], [f"{name}:sum" for name in measures])[0]

    def test_consultant_sees_own_numbers(self):
        self.assertEqual(self._as(self.ada.user_id).search(self._in_march()).employee_id, self.ada)
        logged, net, rate = self._sum(self.ada.user_id, "logged_hours", "net_available_hours", "utilization")
        self.assertEqual((logged, net), (18.0, 152.0))
        self.assertAlmostEqual(rate, 14 / 152)
        self.assertEqual(self._sum(self.ada.user_id, "budget_hours", domain=[])[0], False)

    def test_head_of_department_sees_the_department(self):
        self.department.manager_id = self.bob
        self.assertEqual(self._as(self.bob.user_id).search(self._in_march()).employee_id, self.ada | self.bob)

    def test_approver_sees_visible_projects_and_all_capacity(self):
        self.assertEqual(self._sum(self.approver, "logged_hours", "net_available_hours"), (32.0, 504.0))
        self.secret.message_subscribe(self.approver.partner_id.ids)
        self.assertEqual(self._sum(self.approver, "logged_hours")[0], 37.0)

    def test_manager_sees_everything(self):
        self.assertEqual(self._sum(self.manager, "logged_hours", "net_available_hours"), (37.0, 504.0))

    def test_billing_user_sees_all_time_but_no_capacity_of_others(self):
        self.assertEqual(self._sum(self.biller, "logged_hours", "net_available_hours"), (37.0, False))

    def test_no_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self._create_user("stranger", "hr_timesheet.group_timesheet_manager", other)
        self.assertFalse(self._as(stranger).search([("company_id", "=", self.company.id)]))

    def test_users_without_timesheets_see_nothing(self):
        with self.assertRaises(AccessError):
            self._as(self._create_user("nobody", "base.group_user")).search([])

    def test_no_money_without_the_right(self):
        """Neither read_group, nor grouping sets, export, search or order tell costs and billed amounts."""
        for user, names in (
            (self.ada.user_id, ("cost", "budget_cost", "billed_amount")),
            (self.approver, ("cost", "budget_cost", "billed_amount")),
            (self.biller, ("cost", "budget_cost")),
            (self.manager, ("billed_amount",)),
        ):
            report = self._as(user)
            known = report.fields_get()
            for name in names:
                self.assertNotIn(name, known)
                for read in (
                    lambda report, name: report._read_group([], [], [f"{name}:sum"]),
                    lambda report, name: report._read_group([], ["employee_id"], [f"{name}:max"]),
                    lambda report, name: report._read_grouping_sets([], [[]], [f"{name}:sum"]),
                    lambda report, name: report.formatted_read_group([], [], [f"{name}:sum"]),
                    lambda report, name: report._read_group([], ["kind"], [], having=[(f"{name}:sum", ">", 0)]),
                    lambda report, name: report._read_group([], ["kind"], [], order=f"{name}:sum"),
                    lambda report, name: report.search([(name, ">", 0)]),
                    lambda report, name: report.search([], order=name),
                    lambda report, name: report.search([], limit=1).read([name]),
                    lambda report, name: report.search([], limit=1).export_data([name]),
                ):
                    with self.assertRaises(AccessError, msg=f"{user.login} {name}"):
                        read(report, name)

    def test_money_with_the_right(self):
        self.assertEqual(float(self._sum(self.manager, "cost")[0]), 37 * 50.0)
        self.assertEqual(self._sum(self.biller, "billed_amount")[0], False)

    def test_capacity_rows_by_role(self):
        capacity = self.env["timetrack.capacity"]
        self.assertEqual(capacity.with_user(self.ada.user_id).search([]).employee_id, self.ada)
        self.assertEqual(capacity.with_user(self.approver).search([]).employee_id, self.firm)
        with self.assertRaises(AccessError):
            capacity.with_user(self.manager).search([], limit=1).write({"net_hours": 1.0})
        with self.assertRaises(AccessError):
            self.env["timetrack.capacity.dirty"].with_user(self.manager).search([])
