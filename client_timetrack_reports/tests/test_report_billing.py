from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


@tagged("post_install", "-at_install")
class TestReportBilling(AccountTestInvoicingCommon):
    """Billed hours and amounts come from the ledger, in the company's currency, on the invoice date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.currency = cls.setup_other_currency("EUR", rates=[("2025-01-01", 2.0)])
        cls.env.user.group_ids |= cls.env.ref("project.group_project_manager")
        cls.env.user.group_ids |= cls.env.ref("client_timetrack_billing.group_billing_user")
        cls.project = cls.env["project.project"].create(
            {"name": "Case", "partner_id": cls.partner_a.id, "allow_timesheets": True, "company_id": cls.company.id}
        )
        employee = cls.env["hr.employee"].sudo().create({"name": "Ada", "company_id": cls.company.id})
        cls.entries = cls.env["account.analytic.line"].create(
            [
                {
                    "name": f"Work {hours}",
                    "project_id": cls.project.id,
                    "employee_id": employee.id,
                    "date": "2025-03-03",
                    "unit_amount": hours,
                }
                for hours in (3.0, 5.0)
            ]
        )
        cls.entries.flush_recordset()
        cls.entries._timetrack_internal().write({"timetrack_state": "approved"})

    def _invoice(self):
        """A draft invoice of 160 euros (80 in the company's currency) for the eight hours."""
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_a.id,
                "currency_id": self.currency.id,
                "invoice_date": "2025-04-02",
                "invoice_line_ids": [
                    Command.create(
                        {"product_id": self.product_a.id, "quantity": 8.0, "price_unit": 20.0, "tax_ids": []}
                    )
                ],
            }
        )
        self.env["timetrack.allocation"]._book({invoice.invoice_line_ids: self.entries})
        return invoice

    def _read(self, groupby=(), domain=()):
        groups = self.env["timetrack.report"]._read_group(
            [("project_id", "=", self.project.id), *domain],
            groupby,
            ["unbilled_hours:sum", "billed_hours:sum", "billed_amount:sum"],
        )
        return [tuple(value and float(value) for value in group[len(groupby) :]) for group in groups]

    def test_life_of_an_invoice(self):
        self.assertEqual(self._read(), [(8.0, False, False)])
        invoice = self._invoice()
        self.assertEqual(self._read(), [(8.0, False, False)], "a draft invoice bills nothing yet")
        invoice.action_post()
        self.assertEqual(self._read(), [(0.0, 8.0, 80.0)])
        refund = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        refund.action_post()
        self.assertEqual(self._read(), [(8.0, 0.0, 0.0)], "a credit note takes it back")

    def test_billed_on_the_invoice_date(self):
        self._invoice().action_post()
        self.assertEqual(self._read(domain=[("date", ">=", "2025-04-01")]), [(False, 8.0, 80.0)])
        self.assertEqual(self._read(domain=[("date", "<", "2025-04-01")]), [(0.0, False, False)])

    def test_currency_of_the_company(self):
        self._invoice().action_post()
        currencies = self.env["timetrack.report"]._read_group(
            [("project_id", "=", self.project.id), ("kind", "=", "billing")], ["currency_id"], ["billed_amount:sum"]
        )
        self.assertEqual(currencies, [(self.company.currency_id, 80.0)])
