from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.rates import Work

RATE_GROUP = "client_timetrack_billing.group_rate_viewer"
LEDGER_GROUP = "client_timetrack_billing.group_billing_user"

# Billing states of an entry that is on an invoice.
ON_INVOICE = ("draft", "billed")


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
        aggregator="avg",
        groups=RATE_GROUP,
        help="Untaxed price of one hour, frozen when the time was approved. Without a currency there is no rate yet.",
    )
    timetrack_rate_currency_id = fields.Many2one(
        "res.currency", string="Currency of the Rate", readonly=True, copy=False, groups=RATE_GROUP
    )
    timetrack_rate_id = fields.Many2one(
        "timetrack.rate",
        string="Why This Rate",
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
            ("draft", "On a Draft Invoice"),
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
        "WHERE timetrack_state = 'approved' AND project_id IS NOT NULL AND move_line_id IS NULL"
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
        for line in self:
            states = {row.state for row in line.timetrack_allocation_ids if row._is_live()}
            if not line.timetrack_state:
                line.timetrack_billing_state = False
            elif states:
                line.timetrack_billing_state = "draft" if "draft" in states else "billed"
            else:
                line.timetrack_billing_state = "unbilled" if line.timetrack_is_billable else "non_billable"

    # ------------------------------------------------------------------
    # Locks
    # ------------------------------------------------------------------

    def _timetrack_locked(self):
        """Time on an invoice is locked too."""
        invoiced = self.filtered(lambda line: line.timetrack_billing_state in ON_INVOICE)
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
        return principals

    @api.model
    def default_get(self, fields):
        """The link to the invoice follows the ledger: no default sets it."""
        values = super().default_get(fields)
        values.pop("timesheet_invoice_id", None)
        return values

    def _is_updatable_timesheet(self):
        return super()._is_updatable_timesheet() and not self._timetrack_is_locked()

    def _compute_so_line(self):
        return super(AccountAnalyticLine, self._timetrack_unlocked())._compute_so_line()

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
            self.sudo()._timetrack_internal().write(
                {"timetrack_rate": 0, "timetrack_rate_currency_id": False, "timetrack_rate_id": False}
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

        :param dict rates: per entry (by id) the values of its three rate fields
        """
        if not rates:
            return
        names = ["timetrack_rate", "timetrack_rate_currency_id", "timetrack_rate_id"]
        self.flush_recordset(names)
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_analytic_line line
                   SET timetrack_rate = frozen.rate,
                       timetrack_rate_currency_id = frozen.currency_id,
                       timetrack_rate_id = frozen.rate_id
                  FROM unnest(%s::int[], %s::numeric[], %s::int[], %s::int[]) frozen (id, rate, currency_id, rate_id)
                 WHERE line.id = frozen.id
                """,
                list(rates),
                *([values[name] for values in rates.values()] for name in names),
            )
        )
        self.invalidate_recordset(names, flush=False)

    def _timetrack_resolve_rates(self):
        """Find the rate of each entry in the card of its project or else of its company.

        The number of queries depends neither on the entries nor on the rules.

        :return: mapping of an entry's id to the values of its three rate fields (hourly rate, in the card's
            currency); entries without a fitting rule are missing
        """
        entries = self.sudo()
        # read at once what is asked for entry by entry below
        (entries.project_id.timetrack_rate_card_id | entries.company_id.timetrack_rate_card_id).mapped("company_id")
        cards = {line: line._timetrack_rate_card() for line in entries}
        tables = self.env["timetrack.rate.card"].sudo().union(*cards.values())._get_tables()
        result = {}
        for line, card in cards.items():
            rule = card and tables[card].resolve(line._timetrack_prepare_work())
            if rule:
                result[line.id] = {
                    "timetrack_rate": rule.rate,
                    "timetrack_rate_currency_id": card.currency_id.id,
                    "timetrack_rate_id": rule.id,
                }
        return result

    def _timetrack_rate_card(self):
        """The rate card of the entry: its project's, unless that is another company's, or its company's."""
        self.ensure_one()
        card = self.project_id.timetrack_rate_card_id
        if not card or card.company_id != self.company_id:
            card = self.company_id.timetrack_rate_card_id
        return card

    def _timetrack_prepare_work(self):
        """The entry as the rate engine wants it."""
        self.ensure_one()
        path = self.timetrack_activity_id.parent_path or ""
        return Work(
            date=self.date,
            project=self.project_id.id,
            client=self.timetrack_client_id.id or None,
            employee=self.employee_id.id or None,
            activities=tuple(int(key) for key in reversed(path.split("/")) if key),
        )

    def _timetrack_raise_no_rate(self):
        """Name the entries that have no rate, and what to do.

        :raise UserError: always, unless there are no entries
        """
        if not self:
            return
        line = self[0].sudo()
        card = line._timetrack_rate_card()
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
                project=line.project_id.name,
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
        """Domain of time that is on no invoice."""
        return Domain("timetrack_billing_state", "not in", list(ON_INVOICE))

    @api.model
    def _timetrack_billing_hours(self, domain, field):
        """Hours that are still to bill and hours that are on invoices, of the time in a domain.

        :param Domain domain: which time
        :param str field: the many2one field to sum by
        :return: two mappings of its records to hours: approved, billable and on no invoice; on an invoice
        """
        unbilled = self._timetrack_approved_domain() & Domain("timetrack_billing_state", "=", "unbilled")
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
        lost = entries - entries.filtered_domain(self._timetrack_to_bill_domain(entries.company_id))
        if lost:
            raise UserError(
                self.env._(
                    "Somebody else billed or changed this time a moment ago: %(entries)s.\nPlease start again.",
                    entries=lost._timetrack_describe(),
                )
            )

    def action_timetrack_view_invoice(self):
        """Open the invoice of the entry."""
        self.ensure_one()
        return self.timesheet_invoice_id.get_formview_action()
