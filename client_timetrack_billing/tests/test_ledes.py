import base64
import io
import zipfile
from decimal import Decimal

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from . import ledes_reader
from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestLedes(TimetrackBillingCommon):
    """A matter that is billed by codes: Alice, an associate, for 100 an hour; Bob, a partner, for 150."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        country = cls.env.ref("base.us")
        cls.company.write({"vat": "98-7654321", "country_id": country.id})
        cls.company.partner_id.write({"street": "1 Main Street", "city": "Dover", "zip": "19901"})
        cls.partner_a.write(
            {"ref": "ACME", "street": "5 Bay Road", "city": "Boston", "country_id": country.id, "vat": False}
        )
        cls.alice.name = "Alice Okafor"
        cls.receiver = cls.env["timetrack.ledes.receiver"].with_user(cls.user_billing).create({"name": "Legal Tracker"})
        cls.env["timetrack.timekeeper"].with_user(cls.user_billing).create(
            [
                {"employee_id": cls.alice.id, "code": "AO", "classification": "AS"},
                {"employee_id": cls.bob.id, "code": "BB", "classification": "PT", "last_name": "Bø", "first_name": ""},
            ]
        )
        cls.engagement = cls.project.timetrack_engagement_ids.with_user(cls.user_billing)
        cls.engagement.write({"receiver_id": cls.receiver.id, "matter_code": "M-1", "client_matter_code": "C-77"})
        cls.deliverable = cls.env["timetrack.deliverable"].create({"name": "Motions", "code": "L240"})
        cls.activity_drafting.code = "A103"
        cls.codes = {
            "timetrack_deliverable_id": cls.deliverable.id,
            "timetrack_activity_id": cls.activity_drafting.id,
        }
        # taxes come where they are asked for
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = False
        cls.company.account_sale_tax_id = False

    def _bill(self, *hours, **values):
        """A posted invoice of time with codes."""
        self._log_approved(*hours, **{**self.codes, **values})
        move = self._invoice()
        move.invoice_date = "2026-06-01"
        move.action_post()
        return move.with_user(self.user_billing)

    def _check(self, moves):
        action = moves.action_timetrack_ledes()
        return self.env[action["res_model"]].with_user(self.user_billing).browse(action["res_id"])

    def _read(self, moves, units=""):
        """The rows of the file, by the reader that knows the format alone."""
        wizard = self._check(moves)
        self.assertFalse(wizard.problem_ids.mapped("text"))
        url = wizard.action_download()["url"]
        attachment = self.env["ir.attachment"].browse(int(url.split("/")[3].split("?")[0]))
        self.assertEqual((attachment.res_model, attachment.res_id), ("account.move", moves.id))
        return ledes_reader.read(attachment.raw.decode("ascii"), units)

    def _problems(self, moves):
        wizard = self._check(moves)
        return dict(wizard.problem_ids.mapped(lambda problem: (problem.field_name, problem.text)))

    # ------------------------------------------------------------------
    # What the file says
    # ------------------------------------------------------------------

    def test_a_file_says_what_the_invoice_says(self):
        self._log_approved(0.5, employee_id=self.bob.id, date="2026-05-06", **self.codes)
        move = self._bill(1.5, 1 / 3, name="Draft | the “motion”")
        rows = self._read(move)
        self.assertEqual(
            [(row["TIMEKEEPER_ID"], row["LINE_ITEM_NUMBER_OF_UNITS"], row["LINE_ITEM_TOTAL"]) for row in rows],
            [("AO", "1.50", "150.00"), ("AO", "0.33", "33.33"), ("BB", "0.50", "75.00")],
        )
        first, second, last = rows
        self.assertEqual(first["LINE_ITEM_DESCRIPTION"], 'Draft / the "motion"')
        self.assertEqual((first["LINE_ITEM_TASK_CODE"], first["LINE_ITEM_ACTIVITY_CODE"]), ("L240", "A103"))
        self.assertEqual((first["TIMEKEEPER_NAME"], first["TIMEKEEPER_CLASSIFICATION"]), ("Okafor, Alice", "AS"))
        self.assertEqual((last["TIMEKEEPER_NAME"], last["LINE_ITEM_DATE"]), ("Bo", "20260506"))
        # a third of an hour has no two digits: the rest is the adjustment
        self.assertEqual((second["LINE_ITEM_UNIT_COST"], second["LINE_ITEM_ADJUSTMENT_AMOUNT"]), ("100.00", "0.33"))
        self.assertEqual(
            (first["CLIENT_ID"], first["LAW_FIRM_MATTER_ID"], first["CLIENT_MATTER_ID"]), ("ACME", "M-1", "C-77")
        )
        self.assertEqual((first["LAW_FIRM_ID"], first["INVOICE_DATE"]), ("98-7654321", "20260601"))
        self.assertEqual((first["BILLING_START_DATE"], first["BILLING_END_DATE"]), ("20260504", "20260506"))
        self.assertEqual(Decimal(first["INVOICE_TOTAL"]), Decimal(str(move.amount_total)))
        self.assertEqual(first["INVOICE_NUMBER"], move.name)

    def test_adjustments_stand_with_their_time(self):
        """What is written down with the client seeing it is a line of its own on the invoice, and the adjustment of the
        fee in the file; folded into the price it is the price."""
        for adjustments, cost, adjustment in (("shown", "100.00", "-20.00"), ("folded", "80.00", "0.00")):
            with self.subTest(adjustments):
                self.engagement.write({"adjustments": adjustments, "discount": 20})
                [row] = self._read(self._bill(1.0))
                self.assertEqual(row["LINE_ITEM_UNIT_COST"], cost)
                self.assertEqual(row["LINE_ITEM_ADJUSTMENT_AMOUNT"], adjustment)
                self.assertEqual((row["LINE_ITEM_NUMBER_OF_UNITS"], row["LINE_ITEM_TOTAL"]), ("1.00", "80.00"))

    def test_a_fixed_fee_is_told_by_the_time_it_pays_for(self):
        """With time, each entry has its share and the instalment says nothing more; without, it is a line."""
        self.env["timetrack.arrangement"].with_user(self.user_billing).create(
            {
                "name": "Motion",
                "engagement_id": self.engagement.id,
                "kind": "fixed",
                "amount": 700,
                "planned_hours": 10,
                "instalment_ids": [
                    Command.create({"name": name, "amount": amount, "date": day})
                    for name, amount, day in (("Filing", 400, "2026-05-31"), ("Hearing", 300, "2026-07-31"))
                ],
            }
        )
        self._log_approved(1.0, 2.0, **self.codes)
        move = self._invoice(date_to="2026-05-31")
        move.action_post()
        rows = self._read(move.with_user(self.user_billing))
        self.assertEqual([row["LINE_ITEM_TOTAL"] for row in rows], ["133.33", "266.67"])
        self.assertEqual([row["LINE_ITEM_NUMBER_OF_UNITS"] for row in rows], ["1.00", "2.00"])
        self.assertEqual(rows[0]["INVOICE_TOTAL"], "400.00")
        move = self._invoice(date_to="2026-07-31")
        move.action_post()
        [row] = self._read(move.with_user(self.user_billing))
        self.assertEqual((row["EXP/FEE/INV_ADJ_TYPE"], row["LINE_ITEM_TOTAL"]), ("IF", "300.00"))
        self.assertEqual(row["LINE_ITEM_DESCRIPTION"], "Motion: Hearing")

    def test_a_discount_on_the_invoice_is_an_adjustment(self):
        self._log_approved(2.0, **self.codes)
        move = self._invoice()
        move.invoice_line_ids.discount = 10
        move.action_post()
        [row] = self._read(move.with_user(self.user_billing))
        self.assertEqual(row["LINE_ITEM_UNIT_COST"], "100.00")
        self.assertEqual((row["LINE_ITEM_ADJUSTMENT_AMOUNT"], row["LINE_ITEM_TOTAL"]), ("-20.00", "180.00"))

    def test_costs_and_other_lines(self):
        self._log_approved(1.0, **self.codes)
        move = self._invoice()
        code = self.env["timetrack.expense.code"].create({"name": "Copying", "code": "E101"})
        copies = self.env["product.product"].create({"name": "Copies", "timetrack_expense_code_id": code.id})
        move.invoice_line_ids = [
            Command.create({"product_id": copies.id, "quantity": 50, "price_unit": 0.1, "tax_ids": False}),
            Command.create({"name": "Agreed rebate", "quantity": 1, "price_unit": -15, "tax_ids": False}),
        ]
        move.action_post()
        fee, cost, rebate = self._read(move.with_user(self.user_billing))
        self.assertEqual((fee["EXP/FEE/INV_ADJ_TYPE"], fee["LINE_ITEM_TOTAL"]), ("F", "100.00"))
        self.assertEqual((cost["EXP/FEE/INV_ADJ_TYPE"], cost["LINE_ITEM_EXPENSE_CODE"]), ("E", "E101"))
        self.assertEqual((cost["LINE_ITEM_NUMBER_OF_UNITS"], cost["LINE_ITEM_UNIT_COST"]), ("50.00", "0.10"))
        self.assertEqual((rebate["EXP/FEE/INV_ADJ_TYPE"], rebate["LINE_ITEM_TOTAL"]), ("IF", "-15.00"))
        self.assertEqual(rebate["LINE_ITEM_NUMBER_OF_UNITS"], "")
        # a receiver that wants a number there
        self.receiver.adjustment_units = "1"
        self.assertEqual(self._read(move.with_user(self.user_billing), "1")[2]["LINE_ITEM_NUMBER_OF_UNITS"], "1")

    def test_a_credit_note_takes_back(self):
        move = self._bill(1.0, 2.0)
        rows = move.sudo().timetrack_allocation_ids.sorted("hours_billed")
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing)
        wizard = wizard.create({"move_id": move.id, "what": "rebill", "row_ids": rows[-1:].ids})
        refund = self.env["account.move"].browse(wizard.action_credit()["res_id"])
        refund.action_post()
        [row] = self._read(refund.with_user(self.user_billing))
        self.assertEqual((row["INVOICE_TOTAL"], row["LINE_ITEM_TOTAL"]), ("-200.00", "-200.00"))
        self.assertEqual((row["LINE_ITEM_NUMBER_OF_UNITS"], row["LINE_ITEM_ADJUSTMENT_AMOUNT"]), ("0.00", "-200.00"))
        self.assertEqual(row["TIMEKEEPER_ID"], "AO")
        # the invoice still says what it said
        self.assertEqual([row["LINE_ITEM_TOTAL"] for row in self._read(move)], ["100.00", "200.00"])

    def test_taxes_are_for_98bi(self):
        tax = self.env["account.tax"].create({"name": "VAT 20%", "amount": 20, "type_tax_use": "sale"})
        self.env.ref("client_timetrack_billing.product_billable_time").taxes_id = tax
        move = self._bill(0.33, 0.33, 0.34)
        self.assertIn("choose LEDES 98BI V2", self._problems(move)["INVOICE_TOTAL"])
        self.receiver.format = "98BI"
        self.engagement.write({"order_number": "PO-9"})
        rows = self._read(move)
        self.assertEqual(sum(Decimal(row["LINE_ITEM_TAX_TOTAL"]) for row in rows), Decimal("20.00"))
        row = rows[0]
        self.assertEqual(
            (row["INVOICE_TOTAL"], row["INVOICE_NET_TOTAL"], row["INVOICE_TAX_TOTAL"]), ("120.00", "100.00", "20.00")
        )
        self.assertEqual((row["LINE_ITEM_TAX_RATE"], row["LINE_ITEM_TAX_TYPE"]), ("0.2", "VAT 20%"))
        self.assertEqual((row["PO_NUMBER"], row["MATTER_NAME"], row["CLIENT_CITY"]), ("PO-9", "Merger", "Boston"))
        self.assertEqual((row["INVOICE_CURRENCY"], row["INVOICE_TAX_CURRENCY"]), ("USD", ""))

    def test_taxes_in_another_currency_are_reported_in_the_firms(self):
        tax = self.env["account.tax"].create({"name": "VAT 20%", "amount": 20, "type_tax_use": "sale"})
        self.env.ref("client_timetrack_billing.product_billable_time").taxes_id = tax
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2026-01-01", "rate": 0.5, "company_id": self.company.id}
        )
        self.project.timetrack_rate_card_id = self._create_card("Euro", {"rate": 100.0}, currency=euro)
        self.receiver.format = "98BI"
        [row] = self._read(self._bill(1.0))
        self.assertEqual((row["INVOICE_CURRENCY"], row["INVOICE_TAX_TOTAL"]), ("EUR", "20.00"))
        self.assertEqual((row["INVOICE_TAX_CURRENCY"], row["INVOICE_REPORTED_TAX_TOTAL"]), ("USD", "40.00"))

    # ------------------------------------------------------------------
    # What is missing, and where
    # ------------------------------------------------------------------

    def test_everything_that_is_missing_is_named(self):
        self.partner_a.ref = False
        self.engagement.matter_code = False
        self.company.vat = self.company.company_registry = False
        keeper = self.env["timetrack.timekeeper"].search([("employee_id", "=", self.alice.id)])
        keeper.write({"code": False, "classification": False})
        self._log_approved(1.0, **{**self.codes, "timetrack_activity_id": self.activity.id})
        move = self._bill(2.0, 3.0, timetrack_deliverable_id=False)
        problems = self._problems(move)
        self.assertEqual(
            problems,
            {
                "CLIENT_ID": "The client has no ID: fill in “Client ID” here, or the client's reference.",
                "LAW_FIRM_MATTER_ID": "Merger has no matter number: fill it in.",
                "LAW_FIRM_ID": "Your firm has no ID: fill in “Law Firm ID” of the receiver, or your company's tax ID.",
                "LINE_ITEM_ACTIVITY_CODE": "Advice has no code, which the file needs for LINE_ITEM_ACTIVITY_CODE.",
                "LINE_ITEM_TASK_CODE": "No task code: 2026-05-04, Alice Okafor, Merger.",
                "TIMEKEEPER_ID": "Alice Okafor has no timekeeper ID. (3 lines)",
                "TIMEKEEPER_CLASSIFICATION": "Alice Okafor has no classification as a timekeeper. (3 lines)",
            },
        )
        wizard = self._check(move)
        # one for the entry without a service type's code, two for those without deliverable
        left = len(wizard.problem_ids)
        self.assertEqual(left, 8)
        with self.assertRaisesRegex(UserError, "No file can be made yet"):
            wizard.action_download()
        self.assertFalse(
            self.env["ir.attachment"].search([("res_model", "=", "account.move"), ("res_id", "=", move.id)])
        )
        # mended where the buttons lead to, it passes
        while wizard.problem_ids:
            problem = wizard.problem_ids[0]
            action = problem.action_open()
            model, record_id = action["res_model"], action["res_id"]
            record = self.env[model].with_user(self.user_billing).browse(record_id)
            match problem.field_name:
                case "CLIENT_ID":
                    self.assertEqual(record, self.engagement)
                    record.client_code = "A-1"
                case "LAW_FIRM_MATTER_ID":
                    record.matter_code = "M-2"
                case "LAW_FIRM_ID":
                    self.assertEqual(record, self.receiver)
                    record.firm_code = "F-1"
                case "TIMEKEEPER_ID":
                    record.code = "AO"
                case "TIMEKEEPER_CLASSIFICATION":
                    self.assertEqual(record.employee_id, self.alice)
                    record.classification = "OC"
                case "LINE_ITEM_TASK_CODE":
                    record.deliverable_id = self.deliverable
                    record.action_apply()
                case "LINE_ITEM_ACTIVITY_CODE":
                    self.assertEqual(record, self.activity.with_user(self.user_billing))
                    self.activity.code = "A100"
            wizard.action_check()
            left -= 1
            self.assertEqual(len(wizard.problem_ids), left)
        rows = self._read(move)
        self.assertEqual({row["CLIENT_ID"] for row in rows}, {"A-1"})
        self.assertEqual({row["LAW_FIRM_ID"] for row in rows}, {"F-1"})
        self.assertEqual({row["LINE_ITEM_ACTIVITY_CODE"] for row in rows}, {"A100", "A103"})

    def test_codes_of_billed_time_are_filled_in_and_never_changed(self):
        move = self._bill(1.0, timetrack_deliverable_id=False)
        entry = move.sudo().timetrack_allocation_ids.line_id
        with self.assertRaisesRegex(UserError, "locked"):
            entry.with_user(self.user_approver).timetrack_deliverable_id = self.deliverable
        wizard = self._check(move)
        [problem] = wizard.problem_ids
        code = self.env["timetrack.ledes.code"].with_user(self.user_billing).browse(problem.action_open()["res_id"])
        self.assertEqual(code.activity_id, self.activity_drafting)
        code.write({"deliverable_id": self.deliverable.id, "activity_id": self.activity.id})
        code.action_apply()
        self.assertEqual(entry.timetrack_deliverable_id, self.deliverable)
        self.assertEqual(entry.timetrack_activity_id, self.activity_drafting)
        self.assertEqual(entry.timetrack_state, "approved")
        event = entry.sudo().timetrack_event_ids[0]
        self.assertEqual((event.action, event.user_id), ("change", self.user_billing))
        self.assertEqual(event.changes, {"timetrack_deliverable_id": ["", "L240 Motions"]})
        self.assertFalse(wizard.problem_ids)

    def test_an_invoice_of_several_matters_has_no_file(self):
        other = self._create_project("Other", self.partner_a)
        self._log_approved(1.0, project_id=other.id, **self.codes)
        move = self._bill(1.0)
        self.assertIn("is of several matters: Merger, Other", self._problems(move)["LAW_FIRM_MATTER_ID"])
        other.timetrack_engagement_ids.matter_code = "M-1"
        self.assertEqual(len(self._read(move)), 2)

    def test_letters_and_lengths(self):
        self.engagement.matter_code = "Дело 7"
        move = self._bill(1.0, name="x" * 30)
        self.assertIn("letters that the file cannot hold (Дело)", self._problems(move)["LAW_FIRM_MATTER_ID"])
        self.engagement.matter_code = "M" * 21
        self.assertIn("21 signs long, and may have 20", self._problems(move)["LAW_FIRM_MATTER_ID"])

    # ------------------------------------------------------------------
    # What a receiver asks for, each setting alone
    # ------------------------------------------------------------------

    def test_receiver_id(self):
        """Without a receiver there is no button, but the files of the list still go by the format."""
        move = self._bill(1.0)
        self.assertEqual(move.timetrack_receiver_id, self.receiver)
        self.engagement.receiver_id = False
        move.invalidate_recordset()
        self.assertFalse(move.timetrack_receiver_id)
        self.assertEqual(len(self._read(move)), 1)

    def test_client_code(self):
        move = self._bill(1.0)
        self.engagement.client_code = "9-9"
        self.assertEqual(self._read(move)[0]["CLIENT_ID"], "9-9")

    def test_matter_code(self):
        move = self._bill(1.0)
        self.engagement.matter_code = "2026/5"
        self.assertEqual(self._read(move)[0]["LAW_FIRM_MATTER_ID"], "2026/5")

    def test_client_matter_code(self):
        move = self._bill(1.0)
        self.engagement.client_matter_code = "K-5"
        self.assertEqual(self._read(move)[0]["CLIENT_MATTER_ID"], "K-5")

    def test_format(self):
        move = self._bill(1.0)
        self.assertNotIn("INVOICE_CURRENCY", self._read(move)[0])
        self.receiver.format = "98BI"
        self.assertEqual(self._read(move)[0]["INVOICE_CURRENCY"], "USD")

    def test_firm_code(self):
        move = self._bill(1.0)
        self.receiver.firm_code = "FIRM-3"
        self.assertEqual(self._read(move)[0]["LAW_FIRM_ID"], "FIRM-3")

    def test_required_fields_and_lengths(self):
        move = self._bill(1.0, name="A long description")
        self.engagement.client_matter_code = False
        self.assertEqual(self._read(move)[0]["CLIENT_MATTER_ID"], "")
        self.receiver.field_ids = [
            Command.create({"name": "CLIENT_MATTER_ID", "is_required": True}),
            Command.create({"name": "LINE_ITEM_DESCRIPTION", "max_length": 10}),
        ]
        problems = self._problems(move)
        self.assertEqual(problems.keys(), {"CLIENT_MATTER_ID", "LINE_ITEM_DESCRIPTION"})
        self.assertIn("18 signs long, and may have 10", problems["LINE_ITEM_DESCRIPTION"])
        with self.assertRaisesRegex(ValidationError, "LEDES 1998B has no field PO_NUMBER"):
            self.receiver.field_ids = [Command.create({"name": "PO_NUMBER", "is_required": True})]

    def test_class_names(self):
        move = self._bill(1.0)
        self.receiver.class_as = "ASSOC"
        self.assertEqual(self._read(move)[0]["TIMEKEEPER_CLASSIFICATION"], "ASSOC")
        self.receiver.class_as = False
        self.assertIn("TIMEKEEPER_CLASSIFICATION", self._problems(move))

    # ------------------------------------------------------------------
    # Several at once, people, and how much it takes
    # ------------------------------------------------------------------

    def test_several_invoices_come_in_an_archive(self):
        moves = self._bill(1.0) | self._bill(2.0)
        draft_time = self._log_approved(3.0, **self.codes)
        draft = self._invoice()
        self.assertEqual(draft.timetrack_allocation_ids.line_id, draft_time)
        wizard = self._check((moves | draft).with_user(self.user_billing))
        self.assertEqual(wizard.move_ids, moves)
        url = wizard.action_download()["url"]
        attachment = self.env["ir.attachment"].browse(int(url.split("/")[3].split("?")[0]))
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(attachment.datas))) as archive:
            files = [archive.read(name).decode("ascii") for name in archive.namelist()]
        self.assertEqual([len(ledes_reader.read(file)) for file in files], [1, 1])
        with self.assertRaisesRegex(UserError, "Choose posted customer invoices"):
            draft.with_user(self.user_billing).action_timetrack_ledes()

    def test_calls_that_go_past_the_buttons(self):
        """Neither other time than that of the invoices gets codes, nor a draft a file."""
        move = self._bill(1.0)
        wizard = self._check(move)
        other = self._log(1.0)
        code = (
            self.env["timetrack.ledes.code"]
            .with_user(self.user_billing)
            .create({"wizard_id": wizard.id, "line_id": other.id, "deliverable_id": self.deliverable.id})
        )
        with self.assertRaisesRegex(UserError, "on none of the invoices"):
            code.action_apply()
        self.assertFalse(other.timetrack_deliverable_id)
        move.sudo().button_draft()
        forged = self.env["timetrack.ledes.wizard"].with_user(self.user_billing).create({"move_ids": move.ids})
        with self.assertRaisesRegex(UserError, "Only posted customer invoices"):
            forged.action_download()

    def test_who_may(self):
        move = self._bill(1.0)
        with self.assertRaises(AccessError):
            move.with_user(self.user_consultant).action_timetrack_ledes()
        with self.assertRaises(AccessError):
            self.env["timetrack.timekeeper"].with_user(self.user_consultant).search([])
        with self.assertRaises(AccessError):
            self.receiver.with_user(self.user_approver).check_access("write")

    def test_hr_sets_timekeepers_on_employees(self):
        user = new_test_user(
            self.env, "tt_hr", "hr.group_hr_user", company_id=self.company.id, company_ids=self.company.ids
        )
        carol = self.env["hr.employee"].create({"name": "Carol Ann Roe", "company_id": self.company.id})
        with Form(carol.with_user(user)) as form:
            form.timetrack_timekeeper_code = "CR"
            form.timetrack_timekeeper_class = "LA"
        keeper = self.env["timetrack.timekeeper"].search([("employee_id", "=", carol.id)])
        self.assertEqual((keeper.code, keeper.classification), ("CR", "LA"))
        self.assertEqual((keeper.first_name, keeper.last_name), ("Carol Ann", "Roe"))
        carol.with_user(user).timetrack_timekeeper_code = "CAR"
        self.assertEqual(keeper.code, "CAR")
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(Exception, "has this ID already|code_unique"):
            keeper.code = "AO"
            keeper.flush_recordset()

    def test_takes_the_same_queries_for_more_time(self):
        few, many = self._bill(*[1.0] * 3), self._bill(*[1.0] * 60)
        self._read(few)
        counts = []
        for move in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            move._timetrack_get_ledes(self.receiver)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
        self.assertEqual(few.invoice_date, Date.to_date("2026-06-01"))
