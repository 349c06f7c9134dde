from odoo import api, fields, models
from odoo.tools import SQL

from ..models.timetrack_check import SEVERITIES


class TimetrackFindingTrend(models.Model):
    """How many findings are open, day by day: each comes on the day it was found and goes on the day it was solved, so
    that the sum up to a day is what was open then."""

    _name = "timetrack.finding.trend"
    _description = "Open Findings over Time"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"
    _depends = {
        "timetrack.finding": [
            "amount", "check_id", "company_id", "first_date", "severity", "solved_date", "state", "user_id",
        ],
        "res.company": ["currency_id"],
    }  # fmt: skip

    date = fields.Date(readonly=True)
    check_id = fields.Many2one("timetrack.check", string="Rule", readonly=True)
    severity = fields.Selection(SEVERITIES, readonly=True)
    user_id = fields.Many2one("res.users", string="Owner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    number = fields.Integer("Open Findings", readonly=True)
    amount = fields.Monetary("At Stake", readonly=True, groups="client_timetrack_billing.group_rate_viewer")

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _select(self):
        """Hook: the columns."""
        return SQL(
            """
            SELECT finding.id::int8 * 2 + step.goes AS id,
                   CASE step.goes WHEN 0 THEN finding.first_date ELSE finding.solved_date END AS date,
                   finding.check_id, finding.severity, finding.user_id, finding.company_id, company.currency_id,
                   1 - 2 * step.goes AS number, finding.amount * (1 - 2 * step.goes) AS amount
            """
        )

    @api.model
    def _from(self):
        """Hook: the findings, twice where they are gone."""
        return SQL(
            """
            FROM timetrack_finding finding
            JOIN res_company company ON company.id = finding.company_id
      CROSS JOIN (VALUES (0), (1)) AS step (goes)
            """
        )

    @api.model
    def _where(self):
        """Hook: what was accepted is open no more than what was solved, as far as anybody knows when."""
        return SQL(
            "WHERE finding.state != 'accepted' AND (step.goes = 0 OR finding.solved_date IS NOT NULL)"
        )
