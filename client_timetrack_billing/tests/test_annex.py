from lxml.html import document_fromstring

from odoo.tests import tagged

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestAnnex(TimetrackBillingCommon):
    """The page of time after an invoice. Alice's hours are 100 each, Bob's 150."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.engagement.annex = "entry"
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = False

    def _bill(self):
        task = self.env["project.task"].create({"name": "Contract", "project_id": self.project.id})
        self._log_approved(1.5, name="First draft", task_id=task.id, timetrack_activity_id=self.activity_drafting.id)
        self._log_approved(0.25, name="Call", date="2026-05-05")
        self._log_approved(1.0, name="Review", date="2026-05-05", employee_id=self.bob.id)
        return self._invoice()

    def _rows(self, move):
        [table] = move._timetrack_get_annex()
        return table["rows"]

    def test_each_entry(self):
        move = self._bill()
        [table] = move._timetrack_get_annex()
        self.assertEqual(table["title"], "Merger")
        self.assertEqual(table["columns"], ["Date", "Employee", "Service", "Description", "Hours", "Amount"])
        self.assertEqual(
            table["rows"],
            [
                ["05/04/2026", "Alice", "Drafting", "First draft", "01:30", "$\xa0150.00"],
                ["05/05/2026", "Alice", "", "Call", "00:15", "$\xa025.00"],
                ["05/05/2026", "Bob", "", "Review", "01:00", "$\xa0150.00"],
            ],
        )
        self.assertEqual(table["total"], ["02:45", "$\xa0325.00"])
        self.assertEqual(move.amount_untaxed, 325)

    def test_annex(self):
        move = self._bill()
        for by, expected in (
            ("day", [["05/04/2026", "01:30", "$\xa0150.00"], ["05/05/2026", "01:15", "$\xa0175.00"]]),
            ("employee", [["Alice", "01:45", "$\xa0175.00"], ["Bob", "01:00", "$\xa0150.00"]]),
            ("task", [["Contract", "01:30", "$\xa0150.00"], ["Other work", "01:15", "$\xa0175.00"]]),
            ("activity", [["Drafting", "01:30", "$\xa0150.00"], ["Other work", "01:15", "$\xa0175.00"]]),
            ("deliverable", [["Other work", "02:45", "$\xa0325.00"]]),
        ):
            with self.subTest(by):
                self.engagement.annex = by
                self.assertEqual(self._rows(move), expected)
        self.engagement.annex = False
        self.assertEqual(move._timetrack_get_annex(), [])

    def test_annex_names(self):
        move = self._bill()
        self.engagement.annex_names = False
        [table] = move._timetrack_get_annex()
        self.assertEqual(table["columns"], ["Date", "Service", "Description", "Hours", "Amount"])
        self.assertEqual(table["rows"][2], ["05/05/2026", "", "Review", "01:00", "$\xa0150.00"])
        self.engagement.annex = "employee"
        self.assertEqual(self._rows(move), [["Our people", "02:45", "$\xa0325.00"]])

    def test_annex_amounts(self):
        move = self._bill()
        self.engagement.annex_amounts = False
        [table] = move._timetrack_get_annex()
        self.assertEqual((table["columns"][-1], table["numeric"], table["total"]), ("Hours", 1, ["02:45"]))

    def test_names_that_the_policy_hides_stay_hidden(self):
        policy = self.env["timetrack.policy"].create({"name": "Discreet", "portal_hide_employee": True})
        self.project.timetrack_policy_id = policy
        move = self._bill()
        [table] = move._timetrack_get_annex()
        self.assertNotIn("Employee", table["columns"])
        self.assertEqual(table["rows"][2], ["05/05/2026", "", "Review", "01:00", "$\xa0150.00"])
        self.engagement.annex = "employee"
        self.assertEqual(self._rows(move), [["Our people", "02:45", "$\xa0325.00"]])

    def test_names_that_the_policy_hides_are_not_on_lines_either(self):
        """Unless the firm's own text asks for them."""
        self.engagement.grouping = "entry"
        policy = self.env["timetrack.policy"].create({"name": "Discreet", "portal_hide_employee": True})
        self._log_approved(1.0, name="Call")
        self.assertIn("Alice", self._invoice().invoice_line_ids.name)
        self.project.timetrack_policy_id = policy
        self._log_approved(1.0, name="Call")
        self.assertNotIn("Alice", self._invoice().invoice_line_ids.name)
        self.engagement.narrative_template = "{employee}: {narrative}"
        self._log_approved(1.0, name="Call")
        self.assertEqual(self._invoice().invoice_line_ids.name, "Alice: Call")

    def test_what_is_adjusted_on_lines_of_its_own_stands_with_its_time(self):
        self.engagement.write({"adjustments": "shown", "discount": 10})
        move = self._bill()
        [table] = move._timetrack_get_annex()
        self.assertEqual([row[-1] for row in table["rows"]], ["$\xa0135.00", "$\xa022.50", "$\xa0135.00"])
        self.assertEqual(move.amount_untaxed, 292.5)
        self.assertEqual(table["total"], ["02:45", "$\xa0292.50"])

    def test_in_days_where_time_is_kept_in_days(self):
        move = self._bill()
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        [table] = move._timetrack_get_annex()
        self.assertEqual((table["columns"][-2], table["total"][0]), ("Days", "0.34"))

    def test_a_credit_note_has_it_too(self):
        move = self._bill()
        move.action_post()
        refund = self._reverse(move)
        refund.action_post()
        [table] = refund._timetrack_get_annex()
        self.assertEqual(table["total"], ["-02:45", "$\xa0-\ufeff325.00"])

    def test_takes_the_same_queries_for_more_time(self):
        counts = []
        for number in (3, 60):
            self._log_approved(*[1.0] * number)
            move = self._invoice()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self._rows(move)), number)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_it_is_printed_with_the_invoice(self):
        other = self._create_project("Quiet", self.partner_a)
        self._log_approved(1.0, name="Not told", project_id=other.id)
        move = self._bill()
        move.action_post()
        html = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", move.ids)[0].decode()
        self.assertEqual(html.count("o_timetrack_annex"), 1)
        self.assertIn("First draft", html)
        self.assertNotIn("Not told", html.split("o_timetrack_annex")[1])
        self.engagement.annex = False
        html = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", move.ids)[0].decode()
        self.assertNotIn("o_timetrack_annex", html)

    def test_a_discount_is_no_hour(self):
        """The unit of the product is not told beside that of the line, which says nothing about it."""
        self.env.user.group_ids += self.env.ref("uom.group_uom")
        self.engagement.write({"annex": False, "adjustments": "shown", "discount": 10})
        move = self._bill()
        html = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", move.ids)[0].decode()
        cells = [" ".join(cell.text_content().split()) for cell in document_fromstring(html).findall(".//td")]
        quantities = [cell for cell in cells if cell.endswith(("Hours", "Units"))]
        self.assertEqual(quantities, ["1.75 Hours", "1.00 Hours", "1.00 Units"])
