from odoo.tests import tagged

from .common import TimetrackCommon


@tagged("post_install", "-at_install")
class TestViews(TimetrackCommon):
    """Views of Odoo that build upon the ones the addon extends still work, filter by filter."""

    def test_search_views_of_time(self):
        for model, xmlid in (
            ("account.analytic.line", "hr_timesheet.hr_timesheet_line_search"),
            ("account.analytic.line", "hr_timesheet.hr_timesheet_line_my_timesheet_search"),
            ("timesheets.analysis.report", "hr_timesheet.hr_timesheet_report_search"),
        ):
            view = self.env.ref(xmlid)
            with self.subTest(view=xmlid):
                arch = self.env[model].get_view(view.id, "search")["arch"]
                self.assertIn("timetrack_submitted", arch)
                view._check_xml()

    def test_odoos_own_analysis_groups_by_approval(self):
        self._submitted(unit_amount=2)
        self._entry(unit_amount=3)
        self.env.flush_all()
        groups = self.env["timesheets.analysis.report"]._read_group(
            [("project_id", "=", self.project.id)], ["timetrack_state"], ["unit_amount:sum"]
        )
        self.assertEqual(groups, [("draft", 3), ("submitted", 2)])
