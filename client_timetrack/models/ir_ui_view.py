from lxml import etree

from odoo import fields, models

GRID = "timetrack_grid"
# What a field of the grid is for: how many there may be, and the types that fit.
ROLES = {
    "row": (1, 8, ("many2one",)),
    "group": (0, 1, ("many2one",)),
    "col": (1, 1, ("date",)),
    "measure": (1, 1, ("float",)),
    "comment": (0, 1, ("char",)),
}
MODES = ("own", "team")
SCALES = ("day", "week", "month", "period", "quarter")
VIEW_ATTRIBUTES = {"__validate__", "string", "class", "js_class", "mode", "scales", "default_scale"}
FIELD_ATTRIBUTES = {"name", "type", "widget", "string", "context", "domain", "options", "groups", "can_create"}


class IrUiView(models.Model):
    """The time grid as a view type: fields for its rows, one for its columns, one for what the cells hold.

    Example::

        <timetrack_grid string="My Week" mode="own" default_scale="week" scales="day,week,month">
            <field name="project_id" type="row"/>
            <field name="task_id" type="row"/>
            <field name="timetrack_client_id" type="group"/>
            <field name="date" type="col"/>
            <field name="unit_amount" type="measure" widget="timesheet_uom"/>
            <field name="name" type="comment"/>
        </timetrack_grid>

    The model of the view offers the methods ``timetrack_grid_*``: see ``account.analytic.line``.
    """

    _inherit = "ir.ui.view"

    type = fields.Selection(selection_add=[(GRID, "Time Grid")])

    def _get_view_info(self):
        return {GRID: {"icon": "fa fa-table"}, **super()._get_view_info()}

    def _validate_tag_timetrack_grid(self, node, name_manager, node_info):
        if not node_info["validate"]:
            return
        self._check_grid_attributes(node)
        found = dict.fromkeys(ROLES, 0)
        for child in node.iterchildren(tag=etree.Element):
            role = child.get("type")
            if child.tag != "field" or role not in ROLES:
                self._raise_view_error(
                    self.env._(
                        "A time grid holds fields with a type of: %(types)s. This is not one: %(child)s",
                        types=", ".join(ROLES),
                        child=etree.tostring(child, encoding="unicode", with_tail=False).strip(),
                    ),
                    child,
                )
            self._check_grid_field(child, role, name_manager)
            found[role] += 1
        for role, (minimum, maximum, _types) in ROLES.items():
            if not minimum <= found[role] <= maximum:
                self._raise_view_error(
                    self.env._(
                        "A time grid needs %(minimum)s to %(maximum)s fields of the type “%(role)s”, not %(count)s.",
                        minimum=minimum,
                        maximum=maximum,
                        role=role,
                        count=found[role],
                    ),
                    node,
                )

    def _check_grid_attributes(self, node):
        """Refuse attributes of the view that mean nothing, and values of those that do."""
        unknown = set(node.attrib) - VIEW_ATTRIBUTES
        if unknown:
            self._raise_view_error(
                self.env._(
                    "A time grid has no attributes %(unknown)s; it has %(known)s.",
                    unknown=", ".join(sorted(unknown)),
                    known=", ".join(sorted(VIEW_ATTRIBUTES - {"__validate__"})),
                ),
                node,
            )
        scales = node.get("scales", ",".join(SCALES)).split(",")
        allowed = {"mode": MODES, "default_scale": scales}
        wrong = [name for name, values in allowed.items() if node.get(name, values[0]) not in values]
        if wrong or not set(scales) <= set(SCALES):
            self._raise_view_error(
                self.env._(
                    "A time grid has one of the modes %(modes)s, scales out of %(scales)s, and one of its scales as "
                    "the default.",
                    modes=", ".join(MODES),
                    scales=", ".join(SCALES),
                ),
                node,
            )

    def _check_grid_field(self, child, role, name_manager):
        """Refuse a field whose type does not fit its role, and attributes that mean nothing."""
        field = name_manager.model._fields.get(child.get("name"))
        types = ROLES[role][2]
        if field and field.type not in types:
            self._raise_view_error(
                self.env._(
                    "The field “%(field)s” cannot be a “%(role)s” of a time grid: that takes a field of the type "
                    "%(types)s.",
                    field=field.name,
                    role=role,
                    types=", ".join(types),
                ),
                child,
            )
        unknown = set(child.attrib) - FIELD_ATTRIBUTES - {"__validate__"}
        if unknown:
            self._raise_view_error(
                self.env._("A field of a time grid has no attributes %s.", ", ".join(sorted(unknown))), child
            )
