from odoo import api, models
from odoo.exceptions import AccessError

PANEL = "client_timetrack.onboarding_first_steps"
ADMINISTRATOR_GROUP = "hr_timesheet.group_timesheet_manager"


class OnboardingOnboarding(models.Model):
    """The first steps of a company, above *My Week* of its timesheet administrators.

    A step is done when the company has what it is about, whoever made it and wherever: see
    ``onboarding.onboarding.step``. Nothing has to be done at all: a firm without rates, codes and policies logs and
    approves time as well.
    """

    _inherit = "onboarding.onboarding"

    @api.model
    def get_timetrack_first_steps(self):
        """What the panel shows.

        :return: dict of ``steps`` (list of dicts of ``id``, ``title``, ``description``, ``button``, ``is_done`` and
            ``may_open``), ``is_done`` and ``text``; without steps there is no panel: it was closed, the company has
            worked with approved time for long, or the user has nothing to set up
        """
        panel = self.env.ref(PANEL, raise_if_not_found=False)
        if not panel or not self.env.user.has_group(ADMINISTRATOR_GROUP):
            return {"steps": []}
        panel = panel.sudo()
        has_approved = panel.step_ids._timetrack_has_approved()
        if panel.is_onboarding_closed or (has_approved and not panel.current_progress_id):
            return {"steps": []}
        panel._search_or_create_progress()
        done = panel.step_ids._timetrack_get_done()
        done.filtered(lambda step: step.current_step_state == "not_done").action_set_just_done()
        return {
            "steps": [
                {
                    "id": step.id,
                    "title": step.title,
                    "description": step.description,
                    "button": step.button_text,
                    "is_done": step.current_step_state != "not_done",
                    "may_open": step.with_env(self.env)._timetrack_may_open(step.panel_step_open_action_name),
                }
                for step in panel.step_ids
            ],
            "is_done": has_approved,
            "text": panel.text_completed,
        }

    @api.model
    def open_timetrack_step(self, step_id):
        """Where a step is done.

        :param int step_id: of a step of the panel
        :return: an action
        :raise AccessError: the user is no timesheet administrator, or it is no step of the panel
        """
        steps = self._check_timetrack_panel().step_ids.filtered(lambda step: step.id == step_id)
        if not steps:
            raise AccessError(self.env._("This is no step of the panel."))
        step = steps.with_env(self.env)
        return getattr(step, steps.panel_step_open_action_name)()

    @api.model
    def close_timetrack_panel(self):
        """Do not show the panel any more, in this company.

        :raise AccessError: the user is no timesheet administrator
        """
        panel = self._check_timetrack_panel()
        panel._search_or_create_progress()
        panel.action_close()
        return True

    @api.model
    def _check_timetrack_panel(self):
        """The panel, in sudo."""
        if not self.env.user.has_group(ADMINISTRATOR_GROUP):
            raise AccessError(self.env._("Timesheet administrators set up the company's time."))
        return self.env.ref(PANEL).sudo()
