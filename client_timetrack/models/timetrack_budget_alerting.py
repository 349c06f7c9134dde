from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..engine import budget as engine
from .timetrack_budget_alert import FORECAST, USED

BATCH = 500


class TimetrackBudget(models.Model):
    """Tells whoever leads a project that its budget is being used up, before it is too late."""

    _inherit = "timetrack.budget"

    thresholds = fields.Char(
        "Alerts at %", help="Percentages at which the project manager is told. Empty: those of the company."
    )
    alert_ids = fields.One2many("timetrack.budget.alert", "budget_id", string="Alerts", readonly=True)

    @api.constrains("thresholds")
    def _check_thresholds(self):
        for budget in self:
            self.env["res.company"]._timetrack_check_thresholds(budget.thresholds)

    def _get_thresholds(self):
        """The percentages at which somebody is told."""
        self.ensure_one()
        return engine.parse_thresholds(self.thresholds or self.company_id.sudo().timetrack_budget_thresholds)

    @api.model
    def _cron_alert(self):
        """Tell project managers of the thresholds that their budgets have reached since the last time."""
        going_on = Domain("project_id.active", "=", True) & Domain("project_id.is_template", "=", False)
        budgets = self.search(Domain("project_id", "=", False) | going_on, order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(budgets))
        for batch in split_every(BATCH, budgets.ids, budgets.browse):
            batch._alert()
            if not cron._commit_progress(len(batch)):
                break

    def _alert(self, silently=False):
        """Keep which thresholds are reached, and tell the project managers, each by one mail.

        The number of queries does not depend on the number of budgets.

        :param bool silently: nobody is told: it was so before
        """
        found = self.sudo()._find_alerts()
        if not found:
            return
        alerts = self.env["timetrack.budget.alert"].sudo()
        alerts.create([values for _budget, reached in found for values in reached])
        if silently:
            return
        by_user = {}
        for budget, reached in found:
            if budget.user_id.active:
                by_user.setdefault(budget.user_id, []).append((budget, reached[-1]))
        self._tell_managers(by_user)

    def _find_alerts(self):
        """Pairs of budget and the values of its new alerts, the most pressing one last."""
        versions = {budget: budget.version_ids[:1] for budget in self}
        told = self.env["timetrack.budget.alert"].search_fetch(
            [("version_id", "in", [version.id for version in versions.values()])],
            ["version_id", "kind", "threshold", "span_from"],
        )
        known = {(alert.version_id.id, alert.kind, alert.threshold, alert.span_from) for alert in told}
        found = []
        for budget, version in versions.items():
            percent = budget._get_used_percent()
            if not version or percent is None:
                continue
            reached = [(FORECAST, 100.0)] if budget.outlook == "risk" else []
            # a budget of each period alerts in each
            span_from = budget.every != engine.WHOLE and budget.span_from
            reached += [(USED, threshold) for threshold in engine.crossed(None, percent, budget._get_thresholds())]
            values = [
                {
                    "budget_id": budget.id,
                    "version_id": version.id,
                    "kind": kind,
                    "threshold": threshold,
                    "used_percent": percent or 0.0,
                    "span_from": span_from,
                    "user_id": budget.user_id.id,
                }
                for kind, threshold in reached
                if (version.id, kind, threshold, span_from) not in known
            ]
            if values:
                # that the hours will be exceeded is news only while nothing is: the cost may be by now
                pressing = USED if engine.exceeds(percent, 100) else FORECAST
                values.sort(key=lambda vals, pressing=pressing: (vals["kind"] == pressing, vals["threshold"]))
                found.append((budget, values))
        return found

    def _get_used_percent(self):
        """Used in percent of the budget: of its hours or of its cost, whichever is used more; None without either."""
        self.ensure_one()
        used = [
            engine.percent(self[f"consumed_{name}"], self[f"allowed_{name}"])
            for name in ("hours", "cost")
            if self[name] > 0
        ]
        return max((percent for percent in used if percent is not None), default=None)

    def _tell_managers(self, by_user):
        """Give project managers an activity for each budget, and one mail for all of them.

        :param dict by_user: list of (budget, values of the alert) by user
        """
        activities = []
        for user, told in by_user.items():
            lines = []
            for budget, values in told:
                budget = budget.with_context(lang=user.lang, tz=user.tz)
                text = budget._describe_alert(values)
                lines.append((budget, text))
                activities.append(
                    {
                        "activity_type_id": self.env.ref("mail.mail_activity_data_warning").id,
                        "automated": True,
                        "summary": text,
                        "date_deadline": fields.Date.context_today(budget),
                        "res_model_id": self.env["ir.model"]._get_id(self._name),
                        "res_id": budget.id,
                        "user_id": user.id,
                    }
                )
            self._mail_manager(user, lines)
        # the mail says it already
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(activities)

    def _describe_alert(self, values):
        """An alert in a sentence, in the language of ``self``."""
        self.ensure_one()
        if values["kind"] == FORECAST and self._exceeds_by_plan():
            return self.env._("%s: with what is planned ahead the budget is exceeded", self.name)
        if values["kind"] == FORECAST:
            return self.env._(
                "%(budget)s: at this pace the budget is exceeded before it ends on %(date)s",
                budget=self.name,
                date=fields.Date.to_string(self.last_day),
            )
        return self.env._(
            "%(budget)s: %(percent)s %% of the budget are used",
            budget=self.name,
            percent=round(values["used_percent"]),
        )

    def _mail_manager(self, user, lines):
        """Tell a user of budgets.

        :param list lines: of (budget, text)
        """
        budget = lines[0][0]
        items = Markup("").join(
            Markup('<li><a href="%s">%s</a></li>') % (f"{budget.get_base_url()}/odoo/time-budgets/{one.id}", text)
            for one, text in lines
        )
        self.env["mail.thread"].with_context(lang=user.lang).message_notify(
            partner_ids=user.partner_id.ids,
            subject=lines[0][1] if len(lines) == 1 else budget.env._("%s budgets need a look", len(lines)),
            body=Markup("<ul>%s</ul>") % items,
            model_description=budget.env._("time budget"),
            email_layout_xmlid="mail.mail_notification_light",
            **budget.company_id._timetrack_mail_author(),
        )
