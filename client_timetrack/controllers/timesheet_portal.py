from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.hr_timesheet.controllers.portal import TimesheetCustomerPortal, TimesheetProjectCustomerPortal


class TimetrackTimesheetPortal(TimesheetCustomerPortal, TimesheetProjectCustomerPortal):
    """Odoo's lists of time and tasks without what order, groups and search would tell about hidden names and costs."""

    def _timetrack_names_hidden(self):
        """Whether the user sees time whose policies hide who worked."""
        Line = request.env["account.analytic.line"]
        domain = Domain(Line._timesheet_get_portal_domain()) & Line._timetrack_nameless_domain()
        return request.env.user.share and bool(Line.sudo().search_count(domain, limit=1))

    def _get_searchbar_sortings(self):
        sortings = super()._get_searchbar_sortings()
        if self._timetrack_names_hidden():
            sortings.pop("employee_id", None)
        return sortings

    def _get_searchbar_groupby(self):
        groupings = super()._get_searchbar_groupby()
        if self._timetrack_names_hidden():
            groupings.pop("employee_id", None)
        return groupings

    def _get_search_domain(self, search_in, search):
        domain = Domain(super()._get_search_domain(search_in, search))
        if search_in == "employee_id" and request.env.user.share:
            domain &= ~request.env["account.analytic.line"]._timetrack_nameless_domain()
        return domain

    @http.route()
    def portal_my_timesheets(self, *args, sortby=None, groupby=None, **kw):
        """Only what the page offers: the list is read as superuser, and core sorts and groups by any field's name."""
        if sortby not in self._get_searchbar_sortings():
            sortby = None
        if groupby in self._get_searchbar_groupby():
            kw["groupby"] = groupby
        return super().portal_my_timesheets(*args, sortby=sortby, **kw)

    # ------------------------------------------------------------------
    # Tasks
    # ------------------------------------------------------------------

    def _task_get_page_view_values(self, task, access_token, **kwargs):
        """The page's task is that of the superuser, who sees the sums of all time."""
        values = super()._task_get_page_view_values(task, access_token, **kwargs)
        values["visible_task"] = task.with_user(request.env.user).sudo()
        return values

    def _task_get_searchbar_sortings(self, milestones_allowed, project=False):
        sortings = super()._task_get_searchbar_sortings(milestones_allowed, project)
        if request.env.user.share:
            # the order would be that of all time, shown or not
            sortings.pop("progress asc", None)
        return sortings

    def _prepare_tasks_values(
        self,
        page,
        date_begin,
        date_end,
        sortby,
        search,
        search_in,
        groupby,
        url="/my/tasks",
        domain=None,
        su=False,
        project=False,
    ):
        """Only what the page offers, as with the list of time."""
        if sortby not in self._task_get_searchbar_sortings(True, project):
            sortby = None
        if groupby not in self._task_get_searchbar_groupby(True, project):
            groupby = None
        return super()._prepare_tasks_values(
            page, date_begin, date_end, sortby, search, search_in, groupby, url, domain, su, project
        )
