from odoo import models
from odoo.fields import Command
from odoo.tools import format_datetime


class HrEmployee(models.Model):
    """The mail by which an employee is reminded of time."""

    _inherit = "hr.employee"

    def _timetrack_prepare_reminder(self, own, team, waiting, timer):
        """Values of the mail that tells an employee, in their language and time zone, what they are to do.

        :param list own: of (period, what it lacks)
        :param list team: of (period, what it lacks), of people whose line manager the employee is
        :param waiting: what waits for the employee's approval for too long, or None
        :param timer: ``timetrack.timer`` that may have been forgotten, or None
        :return: dict, or None where the employee has no address
        """
        self.ensure_one()
        user, company = self.user_id, self.company_id
        if not user.partner_id.email:
            return None
        period = self.env["timetrack.period"].with_context(lang=user.lang, tz=user.tz or self.tz)
        own = [one.with_env(period.env)._describe_short(lack) for one, lack in own]
        team = [(one.employee_id.name, one.with_env(period.env)._describe_short(lack)) for one, lack in team]
        values = {
            "name": self.name,
            "own": own,
            "team": team,
            "waiting": waiting,
            "waiting_hours": waiting and period._format_hours(waiting.hours, company),
            "timer_since": timer and format_datetime(period.env, timer.start, tz=period.env.context["tz"]),
            "url": self.get_base_url(),
        }
        body = period.env["ir.qweb"]._render("client_timetrack.timetrack_reminder_mail", values, minimal_qcontext=True)
        subject = period.env._("Please complete your time") if own or timer else period.env._("Time waits for you")
        return {
            "subject": subject,
            "body_html": period.env["mail.render.mixin"]._render_encapsulate(
                "mail.mail_notification_light",
                body,
                add_context={
                    "company": company,
                    "lang": user.lang,
                    "model_description": period.env._("time to complete or to approve"),
                },
                context_record=period,
            ),
            "auto_delete": True,
            "recipient_ids": [Command.link(user.partner_id.id)],
            **company._timetrack_mail_author(),
        }
