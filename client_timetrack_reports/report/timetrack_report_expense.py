from odoo import api, models
from odoo.tools import SQL


class TimetrackReport(models.Model):
    """Expenses: what was spent on the analytic accounts of projects and is no time, on the day it was spent.

    The lines of an account that several projects share are nobody's: they have the client at most.
    """

    _inherit = "timetrack.report"
    _depends = {
        "account.analytic.line": [
            "account_id", "amount", "company_id", "currency_id", "date", "general_account_id", "project_id",
        ],
        "project.project": ["account_id", "partner_id"],
    }  # fmt: skip

    @api.model
    def _select_expense(self):
        return {
            **self._get_project_dimensions(),
            "id": SQL("l.id"),
            "line_id": SQL("l.id"),
            "company_id": SQL("l.company_id"),
            "currency_id": SQL("l.currency_id"),
            "date": SQL("l.date"),
            "project_id": SQL("project.id"),
            "expense_amount": SQL("-l.amount"),
        }

    @api.model
    def _from_expense(self):
        return SQL(
            """
            FROM account_analytic_line l
                 JOIN (
                     SELECT account_id, CASE WHEN count(*) = 1 THEN min(id) END AS project_id,
                            CASE WHEN count(DISTINCT partner_id) = 1 THEN min(partner_id) END AS partner_id
                       FROM project_project
                      WHERE account_id IS NOT NULL
                   GROUP BY account_id
                 ) place ON place.account_id = l.account_id
                 LEFT JOIN project_project project ON project.id = place.project_id
                 LEFT JOIN account_account account ON account.id = l.general_account_id
                 %s
            """,
            self._join_project(SQL("place.partner_id"), SQL("l.company_id")),
        )

    @api.model
    def _where_expense(self):
        """Of the general ledger what is an expense there; of what never was in it, what costs."""
        return SQL(
            """
            WHERE l.project_id IS NULL
              AND CASE WHEN account.id IS NULL THEN l.amount < 0
                       ELSE split_part(account.account_type, '_', 1) = 'expense' END
            """
        )
