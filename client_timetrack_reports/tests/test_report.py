from datetime import date

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import ReportsCommon

HOURS = ("logged_hours", "billable_hours", "non_billable_hours", "submitted_hours", "approved_hours")


@tagged("post_install", "-at_install")
class TestReport(ReportsCommon):
    def test_hours_in_total(self):
        self.assertEqual(self._totals(self._in_march(), *HOURS), (32.0, 25.0, 7.0, 8.0, 14.0))
        self.assertEqual(
            self._totals(
                self._in_march(), "gross_available_hours", "holiday_hours", "leave_hours", "net_available_hours"
            ),
            (532.0, 20.0, 8.0, 504.0),
        )

    def test_hours_recomputed_from_the_entries(self):
        """Every hour measure by every dimension of time, against plain Python over the entries."""
        lines = self.env["account.analytic.line"].search(
            [("company_id", "=", self.company.id), ("project_id", "!=", False)]
        )
        for name in lines._timetrack_leave_fields():
            lines = lines.filtered(lambda line, name=name: not line[name])
        dimensions = {
            "employee_id": "employee_id",
            "department_id": "department_id",
            "manager_id": "manager_id",
            "project_id": "project_id",
            "task_id": "task_id",
            "client_id": "timetrack_client_id",
            "activity_id": "timetrack_activity_id",
            "state": "timetrack_state",
        }
        for dimension, source in dimensions.items():
            expected = {}
            for line in lines:
                hours = line.unit_amount
                values = (
                    hours,
                    hours if line.timetrack_is_billable else 0.0,
                    0.0 if line.timetrack_is_billable else hours,
                    hours if line.timetrack_state == "submitted" else 0.0,
                    hours if line.timetrack_state == "approved" else 0.0,
                )
                before = expected.get(line[source], (0.0,) * 5)
                expected[line[source]] = tuple(map(sum, zip(before, values, strict=True)))
            domain = self._domain(("kind", "=", "entry"))
            self.assertEqual(self._groups(dimension, *HOURS, domain=domain), expected, dimension)

    def test_top_level_of_service_types(self):
        hours = self._groups("top_activity_id", "logged_hours", domain=self._domain(("kind", "=", "entry")))
        self.assertEqual(hours, {self.research: 18.0, self.meeting: 14.0})

    def test_utilization_by_employee_and_in_total(self):
        """Sum over sum at each level: the total is not the mean of the employees."""
        rates = self._groups("employee_id", "utilization")
        self.assertAlmostEqual(rates[self.ada], 14 / 152)
        self.assertAlmostEqual(rates[self.bob], 4 / 80)
        self.assertAlmostEqual(rates[self.cai], 7 / 112)
        self.assertEqual(rates[self.dee], 0.0)
        self.assertAlmostEqual(self._totals(self._in_march(), "utilization")[0], 25 / 504)

    def test_ratios_at_every_level_of_a_pivot(self):
        """Grouping sets, as the pivot asks for them, whatever aggregate function it names."""
        sets = [[], ["employee_id"], ["date:month"], ["employee_id", "date:month"]]
        ratios = ("utilization", "utilization_gross", "billable_mix", "budget_consumed", "planned_variance_rate")
        parts = (
            ("billable_hours", "net_available_hours"),
            ("billable_hours", "gross_available_hours"),
            ("billable_hours", "logged_hours"),
            ("budget_logged_hours", "budget_hours"),
            ("planned_variance", "planned_hours"),
        )
        sums = [f"{name}:sum" for pair in parts for name in pair]
        for function in ("avg", "sum", "max"):
            results = self.Report._read_grouping_sets(
                self._domain(), sets, [*(f"{name}:{function}" for name in ratios), *sums]
            )
            self.assertEqual(len(results[0]), 1)
            for grouping, rows in zip(sets, results, strict=True):
                for row in rows:
                    values = row[len(grouping) :]
                    for index, ratio in enumerate(values[: len(ratios)]):
                        numerator, denominator = values[len(ratios) + 2 * index : len(ratios) + 2 * index + 2]
                        if denominator and denominator > 0:
                            self.assertAlmostEqual(ratio, (numerator or 0.0) / denominator)
                        else:
                            self.assertIs(ratio, False)

    def test_no_denominator_no_ratio(self):
        domain = self._domain(("date", "=", "2025-03-08"))
        self._create_entry(self.ada, "2025-03-08", self.project, 2.0)
        hours, rate, gross_rate, mix = self._totals(
            domain, "billable_hours", "utilization", "utilization_gross", "billable_mix"
        )
        self.assertEqual((hours, rate, gross_rate, mix), (2.0, False, False, 1.0))

    def test_a_negative_denominator_gives_no_ratio(self):
        self._create_entry(self.ada, "2025-03-08", self.project, -2.0)
        domain = self._domain(("date", "=", "2025-03-08"))
        self.assertEqual(self._totals(domain, "logged_hours", "billable_mix"), (-2.0, False))

    def test_overtime_is_not_capped(self):
        self._create_entry(self.bob, "2025-03-06", self.project, 10.0)
        domain = self._domain(("date", "=", "2025-03-06"), ("employee_id", "=", self.bob.id))
        self.assertEqual(self._totals(domain, "utilization")[0], 2.5)

    def test_capacity_is_not_fanned_out(self):
        """Capacity has no project, client or service type: it is in the group without one, once."""
        for dimension in ("project_id", "client_id", "activity_id", "top_activity_id", "task_id", "state"):
            domain = self._in_march(("kind", "in", ["entry", "capacity"]))
            groups = self.Report._read_group(
                domain, [dimension], ["net_available_hours:sum", "billable_hours:sum", "utilization:avg"]
            )
            for value, net, _billable, rate in groups:
                if value:
                    self.assertIs(net, False, dimension)
                    self.assertIs(rate, False, dimension)
                else:
                    self.assertEqual(net, 504.0, dimension)

    def test_capacity_with_a_department(self):
        net = self._groups("department_id", "net_available_hours", domain=self._in_march(("kind", "=", "capacity")))
        self.assertEqual(net[self.department], 152.0)
        self.assertEqual(sum(net.values()), 504.0)

    def test_leave_lines_are_no_work(self):
        names = self.env["account.analytic.line"]._timetrack_leave_fields()
        if not names:
            self.skipTest("no addon here keeps leave as timesheet lines")
        values = {"unit_amount": 8.0, "employee_id": self.ada.id, "project_id": self.internal.id, "name": "Off"}
        self.env["account.analytic.line"].sudo().create(
            {**values, "date": "2025-03-10", "global_leave_id": self.holiday.id}
        )
        self.assertEqual(self._totals(self._in_march(), "logged_hours")[0], 32.0)

    def test_planned_and_actual(self):
        domain = self._in_march(("kind", "in", ["entry", "plan"]))
        planned, logged, variance, rate = self._totals(
            domain, "planned_hours", "logged_hours", "planned_variance", "planned_variance_rate"
        )
        self.assertEqual((planned, logged, variance, rate), (20.0, 32.0, 12.0, 0.6))
        by_task = self._groups("task_id", "planned_hours", "planned_variance", domain=domain)
        self.assertEqual(by_task[self.task], (20.0, 5.0))

    def test_sub_tasks_share_the_plan_of_their_parent(self):
        child = self.env["project.task"].create(
            {"name": "Part", "parent_id": self.task.id, "project_id": self.project.id, "allocated_hours": 15.0}
        )
        domain = self._domain(("kind", "=", "plan"))
        self.assertEqual(self._groups("task_id", "planned_hours", domain=domain), {self.task: 5.0, child: 15.0})
        child.allocated_hours = 30.0
        self.assertEqual(self._groups("task_id", "planned_hours", domain=domain), {self.task: 0.0, child: 30.0})

    def test_date_of_the_plan(self):
        """The deadline, else the first entry, else the day the task was created."""
        domain = self._domain(("kind", "=", "plan"))
        self.assertEqual(self._groups("date:month", "planned_hours", domain=domain), {date(2025, 3, 1): 20.0})
        self.task.date_deadline = False
        self._create_entry(self.ada, "2025-02-03", self.project, 1.0)
        self.assertEqual(self._groups("date:month", "planned_hours", domain=domain), {date(2025, 2, 1): 20.0})
        fresh = self.env["project.task"].create(
            {"name": "Fresh", "project_id": self.project.id, "allocated_hours": 1.0}
        )
        domain.append(("task_id", "=", fresh.id))
        created = fresh.create_date.date()
        self.assertEqual(self._groups("date:month", "planned_hours", domain=domain), {created.replace(day=1): 1.0})

    def test_budget_and_actual(self):
        """Time of projects without a budget does not use up the budgets of others."""
        measures = ("budget_hours", "logged_hours", "budget_logged_hours", "budget_remaining_hours", "budget_consumed")
        by_project = self._groups("project_id", *measures, domain=self._domain(("project_id", "!=", False)))
        self.assertEqual(by_project[self.project], (50.0, 25.0, 25.0, 25.0, 0.5))
        self.assertEqual(by_project[self.internal], (False, 7.0, False, False, False))
        self.assertEqual(self._totals(self._domain(), *measures), (50.0, 32.0, 25.0, 25.0, 0.5))

    def test_budget_by_client(self):
        budget = self._groups("client_id", "budget_hours", domain=self._domain(("kind", "=", "budget")))
        self.assertEqual(budget, {self.client_partner: 50.0})

    def test_money_of_time(self):
        cost, budget = self._totals(self._domain(), "cost", "budget_cost")
        self.assertEqual((float(cost), float(budget)), (1600.0, 3000.0))

    def test_timeliness(self):
        """24 and 48 hours after the end of the day in the employee's time zone: Brussels, one hour ahead of UTC."""
        entry = self._create_entry(self.ada, "2025-03-17", self.project, 4.0)
        domain = self._domain(("line_id", "=", entry.id), ("kind", "=", "entry"))
        for tz, created, expected in (
            ("Europe/Brussels", "2025-03-18 22:59:59", (4.0, 4.0, 1.0, 1.0)),
            ("Europe/Brussels", "2025-03-18 23:00:01", (0.0, 4.0, 0.0, 1.0)),
            ("Europe/Brussels", "2025-03-19 23:00:01", (0.0, 0.0, 0.0, 0.0)),
            ("America/New_York", "2025-03-19 03:59:59", (4.0, 4.0, 1.0, 1.0)),
            ("America/New_York", "2025-03-19 04:00:01", (0.0, 4.0, 0.0, 1.0)),
        ):
            self.ada.resource_id.tz = tz
            self.env.flush_all()
            self.env.cr.execute("UPDATE account_analytic_line SET create_date = %s WHERE id = %s", [created, entry.id])
            measures = "timely_24_hours", "timely_48_hours", "timeliness_24", "timeliness_48"
            self.assertEqual(self._totals(domain, *measures), expected, (tz, created))

    def test_time_that_nobody_pays_for(self):
        """Non-billable time for a client, and inside of the firm."""
        self.entries[0]._timetrack_internal().timetrack_is_billable = False
        self.assertEqual(self._totals(self._in_march(), "non_billable_hours", "client_hours", "internal_hours"),
                         (13.0, 6.0, 7.0))  # fmt: skip

    def test_targets(self):
        """80 % of Ada's 152 net hours are 121.6, and 14 are billable; the others aim at nothing."""
        self.env["timetrack.target"].create(
            {"scope": "employee", "employee_id": self.ada.id, "company_id": self.company.id,
             "date_from": "2025-01-01", "utilization": 80.0}
        )  # fmt: skip
        self.Capacity._refresh(self.ada, *self.MARCH)
        targets = self._groups("employee_id", "target_hours", "target_attainment")
        self.assertAlmostEqual(targets[self.ada][0], 121.6)
        self.assertAlmostEqual(targets[self.ada][1], 14 / 121.6)
        self.assertEqual(targets[self.bob], (0.0, False))

    def test_free_capacity(self):
        """Bob works 20 hours in the week of the 17th, and 12 of them are planned."""
        self.env["timetrack.plan"].create(
            {"employee_id": self.bob.id, "project_id": self.project.id, "week": "2025-03-19", "hours": 12.0}
        )
        domain = self._domain(("kind", "in", ["capacity", "booking"]), ("date", ">=", "2025-03-17"),
                              ("date", "<=", "2025-03-23"), ("employee_id", "=", self.bob.id))  # fmt: skip
        self.assertEqual(self._totals(domain, "net_available_hours", "booked_hours", "free_hours"), (20.0, 12.0, 8.0))

    def test_free_capacity_of_the_running_week(self):
        """On a Wednesday the week is there as a whole: what is planned for it is, on its Monday."""
        self.env["timetrack.plan"].create(
            {"employee_id": self.bob.id, "project_id": self.project.id, "week": "2025-03-17", "hours": 12.0}
        )
        view = self.env.ref("client_timetrack_reports.timetrack_report_view_search")
        ahead = safe_eval(etree.fromstring(view.arch).find(".//filter[@name='ahead']").get("domain"))
        kinds = [("kind", "in", ["capacity", "booking"]), ("employee_id", "=", self.bob.id),
                 ("date", "<=", "2025-03-23")]  # fmt: skip
        with freeze_time("2025-03-19 12:00:00"):
            found = self._totals(self._domain(*kinds, *ahead), "net_available_hours", "booked_hours", "free_hours")
        self.assertEqual(found, (20.0, 12.0, 8.0))

    def test_time_outside_the_days_of_a_budget(self):
        """14 of 25 hours are of the days from the 4th on, and 10 of these until the 6th."""
        budget = self.project.timetrack_budget_ids
        budget.cost = 2000.0
        names = ("budget_logged_hours", "budget_remaining_hours", "budget_consumed", "budget_logged_cost")
        found = self._groups("project_id", *names, domain=self._domain())[self.project]
        self.assertEqual(found, (25.0, 25.0, 0.5, 1250.0))
        for days in ({"date_from": "2025-03-04"}, {"date_from": "2025-03-04", "date_to": "2025-03-06"}):
            budget.write(days)
            counted = self.env["account.analytic.line"].search([("project_id", "=", self.project.id)]).filtered(
                lambda line: budget.date_from <= line.date <= (budget.date_to or line.date)
            )
            hours = sum(counted.mapped("unit_amount"))
            self.assertLess(hours, 25.0)
            self.assertEqual(budget.consumed_hours, hours)
            found = self._groups("project_id", *names, domain=self._domain())[self.project]
            self.assertEqual(found, (hours, 50.0 - hours, hours / 50.0, hours * 50.0))

    def test_deliverables_of_several_parts(self):
        """The hours of a whole include those of its parts: 50 in all, of which 15 are planned for no part."""
        Deliverable = self.env["timetrack.deliverable"]
        whole = Deliverable.create({"name": "Study", "project_id": self.project.id, "planned_hours": 50.0})
        first, last = Deliverable.create(
            [
                {"name": name, "project_id": self.project.id, "parent_id": whole.id, "planned_hours": hours}
                for name, hours in (("Draft", 20.0), ("Final", 15.0))
            ]
        )
        found = self._groups("deliverable_id", "deliverable_planned_hours", domain=self._domain())
        self.assertEqual([found[one] for one in (whole, first, last)], [15.0, 20.0, 15.0])
        last.active = False
        self.assertEqual(self._totals(self._domain(), "deliverable_planned_hours")[0], 50.0)

    def test_deliverables(self):
        deliverable = self.env["timetrack.deliverable"].create(
            {"name": "Study", "project_id": self.project.id, "planned_hours": 10.0, "date_due": "2025-03-28"}
        )
        self._create_entry(self.ada, "2025-03-18", self.project, 12.0, timetrack_deliverable_id=deliverable.id)
        measures = "deliverable_planned_hours", "deliverable_logged_hours", "deliverable_variance"
        found = self._groups("deliverable_id", *measures, "deliverable_variance_rate")
        self.assertEqual(found[deliverable], (10.0, 12.0, 2.0, 0.2))

    def test_engagements_and_policies(self):
        policy = self.env["timetrack.policy"].create({"name": "Strict", "company_id": self.company.id})
        self.project.timetrack_policy_id = policy
        self.env["timetrack.engagement"]._ensure(self.project | self.internal)
        self.env["timetrack.engagement"].search([("project_id", "=", self.internal.id)]).billing_method = "none"
        domain = self._domain(("kind", "=", "entry"))
        self.assertEqual(self._groups("engagement_type", "logged_hours", domain=domain), {"rates": 25.0, "none": 7.0})
        by_policy = self._groups("policy_id", "logged_hours", domain=domain)
        self.assertEqual(by_policy[policy], 25.0)

    def test_only_the_facts_that_are_asked_for_are_read(self):
        wanted = self.Report._get_wanted_facts
        self.assertEqual(wanted([("kind", "=", "capacity")]), ["capacity"])
        self.assertEqual(wanted([("kind", "in", ["entry", "wip"]), ("kind", "!=", "wip")]), ["entry"])
        self.assertEqual(wanted(["|", ("kind", "=", "plan"), ("project_id", "!=", False)]), self.Report._get_facts())
        self.assertEqual(wanted(["!", ("kind", "not in", ["budget"])]), ["budget"])
        self.assertEqual(len(wanted([("kind", "=", "nothing")])), 1)
        self.assertFalse(self.Report.search([("kind", "=", "nothing")]))

    def test_pages_and_favorites(self):
        """Each page opens, and each favorite asks for measures and groups that are there."""
        actions = self.env["ir.actions.act_window"].search([("res_model", "=", "timetrack.report")])
        self.assertGreaterEqual(len(actions), 9)
        for action in actions:
            views = self.Report.get_views([(view, kind) for view, kind in action.views] + [(False, "search")])
            self.assertIn("pivot", views["views"])
        filters = self.env["ir.filters"].search([("model_id", "=", "timetrack.report")])
        self.assertGreaterEqual(len(filters), 7)
        for one in filters:
            context = safe_eval(one.context)
            names = [*context["pivot_measures"], *context["pivot_row_groupby"], *context["pivot_column_groupby"]]
            for name in names:
                self.assertIn(name.split(":")[0], self.Report._fields, one.name)
            self.assertIn(one.action_id.id, actions.ids)

    def test_groups_are_records_like_any_others(self):
        """What is asked of the records of groups knows nothing of how they were read."""
        [(employee, _hours), *_rest] = self.Report._read_group(self._in_march(), ["employee_id"], ["logged_hours:sum"])
        self.assertEqual(employee.env, self.Report.env)
        [[row, *_rest]] = self.Report._read_grouping_sets(self._in_march(), [["employee_id"]], ["logged_hours:sum"])
        self.assertEqual(row[0].env, self.Report.env)
        rows = employee.env["timetrack.report"].search(self._in_march(("employee_id", "=", employee.id)))
        self.assertEqual(set(rows.mapped("kind")), {"entry", "capacity", "wip"})

    def test_pending_changes_count(self):
        """What the ORM has not written yet is in the report."""
        self.entries[0]._timetrack_internal().unit_amount = 16.0
        self.assertEqual(self._totals(self._in_march(), "logged_hours")[0], 42.0)
        self.client_partner.timetrack_client_category_id = self.env["timetrack.client.category"].create({"name": "A"})
        groups = self._groups("client_category_id", "logged_hours", domain=self._domain(("kind", "=", "entry")))
        self.assertEqual(groups[self.client_partner.timetrack_client_category_id], 35.0)

    def test_measures_that_are_none(self):
        """They are refused in Odoo's own words."""
        for spec in ("hours:sum", "logged_hours:no"):
            with self.subTest(spec), self.assertRaises(ValueError):
                self.env["timetrack.report"].formatted_read_group([], ["employee_id"], [spec])

    def test_rows_have_an_identity(self):
        rows = self.Report.search(self._domain())
        self.assertEqual(len(rows), len(set(rows.ids)))
        actions = [(row.kind, row.action_open_source()) for row in rows]
        sources = {(kind, action["res_model"], action["res_id"]) for kind, action in actions}
        self.assertEqual(len(sources), len(rows))
        for _kind, model, res_id in sources:
            self.assertTrue(self.env[model].browse(res_id).exists())

    def test_one_query_for_a_pivot_at_any_size(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Report._read_grouping_sets(
                self._domain(),
                [[], ["employee_id"], ["employee_id", "date:month"]],
                ["utilization:avg", "billable_hours:sum", "net_available_hours:sum", "logged_hours:sum"],
            )
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        for day in range(1, 29):
            self._create_entry(self.ada, f"2025-02-{day:02}", self.project, 1.0)
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 3)

    def test_the_report_is_read_only(self):
        with self.assertRaises(AccessError):
            self.Report.with_user(self.ada.user_id).check_access("write")
