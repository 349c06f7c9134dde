from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TimetrackBillingCommon

EXPENSES = """
E101 Copying
E102 Outside printing
E103 Word processing
E104 Facsimile
E105 Telephone
E106 Online research
E107 Delivery services/messengers
E108 Postage
E109 Local travel
E110 Out-of-town travel
E111 Meals
E112 Court fees
E113 Subpoena fees
E114 Witness fees
E115 Deposition transcripts
E116 Trial transcripts
E117 Trial exhibits
E118 Litigation support vendors
E119 Experts
E120 Private investigators
E121 Arbitrators/mediators
E122 Local counsel
E123 Other professionals
E124 Other
"""


@tagged("post_install", "-at_install")
class TestExpenseCodes(TimetrackBillingCommon):
    """Products carry the codes of expenses; they come in a set, as the codes of time do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.code_set = cls.env.ref("client_timetrack_billing.code_set_utbms_expenses")
        cls.codes = (
            cls.env["timetrack.expense.code"]
            .with_context(active_test=False)
            .search([("code_set_id", "=", cls.code_set.id)], order="code")
        )

    def test_the_utbms_set_is_complete(self):
        found = [f"{code.code} {code.name}" for code in self.codes]
        self.assertEqual(found, EXPENSES.strip().splitlines())
        self.assertEqual((self.code_set.expense_code_count, self.code_set.code_count), (24, 24))

    def test_the_set_comes_into_use_with_its_codes(self):
        self.code_set.active = False
        self.assertFalse(any(self.codes.mapped("active")))
        self.code_set.action_unarchive()
        self.assertTrue(all(self.codes.mapped("active")))

    def test_a_product_carries_its_code(self):
        self.code_set.active = True
        product = self.env["product.template"].create({"name": "Taxi", "type": "service"})
        with Form(product) as form:
            form.timetrack_expense_code_id = self.codes[8]
        self.assertEqual(product.timetrack_expense_code_id.display_name, "E109 Local travel")
        self.code_set.action_archive()
        self.assertEqual(product.timetrack_expense_code_id, self.codes[8])
        self.assertEqual(product.copy().timetrack_expense_code_id, self.codes[8])
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.codes[8].unlink()

    def test_codes_are_unique_in_their_set(self):
        values = {"name": "Copies", "code": "E101"}
        self.env["timetrack.expense.code"].create(values)
        for again in (values, {**values, "code_set_id": self.code_set.id}):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.env["timetrack.expense.code"].create(again)

    def test_timesheet_administrators_change_codes(self):
        code = self.codes[0]
        for user in (self.user_consultant, self.user_billing):
            self.assertEqual(code.with_user(user).name, "Copying")
            with self.assertRaises(AccessError):
                code.with_user(user).name = "Mine"
        code.with_user(self.user_approver).name = "Photocopies"

    def test_the_product_form_shows_it_to_people_who_invoice_time(self):
        arch = self.env["product.template"].with_user(self.user_consultant).get_view(view_type="form")["arch"]
        self.assertNotIn("timetrack_expense_code_id", arch)
        arch = self.env["product.template"].with_user(self.user_billing).get_view(view_type="form")["arch"]
        self.assertIn("timetrack_expense_code_id", arch)
