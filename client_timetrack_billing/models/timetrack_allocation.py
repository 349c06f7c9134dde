from collections import namedtuple
from decimal import Decimal
from functools import cache
from math import fsum

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, float_compare

from odoo.addons.client_timetrack.engine.allocation import spread, to_decimal, unit_of

from ..engine.pricing import INCLUDED

# What the rows of an invoice line or of its credit note were made for.
KIND_SELECTION = [
    ("time", "Time"),
    ("adjustment", "Adjustment"),
    ("manual", "Changed by Hand"),
    ("prepaid", "Prepaid"),
    ("instalment", "Instalment"),
    ("deposit", "Deposit"),
    ("drawdown", "Draw-Down"),
    ("expense", "Expense"),
]

# What the counter row of a credit note takes back.
AMOUNTS = (
    "hours_worked", "hours_rounded", "hours_billed", "standard_value", "billed_amount", "adjustment", "cost_quantity",
    "cost_amount",
)  # fmt: skip
# States in which a row occupies its part of an entry.
LIVE = ("held", "prebill", "draft", "posted")
# It has an instalment on a pre-bill or an invoice.
TAKEN = ("prebill", "draft", "posted")
# It proposes a cost, which is on no invoice.
PROPOSED = ("held", "prebill")
# Values of empty columns that stand for something.
EMPTY = {"boolean": False, "float": 0.0, "monetary": 0.0, "integer": 0}
# What becomes of time that a planned credit note takes back: values of ``effect``.
REBILL, CONCEDE, WRITE_OFF = "rebill", "concede", "write_off"
# It stays billed, for less: a concession lowers what billing brings in, a write-off what is collected of it.
GIVEN_UP = (CONCEDE, WRITE_OFF)


@cache
def _get_values_class(names):
    return namedtuple("Values", names)


class TimetrackAllocation(models.Model):
    """The billing ledger: which time, in hours and money, is on which pre-bill and invoice line.

    How it works: a row is made when time is put on a pre-bill or a draft invoice, follows the invoice (draft, posted),
    and ends as cancelled (the invoice was cancelled or deleted) or credited (a credit note has taken all of it back;
    the signed counter row of the credit note names it in ``reversed_id``). Rows are never deleted, and nobody writes
    them but the methods of this model, which also keep ``timesheet_invoice_id`` of the entries in step; people change
    the lines of open pre-bills, as ``timetrack_allocation_prebill.py`` says.

    What always holds, and :meth:`_check_invoice_balance` checks at posting: the billed amounts of the rows of an
    invoice line sum to its untaxed subtotal to the cent. What no entry explains is a row without an entry.
    One entry (part) has at most one live row of time, which a unique index enforces; an adjustment that the client sees
    on a line of its own is a second row. The live rows of an entry, if it has any, cover all its hours: a part that is
    given back while another one is billed waits in a row without pre-bill.
    """

    _name = "timetrack.allocation"
    _inherit = ["timetrack.internal.mixin"]
    _description = "Billed Time"
    _order = "date, id"
    _rec_name = "line_id"

    line_id = fields.Many2one(
        "account.analytic.line",
        string="Time Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty where no time explains the amount.",
    )
    part = fields.Integer(
        default=1, readonly=True, required=True, help="An entry may be billed in numbered parts; normally it is one."
    )
    move_line_id = fields.Many2one(
        "account.move.line", string="Invoice Line", readonly=True, index="btree_not_null", ondelete="set null"
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", compute="_compute_move_id", store=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("held", "Waiting"),
            ("prebill", "On a Pre-Bill"),
            ("draft", "Draft"),
            ("posted", "Posted"),
            ("credited", "Credited"),
            ("cancelled", "Cancelled"),
        ],
        readonly=True,
        required=True,
        default="draft",
    )
    kind = fields.Selection(KIND_SELECTION, readonly=True, required=True, default="time")
    is_migrated = fields.Boolean(
        "Migrated", readonly=True, help="Worked out at the installation from an invoice that was there already."
    )
    reversed_id = fields.Many2one(
        "timetrack.allocation",
        string="Takes Back",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The row that this row of a credit note takes back.",
    )
    hours_worked = fields.Float(readonly=True)
    hours_billed = fields.Float(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True, required=True)
    standard_rate = fields.Float(
        readonly=True, aggregator=None, help="Untaxed price of an hour before any adjustment."
    )
    standard_value = fields.Monetary(readonly=True, help="Hours worked by the standard rate.")
    billed_rate = fields.Float(readonly=True, aggregator=None, help="Billed amount by the hours billed.")
    billed_amount = fields.Monetary(readonly=True, help="Share of the untaxed amount of the invoice line.")
    adjustment = fields.Monetary(
        readonly=True, help="Billed amount less standard value: a write-down is negative, a write-up positive."
    )
    adjustment_reason = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, required=True)
    date = fields.Date(
        "Work Date", compute="_compute_date", store=True, help="Of the time entry; of a cost, when it was spent."
    )
    employee_id = fields.Many2one(related="line_id.employee_id")
    project_id = fields.Many2one(
        "project.project",
        string="Engagement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The project that the time is billed for: another one than the entry's own where it was moved.",
    )
    partner_id = fields.Many2one(related="move_id.commercial_partner_id", string="Client")

    _live_unique = models.UniqueIndex(
        "(line_id, part) WHERE line_id IS NOT NULL AND kind = 'time' AND reversed_id IS NULL "
        "AND state IN ('held', 'prebill', 'draft', 'posted')",
        "This time is on another pre-bill or invoice already.",
    )
    # What is in progress is a small part of a ledger that has grown for years.
    _in_progress_idx = models.Index("(project_id) WHERE kind = 'time' AND state IN ('held', 'prebill', 'draft')")
    _live_time_has_entry = models.Constraint(
        "CHECK(kind != 'time' OR line_id IS NOT NULL OR reversed_id IS NOT NULL OR state IN ('credited', 'cancelled'))",
        "Time that is on an invoice cannot be deleted.",
    )

    @api.depends("line_id.date")
    def _compute_date(self):
        for row in self:
            row.date = row.line_id.date or row.date

    @api.depends("move_line_id.move_id")
    def _compute_move_id(self):
        """Not a related field, which would be worked out for each of the thousand rows of a line."""
        for line, rows in self.grouped("move_line_id").items():
            rows.move_id = line.move_id

    # ------------------------------------------------------------------
    # Nobody writes the ledger but the methods below
    # ------------------------------------------------------------------

    def _check_internal(self):
        if not self._timetrack_is_internal():
            raise AccessError(self.env._("The billing ledger is kept by invoicing; it cannot be changed by hand."))

    @api.model_create_multi
    def create(self, vals_list):
        self._check_internal()
        return super().create(self._complete(vals_list))

    @api.model
    def _complete(self, vals_list):
        """Values of new rows with what follows from others: it need not be written in a second step."""
        entries = self.env["account.analytic.line"].browse(
            vals["line_id"] for vals in vals_list if vals.get("line_id") and "date" not in vals
        )
        days = {entry.id: entry.date for entry in entries}
        lines = self.env["account.move.line"].browse(
            {vals["move_line_id"] for vals in vals_list if vals.get("move_line_id")}
        )
        moves = {line.id: line.move_id.id for line in lines}
        return [
            {"date": days.get(vals.get("line_id")), "move_id": moves.get(vals.get("move_line_id")), **vals}
            for vals in vals_list
        ]

    @api.model
    def _insert(self, vals_list):
        """Create rows in one statement: time goes on pre-bills and invoices by the thousand.

        :param list vals_list: values of fields with a column, as they are written; amounts are rounded
        :return: the rows, in this order
        """
        self._check_internal()
        if not vals_list:
            return self.browse()
        defaults = self.default_get([field.name for field in self._fields.values() if field.store])
        vals_list = [defaults | vals for vals in self._complete(vals_list)]
        names = list(dict.fromkeys(name for vals in vals_list for name in vals))
        source, values = self._get_columns(names, vals_list)
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO timetrack_allocation (%s, create_uid, create_date, write_uid, write_date)"
                " SELECT %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC' FROM %s"
                " ORDER BY new.place RETURNING id",
                SQL(", ").join(map(SQL.identifier, names)),
                SQL(", ").join(values),
                self.env.uid,
                self.env.uid,
                source,
            )
        )
        news = self.browse(row[0] for row in rows)
        computed = [field for field in self._fields.values() if field.store and field.compute]
        pending = {field.name for field in computed if field.name not in names}
        columns = [field.name for field in self._fields.values() if field.store and field.column_type]
        self._forget_inverses(names)
        news._remember([name for name in columns if name not in {*pending, *models.MAGIC_COLUMNS}], vals_list)
        for name in pending:
            self.env.add_to_compute(self._fields[name], news)
        news._tell(names, create=True)
        return news

    @api.model
    def _get_columns(self, names, vals_list):
        """Values of fields as SQL: what is the same for all as it is, what differs as columns of a table ``new``, which
        counts its rows in ``place``.

        :return: the table, and for each field its value
        """
        arrays = {"place": SQL("%s::int[]", list(range(len(vals_list))))}
        values = []
        for name in names:
            kind = SQL(self._fields[name].column_type[1])
            column = self._get_column(name, vals_list)
            if all(value == column[0] for value in column):
                values.append(SQL("%s::%s", column[0], kind))
            else:
                arrays[name] = SQL("%s::%s[]", column, kind)
                values.append(SQL.identifier("new", name))
        source = SQL(
            "unnest(%s) AS new (%s)", SQL(", ").join(arrays.values()), SQL(", ").join(map(SQL.identifier, arrays))
        )
        return source, values

    @api.model
    def _get_column(self, name, vals_list):
        """Values of a field as they are in its column, which is what the cache has too."""
        values = [vals.get(name) for vals in vals_list]
        if self._fields[name].type == "boolean":
            return [bool(value) for value in values]
        return [None if value is False else value for value in values]

    def _remember(self, names, vals_list):
        """Have the cache know what was written to the rows: thousands of them need not be read again.

        :param vals_list: for each row its values; what they do not name is empty
        """
        for name in names:
            self._fields[name]._insert_cache(self, self._get_column(name, vals_list))

    @api.model
    def _forget_inverses(self, names):
        """What other records remember of their rows is no longer so; what the rows remember of them goes with it."""
        for name in names:
            for field in self.pool.field_inverses[self._fields[name]]:
                self.env[field.model_name].invalidate_model([field.name], flush=False)

    @api.model
    def default_get(self, fields):  # pylint: disable=method-required-super
        """Only the ledger's own defaults: neither a user's defaults nor a context has a say in it."""
        own = {name: self._fields[name].default for name in fields if name in self._fields}
        return {name: default(self) for name, default in own.items() if default}

    def write(self, vals):
        self._check_internal()
        return super().write(vals)

    @api.model
    def _write_each(self, values):
        """Write values that may differ from row to row, in one statement: an invoice has thousands of rows, and what a
        ``write`` for each of them does besides takes most of the time of billing.

        :param dict values: row to a dict of its values; all have the same names, of stored fields; amounts are rounded
        """
        if not values:
            return
        rows = self.browse(row.id for row in values)
        names = list(next(iter(values.values())))
        rows.flush_recordset(names)
        source, news = self._get_columns(["id", *names], [{"id": row.id, **each} for row, each in values.items()])
        # rows are named twice: the planner believes the list, and knows nothing about the table of values
        self.env.cr.execute(
            SQL(
                "UPDATE timetrack_allocation row SET %s, write_uid = %s, write_date = now() AT TIME ZONE 'UTC'"
                " FROM %s WHERE row.id = %s AND row.id = ANY(%s)",
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), new) for name, new in zip(names, news[1:], strict=True)
                ),
                self.env.uid,
                source,
                news[0],
                rows.ids,
            )
        )
        rows.invalidate_recordset(names, flush=False)
        self._forget_inverses(names)
        rows._remember(names, list(values.values()))
        rows._tell(names)

    def _tell(self, names, create=False):
        """Have what depends on the rows computed anew, but neither what was just written to them nor the state of their
        entries: :meth:`_sync_entries` writes it, once all is done."""
        rows = self.sudo()
        written = [self._fields[name] for name in names if self._fields[name].compute]
        state = rows.line_id._fields["timetrack_billing_state"]
        with self.env.protecting(written, rows), self.env.protecting([state], rows.line_id):
            rows.modified(names, create=create)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("Rows of the billing ledger are never deleted."))

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def _read_values(self, *names):
        """Values of the rows in their order, by one query: what thousands of records hand out value by value takes
        longer than all that is made of it. Rows of a form that is being edited are asked one by one.

        :param names: fields with a column, or related ones of records with a column
        :return: list of named tuples; records are ids, and what is empty is None, zero or False
        """
        make = _get_values_class(("id", *names))
        if not all(self._ids):
            links = [self._fields[name].type == "many2one" for name in names]
            return [
                make(row.id, *(row[name].id if link else row[name] for name, link in zip(names, links, strict=True)))
                for row in self
            ]
        query = self._as_query(ordered=False)
        terms = [self._field_to_sql(self._table, name, query) for name in ("id", *names)]
        for place, name in enumerate(names, start=1):
            zero = EMPTY.get(self._fields[name].type)
            if zero is not None:
                terms[place] = SQL("COALESCE(%s, %s)", terms[place], zero)
        found = {row[0]: row for row in self.env.execute_query(query.select(*terms))}
        return [make(*found[row]) for row in self.ids]

    def _get_agreed_value(self):
        """What the rows come to as was agreed with the client: their standard value less the discounts of their
        engagements; in their currency, not rounded. Who invoices sets the increment of hours without a limit, so that
        what hours are rounded by counts as adjusted. What a fee pays for comes to its share of the fee."""
        engagements = self.env["timetrack.engagement"]._get_by_project(self.project_id)
        factors = {project.id: engagement._get_net_factor() for project, engagement in engagements.items()}
        return fsum(
            row.billed_amount if row.action == INCLUDED else row.standard_value * factors.get(row.project_id, 1.0)
            for row in self._read_values("project_id", "standard_value", "billed_amount", "action")
        )

    def _is_live(self):
        """Whether the row occupies its entry."""
        self.ensure_one()
        return self.state in LIVE and not self.reversed_id

    @api.model
    def _check_invoice_balance(self, moves):
        """Check that the ledger explains each line of the invoices and credit notes that it knows.

        :raise UserError: the rows of a line do not sum to its untaxed subtotal
        """
        rows = self.sudo()._read_group(
            [("move_id", "in", moves.ids), ("state", "!=", "cancelled")], ["move_line_id"], ["billed_amount:sum"]
        )
        sums = {line: amount for line, amount in rows}
        known = self.env["account.move"].sudo().union(*(line.move_id for line in sums))
        for line in known._timetrack_product_lines():
            total = line._timetrack_sign() * sums.get(line, 0.0)
            if line.currency_id.compare_amounts(total, line.price_subtotal):
                raise UserError(
                    self.env._(
                        "The time on the line “%(line)s” of %(move)s comes to %(total)s, but the line to %(subtotal)s "
                        "without tax. Remove the line and invoice the time again.",
                        line=line.name or line.product_id.display_name,
                        move=line.move_id.display_name,
                        total=total,
                        subtotal=line.price_subtotal,
                    )
                )

    # ------------------------------------------------------------------
    # Putting time on an invoice
    # ------------------------------------------------------------------

    @api.model
    def _book(self, entries_by_line, reason=None):
        """Put time on the lines of draft invoices.

        :param dict entries_by_line: invoice line to its time entries, each entry once
        :param str reason: why a line may differ from the standard value of its time
        :return: the new rows
        """
        vals_list = []
        for line, entries in entries_by_line.items():
            vals_list += self._prepare_time_rows(line, entries.sudo(), reason)
        rows = self._timetrack_internal()._insert(vals_list)
        rows._sync_entries()
        return rows

    def _prepare_time_rows(self, line, entries, reason):
        """The rows of one invoice line: its subtotal, spread over its entries by their standard value."""
        unit = unit_of(line.currency_id.rounding)
        rates = self._get_standard_rates(line, entries)
        values = [
            Decimal(repr(entry.unit_amount)) * Decimal(repr(rate)) for entry, rate in zip(entries, rates, strict=True)
        ]
        standard = spread(to_decimal(sum(values), unit), values, unit)
        billed = spread(to_decimal(line.price_subtotal, unit), values, unit)
        return [
            {
                "line_id": entry.id,
                "project_id": entry.project_id.id,
                "move_line_id": line.id,
                "kind": "time",
                "hours_worked": entry.unit_amount,
                "hours_rounded": entry.unit_amount,
                "hours_billed": entry.unit_amount,
                "currency_id": line.currency_id.id,
                "company_id": line.company_id.id,
                "standard_rate": rate,
                "standard_value": float(standard_value),
                **self._prepare_billed(entry.unit_amount, standard_value, billed_amount, reason),
            }
            for entry, rate, standard_value, billed_amount in zip(entries, rates, standard, billed, strict=True)
        ]

    @api.model
    def _prepare_billed(self, hours, standard_value, billed_amount, reason):
        """The values of a row that follow from its amounts (Decimal) and the hours billed."""
        adjustment = billed_amount - standard_value
        return {
            "billed_amount": float(billed_amount),
            "billed_rate": float(billed_amount) / hours if hours else 0.0,
            "adjustment": float(adjustment),
            "adjustment_reason": reason if adjustment and reason else False,
        }

    @api.model
    def _get_standard_rates(self, line, entries):
        """Untaxed price of an hour of each entry in the currency of the invoice line: the entry's frozen rate, or else
        the net price of the line (time of sales orders)."""
        hours = line._timetrack_hours()
        net = line.price_subtotal / hours if hours else 0.0
        return [
            entry.timetrack_rate if entry.timetrack_rate_currency_id == line.currency_id else net for entry in entries
        ]

    @api.model
    def _book_linked(self, moves):
        """Put the time that Odoo's sales orders have linked to draft invoices on their lines."""
        entries = self.env["account.analytic.line"].search(
            [
                ("timesheet_invoice_id", "in", moves.ids),
                ("timetrack_billing_state", "in", ["unbilled", "non_billable"]),
            ],
            order="id",
        )
        if not entries:
            return
        lines = {}
        for line in moves._timetrack_product_lines():
            for order_line in line.sale_line_ids:
                lines.setdefault((line.move_id, order_line), line)
        groups = entries.grouped(lambda entry: (entry.timesheet_invoice_id, entry.so_line))
        by_line = {lines[key]: some for key, some in groups.items() if key in lines}
        self._book(by_line, self.env._("Quantity and price of the sales order"))

    # ------------------------------------------------------------------
    # Following invoices
    # ------------------------------------------------------------------

    @api.model
    def _post_invoices(self, moves):
        """Invoices were posted: the ledger takes over what was changed on them by hand, and is closed."""
        rows = self.search([("move_id", "in", moves.ids), ("state", "=", "draft")])
        known = rows.filtered(lambda row: row.line_id or row._is_on_its_own()).move_id
        if not known:
            return
        by_line = rows.grouped("move_line_id")
        missing = []
        for line in known._timetrack_product_lines():
            if line in by_line:
                by_line[line]._adapt(line)
            else:
                missing.append(self._prepare_other_row(line))
        rows |= self._timetrack_internal()._insert(missing)
        rows._set_state("posted")
        self._check_invoice_balance(known)
        rows.arrangement_id._check_kept()

    def _adapt(self, line):
        """Spread the line's present subtotal and hours over its rows, if they are others than before."""
        unit = unit_of(line.currency_id.rounding)
        sign = line._timetrack_sign()
        total = sign * to_decimal(line.price_subtotal, unit)
        converted = self if self.currency_id != line.currency_id else self.browse()
        converted = converted.filtered(lambda row: row.currency_id != line.currency_id)
        converted._convert(line)
        # what a fee pays for has hours that its line does not show
        time = self.filtered(lambda row: row.action != INCLUDED) if INCLUDED in set(self.mapped("action")) else self
        hours = sum(time.filtered(lambda row: row.kind != "adjustment").mapped("hours_billed"))
        factor = 1.0
        shown = sign * line._timetrack_hours()
        if hours and abs(shown - hours) > 0.0051:  # more than the rounding of quantities
            factor = shown / hours
        if factor == 1.0 and not converted and to_decimal(fsum(self.mapped("billed_amount")), unit) == total:
            return
        amounts = [to_decimal(row.billed_amount, unit) for row in self]
        weights = amounts if any(amounts) else [Decimal(repr(row.hours_worked)) for row in self]
        changed = self.env._("Changed on the invoice")
        values = {}
        for row, amount, new in zip(self, amounts, spread(total, weights, unit), strict=True):
            billed_hours = row.hours_billed * (1.0 if row._is_fee() else factor)
            reason = row.adjustment_reason if amount == new else changed
            standard = to_decimal(row.standard_value, unit)
            billed = self._prepare_billed(billed_hours, standard, new, reason)
            values[row] = {"hours_billed": billed_hours, **billed}
        self._write_each(values)

    def _convert(self, line):
        """The invoice was changed to another currency: so are the rows."""
        date = line.move_id.invoice_date or fields.Date.context_today(self)
        values = {}
        for row in self:
            values[row] = {
                name: row.currency_id._convert(row[name], line.currency_id, row.company_id, date, round=digits)
                for name, digits in (("standard_value", True), ("billed_amount", True), ("standard_rate", False))
            }
            values[row]["currency_id"] = line.currency_id.id
        self._write_each(values)

    @api.model
    def _prepare_other_row(self, line):
        """The row of an invoice line that no time explains."""
        return {
            "move_line_id": line.id,
            "kind": line._timetrack_kind(),
            "currency_id": line.currency_id.id,
            "company_id": line.company_id.id,
            "billed_amount": line.price_subtotal,
            "adjustment": line.price_subtotal,
            "adjustment_reason": self.env._("No time behind this line"),
        }

    @api.model
    def _cancel_invoices(self, moves):
        """Invoices were cancelled or are about to be deleted: their time is where it was before."""
        self._leave_lines(moves.line_ids, to_prebill=True)

    @api.model
    def _reset_invoices(self, moves):
        """Posted invoices were reset to draft.

        :raise UserError: a posted credit note has taken back the time
        """
        rows = self.search([("move_id", "in", moves.ids), ("state", "in", ("posted", "credited"))])
        counters = self.search(
            [("reversed_id", "in", rows.ids), ("effect", "!=", False), ("state", "in", ("draft", "posted"))]
        )
        credited = rows.filtered(lambda row: row.state == "credited") | counters.reversed_id
        if credited:
            raise UserError(
                self.env._(
                    "The time of %(moves)s was credited: reset the credit note first.",
                    moves=", ".join(credited.move_id.mapped("display_name")),
                )
            )
        rows._set_state("draft")

    @api.model
    def _revive_invoices(self, moves):
        """Cancelled invoices were reset to draft: they take their time back, if it is still there.

        :raise UserError: meanwhile the time was billed elsewhere, changed or reopened
        """
        rows = self.search([("move_id", "in", moves.ids), ("state", "=", "cancelled"), ("reversed_id", "=", False)])
        rows._check_still_there(moves)
        rows._set_state("draft")
        rows.prebill_id._go_again(rows)

    def _take_back(self):
        """Lock the time of rows that ended, and find out whether it may be billed once more as they say.

        It may if it is approved and its hours are what they were, and if it is nowhere else: waiting, or back on the
        pre-bill that the row came from, is not elsewhere.

        :return: rows whose time is gone, and live rows that give way to these
        """
        rows = self.filtered(lambda row: row.kind == "time")
        entries = rows.line_id
        if entries:
            entries._timetrack_lock_rows()
            entries.invalidate_recordset(["timetrack_billing_state"], flush=False)
        approved = entries.filtered_domain(entries._timetrack_approved_domain())
        live = self.search([("line_id", "in", entries.ids), ("state", "in", LIVE), ("reversed_id", "=", False)])
        by_entry = live.grouped("line_id")
        lost, displaced = [], []
        for entry, mine in rows.grouped("line_id").items():
            there = by_entry.get(entry, self.browse())
            gives_way = there.filtered(lambda row, mine=mine: row._gives_way_to(mine))
            hours = sum((mine | (there - gives_way).filtered(lambda row: row.kind == "time")).mapped("hours_worked"))
            if entry in approved and mine._is_free(there - gives_way) and not float_compare(
                hours, entry.unit_amount, precision_digits=6
            ):
                displaced += gives_way.ids
            else:
                lost += mine.ids
        fees, lost_fees = self._get_others("instalment_id", TAKEN)
        costs, lost_costs = self._get_others("sale_line_id", PROPOSED)
        lost_costs |= self.filtered(lambda row: row.sale_line_id and row._is_billed_twice())
        return self.browse(lost) | lost_fees | lost_costs, self.browse(displaced) | fees | costs

    def _gives_way_to(self, rows):
        """Whether the live row only waits for what the rows are to be again."""
        self.ensure_one()
        same = rows.filtered(lambda row: row.part == self.part)
        return bool(same) and (self.state == "held" or (self.state == "prebill" and self.prebill_id == same.prebill_id))

    def _is_free(self, others):
        """Whether no part of the rows is in the other ones."""
        return set(self.mapped("part")).isdisjoint(others.mapped("part"))

    def _check_still_there(self, moves):
        """Lock the time of the rows and make sure that it may be billed once more as the rows say.

        :param moves: the invoices in question, for the message
        :raise UserError: meanwhile the time was billed elsewhere, changed or reopened
        """
        lost, displaced = self._take_back()
        if lost:
            raise UserError(
                self.env._(
                    "Time of %(moves)s was billed elsewhere, changed or reopened since it was cancelled or credited: "
                    "%(entries)s.\nInvoice the time again instead.",
                    moves=", ".join(moves.mapped("display_name")),
                    entries=lost._describe() or "-",
                )
            )
        displaced._set_state("cancelled")

    @api.model
    def _rebook(self, origins, copies):
        """Invoices that took the place of reversed ones take over the time of these.

        :param origins: the reversed invoices
        :param copies: the new draft invoices, in the same order
        """
        if len(origins) != len(copies):
            return
        for origin, copy in zip(origins, copies, strict=True):
            rows = self.search([("move_id", "=", origin.id), ("state", "=", "credited")])
            pairs = self._pair_lines(origin, copy)
            follows = all(entry._timetrack_follows_ledger() for entry in rows.line_id)
            if pairs and rows and follows:
                rows._check_still_there(origin)
                vals_list = [{**row._prepare_copy(), "move_line_id": pairs[row.move_line_id].id} for row in rows]
                news = self._timetrack_internal()._insert(vals_list)
                news._sync_entries()
                news.prebill_id._go_again(news)

    def _prepare_copy(self):
        """The row's values for a row that repeats it."""
        self.ensure_one()
        names = [
            "line_id", "part", "kind", "project_id", "action", "hours_worked", "hours_rounded", "hours_billed",
            "currency_id", "standard_rate", "standard_value", "billed_rate", "billed_amount", "is_amount_fixed",
            "adjustment", "reason_id", "adjustment_reason", "narrative", "company_id", "prebill_id", "arrangement_id",
            "instalment_id", "sale_line_id", "date", "cost_quantity", "cost_amount", "markup",
        ]  # fmt: skip
        return {name: self._fields[name].convert_to_write(self[name], self) for name in names}

    # ------------------------------------------------------------------
    # Following credit notes
    # ------------------------------------------------------------------

    @api.model
    def _post_refunds(self, refunds):
        """Credit notes were posted. One that takes back all of its invoice frees the time; any other one is an
        adjustment without an entry and leaves the time billed."""
        planned = self._search_planned(refunds).grouped("move_id")
        for refund in refunds:
            vals_list = []
            if refund in planned:
                planned[refund]._post_planned(refund)
                continue
            rows = self.search([("move_id", "=", refund.reversed_entry_id.id), ("state", "!=", "cancelled")])
            if not refund.reversed_entry_id or not rows:
                continue
            posted = rows.filtered(lambda row: row.state == "posted")
            pairs = posted and self._pair_lines(refund.reversed_entry_id, refund)
            if pairs and posted.counter_ids.filtered(lambda row: row.effect and row.state in ("draft", "posted")):
                # some of it was conceded, or is on a credit note to be: there is no telling what this one is for
                pairs = None
            if pairs:
                vals_list += [row._prepare_counter_row(pairs[row.move_line_id]) for row in posted]
                vals_list += self._prepare_rest(pairs, vals_list)
            else:
                vals_list += [self._prepare_partial_credit(line) for line in refund._timetrack_product_lines()]
            self._timetrack_internal()._insert(vals_list)
            if pairs:
                # at once: a second credit note of the same invoice must not take the time back again
                posted._release("credited")
        self._check_invoice_balance(refunds)

    @api.model
    def _pair_lines(self, origin, other):
        """Match the product lines of an invoice with those of a full credit note or copy of it.

        :return: mapping of the invoice's lines to the other's, or None if the other is no full one
        """
        if origin.currency_id != other.currency_id:
            return None
        left = list(origin._timetrack_product_lines())
        right = list(other._timetrack_product_lines())
        if len(left) != len(right):
            return None
        pairs = {}
        for line in left:
            equal = [
                candidate
                for candidate in right
                if line.product_id == candidate.product_id
                and not line.currency_id.compare_amounts(line.price_subtotal, candidate.price_subtotal)
            ]
            if not equal:
                return None
            pairs[line] = equal[0]
            right.remove(equal[0])
        return pairs

    def _prepare_counter_row(self, refund_line):
        """The signed row of a credit note that takes this row back."""
        self.ensure_one()
        values = self._prepare_copy()
        for name in AMOUNTS:
            values[name] = -values[name]
        return {**values, "move_line_id": refund_line.id, "reversed_id": self.id, "state": "posted"}

    @api.model
    def _prepare_partial_credit(self, refund_line):
        """The row of a credit note line that names no time."""
        return {
            **self._prepare_other_row(refund_line),
            "state": "posted",
            "kind": "manual",
            "billed_amount": -refund_line.price_subtotal,
            "adjustment": -refund_line.price_subtotal,
            "adjustment_reason": self.env._("Credited in part"),
        }

    @api.model
    def _prepare_rest(self, pairs, vals_list):
        """Rows for what a full credit note credits beyond the time that is still on its invoice.

        :param dict pairs: invoice line to the line of the credit note
        :param list vals_list: values of the counter rows
        """
        sums = {}
        for vals in vals_list:
            sums[vals["move_line_id"]] = sums.get(vals["move_line_id"], 0.0) + vals["billed_amount"]
        rest = []
        for line in pairs.values():
            amount = line.currency_id.round(-line.price_subtotal - sums.get(line.id, 0.0))
            if amount:
                rest.append({**self._prepare_partial_credit(line), "billed_amount": amount, "adjustment": amount})
        return rest

    @api.model
    def _undo_refunds(self, refunds):
        """Credit notes were reset or cancelled: their invoices have their time again.

        :raise UserError: meanwhile the time was billed elsewhere, changed or reopened
        """
        rows = self.search([("move_id", "in", refunds.ids), ("state", "=", "posted")])
        planned = rows.filtered("effect")
        origins = rows.filtered(lambda row: row.effect not in GIVEN_UP).reversed_id
        lost, displaced = origins._take_back()
        if lost:
            raise UserError(
                self.env._(
                    "Time that %(moves)s gave back was billed again, changed or reopened since: %(entries)s.",
                    moves=", ".join(refunds.mapped("display_name")),
                    entries=lost._describe() or "-",
                )
            )
        displaced._set_state("cancelled")
        (rows - planned)._timetrack_internal().write({"state": "cancelled"})
        planned._timetrack_internal().write({"state": "draft"})
        origins._set_state("posted")
        origins.prebill_id._go_again(origins)

    # ------------------------------------------------------------------
    # The places where states and links change
    # ------------------------------------------------------------------

    @api.model
    def _leave_lines(self, move_lines, to_prebill=False):
        """Lines of invoices or credit notes are about to be deleted, or are cancelled: their time leaves them.

        :param to_prebill: time that came from a pre-bill goes back there
        """
        if move_lines.ids:
            rows = self.search([("move_line_id", "in", move_lines.ids), ("state", "in", ("draft", "posted"))])
            rows.filtered(lambda row: not row.reversed_id)._release(to_prebill=to_prebill)
            rows._cancel_planned()

    def _release(self, state="cancelled", to_prebill=False):
        """Give the time back: it may be billed again.

        :param state: of the rows from now on
        :param to_prebill: time that came from a pre-bill goes back there, as it was adjusted
        """
        self._write_each(dict.fromkeys(self, {"state": state}))
        rows = self.filtered(lambda row: row.kind == "time" and row.line_id)
        others = self.filtered(lambda row: row._is_on_its_own())
        back = (rows | others).filtered(lambda row: row.prebill_id._takes_back()) if to_prebill else self.browse()
        back._return_to_prebill()
        (rows - back)._keep_waiting()
        self._sync_entries()

    def _keep_waiting(self):
        """Parts of entries that were given back wait in rows of their own while other parts are live, so that all the
        hours of an entry are accounted for; once no part is anywhere else, the entry is as if never divided.

        The entries are to be told (:meth:`_sync_entries`).
        """
        entries = self.line_id
        if not entries:
            return
        live = self.search([("line_id", "in", entries.ids), ("state", "in", LIVE), ("reversed_id", "=", False)])
        divided = live.line_id
        news = self._timetrack_internal()._insert(
            [row._prepare_waiting() for row in self.filtered(lambda row: row.line_id in divided)]
        )
        plain = {
            entry
            for entry, rows in (live | news).grouped("line_id").items()
            if all(row._is_plain_waiting() for row in rows)
        }
        cancelled = (live | news).filtered(lambda row: row.line_id in plain)
        cancelled._write_each(dict.fromkeys(cancelled, {"state": "cancelled"}))

    def _prepare_waiting(self):
        """The values of the row of a part that waits to be billed."""
        self.ensure_one()
        return {
            **self._prepare_copy(),
            "state": "held",
            "action": "bill",
            "prebill_id": False,
            "hours_rounded": self.hours_worked,
            "hours_billed": self.hours_worked,
            "billed_rate": self.standard_rate,
            "billed_amount": self.standard_value,
            "is_amount_fixed": False,
            "adjustment": 0.0,
            "adjustment_reason": False,
            "reason_id": False,
        }

    def _is_plain_waiting(self):
        """Whether the row says nothing that its entry does not."""
        self.ensure_one()
        return self.state == "held" and self.action == "bill" and self.project_id == self.line_id.project_id

    def _set_state(self, state):
        """Change the state of the rows, and what follows it on their entries."""
        self._write_each(dict.fromkeys(self, {"state": state}))
        self._sync_entries()

    def _sync_entries(self):
        """Have the rows' entries say where they are."""
        self.sudo().line_id._timetrack_follow_ledger()

    # ------------------------------------------------------------------
    # Invoices from before
    # ------------------------------------------------------------------

    @api.model
    def _migrate_ledger(self):
        """Work out the ledger of the invoices that were made before the addon was there, or before it was taken away
        and came back.

        Each invoice line is divided among its time by hours (largest remainder), in one statement for all: that of its
        order line; else, of invoices without an order, that of its project. What the standard value was nobody knows
        any more: it is set to what was billed.
        """
        self.env.flush_all()
        invoice = SQL(
            """
              JOIN account_move move ON move.id = line.timesheet_invoice_id
               AND (move.state IN ('draft', 'posted') OR move.payment_state = 'invoicing_legacy')
               AND move.move_type = 'out_invoice'
            """
        )
        new = SQL(
            """
            NOT EXISTS (
                SELECT FROM timetrack_allocation row WHERE row.line_id = line.id OR row.move_line_id = move_line.id
            )
            """
        )
        self._migrate_rows(
            SQL(
                """
                SELECT line.id AS line_id, line.project_id, line.date, line.unit_amount::numeric AS hours,
                       min(move_line.id) AS move_line_id
                  FROM account_analytic_line line
                    %(invoice)s
                  JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.so_line
                  JOIN account_move_line move_line ON move_line.id = rel.invoice_line_id
                   AND move_line.move_id = move.id AND move_line.display_type = 'product'
                 WHERE line.project_id IS NOT NULL AND %(new)s
              GROUP BY line.id
                """,
                invoice=invoice,
                new=new,
            )
        )
        self._migrate_rows(
            SQL(
                """
                SELECT DISTINCT ON (line.id) line.id AS line_id, line.project_id, line.date,
                       line.unit_amount::numeric AS hours, move_line.id AS move_line_id
                  FROM account_analytic_line line
                    %(invoice)s
                  JOIN project_project project ON project.id = line.project_id
                  JOIN account_move_line move_line ON move_line.move_id = move.id
                   AND move_line.display_type = 'product' AND move_line.is_downpayment IS NOT TRUE
                 WHERE NOT EXISTS (
                           SELECT FROM sale_order_line_invoice_rel rel WHERE rel.invoice_line_id = move_line.id
                       )
                   AND %(new)s
              ORDER BY line.id,
                       EXISTS (
                           SELECT FROM jsonb_object_keys(
                                  CASE WHEN jsonb_typeof(move_line.analytic_distribution) = 'object'
                                       THEN move_line.analytic_distribution ELSE '{}' END
                                  ) AS accounts
                            WHERE project.account_id::text = ANY(string_to_array(accounts, ','))
                       ) DESC,
                       move_line.id
                """,
                invoice=invoice,
                new=new,
            )
        )
        self._migrate_other_lines()
        self.env.cr.execute(
            """
            UPDATE account_analytic_line line
               SET timetrack_billing_state = CASE WHEN row.state = 'draft' THEN 'draft' ELSE 'billed' END
              FROM timetrack_allocation row
             WHERE row.line_id = line.id AND row.is_migrated
               AND row.state IN ('draft', 'posted') AND row.reversed_id IS NULL
            """
        )
        self.env.invalidate_all(flush=False)

    @api.model
    def _migrate_rows(self, linked):
        """Rows of time on invoices.

        :param SQL linked: a query of ``line_id``, ``project_id``, ``date``, ``hours`` and ``move_line_id``, each time
            entry once
        """
        self.env.cr.execute(
            SQL(
                """
                WITH linked AS (
                    %(linked)s
                ), shares AS (
                    SELECT linked.*, move_line.move_id, move_line.currency_id, move_line.company_id,
                           CASE WHEN move.state = 'draft' THEN 'draft' ELSE 'posted' END AS state,
                           currency.rounding, round(move_line.price_subtotal / currency.rounding) AS units,
                           CASE WHEN sum(hours) OVER entries <> 0
                                THEN round(move_line.price_subtotal / currency.rounding) * hours
                                     / sum(hours) OVER entries
                                ELSE round(move_line.price_subtotal / currency.rounding) / count(*) OVER entries
                           END AS exact
                      FROM linked
                      JOIN account_move_line move_line ON move_line.id = linked.move_line_id
                      JOIN account_move move ON move.id = move_line.move_id
                      JOIN res_currency currency ON currency.id = move_line.currency_id
                    WINDOW entries AS (PARTITION BY linked.move_line_id)
                ), parts AS (
                    SELECT shares.*, floor(exact) AS whole,
                           row_number() OVER (
                               PARTITION BY move_line_id ORDER BY exact - floor(exact) DESC, line_id
                           ) AS place,
                           units - sum(floor(exact)) OVER (PARTITION BY move_line_id) AS remainder
                      FROM shares
                ), amounts AS (
                    SELECT parts.*, (whole + CASE WHEN place <= remainder THEN 1 ELSE 0 END) * rounding AS amount
                      FROM parts
                )
                INSERT INTO timetrack_allocation
                       (line_id, project_id, date, part, action, move_line_id, move_id, state, kind, is_migrated,
                        hours_worked, hours_rounded, hours_billed, currency_id, standard_rate, standard_value,
                        billed_rate, billed_amount, adjustment, company_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT line_id, project_id, date, 1, 'bill', move_line_id, move_id, state, 'time', TRUE, hours, hours,
                       hours, currency_id, COALESCE(amount / NULLIF(hours, 0), 0), amount,
                       COALESCE(amount / NULLIF(hours, 0), 0), amount, 0, company_id,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM amounts
                """,
                uid=self.env.uid,
                linked=linked,
            )
        )

    @api.model
    def _migrate_other_lines(self):
        """Rows for those lines of migrated invoices that no time explains."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO timetrack_allocation
                       (part, action, move_line_id, move_id, state, kind, is_migrated, hours_worked, hours_billed,
                        currency_id, standard_rate, standard_value, billed_rate, billed_amount, adjustment, company_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT 1, 'bill', line.id, line.move_id, CASE WHEN move.state = 'draft' THEN 'draft' ELSE 'posted' END,
                       CASE WHEN line.is_downpayment THEN 'deposit' ELSE 'manual' END, TRUE, 0, 0, line.currency_id,
                       0, 0, 0, line.price_subtotal, line.price_subtotal, line.company_id,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.display_type = 'product'
                   AND line.move_id IN (SELECT row.move_id FROM timetrack_allocation row WHERE row.is_migrated)
                   AND NOT EXISTS (SELECT FROM timetrack_allocation row WHERE row.move_line_id = line.id)
                """,
                uid=self.env.uid,
            )
        )
