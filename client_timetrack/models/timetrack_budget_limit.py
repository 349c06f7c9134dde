from collections import defaultdict
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import budget as engine
from ..engine.approval import APPROVED
from ..engine.policy import Room
from .timetrack_budget_figures import HOURS, sum_of

# What an entry of the policies' engine calls that which a budget is about.
NAMES = {
    "project": "project",
    "task": "task",
    "deliverable": "deliverable",
    "activity": "activity",
    "employee": "employee",
    "job": "employee",
}


class Terms(NamedTuple):
    """What is agreed of a budget, read for all budgets at once."""

    hours: float
    parts: frozenset
    history: list
    overrides: list


class TimetrackBudget(models.Model):
    """What budgets leave for time that is about to be saved, by three queries however many entries and budgets."""

    _inherit = "timetrack.budget"

    @api.model
    def _get_rooms(self, entries, ahead, before):
        """What each budget that the entries count for allows and has used, in the period of the entry's day.

        Hours below zero make room only once they are approved, and an approved override makes room for whoever asked.

        :param list entries: of the policies' ``Entry``; a key that is an id is that of a stored entry
        :param dict ahead: hours that come before these and are not stored, by id of the project
        :param dict before: changed entries as they were, by key
        :return: dict of key to tuple of the policies' ``Room``; entries without any are left out
        """
        budgets = self._find_covering(entries)
        if not budgets:
            return {}
        terms = budgets._get_terms()
        covered = defaultdict(list)
        for budget in budgets:
            if terms[budget.id].hours > 0:
                rule = budget._get_rule()
                for entry in entries:
                    span = budget._covers(entry, terms[budget.id].parts) and engine.span_of(rule, entry.date)
                    if span:
                        covered[budget].append((entry, span))
        used = self._count_beside(covered, terms, entries)
        rooms = defaultdict(tuple)
        for budget, pairs in covered.items():
            for entry, room in budget._get_rooms_of(pairs, terms[budget.id], used[budget.id], ahead):
                known = entry.key in before and budget._took(before[entry.key], entry, terms[budget.id].parts)
                rooms[entry.key] += (room._replace(known=known),)
        return rooms

    @api.model
    def _find_covering(self, entries):
        """The budgets of the entries' projects and of their clients."""
        projects = self.env["project.project"].browse(
            {entry.project for entry in entries if isinstance(entry.project, int)}
        )
        clients = projects.partner_id.commercial_partner_id
        return self.search_fetch(
            Domain("project_id", "in", projects.ids) | Domain("client_id.commercial_partner_id", "in", clients.ids),
            ["scope", "every", "date_from", "date_to", "carry_over", "project_id", "own_hours"],
        )

    def _covers(self, entry, parts):
        """Whether the entry is on what the budget is about."""
        self.ensure_one()
        if self.scope == "client":
            project = self.env["project.project"].browse(entry.project if isinstance(entry.project, int) else ())
            return project.partner_id.commercial_partner_id.id in parts
        here = entry.project == self.project_id.id or not self.project_id
        return here and getattr(entry, NAMES[self.scope]) in parts

    def _took(self, before, entry, parts):
        """Whether the entry took as much of the budget's period before as it does now."""
        rule = self._get_rule()
        return (
            entry.hours <= before.hours
            and self._covers(before, parts)
            and engine.span_of(rule, before.date) == engine.span_of(rule, entry.date)
        )

    def _get_terms(self):
        """:return: dict of id to :class:`Terms`"""
        self._flush_parts()
        self.env["project.project"].flush_model()
        self.env["timetrack.budget.override"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH part AS (%(parts)s)
                SELECT budget.id, agreed.hours,
                       ARRAY(SELECT record_id FROM part WHERE budget_id = budget.id),
                       CASE WHEN budget.carry_over THEN ARRAY(
                            SELECT json_build_array(date, hours) FROM timetrack_budget_version
                             WHERE budget_id = budget.id ORDER BY id
                       ) END,
                       ARRAY(
                            SELECT json_build_array(date, hours, employee_id) FROM timetrack_budget_override
                             WHERE budget_id = budget.id AND state = 'approved'
                       )
                  FROM timetrack_budget budget
                  %(agreed)s
                 WHERE budget.id = ANY(%(ids)s)
                """,
                parts=self._get_parts_sql(),
                agreed=self._get_agreed_sql(),
                ids=self.ids,
            )
        )
        return {
            budget_id: Terms(
                hours,
                frozenset(parts),
                [engine.Version(date.fromisoformat(day), amount) for day, amount in history or ()],
                [(date.fromisoformat(day), granted, employee) for day, granted, employee in overrides],
            )
            for budget_id, hours, parts, history, overrides in rows
        }

    @api.model
    def _count_beside(self, covered, terms, entries):
        """What is used of the budgets beside the given entries, as of ``_count``."""
        stored = [entry.key for entry in entries if isinstance(entry.key, int)]
        counted = {}
        for budget, pairs in covered.items():
            spans = [span for _entry, span in pairs]
            first = budget.date_from if budget.carry_over else min(span.date_from for span in spans)
            project = budget.project_id.id if budget.scope != "project" else None
            counted[budget] = (
                project or None,
                first or engine.FIRST,
                max(span.date_to for span in spans),
                budget.every,
            )
        self.env["account.analytic.line"].flush_model()
        return self._count(
            counted,
            {budget.id: terms[budget.id].parts for budget in counted},
            engine.burn_window(fields.Date.context_today(self)),
            SQL(
                "(line.unit_amount > 0 OR line.timetrack_state = %(approved)s) AND line.id != ALL(%(stored)s)",
                approved=APPROVED,
                stored=stored,
            ),
            sums=HOURS,
        )

    def _get_rooms_of(self, pairs, terms, used, ahead):
        """Pairs of entry and room of one budget.

        :param list pairs: of (entry, period of the entry's day)
        :param Terms terms: what is agreed
        :param dict used: dict of state to amounts by key of the period
        """
        self.ensure_one()
        rule = self._get_rule()
        beside = {key: sum_of(states, "hours") for key, states in used.items()}
        together = defaultdict(float)
        for entry, span in pairs:
            together[engine.span_key(rule, span)] += entry.counted_hours
        spent = {key: beside.get(key, 0) + hours for key, hours in together.items()}
        allowed = {}
        for entry, span in pairs:
            key = engine.span_key(rule, span)
            if key not in allowed:
                allowed[key] = self._get_allowed(rule, span, terms, {**beside, **spent})
            granted = [override for override in terms.overrides if engine.span_of(rule, override[0]) == span]
            asked = entry.employee in {employee for _day, _hours, employee in granted}
            hours = allowed[key] + (sum(hours for _day, hours, _employee in granted) if asked else 0)
            waiting = ahead.get(entry.project, 0) if self.scope == "project" and self.every == engine.WHOLE else 0
            exceeded = engine.exceeds(spent[key] + waiting, hours)
            # the name costs a query, and only a refusal needs it
            yield entry, Room(self.name if exceeded else "", hours, spent[key] + waiting, key=self.id)

    def _get_allowed(self, rule, span, terms, used):
        """What a period allows, with what those before it left.

        :param dict used: hours by key of the period
        """
        if not self.carry_over:
            return terms.hours
        spans = engine.spans(rule, until=span.date_from)
        amounts = [engine.amount_of(terms.history, one) for one in spans[:-1]]
        spent = [used.get(engine.span_key(rule, one), 0) for one in spans]
        return engine.allowances([*amounts, terms.hours], spent, carry_over=True)[-1]
