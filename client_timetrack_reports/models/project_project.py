from collections import defaultdict

from odoo import fields, models
from odoo.fields import Domain

from ..engine.earned_value import accepted_share
from ..report.timetrack_report import RATE_GROUP

PROGRESS = [
    ("deliverables", "Accepted Deliverables"),
    ("milestones", "Milestones Reached"),
    ("manual", "Project Updates"),
]


class ProjectProject(models.Model):
    _inherit = "project.project"

    timetrack_progress_by = fields.Selection(
        PROGRESS,
        "Completion By",
        tracking=True,
        help="What says how much of the work is complete: the planned hours of deliverables that are accepted, "
        "milestones reached, or the percentage of the last project update. It is never worked out of the hours spent. "
        "Empty: the first of these that there is.",
    )

    def action_timetrack_view_report(self):
        """Open what the project brings in and costs; without the right to see rates, what was planned and worked."""
        self.ensure_one()
        name = "profitability" if self.env.user.has_group(RATE_GROUP) else "plan"
        return self.env["timetrack.report"]._get_action(name, self, "project_id")

    def _timetrack_get_progress(self, day):
        """How much of the projects is complete at the end of a day, as somebody judged it, in a few queries.

        :return: dict of project to (share, what says so); projects of which nobody said anything are left out
        """
        shares = {
            "deliverables": self._timetrack_get_accepted(day),
            "milestones": self._timetrack_get_reached(day),
            "manual": self._timetrack_get_told(day),
        }
        found = {}
        for project in self:
            wanted = [project.sudo().timetrack_progress_by] if project.sudo().timetrack_progress_by else shares
            for source in wanted:
                share = shares[source].get(project.id)
                if share is not None:
                    found[project] = (share, source)
                    break
        return found

    def _timetrack_get_accepted(self, day):
        """The share of the planned hours of deliverables that were accepted: dict of id to share."""
        Deliverable = self.env["timetrack.deliverable"].sudo()
        planned = Deliverable.search(Domain("project_id", "in", self.ids) & Domain("planned_hours", ">", 0))
        # the hours of a whole include those of its parts, as in timetrack.report
        of_parts = defaultdict(float)
        for part in planned:
            of_parts[part.parent_id] += part.planned_hours
        return {
            project.id: accepted_share(
                (max(one.planned_hours - of_parts[one], 0.0), bool(one.date_accepted and one.date_accepted <= day))
                for one in own
            )
            for project, own in planned.grouped("project_id").items()
        }

    def _timetrack_get_reached(self, day):
        """The share of milestones that were reached: dict of id to share."""
        milestones = self.env["project.milestone"].sudo().search(Domain("project_id", "in", self.ids))
        return {
            project.id: accepted_share(
                (1, bool(one.is_reached and one.reached_date and one.reached_date <= day)) for one in own
            )
            for project, own in milestones.grouped("project_id").items()
        }

    def _timetrack_get_told(self, day):
        """What the last project update until then says: dict of id to share."""
        updates = self.env["project.update"].sudo().search(
            Domain("project_id", "in", self.ids) & Domain("date", "<=", day), order="project_id, date, id"
        )
        return {project.id: own[-1:].progress / 100 for project, own in updates.grouped("project_id").items()}
