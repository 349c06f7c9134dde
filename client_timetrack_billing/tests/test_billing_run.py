from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TimetrackBillingCommon


@tagged("-at_install", "post_install")
class TestBillingRun(TimetrackBillingCommon):
    """All clients at once, in the background: proposal, invoice, posting, sending."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("client_timetrack_billing.ir_cron_billing_run")
        cls.other = cls._create_project("Lease", cls.partner_b)
        cls.engagement = cls.project.timetrack_engagement_ids
        cls.engagement_other = cls.other.timetrack_engagement_ids
        (cls.engagement | cls.engagement_other).schedule = "month"
        cls.partner_a.email = "a@example.com"
        cls.partner_b.email = "b@example.com"
        (cls.partner_a | cls.partner_b).with_company(cls.company).invoice_sending_method = "email"

    def _run(self, **values):
        """Start a run as the billing user, and let the background do its work."""
        run = self._create_run(**values)
        run.action_start()
        self._work()
        return run

    def _create_run(self, **values):
        return (
            self.env["timetrack.billing.run"].with_user(self.user_billing).create({"date_to": "2026-05-31", **values})
        )

    def _work(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def _stages(self, run):
        return {line.partner_id: line.stage for line in run.line_ids}

    def _log_both(self):
        entries = self._log_approved(2.0)
        return entries, self._log_approved(3.0, project_id=self.other.id)

    # ------------------------------------------------------------------
    # What is billed
    # ------------------------------------------------------------------

    def test_clients_whose_time_is_due(self):
        self._log_both()
        run = self._run()
        self.assertTrue(run.name.startswith("RUN/"))
        self.assertEqual(self._stages(run), {self.partner_a: "propose", self.partner_b: "propose"})
        self.assertEqual((run.state, run.line_count, run.failed_count), ("done", 2, 0))
        self.assertEqual((run.prebill_count, run.move_count, run.amount), (2, 0, 500))
        self.assertEqual(run.user_id, self.user_billing)
        self.assertEqual(set(run.line_ids.prebill_ids.mapped("state")), {"draft"})
        self.assertLedger()

    def test_only_what_is_due(self):
        """The other engagement is billed by the quarter, which is not over."""
        self._log_both()
        self.engagement_other.schedule = "quarter"
        self.assertEqual(self._stages(self._run()), {self.partner_a: "propose"})

    def test_on_demand_is_not_due(self):
        entries, others = self._log_both()
        (self.engagement | self.engagement_other).schedule = False
        run = self._create_run()
        with self.assertRaisesRegex(UserError, "No time is due"):
            run.action_start()
        run.scope = "all"
        run.action_start()
        self._work()
        self.assertEqual(run.line_ids.prebill_ids.line_ids.line_id, entries | others)

    def test_chosen_clients(self):
        self._log_both()
        run = self._run(partner_ids=[Command.set(self.partner_b.ids)])
        self.assertEqual(self._stages(run), {self.partner_b: "propose"})

    def test_up_to_the_end_of_the_period(self):
        """By schedule up to the last end of a month; all time up to the day itself."""
        may, june = self._log_approved(1.0), self._log_approved(1.0, date="2026-06-03")
        run = self._run(date_to="2026-06-10")
        self.assertEqual(run.line_ids.prebill_ids.line_ids.line_id, may)
        self.assertEqual(str(run.line_ids.prebill_ids.date_to), "2026-05-31")
        run = self._run(date_to="2026-06-10", scope="all")
        self.assertEqual(run.line_ids.prebill_ids.line_ids.line_id, june)

    def test_two_schedules_of_one_client(self):
        """Each period is a pre-bill of its own."""
        weekly = self._create_project("Weekly", self.partner_a)
        weekly.timetrack_engagement_ids.schedule = "week"
        self._log_approved(1.0)
        self._log_approved(1.0, project_id=weekly.id)
        run = self._run(date_to="2026-06-10")
        self.assertEqual(
            {str(one.date_to): one.project_ids for one in run.line_ids.prebill_ids},
            {"2026-05-31": self.project, "2026-06-07": weekly},
        )

    def test_what_is_on_hold_is_not_due_alone(self):
        self._log_approved(1.0)
        held = self._log_approved(2.0)
        prebill = self._run().line_ids.prebill_ids
        prebill.line_ids.filtered(lambda row: row.line_id == held).action_hold()
        prebill.action_invoice()
        self.assertEqual(held.timetrack_billing_state, "held")
        run = self._create_run()
        with self.assertRaisesRegex(UserError, "No time is due"):
            run.action_start()
        # with other time it is shown again
        self._log_approved(1.0)
        run.action_start()
        self._work()
        self.assertIn(held, run.line_ids.prebill_ids.line_ids.line_id)

    def test_nothing_waits(self):
        run = self._create_run(scope="all")
        with self.assertRaisesRegex(UserError, "No approved time waits"):
            run.action_start()
        self.assertEqual(run.state, "draft")

    # ------------------------------------------------------------------
    # How far it goes
    # ------------------------------------------------------------------

    def test_step_by_step(self):
        self._log_both()
        run = self._run(invoice_date="2026-06-01")
        for action, stage in (("action_invoice", "invoice"), ("action_post", "post")):
            getattr(run, action)()
            self.assertEqual(run.state, "running")
            self._work()
            self.assertEqual(set(self._stages(run).values()), {stage})
            self.assertLedger()
        moves = run.line_ids.prebill_ids.move_id
        self.assertEqual(moves.mapped("amount_untaxed"), [200, 300])
        self.assertEqual({str(move.invoice_date) for move in moves}, {"2026-06-01"})
        run.action_send()
        self._work()
        self.assertEqual(set(self._stages(run).values()), {"sending"})
        self.assertTrue(all(moves.sudo().mapped("is_being_sent")))
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(set(self._stages(run).values()), {"send"})

    def test_at_once(self):
        self._log_both()
        run = self._run(until="post")
        self.assertEqual(self._stages(run), {self.partner_a: "post", self.partner_b: "post"})
        self.assertEqual((run.prebill_count, run.move_count, run.failed_count), (2, 2, 0))
        self.assertLedger()

    def test_what_is_decided_meanwhile(self):
        """A pre-bill that was given up, and one that is all on hold, are left alone; one that was invoiced too."""
        third = self._create_project("Audit", self.partner_a.copy({"name": "Third", "is_company": True}))
        third.timetrack_engagement_ids.schedule = "month"
        self._log_both()
        self._log_approved(4.0, project_id=third.id)
        run = self._run()
        by_client = {line.partner_id: line.prebill_ids for line in run.line_ids}
        by_client[self.partner_a].action_cancel()
        by_client[self.partner_b].line_ids.action_hold()
        by_client[third.partner_id].action_invoice()
        run.action_post()
        self._work()
        expected = {self.partner_a: "nothing", self.partner_b: "held", third.partner_id: "post"}
        self.assertEqual(self._stages(run), expected)
        self.assertEqual(run.failed_count, 0)

    def test_what_comes_later_is_for_the_next_run(self):
        self._log_both()
        run = self._run()
        later = self._log_approved(1.0)
        run.action_invoice()
        self._work()
        self.assertEqual(later.timetrack_billing_state, "unbilled")

    # ------------------------------------------------------------------
    # What fails
    # ------------------------------------------------------------------

    def test_a_client_that_fails_holds_up_no_other(self):
        self._log_both()
        self.card.rate_ids.unlink()
        entries = self._log_approved(1.0)
        self.card.rate_ids = [Command.create({"rate": 100.0, "project_id": self.other.id})]
        run = self._run(until="post")
        failed = run.line_ids.filtered(lambda line: line.partner_id == self.partner_a)
        self.assertEqual(self._stages(run), {self.partner_a: "failed", self.partner_b: "post"})
        self.assertIn("There is no hourly rate for Alice", failed.error)
        self.assertEqual((run.state, run.failed_count), ("done", 1))
        self.assertFalse(failed.prebill_ids)
        self.assertEqual(entries.timetrack_billing_state, "unbilled")
        # mended, and tried again
        self.card.rate_ids = [Command.create({"rate": 100.0})]
        run.action_retry()
        self._work()
        self.assertEqual(self._stages(run), {self.partner_a: "post", self.partner_b: "post"})
        self.assertEqual(run.failed_count, 0)
        self.assertLedger()

    def test_what_was_done_before_it_failed_stays(self):
        """The invoice cannot be posted: its draft is there."""
        self._log_both()
        self.partner_a.property_payment_term_id = False
        move_type = type(self.env["account.move"])
        original = move_type.action_post

        def action_post(moves):
            if moves.partner_id == self.partner_a:
                raise UserError(self.env._("The books are closed."))
            return original(moves)

        with patch.object(move_type, "action_post", action_post):
            run = self._run(until="post")
        self.assertEqual(self._stages(run), {self.partner_a: "invoice", self.partner_b: "post"})
        self.assertEqual(run.line_ids.filtered("error").mapped("error"), ["The books are closed."])
        run.action_retry()
        self._work()
        self.assertEqual(set(self._stages(run).values()), {"post"})
        self.assertLedger()

    def test_somebody_else_at_the_same_moment(self):
        """A conflict in the database is tried again; one that stays is said."""
        self._log_both()
        prebill_type = type(self.env["timetrack.prebill"])
        original = prebill_type._propose
        calls = []

        def propose(model, company, entries, *rest, **settings):
            calls.append(entries)
            if len(calls) == 1 or entries.timetrack_client_id == self.partner_b:
                raise SerializationFailure("could not serialize access")
            return original(model, company, entries, *rest, **settings)

        with patch.object(prebill_type, "_propose", propose), mute_logger("odoo.sql_db"):
            run = self._run()
        self.assertEqual(self._stages(run), {self.partner_a: "propose", self.partner_b: "failed"})
        self.assertEqual(len(calls), 2 + 3)
        self.assertEqual(run.line_ids[1].error, "could not serialize access")

    def test_what_nobody_foresaw(self):
        self._log_both()
        prebill_type = type(self.env["timetrack.prebill"])
        logger = "odoo.addons.client_timetrack_billing.models.timetrack_billing_run_line"
        with patch.object(prebill_type, "_propose", side_effect=ZeroDivisionError("by zero")):
            with self.assertLogs(logger, "ERROR") as logs:
                run = self._run()
        self.assertEqual(len(logs.output), 2)
        self.assertEqual(run.line_ids.mapped("error"), ["by zero"] * 2)

    def test_nobody_to_send_to(self):
        self._log_both()
        self.partner_a.email = False
        run = self._run(until="send")
        self.assertEqual(self._stages(run), {self.partner_a: "post", self.partner_b: "sending"})
        self.assertRegex(run.line_ids[0].error, "cannot be sent: .* has no e-mail address")

    def test_sending_is_switched_off(self):
        self._log_both()
        self.env.ref("account.ir_cron_account_move_send").active = False
        run = self._run(until="send")
        self.assertEqual(set(self._stages(run).values()), {"post"})
        self.assertIn("ask an administrator", run.line_ids[0].error)

    def test_time_that_was_billed_before_its_turn(self):
        self._log_both()
        run = self._create_run()
        run.action_start()
        self._invoice(partner_id=self.partner_a.id)
        self._work()
        self.assertEqual(self._stages(run), {self.partner_a: "nothing", self.partner_b: "propose"})
        self.assertEqual(run.failed_count, 0)

    # ------------------------------------------------------------------
    # Stopped and gone on with
    # ------------------------------------------------------------------

    def test_stop(self):
        self._log_both()
        run = self._create_run()
        run.action_start()
        self.assertEqual((run.state, run.progress), ("running", 0))
        run.action_stop()
        self._work()
        self.assertFalse(run.line_ids.prebill_ids)
        self.assertEqual(self._stages(run), {self.partner_a: "waiting", self.partner_b: "waiting"})
        run.action_invoice()
        self._work()
        self.assertEqual(self._stages(run), {self.partner_a: "invoice", self.partner_b: "invoice"})

    def test_no_time_left(self):
        """The cron is out of time after the first client: the next call of the cron goes on."""
        self._log_both()
        run = self._create_run()
        run.action_start()
        cron_type = type(self.env["ir.cron"])
        original = cron_type._commit_progress

        def commit(cron, processed=0, **options):
            original(cron, processed, **options)
            return 0 if processed else 60

        for stages in (["propose", "waiting"], ["propose", "propose"]):
            with (
                self.enter_registry_test_mode(),
                self.registry.cursor() as cr,
                patch.object(cron_type, "_commit_progress", commit),
            ):
                self.env(cr=cr, user=SUPERUSER_ID)["timetrack.billing.run"]._cron_work()
            self.env.invalidate_all()
            self.assertEqual(run.line_ids.mapped("stage"), stages)

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_rights_of_who_started_it(self):
        """Pre-bills that need an approval are not invoiced by a run of somebody who may not approve."""
        self._log_both()
        self.company.timetrack_prebill_approval = True
        run = self._run(until="invoice")
        self.assertEqual(self._stages(run), {self.partner_a: "propose", self.partner_b: "propose"})
        self.assertRegex(run.line_ids[0].error, "is for .* to approve")
        run.with_user(self.user_billing_manager).action_retry()
        self._work()
        self.assertEqual(self._stages(run), {self.partner_a: "invoice", self.partner_b: "invoice"})

    def test_the_right_was_taken_away(self):
        self._log_both()
        run = self._create_run()
        run.action_start()
        self.user_billing.group_ids -= self.env.ref("client_timetrack_billing.group_billing_user")
        self._work()
        self.assertEqual(run.sudo().line_ids.mapped("stage"), ["failed", "failed"])
        self.assertFalse(run.sudo().line_ids.prebill_ids)

    def test_nobody_borrows_rights(self):
        """The background works with the rights of ``user_id``: no call and no context sets it."""
        Run = self.env["timetrack.billing.run"].with_user(self.user_billing)
        manager = self.user_billing_manager.id
        with self.assertRaises(AccessError):
            Run.create({"date_to": "2026-05-31", "user_id": manager})
        run = Run.with_context(default_user_id=manager, default_name="Mine").create({"date_to": "2026-05-31"})
        self.assertFalse(run.user_id)
        for vals in ({"user_id": manager}, {"name": "Mine"}, {"line_ids": [Command.create({})]}):
            for env_context in ({}, {"timetrack_internal": True}, {"timetrack_internal": {}}):
                with self.assertRaises(AccessError):
                    run.with_context(**env_context).write(vals)
        self._log_both()
        run.with_context(default_is_proposed=True, default_error="No").action_start()
        self.assertEqual(run.line_ids.mapped("stage"), ["waiting", "waiting"])
        for method, args in (("write", [{"error": "No"}]), ("unlink", [])):
            with self.assertRaises(AccessError):
                getattr(run.line_ids, method)(*args)
        with self.assertRaises(AccessError):
            run.line_ids.create({"run_id": run.id, "partner_id": self.partner_a.id})
        with self.assertRaisesRegex(UserError, "was started"):
            run.write({"until": "send"})
        with self.assertRaisesRegex(UserError, "Stop RUN"):
            run.unlink()
        self._work()
        prebill = run.line_ids.prebill_ids[0]
        with self.assertRaises(AccessError):
            prebill.write({"run_line_id": False})
        run.unlink()
        self.assertTrue(prebill.exists(), "what was proposed stays")

    def test_who_may_run(self):
        self._log_both()
        run = self._create_run()
        viewer = new_test_user(
            self.env,
            "tt_viewer",
            "client_timetrack_billing.group_rate_viewer",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        for user in (self.user_consultant, self.user_approver, viewer):
            with self.assertRaises(AccessError):
                self.env["timetrack.billing.run"].with_user(user).create({"date_to": "2026-05-31"})
            for name in ("start", "invoice", "post", "send", "retry", "stop"):
                with self.assertRaises(AccessError):
                    getattr(run.with_user(user), f"action_{name}")()

    def test_other_companies(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        run = self._create_run()
        stranger = new_test_user(
            self.env,
            "tt_stranger",
            "client_timetrack_billing.group_billing_user",
            company_id=company.id,
            company_ids=company.ids,
        )
        self.assertFalse(self.env["timetrack.billing.run"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            run.with_user(stranger).action_start()
        with self.assertRaises(AccessError):
            self.env["timetrack.billing.run"].with_user(stranger).create(
                {"date_to": "2026-05-31", "company_id": self.company.id}
            )

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def test_form(self):
        self._log_both()
        form = Form(self.env["timetrack.billing.run"].with_user(self.user_billing))
        form.date_to = "2026-05-31"
        run = form.save()
        self.assertEqual(run.state, "draft")
        run.action_start()
        self._work()
        self.assertEqual(Form(run).state, "done")
        self.assertEqual(run.action_view_prebills()["domain"], [("run_line_id", "in", run.line_ids.ids)])
        self.assertEqual(run.action_view_invoices()["domain"], [("id", "in", [])])
        self.assertEqual(
            self.env["timetrack.billing.run"].search([("line_ids.is_pending", "=", True)]), run.browse(), "none runs"
        )

    def test_queries_of_a_start(self):
        """Making the lines and showing them takes the same number of queries for few clients and for many."""
        counts = []
        for number in (3, 30):
            clients = self.env["res.partner"].create(
                [{"name": f"Client {number} {index}", "is_company": True} for index in range(number)]
            )
            projects = self.env["project.project"].union(
                *(self._create_project(client.name, client) for client in clients)
            )
            projects.timetrack_engagement_ids.schedule = "month"
            self._approve(
                self.env["account.analytic.line"].create(
                    [
                        {
                            "name": "Work",
                            "project_id": project.id,
                            "employee_id": self.alice.id,
                            "date": "2026-05-04",
                            "unit_amount": 1.0,
                        }
                        for project in projects
                    ]
                )
            )
            run = self._create_run(partner_ids=[Command.set(clients.ids)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run.action_start()
            self.env.flush_all()
            run.line_ids.mapped("stage")
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(run.line_count, number)
            run.action_stop()
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
