from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.approval import APPROVED, DRAFT

STATE_SELECTION = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
]


class AccountAnalyticLine(models.Model):
    """A time entry: an analytic line of a project that is no leave.

    The entry carries its latest approval state; how it came there is the trail's to tell
    (``timetrack.approval.event``). Approved entries are locked on write and unlink for everyone: see
    ``_timetrack_is_locked``.
    """

    _inherit = "account.analytic.line"

    timetrack_activity_id = fields.Many2one(
        "timetrack.activity",
        string="Service Type",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('offered_project_id', '=', project_id)]",
        compute="_compute_timetrack_activity_id",
        store=True,
        readonly=False,
    )
    timetrack_deliverable_id = fields.Many2one(
        "timetrack.deliverable",
        string="Deliverable",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('offered_project_id', '=', project_id)]",
        compute="_compute_timetrack_deliverable_id",
        store=True,
        readonly=False,
    )
    timetrack_client_id = fields.Many2one(
        "res.partner",
        string="Client",
        compute="_compute_timetrack_client_id",
        store=True,
        compute_sudo=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The company behind the customer of the task or project.",
    )
    timetrack_is_billable = fields.Boolean(
        "Billable Time",
        compute="_compute_timetrack_is_billable",
        store=True,
        readonly=False,
        help="Proposed from the service type; time of a project without a client is not billable.",
    )
    timetrack_state = fields.Selection(
        STATE_SELECTION,
        string="Approval",
        compute="_compute_timetrack_state",
        store=True,
        copy=False,
        index="btree_not_null",
        help="Empty on leave and on analytic lines that are no time.",
    )
    timetrack_state_date = fields.Datetime("Approval Changed On", readonly=True, copy=False)
    timetrack_state_user_id = fields.Many2one(
        "res.users", string="Approval Changed By", readonly=True, copy=False, ondelete="restrict"
    )
    timetrack_reason = fields.Char("Reason", readonly=True, copy=False, help="Why the entry was sent back.")
    timetrack_policy_id = fields.Many2one(
        "timetrack.policy",
        string="Policy",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The policy under which the time was handed in.",
    )
    timetrack_step_id = fields.Many2one(
        "timetrack.policy.step",
        string="Waits For",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The approval step that submitted time waits for. Empty: the line manager or the project manager.",
    )
    timetrack_import_key = fields.Char(
        "Import Key",
        readonly=True,
        copy=False,
        help="What the row of an imported file is recognized by when it comes again.",
    )
    timetrack_can_approve = fields.Boolean(
        "Mine to Approve", compute="_compute_timetrack_can_approve", search="_search_timetrack_can_approve"
    )
    timetrack_can_reopen = fields.Boolean("Mine to Reopen", compute="_compute_timetrack_can_reopen")
    timetrack_import_row_ids = fields.One2many(
        "timetrack.import.row",
        "entry_id",
        string="Rows of Imported Files",
        readonly=True,
        groups="hr_timesheet.group_timesheet_manager",
    )
    timetrack_event_ids = fields.One2many("timetrack.approval.event", "line_id", string="Trail", readonly=True)
    # Core relates it to the employee; a locked entry keeps the manager of its day.
    manager_id = fields.Many2one(related=None, compute="_compute_manager_id", store=True, compute_sudo=True)

    _timetrack_import_key_unique = models.UniqueIndex(
        "(timetrack_import_key) WHERE timetrack_import_key IS NOT NULL",
        "This row was imported already.",
    )
    _timetrack_queue_idx = models.Index("(employee_id, date) WHERE timetrack_state = 'submitted'")

    # ------------------------------------------------------------------
    # What an entry is
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_leave_fields(self):
        """Names of the fields that mark a line as leave (they come with project_timesheet_holidays)."""
        return [name for name in ("holiday_id", "global_leave_id") if name in self._fields]

    def _timetrack_is_entry(self):
        """Whether the line is worked time, which is what goes through approval."""
        self.ensure_one()
        return bool(self.project_id) and not any(self[name] for name in self._timetrack_leave_fields())

    @api.model
    def _timetrack_entry_domain(self):
        """Domain of worked time: analytic lines of a project that are no leave."""
        return Domain("project_id", "!=", False) & Domain("timetrack_state", "!=", False)

    @api.model
    def _timetrack_written_fields(self, vals):
        """Names of the fields that a write of these values changes: its own, and those that follow from them."""
        return set(vals)

    @api.model
    def _timetrack_is_checked(self, field):
        """Hours and day of a time entry too."""
        return field.name in ("unit_amount", "date") or super()._timetrack_is_checked(field)

    @api.model_create_multi
    def create(self, vals_list):
        """Read the tasks and projects of all new entries at once: Odoo would read one after the other."""
        tasks = self.env["project.task"].sudo().browse({vals["task_id"] for vals in vals_list if vals.get("task_id")})
        projects = tasks.project_id.browse({vals["project_id"] for vals in vals_list if vals.get("project_id")})
        (tasks.project_id | projects).mapped("company_id")
        return super().create(vals_list)

    @api.depends(lambda self: ("project_id", *self._timetrack_leave_fields()))
    def _compute_timetrack_state(self):
        """Time starts as a draft; leave and other analytic lines have no approval state."""
        for line in self:
            line.timetrack_state = (line.timetrack_state or DRAFT) if line._timetrack_is_entry() else False

    @api.depends("partner_id.commercial_partner_id")
    def _compute_timetrack_client_id(self):
        for line in self._timetrack_unlocked():
            line.timetrack_client_id = line.partner_id.commercial_partner_id if line.project_id else False

    @api.depends("timetrack_activity_id", "project_id")
    def _compute_timetrack_is_billable(self):
        """Propose from service type and project; see ``project.project`` for clients that come later."""
        for line in self._timetrack_unlocked():
            activity = line.timetrack_activity_id
            has_client = bool(line.task_id.sudo().partner_id or line.project_id.sudo().partner_id)
            line.timetrack_is_billable = has_client and (activity.is_billable if activity else True)

    @api.constrains("timetrack_deliverable_id", "project_id")
    def _check_timetrack_deliverable_id(self):
        for line in self:
            project = line.timetrack_deliverable_id.sudo().project_id
            if project and project != line.project_id:
                raise UserError(
                    self.env._(
                        "The deliverable “%(deliverable)s” belongs to the project “%(project)s”: "
                        "choose one of the entry's own project.",
                        deliverable=line.timetrack_deliverable_id.name,
                        project=project.display_name,
                    )
                )

    @api.model
    def _timetrack_approving_companies(self):
        """The companies whose time counts only when it is approved."""
        return self.env["res.company"].sudo().search([("timetrack_approval_required", "=", True)])

    @api.model
    def _timetrack_exempt_domain(self):
        """Domain of the time of companies that do without approval. Without any, indexes on the state serve."""
        return Domain("company_id", "in", self.env["res.company"]._timetrack_get_exempt_ids())

    @api.model
    def _timetrack_approved_domain(self):
        """Domain of time that counts outside the team: approved, or of a company that does without approval."""
        return self._timetrack_exempt_domain() | Domain("timetrack_state", "=", APPROVED)

    @api.model
    def _timetrack_approved_sql(self, alias):
        """The same as SQL, of the time entries that a query has by this name."""
        line = SQL.identifier(alias)
        approved = SQL("%s.timetrack_state = %s", line, APPROVED)
        exempt = self.env["res.company"]._timetrack_get_exempt_ids()
        return SQL("(%s OR %s.company_id = ANY(%s))", approved, line, list(exempt)) if exempt else approved
