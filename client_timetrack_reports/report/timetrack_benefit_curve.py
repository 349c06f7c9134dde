from odoo import api, fields, models
from odoo.tools import SQL


class TimetrackBenefitCurve(models.Model):
    """Planned against realized value of benefits at the end of each month, until now.

    Realized is the last measurement that finance validated by then. What should have come is even between the dates of
    the benefit, or between the steps of its plan.
    """

    _name = "timetrack.benefit.curve"
    _description = "Benefits by Month"
    _auto = False
    _order = "date, id"
    _rec_name = "date"
    _depends = {
        "res.company": ["currency_id"],
        "timetrack.benefit": [
            "active", "baseline", "company_id", "date_start", "date_target", "measure_id", "portfolio_id", "status",
            "target", "user_id", "value",
        ],
        "timetrack.benefit.step": ["benefit_id", "date", "share"],
        "timetrack.measurement": ["date", "measure_id", "state", "value"],
    }  # fmt: skip

    benefit_id = fields.Many2one("timetrack.benefit", readonly=True)
    portfolio_id = fields.Many2one("timetrack.portfolio", readonly=True)
    user_id = fields.Many2one("res.users", "Owner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date("Month", readonly=True)
    planned_value = fields.Monetary("Planned", readonly=True)
    validated_value = fields.Monetary("Validated", readonly=True)
    risk_value = fields.Monetary("At Risk", readonly=True, help="Planned by then, and not validated.")
    target_value = fields.Monetary("At Target", readonly=True, help="All of the benefit, in the running month.")
    is_now = fields.Boolean("Now", readonly=True)

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _select(self):
        """Hook: the columns."""
        planned = SQL(
            """
            benefit.value * COALESCE(
                CASE WHEN after.date IS NULL THEN before.share
                     ELSE before.share + (after.share - before.share) * (month.last - before.date)
                          / (after.date - before.date) END,
                0)::numeric
            """
        )
        validated = SQL(
            "benefit.value * (CASE WHEN benefit.target != benefit.baseline"
            " THEN (measured.value - benefit.baseline) / (benefit.target - benefit.baseline) END)::numeric"
        )
        is_now = SQL("month.last = CURRENT_DATE")
        return SQL(
            """
            SELECT benefit.id::int8 * 4096 + (EXTRACT(YEAR FROM month.last)::int - 1970) * 12
                       + EXTRACT(MONTH FROM month.last)::int AS id,
                   benefit.id AS benefit_id, benefit.portfolio_id, benefit.user_id, benefit.company_id,
                   company.currency_id, month.last AS date,
                   %(planned)s AS planned_value, %(validated)s AS validated_value,
                   GREATEST(%(planned)s - COALESCE(%(validated)s, 0), 0) AS risk_value,
                   CASE WHEN %(is_now)s THEN benefit.value END AS target_value, %(is_now)s AS is_now
            """,
            planned=planned,
            validated=validated,
            is_now=is_now,
        )

    @api.model
    def _plan(self):
        """Hook: the points of the plan of a ``benefit``: its steps, or its two dates."""
        return SQL(
            """
            SELECT step.date, step.share / 100 AS share
              FROM timetrack_benefit_step step
             WHERE step.benefit_id = benefit.id
             UNION ALL
            SELECT benefit.date_start, 0
             WHERE NOT EXISTS (
                 SELECT FROM timetrack_benefit_step step
                  WHERE step.benefit_id = benefit.id AND step.date <= benefit.date_start)
             UNION ALL
            SELECT benefit.date_target, 1
             WHERE NOT EXISTS (SELECT FROM timetrack_benefit_step step WHERE step.benefit_id = benefit.id)
            """
        )

    @api.model
    def _from(self):
        """Hook: a row for each month since the benefit began, until the running one; with the points of the plan before
        and after its end, and what was measured last."""
        return SQL(
            """
            FROM timetrack_benefit benefit
            JOIN res_company company ON company.id = benefit.company_id
      CROSS JOIN LATERAL (
                SELECT LEAST((month.first + INTERVAL '1 month - 1 day')::date, CURRENT_DATE) AS last
                  FROM generate_series(
                      date_trunc('month', benefit.date_start::timestamp), CURRENT_DATE::timestamp, INTERVAL '1 month'
                  ) AS month (first)
            ) month
 LEFT JOIN LATERAL (
                SELECT point.date, point.share FROM (%(plan)s) point WHERE point.date <= month.last
              ORDER BY point.date DESC, point.share DESC LIMIT 1
            ) before ON TRUE
 LEFT JOIN LATERAL (
                SELECT point.date, point.share FROM (%(plan)s) point WHERE point.date > month.last
              ORDER BY point.date, point.share LIMIT 1
            ) after ON TRUE
 LEFT JOIN LATERAL (
                SELECT measurement.value FROM timetrack_measurement measurement
                 WHERE measurement.measure_id = benefit.measure_id AND measurement.state = 'validated'
                   AND measurement.date BETWEEN benefit.date_start AND month.last
              ORDER BY measurement.date DESC, measurement.id DESC LIMIT 1
            ) measured ON TRUE
            """,
            plan=self._plan(),
        )

    @api.model
    def _where(self):
        """Hook: what was given up is planned no more."""
        return SQL("WHERE benefit.active AND benefit.status != 'cancelled'")
