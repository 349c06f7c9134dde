from odoo import api, fields, models


class TimetrackActivity(models.Model):
    """A service type: what kind of work the time was (research, drafting, development, ...)."""

    _name = "timetrack.activity"
    _inherit = ["timetrack.work.code.mixin", "timetrack.kept.mixin"]
    _description = "Service Type"
    _parent_store = True

    color = fields.Integer()
    parent_id = fields.Many2one("timetrack.activity")
    child_ids = fields.One2many("timetrack.activity", "parent_id", string="Parts")
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
        "(COALESCE(code_set_id, 0), code) WHERE code <> ''",
        "Another service type of this code set has this code already: codes must be unique in their set.",
    )

    @api.depends("parent_id.top_id")
    def _compute_top_id(self):
        for activity in self:
            activity.top_id = activity.parent_id.top_id or activity.parent_id or activity._origin
