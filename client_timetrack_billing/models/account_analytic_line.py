from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.rates import Work
from .timetrack_allocation import LIVE

RATE_GROUP = "client_timetrack_billing.group_rate_viewer"
LEDGER_GROUP = "client_timetrack_billing.group_billing_user"

# Odoo's “Billed on Timesheets”.
BY_RATES = "billable_time"
# Billing states of an entry that is on an invoice, at least in part.
ON_INVOICE = ("draft", "partial", "billed")
# Billing states of an entry that nothing has been decided about.
FREE = ("unbilled", "non_billable")
# Billing states of time that is not billed, at least in part: its work in progress is in the ledger or in itself.
IN_PROGRESS = ("unbilled", "held", "prebill", "draft", "partial")


class AccountAnalyticLine(models.Model):
    """The price of a time entry and where it was billed.

    The rate is frozen when the entry is approved. What was billed is the ledger's to tell
    (``timetrack.allocation``); ``timetrack_billing_state`` and ``timesheet_invoice_id`` follow it.
    """

    _inherit = "account.analytic.line"

    timetrack_rate = fields.Monetary(
        "Hourly Rate",
        currency_field="timetrack_rate_currency_id",
        readonly=True,
        copy=False,
        # a mean of rates is not what an hour costs: see the blended rate of reports
        aggregator=None,
        groups=RATE_GROUP,
        help="Untaxed price of one hour, frozen when the time was approved. Without a currency there is no rate yet.",
    )
    timetrack_rate_currency_id = fields.Many2one(
        "res.currency", string="Currency of the Rate", readonly=True, copy=False, groups=RATE_GROUP
    )
    timetrack_rate_id = fields.Many2one(
        "timetrack.rate",
        string="Rule of the Rate",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=RATE_GROUP,
        help="The rule of the rate card that the rate came from.",
    )
    timetrack_allocation_ids = fields.One2many(
        "timetrack.allocation", "line_id", string="Ledger", readonly=True, groups=LEDGER_GROUP
    )
    timetrack_billing_state = fields.Selection(
        [
            ("non_billable", "Not Billable"),
            ("unbilled", "To Bill"),
            ("held", "On Hold"),
            ("prebill", "On a Pre-Bill"),
            ("draft", "On a Draft Invoice"),
            ("partial", "Billed in Part"),
            ("billed", "Billed"),
        ],
        string="Billing",
        compute="_compute_timetrack_billing_state",
        store=True,
        compute_sudo=True,
        copy=False,
        index="btree_not_null",
    )

    # What was delivered on an order is added up again whenever some of its time is approved.
    _timetrack_delivered_idx = models.Index(
        "(so_line) INCLUDE (product_uom_id, unit_amount) "
        "WHERE timetrack_state = 'approved' AND so_line IS NOT NULL AND project_id IS NOT NULL AND move_line_id IS NULL"
    )

    @api.depends(
        lambda self: (
            "timetrack_is_billable",
            "timetrack_allocation_ids.state",
            "timetrack_allocation_ids.reversed_id",
            # what makes the line an entry; its steps through approval change nothing here
            "project_id",
            *self._timetrack_leave_fields(),
        )
    )
    def _compute_timetrack_billing_state(self):
        states = {line: state for state, _move, lines in self._origin._timetrack_get_places() for line in lines.ids}
        groups = self.grouped(lambda line: states.get(line._origin.id) or line._timetrack_get_free_state())
        for state, lines in groups.items():
            lines.timetrack_billing_state = state

    def _timetrack_get_free_state(self):
        """The billing state of an entry that is nowhere in the ledger."""
        self.ensure_one()
        if not self.timetrack_state:
            return False
        return "unbilled" if self.timetrack_is_billable else "non_billable"

    def _timetrack_get_places(self):
        """Where the entries are that the ledger has, in one query.

        :return: list of billing state, id of the invoice (or None) and the entries that have these
        """
        if not self.ids:
            return []
        self.env["timetrack.allocation"].flush_model(["line_id", "move_id", "state", "reversed_id"])
        query = SQL(
            """
            SELECT states, move_id, array_agg(line_id ORDER BY line_id)
              FROM (
                  SELECT line_id, array_agg(DISTINCT state) AS states,
                         (array_agg(move_id ORDER BY id DESC)
                             FILTER (WHERE move_id IS NOT NULL AND state IN ('draft', 'posted')))[1] AS move_id
                    FROM timetrack_allocation
                   WHERE line_id = ANY(%s) AND reversed_id IS NULL AND state = ANY(%s)
                GROUP BY line_id
              ) place
          GROUP BY states, move_id
            """,
            self.ids,
            list(LIVE),
        )
        return [
            (self._timetrack_sum_up_states(set(states)), move, self.browse(ids))
            for states, move, ids in self.env.execute_query(query)
        ]

    def _timetrack_follow_ledger(self, places=None):
        """Write the billing state of the entries, and the invoice of their live row, as Odoo's own screens expect it.

        The number of statements is that of the invoices and states, not that of the entries.

        :param list places: where all the entries are, as of :meth:`_timetrack_get_places`, if the caller knows
        """
        entries = self.sudo()
        billing_state = self._fields["timetrack_billing_state"]
        # the ledger has just made it pending; everything else that is pending has to be done first
        self.env.remove_to_compute(billing_state, entries)
        entries.flush_recordset()
        free = entries.browse()
        if places is None:
            places = entries._timetrack_get_places()
            free = entries - free.union(*(lines for _state, _move, lines in places))
        for state, lines in free.grouped(lambda line: line._timetrack_get_free_state()).items():
            places.append((state, None, lines))
        changed, linked, unlinked = [], [], []
        for state, move, lines in places:
            rows = self.env.execute_query(
                SQL(
                    """
                    UPDATE account_analytic_line line
                       SET timetrack_billing_state = %(state)s, timesheet_invoice_id = %(move)s,
                           write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                      FROM account_analytic_line old
                     WHERE line.id = ANY(%(ids)s) AND old.id = line.id
                       AND (line.timetrack_billing_state IS DISTINCT FROM %(state)s
                            OR line.timesheet_invoice_id IS DISTINCT FROM %(move)s)
                 RETURNING line.id, old.timesheet_invoice_id
                    """,
                    state=state or None,
                    move=move,
                    uid=self.env.uid,
                    ids=lines.ids,
                )
            )
            changed += [line for line, _before in rows]
            (linked if move else unlinked).extend(line for line, before in rows if before != move)
        linked, unlinked = entries.browse(linked), entries.browse(unlinked)
        unlinked.modified(["timesheet_invoice_id"], before=True)
        names = ["timetrack_billing_state", "timesheet_invoice_id", "write_uid", "write_date"]
        entries.browse(changed).invalidate_recordset(names, flush=False)
        self.env["account.move"].invalidate_model(["timesheet_ids"], flush=False)
        for state, move, lines in places:
            # where it is computed once more, nothing changes and nothing is written
            billing_state._insert_cache(lines, [state or None] * len(lines))
            self._fields["timesheet_invoice_id"]._insert_cache(lines, [move] * len(lines))
        entries.browse(changed).modified(["timetrack_billing_state"])
        unlinked.modified(["timesheet_invoice_id"])
        with linked._timetrack_keep_computed():
            linked.modified(["timesheet_invoice_id"])

    def _timetrack_keep_computed(self):
        """A context in which the entries keep what was computed for them: when time goes on an invoice, Odoo marks its
        project for anew, and with it all that follows from it, but finds these of time without an invoice only."""
        return self.env.protecting([field for field in self._fields.values() if field.store and field.compute], self)

    @api.model
    def _timetrack_sum_up_states(self, states):
        """The billing state of an entry from those of its live ledger rows (a set that is not empty)."""
        if "draft" in states:
            return "draft"
        if "posted" in states:
            return "billed" if states == {"posted"} else "partial"
        return "prebill" if "prebill" in states else "held"

    def _compute_timetrack_is_billable(self):
        """Time of an engagement that is not billed is not billable."""
        result = super()._compute_timetrack_is_billable()
        lines = self._timetrack_unlocked()
        if lines.project_id:
            engagements = self.env["timetrack.engagement"]._get_by_project(lines.project_id)
            free = {project for project, engagement in engagements.items() if engagement.billing_method == "none"}
            lines.filtered(lambda line: line.project_id in free).timetrack_is_billable = False
        return result

    # ------------------------------------------------------------------
    # Locks
    # ------------------------------------------------------------------

    def _timetrack_locked(self):
        """Time that is billed, or about to be, is locked too."""
        invoiced = self.filtered(lambda line: line.timetrack_billing_state not in (*FREE, False))
        return super()._timetrack_locked() | invoiced.filtered(lambda line: line._timetrack_follows_ledger())

    def _timetrack_follows_ledger(self):
        """Whether the ledger decides about the entry. Time of a sales order in a company that does without approval
        stays with the rules of Odoo: the ledger only watches."""
        self.ensure_one()
        return self.company_id.sudo().timetrack_approval_required or not self.sudo().so_line

    @api.model
    def _timetrack_protected_fields(self):
        return super()._timetrack_protected_fields() | {
            "timetrack_rate",
            "timetrack_rate_currency_id",
            "timetrack_rate_id",
            "timetrack_surcharge",
            "timetrack_allocation_ids",
            "timetrack_billing_state",
        }

    @api.model
    def _timetrack_unlocked_fields(self):
        """Sales orders link their time to invoices after it was approved."""
        return super()._timetrack_unlocked_fields() | {"timesheet_invoice_id"}

    def _timetrack_check_protected(self, names):
        """The link to the invoice follows the ledger; only Odoo's own code (in sudo) and ours may set it."""
        if "timesheet_invoice_id" in names and not (self.env.su or self._timetrack_is_internal()):
            raise AccessError(self.env._("Time is linked to its invoice by invoicing it, not by hand."))
        return super()._timetrack_check_protected(names)

    def _timetrack_check_step(self, action):
        principals = super()._timetrack_check_step(action)
        if action != "reopen":
            return principals
        self.invalidate_recordset(["timetrack_billing_state"], flush=False)
        billed = self.filtered(lambda line: line.timetrack_billing_state in ON_INVOICE)
        if billed:
            raise UserError(
                self.env._(
                    "Time that is on an invoice cannot be reopened: %(entries)s.\n"
                    "Delete the draft invoice or credit the posted one first.",
                    entries=billed._timetrack_describe(),
                )
            )
        proposed = self.filtered(lambda line: line.timetrack_billing_state == "prebill")
        if proposed:
            rows = proposed.sudo().timetrack_allocation_ids.filtered(lambda row: row.state == "prebill")
            raise UserError(
                self.env._(
                    "Time that is on a pre-bill cannot be reopened: %(entries)s.\nTake it off %(prebills)s first.",
                    entries=proposed._timetrack_describe(),
                    prebills=", ".join(rows.prebill_id.mapped("name")),
                )
            )
        return principals

    @api.model
    def default_get(self, fields):
        """The link to the invoice follows the ledger: no default sets it."""
        values = super().default_get(fields)
        values.pop("timesheet_invoice_id", None)
        return values

    def _is_updatable_timesheet(self):
        # what the addon below says, once more: ``sale_timesheet``, which is between them, asks nobody else
        return super()._is_updatable_timesheet() and not self._timetrack_is_locked()

    def _compute_so_line(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_so_line()

    def write(self, vals):
        """Orders link thousands of entries to their invoice at once: nothing else changes of them."""
        if vals.keys() == {"timesheet_invoice_id"}:
            move = self.env["account.move"].browse(vals["timesheet_invoice_id"])
            if move and move.sudo().state != "cancel":
                with self._timetrack_keep_computed():
                    return super().write(vals)
        return super().write(vals)

    def unlink(self):
        """Where Odoo lets time of a draft invoice go (companies without approval), its ledger rows go first."""
        self.check_access("unlink")
        rows = self.sudo().timetrack_allocation_ids.filtered(lambda row: row.state == "draft" and row._is_live())
        rows.filtered(lambda row: not row.line_id._timetrack_is_locked())._release()
        return super().unlink()

    # ------------------------------------------------------------------
    # Rates
    # ------------------------------------------------------------------

    def _timetrack_after_transition(self, action):
        if action == "approve":
            self._timetrack_freeze_rates()
        elif action == "reopen":
            # what was held waits no longer
            held = self.sudo().timetrack_allocation_ids.filtered(lambda row: row.state == "held")
            held._set_state("cancelled")
            self.sudo()._timetrack_internal().write(
                {
                    "timetrack_rate": 0,
                    "timetrack_rate_currency_id": False,
                    "timetrack_rate_id": False,
                    "timetrack_surcharge": 0,
                }
            )
        if action in ("approve", "reopen"):
            self.sudo().so_line._timetrack_recount_delivered()
        return super()._timetrack_after_transition(action)

    @api.model
    def _timetrack_migrate_approve(self, where):
        ids = super()._timetrack_migrate_approve(where)
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT so_line FROM account_analytic_line WHERE id = ANY(%s) AND so_line IS NOT NULL", ids)
        )
        self.env["sale.order.line"].sudo().browse(row[0] for row in rows)._timetrack_recount_delivered()
        return ids

    def _timetrack_freeze_rates(self):
        """Keep today's answer to "which rate applies" on the entries that have none yet.

        Entries without a fitting rate stay without; invoicing asks again and then says what is missing.
        """
        entries = self.sudo().filtered(lambda line: not line.timetrack_rate_currency_id)
        entries._timetrack_store_rates(entries._timetrack_resolve_rates())

    def _timetrack_store_rates(self, rates):
        """Write the rates in one statement: there may be as many different ones as entries.

        :param dict rates: per entry (by id) the values of its rate fields
        """
        if not rates:
            return
        names = ["timetrack_rate", "timetrack_rate_currency_id", "timetrack_rate_id", "timetrack_surcharge"]
        self.flush_recordset([*names, "timesheet_invoice_type"])
        # what follows from it is written at once: the ORM would write it entry by entry
        billable = self.filtered(lambda line: line.timesheet_invoice_type != BY_RATES)._timetrack_filter_by_rates()
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_analytic_line line
                   SET timetrack_rate = frozen.rate,
                       timetrack_rate_currency_id = frozen.currency_id,
                       timetrack_rate_id = frozen.rate_id,
                       timetrack_surcharge = frozen.surcharge,
                       timesheet_invoice_type =
                           CASE WHEN line.id = ANY(%s) THEN %s ELSE line.timesheet_invoice_type END
                  FROM unnest(%s::int[], %s::numeric[], %s::int[], %s::int[], %s::float8[])
                       AS frozen (id, rate, currency_id, rate_id, surcharge)
                 WHERE line.id = frozen.id
                """,
                billable.ids,
                BY_RATES,
                list(rates),
                *([values[name] for values in rates.values()] for name in names),
            )
        )
        self.invalidate_recordset([*names, "timesheet_invoice_type", "timetrack_rate_reason"], flush=False)
        billable.modified(["timesheet_invoice_type"])

    def _timetrack_resolve_rates(self, project=None):
        """Find the rate of each entry in the card of its project or else of its company.

        The number of queries depends neither on the entries nor on the rules.

        :param project: resolve as if the entries were of this project, and of no task
        :return: mapping of an entry's id to the values of its rate fields (hourly rate and surcharge, in the
            card's currency); entries without a fitting rule are missing
        """
        entries = self.sudo()
        # read at once what is asked for entry by entry below
        (entries.project_id.timetrack_rate_card_id | entries.company_id.timetrack_rate_card_id).mapped("company_id")
        cards = {line: line._timetrack_rate_card(project) for line in entries}
        tables = self.env["timetrack.rate.card"].sudo().union(*cards.values())._get_tables()
        jobs = entries._timetrack_get_jobs()
        tasks = {} if project else entries.task_id._timetrack_get_paths()
        surcharges = entries._timetrack_get_surcharges(cards)
        result = {}
        for line, card in cards.items():
            work = line._timetrack_prepare_work()._replace(job=jobs[line], tasks=tasks.get(line.task_id.id, ()))
            if project:
                client = project.sudo().partner_id.commercial_partner_id
                work = work._replace(project=project.id, client=client.id or None)
            rule = card and tables[card].resolve(work)
            if rule:
                percent = surcharges.get(line, 0.0)
                result[line.id] = {
                    "timetrack_rate": card.currency_id.round(rule.rate * (1 + percent / 100)),
                    "timetrack_rate_currency_id": card.currency_id.id,
                    "timetrack_rate_id": rule.id,
                    "timetrack_surcharge": percent,
                }
        return result

    def _timetrack_rate_card(self, project=None):
        """The rate card of the entry: its project's, unless that is another company's, or its company's.

        :param project: the project instead of the entry's own
        """
        self.ensure_one()
        card = (project or self.project_id).sudo().timetrack_rate_card_id
        if not card or card.company_id != self.company_id:
            card = self.company_id.timetrack_rate_card_id
        return card

    def _timetrack_get_jobs(self):
        """The job that the employee of each entry has on its day: dict of entry to id or None. Two queries."""
        versions = (
            self.env["hr.version"]
            .sudo()
            .search_fetch(
                [("employee_id", "in", self.employee_id.ids)],
                ["employee_id", "date_version", "job_id"],
                order="date_version",
            )
        )
        by_employee = versions.grouped("employee_id")
        jobs = {}
        for line in self:
            own = by_employee.get(line.employee_id, versions.browse())
            # who has time from before their first version had its job then
            begun = [version for version in own if version.date_version <= line.date] or own[:1]
            jobs[line] = begun[-1].job_id.id or None if begun else None
        return jobs

    def _timetrack_get_activity_path(self):
        """The service type of the entry and those that it is part of, itself first: tuple of ids."""
        path = self.timetrack_activity_id.parent_path or ""
        return tuple(int(key) for key in reversed(path.split("/")) if key)

    def _timetrack_prepare_work(self):
        """The entry as the rate engine wants it, but for its job and its tasks."""
        self.ensure_one()
        return Work(
            date=self.date,
            project=self.project_id.id,
            client=self.timetrack_client_id.id or None,
            employee=self.employee_id.id or None,
            activities=self._timetrack_get_activity_path(),
        )

    def _timetrack_raise_no_rate(self, project=None):
        """Name the entries that have no rate, and what to do.

        :param project: where they have none; their own without
        :raise UserError: always, unless there are no entries
        """
        if not self:
            return
        line = self[0].sudo()
        card = line._timetrack_rate_card(project)
        hint = (
            self.env._("Add a rate that fits to the rate card “%(card)s”.", card=card.name)
            if card
            else self.env._("Choose a rate card on the project or in the settings of Timesheets.")
        )
        raise UserError(
            self.env._(
                "There is no hourly rate for %(employee)s on the project %(project)s on %(date)s.\n%(hint)s\n"
                "Time without a rate: %(entries)s.",
                employee=line.employee_id.name,
                project=(project or line.project_id).sudo().name,
                date=fields.Date.to_string(line.date),
                hint=hint,
                entries=self._timetrack_describe(),
            )
        )

    # ------------------------------------------------------------------
    # What may be billed
    # ------------------------------------------------------------------

    @api.model
    def _timetrack_order_domain(self):
        """Domain of time that a sales order may bill: it counts, and is on no invoice.

        Companies without approval keep the behaviour of Odoo.
        """
        approved = Domain("timetrack_state", "=", "approved") & self._timetrack_free_domain()
        return self._timetrack_exempt_domain() | approved

    @api.model
    def _timetrack_to_bill_domain(self, companies):
        """Domain of time that may be invoiced by its rates. Time of sales orders is left to the orders."""
        return Domain.AND(
            [
                self._timetrack_approved_domain(),
                Domain("company_id", "in", companies.ids),
                Domain("project_id", "!=", False),
                self.env["timetrack.engagement"]._by_rates_domain(),
                Domain("timetrack_billing_state", "=", "unbilled"),
                Domain("so_line", "=", False),
                Domain("timesheet_invoice_id", "=", False)
                | (
                    Domain("timesheet_invoice_id.state", "=", "cancel")
                    & Domain("timesheet_invoice_id.payment_state", "!=", "invoicing_legacy")
                ),
            ]
        )

    @api.model
    def _timetrack_free_domain(self):
        """Domain of time that is on no invoice, and on no pre-bill either."""
        return Domain("timetrack_billing_state", "in", list(FREE))

    @api.model
    def _timetrack_billing_hours(self, domain, field):
        """Hours that are still to bill and hours that are on invoices, of the time in a domain.

        :param Domain domain: which time
        :param str field: the many2one field to sum by
        :return: two mappings of its records to hours: approved, billable and on no invoice; on an invoice
        """
        waiting = [state for state in IN_PROGRESS if state not in ON_INVOICE]
        unbilled = self._timetrack_approved_domain() & Domain("timetrack_billing_state", "in", waiting)
        billed = Domain("timetrack_billing_state", "in", list(ON_INVOICE))
        return tuple(
            dict(self._read_group(domain & state, [field], ["unit_amount:sum"])) for state in (unbilled, billed)
        )

    def _timetrack_claim(self):
        """Lock the entries in the order of their ids and make sure that they may (still) be billed.

        :raise UserError: an entry is on an invoice, or no longer approved
        """
        self._timetrack_lock_rows()
        self.invalidate_recordset(["timetrack_billing_state", "timesheet_invoice_id"], flush=False)
        entries = self.sudo()
        entries.flush_recordset()
        domain = self._timetrack_to_bill_domain(entries.company_id) & Domain("id", "in", self.ids)
        lost = entries - entries.search(domain, order="id")
        if lost:
            raise UserError(
                self.env._(
                    "Somebody else billed or changed this time a moment ago: %(entries)s.\nPlease start again.",
                    entries=lost._timetrack_describe(),
                )
            )
