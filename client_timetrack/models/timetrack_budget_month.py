from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models

from ..engine import budget as engine
from ..engine.allocation import unit_of
from ..engine.periods import Period
from .timetrack_budget_figures import sum_of

# Budgets that recur without an end are looked at for a year ahead.
MONTHS_AHEAD = 12
# Hours are shared as exactly as they are kept.
HOUR_UNIT = Decimal("0.000001")


class TimetrackBudget(models.Model):
    """Budgets month by month: what each is to take, took and will take. The months of a period are the period."""

    _inherit = "timetrack.budget"

    @api.model
    def _get_month_measures(self):
        """Names of the measures of a month, with their types in PostgreSQL."""
        names = [f"{kind}_{name}" for name in self._get_amounts() for kind in ("budget", "actual")]
        return dict.fromkeys([*names, "planned_hours", "forecast_hours"], "float8")

    def _get_months(self):
        """The months of the budgets, in a number of queries that depends neither on budgets nor on entries.

        - budget: of a budget for each month what was agreed for it; one for a longer period is shared by days; one
          without an end stands in its first month. What periods leave to the next is in the sum over the months
        - actual: time logged, leave apart
        - planned: from this week on, of this week what is not logged yet
        - forecast: actual, and to the end of each period what is planned or, if that is more, the pace of the last four
          weeks: see ``engine.at_completion``

        :return: list of dicts with ``budget_id``, ``month`` (its first day) and what ``_get_month_measures`` names;
            hours, and amounts in the currency of the budget's company
        """
        today = fields.Date.context_today(self)
        budgets = self.sudo()
        self.env["account.analytic.line"].flush_model()
        parts = budgets._get_parts()
        window = engine.burn_window(today)
        used = self._count({budget: budget._get_counted_by_month() for budget in budgets}, parts, window)
        last_days = {budget.id: budget.date_to or engine.LAST for budget in budgets}
        planned = budgets._get_planned(today, last_days, parts)
        result = []
        for budget in budgets:
            months = budget._get_own_months(today, used.get(budget.id, {}), planned.get(budget.id, {}))
            result += [{"budget_id": budget.id, "month": month, **values} for month, values in months.items()]
        return result

    def _get_counted_by_month(self):
        """What of the time on its work counts for a budget ever, by month: as of ``_get_counted``."""
        self.ensure_one()
        rule = self._get_rule()
        project = self.project_id.id if self.scope != "project" and self.project_id else None
        return project, rule.date_from or engine.FIRST, rule.date_to or engine.LAST, engine.MONTH

    def _get_own_months(self, today, used, planned):
        """The months of one budget.

        :param dict used: of ``_count``, by the first day of the month
        :param dict planned: of ``_get_planned``, of this budget
        :return: dict of the first day of the month to dict of measures
        """
        self.ensure_one()
        months = defaultdict(lambda: dict.fromkeys(self._get_month_measures(), 0.0))
        for month, states in used.items():
            for name in self._get_amounts():
                months[month][f"actual_{name}"] = sum_of(states, name)
            months[month]["forecast_hours"] = months[month]["actual_hours"]
        for month, hours in planned.items():
            months[month]["planned_hours"] = hours
        spans = self._get_spans_by_month(today, used)
        money_unit = unit_of(self.currency_id.rounding or 0.01)
        for name in self._get_amounts():
            unit = HOUR_UNIT if name == "hours" else money_unit
            for span, amount in zip(spans, self._get_agreed_ever(name, spans, today), strict=True):
                for month, part in engine.by_month(amount, span, unit).items():
                    months[month][f"budget_{name}"] += part
        weekly = engine.burn(sum(sum_of(states, "burn") for states in used.values()))
        for span in spans:
            if span.date_to < today and self.every != engine.WHOLE:
                continue
            ahead = {
                month: hours
                for month, hours in planned.items()
                if self.every == engine.WHOLE or engine.month_of(span.date_from) <= month <= span.date_to
            }
            for month, hours in engine.ahead_by_month(ahead, weekly, span, today).items():
                months[month]["forecast_hours"] += hours
        return months

    def _get_spans_by_month(self, today, used):
        """The periods of a budget, a year ahead; that of the whole life from the first day that is known.

        A project's last day is that of its budgets.
        """
        self.ensure_one()
        rule = self._get_rule()
        if self.every == engine.WHOLE:
            first = rule.date_from or self.project_id.date_start or min((self.create_date.date(), *used))
            return [Period(first, rule.date_to or self.project_id.date or engine.LAST)]
        spans = engine.spans(rule, until=engine.months_later(engine.month_of(today), MONTHS_AHEAD))
        return [span for span in spans if span.date_to >= today - engine.LONGEST]

    def _get_agreed_ever(self, name, spans, today):
        """What was agreed for each period, and from the running one on what is agreed by now."""
        past = [span for span in spans if span.date_from <= today]
        agreed = self._get_agreed(name, past) if past else []
        return [*agreed, *(self[name] for _span in spans[len(past) :])]
