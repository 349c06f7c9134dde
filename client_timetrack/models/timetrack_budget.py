from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import budget as engine

SCOPES = [
    ("project", "Project"),
    ("client", "Client"),
    ("task", "Task"),
    ("deliverable", "Deliverable"),
    ("activity", "Service Type in a Project"),
    ("employee", "Employee in a Project"),
    ("job", "Job in a Project"),
]
# What each scope is about, beside the project where it needs one.
TARGETS = {
    "project": "project_id",
    "client": "client_id",
    "task": "task_id",
    "deliverable": "deliverable_id",
    "activity": "activity_id",
    "employee": "employee_id",
    "job": "job_id",
}
IN_A_PROJECT = ("project", "activity", "employee", "job")
EVERY = [
    (engine.WHOLE, "Whole Life"),
    (engine.MONTH, "Each Month"),
    (engine.QUARTER, "Each Quarter"),
    (engine.YEAR, "Each Year"),
]
# Where Odoo or a deliverable has the hours of a budget for the whole life already: (target, field).
KEPT_THERE = {
    "project": ("project_id", "allocated_hours"),
    "task": ("task_id", "allocated_hours"),
    "deliverable": ("deliverable_id", "planned_hours"),
}
# Fields that say where the hours are kept: their change can be a revision.
KEEPING = {"own_hours", "scope", "every", "project_id", "task_id", "deliverable_id"}
# In the context: somebody says why at the end. No call from outside can bring this very object along.
REVISING = object()


class TimetrackBudget(models.Model):
    """What a piece of work may take, in hours and in cost, once or in each period, and how much of it is used.

    The hours of a project, a task or a deliverable for its whole life are its own allocated or planned hours: the same
    number is never asked for twice. What was agreed before is kept in ``timetrack.budget.version``, whoever changed it
    where. What is used is counted from the entries whenever it is read (see ``timetrack_budget_figures.py``).
    """

    _name = "timetrack.budget"
    _inherit = ["mail.thread", "mail.activity.mixin", "timetrack.kept.mixin"]
    _description = "Time Budget"
    _order = "project_id, scope desc, id"
    _rec_names_search = ["project_id", "client_id", "task_id", "deliverable_id"]

    name = fields.Char(compute="_compute_name", compute_sudo=True)
    scope = fields.Selection(SCOPES, string="Budget For", required=True, default="project")
    project_id = fields.Many2one(
        "project.project",
        compute="_compute_project_id",
        store=True,
        readonly=False,
        ondelete="cascade",
        index=True,
    )
    client_id = fields.Many2one(
        "res.partner", ondelete="cascade", index="btree_not_null", help="Over all projects of the client."
    )
    task_id = fields.Many2one(
        "project.task", ondelete="cascade", index="btree_not_null", help="Its sub-tasks are part of it."
    )
    deliverable_id = fields.Many2one("timetrack.deliverable", ondelete="cascade", index="btree_not_null")
    activity_id = fields.Many2one(
        "timetrack.activity", string="Service Type", ondelete="cascade", index="btree_not_null"
    )
    employee_id = fields.Many2one("hr.employee", ondelete="cascade", index="btree_not_null")
    job_id = fields.Many2one(
        "hr.job", ondelete="cascade", index="btree_not_null", help="The people who have this job by now."
    )
    partner_id = fields.Many2one(
        "res.partner", string="Client of the Work", compute="_compute_partner_id", store=True, compute_sudo=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        compute_sudo=True,
        help="Is told when the budget is being used up.",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True, compute_sudo=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    every = fields.Selection(EVERY, string="Period", required=True, default=engine.WHOLE)
    date_from = fields.Date("From", help="The first day that counts.")
    date_to = fields.Date("Until", help="The last day that counts.")
    carry_over = fields.Boolean(
        help="What a period leaves is added to the next; what it took too much is taken from it."
    )
    hours = fields.Float(
        "Budget Hours",
        compute="_compute_hours",
        inverse="_inverse_hours",
        compute_sudo=True,
        help="Of each period. Of a project or a task for its whole life: its allocated time.",
    )
    own_hours = fields.Float("Hours of Its Own", copy=True)
    cost = fields.Monetary("Budget Cost", groups="client_timetrack.group_cost_viewer")
    version_ids = fields.One2many("timetrack.budget.version", "budget_id", string="Revisions", readonly=True)

    _project_unique = models.UniqueIndex(
        "(project_id) WHERE scope = 'project' AND every = 'whole'",
        "This project has a budget already: change that one.",
    )
    _task_unique = models.UniqueIndex(
        "(task_id) WHERE scope = 'task' AND every = 'whole'", "This task has a budget already: change that one."
    )
    _deliverable_unique = models.UniqueIndex(
        "(deliverable_id) WHERE scope = 'deliverable' AND every = 'whole'",
        "This deliverable has a budget already: change that one.",
    )
    _cost_positive = models.Constraint("CHECK(cost >= 0)", "The cost of a budget cannot be negative.")

    # ------------------------------------------------------------------
    # What it is for
    # ------------------------------------------------------------------

    @api.depends("scope", *TARGETS.values(), "every")
    def _compute_name(self):
        labels = dict(self._fields["every"]._description_selection(self.env))
        for budget in self:
            target = budget[TARGETS[budget.scope]] if budget.scope in TARGETS else self.env["project.project"]
            parts = [budget.project_id.name if budget.scope not in ("client", "project") else "", target.display_name]
            name = " / ".join(part for part in parts if part)
            budget.name = f"{name} ({labels[budget.every]})" if budget.every != engine.WHOLE else name

    @api.depends("scope", "task_id", "deliverable_id.project_id")
    def _compute_project_id(self):
        """The project of the task or of the deliverable; else it is said."""
        for budget in self:
            if budget.scope == "task":
                budget.project_id = budget.task_id.project_id
            elif budget.scope == "deliverable" and budget.deliverable_id.project_id:
                budget.project_id = budget.deliverable_id.project_id
            elif budget.scope == "client":
                budget.project_id = False

    @api.depends("client_id", "project_id.partner_id")
    def _compute_partner_id(self):
        for budget in self:
            budget.partner_id = budget.client_id or budget.project_id.partner_id

    @api.depends("project_id.user_id", "client_id")
    def _compute_user_id(self):
        """The project manager; of a client's budget whoever makes it."""
        for budget in self:
            maker = (budget.user_id or self.env.user) if budget.client_id else self.env["res.users"]
            budget.user_id = budget.project_id.user_id or maker

    @api.depends("project_id.company_id", "client_id")
    def _compute_company_id(self):
        for budget in self:
            budget.company_id = (
                budget.project_id.company_id or budget.client_id.company_id or budget.company_id or self.env.company
            )

    @api.constrains("scope", *TARGETS.values())
    def _check_target(self):
        for budget in self:
            names = [TARGETS[budget.scope]] + (["project_id"] if budget.scope in IN_A_PROJECT else [])
            missing = [self._fields[name]._description_string(self.env) for name in names if not budget[name]]
            if missing:
                raise ValidationError(
                    self.env._("Say what the budget is for: %(missing)s.", missing=", ".join(dict.fromkeys(missing)))
                )

    @api.constrains("every", "date_from", "date_to")
    def _check_dates(self):
        for budget in self:
            if budget.every != engine.WHOLE and not budget.date_from:
                raise ValidationError(
                    self.env._("Say from which day on the budget of each period counts: “%s” has none.", budget.name)
                )
            if budget.date_from and budget.date_to and budget.date_from > budget.date_to:
                raise ValidationError(self.env._("The budget “%s” ends before it begins.", budget.name))

    # ------------------------------------------------------------------
    # How much
    # ------------------------------------------------------------------

    def _get_keeper(self):
        """The record and the name of the field that have the hours."""
        self.ensure_one()
        if self.every == engine.WHOLE and self.scope in KEPT_THERE:
            target, name = KEPT_THERE[self.scope]
            return self[target], name
        return self, "own_hours"

    @api.depends(
        "scope",
        "every",
        "own_hours",
        "project_id.allocated_hours",
        "task_id.allocated_hours",
        "deliverable_id.planned_hours",
    )
    def _compute_hours(self):
        for budget in self:
            keeper, name = budget._get_keeper()
            budget.hours = keeper[name] if keeper else 0.0

    def _inverse_hours(self):
        """Whoever may change the budget changes this number of the project, and no other."""
        for budget in self:
            keeper, name = budget._get_keeper()
            keeper.sudo()[name] = budget.hours

    # ------------------------------------------------------------------
    # Revisions
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        budgets = super(TimetrackBudget, self.with_context(timetrack_revising=REVISING)).create(vals_list)
        budgets = budgets.with_env(self.env)
        budgets._note_versions(self.env._("First budget"))
        return budgets

    def write(self, vals):
        result = super().write(vals)
        if not {*KEEPING, *self._get_amounts()}.isdisjoint(vals):
            self._note_versions(self.env._("Changed on the budget"))
        return result

    def action_revise(self):
        """Open the dialog that asks for other amounts, and why."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Revise Budget"),
            "res_model": "timetrack.budget.revise.wizard",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_budget_id": self.id, "default_hours": self.hours},
        }

    def _revise(self, amounts, reason):
        """Change the amounts, and keep why.

        :param dict amounts: ``hours``, ``cost``
        :raise AccessError: the user may not change the budget
        """
        self.with_context(timetrack_revising=REVISING).write(amounts)
        self._note_versions(reason)

    def _note_versions(self, reason):
        """Keep what is agreed by now of those budgets whose amounts are others than at their last revision.

        One statement for all of them. The trail is the system's: nobody writes or removes it.

        :param str reason: why they were changed
        """
        if not self or self.env.context.get("timetrack_revising") is REVISING:
            return
        self.env.flush_all()
        columns = self._get_agreed_columns()
        names = [SQL.identifier(name) for name in columns]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_budget_version (
                    budget_id, date, %(names)s, reason, user_id, create_uid, create_date, write_uid, write_date
                )
                SELECT budget.id, %(today)s, %(columns)s, %(reason)s, %(uid)s,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM timetrack_budget budget
                  %(agreed)s
                  LEFT JOIN LATERAL (
                        SELECT %(names)s FROM timetrack_budget_version
                         WHERE budget_id = budget.id ORDER BY id DESC LIMIT 1
                       ) last ON TRUE
                 WHERE budget.id = ANY(%(ids)s)
                   AND (%(last)s) IS DISTINCT FROM (%(columns)s)
                """,
                names=SQL(", ").join(names),
                columns=SQL(", ").join(columns.values()),
                last=SQL(", ").join(SQL("last.%s", name) for name in names),
                agreed=self._get_agreed_sql(),
                today=fields.Date.context_today(self),
                reason=reason,
                uid=self.env.uid,
                ids=self.ids,
            )
        )
        self.invalidate_recordset(["version_ids"])

    @api.model
    def _get_agreed_columns(self):
        """What is agreed by now of each amount, as SQL on ``budget`` and ``agreed``: dict of name to SQL."""
        return {"hours": SQL("agreed.hours"), "cost": SQL("COALESCE(budget.cost, 0)::numeric")}

    @api.model
    def _get_agreed_sql(self):
        """Joins to ``timetrack_budget budget`` that give ``agreed.hours``: what ``hours`` is, for many budgets."""
        return SQL(
            """
            LEFT JOIN project_project project ON project.id = budget.project_id
            LEFT JOIN project_task task ON task.id = budget.task_id
            LEFT JOIN timetrack_deliverable deliverable ON deliverable.id = budget.deliverable_id
           CROSS JOIN LATERAL (
                  SELECT COALESCE(CASE
                         WHEN budget.every != 'whole' THEN budget.own_hours
                         WHEN budget.scope = 'project' THEN project.allocated_hours
                         WHEN budget.scope = 'task' THEN task.allocated_hours
                         WHEN budget.scope = 'deliverable' THEN deliverable.planned_hours
                         ELSE budget.own_hours END, 0)::double precision AS hours
                 ) agreed
            """
        )

    @api.model
    def _get_whole(self, scope, records):
        """The budgets of projects, tasks or deliverables for their whole life, in sudo."""
        return self.sudo().search(
            Domain("scope", "=", scope) & Domain("every", "=", engine.WHOLE) & Domain(TARGETS[scope], "in", records.ids)
        )

    @api.model
    def _create_missing(self):
        """Give every project that has allocated hours its budget, and every budget its first version."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_budget (
                    scope, every, project_id, partner_id, user_id, company_id,
                    create_uid, create_date, write_uid, write_date
                )
                SELECT 'project', 'whole', project.id, project.partner_id, project.user_id,
                       COALESCE(project.company_id, %(company)s),
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM project_project project
                 WHERE project.allocated_hours > 0
                   AND project.is_template IS NOT TRUE
                   AND NOT EXISTS (
                        SELECT 1 FROM timetrack_budget budget
                         WHERE budget.project_id = project.id AND scope = 'project' AND every = 'whole'
                       )
                """,
                company=self.env.company.id,
                uid=self.env.uid,
            )
        )
        self.env.invalidate_all(flush=False)
        new = self.search([("version_ids", "=", False)])
        new._note_versions(self.env._("First budget"))
        # what was used before is no news
        new._alert(silently=True)
