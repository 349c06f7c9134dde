from odoo import api, fields, models


class TimetrackActivity(models.Model):
    """A service type: what kind of work the time was (research, drafting, development, ...)."""

    _name = "timetrack.activity"
    _description = "Service Type"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name", "code"]
    _order = "sequence, complete_name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(help="A short key, as clients and imports know this service type.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    parent_id = fields.Many2one("timetrack.activity", string="Part of", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("timetrack.activity", "parent_id", string="Parts")
    complete_name = fields.Char(
        string="Full Name", compute="_compute_complete_name", recursive=True, store=True, compute_sudo=True
    )
    top_id = fields.Many2one(
        "timetrack.activity",
        string="Top Level",
        compute="_compute_top_id",
        recursive=True,
        store=True,
        compute_sudo=True,
        index="btree_not_null",
    )
    is_billable = fields.Boolean(
        "Billable",
        default=True,
        help="Whether new time of this service type is billable to the client unless somebody says otherwise.",
    )

    _code_unique = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL",
        "Another service type has this code already: codes must be unique.",
    )

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for activity in self:
            parent = activity.parent_id.complete_name
            activity.complete_name = f"{parent} / {activity.name}" if parent else activity.name

    @api.depends("parent_id.top_id")
    def _compute_top_id(self):
        for activity in self:
            activity.top_id = activity.parent_id.top_id or activity.parent_id or activity._origin
