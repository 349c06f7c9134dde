from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import budget as engine
from ..engine.grid import DIGITS

STATES = [("requested", "To Decide"), ("approved", "Approved"), ("refused", "Refused")]
# What only the methods of a request may set.
DECIDED = {"state", "decided_by_id", "decided_on"}
# In the context: the methods' own mark, which no call from outside can bring along.
DECIDING = object()


class TimetrackBudgetOverride(models.Model):
    """Somebody asks for hours beyond a budget that a policy does not let be exceeded.

    Approved, it makes room in the budget's period of its day for whoever asked; the budget stays what was agreed.
    """

    _name = "timetrack.budget.override"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.kept.mixin"]
    _description = "Budget Override"
    _order = "id desc"
    _rec_name = "budget_id"

    budget_id = fields.Many2one("timetrack.budget", required=True, index=True, ondelete="cascade", tracking=True)
    employee_id = fields.Many2one(
        "hr.employee",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user.employee_id,
        help="Who needs to log more than the budget leaves.",
    )
    hours = fields.Float(
        "Hours Beyond the Budget", required=True, tracking=True, help="How far the budget may be exceeded."
    )
    date = fields.Date(
        "Day of the Work",
        required=True,
        default=fields.Date.context_today,
        help="Of a budget for each period: the override is for the period of this day.",
    )
    reason = fields.Char(required=True, help="Why the budget is not enough.")
    state = fields.Selection(STATES, default="requested", required=True, readonly=True, copy=False, tracking=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    decided_on = fields.Datetime(readonly=True, copy=False)
    company_id = fields.Many2one(related="budget_id.company_id", store=True, index=True)
    remaining_hours = fields.Float(related="budget_id.remaining_hours", string="Left of the Budget")
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _hours_positive = models.Constraint("CHECK(hours > 0)", "Say how many hours more are needed: more than none.")

    @api.depends("state", "employee_id", "budget_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for override in self:
            override.can_decide = override.state == "requested" and override._may_decide()

    def _may_decide(self):
        """Whoever is responsible for the budget or may revise it decides, but nobody on their own request."""
        self.ensure_one()
        user = self.env.user
        if self.employee_id.sudo().user_id == user:
            return False
        return self.budget_id.sudo().user_id == user or self.budget_id.has_access("write")

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """A request is open, whatever is said; the responsible person is told by an activity."""
        undecided = {"state": "requested", "decided_by_id": False, "decided_on": False}
        overrides = super().create([{**vals, **undecided} for vals in vals_list])
        overrides._check_asked()
        for override in overrides:
            responsible = override.budget_id.sudo().user_id
            if responsible:
                override.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=override.with_context(lang=responsible.lang)._describe(),
                    user_id=responsible.id,
                )
        return overrides

    @api.model
    def _ask(self, entries, rooms, reason):
        """Ask for what entries need beyond budgets; a request that is still open asks for more, if it is not enough.

        :param list entries: of the policies' ``Entry``
        :param dict rooms: of ``timetrack.budget._get_rooms``
        :param str reason: why the budgets are not enough
        :return: the requests, in sudo: the budgets may be out of the user's sight
        :raise AccessError: the user may not ask for one of the employees
        """
        needed = {}
        for entry in entries:
            for room in rooms.get(entry.key, ()):
                if room.excess is not None:
                    key = (room.key, entry.employee)
                    needed[key] = max(needed.get(key, (0.0, None)), (round(room.excess, DIGITS), entry.date))
        employees = self.env["hr.employee"].browse({employee_id for _budget_id, employee_id in needed})
        self._check_employees(employees)
        open_requests = self.sudo().search(
            [
                ("budget_id", "in", [budget_id for budget_id, _employee_id in needed]),
                ("employee_id", "in", employees.ids),
                ("state", "=", "requested"),
            ]
        )
        result = open_requests.browse()
        for (budget_id, employee_id), (hours, date) in needed.items():
            same = open_requests.filtered(
                lambda one, budget_id=budget_id, employee_id=employee_id, date=date: (
                    one.budget_id.id == budget_id and one.employee_id.id == employee_id and one._covers(date)
                )
            )[:1]
            if same and same.hours < hours:
                same.write({"hours": hours, "reason": reason})
            values = {"budget_id": budget_id, "employee_id": employee_id}
            result += same or same.create({**values, "hours": hours, "date": date, "reason": reason})
        return result

    def _covers(self, date):
        """Whether the request is for the budget's period of a day."""
        self.ensure_one()
        rule = self.budget_id._get_rule()
        return engine.span_of(rule, self.date) == engine.span_of(rule, date)

    def _check_asked(self):
        """:raise AccessError: somebody asks for another person, or for a budget out of sight"""
        if self.env.su:
            return
        self.budget_id.check_access("read")
        self._check_employees(self.employee_id)

    @api.model
    def _check_employees(self, employees):
        """:raise AccessError: somebody who approves no time asks for another person, or anybody for another company"""
        if employees.sudo().company_id - self.env.companies:
            raise AccessError(self.env._("The employee is of another company."))
        others = employees.sudo().filtered(lambda employee: employee.user_id != self.env.user)
        if others and not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            raise AccessError(self.env._("Everybody asks for themselves: choose yourself as the employee."))

    def _describe(self):
        self.ensure_one()
        return self.env._(
            "%(employee)s asks for %(hours).2f hours beyond the budget “%(budget)s”",
            employee=self.employee_id.sudo().name,
            hours=self.hours,
            budget=self.budget_id.sudo().name,
        )

    def write(self, vals):
        """What was decided stays; what was asked changes only while it is open, and by those who may ask for it.

        :raise UserError: the request is decided
        :raise AccessError: a decision is written by another way than its method
        """
        if self.env.context.get("timetrack_deciding") is not DECIDING:
            if not DECIDED.isdisjoint(vals):
                raise AccessError(self.env._("A request is decided by its buttons “Approve” and “Refuse” only."))
            asked = {"budget_id", "employee_id", "hours", "date", "reason"}
            if not asked.isdisjoint(vals) and any(override.state != "requested" for override in self):
                raise UserError(self.env._("This request is decided: make another one."))
        result = super().write(vals)
        if not {"budget_id", "employee_id"}.isdisjoint(vals):
            self._check_asked()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(override.state != "requested" for override in self):
            raise UserError(self.env._("A decided request stays on record."))

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------

    def action_approve(self):
        """Let the employee log as many hours beyond the budget.

        :raise AccessError: the user may not decide one of them
        :raise UserError: one of them is decided already
        """
        self._decide("approved")

    def action_refuse(self):
        """Leave the budget as it is.

        :raise AccessError: the user may not decide one of them
        :raise UserError: one of them is decided already
        """
        self._decide("refused")

    def _decide(self, state):
        self.lock_for_update()
        if any(override.state != "requested" for override in self):
            raise UserError(self.env._("Somebody has decided already. Reload the page."))
        if not all(override._may_decide() for override in self):
            raise AccessError(
                self.env._("Whoever is responsible for the budget decides, and nobody on a request of their own.")
            )
        mark = {"timetrack_deciding": DECIDING, "mail_notrack": True}
        self.sudo().with_context(**mark).write(
            {"state": state, "decided_by_id": self.env.uid, "decided_on": fields.Datetime.now()}
        )
        for override in self:
            override.sudo().activity_ids.action_feedback()
            override._tell()

    def _get_decision_texts(self):
        """What was decided, in words."""
        return {
            "approved": self.env._("Approved: %(hours).2f hours beyond the budget “%(budget)s”."),
            "refused": self.env._("Refused: %(hours).2f hours beyond the budget “%(budget)s”."),
        }

    def _tell(self):
        """Tell whoever asked what was decided, in their language."""
        self.ensure_one()
        partner = self.employee_id.sudo().user_id.partner_id
        texts = self.with_context(lang=partner.lang or self.env.lang)._get_decision_texts()
        body = texts[self.state] % {"hours": self.hours, "budget": self.budget_id.sudo().name}
        self.sudo().message_post(
            body=body, subtype_xmlid="mail.mt_comment", partner_ids=partner.ids, author_id=self.env.user.partner_id.id
        )
