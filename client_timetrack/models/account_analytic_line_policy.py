import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, float_compare

from ..engine import policy as engine
from ..engine.approval import APPROVED

# What an entry says, under the names that the engine gives it.
ENGINE_FIELDS = {
    "employee_id": "employee",
    "date": "date",
    "unit_amount": "hours",
    "project_id": "project",
    "task_id": "task",
    "timetrack_activity_id": "activity",
    "timetrack_deliverable_id": "deliverable",
    "name": "description",
    "timetrack_start": "start",
    "timetrack_stop": "stop",
}
# Entries that a message lists.
MAX_LISTED = 5


class PolicyRefused(UserError):
    """A policy refuses entries.

    :ivar set rules: names of the rules that they break
    """

    def __init__(self, message, rules):
        super().__init__(message)
        self.rules = rules


class AccountAnalyticLine(models.Model):
    """What the policy of a time entry asks of it: refusals when it is saved and submitted, and warnings kept on it."""

    _inherit = "account.analytic.line"

    # Not for clients: what the firm asks of its own people.
    timetrack_warnings = fields.Json(
        "Warnings Kept",
        readonly=True,
        copy=False,
        groups="hr_timesheet.group_hr_timesheet_user",
        help="What the policy objects to: rules, policies and figures.",
    )
    timetrack_warning_count = fields.Integer(
        "Warnings", readonly=True, copy=False, groups="hr_timesheet.group_hr_timesheet_user"
    )
    timetrack_warning_text = fields.Text(
        "What the Policy Objects To",
        compute="_compute_timetrack_warning_text",
        compute_sudo=True,
        groups="hr_timesheet.group_hr_timesheet_user",
    )

    # The day of an employee, and through it their week: rules, periods and screens look at it all the time.
    _timetrack_day_idx = models.Index("(employee_id, date) WHERE timetrack_state IS NOT NULL")
    _timetrack_warning_idx = models.Index("(employee_id, date) WHERE timetrack_warning_count > 0")

    @api.depends("timetrack_warnings")
    @api.depends_context("lang")
    def _compute_timetrack_warning_text(self):
        """In the language of the reader, whoever saved the entry."""
        Policy, check = self.env["timetrack.policy"], self.env["timetrack.policy.check"]
        kept = {line: line.timetrack_warnings or [] for line in self}
        policies = Policy.browse({warning["policy_id"] for warnings in kept.values() for warning in warnings}).exists()
        names = {policy.id: policy.name for policy in policies}
        for line, warnings in kept.items():
            line.timetrack_warning_text = "\n".join(
                check._describe(warning["rule"], warning["params"], names.get(warning["policy_id"], warning["policy"]))
                for warning in warnings
            )

    # ------------------------------------------------------------------
    # The policies of entries
    # ------------------------------------------------------------------

    def _timetrack_policies(self):
        """The policy in force for each of the entries; looked up once per project and company.

        :return: dict of entry to ``timetrack.policy``, empty where nobody names one and on lines that are no time
        """
        none = self.env["timetrack.policy"].sudo()
        found = {}
        policies = {}
        for line in self:
            project, company = line.sudo().project_id, line.sudo().company_id
            if (project, company) not in found:
                found[project, company] = project._timetrack_find_policy(company)[0] if project else none
            policies[line] = found[project, company] if line.timetrack_state else none
        return policies

    def _timetrack_auto_approvable(self):
        """Those of the entries, just submitted, that their policy approves by itself; never with a warning."""
        policies = self._timetrack_policies()
        entries = self.filtered(
            lambda line: (
                not line.sudo().timetrack_warning_count
                and (
                    policies[line].auto_approve == "always"
                    or (policies[line].auto_approve == "non_billable" and not line.timetrack_is_billable)
                )
            )
        )
        limited = entries.filtered(lambda line: policies[line].auto_approve_max_hours > 0)
        hours = limited._timetrack_day_hours()
        return entries - limited.filtered(
            lambda line: (
                float_compare(
                    hours[line.employee_id.id, line.date], policies[line].auto_approve_max_hours, engine.DIGITS
                )
                > 0
            )
        )

    def _timetrack_day_hours(self):
        """Hours of the entries' employees on the entries' days that count against limits, in all projects.

        :return: dict of (employee id, date) to hours
        """
        if not self:
            return {}
        Line = self.env["account.analytic.line"].sudo()
        groups = Line._read_group(
            Line._timetrack_counted_domain()
            & Domain("employee_id", "in", self.employee_id.ids)
            & Domain("date", "in", list(set(self.mapped("date")))),
            ["employee_id", "date:day"],
            ["unit_amount:sum"],
        )
        return {(employee.id, date): hours for employee, date, hours in groups}

    @api.model
    def _timetrack_counted_domain(self):
        """Domain of the entries whose hours count against limits; says what ``engine.Entry.counted_hours`` says."""
        lasting = Domain("unit_amount", ">", 0) | Domain("timetrack_state", "=", APPROVED)
        return self._timetrack_entry_domain() & lasting

    # ------------------------------------------------------------------
    # Checking
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._timetrack_is_internal() and self._timetrack_has_limits():
            lines._timetrack_check_policy()
        return lines

    def write(self, vals):
        changed = {name for field, name in ENGINE_FIELDS.items() if field in vals}
        if not changed or self._timetrack_is_internal():
            return super().write(vals)
        limited = self.sudo() if self._timetrack_has_limits() else self.browse()
        before = {line.id: line._timetrack_to_engine() for line in limited}
        result = super().write(vals)
        if limited:
            # Forms and imports write what was there already, and a task takes its entries along into its project.
            after = {line.id: line._timetrack_to_engine() for line in limited}
            changed = {
                name
                for name in changed | {"project"}
                if any(getattr(after[key], name) != getattr(entry, name) for key, entry in before.items())
            }
        self._timetrack_check_policy(changed=changed, before=before)
        return result

    def _timetrack_before_submit(self):
        """The entries are about to be submitted: check what their policies ask of them.

        :raise UserError: a policy refuses one of them; the message lists everything that it objects to
        """
        self._timetrack_check_policy(on_submit=True)

    def _timetrack_check_policy(self, on_submit=False, changed=None, before=None):
        """Refuse entries that break what their policy refuses, and keep on the others what it warns of.

        What a change does not touch refuses nothing, and is kept as a warning instead.

        :param bool on_submit: whether to ask for what an entry must say as well
        :param set changed: names (the engine's) of what changed; None for new and for submitted entries
        :param dict before: changed entries as the engine had them before, by id
        :raise PolicyRefused: an entry is refused; the message lists everything for all of them
        """
        violations = self._timetrack_violations(on_submit, before)
        refused = {line: found for line in self if (found := engine.refused(violations.get(line.id, []), changed))}
        if refused:
            rules = {violation.rule for violations in refused.values() for violation in violations}
            raise PolicyRefused(self._timetrack_describe_refused(refused, on_submit), rules)
        self._timetrack_keep_warnings(violations)

    def _timetrack_violations(self, on_submit=False, before=None):
        """What the policies object to in the entries, in a bounded number of queries.

        Leave and entries whose policy asks nothing are left out; companies without approval ask for limits alone.

        :return: dict of id to list of ``engine.Violation``
        """
        if not on_submit and not self._timetrack_has_limits():
            return {}
        asked = {False: [], True: []}
        for line, policy in self._timetrack_policies().items():
            if policy:
                requires = on_submit and line.sudo().company_id.timetrack_approval_required
                asked[requires].append((line.sudo()._timetrack_to_engine(), policy))
        check = self.env["timetrack.policy.check"]
        violations = {}
        for requires, pairs in asked.items():
            if pairs:
                violations.update(check._get_violations(pairs, on_submit=requires, before=before))
        return violations

    @api.model
    def _timetrack_has_limits(self):
        """Whether any policy sets limits: without, saving time costs nothing."""
        return bool(self.env["timetrack.policy"]._get_limiting_ids())

    def _timetrack_to_engine(self):
        """The entry as the engine takes it."""
        self.ensure_one()
        return engine.Entry(
            key=self.id,
            **{
                name: (self[field].id if self._fields[field].relational else self[field]) or None
                for field, name in ENGINE_FIELDS.items()
            },
        )._replace(hours=self.unit_amount, description=self.name or "", settled=self.timetrack_state == APPROVED)

    # ------------------------------------------------------------------
    # Words and warnings
    # ------------------------------------------------------------------

    def _timetrack_describe_refused(self, refused, on_submit):
        """One message for everything that is wrong with all entries.

        :param dict refused: list of ``engine.Violation`` by entry
        """
        check = self.env["timetrack.policy.check"]
        policies = self._timetrack_policies()
        blocks = []
        for line, violations in list(refused.items())[:MAX_LISTED]:
            sentences = [check._describe(found.rule, found.params, policies[line].name) for found in violations]
            entry = f"{line._timetrack_describe()}, {line.name}"
            blocks.append("\n".join([entry, *(f"  • {sentence}" for sentence in sentences)]))
        if len(refused) > MAX_LISTED:
            blocks.append(self.env._("and %(count)s more entries", count=len(refused) - MAX_LISTED))
        title = (
            self.env._("This time cannot be submitted as it is:")
            if on_submit
            else self.env._("This time cannot be saved as it is:")
        )
        return "\n".join([title, *blocks])

    def _timetrack_keep_warnings(self, violations):
        """Keep what the policies object to on the entries, in place of what they objected to before.

        :param dict violations: lists of ``engine.Violation`` by id of the entry
        """
        if not violations and not self._timetrack_warned():
            return
        policies = self._timetrack_policies()
        kept = {}
        for line in self:
            policy = policies[line]
            warnings = [
                {"rule": found.rule, "policy_id": policy.id, "policy": policy.name, "params": found.params}
                for found in violations.get(line.id, ())
            ]
            if warnings != (line.sudo().timetrack_warnings or []):
                kept[line.id] = warnings
        self._timetrack_write_warnings(kept)

    @api.model
    def _timetrack_write_warnings(self, kept):
        """Write the warnings of entries, in one statement: hardly two of them say the same.

        :param dict kept: list of warnings by id of the entry
        """
        if not kept:
            return
        names = ["timetrack_warnings", "timetrack_warning_count"]
        lines = self.browse(kept).sudo()
        lines.flush_recordset(names)
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_analytic_line line
                   SET timetrack_warnings = kept.warnings::jsonb, timetrack_warning_count = kept.count
                  FROM unnest(%(ids)s::int[], %(warnings)s::text[], %(counts)s::int[]) AS kept (id, warnings, count)
                 WHERE line.id = kept.id
                """,
                ids=list(kept),
                warnings=[json.dumps(warnings) if warnings else None for warnings in kept.values()],
                counts=[len(warnings) for warnings in kept.values()],
            )
        )
        lines.invalidate_recordset(names, flush=False)
        lines.modified(names)

    def _timetrack_prepare_part(self, values):
        """What the policy objects to in an entry holds for the parts that it is split into."""
        return {
            **super()._timetrack_prepare_part(values),
            "timetrack_warnings": self.timetrack_warnings,
            "timetrack_warning_count": self.timetrack_warning_count,
        }

    def _timetrack_warned(self):
        """Those of the entries that keep warnings."""
        return self.sudo().filtered("timetrack_warning_count")

    @api.model
    def _timetrack_protected_fields(self):
        return super()._timetrack_protected_fields() | {"timetrack_warnings", "timetrack_warning_count"}
