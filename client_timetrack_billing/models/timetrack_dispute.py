from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.client_timetrack.engine.allocation import to_decimal, unit_of

from .timetrack_allocation import CONCEDE, WRITE_OFF

UPHELD, CREDITED, WRITTEN_OFF = "upheld", "credited", "written_off"
# How long an answer may take, if nobody says otherwise.
DAYS_TO_ANSWER = 14


class TimetrackDispute(models.Model):
    """What a client does not accept of an invoice: all of it, or some of its time.

    While it is open, the invoice is kept out of follow-ups and counts as disputed. It ends when somebody upholds the
    invoice and says why, or when the credit note that it led to is posted; a credit note that is reset opens it again.
    """

    _name = "timetrack.dispute"
    _description = "Dispute of an Invoice"
    _inherit = [
        "portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "timetrack.internal.mixin",
        "timetrack.kept.mixin",
    ]
    _check_company_auto = True
    _order = "state, date_due, id desc"
    # clients write to the thread of what they raised
    _mail_post_access = "read"

    name = fields.Char(readonly=True, copy=False, default="/", index="trigram")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted')]",
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    currency_id = fields.Many2one(related="move_id.currency_id")
    partner_id = fields.Many2one(related="move_id.commercial_partner_id", string="Client", store=True, index=True)
    row_ids = fields.Many2many(
        "timetrack.allocation",
        string="Time and Costs",
        domain="[('move_id', '=', move_id), ('kind', 'in', ('time', 'expense')), ('state', '=', 'posted'), "
        "('reversed_id', '=', False), '|', ('line_id', '!=', False), ('sale_line_id', '!=', False)]",
        help="What is disputed of the invoice. Empty: all of it.",
    )
    amount = fields.Monetary(
        "Disputed",
        compute="_compute_amount",
        store=True,
        readonly=False,
        tracking=True,
        help="Untaxed: what the time was billed at, or the invoice as a whole.",
    )
    reason_id = fields.Many2one(
        "timetrack.dispute.reason", required=True, index=True, ondelete="restrict", tracking=True
    )
    description = fields.Text("What the Client Says")
    answer = fields.Text(help="The client reads it: why the invoice is right, or what becomes of it.")
    is_by_client = fields.Boolean("Raised on the Portal", readonly=True, copy=False)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        index=True,
        tracking=True,
        domain="[('share', '=', False)]",
        help="Who sees to it.",
    )
    date_opened = fields.Date("Raised On", default=fields.Date.context_today, required=True, readonly=True)
    date_due = fields.Date(
        "Answer By",
        required=True,
        default=lambda self: fields.Date.context_today(self) + timedelta(days=DAYS_TO_ANSWER),
        tracking=True,
    )
    date_closed = fields.Date("Resolved On", readonly=True, copy=False)
    days_to_resolve = fields.Integer(
        compute="_compute_days_to_resolve", store=True, aggregator="avg", help="From raised to resolved."
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Resolved")],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    outcome = fields.Selection(
        [(UPHELD, "Invoice Upheld"), (CREDITED, "Credited"), (WRITTEN_OFF, "Written Off")],
        readonly=True,
        copy=False,
        tracking=True,
    )
    refund_ids = fields.One2many("account.move", "timetrack_dispute_id", string="Credit Notes", readonly=True)
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")
    was_without_followup = fields.Boolean("Had No Follow-Up Before", readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Computed
    # ------------------------------------------------------------------

    @api.depends("move_id", "row_ids")
    def _compute_amount(self):
        for dispute in self:
            rows = dispute.row_ids._origin.sudo()
            if rows:
                unit = unit_of(rows[0].currency_id.rounding)
                left = {row: to_decimal(row.billed_amount - row.credited_amount, unit) for row in rows}
                dispute.amount = float(sum(rows._net_of_adjustments(left).values()))
            else:
                dispute.amount = dispute.move_id.amount_untaxed

    @api.depends("move_id")
    def _compute_user_id(self):
        """The partner in charge of the engagement, or else who is named on the invoice, or who raises it."""
        for dispute in self:
            if dispute.user_id or not dispute.move_id:
                continue
            move = dispute.move_id.sudo()
            engagement = move._timetrack_get_engagements()[:1]
            users = engagement._get_responsible() if engagement else self.env["res.users"].sudo()
            users = users | move.invoice_user_id | self.env.user
            dispute.user_id = move.company_id._timetrack_get_told(users, self._name)

    @api.depends("date_opened", "date_closed")
    def _compute_days_to_resolve(self):
        for dispute in self:
            closed = dispute.date_closed
            dispute.days_to_resolve = (closed - dispute.date_opened).days if closed else False

    @api.depends("state", "date_due")
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for dispute in self:
            dispute.is_overdue = dispute.state == "open" and bool(dispute.date_due) and dispute.date_due < today

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("state", "=", "open"), ("date_due", "<", fields.Date.context_today(self))]

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for dispute in self:
            dispute.access_url = f"/my/disputes/{dispute.id}"
        return result

    @api.depends("name", "move_id.name")
    def _compute_display_name(self):
        for dispute in self:
            dispute.display_name = f"{dispute.name} ({dispute.move_id.name})" if dispute.move_id else dispute.name

    # ------------------------------------------------------------------
    # Rules
    # ------------------------------------------------------------------

    @api.constrains("move_id", "row_ids")
    def _check_invoice(self):
        for dispute in self:
            move = dispute.move_id
            if move.move_type != "out_invoice" or move.state != "posted":
                raise ValidationError(
                    self.env._("%s is no posted invoice: there is nothing to dispute.", move.display_name)
                )
            rows = dispute.sudo().row_ids
            if rows.move_id - move or not all(row._is_credited_by_itself() for row in rows):
                raise ValidationError(self.env._("Choose time or costs that are billed by %s.", move.display_name))
            others = self.sudo().search(
                [("move_id", "=", move.id), ("state", "=", "open"), ("id", "not in", dispute.ids)]
            )
            for other in others if dispute.state == "open" else ():
                if not other.row_ids or not rows or other.row_ids & rows:
                    raise ValidationError(
                        self.env._(
                            "This is disputed already: see %(other)s of %(day)s.",
                            other=other.name,
                            day=fields.Date.to_string(other.date_opened),
                        )
                    )

    @api.model
    def _get_own_fields(self):
        """What follows from what becomes of a dispute, and nobody writes."""
        return {"name", "state", "outcome", "date_opened", "date_closed", "is_by_client", "was_without_followup"}

    @api.model_create_multi
    def create(self, vals_list):
        """Disputes begin open: their invoices are out of follow-ups from then on, and their owners are told."""
        for vals in vals_list:
            if self._get_own_fields() & vals.keys() and not self._timetrack_is_internal():
                raise AccessError(self.env._("Disputes begin open, today: their state cannot be given."))
            move = self.env["account.move"].browse(vals.get("move_id"))
            sequence = self.env["ir.sequence"].sudo().with_company(move.sudo().company_id)
            vals["name"] = sequence.next_by_code("timetrack.dispute") or "/"
        disputes = super().create(vals_list)
        for dispute in disputes:
            dispute._hold()
            dispute._tell_owner()
        return disputes

    @api.model
    def default_get(self, fields):
        """Neither a user's defaults nor a context says what has become of a dispute."""
        values = super().default_get(fields)
        for name in self._get_own_fields() & values.keys():
            default = self._fields[name].default
            if default:
                values[name] = default(self)
            else:
                del values[name]
        return values

    def write(self, vals):
        """:raise AccessError: its state is written, or its invoice changed"""
        fixed = self._get_own_fields() | {"move_id"}
        if fixed & vals.keys() and not self._timetrack_is_internal():
            raise AccessError(self.env._("A dispute moves on by its buttons, and stays with its invoice."))
        before = {dispute.id: dispute.user_id for dispute in self}
        result = super().write(vals)
        if "user_id" in vals:
            self.filtered(lambda one: one.state == "open" and one.user_id != before[one.id])._tell_owner()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Disputes are kept, for how long they took is counted: resolve them instead."))

    # ------------------------------------------------------------------
    # On hold
    # ------------------------------------------------------------------

    def _hold(self):
        """Keep the invoice out of follow-ups."""
        for dispute in self:
            move = dispute.sudo().move_id
            others = move.timetrack_dispute_ids.filtered(lambda one: one.state == "open") - dispute
            first = others[:1].was_without_followup if others else move.no_followup
            dispute._timetrack_internal().was_without_followup = first
            move.no_followup = True

    def _let_go(self):
        """The last dispute of an invoice ends: it is followed up as before."""
        for dispute in self:
            move = dispute.sudo().move_id
            if not move.timetrack_dispute_ids.filtered(lambda one: one.state == "open"):
                move.no_followup = dispute.was_without_followup

    def _tell_owner(self):
        """A to-do for who sees to it."""
        for dispute in self.sudo():
            dispute.activity_unlink(["mail.mail_activity_data_todo"])
            if dispute.user_id:
                dispute.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=dispute.date_due,
                    user_id=dispute.user_id.id,
                    summary=self.env._("Answer the dispute of %s", dispute.move_id.name),
                )

    # ------------------------------------------------------------------
    # What becomes of it
    # ------------------------------------------------------------------

    def _check_open(self):
        self.check_access("write")
        closed = self.filtered(lambda one: one.state != "open")
        if closed:
            raise UserError(self.env._("These disputes are resolved: %s.", ", ".join(closed.mapped("name"))))

    def action_uphold(self):
        """The invoice is right: the client reads why.

        :raise UserError: nobody has said why
        """
        self._check_open()
        for dispute in self:
            if not (dispute.answer or "").strip():
                raise UserError(self.env._("Write the answer to the client first: why the invoice is right."))
            dispute._close(UPHELD)
            dispute.message_post(body=dispute.answer, message_type="comment", subtype_xmlid="mail.mt_comment")
        return True

    def action_credit(self):
        """Open the dialog that credits the time; the dispute is resolved when the credit note is posted."""
        return self._open_wizard(is_write_off=False)

    def action_write_off(self):
        """Open the dialog that writes off what is not paid."""
        return self._open_wizard(is_write_off=True)

    def _open_wizard(self, is_write_off):
        self.ensure_one()
        self._check_open()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "client_timetrack_billing.timetrack_credit_wizard_action"
        )
        rows = self.row_ids
        context = {
            "default_move_id": self.move_id.id,
            "default_what": CONCEDE if rows else "amount",
            "default_row_ids": rows.ids,
            "default_amount": 0.0 if rows else self.amount,
            "default_is_write_off": is_write_off,
            "default_dispute_id": self.id,
        }
        return {**action, "context": context}

    def action_reopen(self):
        """There is more to say.

        :raise UserError: it is open, or disputed again by another one
        """
        for dispute in self:
            if dispute.state == "open":
                raise UserError(self.env._("%s is open.", dispute.name))
            dispute.check_access("write")
            dispute._open_again()
        return True

    def _close(self, outcome):
        """It has come to an end."""
        values = {"state": "closed", "outcome": outcome, "date_closed": fields.Date.context_today(self)}
        self._timetrack_internal().write(values)
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        self._let_go()

    def _open_again(self):
        self._timetrack_internal().write({"state": "open", "outcome": False, "date_closed": False})
        self._hold()
        self._tell_owner()

    def _follow_refunds(self):
        """Credit notes that the disputes led to were posted, reset or cancelled."""
        for dispute in self:
            posted = dispute.refund_ids.filtered(lambda move: move.state == "posted")
            if posted and dispute.state == "open":
                effects = set(posted.timetrack_allocation_ids.mapped("effect"))
                dispute._close(WRITTEN_OFF if WRITE_OFF in effects else CREDITED)
            elif not posted and dispute.outcome in (CREDITED, WRITTEN_OFF):
                dispute._open_again()

    @api.model
    def _raise_by_client(self, move, rows, reason, description, author):
        """A client disputes an invoice on the portal.

        :param move: the invoice, in sudo; the caller has checked that the client may see it
        :param rows: of its time; none for all of it
        :param author: the partner who writes
        :return: the dispute, in sudo
        """
        dispute = self._timetrack_internal().create(
            {
                "move_id": move.id,
                "row_ids": [fields.Command.set(rows.ids)],
                "reason_id": reason.id,
                "description": description,
                "is_by_client": True,
            }
        )
        dispute = dispute.with_env(self.sudo().env)
        dispute.message_subscribe(author.ids)
        dispute.message_post(
            body=description, author_id=author.id, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        return dispute

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_view_refunds(self):
        """Open the credit notes."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_refund_type")
        if len(self.refund_ids) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.refund_ids.id}
        return {**action, "domain": [("id", "in", self.refund_ids.ids)]}
