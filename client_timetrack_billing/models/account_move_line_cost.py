from odoo import models
from odoo.fields import Domain

from .timetrack_engagement import NOT_BY_RATES


class AccountMoveLine(models.Model):
    """Vendor bills and expenses of engagements: Odoo's re-invoicing, on an order that is there when it is needed."""

    _inherit = "account.move.line"

    def _sale_can_be_reinvoice(self):
        """Costs of engagements are re-invoiced by :meth:`_prepare_analytic_lines`; what a client gets back, by a credit
        note without an order, is no cost."""
        if self.move_id.is_sale_document(include_receipts=True):
            return False
        return super()._sale_can_be_reinvoice() and not self._timetrack_get_cost_projects()

    def _prepare_analytic_lines(self):
        """Costs of engagements are re-invoiced on an order of each project, by the share that is the project's.

        Odoo has the whole of a bill that is several projects' on the order of one of them, and asks that there is one;
        who posts a bill may not need the right to change sales orders.
        """
        values_list = super()._prepare_analytic_lines()
        if values_list and self.move_id.reversed_entry_id:
            costs = self._timetrack_get_refunded_costs()
            for values in values_list:
                if values.get("account_id") in costs:
                    values["so_line"] = costs.pop(values["account_id"]).id
            return values_list
        projects = self._timetrack_get_cost_projects() if values_list else {}
        if projects:
            for account, project in projects.items():
                mine = [values for values in values_list if values.get("account_id") == account]
                if mine:
                    # the others are of the same bill: it was bought once
                    mine[0]["so_line"] = self._timetrack_create_cost(project, sum(one["amount"] for one in mine)).id
        return values_list

    def _timetrack_get_refunded_costs(self):
        """The costs that a line of a vendor's credit note takes back, by quantity: dict of an analytic account's id to
        a line of a sales order, in sudo. Nothing where the price is another one than on the bill."""
        self.ensure_one()
        if self.move_id.move_type != "in_refund":
            return {}

        def alike(move):
            return move.invoice_line_ids.filtered(
                lambda line: (
                    line.product_id == self.product_id
                    and line.price_unit == self.price_unit
                    and line.discount == self.discount
                )
            ).sorted(lambda line: (line.sequence, line.id))

        # the third of some that are the same takes back the third
        place = alike(self.move_id).ids.index(self.id)
        origin = alike(self.move_id.reversed_entry_id)[place : place + 1]
        spent = origin.sudo().analytic_line_ids.filtered(
            lambda line: line.so_line.is_expense and line.so_line.order_id.timetrack_is_cost_order
        )
        return {line.account_id.id: line.so_line for line in spent}

    def _timetrack_get_cost_projects(self):
        """The projects whose engagements re-invoice the line: dict of an analytic account's id to a project, in sudo.

        Nothing where somebody chose the order of an expense, or where several projects share their account.
        """
        self.ensure_one()
        if not self.analytic_distribution or not self._timetrack_is_cost():
            return {}
        accounts = [int(account) for key in self.analytic_distribution for account in key.split(",")]
        company = self.company_id
        projects = (
            self.env["project.project"]
            .sudo()
            .search(
                Domain("account_id", "in", accounts)
                & Domain("partner_id", "!=", False)
                & Domain("company_id", "in", [False, company.id])
                & Domain(
                    "timetrack_engagement_ids",
                    "any",
                    [("billing_method", "not in", NOT_BY_RATES), ("is_cost_billed", "=", True)],
                )
            )
        )
        return {account.id: some for account, some in projects.grouped("account_id").items() if len(some) == 1}

    def _timetrack_is_cost(self):
        """Whether the product says that the client pays for it."""
        self.ensure_one()
        if self.display_type != "product" or self.product_id.expense_policy not in ("cost", "sales_price"):
            return False
        if self.move_id.is_sale_document(include_receipts=True):
            return False
        if self.sale_line_ids or self.company_id.currency_id.compare_amounts(self.credit, self.debit) > 0:
            return False
        # a module that this one does not need
        expense = "expense_id" in self._fields and self.expense_id
        return not (expense and expense.sale_order_id)

    def _timetrack_create_cost(self, project, amount):
        """The line of a sales order that re-invoices a part of this line, in sudo.

        :param project: whose cost it is, in sudo
        :param float amount: of its analytic lines, in the currency of the company; negative
        """
        engagement = self.env["timetrack.engagement"]._get_by_project(project)[project]
        order = engagement._get_cost_order(self.company_id)
        if self.product_id.expense_policy == "sales_price":
            price = self._sale_get_invoice_price(order) * amount / -self.balance
        else:
            # by the unit, Odoo's own price loses cents of what was spent
            currency = self.company_id.currency_id
            spent = currency._convert(-amount, order.currency_id, order.company_id, self.date)
            price = spent / (self.quantity or 1.0)
        values = self.sudo()._sale_prepare_sale_line_values(order, price)
        values["analytic_distribution"] = self._timetrack_get_distribution_of(project)
        return self.env["sale.order.line"].sudo().create(values)

    def _timetrack_get_distribution_of(self, project):
        """The analytic distribution of the part that is a project's: what is re-invoiced of it is no other one's."""
        account = str(project.account_id.id)
        own = {key: percent for key, percent in self.analytic_distribution.items() if account in key.split(",")}
        return {key: 100 * percent / sum(own.values()) for key, percent in own.items()}
