import json
from collections.abc import Iterable

from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import ReportsCommon

GROUPS = {
    "utilization": "hr_timesheet.group_hr_timesheet_approver",
    "billing": "client_timetrack_billing.group_billing_user",
    "projects": "hr_timesheet.group_hr_timesheet_approver",
    "clients": "client_timetrack_reports.group_margin_viewer",
    "outlook": "hr_timesheet.group_hr_timesheet_approver",
    "cash": "client_timetrack_billing.group_billing_user",
    "mine": "hr_timesheet.group_hr_timesheet_user",
}


@tagged("post_install", "-at_install")
class TestDashboard(ReportsCommon):
    """Dashboards ask for nothing that is not there, or that their readers may not see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readers = {
            name: new_test_user(
                cls.env, f"timetrack_reader_{name}", group, company_id=cls.company.id, company_ids=cls.company.ids
            )
            for name, group in GROUPS.items()
        }

    def _dashboards(self):
        for name, reader in self.readers.items():
            dashboard = self.env.ref(f"client_timetrack_reports.spreadsheet_dashboard_{name}")
            yield name, dashboard, json.loads(dashboard.spreadsheet_data), self.env(user=reader)

    def test_readers_see_their_dashboards(self):
        for name, dashboard, _data, env in self._dashboards():
            self.assertTrue(dashboard.with_env(env).search([("id", "=", dashboard.id)]), name)
            self.assertTrue(dashboard.with_env(env)._get_serialized_readonly_dashboard())
        mine = self.env(user=self.readers["mine"])["spreadsheet.dashboard"].search([])
        ours = self.env["spreadsheet.dashboard"].search([("dashboard_group_id", "=", self._group().id)])
        self.assertEqual(mine & ours, self.env.ref("client_timetrack_reports.spreadsheet_dashboard_mine"))

    def _group(self):
        return self.env.ref("client_timetrack_reports.spreadsheet_dashboard_group_time")

    def test_pivots_can_be_read(self):
        """Each pivot, as its reader asks for it."""
        for name, _dashboard, data, env in self._dashboards():
            self.assertTrue(data["pivots"], name)
            for pivot in data["pivots"].values():
                groups = [
                    ":".join(filter(None, (group["fieldName"], group.get("granularity")))) for group in pivot["rows"]
                ]
                measures = [f"{measure['fieldName']}:{measure['aggregator']}" for measure in pivot["measures"]]
                result = env[pivot["model"]].formatted_read_group(pivot["domain"], groups, measures)
                self.assertIsInstance(result, list, (name, pivot["name"]))
                if pivot["sortedColumn"]:
                    self.assertIn(pivot["sortedColumn"]["measure"], measures)

    def test_charts_lists_and_filters_are_of_fields(self):
        for name, _dashboard, data, env in self._dashboards():
            used = [(pivot["model"], pivot["fieldMatching"], pivot["domain"]) for pivot in data["pivots"].values()]
            for rows in data["lists"].values():
                env[rows["model"]].web_search_read(
                    rows["domain"], {column: {} for column in rows["columns"]}, limit=10,
                    order=", ".join(f"{one['name']} {'asc' if one['asc'] else 'desc'}" for one in rows["orderBy"]),
                )  # fmt: skip
                used.append((rows["model"], rows["fieldMatching"], rows["domain"]))
            for figure in data["sheets"][0]["figures"]:
                chart = figure["data"]
                if chart["type"].startswith("odoo_"):
                    meta = chart["metaData"]
                    field = env[meta["resModel"]]._fields[meta["measure"]]
                    env[meta["resModel"]].formatted_read_group(
                        chart["searchParams"]["domain"], meta["groupBy"], [f"{meta['measure']}:{field.aggregator}"]
                    )
                    used.append((meta["resModel"], chart["fieldMatching"], chart["searchParams"]["domain"]))
            filters = {one["id"]: one for one in data["globalFilters"]}
            for model, matching, domain in used:
                Domain(domain).validate(env[model])
                self._check_choices(env[model], Domain(domain), name)
                for key, match in matching.items():
                    field = env[model]._fields[match["chain"]]
                    self.assertEqual(field.type, match["type"], (name, match))
                    if field.type == "many2one":
                        self.assertEqual(field.comodel_name, filters[key]["modelName"], (name, match))

    def _check_choices(self, model, domain, name):
        """A choice that there is not finds nothing, for ever, and nobody is told."""
        for condition in domain.iter_conditions():
            owner, path = model, condition.field_expr.split(".")
            for step in path[:-1]:
                owner = self.env[owner._fields[step].comodel_name]
            field = owner._fields[path[-1]]
            if field.type == "selection":
                wanted = [condition.value] if isinstance(condition.value, str) else condition.value
                if isinstance(wanted, Iterable):
                    self.assertLessEqual(set(wanted), set(field.get_values(self.env)), (name, condition))

    def test_figures_are_those_of_the_pivots(self):
        """What a dashboard shows of March is what the report says."""
        _name, _dashboard, data, env = next(iter(self._dashboards()))
        env = env(context={"allowed_company_ids": self.company.ids})
        figures = {pivot["name"]: pivot for pivot in data["pivots"].values() if not pivot["rows"]}
        period = [("date", ">=", self.MARCH[0]), ("date", "<=", self.MARCH[1])]
        for label, expected in (("Utilization", 25 / 504), ("Billable Mix", 25 / 32), ("Billable Hours", 25.0)):
            [measure] = figures[label]["measures"]
            [row] = env["timetrack.report"].formatted_read_group(
                [*figures[label]["domain"], *period], [], [f"{measure['fieldName']}:{measure['aggregator']}"]
            )
            self.assertAlmostEqual(row[f"{measure['fieldName']}:{measure['aggregator']}"], expected, 6, label)

    def test_my_numbers_are_mine(self):
        _name, _dashboard, data, _env = list(self._dashboards())[-1]
        env = self.env(user=self.ada.user_id, context={"allowed_company_ids": self.company.ids})
        manager = new_test_user(
            self.env, "timetrack_all", "hr_timesheet.group_timesheet_manager", company_id=self.company.id,
            company_ids=self.company.ids,
        )  # fmt: skip
        pivot = next(pivot for pivot in data["pivots"].values() if pivot["name"] == "My Billable Hours")
        [row] = env["timetrack.report"].formatted_read_group(pivot["domain"], [], ["billable_hours:sum"])
        self.assertEqual(row["billable_hours:sum"], 14.0)
        [row] = (
            self.env(user=manager, context={"allowed_company_ids": self.company.ids})["timetrack.report"]
            .formatted_read_group(pivot["domain"], [], ["billable_hours:sum"])
        )  # fmt: skip
        self.assertFalse(row["billable_hours:sum"])
