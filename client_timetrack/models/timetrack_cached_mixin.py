from odoo import api, models


class TimetrackCachedMixin(models.AbstractModel):
    """Records of which something is kept in the registry's cache: any change of them empties it."""

    _name = "timetrack.cached.mixin"
    _description = "Cached Settings"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache("stable")
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache("stable")
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache("stable")
        return super().unlink()
