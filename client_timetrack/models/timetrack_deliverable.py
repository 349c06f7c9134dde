from odoo import fields, models


class TimetrackDeliverable(models.Model):
    """What the time produces: a phase or a work product, of one project or of every project."""

    _name = "timetrack.deliverable"
    _description = "Deliverable"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="A short key, as clients and imports know this deliverable.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    project_id = fields.Many2one(
        "project.project",
        index="btree_not_null",
        ondelete="cascade",
        help="Leave empty to offer the deliverable on every project.",
    )
    company_id = fields.Many2one(related="project_id.company_id", store=True, index="btree_not_null")
    milestone_id = fields.Many2one(
        "project.milestone", domain="[('project_id', '=', project_id)]", index="btree_not_null"
    )
    planned_hours = fields.Float(help="Hours that the work on this deliverable is planned to take.")
    date_due = fields.Date("Due")
    date_accepted = fields.Date("Accepted", help="The day on which the client accepted the deliverable.")

    _code_unique = models.UniqueIndex(
        "(COALESCE(project_id, 0), code) WHERE code IS NOT NULL",
        "Another deliverable of this project has this code already: codes must be unique.",
    )
    _planned_hours_positive = models.Constraint(
        "CHECK(planned_hours >= 0)",
        "Planned hours cannot be negative.",
    )
