from math import fsum

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import float_compare

from odoo.addons.client_timetrack.models.timetrack_internal_mixin import INTERNAL

from ..engine import pricing
from ..engine.pricing import BILL, HOLD, INCLUDED
from ..engine.rounding import Work, round_hours
from .account_analytic_line import LEDGER_GROUP, RATE_GROUP
from .res_company import MANAGER_GROUP
from .timetrack_engagement import GROUPINGS, SECTIONS

OPEN = ("draft", "review")
# Fields of the lines by which invoice lines and their sections are made.
RECORDS = {
    "project": "project_id",
    "task": "task_id",
    "employee": "employee_id",
    "activity": "activity_id",
    "deliverable": "deliverable_id",
    "day": "date",
    "entry": "line_id",
}


class TimetrackPrebill(models.Model):
    """A proposal of an invoice for time: reviewed line by line, approved by the partner in charge, then invoiced.

    Its lines are rows of the ledger (``timetrack.allocation``), so that time on a pre-bill is on no other one.
    """

    _name = "timetrack.prebill"
    _description = "Pre-Bill"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.internal.mixin"]
    _check_company_auto = True
    _order = "date_to desc, id desc"

    name = fields.Char(readonly=True, copy=False, default="/", index="trigram")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("review", "In Review"),
            ("approved", "Approved"),
            ("invoiced", "Invoiced"),
            ("cancel", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    partner_id = fields.Many2one("res.partner", string="Client", required=True, readonly=True, index=True)
    contact_id = fields.Many2one(
        "res.partner", string="Invoice To", required=True, domain="[('id', 'child_of', partner_id)]"
    )
    project_ids = fields.Many2many(
        "project.project", string="Engagements", readonly=True, help="The projects whose time it bills."
    )
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    responsible_id = fields.Many2one(
        "res.users", string="Partner in Charge", domain="[('share', '=', False)]", index=True, tracking=True
    )
    is_direct = fields.Boolean(
        readonly=True, help="Made by invoicing at once: it ends with its invoice and takes no time back."
    )
    run_line_id = fields.Many2one(
        "timetrack.billing.run.line", string="Billing Run", readonly=True, copy=False, index="btree_not_null"
    )
    grouping = fields.Selection(GROUPINGS, string="One Line per", required=True, default="project")
    sections = fields.Selection(SECTIONS, string="Sections by")
    adjustments = fields.Selection(
        [("folded", "In the Price"), ("shown", "As Lines of Their Own")],
        string="Write-Downs and Discounts",
        required=True,
        default="folded",
    )
    reference = fields.Char("Client's Reference", help="The client's purchase order: the reference of the invoice.")
    invoice_date = fields.Date(help="Of the invoice to be. Empty: the day on which it is posted.")
    note = fields.Text("Internal Note")
    line_ids = fields.One2many(
        "timetrack.allocation",
        "prebill_id",
        string="Lines",
        domain=[("kind", "=", "time"), ("state", "!=", "cancelled"), ("reversed_id", "=", False)],
    )
    adjustment_line_ids = fields.One2many(
        "timetrack.allocation",
        "prebill_id",
        string="Adjustment Lines",
        domain=[("kind", "=", "adjustment"), ("state", "!=", "cancelled"), ("reversed_id", "=", False)],
        readonly=True,
    )
    line_count = fields.Integer(compute="_compute_totals", store=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, copy=False, index="btree_not_null")

    # What it comes to
    hours_worked = fields.Float(compute="_compute_totals", store=True, help="Without what is held.")
    hours_billed = fields.Float("Hours to Bill", compute="_compute_totals", store=True)
    standard_value = fields.Monetary(
        compute="_compute_totals", store=True, help="Hours worked by standard rate, without what is held."
    )
    adjustment = fields.Monetary("Adjustments", compute="_compute_totals", store=True)
    amount = fields.Monetary("To Bill", compute="_compute_totals", store=True, help="Untaxed: what the invoice says.")
    realization = fields.Float(
        "Realization %",
        compute="_compute_totals",
        store=True,
        aggregator=None,
        help="Fees to bill in percent of the standard value; costs are left out.",
    )
    held_amount = fields.Monetary("On Hold", compute="_compute_totals", store=True)
    is_adjusted = fields.Boolean(compute="_compute_totals", store=True)
    may_approve = fields.Boolean(compute="_compute_may_approve")

    # ------------------------------------------------------------------
    # Computed
    # ------------------------------------------------------------------

    @api.depends(
        "move_id",
        "line_ids.action",
        "line_ids.state",
        "line_ids.hours_worked",
        "line_ids.hours_billed",
        "line_ids.standard_value",
        "line_ids.billed_amount",
        "adjustment_line_ids.billed_amount",
        "fee_line_ids.state",
        "fee_line_ids.billed_amount",
        "cost_line_ids.state",
        "cost_line_ids.action",
        "cost_line_ids.billed_amount",
    )
    def _compute_totals(self):
        for prebill in self:
            sums = dict.fromkeys(("hours_worked", "hours_billed", "standard_value", "amount", "held_amount"), 0.0)
            count, is_adjusted = 0, False
            sums["amount"] = sum(prebill._get_fee_rows().mapped("billed_amount"))
            for row in prebill._get_rows()._read_values(*self._get_totals_fields()):
                shown = row.kind == "adjustment"
                count += not shown
                if not shown and row.action == HOLD:
                    sums["held_amount"] += row.standard_value
                    continue
                sums["hours_billed"] += prebill._get_hours_to_bill(row)
                sums["amount"] += row.billed_amount
                if not shown:
                    sums["hours_worked"] += row.hours_worked
                    sums["standard_value"] += row.standard_value
                is_adjusted = is_adjusted or shown or pricing.is_adjusted(row)
            prebill.update(sums)
            prebill.adjustment = sums["amount"] - sums["standard_value"]
            prebill.realization = 100 * sums["amount"] / sums["standard_value"] if sums["standard_value"] else 0.0
            costs = prebill._get_cost_rows()
            held = costs.filtered(lambda row: row.action == HOLD)
            prebill.cost_amount = sum((costs - held).mapped("billed_amount"))
            prebill.held_amount += sum(held.mapped("billed_amount"))
            prebill.amount += prebill.cost_amount
            prebill.line_count = count
            prebill.is_adjusted = is_adjusted or any(row._is_adjusted() for row in costs)

    @api.model
    def _get_totals_fields(self):
        """What totals are made of."""
        return (
            "kind", "state", "action", "hours_worked", "hours_rounded", "hours_billed", "standard_rate", "billed_rate",
            "standard_value", "billed_amount", "is_amount_fixed",
        )  # fmt: skip

    def _get_rows(self):
        """What the pre-bill comes to: its lines, with the adjustments beside them.

        What was credited counts where it is on the invoice of the pre-bill, but not where the same time is on the
        pre-bill once more; what was on another invoice before does not.
        """
        self.ensure_one()
        lines, shown = (
            rows.filtered(lambda row: row.state != "credited" or row.move_id == self.move_id)
            for rows in (self.line_ids, self.adjustment_line_ids)
        )
        if not shown and len(lines.line_id) == len(lines):
            return lines
        latest = {(row.line_id, row.part): row for row in lines.sorted("id")}
        lines = lines.browse(row.id for row in latest.values())
        return lines | shown.filtered(lambda row: row.move_id == latest.get((row.line_id, row.part), row).move_id)

    def _get_all_lines(self):
        """Time, fees and costs, whatever has become of them."""
        return self.line_ids | self.fee_line_ids | self.cost_line_ids

    def _get_fee_rows(self):
        """The instalments of fees that the pre-bill comes to, besides the time: on an invoice the time that a fee pays
        for has its share of it."""
        self.ensure_one()
        return self.fee_line_ids.filtered(lambda row: row.state != "credited" or row.move_id == self.move_id)

    def _is_on_hold(self):
        """Whether everything on the pre-bill is on hold."""
        self.ensure_one()
        if self.hours_worked or self.standard_value or self.amount or self.state == "invoiced":
            return False
        return all(row.action == HOLD for row in self.cost_line_ids)

    def _get_total(self, currency):
        """What the pre-bills come to in a currency, untaxed, at today's rates."""
        today = fields.Date.context_today(self)
        return sum(one.currency_id._convert(one.amount, currency, one.company_id, today) for one in self)

    @api.model
    def _get_hours_to_bill(self, row):
        """Hours of a line that are billed, by a fee too; what is free of charge stays on its line until it is
        invoiced."""
        return row.hours_billed if row.action in (BILL, INCLUDED) or row.state not in ("prebill", "held") else 0.0

    @api.depends_context("uid")
    @api.depends("state", "responsible_id", "company_id")
    def _compute_may_approve(self):
        for prebill in self:
            prebill.may_approve = prebill.state in OPEN and prebill._may_approve()

    def _may_approve(self):
        """Whether the user may approve the pre-bill, its limits aside."""
        self.ensure_one()
        if self.env.user == self.responsible_id or self.env.user.has_group(MANAGER_GROUP):
            return True
        return self.env.user.has_group(LEDGER_GROUP) and not self.company_id.sudo().timetrack_prebill_approval

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for prebill in self:
            prebill.display_name = f"{prebill.name} {prebill.partner_id.name}" if prebill.partner_id else prebill.name

    # ------------------------------------------------------------------
    # Who changes what
    # ------------------------------------------------------------------

    @api.model
    def _get_settings_fields(self):
        """What people set on an open pre-bill."""
        return {
            "contact_id", "responsible_id", "grouping", "sections", "adjustments", "reference", "invoice_date", "note",
            "line_ids", "cost_line_ids",
        }  # fmt: skip

    @api.model_create_multi
    def create(self, vals_list):
        """Pre-bills are proposed from time, by :meth:`_propose`.

        :raise AccessError: somebody makes one by a call
        """
        if not self._timetrack_is_internal():
            raise AccessError(self.env._("Pre-bills are proposed from approved time; they are not made by hand."))
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                sequence = self.env["ir.sequence"].with_company(vals["company_id"])
                vals["name"] = sequence.next_by_code("timetrack.prebill") or "/"
        return super().create(vals_list)

    @api.model
    def default_get(self, fields):  # pylint: disable=method-required-super
        """Only the pre-bill's own defaults: neither a user's defaults nor a context has a say in it."""
        own = {name: self._fields[name].default for name in fields if name in self._fields}
        return {name: default(self) for name, default in own.items() if default}

    def write(self, vals):
        """Settings of open pre-bills may be changed, and their lines; prices follow at once.

        :raise UserError: a pre-bill is approved, invoiced or cancelled
        :raise AccessError: the fields are the pre-bill's own to keep
        """
        if self._timetrack_is_internal():
            return super().write(vals)
        chatter = {name for name in vals if name.startswith(("message_", "activity_"))}
        wanted = vals.keys() - chatter
        if wanted - self._get_settings_fields():
            raise AccessError(
                self.env._("A pre-bill moves on by its buttons; its state and figures cannot be written.")
            )
        if wanted - {"note"}:
            self._check_open()
        if "responsible_id" in wanted and any(one.responsible_id.id != vals["responsible_id"] for one in self):
            self.env["timetrack.engagement"]._check_names_somebody_else(vals["responsible_id"])
        commands = [*vals.get("line_ids", ()), *vals.get("cost_line_ids", ())]
        if any(command[0] != fields.Command.UPDATE for command in commands):
            raise UserError(self.env._("Lines of a pre-bill are proposed from time: hold them or take them off."))
        result = super(TimetrackPrebill, self.with_context(timetrack_price_later=INTERNAL)).write(vals)
        if wanted & {"grouping", "sections", "adjustments", "line_ids", "cost_line_ids"}:
            # a call may name lines of other pre-bills too
            rows = self.env["timetrack.allocation"].browse(command[1] for command in commands)
            (self | rows.prebill_id)._price()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Pre-bills are kept: cancel what is not to be billed."))

    def _is_open(self):
        """Whether lines may be changed."""
        self.ensure_one()
        return self.state in OPEN

    def _check_open(self):
        closed = self.filtered(lambda prebill: not prebill._is_open())
        if closed:
            raise UserError(
                self.env._(
                    "These pre-bills can no longer be changed: %s.\nReopen them first.",
                    ", ".join(closed.mapped("name")),
                )
            )

    # ------------------------------------------------------------------
    # Prices
    # ------------------------------------------------------------------

    def _price(self):
        """Value the lines of the pre-bills together; see ``engine/pricing.py``."""
        for prebill in self:
            rows = prebill.sudo().line_ids.filtered(lambda row: row.state == "prebill")
            rows._price(dict.fromkeys(RECORDS[by] for by in (prebill.sections, prebill.grouping) if by in RECORDS))
            prebill.sudo().cost_line_ids.filtered(lambda row: row.state == "prebill")._price_costs()

    def _round(self, rows):
        """Round the hours of lines where nobody has touched these, by the increment of their engagements."""
        engagements = self.env["timetrack.engagement"]._get_by_project(rows.project_id)
        for project, group in rows.grouped("project_id").items():
            rounding = engagements[project]._get_rounding()
            if not rounding.increment:
                group = group.filtered(lambda row: row.hours_rounded != row.hours_worked)
            together = rounding.increment and rounding.scope == "day_task"
            works = [
                Work(row.hours_worked, row.line_id.date, row.line_id.task_id) if together else Work(row.hours_worked)
                for row in group
            ]
            rounded = round_hours(works, rounding)
            values = {}
            for row, hours in zip(group, rounded, strict=True):
                if hours != row.hours_rounded and float_compare(hours, row.hours_rounded, precision_digits=6):
                    # a discount is no reason to leave them as they are
                    touched = float_compare(row.hours_billed, row.hours_rounded, precision_digits=6)
                    billed = row.hours_billed if touched or row.is_amount_fixed else hours
                    values[row] = {"hours_rounded": hours, "hours_billed": billed}
            rows._write_each(values)

    # ------------------------------------------------------------------
    # States
    # ------------------------------------------------------------------

    def _set_state(self, state):
        self._timetrack_internal().write({"state": state})

    def action_submit(self):
        """Ask the partner in charge for approval.

        :raise UserError: nobody is in charge, or somebody who cannot see pre-bills, or an adjustment has no reason
        """
        self._check_may_bill()
        for prebill in self.filtered(lambda one: one.state == "draft"):
            if not prebill.responsible_id:
                raise UserError(self.env._("Choose the partner in charge of %s, who approves it.", prebill.name))
            if not prebill.responsible_id.has_group(RATE_GROUP):
                raise UserError(
                    self.env._(
                        "%(user)s cannot see pre-bills: ask an administrator to give the right “%(right)s”.",
                        user=prebill.responsible_id.name,
                        right=self.env.ref(RATE_GROUP).sudo().full_name,
                    )
                )
            prebill._check_reasons()
            prebill._set_state("review")
            prebill.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=prebill.responsible_id.id,
                summary=self.env._("Approve the pre-bill of %s", prebill.partner_id.name),
            )
        return True

    def action_approve(self):
        """Approve what is to be billed.

        :raise AccessError: the user is neither the partner in charge nor a billing manager, or adjusts too much
        :raise UserError: an adjustment has no reason
        """
        for prebill in self.filtered(lambda one: one.state in OPEN):
            prebill._check_may_approve()
            prebill._check_reasons()
            prebill._check_arrangements()
            prebill.sudo()._get_costs_to_invoice()._check_costs_there()
            prebill._set_state("approved")
            prebill.sudo().activity_feedback(["mail.mail_activity_data_todo"])
        return True

    def _check_may_bill(self):
        """Proposing, giving up and invoicing are for who invoices time; the partner in charge reviews.

        :raise AccessError: the user does not invoice time, or may not see the pre-bills
        """
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(LEDGER_GROUP):
            raise AccessError(self.env._("This is for people who invoice time."))

    def _check_may_approve(self):
        self.ensure_one()
        self.check_access("read")
        if not self._may_approve():
            who = self.responsible_id.name or self.env._("a billing manager")
            raise AccessError(self.env._("%(prebill)s is for %(who)s to approve.", prebill=self.name, who=who))
        percent = self._get_adjusted_percent()
        if not self.company_id._timetrack_may_adjust(percent, self.responsible_id):
            raise AccessError(
                self.env._(
                    "The adjustments of %(prebill)s are %(percent).1f %% of its value; more than %(limit)g %% is for a "
                    "billing manager or the partner in charge to approve.",
                    prebill=self.name,
                    percent=percent,
                    limit=self.company_id.sudo().timetrack_adjustment_limit,
                )
            )

    def _get_adjusted_percent(self):
        """What is billed for less or more than was agreed, in percent of the standard value; fees are as agreed."""
        self.ensure_one()
        rows = self.sudo().line_ids.filtered(lambda row: row.action not in (HOLD, INCLUDED))
        figures = rows._read_values("standard_value", "billed_amount")
        agreed, charged = self.sudo()._get_cost_figures()
        standard = fsum(row.standard_value for row in figures) + agreed
        if self.currency_id.is_zero(standard):
            return 0.0
        billed = fsum(row.billed_amount for row in figures) + charged
        return 100 * abs(billed - rows._get_agreed_value() - agreed) / abs(standard)

    def _check_reasons(self):
        """Every adjustment says why.

        :raise UserError: some do not
        """
        for prebill in self.filtered("is_adjusted"):
            silent = (prebill.sudo().line_ids | prebill.sudo().cost_line_ids).filtered(
                lambda row: row.state == "prebill" and row._is_adjusted() and not row.reason_id
            )
            if silent:
                raise UserError(
                    self.env._(
                        "Give a reason for what is adjusted on %(prebill)s: %(entries)s.",
                        prebill=prebill.name,
                        entries=silent._describe(),
                    )
                )

    def action_reopen(self):
        """Back to draft: approved by mistake, or there is more to change.

        :raise AccessError: only who may approve takes an approval back
        """
        for prebill in self.filtered(lambda one: one.state in ("review", "approved")):
            if prebill.state == "approved" and not prebill._may_approve():
                raise AccessError(self.env._("%s was approved: only who approves it takes that back.", prebill.name))
            prebill.check_access("write")
            prebill._set_state("draft")
            prebill.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        return True

    def action_cancel(self):
        """Give the pre-bill up: its time waits to be billed, without what was adjusted.

        :raise UserError: it is invoiced
        """
        self._check_may_bill()
        for prebill in self.filtered(lambda one: one.state != "cancel"):
            if prebill.state == "invoiced":
                raise UserError(self.env._("%s is invoiced: delete or credit the invoice first.", prebill.name))
            prebill._set_state("cancel")
            prebill.sudo().activity_unlink(["mail.mail_activity_data_todo"])
            prebill.sudo()._get_all_lines().filtered(lambda row: row.state == "prebill")._leave()
        return True

    def _takes_back(self):
        """Whether time comes back here when its draft invoice is gone."""
        return bool(self) and not self.is_direct and self.state == "invoiced"

    def _come_back(self):
        """Time came back from an invoice that is gone: it may be invoiced once more."""
        back = self.filtered(lambda prebill: prebill.state == "invoiced")
        back._timetrack_internal().write({"state": "approved", "move_id": False})

    def _go_again(self, rows):
        """Rows are on an invoice once more that they had left.

        Where that is all the pre-bill has, it is invoiced, wherever people had taken it meanwhile. One that has other
        time by now goes on with that, and leaves the rows to their invoice.
        """
        for prebill in self:
            lines = prebill.sudo()._get_all_lines().filtered(lambda row: row.state != "credited")
            mine = rows & lines
            if any(row.state == "prebill" for row in lines):
                mine._timetrack_internal().write({"prebill_id": False})
                continue
            move = prebill.move_id if prebill.move_id in lines.move_id else mine.move_id[:1]
            prebill._timetrack_internal().write({"state": "invoiced", "move_id": move.id})
            prebill.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def _get_action(self):
        """Open the pre-bills: one as a form, several as a list."""
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_prebill_action")
        if len(self) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.id, "context": {}}
        return {**action, "domain": [("id", "in", self.ids)], "context": {}}

    def action_view_lines(self):
        """Open the lines as a list, where many are changed at once."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("client_timetrack_billing.timetrack_prebill_line_action")
        return {**action, "domain": [("id", "in", self.line_ids.ids)], "context": {"prebill_id": self.id}}

    def action_view_invoice(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id.get_formview_action()
