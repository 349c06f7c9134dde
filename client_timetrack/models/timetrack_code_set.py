from odoo import api, fields, models
from odoo.fields import Domain


class TimetrackCodeSet(models.Model):
    """Codes that belong together, as a trade or a client knows them. Sets that nobody uses are archived."""

    _name = "timetrack.code.set"
    _description = "Code Set"
    _order = "active desc, sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(copy=False, help="A short key, as other systems and imports know this set.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        "In Use", default=True, help="Archiving a set archives its codes; time that has them keeps them."
    )
    description = fields.Text(translate=True, help="What the set is for and where it comes from.")
    activity_ids = fields.One2many(
        "timetrack.activity", "code_set_id", string="Service Types", context={"active_test": False}
    )
    deliverable_ids = fields.One2many(
        "timetrack.deliverable",
        "code_set_id",
        string="Deliverables",
        domain=[("project_id", "=", False)],
        context={"active_test": False},
    )
    activity_count = fields.Integer("Number of Service Types", compute="_compute_code_count", compute_sudo=True)
    deliverable_count = fields.Integer("Number of Deliverables", compute="_compute_code_count", compute_sudo=True)
    code_count = fields.Integer("Number of Codes", compute="_compute_code_count", compute_sudo=True)

    _code_unique = models.UniqueIndex(
        "(code) WHERE code <> ''",
        "Another code set has this code already: codes must be unique.",
    )

    @api.model
    def _get_count_fields(self):
        """The models whose codes come in sets, and the field that counts them. Other addons add theirs."""
        return {"timetrack.activity": "activity_count", "timetrack.deliverable": "deliverable_count"}

    @api.depends("activity_ids", "deliverable_ids")
    def _compute_code_count(self):
        """Archived codes count too: whoever looks for a set wants to know what it would bring."""
        for code_set in self:
            code_set.code_count = 0
        for name, count_field in self._get_count_fields().items():
            counts = dict(self._get_codes(name)._read_group(self._get_codes_domain(name), ["code_set_id"], ["__count"]))
            for code_set in self:
                code_set[count_field] = counts.get(code_set._origin, 0)
                code_set.code_count += code_set[count_field]

    def _get_codes(self, name):
        return self.env[name].sudo().with_context(active_test=False)

    def _get_codes_domain(self, name):
        return self.env[name]._get_set_domain() & Domain("code_set_id", "in", self.ids)

    def write(self, vals):
        """The codes of a set come into use and go out of use with it."""
        switched = self.browse()
        if "active" in vals:
            switched = self.filtered(lambda code_set: code_set.active != bool(vals["active"]))
        result = super().write(vals)
        if switched:
            for name in self._get_count_fields():
                codes = self._get_codes(name).search(switched._get_codes_domain(name))
                codes.write({"active": vals["active"]})
        return result

    def action_view_activities(self):
        """Open the service types of the set."""
        return self._action_view_codes("timetrack.activity", self.env._("Service Types"))

    def action_view_deliverables(self):
        """Open the deliverables of the set."""
        return self._action_view_codes("timetrack.deliverable", self.env._("Deliverables"))

    def _action_view_codes(self, name, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": f"{self.name}: {title}",
            "res_model": name,
            "view_mode": "list,form",
            "domain": list(self._get_codes_domain(name)),
            "context": {"default_code_set_id": self.id, "active_test": self.active},
        }
