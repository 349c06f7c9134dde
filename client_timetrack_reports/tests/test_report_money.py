from datetime import date

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon


@tagged("post_install", "-at_install")
class TestReportMoney(TimetrackBillingCommon):
    """Write-downs, concessions, write-offs, cash, exchange differences, work in progress and margins.

    Alice costs 50 an hour and is billed at 100, Bob 60 and 150. All figures are worked out by hand.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("client_timetrack.group_cost_viewer")
        cls.env.user.group_ids += cls.env.ref("client_timetrack_billing.group_billing_manager")
        cls.reason = cls.env["timetrack.adjustment.reason"].create({"name": "Too long"})
        cls.alice.hourly_cost, cls.bob.hourly_cost = 50.0, 60.0

    def _sum(self, *measures, domain=(), project=None, **context):
        """Totals of some measures, of a project."""
        domain = [("project_id", "=", (project or self.project).id), *domain]
        Report = self.env["timetrack.report"].with_context(**context)
        [values] = Report._read_group(domain, [], [f"{name}:sum" for name in measures])
        return tuple(value if value is False else round(float(value), 4) for value in values)

    def _pay(self, move, amount=None, day="2026-06-15", **values):
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
        wizard.create({"payment_date": day, **({"amount": amount} if amount else {}), **values})._create_payments()
        self.env.flush_all()

    def _credit(self, move, what, **values):
        wizard = self.env["timetrack.credit.wizard"].create({"move_id": move.id, "what": what, **values})
        refund = self.env["account.move"].browse(wizard.action_credit()["res_id"])
        refund.action_post()
        return refund

    def _bill(self, adjust=None, day="2026-05-31"):
        """Pre-bill and invoice what is approved; ``adjust`` gets the lines of the pre-bill by name of the employee."""
        prebill = self._propose(date_to=day)
        for row in prebill.line_ids:
            hours = (adjust or {}).get(row.employee_id.name)
            if hours is not None:
                row.write({"hours_billed": hours, "reason_id": self.reason.id})
        return self._post(prebill, day)

    def _reconcile(self, move, refund):
        lines = (move | refund).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.filtered(lambda line: not line.reconciled).reconcile()

    # ------------------------------------------------------------------
    # Billing and cash
    # ------------------------------------------------------------------

    def test_from_standard_value_to_cash(self):
        """12 hours are worth 1,300, 4 are not billable; 1,250 is billed, 100 conceded, 50 written off, a half paid."""
        self._log_approved(10.0, date="2026-05-04")
        self._log_approved(2.0, employee_id=self.bob.id, date="2026-05-05")
        self._log_approved(4.0, timetrack_activity_id=self.activity_internal.id)
        # Alice 10 h as 8 (-200), Bob 2 h as 3 (+150): 1,300 - 200 + 150 = 1,250
        move = self._bill({"Alice": 8.0, "Bob": 3.0})
        self.assertEqual(move.amount_untaxed, 1250)
        self.assertEqual(
            self._sum("standard_value", "billed_standard_value", "write_down", "write_up", "billed_amount"),
            (1300, 1300, 200, 150, 1250),
        )
        self._reconcile(move, self._credit(move, "amount", amount=100.0, date="2026-07-01"))
        self.assertEqual(
            self._sum("concession", "billed_amount", "realized_amount", "written_off"), (100, 1150, 1150, 0)
        )
        self._reconcile(
            move, self._credit(move, "amount", amount=50.0, is_write_off=True, reason_id=self.reason.id,
                               date="2026-07-01")
        )  # fmt: skip
        self.assertEqual(self._sum("concession", "billed_amount", "written_off"), (100, 1150, 50))
        self.assertEqual(self._sum("collected_amount", "receivable_amount"), (0, 1100))
        self._pay(move, move.amount_residual / 2)
        self.assertEqual(self._sum("collected_amount", "receivable_amount"), (550, 550))
        # 1,150 of 1,300; 550 of 1,150; both multiplied; 1,150 by 16 h and by 12 h; 550 by 16 h; 1,300 by 12 h
        self.assertEqual(
            self._sum("billing_realization", "collection_realization", "overall_realization", "project_rate",
                      "billed_rate", "firm_rate", "blended_rate"),
            (0.8846, 0.4783, 0.4231, 71.875, 95.8333, 34.375, 108.3333),
        )  # fmt: skip
        self.assertAlmostEqual(0.884615 * 0.478261, 0.423077, 5)
        # as it was: nothing, then half of what is left after the credit notes of July, which were to come
        for day, expected in (("2026-06-14", (0, 1250)), ("2026-06-20", (550, 700)), ("2026-07-01", (550, 550))):
            domain = [("kind", "=", "billing"), ("date", "<=", day)]
            found = self._sum("collected_amount", "receivable_amount", domain=domain, timetrack_as_of=day)
            self.assertEqual(found, expected, day)

    def test_a_cohort_is_that_of_the_invoice(self):
        """A credit note of July lowers what was billed in July, and stands with its invoice of May by cohort."""
        self._log_approved(10.0)
        move = self._bill()
        refund = self._credit(move, "amount", amount=100.0, date="2026-07-01")
        self.assertEqual(str(refund.invoice_date), "2026-07-01")

        def by(name):
            groups = self.env["timetrack.report"]._read_group(
                [("project_id", "=", self.project.id), ("kind", "=", "billing")], [f"{name}:month"],
                ["billed_amount:sum"],
            )  # fmt: skip
            return {day: float(amount) for day, amount in groups}

        self.assertEqual(by("date"), {date(2026, 5, 1): 1000, date(2026, 7, 1): -100})
        self.assertEqual(by("cohort_date"), {date(2026, 5, 1): 900})

    def test_time_that_is_billed_again_is_no_loss(self):
        self._log_approved(10.0)
        move = self._bill({"Alice": 8.0})
        rows = move.timetrack_allocation_ids.filtered("line_id")
        self._credit(move, "rebill", row_ids=[Command.set(rows.ids)], date="2026-06-01")
        measures = "billed_amount", "billed_standard_value", "write_down", "concession", "wip_amount"
        self.assertEqual(self._sum(*measures), (0, 0, 0, 0, 1000))
        self._post(self._propose(date_to="2026-06-30"))
        self.assertEqual(self._sum(*measures), (1000, 1000, 0, 0, 0))

    def test_a_payment_that_keeps_something_back(self):
        """Of 1,000 (and tax) 90 % is paid, and the rest booked as lost with the payment: no cash, but written off."""
        self._log_approved(10.0)
        move = self._bill()
        lost = self.company_data["default_account_expense"]
        self._pay(
            move, move.amount_total * 0.9, payment_difference_handling="reconcile", writeoff_account_id=lost.id,
            writeoff_label="Lost",
        )  # fmt: skip
        self.assertEqual(move.amount_residual, 0)
        self.assertEqual(self._sum("collected_amount", "written_off", "receivable_amount"), (900, 100, 0))

    def test_what_a_deposit_pays_is_collected(self):
        """The client paid 400 ahead: an invoice of 1,150 with tax, 1,000 without, draws it, and the rest is open."""
        account = self.env["account.account"].create(
            {"name": "Client Money", "code": "239901", "account_type": "liability_current"}
        )
        retainer = self.env["timetrack.retainer"].create(
            {
                "partner_id": self.partner_a.id,
                "project_id": self.project.id,
                "kind": "deposit",
                "amount": 400.0,
                "account_id": account.id,
                "company_id": self.company.id,
            }
        )
        advance = self.env["account.move"].browse(retainer.action_invoice_advance()["res_id"])
        advance.invoice_date = "2026-05-01"
        advance.action_post()
        self._pay(advance, day="2026-05-02")
        self._log_approved(10.0)
        self._propose(date_to="2026-05-31").action_invoice()
        move = self.env["timetrack.prebill"].search([("project_ids", "in", self.project.ids)]).move_id
        self.assertEqual(move.amount_untaxed, 600)
        move.action_post()
        self.assertEqual(
            self._sum("billed_amount", "collected_amount", "receivable_amount", domain=[("move_id", "=", move.id)]),
            (1000, 347.8261, 652.1739),
        )

    def test_currencies(self):
        """600 euros are worth 300 on the day of the work, 150 when they are billed and 200 when they are paid."""
        euro = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0), ("2026-05-31", 4.0), ("2026-06-10", 3.0)])
        self.project.timetrack_rate_card_id = self._create_card("Euro", {"rate": 200.0}, currency=euro)
        self._log_approved(3.0, date="2026-05-04")
        self.assertEqual(self._sum("standard_value", "wip_amount", "blended_rate"), (300, 300, 100))
        move = self._bill()
        self.assertEqual(move.currency_id, euro)
        self.assertEqual(
            self._sum("standard_value", "billed_amount", "billed_standard_value", "billing_realization"),
            (300, 150, 150, 1),
        )
        self.assertEqual(self._sum("wip_amount", "wip_produced", "wip_billed", "wip_adjusted"), (0, 300, 300, 0))
        self._pay(move)
        self.assertEqual(self._sum("collected_amount", "exchange_amount", "receivable_amount"), (150, 50, 0))

    def test_sums_taken_first_are_those_of_odoo(self):
        """Every measure by every dimension: summed up fact by fact first, and as Odoo sums up the union."""
        self._log_approved(10.0, date="2026-05-04")
        self._log_approved(2.0, employee_id=self.bob.id, date="2026-05-05")
        self._pay(self._bill({"Alice": 8.0}))
        self._log_approved(3.0, date="2026-06-03", timetrack_activity_id=self.activity_drafting.id)
        Report = self.env["timetrack.report"]
        fields = Report._fields.values()
        dimensions = [
            f"{field.name}:month" if field.type == "date" else field.name
            for field in fields
            if field.store and field.type in ("many2one", "selection", "date")
        ]
        measures = [
            f"{field.name}:{'sum_currency' if field.type == 'monetary' else field.aggregator}"
            for field in fields
            if field.store and field.type in ("float", "monetary")
        ]
        self.assertGreater((len(dimensions), len(measures)), (18, 70))
        sets = [[], *([name] for name in dimensions), ["employee_id", "date:month"], ["client_id", "kind"]]
        specs = ["__count", *measures, "currency_id:array_agg_distinct"]
        domain = [("company_id", "=", self.company.id)]
        order = ", ".join(dimensions)

        def read():
            return [
                {row[: len(groups)]: row[len(groups) :] for row in rows}
                for groups, rows in zip(sets, Report._read_grouping_sets(domain, sets, specs, order=order), strict=True)
            ]

        summed = read()
        self.patch(self.env.registry["timetrack.report"], "_plan_sums", lambda report, *args: report)
        plain = read()
        self.assertGreater(sum(map(len, plain)), 50)
        for groups, own, odoo in zip(sets, summed, plain, strict=True):
            self.assertEqual(own.keys(), odoo.keys(), groups)
            for key, values in own.items():
                for spec, value, expected in zip(specs, values, odoo[key], strict=True):
                    if isinstance(expected, (bool, list)) or isinstance(value, (bool, list)):
                        self.assertEqual(value, expected, (groups, key, spec))
                    else:
                        self.assertAlmostEqual(float(value), float(expected), 6, (groups, key, spec))

    def test_ratios_over_companies_of_several_currencies(self):
        """Here 1,000 dollars are billed as 800; there 400 euros as 400, which are 200 dollars: 1,000 of 1,200, and not
        1,200 of 1,400."""
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        there = self.setup_other_company(name="There", currency_id=euro.id)
        self._log_approved(10.0)
        self._bill({"Alice": 8.0})
        own = self.env(context={**self.env.context, "allowed_company_ids": there["company"].ids})
        project = own["project.project"].create(
            {"name": "There", "partner_id": self.partner_b.id, "allow_timesheets": True,
             "company_id": there["company"].id}
        )  # fmt: skip
        person = own["hr.employee"].sudo().create({"name": "Dan", "company_id": there["company"].id})
        entry = own["account.analytic.line"].create(
            {"name": "Work", "project_id": project.id, "employee_id": person.id, "date": "2026-05-04",
             "unit_amount": 4.0}
        )  # fmt: skip
        entry.flush_recordset()
        entry._timetrack_internal().write({"timetrack_state": "approved"})
        invoice = own["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_b.id,
                "invoice_date": "2026-05-31",
                "currency_id": euro.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.product_a.id, "quantity": 4, "price_unit": 100, "tax_ids": []})
                ],
            }
        )
        own["timetrack.allocation"].sudo()._book({invoice.invoice_line_ids: entry})
        invoice.action_post()
        both = self.env(context={**self.env.context, "allowed_company_ids": [self.company.id, there["company"].id]})
        domain = [("project_id", "in", [self.project.id, project.id]), ("kind", "=", "billing")]
        specs = ["billing_realization:avg", "billed_amount:sum_currency", "currency_id:array_agg_distinct"]
        for read in (
            lambda: both["timetrack.report"]._read_group(domain, [], specs),
            lambda: both["timetrack.report"]._read_grouping_sets(domain, [[], ["project_id"]], specs)[0],
        ):
            [(realization, billed, currencies)] = read()
            self.assertAlmostEqual(float(realization), 1000 / 1200)
            self.assertAlmostEqual(float(billed), 1000)
            self.assertEqual(set(currencies), {self.company.currency_id.id, euro.id})

    # ------------------------------------------------------------------
    # Work in progress
    # ------------------------------------------------------------------

    def test_work_in_progress_rolls_forward(self):
        """May: 1,000 worked, 800 of it billed for 700. June: 300 worked, 100 credited to be billed again."""
        self._log_approved(1.0, 7.0, 2.0, date="2026-05-04")
        prebill = self._propose(date_to="2026-05-31")
        for row in prebill.line_ids:
            if row.hours_worked == 2.0:
                row.action = "hold"
            elif row.hours_worked == 7.0:
                row.write({"hours_billed": 6.0, "reason_id": self.reason.id})
        move = self._post(prebill, "2026-05-31")
        self._log_approved(3.0, date="2026-06-03")
        one = move.timetrack_allocation_ids.filtered(lambda row: row.hours_worked == 1.0)
        self._credit(move, "rebill", row_ids=[Command.set(one.ids)], date="2026-06-20")
        steps = "wip_produced", "wip_billed", "wip_adjusted", "wip_amount", "wip_hours"
        may = [("date", ">=", "2026-05-01"), ("date", "<=", "2026-05-31")]
        june = [("date", ">=", "2026-06-01"), ("date", "<=", "2026-06-30")]
        self.assertEqual(self._sum(*steps, domain=may), (1000, 700, -100, 200, 2))
        self.assertEqual(self._sum(*steps, domain=june), (300, -100, 0, 400, 4))
        self.assertEqual(self._sum("wip_amount"), (600,))
        # as of any day, and from its own pieces
        for day, amount in (("2026-05-03", False), ("2026-05-04", 1000), ("2026-05-30", 1000), ("2026-05-31", 200),
                            ("2026-06-19", 500), ("2026-06-20", 600)):  # fmt: skip
            self.assertEqual(self._sum("wip_amount", domain=[("date", "<=", day)]), (amount,), day)
            as_of = self._sum("wip_amount", domain=[("kind", "=", "wip")], timetrack_as_of=day)
            self.assertEqual(as_of, (amount,), day)

    def test_ages_are_those_of_the_day_asked_for(self):
        self._log_approved(1.0, date="2026-05-04")
        self._log_approved(2.0, date="2026-06-10")

        def ages(day):
            groups = (
                self.env["timetrack.report"]
                .with_context(timetrack_as_of=day)
                ._read_group(
                    [("kind", "=", "wip"), ("project_id", "=", self.project.id)], ["wip_age"], ["wip_amount:sum"]
                )
            )
            return {age: float(amount) for age, amount in groups}

        self.assertEqual(ages("2026-06-03"), {"030": 100})
        self.assertEqual(ages("2026-06-10"), {"030": 200, "060": 100})
        self.assertEqual(ages("2026-09-02"), {"090": 200, "older": 100})
        self.assertEqual(ages("2026-09-01"), {"090": 200, "120": 100})

    def test_what_is_unbilled_too_long_leaks(self):
        """The company has 60 days to bill, a policy may have others; nothing else changes."""
        self._log_approved(10.0, date="2026-05-04")
        measures = "stale_amount", "leakage_amount", "leakage_base", "leakage"
        self.assertEqual(self._sum(*measures, timetrack_as_of="2026-07-03"), (False, 0, 0, False))
        self.assertEqual(self._sum(*measures, timetrack_as_of="2026-07-04"), (1000, 1000, 1000, 1))
        self.company.timetrack_unbilled_days = 90
        self.assertEqual(self._sum(*measures, timetrack_as_of="2026-07-04"), (False, 0, 0, False))
        policy = self.env["timetrack.policy"].create({"name": "Quick"})
        self.project.timetrack_policy_id = policy
        self.assertEqual(self._sum("stale_amount", timetrack_as_of="2026-07-04"), (False,))
        policy.unbilled_days = 30
        self.assertEqual(self._sum("stale_amount", timetrack_as_of="2026-07-04"), (1000,))
        move = self._bill({"Alice": 9.0}, day="2026-07-04")
        self.assertEqual(self._sum(*measures, timetrack_as_of="2026-07-04"), (False, 100, 1000, 0.1))
        self.assertEqual(move.amount_untaxed, 900)

    def test_time_of_orders_is_in_progress_too(self):
        product = self.env["product.product"].create(
            {"name": "Hours", "type": "service", "service_policy": "delivered_timesheet",
             "uom_id": self.env.ref("uom.product_uom_hour").id, "list_price": 80.0, "taxes_id": False}
        )  # fmt: skip
        order = self.env["sale.order"].create(
            {"partner_id": self.partner_a.id, "order_line": [Command.create({"product_id": product.id})]}
        )
        order.action_confirm()
        sold = self._create_project("Sold", self.partner_a, allow_billable=True)
        sold.sale_line_id = order.order_line
        self.company.timetrack_rate_card_id = False
        self._log_approved(4.0, project_id=sold.id)
        self.assertEqual(self._sum("wip_amount", "wip_hours", "standard_value", project=sold), (320, 4, 320))
        move = order._create_invoices()
        move.invoice_date = "2026-05-31"
        move.action_post()
        self.assertEqual(self._sum("wip_amount", "billed_amount", "billing_realization", project=sold), (0, 320, 1))
        self.assertEqual(self._sum("wip_amount", "wip_billed", "wip_adjusted", project=sold), (0, 320, 0))

    # ------------------------------------------------------------------
    # Margin
    # ------------------------------------------------------------------

    def test_margin(self):
        """1,000 billed for 10 hours that cost 500; 120 spent on the project."""
        self._log_approved(10.0)
        self._bill()
        self.env["account.analytic.line"].create(
            {"name": "Train", "account_id": self.project.account_id.id, "amount": -120.0, "date": "2026-05-20"}
        )
        self.assertEqual(
            self._sum("net_revenue", "cost", "expense_amount", "margin", "margin_rate"), (1000, 500, 120, 380, 0.38)
        )

    def test_without_revenue_the_loss_is_shown_in_money(self):
        self._log_approved(10.0)
        self.assertEqual(self._sum("margin", "margin_rate"), (-500, False))

    def test_who_may_not_read_the_ledger_opens_the_time(self):
        entries = self._log_approved(10.0)
        self._bill()
        reader = new_test_user(
            self.env, "tt_reader", "hr_timesheet.group_timesheet_manager,client_timetrack_billing.group_rate_viewer",
            company_id=self.company.id, company_ids=self.company.ids,
        )  # fmt: skip
        rows = self.env["timetrack.report"].search([("project_id", "=", self.project.id), ("kind", "=", "billing")])
        self.assertEqual(rows.line_id, entries)
        action = rows.action_open_source()
        self.assertEqual(action["res_model"], "timetrack.allocation")
        action = rows.with_user(reader).action_open_source()
        self.assertEqual((action["res_model"], action["res_id"]), ("account.analytic.line", entries.id))
        # a fee that no time explains: its project
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE timetrack_allocation SET line_id = NULL, kind = 'manual' WHERE line_id = %s", [entries.id]
        )
        self.env.invalidate_all()
        action = rows.with_user(reader).action_open_source()
        self.assertEqual((action["res_model"], action["res_id"]), ("project.project", self.project.id))

    def test_who_may_see_only_a_part_sees_no_total(self):
        self._log_approved(10.0)
        self._bill()
        cost, rate = "client_timetrack.group_cost_viewer", "client_timetrack_billing.group_rate_viewer"
        for groups, hidden in ((cost, {"margin", "net_revenue", "margin_rate", "billing_realization"}),
                               (rate, {"margin", "margin_rate", "cost"}), (f"{cost},{rate}", set())):  # fmt: skip
            user = self.env["res.users"].create(
                {
                    "name": groups, "login": groups, "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set([self.env.ref(name).id for name in
                                               ["hr_timesheet.group_hr_timesheet_user", *groups.split(",")]])],
                }
            )  # fmt: skip
            names = self.env["timetrack.report"].with_user(user).fields_get()
            for name in ("margin", "net_revenue", "margin_rate", "billing_realization", "cost"):
                self.assertEqual(name not in names, name in hidden, (groups, name))
