from odoo import api, models
from odoo.exceptions import UserError


class AccountAnalyticLine(models.Model):
    """Which service types and deliverables a time entry may have: those that its project offers.

    See ``timetrack.work.code.mixin`` for what a project offers.
    """

    _inherit = "account.analytic.line"

    @api.model
    def _timetrack_code_fields(self):
        """Names of the fields that hold codes."""
        return ("timetrack_activity_id", "timetrack_deliverable_id")

    @api.depends("project_id")
    def _compute_timetrack_activity_id(self):
        """An entry that moves to another project keeps the service type that the new project offers."""
        self._timetrack_clear_code("timetrack_activity_id")

    @api.depends("project_id")
    def _compute_timetrack_deliverable_id(self):
        """An entry that moves to another project keeps the deliverable that the new project offers."""
        self._timetrack_clear_code("timetrack_deliverable_id")

    def _timetrack_clear_code(self, name):
        """Empty the field where the project does not offer its code; locked entries stay as they are."""
        for line in self.filtered(name)._timetrack_unlocked()._timetrack_filter_not_offered(name):
            line[name] = False

    def _timetrack_filter_not_offered(self, name):
        """The entries whose code their project does not offer, in a number of queries that does not depend on theirs.

        Where nobody has chosen sets, which is the rule, this looks at no entry one by one.

        :param str name: one of ``_timetrack_code_fields``
        """
        lines = self.filtered(name)
        if not lines._timetrack_get_chosen_sets():
            own = lines[name].sudo()._filter_of_one_project()
            lines = lines.filtered(lambda line: line[name] in own) if own else lines.browse()
        if not lines:
            return lines
        offers = lines._timetrack_get_offers(name)
        return lines.filtered(
            lambda line: not line[name].sudo()._is_offered(line.project_id, offers[line.project_id, line.company_id])
        )

    def _timetrack_get_chosen_sets(self):
        """All sets that the entries' projects and companies have chosen."""
        return self.project_id.sudo().timetrack_code_set_ids | self.company_id.sudo().timetrack_code_set_ids

    def _timetrack_get_offers(self, name):
        """The sets that codes of a kind are restricted to, by project and company; none: not restricted."""
        none = self.env["timetrack.code.set"].sudo()
        offers = {
            (project, company): project._timetrack_get_code_sets(company) if project else none
            for project, company in {(line.project_id, line.company_id) for line in self}
        }
        model = self.env[self._fields[name].comodel_name]
        restricting = model._get_restricting_sets(none.union(*offers.values()))
        return {key: code_sets & restricting for key, code_sets in offers.items()}

    def _check_can_create(self):
        if not self._timetrack_is_internal():
            self._timetrack_check_codes()
        return super()._check_can_create()

    def write(self, vals):
        """Check the codes that change, not those that were offered when they were chosen."""
        names = [name for name in self._timetrack_code_fields() if name in vals]
        if not names or self._timetrack_is_internal():
            return super().write(vals)
        before = {name: {line: (line.project_id, line[name]) for line in self} for name in names}
        result = super().write(vals)
        for name, was in before.items():
            changed = self.filtered(lambda line, name=name, was=was: (line.project_id, line[name]) != was[line])
            changed._timetrack_check_offered(name)
        return result

    def _timetrack_check_codes(self):
        """Refuse codes that the entries' projects do not offer.

        Our own code calls this where it writes codes that somebody chose: internal writes pass unchecked.

        :raise UserError: see ``_timetrack_check_offered``
        """
        for name in self._timetrack_code_fields():
            self._timetrack_check_offered(name)

    def _timetrack_check_codes_differ(self, entry):
        """The same for entries made from another: they may have what it has, offered today or not.

        :raise UserError: see ``_timetrack_check_offered``
        """
        for name in self._timetrack_code_fields():
            self.filtered(lambda line, name=name: line[name] != entry[name])._timetrack_check_offered(name)

    def _timetrack_check_offered(self, name):
        """Refuse codes of one kind that the entries' projects do not offer.

        :raise UserError: names code, project, the project's sets, and what to do
        """
        refused = self._timetrack_filter_not_offered(name)
        if not refused:
            return
        line = refused[0]
        code = line[name].sudo()
        code_sets = line._timetrack_get_offers(name)[line.project_id, line.company_id]
        if code.code_set_id:
            advice = self.env._(
                "Choose one of their codes, or have the code set “%(code_set)s” added to the project.",
                code_set=code.code_set_id.name,
            )
        else:
            advice = self.env._("Choose one of their codes, or have the code added to one of these sets.")
        raise UserError(
            self.env._(
                "“%(code)s” is not offered on the project “%(project)s”, which uses the code sets: %(sets)s.\n"
                "%(advice)s",
                code=code.display_name,
                project=line.project_id.sudo().name,
                sets=", ".join(code_sets.mapped("name")),
                advice=advice,
            )
        )
