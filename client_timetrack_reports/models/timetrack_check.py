import logging
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from odoo.addons.client_timetrack.models.account_analytic_line_approval import ADMINISTRATOR_GROUP
from odoo.addons.client_timetrack.tools import isolated
from odoo.addons.client_timetrack_billing.models.account_analytic_line import LEDGER_GROUP

_logger = logging.getLogger(__name__)

SEVERITIES = [("1", "Low"), ("2", "Medium"), ("3", "High")]
# The rules that come with the addon, each with a method ``_find_<code>``.
RULES = [
    ("unbilled", "Approved time unbilled too long"),
    ("no_rate", "Billable time without a rate"),
    ("no_cost", "Time without a cost"),
    ("changed", "Billed time that was changed"),
    ("ledger", "Invoice and billing ledger apart"),
    ("accrual", "Accrued revenue and work in progress apart"),
    ("closed", "Time on closed work"),
    ("employment", "Time outside of the employment"),
    ("leave", "Time on days off"),
    ("duplicate", "The same time twice"),
    ("invoice", "Invoices of time without time"),
    ("budget", "Exceeded budgets"),
    ("missing", "Missing time"),
    ("domain", "By a domain"),
]


class Found(NamedTuple):
    """What a rule found: the record, the amount at stake in the company's currency, and words about it."""

    record_id: int
    amount: float = 0.0
    detail: str = ""


class TimetrackCheck(models.Model):
    """A rule of the reconciliation desk: it finds what does not tie.

    The rules that come with the addon are methods (``timetrack_check_time.py``, ``timetrack_check_billing.py``): each
    returns all that it finds in a company by a bounded number of queries. Administrators add others by domain.
    """

    _name = "timetrack.check"
    _description = "Reconciliation Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    rule = fields.Selection(RULES, required=True, default="domain")
    severity = fields.Selection(SEVERITIES, required=True, default="2")
    days = fields.Integer(help="How many days back the rule looks, where it does. 0: without limit.")
    model_id = fields.Many2one("ir.model", string="Records", ondelete="cascade", domain="[('transient', '=', False)]")
    model_name = fields.Char(related="model_id.model", string="Name of the Model")
    domain = fields.Char(default="[]", help="What is found are the records that it matches.")
    author_id = fields.Many2one(
        "res.users",
        string="By",
        readonly=True,
        required=True,
        default=lambda self: self.env.user,
        help="Who wrote the domain: it finds what this user may see.",
    )
    user_id = fields.Many2one(
        "res.users", string="Owner", domain="[('share', '=', False)]", help="Gets what the rule finds."
    )
    company_id = fields.Many2one("res.company", help="Empty: in every company.")
    note = fields.Text("What to Do", translate=True)
    finding_ids = fields.One2many("timetrack.finding", "check_id", readonly=True)
    open_count = fields.Integer("Open", compute="_compute_open_count")

    _days_positive = models.Constraint("CHECK(days >= 0)", "The days back cannot be negative.")

    def _compute_open_count(self):
        groups = self.env["timetrack.finding"]._read_group(
            [("check_id", "in", self.ids), ("state", "in", ("open", "progress"))], ["check_id"], ["__count"]
        )
        counts = {check.id: count for check, count in groups}
        for check in self:
            check.open_count = counts.get(check.id, 0)

    @api.constrains("rule", "model_id", "domain")
    def _check_domain(self):
        for check in self.filtered(lambda check: check.rule == "domain"):
            if not check.model_id:
                raise ValidationError(self.env._("“%s” needs to know in which records to look.", check.name))
            try:
                check._get_searched().search(check._get_domain(self.env.company), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._("The domain of “%(check)s” cannot be used: %(error)s", check=check.name, error=error)
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes a rule is its author, whatever the values say."""
        if not self.env.su:
            vals_list = [{**vals, "author_id": self.env.uid} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """Who changes what a rule looks for looks with their own rights from then on."""
        if not self.env.su and not {"rule", "model_id", "domain", "author_id"}.isdisjoint(vals):
            vals = {**vals, "author_id": self.env.uid}
        return super().write(vals)

    def _get_domain(self, company):
        """The domain of a rule, within a company where its records have one."""
        self.ensure_one()
        domain = Domain(safe_eval(self.domain or "[]", {"uid": self.env.uid, "today": fields.Date.context_today(self)}))
        if "company_id" in self.env[self.model_id.model]._fields:
            domain &= Domain("company_id", "in", [company.id, False])
        return domain

    def _get_start(self):
        """The first day that the rule looks at, or None."""
        self.ensure_one()
        return fields.Date.context_today(self) - timedelta(days=self.days) if self.days else None

    # ------------------------------------------------------------------
    # Running
    # ------------------------------------------------------------------

    def action_run(self):
        """Look for what the rules find now, and close what is solved."""
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in (ADMINISTRATOR_GROUP, LEDGER_GROUP)):
            raise UserError(self.env._("Timesheet administrators and who invoices time run the rules."))
        checks = self or self.search([("active", "=", True)])
        checks._run(self.env.companies)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("%s findings are open.", sum(checks.mapped("open_count"))),
                "type": "info",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_run(self):
        """Run all rules in all companies, each on its own: one that fails does not keep the others."""
        companies = self.env["res.company"].sudo().search([("active", "=", True)])
        for check in self.sudo().search([("active", "=", True)]):
            with isolated(self.env.cr, _logger, "The rule %s of the reconciliation desk failed.", check.name):
                check._run(companies)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _run(self, companies):
        """Run the rules in some companies, as the system: a rule has to see everything."""
        for check in self.sudo():
            for company in check.company_id & companies if check.company_id else companies:
                own = check.with_company(company).with_context(allowed_company_ids=company.ids)
                found = getattr(own, f"_find_{check.rule}")(company)
                own._note(company, found)
        self.invalidate_recordset(["open_count"])

    def _get_found_model(self):
        """The model of what the rule finds."""
        self.ensure_one()
        if self.rule == "domain":
            return self.model_id.model
        return self._get_models()[self.rule]

    @api.model
    def _get_models(self):
        """The model of what each rule finds."""
        return {
            "unbilled": "project.project",
            "no_rate": "project.project",
            "no_cost": "hr.employee",
            "changed": "account.analytic.line",
            "ledger": "account.move",
            "accrual": "timetrack.accrual",
            "closed": "account.analytic.line",
            "employment": "account.analytic.line",
            "leave": "account.analytic.line",
            "duplicate": "account.analytic.line",
            "invoice": "account.move",
            "budget": "timetrack.budget",
            "missing": "hr.employee",
        }

    def _note(self, company, found):
        """Open what is new, keep what is known up to date, close what is not found any more."""
        self.ensure_one()
        Finding = self.env["timetrack.finding"]
        found = {one.record_id: one for one in found}
        known = Finding.search(
            [("check_id", "=", self.id), ("company_id", "=", company.id), ("state", "!=", "solved")]
        )
        today = fields.Date.context_today(self)
        by_record = {finding.res_id: finding for finding in known}
        gone = known.filtered(lambda finding: finding.res_id not in found)
        gone.write({"state": "solved", "solved_date": today})
        for record_id, finding in by_record.items():
            one = found.get(record_id)
            if one and (finding.amount, finding.detail) != (company.currency_id.round(one.amount), one.detail):
                finding.write({"amount": one.amount, "detail": one.detail})
        Finding.with_context(mail_create_nolog=True).create(
            [
                {
                    "check_id": self.id,
                    "company_id": company.id,
                    "res_model": self._get_found_model(),
                    "res_id": record_id,
                    "amount": one.amount,
                    "detail": one.detail,
                    "user_id": self.user_id.id,
                    "first_date": today,
                }
                for record_id, one in found.items()
                if record_id not in by_record
            ]
        )

    def _find_domain(self, company):
        """What the domain of the rule matches; nothing in companies that its author does not work in."""
        if company not in self.author_id.company_ids:
            return []
        return [Found(record.id) for record in self._get_searched().search(self._get_domain(company))]

    def _get_searched(self):
        """The records of a rule by domain, as its author sees them: the rules of the addon see everything, but nobody
        is to ask by a domain of their own for what is not theirs to know."""
        return self.env(user=self.author_id, su=False)[self.model_id.model]

    def action_view_findings(self):
        """Open what the rule has found."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_reports.timetrack_finding_action")
        return {**action, "domain": [("check_id", "=", self.id)]}
