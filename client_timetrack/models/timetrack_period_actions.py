from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine.approval import DRAFT, REJECTED, SUBMITTED


class TimetrackPeriod(models.Model):
    """What people do with a whole period: the steps are the entries' own, with the user's own rights."""

    _inherit = "timetrack.period"

    def action_submit(self):
        """Hand in every draft and every rejected entry of the periods.

        :raise UserError: there is none
        """
        return self._take_step(
            self._get_own_entries(Domain("timetrack_state", "in", (DRAFT, REJECTED))),
            "action_timetrack_submit",
            self.env._("There is nothing to submit: log time first. What is submitted already waits for approval."),
        )

    def action_withdraw(self):
        """Take every submitted entry of the periods back.

        :raise UserError: there is none
        """
        return self._take_step(
            self._get_own_entries(Domain("timetrack_state", "=", SUBMITTED)),
            "action_timetrack_withdraw",
            self.env._("There is nothing to withdraw: no time of this period waits for approval."),
        )

    def action_approve(self):
        """Approve everything of the periods that waits for the user.

        :raise UserError: nothing does
        """
        return self._take_step(self.pending_ids, "action_timetrack_approve", self._nothing_waits())

    def action_reject(self, reason):
        """Send everything of the periods that waits for the user back; for other programs: screens ask for the reason.

        :param str reason: why, shown to the employee; must not be empty
        :raise UserError: nothing waits, or there is no reason
        """
        return self._take_step(self.pending_ids, "action_timetrack_reject", self._nothing_waits(), reason)

    def action_ask_reason(self):
        """Open the dialog that asks why what waits for the user is sent back."""
        if not self.pending_ids:
            raise UserError(self._nothing_waits())
        return self.pending_ids.with_context(timetrack_action="reject").action_timetrack_ask_reason()

    def action_view_entries(self):
        """Open the entries of the period as timesheets."""
        self.ensure_one()
        is_approver = self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver")
        view = "hr_timesheet.timesheet_view_tree_user" if is_approver else "hr_timesheet.hr_timesheet_line_tree"
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "account.analytic.line",
            "views": [(self.env.ref(view).id, "list"), (False, "kanban"), (False, "pivot"), (False, "form")],
            "search_view_id": [self.env.ref("hr_timesheet.hr_timesheet_line_search").id, "search"],
            "domain": [
                ("project_id", "!=", False),
                ("employee_id", "=", self.employee_id.id),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
            ],
            "context": {
                "is_timesheet": 1,
                "default_employee_id": self.employee_id.id,
                "default_date": self.date_from,
            },
        }

    def _get_own_entries(self, domain):
        """Entries of the periods that meet a domain, in whichever of the user's companies they are."""
        periods = self.with_context(allowed_company_ids=self.env.user._get_company_ids())
        return self.env["account.analytic.line"].union(*periods._get_entries(domain).values())

    def _take_step(self, entries, method, message, *args):
        """Call a step of the entries.

        :param str message: what to say when there are none
        """
        if not entries:
            raise UserError(message)
        getattr(entries, method)(*args)
        self.invalidate_recordset()
        return True

    def _nothing_waits(self):
        return self.env._("Nothing of this time waits for you: somebody decided on it, or it was withdrawn.")
