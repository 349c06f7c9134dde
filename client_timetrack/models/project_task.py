from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Core's sums of all time of a task, and the sum of visible time that users of the portal read in their stead.
CLIENT_HOURS = {
    "effective_hours": "timetrack_client_hours",
    "subtask_effective_hours": "timetrack_client_subtask_hours",
    "total_hours_spent": "timetrack_client_total_hours",
    "remaining_hours": "timetrack_client_remaining_hours",
    "progress": "timetrack_client_progress",
    "overtime": None,
}


class ProjectTask(models.Model):
    _name = "project.task"
    _inherit = ["project.task", "timetrack.portal.mixin", "timetrack.quick.entry.mixin"]

    timetrack_client_hours = fields.Float(
        "Visible Time Spent", compute="_compute_timetrack_client_hours", compute_sudo=True
    )
    timetrack_client_subtask_hours = fields.Float(
        "Visible Time Spent on Sub-tasks", compute="_compute_timetrack_client_hours", compute_sudo=True
    )
    timetrack_client_total_hours = fields.Float(
        "Visible Total Time Spent", compute="_compute_timetrack_client_hours", compute_sudo=True
    )
    timetrack_client_remaining_hours = fields.Float(
        "Visible Time Remaining", compute="_compute_timetrack_client_hours", compute_sudo=True
    )
    timetrack_client_progress = fields.Float(
        "Visible Progress", compute="_compute_timetrack_client_hours", compute_sudo=True
    )

    @property
    def TASK_PORTAL_READABLE_FIELDS(self):
        """The sums of visible time instead of the sums of all time."""
        names = super().TASK_PORTAL_READABLE_FIELDS - CLIENT_HOURS.keys()
        return names | {name for name in CLIENT_HOURS.values() if name}

    @api.depends("allocated_hours", "effective_hours", "subtask_effective_hours")
    @api.depends_context("uid")
    def _compute_timetrack_client_hours(self):
        """The task's time as the user may see it: users of the portal what policies show them, others all of it."""
        hours = self._timetrack_visible_hours()
        subtasks = self.with_context(active_test=False)._get_subtask_ids_per_task_id()
        for task in self:
            own = hours.get(task._origin.id, 0)
            below = sum(hours.get(subtask, 0) for subtask in subtasks.get(task.id, ()))
            allocated = task.allocated_hours
            task.timetrack_client_hours = own
            task.timetrack_client_subtask_hours = below
            task.timetrack_client_total_hours = own + below
            task.timetrack_client_remaining_hours = allocated - own - below if allocated else 0
            task.timetrack_client_progress = round((own + below) / allocated, 2) if allocated > 0 else 0

    def _timetrack_visible_hours(self):
        """Hours of the tasks and of the tasks below them that the user may see.

        :return: dict of task id to hours
        """
        domain = Domain("task_id", "child_of", self._origin.ids)
        if self.env.user.share:
            domain &= self.env["account.analytic.line"]._timetrack_client_domain()
        groups = self.env["account.analytic.line"].with_context(active_test=False)
        groups = groups._read_group(domain, ["task_id"], ["unit_amount:sum"])
        return {task.id: hours for task, hours in groups}

    def _compute_display_name(self):
        """Names with the remaining time would tell users of the portal about time that is not shown to them."""
        if not self.env.user.share:
            return super()._compute_display_name()
        tasks = self.with_context(hr_timesheet_display_remaining_hours=False)
        result = super(ProjectTask, tasks)._compute_display_name()
        for task, named in zip(self, tasks, strict=True):
            task.display_name = named.display_name
        return result

    def _get_portal_total_hours_dict(self):
        """The sums at the head of the portal's list of tasks."""
        totals = super()._get_portal_total_hours_dict()
        if totals:
            totals["effective_hours"] = sum(self.filtered("allow_timesheets").mapped("timetrack_client_hours"))
        return totals

    def action_view_subtask_timesheet(self):
        """Users of the portal get the list of time.

        Core leaves the list out, so that a form for new time opens, which they may not create. And its lists in
        shared projects add a condition on tasks unless the context says that it is about sub-tasks.
        """
        action = super().action_view_subtask_timesheet()
        if self.env.user.share:
            action["context"] = {**action["context"], "subtask_action": True}
            portal_list = self.env["ir.model.data"]._xmlid_to_res_id("hr_timesheet.hr_timesheet_line_portal_tree")
            if portal_list:
                others = [view for view in action["views"] if view[1] != "list"]
                action["views"] = [(portal_list, "list"), *others]
        return action

    def write(self, vals):
        """Time follows its task into another project: time that was handed in is handed in anew there. Another
        allocated time is a revision of the task's budget."""
        lines = self.env["account.analytic.line"].sudo()
        if "project_id" in vals:
            lines = lines.search([("task_id", "in", self.ids)])
        with lines._timetrack_tracing(["project_id"]):
            result = super().write(vals)
        if "allocated_hours" in vals:
            budgets = self.env["timetrack.budget"]._get_whole("task", self)
            budgets._note_versions(self.env._("Allocated time of the task changed"))
        return result

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Nobody follows the thousands of tasks of an import; core would subscribe the user to one after the other."""
        if self.env.context.get("timetrack_no_follower"):
            return True
        return super().message_subscribe(partner_ids, subtype_ids)

    def _timetrack_prepare_quick_entry(self):
        if not self.project_id:
            raise UserError(self.env._("No time can be logged on a private task: choose its project first."))
        self._timetrack_check_takes_time(self.project_id)
        return {"project_id": self.project_id.id, "task_id": self.id}
