from werkzeug.urls import url_encode

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .form import get_ids, get_number, get_text

PAGE = "/my/time-approval"
NOTICE = "timetrack_time_approval_notice"
PAGE_ARGS = ("page", "sortby", "groupby", "search_in", "search")


class TimeApprovalPortal(CustomerPortal):
    """Where clients approve the time that waits for them, or send it back."""

    _time_approval_items_per_page = 50

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "time_approval_count" in counters:
            Line = request.env["account.analytic.line"]
            values["time_approval_count"] = Line.sudo().search_count(Line._timetrack_client_step_domain())
        return values

    # ------------------------------------------------------------------
    # The page
    # ------------------------------------------------------------------

    @http.route([PAGE, f"{PAGE}/page/<int:page>"], type="http", auth="user", website=True, methods=["GET"])
    def portal_my_time_approval(self, page=1, sortby=None, groupby=None, search_in=None, search=None, **_kw):
        """The client's page of time that waits for approval: sorted, grouped and searched as asked."""
        sortings, groupings = self._time_approval_sortings(), self._time_approval_groupings()
        inputs = self._time_approval_inputs()
        chosen = {
            "sortby": sortby if sortby in sortings else next(iter(sortings)),
            "groupby": groupby if groupby in groupings else next(iter(groupings)),
            "search_in": search_in if search_in in inputs else next(iter(inputs)),
            "search": get_text(search),
        }
        values = {
            **self._prepare_portal_layout_values(),
            **chosen,
            **self._time_approval_values(get_number(page), chosen),
            "page_name": "time_approval",
            "default_url": PAGE,
            "searchbar_sortings": sortings,
            "searchbar_groupby": groupings,
            "searchbar_inputs": inputs,
            "notice": request.session.pop(NOTICE, None),
        }
        return request.render("client_timetrack.portal_my_time_approval", values)

    def _time_approval_sortings(self):
        return {
            "date desc": {"label": request.env._("Newest")},
            "date": {"label": request.env._("Oldest")},
            "unit_amount desc": {"label": request.env._("Longest")},
        }

    def _time_approval_groupings(self):
        return {"project": {"label": request.env._("Project")}, "none": {"label": request.env._("None")}}

    def _time_approval_inputs(self):
        return {
            "name": {"input": "name", "label": request.env._("Search in Description")},
            "project_id": {"input": "project_id", "label": request.env._("Search in Project")},
            "task_id": {"input": "task_id", "label": request.env._("Search in Task")},
            "timetrack_activity_id": {
                "input": "timetrack_activity_id",
                "label": request.env._("Search in Service Type"),
            },
        }

    def _time_approval_values(self, page, chosen):
        """The entries of a page, in groups with their hours, and what the template needs to show them."""
        Line = request.env["account.analytic.line"]
        domain = Line._timetrack_client_step_domain()
        if chosen["search"]:
            domain &= Domain(chosen["search_in"], "ilike", chosen["search"])
        pager = portal_pager(
            url=PAGE,
            url_args=chosen,
            total=Line.sudo().search_count(domain),
            page=page,
            step=self._time_approval_items_per_page,
        )
        order = f"{chosen['sortby']}, id"
        if chosen["groupby"] == "project":
            order = f"project_id, {order}"
        limit = self._time_approval_items_per_page
        entries = Line.sudo().search(domain, order=order, limit=limit, offset=pager["offset"])
        return {
            "pager": pager,
            "page_args": {**chosen, "page": pager["page"]["num"]},
            "entry_groups": self._time_approval_groups(entries, chosen["groupby"]),
            "is_uom_day": Line._is_timesheet_encode_uom_day(),
            "Line": Line.sudo(),
        }

    def _time_approval_groups(self, entries, groupby):
        if not entries:
            return []
        if groupby == "none":
            groups = [(request.env._("All projects"), entries)]
        else:
            groups = [(project.name, lines) for project, lines in entries.grouped("project_id").items()]
        return [
            {"title": title, "entries": lines, "hours": sum(lines.mapped("unit_amount"))} for title, lines in groups
        ]

    # ------------------------------------------------------------------
    # The decision
    # ------------------------------------------------------------------

    @http.route(f"{PAGE}/decide", type="http", auth="user", website=True, methods=["POST"])
    def portal_decide_time_approval(self, decision=None, comment=None, **kw):
        """Approve or send back the chosen entries; the page says what became of it."""
        level, text = self._time_approval_decide(decision, get_ids("entry_ids"), get_text(comment))
        request.session[NOTICE] = {"level": level, "text": text}
        args = {name: text for name in PAGE_ARGS if (text := get_text(kw.get(name)))}
        page = args.pop("page", "1")
        path = f"{PAGE}/page/{page}" if page.isdecimal() and page != "1" else PAGE
        return request.redirect(f"{path}?{url_encode(args)}" if args else path)

    def _time_approval_decide(self, decision, ids, comment):
        """Approve the entries or send them back; those that no longer wait for the user are left alone.

        :return: tuple of the level of the message (as Bootstrap names it) and its text
        """
        if decision not in ("approve", "reject") or not ids:
            return "warning", request.env._("Select the time that you want to approve or send back.")
        if decision == "reject" and not comment:
            return "warning", request.env._("Please say in a comment what should be changed.")
        Line = request.env["account.analytic.line"]
        waiting = Line.sudo().search(Line._timetrack_client_step_domain() & Domain("id", "in", ids)).sudo(False)
        gone = len(ids) - len(waiting)
        try:
            with request.env.cr.savepoint():
                if decision == "approve":
                    waiting.action_timetrack_approve()
                else:
                    waiting.action_timetrack_reject(comment)
        except AccessError:
            # somebody was quicker, between the list and the step
            return self._time_approval_message(decision, 0, len(ids))
        except UserError as error:
            return "danger", str(error)
        return self._time_approval_message(decision, len(waiting), gone)

    def _time_approval_message(self, decision, done, gone):
        texts = []
        if done and decision == "approve":
            texts.append(request.env._("Thank you. Time entries approved: %(count)s.", count=done))
        elif done:
            texts.append(request.env._("Time entries sent back with your comment: %(count)s.", count=done))
        if gone:
            texts.append(
                request.env._(
                    "Time entries that do not wait for your approval any more: %(count)s. They were changed, taken "
                    "back or decided in the meantime; nothing is left to do for you.",
                    count=gone,
                )
            )
        return ("warning" if gone else "success"), "\n".join(texts)
