from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL, split_every

from ..engine.approval import APPROVED, REJECTED, SUBMITTED

ACTIVITY_TYPE = "client_timetrack.mail_activity_type_timetrack_approve"
# Employees that one transaction of the scheduled action writes to.
BATCH_DIGESTS = 50
# How long a step may take until it is committed: decisions as old as this are looked for once more.
LONGEST_STEP = timedelta(hours=1)
# How far the first run looks back.
FIRST_LOOK = timedelta(days=1)


class TimetrackPeriod(models.Model):
    """Whom a period tells what: approvers that time waits for them, employees what was decided.

    How it works: steps of entries only wake up the scheduled action ``_cron_notify``. It compares what waits for whom
    with the activities that there are, makes those that are missing and removes those that nothing stands behind any
    more. It looks at everything and remembers nothing, so that a run may fail or come late.

    Employees get one mail a period, when nothing of it waits any more and something was decided since the last one.
    """

    _inherit = "timetrack.period"

    decided_on = fields.Datetime("Last Decision", readonly=True, copy=False)
    digest_date = fields.Datetime(
        "Told Until", readonly=True, copy=False, help="Decisions up to then were told to the employee by mail."
    )

    @api.model
    def _cron_notify(self):
        """Bring activities up to date and send what employees are to be told."""
        self = self.sudo()
        cron = self.env["ir.cron"]
        self._refresh_activities()
        self._collect_decisions()
        due = self._get_digests_due()
        cron._commit_progress(remaining=len(due))
        for ids in split_every(BATCH_DIGESTS, due.ids):
            batch = self.browse(ids)
            batch._send_digests()
            if not cron._commit_progress(len(batch)):
                break

    # ------------------------------------------------------------------
    # Approvers: one activity for each period
    # ------------------------------------------------------------------

    @api.model
    def _refresh_activities(self):
        """Make the activities of approvers what they should be: one for each period with time that waits for them."""
        wanted = self._get_waiting()
        activities = (
            self.env["mail.activity"]
            .sudo()
            .with_context(active_test=False)
            .search_fetch(self._activity_domain(), ["res_id", "user_id", "active"], order="active desc, id")
        )
        kept, obsolete_ids = set(), []
        for activity in activities:
            key = (activity.res_id, activity.user_id.id)
            if activity.active and (key in kept or key not in wanted):
                obsolete_ids.append(activity.id)
            kept.add(key)
        activities.browse(obsolete_ids).unlink()
        by_user = defaultdict(list)
        for period_id, user_id in sorted(wanted - kept):
            by_user[user_id].append(period_id)
        self._create_activities(by_user)

    @api.model
    def _activity_domain(self):
        """Domain of the activities that ask approvers to decide.

        Those that somebody marked as done today are among them: while the time still waits, people are asked again,
        but not before tomorrow.
        """
        today = fields.Date.context_today(self)
        return (
            Domain("res_model", "=", self._name)
            & Domain("activity_type_id", "=", self._get_activity_type_id())
            & (Domain("active", "=", True) | Domain("date_done", ">=", today))
        )

    @api.model
    def _get_activity_type_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY_TYPE)

    @api.model
    def _get_waiting(self):
        """Whom which period waits for: set of (period id, user id).

        Clients are told by the portal, not here.
        """
        Line = self.env["account.analytic.line"].sudo().with_context(active_test=False)
        entries = Line.search_fetch(
            Line._timetrack_entry_domain() & Domain("timetrack_state", "=", SUBMITTED),
            ["employee_id", "project_id", "date", "timetrack_step_id", "company_id"],
        )
        self._ensure_days({(line.employee_id.id, line.date) for line in entries})
        period_of = self._get_period_of(entries)
        periods = self.browse(set(period_of.values())).grouped("id")
        waiting = set()
        for line, users in self._get_asked(entries).items():
            period = periods[period_of[line]]
            waiting.update((period.id, user.id) for user in users if period.company_id in user.company_ids)
        return waiting

    @api.model
    def _get_period_of(self, entries):
        """The period of each entry: dict of entry to period id."""
        self.env["account.analytic.line"].flush_model(["employee_id", "date"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id, period.id
                  FROM account_analytic_line line
                  JOIN timetrack_period period ON %(entry_of_period)s
                 WHERE line.id = ANY(%(ids)s)
                """,
                entry_of_period=self._entry_of_period(SQL.identifier("line"), SQL.identifier("period")),
                ids=list(entries.ids),
            )
        )
        return {entries.browse(line_id): period_id for line_id, period_id in rows}

    @api.model
    def _get_asked(self, entries):
        """The people of the firm who are asked to decide on submitted entries (in sudo).

        These are the takers of the step. Where line manager or project manager decides, only the line manager is
        asked, if there is one: nobody needs to hear twice of what one of them does. Where a step names nobody, the
        timesheet administrators are asked, so that no time is forgotten. Those who approve in the place of one of
        them today are asked as well. Clients are told by the portal, not here.

        :return: dict of entry to ``res.users``
        """
        administrators = self.env.ref("hr_timesheet.group_timesheet_manager").sudo().all_user_ids
        delegates = self._get_delegates()
        takers = {}
        for step, lines in entries.grouped("timetrack_step_id").items():
            takers.update(step._get_takers(lines) if step.kind != "client" else {})
        asked = {}
        places = entries.grouped(
            lambda line: (line.timetrack_step_id, line.employee_id, line.project_id, line.company_id)
        )
        for (step, employee, _project, company), lines in places.items():
            if step.kind == "client":
                continue
            users = takers[lines[0]]
            if step.kind in (False, "any"):
                users = (users & step._get_line_manager(employee)) or users
            users = self._filter_askable(users, company)
            users = users or self._filter_askable(administrators - employee.user_id, company)
            substitutes = users.union(*(delegates.get(user, users) for user in users)) - employee.user_id
            asked.update(dict.fromkeys(lines, users | self._filter_askable(substitutes, company)))
        return asked

    @api.model
    def _filter_askable(self, users, company):
        """Those of the users who work in a company."""
        return users.filtered(lambda user: user.active and not user.share and company in user.company_ids)

    @api.model
    def _get_delegates(self):
        """Who approves today in whose place: dict of user to the users who do."""
        today = fields.Date.context_today(self)
        delegations = (
            self.env["timetrack.delegation"]
            .sudo()
            .search(Domain("date_from", "<=", today) & Domain("date_to", ">=", today))
        )
        return {user: group.delegate_id for user, group in delegations.grouped("user_id").items()}

    @api.model
    def _create_activities(self, by_user):
        """Ask users to decide on periods, and tell each of them by one mail.

        :param dict by_user: period ids by user id
        """
        users = self.env["res.users"].sudo().browse(by_user)
        values = []
        for user in users:
            for period in self.sudo().with_context(lang=user.lang).browse(by_user[user.id]):
                values.append(period._prepare_activity(user))
        # Odoo's own mail for an activity has no link to the page of the decision.
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(values)
        for user in users:
            self.sudo().with_context(lang=user.lang).browse(by_user[user.id])._mail_approver(user)

    def _prepare_activity(self, user):
        """Values of the activity that asks a user to decide on the period; texts are in the language of ``self``."""
        today = fields.Date.context_today(self.with_context(tz=user.tz))
        return {
            "activity_type_id": self._get_activity_type_id(),
            "automated": True,
            "summary": self.env._(
                "Approve time of %(employee)s, %(period)s", employee=self.employee_id.name, period=self.label
            ),
            "date_deadline": max(self.deadline, today),
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": user.id,
        }

    def _mail_approver(self, user):
        """Tell a user which periods wait, with links to the page where to decide (see the controller)."""
        body = self.env["ir.qweb"]._render(
            "client_timetrack.timetrack_period_mail_approver",
            {"periods": self, "user": user, "hours": self._get_pending_hours(user)},
            minimal_qcontext=True,
        )
        if len(self) == 1:
            subject = self.env._("Time of %s waits for your approval", self.display_name)
        else:
            subject = self.env._("%s timesheets wait for your approval", len(self))
        self.env["mail.thread"].with_context(lang=self.env.lang).message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body,
            model_description=self.env._("time to approve"),
            email_layout_xmlid="mail.mail_notification_light",
            **self.company_id[:1]._timetrack_mail_author(),
        )

    def _get_pending_hours(self, user):
        """What waits for a user in each period, as text: dict of period id to text."""
        periods = self.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        entries = periods._get_entries(periods.env["account.analytic.line"]._timetrack_pending_domain())
        return {
            period.id: period._format_hours(sum(entries[period.id].mapped("unit_amount")), period.company_id)
            for period in self
        }

    def _get_decision_url(self):
        """Address of the page on which an approver decides."""
        self.ensure_one()
        return f"{self.get_base_url()}/timetrack/period/{self.id}"

    # ------------------------------------------------------------------
    # Employees: one mail for each period that is decided
    # ------------------------------------------------------------------

    @api.model
    def _collect_decisions(self):
        """Note on the periods when something of them was last decided, from the trail."""
        [(last,)] = self.env.execute_query(SQL("SELECT max(decided_on) FROM timetrack_period"))
        now = fields.Datetime.now()
        # The clock may have been wrong once.
        since = min(last, now) - LONGEST_STEP if last else now - FIRST_LOOK
        decisions = self._decisions_sql(SQL("event.date >= %s", since))
        days = self.env.execute_query(SQL("SELECT DISTINCT employee_id, day FROM (%s) decision", decisions))
        self._ensure_days(days)
        self.flush_model(["decided_on"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE timetrack_period period
                   SET decided_on = latest.date
                  FROM (
                        SELECT period.id, max(decision.date) AS date
                          FROM (%(decisions)s) decision
                          JOIN timetrack_period period
                            ON period.employee_id = decision.employee_id
                           AND decision.day BETWEEN period.date_from AND period.date_to
                      GROUP BY period.id
                       ) latest
                 WHERE latest.id = period.id AND (period.decided_on IS NULL OR period.decided_on < latest.date)
                """,
                decisions=decisions,
            )
        )
        self.invalidate_model(["decided_on"], flush=False)

    @api.model
    def _decisions_sql(self, condition):
        """Decisions on entries: by somebody else, and the last word for the time being.

        Time that its policy approved by itself is no news to the employee.

        :param SQL condition: on ``event``
        """
        self.env["timetrack.approval.event"].flush_model()
        self.env["account.analytic.line"].flush_model()
        return SQL(
            """
            SELECT line.id AS line_id, line.employee_id, line.date AS day, event.date, event.state_to
              FROM timetrack_approval_event event
              JOIN account_analytic_line line ON line.id = event.line_id
             WHERE event.action IN ('approve', 'reject')
               AND event.state_to IN ('approved', 'rejected')
               AND %(condition)s
               AND event.user_id IS DISTINCT FROM line.user_id
               AND line.employee_id IS NOT NULL
            """,
            condition=condition,
        )

    @api.model
    def _get_digests_due(self):
        """The periods of which nothing waits any more, while there are decisions that the employee was not told."""
        undecided = self._state_waits_domain()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM timetrack_period
                 WHERE decided_on IS NOT NULL AND (digest_date IS NULL OR digest_date < decided_on)
                """
            )
        )
        return self.search(Domain("id", "in", [period_id for (period_id,) in rows]) & ~undecided)

    @api.model
    def _state_waits_domain(self):
        """Domain of the periods of which something waits for a decision."""
        Line = self.env["account.analytic.line"].sudo()
        return self._few_entries_domain(Line, Domain("timetrack_state", "=", SUBMITTED))

    def _send_digests(self):
        """Tell the employees what was decided since they were last told; those who left are told nothing."""
        decided = self._get_decided_entries()
        mails = []
        for period in self:
            email_to = period._get_digest_address()
            approved, rejected = decided[period.id]
            if email_to and (approved or rejected):
                mails.append(period._prepare_digest(approved, rejected, email_to))
            period.digest_date = period.decided_on
        if mails:
            self.env["mail.mail"].sudo().create(mails)
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _get_decided_entries(self):
        """Entries decided since the employee was last told, by what became of them.

        :return: dict of period id to a pair of recordsets: approved, sent back
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT period.id, decision.state_to, array_agg(DISTINCT decision.line_id)
                  FROM (%(decisions)s) decision
                  JOIN account_analytic_line line ON line.id = decision.line_id
                  JOIN timetrack_period period ON %(entry_of_period)s
                 WHERE period.id = ANY(%(ids)s)
                   AND line.timetrack_state = decision.state_to
                   AND (period.digest_date IS NULL OR period.digest_date < decision.date)
              GROUP BY period.id, decision.state_to
                """,
                decisions=self._decisions_sql(SQL("TRUE")),
                entry_of_period=self._entry_of_period(SQL.identifier("line"), SQL.identifier("period")),
                ids=list(self.ids),
            )
        )
        Line = self.env["account.analytic.line"].sudo()
        lines = {(period_id, state): ids for period_id, state, ids in rows}
        everything = [line_id for ids in lines.values() for line_id in ids]

        def entries(period, state):
            found = Line.browse(lines.get((period.id, state), ())).with_prefetch(everything)
            return found.sorted(lambda line: (line.date, line.id))

        return {period.id: (entries(period, APPROVED), entries(period, REJECTED)) for period in self}

    def _get_digest_address(self):
        """Values of ``mail.mail`` that say where the employee gets mail; empty for those who left or have none."""
        self.ensure_one()
        employee = self.employee_id
        if not employee.active:
            return {}
        if employee.user_id.active and employee.user_id.partner_id.email:
            return {"recipient_ids": [Command.link(employee.user_id.partner_id.id)]}
        return {"email_to": employee.work_email} if employee.work_email else {}

    def _prepare_digest(self, approved, rejected, address):
        """Values of the mail that tells the employee what was decided, in the employee's language.

        It is no message of the period: a project manager who reads these may not know the time on other projects.

        :param approved: entries
        :param rejected: entries sent back, with their reasons
        :param dict address: of ``_get_digest_address``
        """
        company = self.company_id
        lang = self.employee_id.user_id.lang or company.partner_id.lang or self.env.lang
        self = self.with_context(lang=lang)
        values = {
            "period": self,
            "approved_text": self._format_hours(sum(approved.mapped("unit_amount")), company),
            "rejected_text": self._format_hours(sum(rejected.mapped("unit_amount")), company),
            "approved": approved,
            "rejected": rejected.with_context(lang=lang),
            "hours": {line.id: self._format_hours(line.unit_amount, company) for line in rejected},
            "has_user": self.employee_id.user_id.active,
            "url": f"{self.get_base_url()}/odoo/my-timesheet-periods/{self.id}",
        }
        body = self.env["ir.qweb"]._render(
            "client_timetrack.timetrack_period_mail_employee", values, minimal_qcontext=True
        )
        layout = {"company": company, "lang": lang}
        if rejected:
            subject = self.env._("Your time of %(period)s: please look at what was sent back", period=self.label)
        else:
            subject = self.env._("Your time of %(period)s was approved", period=self.label)
        return {
            "subject": subject,
            "body_html": self.env["mail.render.mixin"]._render_encapsulate(
                "mail.mail_notification_light", body, add_context=layout, context_record=self
            ),
            "auto_delete": True,
            **company._timetrack_mail_author(),
            **address,
        }
