from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

from .account_analytic_line import LEDGER_GROUP

# How far a run goes, in this order.
STEPS = [
    ("propose", "Pre-Bills to Review"),
    ("invoice", "Draft Invoices"),
    ("post", "Posted Invoices"),
    ("send", "Sent Invoices"),
]


class TimetrackBillingRun(models.Model):
    """Pre-bills and invoices for all clients whose time is due, in the background.

    How it works: starting the run makes a line for each client. ``ir.cron`` takes one line after the other as far as
    the run is to go, each step in its own transaction (see ``timetrack_billing_run_line.py``), with the rights of who
    started it. What a step did is kept with it: after a crash or a full stop the next run of the cron goes on with what
    is left. What fails for one client is written on its line, and holds up no other.
    """

    _name = "timetrack.billing.run"
    _inherit = ["timetrack.internal.mixin"]
    _description = "Billing Run"
    _check_company_auto = True
    _order = "id desc"

    name = fields.Char(readonly=True, copy=False, default=lambda self: self.env._("New"))
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    scope = fields.Selection(
        [("due", "What Is Due by Its Schedule"), ("all", "All Time That Waits")],
        string="Bill",
        required=True,
        default="due",
        help="Due: time of engagements with a billing schedule, up to the end of their last week, month or quarter.",
    )
    date_to = fields.Date(
        "Time Up To",
        required=True,
        default=fields.Date.context_today,
        help="Last work day to bill. By schedule: periods that are over by then.",
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Clients", domain="[('parent_id', '=', False)]", help="Empty: every client."
    )
    invoice_date = fields.Date(help="Of the invoices. Empty: the day on which each is posted.")
    until = fields.Selection(
        STEPS,
        string="Go On To",
        required=True,
        default="propose",
        help="Where the run stops. After that it goes on as far as you say, when you say so.",
    )
    user_id = fields.Many2one(
        "res.users", string="Run by", readonly=True, copy=False, help="Whose rights it has, and who is told of its end."
    )
    line_ids = fields.One2many("timetrack.billing.run.line", "run_id", string="Clients of the Run", readonly=True)
    state = fields.Selection(
        [("draft", "Not Started"), ("running", "Running"), ("done", "Done")], compute="_compute_progress"
    )
    is_running = fields.Boolean(compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress", help="Percent of the clients that are done.")
    line_count = fields.Integer("Number of Clients", compute="_compute_progress")
    failed_count = fields.Integer("Failed", compute="_compute_progress")
    prebill_count = fields.Integer("Pre-Bills", compute="_compute_results")
    move_count = fields.Integer("Invoices", compute="_compute_results")
    amount = fields.Monetary(
        compute="_compute_results", help="What the pre-bills come to, untaxed, at today's rates of currencies."
    )

    # ------------------------------------------------------------------
    # Computed
    # ------------------------------------------------------------------

    @api.depends("line_ids.is_pending", "line_ids.error")
    def _compute_progress(self):
        groups = self.env["timetrack.billing.run.line"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "is_pending"], ["__count", "error:count"]
        )
        counts = {(run.id, pending): (count, failed) for run, pending, count, failed in groups}
        for run in self:
            pending, waiting_failed = counts.get((run._origin.id, True), (0, 0))
            done, failed = counts.get((run._origin.id, False), (0, 0))
            run.line_count = pending + done
            run.failed_count = failed + waiting_failed
            run.is_running = bool(pending)
            run.state = "running" if pending else "done" if done else "draft"
            run.progress = 100.0 * done / (pending + done) if done else 0.0

    @api.depends("line_ids.prebill_ids")
    def _compute_results(self):
        for run in self:
            prebills = run._get_prebills()
            run.prebill_count = len(prebills)
            run.move_count = len(prebills.move_id)
            run.amount = prebills._get_total(run.currency_id)

    def _get_prebills(self):
        """The pre-bills of the run, without those that were given up."""
        return self.line_ids._get_kept()

    # ------------------------------------------------------------------
    # Who changes what
    # ------------------------------------------------------------------

    @api.model
    def _get_settings_fields(self):
        """What people set before they start a run."""
        return {"company_id", "scope", "date_to", "partner_ids", "invoice_date", "until"}

    def _check_settings(self, vals):
        """The background works with the rights of ``user_id``: nobody sets that but by starting the run.

        :raise AccessError: a call sets what the run keeps itself
        """
        if not self._timetrack_is_internal() and vals.keys() - self._get_settings_fields():
            raise AccessError(self.env._("A billing run moves on by its buttons; what it keeps cannot be written."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_settings(vals)
        runs = super().create(vals_list)
        for run in runs:
            sequence = self.env["ir.sequence"].with_company(run.company_id)
            run._timetrack_internal().name = sequence.next_by_code("timetrack.billing.run")
        return runs

    @api.model
    def default_get(self, fields):
        """Settings may be proposed by an action; nothing else has a default but the run's own."""
        values = super().default_get(fields)
        return {name: value for name, value in values.items() if name in self._get_settings_fields() | {"name"}}

    def write(self, vals):
        """Settings may be changed until the run is started.

        :raise UserError: it was started
        """
        self._check_settings(vals)
        if not self._timetrack_is_internal() and any(run.line_ids for run in self):
            raise UserError(self.env._("This run was started: make another one for other clients or days."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        running = self.filtered("is_running")
        if running:
            raise UserError(self.env._("Stop %s first.", ", ".join(running.mapped("name"))))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_start(self):
        """Make a line for each client whose time is due, and bill them in the background.

        :raise UserError: there is nothing to bill, or it was started
        """
        self._check_may_run()
        for run in self:
            if run.line_ids:
                raise UserError(self.env._("%s was started already.", run.name))
            clients = run._get_work().keys()
            if not clients:
                raise UserError(run._describe_nothing())
            clients = self.env["res.partner"].union(*clients).sorted("display_name")
            # in sudo: the defaults of a context must not have a say
            env = self.env(su=True, context=clean_context(self.env.context))
            env["timetrack.billing.run.line"].create(
                [{"run_id": run.id, "partner_id": client.id} for client in clients]
            )
            run._go_on(run.until)
        return True

    def _describe_nothing(self):
        """Why there is nothing to do, and what to do about it."""
        self.ensure_one()
        if self.scope == "due":
            return self.env._(
                "No time is due: approved time of engagements with a billing schedule whose period is over. Choose "
                "“All Time That Waits”, or set the schedule of engagements."
            )
        return self.env._("No approved time waits to be billed up to this day.")

    def action_invoice(self):
        """Approve the pre-bills, as far as the user may, and make their draft invoices."""
        return self._go_on("invoice")

    def action_post(self):
        """Post the invoices, those that are still to be made included."""
        return self._go_on("post")

    def action_send(self):
        """Send the invoices as Odoo does: by what is set for each client."""
        return self._go_on("send")

    def action_retry(self):
        """Try again what failed."""
        self._check_may_run()
        for run in self:
            run._go_on(run.until, run.line_ids.filtered("error"))
        return True

    def action_stop(self):
        """Leave the clients that are still to come as they are."""
        self._check_may_run()
        self.line_ids.filtered("is_pending").sudo().write({"is_pending": False})
        return True

    def _check_may_run(self):
        """Runs are for who invoices time.

        :raise AccessError: the user does not, or may not see the run
        """
        self.check_access("write")
        if not self.env.user.has_group(LEDGER_GROUP):
            raise AccessError(self.env._("This is for people who invoice time."))

    def _go_on(self, until, lines=None):
        """Go on in the background, up to a step.

        :param str until: a key of ``STEPS``
        :param lines: with these only; with all without
        """
        self._check_may_run()
        for run in self:
            run._timetrack_internal().write({"until": until, "user_id": self.env.uid})
            todo = (run.line_ids if lines is None else lines).filtered(lambda line: not line._is_settled(until))
            todo.sudo().write({"is_pending": True, "error": False})
        self.env.ref("client_timetrack_billing.ir_cron_billing_run").sudo()._trigger()
        return True

    # ------------------------------------------------------------------
    # In the background
    # ------------------------------------------------------------------

    @api.model
    def _cron_work(self):
        """Go on with the runs that are not done, with the rights of who started them."""
        for run in self.sudo().search([("line_ids.is_pending", "=", True)], order="id"):
            if not run._work():
                return

    def _get_owner_env(self):
        """The environment of who started the run. They may have lost the right to it: each line says so then."""
        owner = self.user_id
        context = {"lang": owner.lang, "tz": owner.tz, "allowed_company_ids": self.company_id.ids}
        return self.env(user=owner.id, su=False, context={**self.env.context, **context})

    def _work(self):
        """Take one client after the other. The run is in sudo; its steps are not.

        :return: whether there is time left for another run
        """
        cron = self.env["ir.cron"]
        pending = self.line_ids.filtered("is_pending")
        cron._commit_progress(remaining=len(pending))
        env = self._get_owner_env()
        for line in pending:
            # somebody may have stopped it meanwhile
            if line.is_pending:
                line.with_env(env)._work()
            if not cron._commit_progress(1):
                return False
        self._tell()
        return bool(cron._commit_progress())

    def _tell(self):
        """Tell who started the run, wherever they are, that it is done."""
        self.ensure_one()
        message = self.env._("%s clients done.", self.line_count - self.failed_count)
        if self.failed_count:
            message += " " + self.env._("%s failed.", self.failed_count)
        self.user_id._bus_send(
            "simple_notification",
            {"type": "warning" if self.failed_count else "success", "title": self.name, "message": message},
        )

    def _get_work(self, clients=None):
        """What is to bill: dict of client to a dict of last day to projects (in sudo)."""
        self.ensure_one()
        Engagement = self.env["timetrack.engagement"]
        clients = clients or self.partner_ids.commercial_partner_id
        if self.scope == "due":
            return Engagement._get_due(self.date_to, self.company_id, clients)
        waiting = Engagement._get_waiting(self.date_to, self.company_id, clients)
        return {client: {self.date_to: projects} for client, projects in waiting.items()}

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_view_prebills(self):
        """Open the pre-bills, to review them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_prebill_action")
        return {**action, "domain": [("run_line_id", "in", self.line_ids.ids)], "context": {}}

    def action_view_invoices(self):
        """Open the invoices."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        return {**action, "domain": [("id", "in", self._get_prebills().move_id.ids)]}
