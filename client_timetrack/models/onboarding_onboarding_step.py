from odoo import api, models

# What somebody who opens a step makes there.
MODELS = {"action_timetrack_team": "hr.employee", "action_timetrack_project": "project.project"}


class OnboardingOnboardingStep(models.Model):
    """A step of the panel ``client_timetrack.onboarding_first_steps``.

    ``panel_step_open_action_name`` names the method that opens the step, ``action_timetrack_…``; the one that says
    whether it is done is called ``_timetrack_is_done_…``. Another addon adds a step by a record and these two methods.
    """

    _inherit = "onboarding.onboarding.step"

    def _timetrack_get_done(self):
        """The steps that the company has done."""
        return self.filtered(
            lambda step: getattr(
                step, step.panel_step_open_action_name.replace("action_timetrack_", "_timetrack_is_done_")
            )()
        )

    @api.model
    def _timetrack_may_open(self, method):
        """Whether the user could do anything there."""
        return method not in MODELS or self.env[MODELS[method]].has_access("create")

    @api.model
    def _timetrack_open(self, xmlid, **values):
        """An action, with other values for some of it."""
        return {**self.env["ir.actions.actions"]._for_xml_id(xmlid), **values}

    @api.model
    def _timetrack_has_approved(self):
        """Whether the company has approved time."""
        return bool(
            self.env["account.analytic.line"]
            .sudo()
            .search_count([("company_id", "=", self.env.company.id), ("timetrack_state", "=", "approved")], limit=1)
        )

    def action_timetrack_team(self):
        """Open the employees."""
        return self._timetrack_open("hr.open_view_employee_list_my")

    def _timetrack_is_done_team(self):
        """Somebody besides the administrator logs time."""
        return self.env["hr.employee"].sudo().search_count([("company_id", "=", self.env.company.id)], limit=2) > 1

    def action_timetrack_project(self):
        """Open the dialog for a new project."""
        return self._timetrack_open(
            "project.open_create_project", context={"default_allow_timesheets": True, "default_user_id": self.env.uid}
        )

    def _timetrack_is_done_project(self):
        """There is a project of a client."""
        domain = [
            ("company_id", "in", (False, self.env.company.id)),
            ("allow_timesheets", "=", True),
            ("partner_id", "!=", False),
        ]
        return bool(self.env["project.project"].sudo().search_count(domain, limit=1))

    def action_timetrack_codes(self):
        """Open all code sets, those that are not in use as well."""
        return self._timetrack_open(
            "client_timetrack.timetrack_code_set_action", context={"search_default_inactive": True}
        )

    def _timetrack_is_done_codes(self):
        """A set is switched on."""
        return bool(self.env["timetrack.code.set"].sudo().search_count([], limit=1))

    def action_timetrack_policy(self):
        """Open the policies; having seen that there are some is enough: the company may like it without."""
        return self._timetrack_open("client_timetrack.timetrack_policy_action")

    def _timetrack_is_done_policy(self):
        """The company has chosen a policy."""
        return bool(self.env.company.sudo().timetrack_policy_id)

    def action_timetrack_entry(self):
        """Open the week, or what waits for approval."""
        waits = self.env["account.analytic.line"].get_timetrack_pending_count()
        xmlid = "timetrack_approval_board_action" if waits else "timetrack_grid_action"
        return self._timetrack_open(f"client_timetrack.{xmlid}")

    def _timetrack_is_done_entry(self):
        """An entry is approved."""
        return self._timetrack_has_approved()
