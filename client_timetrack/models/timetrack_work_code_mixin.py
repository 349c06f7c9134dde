from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class TimetrackWorkCodeMixin(models.AbstractModel):
    """Codes of time entries: a tree, of which each project offers the part that its code sets hold.

    A project offers the codes of its own sets, else of the sets of its company, else all codes. A set restricts only
    the kinds of codes that it holds: one with deliverables alone leaves the choice of service types open.
    """

    _name = "timetrack.work.code.mixin"
    _inherit = ["timetrack.code.mixin"]
    _description = "Code of Time Entries"
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name", "name", "code"]
    _order = "sequence, code, complete_name, id"

    # The models that inherit this one name themselves here.
    parent_id = fields.Many2one("timetrack.work.code.mixin", string="Part of", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    complete_name = fields.Char(
        string="Full Name", compute="_compute_complete_name", recursive=True, store=True, compute_sudo=True
    )
    code_set_id = fields.Many2one(compute="_compute_code_set_id", recursive=True, store=True, readonly=False)
    offered_project_id = fields.Many2one(
        "project.project",
        string="Offered on Project",
        store=False,
        search="_search_offered_project_id",
        help="Only for searching: the codes that a project offers, by its code sets or its company's.",
    )

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for record in self:
            parent = record.parent_id.complete_name
            record.complete_name = f"{parent} / {record.name}" if parent else record.name

    @api.depends("complete_name")
    def _compute_display_name(self):
        return super()._compute_display_name()

    def _get_full_name(self):
        parent = self.parent_id
        return f"{parent._get_full_name()} / {self.name}" if parent else self.name

    @api.depends("parent_id.code_set_id")
    def _compute_code_set_id(self):
        """A part is in the set of the whole."""
        for record in self.filtered("parent_id"):
            record.code_set_id = record.parent_id.code_set_id

    @api.constrains("parent_id", "code_set_id")
    def _check_code_set_id(self):
        for record in self:
            parent = record.parent_id
            if parent and parent.code_set_id != record.code_set_id:
                raise ValidationError(
                    self.env._(
                        "“%(code)s” is part of “%(parent)s” and belongs to the same code set. "
                        "Change the set of “%(parent)s”, or make “%(code)s” part of nothing first.",
                        code=record.display_name,
                        parent=parent.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # What a project offers
    # ------------------------------------------------------------------

    @api.model
    def _search_offered_project_id(self, operator, value):
        """Find what any of the projects offers; without a project, what the company does.

        Projects are given by id or by name, or by a domain of theirs.
        """
        Project = self.env["project.project"]
        if operator in ("any", "any!"):
            domain = value if isinstance(value, Domain) else Domain("id", "in", value)
            return self._get_offer_domain(list(Project.search(domain)))
        if operator != "in":
            return NotImplemented
        names = [name for name in value if isinstance(name, str)]
        projects = Project.browse([key for key in value if isinstance(key, int) and key is not True and key]).exists()
        if names:
            projects |= Project.search([("display_name", "in", names)])
        return self._get_offer_domain([*projects, *([Project] if False in value else [])])

    @api.model
    def _get_offer_domain(self, projects):
        """Domain of the codes that at least one of the projects offers.

        :param projects: list of project.project; an empty record stands for a project that is not chosen yet
        """
        Project = self.env["project.project"].sudo()
        sets = {project: project._timetrack_get_code_sets(self.env.company) for project in projects}
        restricting = self._get_restricting_sets(self.env["timetrack.code.set"].sudo().union(*sets.values()))
        by_sets = defaultdict(Project.browse)
        for project, chosen in sets.items():
            by_sets[chosen & restricting] |= project
        return Domain.OR(self._get_offer_condition(some, chosen) for chosen, some in by_sets.items())

    @api.model
    def _get_offer_condition(self, projects, code_sets):
        """Domain of the codes that projects offer which are restricted to ``code_sets`` (none: not restricted)."""
        return Domain("code_set_id", "in", code_sets.ids) if code_sets else Domain.TRUE

    def _is_offered(self, project, code_sets):
        """Whether a project offers the code that is restricted to ``code_sets`` (none: not restricted)."""
        self.ensure_one()
        return not code_sets or self.code_set_id in code_sets

    def _filter_of_one_project(self):
        """The codes that only one project offers, whatever its sets."""
        return self.browse()

    @api.model
    def _get_restricting_sets(self, code_sets):
        """Those of the sets that hold codes of this kind, in one query; the others restrict nothing."""
        if not code_sets:
            return code_sets
        domain = self._get_set_domain() & Domain("code_set_id", "in", code_sets.ids)
        groups = self.sudo().with_context(active_test=True)._read_group(domain, ["code_set_id"])
        return code_sets.browse([code_set.id for [code_set] in groups])
