from odoo import models

# Marks calls of our own code. A client can send any context key, but never this very object.
INTERNAL = object()


class TimetrackInternalMixin(models.AbstractModel):
    """Records that the addons keep themselves: what people and calls may not write, their own methods may."""

    _name = "timetrack.internal.mixin"
    _description = "Kept by the System"

    def _timetrack_internal(self):
        """The same records, in sudo, open to the methods that keep them. Only for the addons' own code."""
        return self.sudo().with_context(timetrack_internal=INTERNAL)

    def _timetrack_is_internal(self):
        """Whether the call comes from there. A client can send any context, but not the mark in it."""
        return self.env.context.get("timetrack_internal") is INTERNAL
