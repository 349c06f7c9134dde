from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.approval import TRANSITIONS, sort_by_state


class AccountAnalyticLine(models.Model):
    """The steps of a time entry through approval, and who may take them."""

    _inherit = "account.analytic.line"

    def action_timetrack_submit(self):
        """Hand draft or rejected entries in for approval."""
        return self._timetrack_transition("submit")

    def action_timetrack_withdraw(self):
        """Take submitted entries back before anybody approved them."""
        return self._timetrack_transition("withdraw")

    def action_timetrack_approve(self):
        """Approve submitted entries of others within the user's scope; approved entries are locked."""
        return self._timetrack_transition("approve")

    def action_timetrack_reject(self, reason):
        """Send submitted entries back.

        :param str reason: why, shown to the employee; must not be empty
        """
        return self._timetrack_transition("reject", reason)

    def action_timetrack_reopen(self, reason):
        """Unlock approved entries; they become drafts again.

        :param str reason: why, kept in the trail; must not be empty
        """
        return self._timetrack_transition("reopen", reason)

    def action_timetrack_ask_reason(self):
        """Open the dialog that asks why the entries are rejected or reopened (by context)."""
        action = self.env.context.get("timetrack_action")
        if action not in ("reject", "reopen"):
            raise UserError(self.env._("Only rejecting and reopening time ask for a reason."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reject Time") if action == "reject" else self.env._("Reopen Time"),
            "res_model": "timetrack.reason.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids, "default_action": action},
        }

    def action_timetrack_view_events(self):
        """Open the approval trail of the entries."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approval Trail"),
            "res_model": "timetrack.approval.event",
            "view_mode": "list",
            "domain": [("entry_ref", "in", self.ids)],
        }

    def _timetrack_transition(self, action, reason=None):
        """Take the entries one step further; all of them or none.

        Entries that are already where the step leads are left alone, so that a step may be repeated.

        :param str action: a key of ``TRANSITIONS``
        :param str reason: why, where the step asks for it
        :raise AccessError: the user may not take this step on one of the entries
        :raise UserError: the reason is missing, or the step makes no sense for one of the entries
        :return: True, as buttons expect
        """
        transition = TRANSITIONS[action]
        reason = (reason or "").strip()
        if transition.needs_reason and not reason:
            raise UserError(self.env._("Please give a reason: it is shown to the employee and kept in the trail."))
        self._timetrack_lock_rows()
        ready, already, impossible = sort_by_state(action, {line.id: line.timetrack_state for line in self})
        self.browse(impossible)._timetrack_raise_impossible(action)
        entries = self.filtered(lambda line: line.id in ready)
        self._timetrack_check_step(action)
        if not entries:
            return True
        states = {line.id: line.timetrack_state for line in entries}
        entries.sudo()._timetrack_internal().write(
            {
                "timetrack_state": transition.target,
                "timetrack_state_date": fields.Datetime.now(),
                "timetrack_state_user_id": self.env.uid,
                "timetrack_reason": reason or False,
            }
        )
        entries._timetrack_record_events(action, states, reason)
        entries.sudo()._timetrack_after_transition(action)
        return True

    def _timetrack_after_transition(self, action):
        """Hook: the entries (in sudo) have just taken the step ``action``."""

    def _timetrack_lock_rows(self):
        """Lock the rows in the order of their ids, so that two users at once cannot take opposite steps."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT id FROM account_analytic_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE", list(self.ids))
        )
        self.invalidate_recordset(["timetrack_state"], flush=False)

    def _timetrack_raise_impossible(self, action):
        if not self:
            return
        messages = {
            "submit": self.env._("Only drafts and rejected time can be submitted."),
            "withdraw": self.env._("Only submitted time that nobody approved yet can be withdrawn."),
            "approve": self.env._("Only submitted time can be approved."),
            "reject": self.env._("Only submitted time can be rejected."),
            "reopen": self.env._("Only approved time can be reopened."),
        }
        raise UserError(
            self.env._("%(rule)s\n%(entries)s", rule=messages[action], entries=self._timetrack_describe())
        )

    def _timetrack_check_step(self, action):
        """Check the user's right to the step on every entry.

        :raise AccessError: an entry is out of the user's reach
        """
        self.check_access("write")
        if not TRANSITIONS[action].by_approver:
            if not self.env.su and not self.env.user.has_group("hr_timesheet.group_hr_timesheet_approver"):
                foreign = self.filtered(lambda line: line.user_id != self.env.user)
                if foreign:
                    raise AccessError(
                        self.env._("You can only do this with time of your own. %s", foreign._timetrack_describe())
                    )
            if action != "withdraw":
                return
        own = Domain("user_id", "=", self.env.uid) if action == "withdraw" else Domain.FALSE
        refused = self.filtered_domain(~(self._timetrack_approval_domain() | own))
        if refused:
            raise AccessError(
                self.env._(
                    "You can approve, reject or reopen time of the people who report to you and of the projects "
                    "that you manage, but never your own. %(entries)s",
                    entries=refused._timetrack_describe(),
                )
            )

    @api.model
    def _timetrack_approval_domain(self):
        """Domain of the entries on which the user may decide: their reports at any depth and their projects,
        everything for timesheet administrators, never their own.

        An entry that has neither a line manager nor a project manager is any approver's to decide, so that
        nothing gets stuck in a firm that keeps no hierarchy.
        """
        user = self.env.user
        mine = self.env["hr.employee"].sudo().with_context(active_test=False).search([("user_id", "=", user.id)])
        not_own = Domain("user_id", "!=", user.id) & Domain("employee_id", "not in", mine.ids)
        if self.env.su or user.has_group("hr_timesheet.group_timesheet_manager"):
            return not_own
        if not user.has_group("hr_timesheet.group_hr_timesheet_approver"):
            return Domain.FALSE
        reports = self.env["hr.employee"].sudo().with_context(active_test=False)
        if mine:
            reports = reports.search([("id", "child_of", mine.ids)])
        scope = (
            Domain("employee_id", "in", reports.ids)
            | Domain("project_id.user_id", "=", user.id)
            | (Domain("manager_id", "=", False) & Domain("project_id.user_id", "=", False))
        )
        return scope & not_own

    @api.depends_context("uid")
    @api.depends("employee_id", "user_id", "manager_id", "project_id.user_id")
    def _compute_timetrack_can_approve(self):
        approvable = self.filtered_domain(self._timetrack_approval_domain())
        approvable.timetrack_can_approve = True
        (self - approvable).timetrack_can_approve = False

    @api.model
    def _search_timetrack_can_approve(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._timetrack_approval_domain()
        if True in value and False in value:
            return Domain.TRUE
        return domain if True in value else ~domain
