from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.client_timetrack.models.account_analytic_line_approval import ADMINISTRATOR_GROUP
from odoo.addons.client_timetrack_billing.models.account_analytic_line import LEDGER_GROUP, RATE_GROUP

OPEN = ("open", "progress")
# Who may do what the fix of a rule does; a rule without one has no fix.
FIXED_BY = {
    "unbilled": LEDGER_GROUP,
    "no_rate": LEDGER_GROUP,
    "accrual": LEDGER_GROUP,
    "duplicate": ADMINISTRATOR_GROUP,
}
# What people change of a finding; all else is the rule's.
OWN_FIELDS = {"user_id", "note", "state"}


class TimetrackFinding(models.Model):
    """Something that does not tie: found by a rule, followed up by its owner, closed by the rule when it is gone."""

    _name = "timetrack.finding"
    _description = "Finding"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    # not by the amount, which not everybody may see
    _order = "severity desc, first_date, id"
    _rec_name = "name"

    name = fields.Char(compute="_compute_name", compute_sudo=True)
    check_id = fields.Many2one("timetrack.check", string="Rule", required=True, readonly=True, ondelete="cascade")
    severity = fields.Selection(related="check_id.severity", store=True, readonly=True)
    rule = fields.Selection(related="check_id.rule", string="Kind of Rule")
    advice = fields.Text(related="check_id.note", string="What to Do")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", required=True, readonly=True)
    amount = fields.Monetary("At Stake", readonly=True, groups=RATE_GROUP)
    detail = fields.Char(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("progress", "In Progress"), ("accepted", "Accepted"), ("solved", "Solved")],
        required=True,
        default="open",
        tracking=True,
        help="Accepted: it is known, and is to stay so. Solved: the rule does not find it any more.",
    )
    user_id = fields.Many2one("res.users", string="Owner", tracking=True, domain="[('share', '=', False)]")
    note = fields.Text("Notes")
    first_date = fields.Date("Found", required=True, readonly=True, default=fields.Date.context_today)
    solved_date = fields.Date("Gone", readonly=True)
    can_fix = fields.Boolean(compute="_compute_can_fix")

    _known = models.UniqueIndex(
        "(check_id, company_id, res_id) WHERE state != 'solved'", "This was found before, and is not solved yet."
    )
    _dates_idx = models.Index("(company_id, first_date, solved_date)")

    @api.depends("check_id", "res_model", "res_id")
    def _compute_name(self):
        names = {}
        for model, findings in self.grouped("res_model").items():
            records = self.env[model].browse(findings.mapped("res_id")).exists() if model in self.env else ()
            names |= {(model, record.id): record.display_name for record in records}
        for finding in self:
            name = names.get((finding.res_model, finding.res_id)) or self.env._("Deleted")
            finding.name = f"{finding.check_id.name}: {name}"

    @api.depends("check_id.rule", "state")
    @api.depends_context("uid")
    def _compute_can_fix(self):
        """Where there is a fix, and the user may do what it does."""
        mine = {rule for rule, group in FIXED_BY.items() if self.env.user.has_group(group)}
        for finding in self:
            finding.can_fix = finding.state in OPEN and finding.rule in mine

    def write(self, vals):
        """:raise AccessError: somebody changes what the rule says, or closes what the rule still finds"""
        if not self.env.su:
            if not OWN_FIELDS.issuperset(vals) or vals.get("state") == "solved":
                raise AccessError(
                    self.env._(
                        "What was found, and whether it is gone, is for the rule to say: accept it, or solve its cause."
                    )
                )
            if vals.get("state") and "solved" in self.mapped("state"):
                raise UserError(self.env._("What is solved stays so: the rule opens it again if it comes back."))
        return super().write(vals)

    # ------------------------------------------------------------------
    # What people do with it
    # ------------------------------------------------------------------

    def action_open_cause(self):
        """Open the record that the finding is about."""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id).exists()
        if not record:
            raise UserError(self.env._("The record is gone: run the rule again."))
        return record.get_formview_action()

    def action_start(self):
        """Take the findings over."""
        self.write({"state": "progress", "user_id": self.env.uid})

    def action_accept(self):
        """Say that the findings are known and may stay."""
        self.write({"state": "accepted"})

    def action_reopen(self):
        """Look after accepted findings again."""
        self.write({"state": "open"})

    def action_fix(self):
        """Solve the cause with the user's own rights, where the addon knows how, and look again.

        :raise UserError: it does not know, or the cause cannot be solved so
        """
        self.ensure_one()
        if not self.can_fix:
            raise UserError(self.env._("There is no fix by a click for this: open its cause."))
        record = self.env[self.res_model].browse(self.res_id)
        action = getattr(self, f"_fix_{self.rule}")(record)
        self.check_id._run(self.company_id)
        return action or True

    def _fix_unbilled(self, project):
        """Propose a pre-bill of what waits."""
        Prebill = self.env["timetrack.prebill"]
        time = Prebill._get_candidates(self.company_id, projects=project, date_to=fields.Date.context_today(self))
        if not any(time):
            raise UserError(self.env._("All of it is on pre-bills or draft invoices: finish these."))
        return Prebill._propose(self.company_id, *time)._get_action()

    def _fix_no_rate(self, project):
        """Give the time the rate that there is by now."""
        rows = self.env["timetrack.billing.queue"].search(
            [("project_id", "=", project.id), ("company_id", "=", self.company_id.id)]
        )
        rows.action_find_rates()

    def _fix_accrual(self, accrual):
        """Work the accrual out anew: what is to post is for the accountant to see, and to post."""
        accrual.action_work_out()
        return accrual.get_formview_action()

    def _fix_duplicate(self, entry):
        """Delete the later one of two entries that say the same."""
        entry.unlink()
