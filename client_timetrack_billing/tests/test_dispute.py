import io
import re
from datetime import timedelta

import openpyxl

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import HttpCase, new_test_user, tagged

from .common import TimetrackBillingCommon


class DisputeCommon(TimetrackBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project.user_id = False
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.reason = cls.env.ref("client_timetrack_billing.dispute_reason_hours")
        cls.entries = cls._log_approved(1.0, 2.0) | cls._log_approved(3.0, name="Draft of the plan")
        cls.move = cls._invoice()
        cls.move.invoice_date = "2026-05-31"
        cls.move.action_post()
        cls.rows = cls.move.timetrack_allocation_ids.sorted("hours_worked")

    @classmethod
    def _dispute(cls, rows=(), **values):
        return (
            cls.env["timetrack.dispute"]
            .with_user(cls.user_billing)
            .create(
                {
                    "move_id": cls.move.id,
                    "reason_id": cls.reason.id,
                    "row_ids": [Command.set([row.id for row in rows])],
                    **values,
                }
            )
        )


@tagged("-at_install", "post_install")
class TestDispute(DisputeCommon):
    """What becomes of an invoice that a client does not accept."""

    def test_it_is_out_of_follow_ups_until_it_is_resolved(self):
        self.assertFalse(self.move.no_followup)
        self.engagement.responsible_id = self.user_billing_manager
        dispute = self._dispute()
        self.assertTrue(self.move.no_followup)
        self.assertTrue(self.move.timetrack_is_disputed)
        self.assertTrue(dispute.name.startswith("DSP/"))
        self.assertRecordValues(
            dispute,
            [
                {
                    "amount": 600,
                    "state": "open",
                    "user_id": self.user_billing_manager.id,
                    "partner_id": self.partner_a.id,
                }
            ],
        )
        self.assertEqual(dispute.date_due, Date.today() + timedelta(days=14))
        self.assertEqual(dispute.activity_ids.user_id, self.user_billing_manager)
        with self.assertRaisesRegex(UserError, "Write the answer"):
            dispute.action_uphold()
        dispute.answer = "It is what you ordered on May 2nd."
        dispute.action_uphold()
        self.assertRecordValues(
            dispute, [{"state": "closed", "outcome": "upheld", "date_closed": Date.today(), "days_to_resolve": 0}]
        )
        self.assertIn("ordered on May 2nd", dispute.message_ids[0].body)
        self.assertFalse(dispute.activity_ids)
        self.assertFalse(self.move.no_followup)
        self.assertFalse(self.move.timetrack_is_disputed)
        with self.assertRaisesRegex(UserError, "are resolved"):
            dispute.action_uphold()
        dispute.action_reopen()
        self.assertTrue(self.move.timetrack_is_disputed)
        self.assertTrue(self.move.no_followup)
        self.assertEqual((dispute.outcome, dispute.date_closed), (False, False))
        with self.assertRaisesRegex(UserError, "is open"):
            dispute.action_reopen()

    def test_an_invoice_that_was_not_followed_up_before_stays_so(self):
        self.move.no_followup = True
        first, second = self._dispute(self.rows[0]), self._dispute(self.rows[1])
        (first | second).answer = "No."
        first.action_uphold()
        second.action_uphold()
        self.assertTrue(self.move.no_followup)
        self.move.no_followup = False
        first, second = self._dispute(self.rows[0]), self._dispute(self.rows[1])
        (first | second).answer = "No."
        first.action_uphold()
        self.assertTrue(self.move.no_followup)
        second.action_uphold()
        self.assertFalse(self.move.no_followup)

    def test_chosen_time_is_credited(self):
        dispute = self._dispute(self.rows[:2])
        self.assertEqual(dispute.amount, 300)
        action = dispute.action_credit()
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing).with_context(**action["context"])
        refund = self.env["account.move"].browse(wizard.create({}).action_credit()["res_id"])
        self.assertEqual((refund.amount_untaxed, refund.timetrack_dispute_id), (300, dispute))
        self.assertEqual(dispute.state, "open")
        refund.action_post()
        self.assertLedger()
        self.assertEqual((dispute.state, dispute.outcome), ("closed", "credited"))
        self.assertFalse(self.move.timetrack_is_disputed)
        # what comes of the credit note comes of the dispute
        refund.button_draft()
        self.assertEqual((dispute.state, dispute.outcome), ("open", False))
        refund.action_post()
        self.assertEqual(dispute.state, "closed")
        refund.button_draft()
        refund.button_cancel()
        self.assertEqual(dispute.state, "open")

    def test_what_is_not_paid_is_written_off(self):
        dispute = self._dispute()
        self.company.timetrack_adjustment_limit = 100
        action = dispute.action_write_off()
        wizard = self.env["timetrack.credit.wizard"].with_user(self.user_billing).with_context(**action["context"])
        reason = self.env.ref("client_timetrack_billing.adjustment_reason_uncollectable")
        refund = self.env["account.move"].browse(wizard.create({"reason_id": reason.id}).action_credit()["res_id"])
        self.assertEqual(refund.amount_untaxed, 600)
        refund.action_post()
        self.assertEqual((dispute.state, dispute.outcome), ("closed", "written_off"))
        self.assertEqual(set(refund.timetrack_allocation_ids.mapped("effect")), {"write_off"})

    def test_what_cannot_be_disputed(self):
        first = self._dispute(self.rows[:2])
        for rows in (self.rows[1:], ()):
            already = self.assertRaisesRegex(ValidationError, f"disputed already: see {first.name}")
            with already, self.env.cr.savepoint():
                self._dispute(rows)
        self.assertTrue(self._dispute(self.rows[2]))
        other = self._log_approved(1.0, project_id=self._create_project("Other", self.partner_b).id)
        draft = self._invoice()
        with self.assertRaisesRegex(ValidationError, "no posted invoice"), self.env.cr.savepoint():
            self._dispute(move_id=draft.id)
        draft.action_post()
        with self.assertRaisesRegex(ValidationError, "billed by"), self.env.cr.savepoint():
            self._dispute(self.rows[:1], move_id=draft.id)
        self.assertTrue(self._dispute(other.timetrack_allocation_ids, move_id=draft.id))

    def test_calls_cannot_say_what_has_become_of_it(self):
        dispute = self._dispute()
        for name, value in (
            ("state", "closed"), ("outcome", "upheld"), ("date_opened", "2020-01-01"), ("date_closed", "2026-01-01"),
            ("name", "X"), ("is_by_client", True), ("move_id", self.move.id), ("was_without_followup", True),
        ):  # fmt: skip
            with self.assertRaises(AccessError):
                dispute.with_context(timetrack_internal=True).write({name: value})
            if name != "move_id":
                with self.assertRaises(AccessError):
                    self._dispute(**{name: value})
        spoiled = self.env["timetrack.dispute"].with_user(self.user_billing)
        dispute.answer = "No."
        dispute.action_uphold()
        again = spoiled.with_context(default_state="closed", default_outcome="upheld").create(
            {"move_id": self.move.id, "reason_id": self.reason.id}
        )
        self.assertEqual((again.state, again.outcome), ("open", False))
        with self.assertRaises(AccessError):
            again.unlink()
        with self.assertRaisesRegex(UserError, "Disputes are kept"):
            again.sudo().unlink()
        refund = self._reverse(self.move).with_user(self.user_billing)
        with self.assertRaises(AccessError):
            refund.write({"timetrack_dispute_id": again.id})
        with self.assertRaises(AccessError):
            self.move.with_user(self.user_billing).write({"timetrack_is_disputed": False})
        with self.assertRaises(AccessError):
            refund.copy({"timetrack_dispute_id": again.id})
        for user in (self.user_consultant, self.user_approver):
            with self.assertRaises(AccessError):
                again.with_user(user).read(["amount"])

    def test_the_owner_is_somebody_who_may_see_it(self):
        """Not a project manager without rights on invoices, and not the client."""
        self.engagement.responsible_id = self.user_approver
        self.move.invoice_user_id = False
        self.assertEqual(self._dispute(self.rows[0]).user_id, self.user_billing)
        carla = new_test_user(self.env, "tt_client", "base.group_portal", company_id=self.company.id,
                              company_ids=self.company.ids)  # fmt: skip
        dispute = (
            self.env["timetrack.dispute"]
            .with_user(carla)
            .sudo()
            ._raise_by_client(self.move.sudo(), self.rows[1], self.reason, "No.", carla.partner_id)
        )
        self.assertTrue(dispute.user_id.has_group("client_timetrack_billing.group_billing_manager"))
        self.assertEqual(dispute.activity_ids.user_id, dispute.user_id)

    def test_bounded_queries(self):
        """Time behind an invoice, and disputing it, take as many for a hundred entries as for three."""
        counts = []
        for number in (3, 100):
            self._log_approved(*[0.25] * number)
            move = self._invoice()
            move.action_post()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = move._timetrack_get_time_rows()
            self.assertEqual(len(move._timetrack_get_time_detail(rows)["lines"]), number)
            self._dispute(rows, move_id=move.id)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_another_owner_is_told(self):
        dispute = self._dispute()
        dispute.user_id = self.user_billing_manager
        self.assertEqual(dispute.activity_ids.user_id, self.user_billing_manager)
        dispute.date_due = Date.today() - timedelta(days=1)
        self.assertTrue(dispute.is_overdue)
        self.assertIn(dispute, dispute.search([("is_overdue", "=", True)]))


@tagged("-at_install", "post_install")
class TestDisputePortal(DisputeCommon, HttpCase):
    """What clients see of the time of their invoices, and what they can do about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_clients()
        cls.token = cls.move._portal_ensure_token()
        cls.path = f"/my/invoices/{cls.move.id}/time"

    def _get(self, login, path):
        self.authenticate(login, login)
        return self.url_open(path)

    def _send(self, path=None, **values):
        """Fill in the form of the page and send it."""
        page = self.url_open(f"{path or self.path}?access_token={self.token}").text
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        data = {"csrf_token": csrf, "access_token": self.token, **values}
        return self.url_open(f"/my/invoices/{self.move.id}/dispute", data=data)

    def test_the_time_with_filters(self):
        page = self._get("tt_carla", self.path).text
        self.assertIn("Draft of the plan", page)
        self.assertIn("Alice", page)
        self.assertIn("600.00", page)
        self.assertIn("06:00", page)
        page = self._get("tt_carla", f"{self.path}?search=PLAN").text
        self.assertIn("03:00", page)
        self.assertNotIn("06:00", page)
        self.assertIn("No time has these words", self._get("tt_carla", f"{self.path}?search=nothing").text)
        self.engagement.annex_amounts = False
        page = self._get("tt_carla", self.path).text
        self.assertNotIn("600.00", page)
        self.engagement.annex_names = False
        self.assertNotIn("Alice", self._get("tt_carla", self.path).text)
        self.assertIn(self.path, self._get("tt_carla", f"/my/invoices/{self.move.id}").text)
        self.company.timesheet_encode_uom_id = self.env.ref("uom.product_uom_day")
        page = self._get("tt_carla", self.path).text
        self.assertIn("0.75", page)
        self.assertIn("Days", page)

    def test_the_workbook(self):
        content = self._get("tt_carla", f"{self.path}.xlsx").content
        page = openpyxl.load_workbook(io.BytesIO(content)).active
        cells = [cell.value for row in page.iter_rows() for cell in row]
        self.assertIn("Draft of the plan", cells)
        self.assertIn("Alice", cells)
        self.assertEqual(self._get("tt_carla", f"/my/invoices/{self.move.id}/ledes").status_code, 404)
        self.env["ir.attachment"].create(
            {"name": "X_LEDES1998B.txt", "raw": b"LEDES1998B[]", "res_model": "account.move", "res_id": self.move.id}
        )
        self.assertEqual(self._get("tt_carla", f"/my/invoices/{self.move.id}/ledes").content, b"LEDES1998B[]")

    def test_nobody_sees_the_time_of_others(self):
        for path in (self.path, f"{self.path}.xlsx", f"/my/invoices/{self.move.id}/ledes", "/my/invoices/0/time"):
            self.assertEqual(self._get("tt_sam", path).status_code, 404, path)
            self.authenticate(None, None)
            self.assertEqual(self.url_open(path).status_code, 404, path)
            self.assertEqual(self.url_open(f"{path}?access_token=wrong").status_code, 404, path)
        self.assertIn("Draft of the plan", self.url_open(f"{self.path}?access_token={self.token}").text)
        dispute = self._dispute()
        path = f"/my/disputes/{dispute.id}"
        self.assertEqual(self._get("tt_sam", path).status_code, 404)
        self.assertEqual(self._get("tt_sam", f"{path}?access_token=wrong").status_code, 404)
        self.assertIn("You dispute none", self._get("tt_sam", "/my/disputes").text)
        draft = self.move.copy()
        self.assertEqual(self._get("tt_carla", f"/my/invoices/{draft.id}/time").status_code, 404)

    def test_a_client_disputes_some_of_the_time(self):
        self.authenticate("tt_carla", "tt_carla")
        row = self.rows[-1]
        page = self._send(reason=self.reason.id, description="  ", row=row.id).text
        self.assertIn("Write what you do not accept", page)
        self.assertRegex(page, rf'value="{row.id}"[^>]*checked')
        self.assertIn("Choose a reason", self._send(description="Too much", row=row.id).text)
        other = self._log_approved(1.0, project_id=self._create_project("Other", self.partner_b).id)
        foreign = self._invoice().timetrack_allocation_ids
        self.assertEqual(foreign.line_id, other)
        page = self._send(reason=self.reason.id, description="Too much", row=foreign.id).text
        self.assertIn("no longer on the invoice", page)
        self.assertFalse(self.move.timetrack_dispute_ids)
        response = self._send(reason=self.reason.id, description="We agreed on <b>two</b> hours.", row=row.id)
        dispute = self.move.timetrack_dispute_ids
        self.assertRecordValues(
            dispute,
            [
                {
                    "row_ids": row.ids,
                    "amount": 300,
                    "is_by_client": True,
                    "description": "We agreed on <b>two</b> hours.",
                    "reason_id": self.reason.id,
                }
            ],
        )
        carla = self.env["res.users"].search([("login", "=", "tt_carla")])
        self.assertIn(carla.partner_id, dispute.message_partner_ids)
        message = dispute.message_ids.filtered(lambda one: one.message_type == "comment")
        self.assertEqual(message.author_id, carla.partner_id)
        self.assertIn("&lt;b&gt;two", message.body)
        self.assertIn(f"/my/disputes/{dispute.id}", response.url)
        self.assertIn("Draft of the plan", response.text)
        self.assertTrue(self.move.timetrack_is_disputed)
        self.assertIn("disputed already", self._send(reason=self.reason.id, description="Again", row=row.id).text)
        self.assertEqual(self.move.timetrack_dispute_ids, dispute)
        self.assertIn(dispute.name, self._get("tt_carla", "/my/disputes").text)
        self.assertIn("/my/disputes", self._get("tt_carla", "/my").text)
        self.assertIn("You dispute this invoice", self._get("tt_carla", f"/my/invoices/{self.move.id}").text)
        dispute.with_user(self.user_billing).answer = "You are right about one of them."
        self.assertNotIn("You are right", self._get("tt_carla", dispute.get_portal_url()).text)
        dispute.with_user(self.user_billing).action_uphold()
        self.assertIn("You are right", self._get("tt_carla", dispute.get_portal_url()).text)

    def test_who_has_the_link_of_the_invoice_may_dispute_it(self):
        self.authenticate(None, None)
        self._send(reason=self.reason.id, description="All of it")
        dispute = self.move.timetrack_dispute_ids
        self.assertFalse(dispute.row_ids)
        self.assertIn(self.move.partner_id, dispute.message_partner_ids)
        response = self.url_open(
            f"/my/invoices/{self.move.id}/dispute",
            data={"access_token": self.token, "reason": self.reason.id, "description": "No form"},
        )
        self.assertEqual(response.status_code, 400)
