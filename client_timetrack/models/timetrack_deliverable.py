from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class TimetrackDeliverable(models.Model):
    """What the time produces: a phase, a task or a work product, of one project or of every project."""

    _name = "timetrack.deliverable"
    _inherit = ["timetrack.work.code.mixin", "timetrack.kept.mixin"]
    _description = "Deliverable"
    _parent_store = True
    _check_company_auto = True

    parent_id = fields.Many2one("timetrack.deliverable")
    child_ids = fields.One2many("timetrack.deliverable", "parent_id", string="Parts")
    project_id = fields.Many2one(
        "project.project",
        index="btree_not_null",
        compute="_compute_project_id",
        recursive=True,
        store=True,
        readonly=False,
        ondelete="cascade",
        help="Leave empty to offer the deliverable on every project whose code sets allow it.",
    )
    company_id = fields.Many2one(related="project_id.company_id", store=True, index="btree_not_null")
    milestone_id = fields.Many2one(
        "project.milestone", domain="[('project_id', '=', project_id)]", index="btree_not_null"
    )
    planned_hours = fields.Float(help="Hours that the work on this deliverable is planned to take.")
    date_due = fields.Date("Due")
    date_accepted = fields.Date("Accepted", help="The day on which the client accepted the deliverable.")

    _code_unique = models.UniqueIndex(
        "(COALESCE(project_id, 0), COALESCE(code_set_id, 0), code) WHERE code <> ''",
        "Another deliverable of this project and code set has this code already: codes must be unique there.",
    )
    _planned_hours_positive = models.Constraint(
        "CHECK(planned_hours >= 0)",
        "Planned hours cannot be negative.",
    )

    @api.depends("parent_id.project_id")
    def _compute_project_id(self):
        """A part is of the project of the whole."""
        for deliverable in self.filtered("parent_id"):
            deliverable.project_id = deliverable.parent_id.project_id

    @api.constrains("parent_id", "project_id")
    def _check_project_id(self):
        for deliverable in self:
            parent = deliverable.parent_id
            if parent and parent.project_id != deliverable.project_id:
                raise ValidationError(
                    self.env._(
                        "“%(deliverable)s” is part of “%(parent)s” and belongs to the same project. "
                        "Change the project of “%(parent)s”, or make “%(deliverable)s” part of nothing first.",
                        deliverable=deliverable.display_name,
                        parent=parent.display_name,
                    )
                )

    def write(self, vals):
        """Who may not change shared deliverables makes none out of a project's own either."""
        result = super().write(vals)
        if not {"project_id", "parent_id"}.isdisjoint(vals):
            self.check_access("write")
        if "planned_hours" in vals:
            budgets = self.env["timetrack.budget"]._get_whole("deliverable", self)
            budgets._note_versions(self.env._("Planned hours of the deliverable changed"))
        return result

    @api.model
    def _get_set_domain(self):
        """A project's own deliverables are its own affair, whatever the set."""
        return super()._get_set_domain() & Domain("project_id", "=", False)

    @api.model
    def _get_offer_condition(self, projects, code_sets):
        condition = super()._get_offer_condition(projects, code_sets) & Domain("project_id", "=", False)
        return condition | Domain("project_id", "in", projects.ids)

    def _is_offered(self, project, code_sets):
        """A project's own deliverables are offered there, always and nowhere else."""
        if self.project_id:
            return self.project_id == project
        return super()._is_offered(project, code_sets)

    def _filter_of_one_project(self):
        return self.filtered("project_id")
