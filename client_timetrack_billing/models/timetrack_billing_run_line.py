import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError

from .timetrack_billing_run import STEPS

_logger = logging.getLogger(__name__)

# How often a step is tried again where somebody else changed the same records at the same time.
TRIES = 3


class TimetrackBillingRunLine(models.Model):
    """A client of a billing run: what was made for it, or why it failed."""

    _name = "timetrack.billing.run.line"
    _description = "Client of a Billing Run"
    _order = "id"
    _rec_name = "partner_id"

    run_id = fields.Many2one("timetrack.billing.run", required=True, readonly=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", string="Client", required=True, readonly=True, ondelete="restrict")
    prebill_ids = fields.One2many("timetrack.prebill", "run_line_id", string="Pre-Bills", readonly=True)
    is_pending = fields.Boolean("To Do", readonly=True, help="The background has still to go on with it.")
    is_proposed = fields.Boolean(readonly=True, help="Its time was looked for: what comes later is for the next run.")
    error = fields.Text("Why It Failed", readonly=True)
    stage = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("failed", "Failed"),
            ("nothing", "Nothing to Bill"),
            ("held", "On Hold"),
            ("propose", "Pre-Bill"),
            ("invoice", "Draft Invoice"),
            ("post", "Posted"),
            ("sending", "Being Sent"),
            ("send", "Sent"),
        ],
        compute="_compute_stage",
        help="How far the client is: the least of what was made for it.",
    )
    currency_id = fields.Many2one(related="run_id.currency_id")
    amount = fields.Monetary("To Bill", compute="_compute_stage", help="Untaxed, at today's rates of currencies.")

    _run_partner_unique = models.Constraint("UNIQUE(run_id, partner_id)", "A client is in a run once.")
    _pending_idx = models.Index("(run_id) WHERE is_pending")

    @api.depends("is_pending", "error", "prebill_ids.state", "prebill_ids.move_id.state")
    def _compute_stage(self):
        for line in self:
            line.stage = line._get_stage()
            line.amount = line._get_kept()._get_total(line.currency_id)

    def _get_kept(self):
        """The pre-bills that were not given up."""
        return self.prebill_ids.filtered(lambda prebill: prebill.state != "cancel")

    def _get_live(self):
        """The pre-bills that have something to bill."""
        return self._get_kept().filtered(lambda prebill: not prebill._is_on_hold())

    def _get_stage(self):
        self.ensure_one()
        if not self.is_proposed:
            return "failed" if self.error else "waiting"
        live = self._get_live()
        if not live:
            return "held" if self._get_kept() else "nothing"
        if any(prebill.state != "invoiced" for prebill in live):
            return "propose"
        moves = live.move_id.filtered(lambda move: move.state != "cancel")
        if any(move.state == "draft" for move in moves):
            return "invoice"
        if all(move.is_move_sent for move in moves):
            return "send"
        return "sending" if all(move.is_move_sent or move.is_being_sent for move in moves) else "post"

    def _is_settled(self, until):
        """Whether there is nothing to do for the client up to a step of the run."""
        self.ensure_one()
        if self.error or not self.is_proposed:
            return False
        order = [step for step, _label in STEPS]
        stage = self._get_stage()
        # nothing is left to do for the others
        return stage not in order or order.index(stage) >= order.index(until)

    def action_view_prebills(self):
        """Open the pre-bills of the client."""
        return self.prebill_ids._get_action()

    # ------------------------------------------------------------------
    # The work
    # ------------------------------------------------------------------

    def _work(self):
        """Do what is left to do for the client; what fails is taken back, and said on the line."""
        self.ensure_one()
        tries = 0
        while True:
            try:
                for _step in self._go_on():
                    self.env["ir.cron"]._commit_progress()
                return self._settle()
            except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
                # somebody else billed the same time at the same moment: seen now, that may be nothing to do
                self.env.cr.rollback()
                tries += 1
                if tries == TRIES:
                    return self._settle(str(error))
            except (UserError, RedirectWarning) as error:
                self.env.cr.rollback()
                return self._settle(error.args[0])
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("The billing run %s failed for the client %s", self.run_id.id, self.partner_id.id)
                return self._settle(str(error))

    def _settle(self, error=False):
        """The background is done with the client."""
        self.sudo().write({"is_pending": False, "error": error})

    def _go_on(self):
        """Take the steps that are left one by one; yield after each, when what it did is to be kept.

        :raise UserError: a step cannot be taken
        """
        self.run_id._check_may_run()
        until = self.run_id.until
        for step, _label in STEPS:
            if getattr(self, f"_step_{step}")():
                yield step
            if step == until:
                return

    def _step_propose(self):
        """Propose the client's pre-bills, once."""
        if self.is_proposed:
            return False
        run = self.run_id
        Prebill = self.env["timetrack.prebill"]
        prebills = Prebill
        for day, projects in run._get_work(self.partner_id).get(self.partner_id, {}).items():
            time = Prebill._get_candidates(run.company_id, projects=projects, client=self.partner_id, date_to=day)
            prebills |= Prebill._propose(run.company_id, *time, date_to=day, invoice_date=run.invoice_date)
        prebills._timetrack_internal().write({"run_line_id": self.id})
        self.sudo().is_proposed = True
        return True

    def _step_invoice(self):
        """Approve the pre-bills, as far as the user may, and make their draft invoices."""
        prebills = self._get_live().filtered(lambda prebill: prebill.state != "invoiced")
        if prebills:
            prebills.action_invoice()
        return bool(prebills)

    def _step_post(self):
        """Post the draft invoices."""
        drafts = self._get_live().move_id.filtered(lambda move: move.state == "draft")
        if drafts:
            drafts.action_post()
        return bool(drafts)

    def _step_send(self):
        """Have Odoo send the invoices, in its own background.

        :raise UserError: there is no way to send one
        """
        moves = self._get_live().move_id.filtered(
            lambda move: move.state == "posted" and not move.is_move_sent and not move.is_being_sent
        )
        if not moves:
            return False
        for move in moves:
            if not self._get_ways(move):
                raise UserError(
                    self.env._(
                        "%(invoice)s cannot be sent: %(contact)s has no e-mail address. Add one, or send it another "
                        "way.",
                        invoice=move.display_name,
                        contact=move.partner_id.display_name,
                    )
                )
        # as Odoo's wizard for several invoices does, which cannot do with one
        self.env["account.move.send"]._check_move_constraints(moves)
        cron = self.env.ref("account.ir_cron_account_move_send").sudo()
        if not cron.active:
            raise UserError(self.env._("Invoices are not sent in the background: ask an administrator to activate it."))
        moves.sending_data = {"author_user_id": self.env.uid, "author_partner_id": self.env.user.partner_id.id}
        cron._trigger()
        return True

    @api.model
    def _get_ways(self, move):
        """The ways by which Odoo can send an invoice to its client."""
        Send = self.env["account.move.send"]
        settings = Send._get_default_sending_settings(move)
        return [way for way in settings["sending_methods"] if Send._is_applicable_to_move(way, move, **settings)]
