from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import end_of, start_of

from ..engine import narrative
from ..engine.rounding import Rounding
from .account_analytic_line import LEDGER_GROUP
from .res_company import MANAGER_GROUP

# Billing methods by which no time is billed by its rates.
NOT_BY_RATES = ("order", "none")

GROUPINGS = [
    ("project", "Project"),
    ("task", "Task"),
    ("employee", "Employee"),
    ("activity", "Service Type"),
    ("deliverable", "Deliverable"),
    ("day", "Day"),
    ("entry", "Time Entry"),
    ("one", "Invoice"),
]
SECTIONS = [
    ("project", "Project"),
    ("task", "Task"),
    ("employee", "Employee"),
    ("activity", "Service Type"),
    ("deliverable", "Deliverable"),
]


class TimetrackEngagement(models.Model):
    """How the time of a project is billed: what was agreed with the client. Each project has one.

    A model of its own, for who agrees on billing is not who plans the work: people who invoice time keep engagements
    and need no right to change projects.
    """

    _name = "timetrack.engagement"
    _description = "Engagement"
    _inherit = ["mail.thread"]
    _rec_name = "project_id"
    _order = "project_id, id"

    project_id = fields.Many2one("project.project", required=True, readonly=True, ondelete="cascade")
    # not stored: each change of a project's client would look for it
    company_id = fields.Many2one(related="project_id.company_id")
    partner_id = fields.Many2one(related="project_id.timetrack_client_id", string="Client")
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", compute_sudo=True, help="That of the rate card in force."
    )
    billing_method = fields.Selection(
        [
            ("rates", "By Hourly Rates"),
            ("order", "By Its Sales Order Only"),
            ("none", "Not Billed"),
        ],
        required=True,
        default="rates",
        tracking=True,
        help="By hourly rates: approved time is billed by the rate card; time on a sales order by the order.\n"
        "By its sales order only: time without an order waits until it has one.\n"
        "Not billed: new time of the project is not billable.",
    )
    rate_card_id = fields.Many2one(
        "timetrack.rate.card",
        compute="_compute_rate_card_id",
        inverse="_inverse_rate_card_id",
        domain="[('company_id', '=?', company_id)]",
        help="The card of the project. Empty: the company's default rate card.",
    )
    discount = fields.Float(
        "Agreed Discount %", tracking=True, help="Of the standard value of time: an adjustment of each line proposed."
    )
    responsible_id = fields.Many2one(
        "res.users",
        string="Partner in Charge",
        tracking=True,
        domain="[('share', '=', False)]",
        help="Approves pre-bills. Empty: the project manager.",
    )

    # The invoice
    grouping = fields.Selection(
        GROUPINGS,
        string="One Line per",
        required=True,
        default="project",
        tracking=True,
        help="Time of different rates or projects always gets lines of its own, unless all of an invoice is one line.",
    )
    sections = fields.Selection(SECTIONS, string="Sections by", tracking=True, help="Headings between invoice lines.")
    adjustments = fields.Selection(
        [("folded", "In the Price"), ("shown", "As Lines of Their Own")],
        string="Write-Downs and Discounts",
        required=True,
        default="folded",
        tracking=True,
        help="How the client sees what is billed otherwise than it was worked.",
    )
    narrative_template = fields.Char(
        "Text of a Line",
        tracking=True,
        help="Text with names in braces: {project}, {task}, {employee}, {service}, {deliverable}, {period}, {hours}, "
        "{narrative}, {order}. What has nothing to say is left out. Empty: what the lines have in common.",
    )
    invoice_lang = fields.Selection(
        "_selection_languages", string="Language of Invoices", tracking=True, help="Empty: the client's."
    )
    contact_id = fields.Many2one(
        "res.partner",
        string="Billing Contact",
        tracking=True,
        domain="[('id', 'child_of', partner_id)]",
        help="Whom invoices go to. Empty: the client's invoice address.",
    )
    is_together = fields.Boolean(
        "Together with Other Projects",
        default=True,
        tracking=True,
        help="On one invoice with the client's other projects that say so, if contact and language are the same. "
        "Otherwise the project has its own invoices.",
    )

    # Instead of hours by rates
    arrangement_ids = fields.One2many("timetrack.arrangement", "engagement_id", string="Fees and Limits")

    # Hours
    rounding_minutes = fields.Integer(
        "Increment in Minutes",
        tracking=True,
        help="Hours billed are multiples of it; hours worked stay as they were logged. 0: no rounding.",
    )
    rounding_method = fields.Selection(
        [("up", "Up"), ("nearest", "To the Nearest"), ("down", "Down")],
        string="Rounding",
        required=True,
        default="up",
        tracking=True,
    )
    rounding_scope = fields.Selection(
        [("entry", "Each Time Entry"), ("day_task", "The Work of a Day on a Task"), ("invoice", "The Pre-Bill")],
        string="What Is Rounded",
        required=True,
        default="entry",
        tracking=True,
    )

    # The client's purchase order
    order_number = fields.Char("Client's Purchase Order", tracking=True, help="Becomes the invoice's reference.")
    order_date = fields.Date(tracking=True)
    order_amount = fields.Monetary("Amount of the Order", tracking=True, help="Untaxed. 0: no limit is agreed.")
    order_billed = fields.Monetary(
        "Billed of the Order",
        compute="_compute_order_billed",
        groups=LEDGER_GROUP,
        compute_sudo=True,
        help="Untaxed time, fees and costs on invoices, drafts included, less credit notes, since the date of the "
        "order.",
    )
    order_left = fields.Monetary(
        "Left of the Order", compute="_compute_order_billed", groups=LEDGER_GROUP, compute_sudo=True
    )

    # When
    schedule = fields.Selection(
        [("week", "Every Week"), ("month", "Every Month"), ("quarter", "Every Quarter")],
        string="Billing Schedule",
        tracking=True,
        help="When a billing run proposes the time: after the end of each week, month or quarter. Empty: on demand.",
    )

    _project_unique = models.Constraint("UNIQUE(project_id)", "A project has one engagement.")
    _numbers = models.Constraint(
        "CHECK(rounding_minutes BETWEEN 0 AND 1440 AND order_amount >= 0)",
        "The increment is minutes of a day, and the amount of an order is not negative.",
    )
    _discount_percent = models.Constraint(
        "CHECK(discount BETWEEN 0 AND 100)", "A discount is a percentage from 0 to 100."
    )

    @api.model
    def _selection_languages(self):
        return self.env["res.lang"].get_installed()

    @api.constrains("narrative_template")
    def _check_narrative_template(self):
        for engagement in self:
            try:
                narrative.parse(engagement.narrative_template or "")
            except narrative.TemplateError as error:
                raise ValidationError(
                    self.env._(
                        "The text of a line cannot be used: %(problem)s.\n"
                        "Write names in braces, one of these: %(names)s.",
                        problem=error.problem,
                        names=", ".join(f"{{{name}}}" for name in narrative.NAMES),
                    )
                ) from error

    @api.constrains("contact_id")
    def _check_contact_id(self):
        for engagement in self:
            contact, client = engagement.contact_id, engagement.partner_id
            if contact and contact.commercial_partner_id != client:
                raise ValidationError(
                    self.env._(
                        "%(contact)s belongs to another client than the project %(project)s.",
                        contact=contact.display_name,
                        project=engagement.project_id.name,
                    )
                )

    @api.depends("project_id.timetrack_rate_card_id")
    def _compute_rate_card_id(self):
        for engagement in self:
            engagement.rate_card_id = engagement.project_id.timetrack_rate_card_id

    def _inverse_rate_card_id(self):
        """The card stands on the project, which who agrees on billing need not be allowed to change otherwise."""
        for engagement in self:
            engagement.sudo().project_id.timetrack_rate_card_id = engagement.rate_card_id

    def _compute_currency_id(self):
        for engagement in self:
            project = engagement.project_id
            company = project.company_id or self.env.company
            card = project.timetrack_rate_card_id or company.timetrack_rate_card_id
            engagement.currency_id = card.currency_id or company.currency_id

    @api.depends("order_amount", "order_date")
    def _compute_order_billed(self):
        billed = self._get_order_billed()
        for engagement in self:
            engagement.order_billed = billed[engagement]
            engagement.order_left = engagement.order_amount - billed[engagement] if engagement.order_amount else 0.0

    def _get_order_billed(self):
        """What was billed since the date of the clients' orders: dict of engagement to amount in its currency.

        Invoices of one engagement are few: the ledger is asked once for all, and converted by the day of each.
        """
        sums = self.env["timetrack.allocation"]._read_group(
            [("project_id", "in", self.project_id.ids), ("state", "in", ("draft", "posted", "credited"))],
            ["project_id", "move_id", "currency_id"],
            ["billed_amount:sum"],
        )
        by_project = self.grouped("project_id")
        result = dict.fromkeys(self, 0.0)
        for project, move, currency, amount in sums:
            day = move.invoice_date or fields.Date.context_today(self)
            for engagement in by_project[project]:
                if not engagement.order_date or day >= engagement.order_date:
                    result[engagement] += currency._convert(
                        amount, engagement.currency_id, move.company_id or self.env.company, day
                    )
        return result

    def write(self, vals):
        """Time that is not locked follows the method: of a project that is not billed it is not billable."""
        if "project_id" in vals and not self.env.su:
            raise AccessError(self.env._("An engagement stays with its project."))
        if "responsible_id" in vals:
            self._check_names_somebody_else(vals["responsible_id"])
        if "discount" in vals:
            self._check_may_agree(vals["discount"])
        before = {engagement.id: engagement.billing_method for engagement in self}
        result = super().write(vals)
        changed = self.filtered(lambda engagement: "none" in {before[engagement.id], engagement.billing_method})
        changed = changed.filtered(lambda engagement: engagement.billing_method != before[engagement.id])
        if changed:
            changed.sudo().project_id._timetrack_propose_billable()
        return result

    def _check_may_agree(self, discount):
        """A discount adjusts every invoice to come: it has the same limit as what is adjusted on one of them.

        :param float discount: in percent
        :raise AccessError: it is more than the user may adjust
        """
        for engagement in self if not self.env.su else self.browse():
            company = engagement.company_id or self.env.company
            if not company._timetrack_may_adjust(discount or 0.0, engagement._get_responsible()):
                raise AccessError(
                    self.env._(
                        "A discount of %(discount)g %% on %(project)s is more than the limit of %(limit)g %%: ask a "
                        "billing manager or the partner in charge to agree on it.",
                        discount=discount,
                        project=engagement.project_id.name,
                        limit=company.sudo().timetrack_adjustment_limit,
                    )
                )

    @api.model
    def _check_names_somebody_else(self, user_id):
        """Who approves pre-bills is not for oneself to say: an approval by whoever adjusts is none.

        :raise AccessError: somebody names themselves without managing billing
        """
        if user_id == self.env.uid and not self.env.su and not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Nobody makes themselves the partner in charge: ask a billing manager to name you.")
            )

    # ------------------------------------------------------------------
    # What others ask
    # ------------------------------------------------------------------

    @api.model
    def _get_by_project(self, projects):
        """The engagements of projects, in sudo: mapping of project to engagement. One query."""
        found = self.sudo().search_fetch([("project_id", "in", projects.ids)])
        return {engagement.project_id: engagement for engagement in found}

    @api.model
    def _ensure(self, projects):
        """Projects without an engagement get one, with what is usual."""
        missing = projects - self.sudo().search([("project_id", "in", projects.ids)]).project_id
        return self.sudo().create([{"project_id": project.id} for project in missing])

    @api.model
    def _ensure_all(self):
        """Each project gets an engagement, archived ones too."""
        projects = self.env["project.project"].sudo().with_context(active_test=False)
        self._ensure(projects.search([("timetrack_engagement_ids", "=", False)]))

    def _get_net_factor(self):
        """What of a standard rate is left by the discount that was agreed on: all of it (1) without an engagement."""
        return 1 - self.discount / 100

    @api.model
    def _get_net_factor_sql(self):
        """The same as SQL, of the ``engagement`` that was joined."""
        return SQL("(1 - COALESCE(engagement.discount, 0) / 100)")

    def _get_agreed(self, rate):
        """What an hour is billed at by the discount that was agreed on.

        :param float rate: standard rate
        :return: rate, and the reason of its adjustment (empty without a discount)
        """
        self.ensure_one()
        reason = self.env["timetrack.adjustment.reason"]
        if not self.discount:
            return rate, reason
        name = "client_timetrack_billing.adjustment_reason_discount"
        return rate * self._get_net_factor(), self.env.ref(name, raise_if_not_found=False) or reason

    def _get_rounding(self):
        """How hours are rounded, as the engine wants it."""
        self.ensure_one()
        return Rounding(self.rounding_minutes, self.rounding_method, self.rounding_scope)

    def _get_responsible(self):
        """Who approves pre-bills: the partner in charge, or else the project manager."""
        self.ensure_one()
        return self.responsible_id or self.project_id.user_id

    def _get_contact(self):
        """Whom invoices go to."""
        self.ensure_one()
        client = self.partner_id
        return self.contact_id or self.env["res.partner"].browse(client.address_get(["invoice"])["invoice"])

    @api.model
    def _by_rates_domain(self):
        """Domain of time entries that may be billed by rates, as far as their engagement is concerned."""
        return ~Domain("project_id.timetrack_engagement_ids.billing_method", "in", NOT_BY_RATES)

    # ------------------------------------------------------------------
    # When
    # ------------------------------------------------------------------

    @api.model
    def _get_last_end(self, schedule, day):
        """The last day of the last period of a schedule that is over at the end of a day.

        :param str schedule: "week" (Monday to Sunday), "month" or "quarter"
        :param date day: included
        """
        end = end_of(day, schedule)
        return end if end == day else start_of(day, schedule) - timedelta(days=1)

    @api.model
    def _get_due(self, day, companies=None, clients=None):
        """What the schedules say is billed by now: engagements that have time up to their last period's end.

        :param day: up to which, included
        :param companies: of these only; the current one without
        :param clients: of these only; of all without
        :return: dict of client to a dict of the last day to bill to the projects (in sudo)
        """
        day = fields.Date.to_date(day)
        due = defaultdict(dict)
        for schedule, _label in self._fields["schedule"].selection:
            end = self._get_last_end(schedule, day)
            for client, projects in self._get_waiting(end, companies, clients, schedule).items():
                due[client][end] = due[client].get(end, projects.browse()) | projects
        return dict(due)

    @api.model
    def _get_waiting(self, day, companies=None, clients=None, schedule=None):
        """The projects with time that waits to be billed by rates, with instalments of fees that are due, or with
        costs. A bounded number of queries; what is on hold waits for a word.

        :param date day: the last day of the time
        :param companies: of these only; the current one without
        :param clients: of these only; of all without
        :param str schedule: of engagements with this schedule only
        :return: dict of client to projects (in sudo)
        """
        companies = companies or self.env.company
        Line = self.env["account.analytic.line"].sudo()
        entries = Line._timetrack_to_bill_domain(companies) & Domain("date", "<=", day)
        if clients:
            entries &= Domain("timetrack_client_id", "in", clients.ids)
        else:
            entries &= Domain("timetrack_client_id", "!=", False)
        rows = Domain(
            [
                ("state", "=", "held"),
                ("action", "=", "bill"),
                ("company_id", "in", companies.ids),
                ("date", "<=", day),
            ]
        )
        if clients:
            rows &= Domain("project_id.partner_id.commercial_partner_id", "in", clients.ids)
        if schedule:
            scheduled = Domain("project_id.timetrack_engagement_ids.schedule", "=", schedule)
            entries &= scheduled
            rows &= scheduled
        instalments, missing = self.env["timetrack.instalment"]._look_ahead(companies, day)
        fees = instalments.arrangement_id | self.env["timetrack.arrangement"].sudo().union(*missing)
        if clients:
            fees = fees.filtered(lambda one: one.partner_id in clients)
        if schedule:
            fees = fees.filtered(lambda one: one.engagement_id.schedule == schedule)
        instalments = instalments.filtered(lambda one: one.arrangement_id in fees)
        later = self.env["timetrack.arrangement"]._get_waiting(companies, instalments)
        if later:
            entries &= Domain("timetrack_arrangement_id", "not in", later.ids)
            rows &= Domain("arrangement_id", "not in", later.ids)
        waiting = defaultdict(self.env["project.project"].sudo)
        for client, project in Line._read_group(entries, ["timetrack_client_id", "project_id"]):
            waiting[client] |= project
        for [project] in self.env["timetrack.allocation"].sudo()._read_group(rows, ["project_id"]):
            waiting[project.timetrack_client_id] |= project
        costs = self.env["sale.order.line"]._timetrack_get_costs(companies, day).order_id.project_id
        if clients:
            costs = costs.filtered(lambda project: project.timetrack_client_id in clients)
        if schedule:
            costs = costs.filtered(lambda project: project.timetrack_engagement_ids.schedule == schedule)
        for project in fees.project_id | costs:
            waiting[project.timetrack_client_id] |= project
        return dict(waiting)
