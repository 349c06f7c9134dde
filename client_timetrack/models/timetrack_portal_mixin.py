from odoo import api, models
from odoo.fields import Domain


class TimetrackPortalMixin(models.AbstractModel):
    """A model of which users of the portal may read some fields: they neither filter nor sort nor group by others.

    The ORM checks the columns that a query reads (``_has_field_access``). Two kinds of fields it replaces before it
    looks, by the domain of their own search method or by the record that they are related to: with those a client
    could find out a hidden value by halving intervals, or see its order.
    """

    _name = "timetrack.portal.mixin"
    _description = "Fields Hidden from the Portal"

    @api.model
    def _search(self, domain, *args, **kwargs):
        if not self.env.su and self.env.user.share:
            for condition in Domain(domain).iter_conditions():
                self._timetrack_check_expression(condition.field_expr)
        return super()._search(domain, *args, **kwargs)

    def _field_to_sql(self, alias, field_expr, query=None):
        if not self.env.su and self.env.user.share:
            self._timetrack_check_expression(field_expr)
        return super()._field_to_sql(alias, field_expr, query)

    def _timetrack_check_expression(self, field_expr):
        """Check that the user may read the field at the head of an expression like ``task_id.name``.

        :raise AccessError: they may not
        """
        field = self._fields.get(field_expr.split(".")[0])
        if field:
            self._check_field_access(field, "read")
