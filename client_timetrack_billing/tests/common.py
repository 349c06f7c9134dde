from odoo.fields import Command, Date
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class TimetrackBillingCommon(AccountTestInvoicingCommon):
    """One small firm: two consultants, their approver, an accountant, a client and a project."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += (
            cls.env.ref("project.group_project_manager")
            + cls.env.ref("hr_timesheet.group_timesheet_manager")
            + cls.env.ref("client_timetrack_billing.group_billing_user")
            + cls.env.ref("sales_team.group_sale_manager")
        )
        cls.company = cls.env.company
        cls.company.timetrack_approval_required = True
        companies = {"company_id": cls.company.id, "company_ids": cls.company.ids}
        cls.user_consultant = new_test_user(
            cls.env, "tt_consultant", "hr_timesheet.group_hr_timesheet_user", **companies
        )
        cls.user_approver = new_test_user(cls.env, "tt_approver", "hr_timesheet.group_timesheet_manager", **companies)
        cls.user_billing = new_test_user(
            cls.env, "tt_billing", "client_timetrack_billing.group_billing_user", **companies
        )
        cls.user_billing_manager = new_test_user(
            cls.env, "tt_billing_manager", "client_timetrack_billing.group_billing_manager", **companies
        )
        cls.alice, cls.bob = cls.env["hr.employee"].create(
            [
                {"name": "Alice", "user_id": cls.user_consultant.id, "company_id": cls.company.id},
                {"name": "Bob", "company_id": cls.company.id},
            ]
        )
        cls.partner_a.is_company = True
        cls.partner_b.is_company = True
        cls.project = cls._create_project("Merger", cls.partner_a)
        cls.activity = cls.env["timetrack.activity"].create({"name": "Advice"})
        cls.activity_drafting = cls.env["timetrack.activity"].create(
            {"name": "Drafting", "parent_id": cls.activity.id}
        )
        cls.activity_internal = cls.env["timetrack.activity"].create({"name": "Internal", "is_billable": False})
        cls.card = cls._create_card("Standard", {"rate": 100.0}, {"rate": 150.0, "employee_id": cls.bob.id})
        cls.company.timetrack_rate_card_id = cls.card

    @classmethod
    def _create_project(cls, name, partner, **values):
        return cls.env["project.project"].create(
            {
                "name": name,
                "partner_id": partner.id,
                "allow_timesheets": True,
                "company_id": cls.company.id,
                "privacy_visibility": "employees",
                **values,
            }
        )

    @classmethod
    def _create_card(cls, name, *rates, currency=None):
        return cls.env["timetrack.rate.card"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "currency_id": (currency or cls.company.currency_id).id,
                "rate_ids": [Command.create(rate) for rate in rates],
            }
        )

    @classmethod
    def _log(cls, *hours, **values):
        """Time entries of Alice, unless told otherwise."""
        return cls.env["account.analytic.line"].create(
            [
                {
                    "name": "Work",
                    "project_id": cls.project.id,
                    "employee_id": cls.alice.id,
                    "date": Date.to_date("2026-05-04"),
                    "unit_amount": number,
                    **values,
                }
                for number in hours
            ]
        )

    @classmethod
    def _approve(cls, entries):
        entries.action_timetrack_submit()
        entries.with_user(cls.user_approver).action_timetrack_approve()
        return entries

    @classmethod
    def _log_approved(cls, *hours, **values):
        return cls._approve(cls._log(*hours, **values))

    @classmethod
    def _wizard(cls, **values):
        values.setdefault("date_to", "2026-12-31")
        return (
            cls.env["timetrack.invoice.wizard"]
            .with_user(cls.user_billing)
            .create({"company_id": cls.company.id, **values})
        )

    @classmethod
    def _invoice(cls, **values):
        """Invoice the approved time: the draft invoices."""
        before = cls.env["account.move"].search([])
        cls._wizard(**values).action_create_invoices()
        return cls.env["account.move"].search([]) - before

    @classmethod
    def _propose(cls, **values):
        """Propose what is approved as the billing user does: the pre-bills."""
        before = cls.env["timetrack.prebill"].search([])
        cls._wizard(**values).action_propose()
        return (cls.env["timetrack.prebill"].search([]) - before).with_user(cls.user_billing)

    def _post(self, prebill, day=None):
        """Approve, invoice and post a pre-bill: its invoice, on its last day unless told otherwise."""
        prebill.action_invoice()
        move = prebill.move_id.sudo()
        if move:
            move.invoice_date = day or prebill.date_to
            move.action_post()
        self.assertLedger()
        return move

    def _count_queries(self, call):
        """How many queries something takes that finds nothing in memory."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        call()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    @classmethod
    def _reverse(cls, move, is_modify=False):
        """Reverse an invoice as the wizard of Odoo does, and return what it leads to."""
        wizard = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": "2026-06-30"})
        )
        wizard.reverse_moves(is_modify=is_modify)
        return wizard.new_move_ids

    @classmethod
    def _create_clients(cls):
        """Who logs in to the portal for partner_a and partner_b: ``tt_carla`` and ``tt_sam``."""
        companies = {"company_id": cls.company.id, "company_ids": cls.company.ids}
        for name, client in (("Carla", cls.partner_a), ("Sam", cls.partner_b)):
            contact = cls.env["res.partner"].create({"name": name, "parent_id": client.id})
            new_test_user(cls.env, f"tt_{name.lower()}", "base.group_portal", partner_id=contact.id, **companies)

    def assertLedger(self, entries=None):
        """All the invariants of the ledger: of every invoice, and of the entries."""
        self.env.flush_all()
        Allocation = self.env["timetrack.allocation"]
        rows = Allocation.search([("company_id", "=", self.company.id), ("state", "!=", "cancelled")])
        for move in rows.filtered(lambda row: row.state != "draft").move_id:
            Allocation._check_invoice_balance(move)
        for line in rows.filtered(lambda row: row.kind == "time" and row.state == "draft").move_line_id:
            drafts = line.timetrack_allocation_ids.filtered(lambda row: row.state == "draft")
            total = sum(drafts.mapped("billed_amount"))
            sign = -1 if line.move_id.move_type == "out_refund" else 1
            self.assertAlmostEqual(total, sign * line.price_subtotal, 6)
        for row in rows:
            self.assertAlmostEqual(row.billed_amount, row.standard_value + row.adjustment, 6)
        for entry in entries or rows.line_id:
            live = entry.timetrack_allocation_ids.filtered(lambda row: row._is_live() and row.kind == "time")
            parts = live.mapped("part")
            self.assertEqual(len(parts), len(set(parts)))
            if live:
                self.assertAlmostEqual(sum(live.mapped("hours_worked")), entry.unit_amount, 6)
            on_invoices = live.filtered(lambda row: row.state in ("draft", "posted"))
            self.assertLessEqual(entry.timesheet_invoice_id, on_invoices.move_id)
            self.assertEqual(bool(entry.timesheet_invoice_id), bool(on_invoices.move_id))
            states = set(live.mapped("state"))
            if len(states) > 1:
                expected = {"draft"} if "draft" in states else {"partial"} if "posted" in states else {"prebill"}
            else:
                expected = {"posted": "billed"}.get(live[:1].state, live[:1].state or "unbilled")
                expected = {expected}
            self.assertEqual({entry.timetrack_billing_state}, expected)
        self.assertFalse(rows.filtered(lambda row: row.company_id != self.company))


class TimetrackAccrualCommon(TimetrackBillingCommon):
    """The firm also accrues revenue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.income = cls.company_data["default_account_revenue"]
        cls.unbilled, cls.liability = cls.env["account.account"].create(
            [
                {"name": "Unbilled Revenue", "code": "119901", "account_type": "asset_current"},
                {"name": "Contract Liabilities", "code": "239903", "account_type": "liability_current"},
            ]
        )

    def _get_accrual(self, day, **values):
        """The accrual of a day."""
        Accrual = self.env["timetrack.accrual"]
        return Accrual.search([("date", "=", day)]) or Accrual.create(
            {
                "date": day,
                "company_id": self.company.id,
                "unbilled_account_id": self.unbilled.id,
                "liability_account_id": self.liability.id,
                **values,
            }
        )

    def _accrue(self, day):
        """Work out and post the accrual of a day."""
        accrual = self._get_accrual(day).with_user(self.user_billing)
        accrual.action_work_out()
        accrual.action_post()
        return accrual

    def _tell_planner(self):
        """Have the database know what there is: it may take tables that a test fills in one transaction for empty ones,
        and Odoo's search for the payments of an invoice takes minutes then."""
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile, account_payment")

    def _balance(self, day, domain):
        """The balance of posted journal items at the end of a day."""
        self.env.flush_all()
        [(balance,)] = self.env["account.move.line"]._read_group(
            [*domain, ("parent_state", "=", "posted"), ("date", "<=", day), ("company_id", "=", self.company.id)],
            [],
            ["balance:sum"],
        )
        return round(balance, 2)


class TimetrackSaleCommon(TimetrackBillingCommon):
    """The firm also sells time by a sales order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create(
            {
                "name": "Hours",
                "type": "service",
                "service_policy": "delivered_timesheet",
                "uom_id": cls.env.ref("uom.product_uom_hour").id,
                "list_price": 80.0,
                "taxes_id": False,
            }
        )
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.partner_a.id,
                "order_line": [Command.create({"product_id": cls.product.id, "product_uom_qty": 0.0})],
            }
        )
        cls.order.action_confirm()
        cls.order_line = cls.order.order_line
        cls.sold = cls._create_project("Sold", cls.partner_a, allow_billable=True)
        cls.sold.sale_line_id = cls.order_line

    def _sell(self, *hours, **values):
        return self._log(*hours, project_id=self.sold.id, **values)
