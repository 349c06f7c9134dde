import json
from datetime import date, datetime, timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.client_timetrack_billing.tests.common import TimetrackBillingCommon

from . import paper_firm as paper
from .test_workbook import by_label, read

TZ = "Europe/Brussels"
# Dimensions of the report, as they are called on paper.
DIMENSIONS = {
    "employee": "employee_id",
    "department": "department_id",
    "job": "job_id",
    "client": "client_id",
    "category": "client_category_id",
    "project": "project_id",
    "activity": "activity_id",
    "top": "top_activity_id",
    "task": "task_id",
    "deliverable": "deliverable_id",
    "state": "state",
    "engagement": "engagement_type",
    "age": "wip_age",
    "kind": "kind",
    "company": "company_id",
    "month": "date:month",
    "week": "date:week",
    "cohort_month": "cohort_date:month",
}
NAMES = {field: name for name, field in DIMENSIONS.items()}


@tagged("post_install", "-at_install")
class TestThreeFaces(TimetrackBillingCommon):
    """Pivot, dashboards and workbooks of the firm of ``paper_firm``: every measure is what plain Python makes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "tz": TZ})
        cls.env.user.tz = TZ
        cls.env.user.group_ids += (
            cls.env.ref("client_timetrack.group_cost_viewer")
            + cls.env.ref("client_timetrack_billing.group_billing_manager")
            + cls.env.ref("client_timetrack_reports.group_margin_viewer")
            + cls.env.ref("hr.group_hr_manager")
        )
        cls.euro = cls.setup_other_currency("EUR", rates=[(str(day), rate) for day, rate in paper.EUROS])
        there = cls.setup_other_company(name=paper.THERE, currency_id=cls.euro.id)["company"]
        there.timetrack_approval_required = True
        cls.companies = {paper.HOME: cls.company, paper.THERE: there}
        cls.company.name = paper.HOME
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": [cls.company.id, there.id]})
        cls.user_approver.company_ids += there
        cls.user_billing.company_ids += there
        cls.records = {name: {} for name in DIMENSIONS}
        cls._create_people()
        cls._create_projects()
        cls._create_entries()
        cls._create_billing()
        cls.env.flush_all()
        cls.names = {
            field: {record.id: name for name, record in cls.records[dimension].items()}
            for dimension, field in DIMENSIONS.items()
        }
        cls.names["company_id"] = {record.id: name for name, record in cls.companies.items()}

    @classmethod
    def _know(cls, dimension, name, model, **values):
        """The record of a dimension that has this name, made once."""
        known = cls.records[dimension]
        if name and name not in known:
            known[name] = cls.env[model].create({"name": name, **values})
        return known.get(name, cls.env[model])

    @classmethod
    def _create_people(cls):
        Leaves = cls.env["resource.calendar.leaves"].sudo()
        for person in paper.EMPLOYEES:
            company = cls.companies[person.company]
            calendar = cls.env["resource.calendar"].create(
                {
                    "name": f"{person.day:g} hours",
                    "company_id": company.id,
                    "tz": TZ,
                    "attendance_ids": [
                        Command.clear(),
                        *(
                            Command.create({"name": "Work", "dayofweek": str(weekday), "hour_from": start,
                                            "hour_to": start + 4, "day_period": period})
                            for weekday in range(5)
                            for start, period in ((8, "morning"), (13, "afternoon"))[: int(person.day // 4)]
                        ),
                    ],
                }
            )  # fmt: skip
            department = cls._know("department", person.department, "hr.department", company_id=company.id)
            job = cls._know("job", person.job, "hr.job", company_id=company.id)
            user = new_test_user(
                cls.env, f"tt_paper_{person.name.lower()}", "hr_timesheet.group_hr_timesheet_user",
                company_id=company.id, company_ids=company.ids, tz=TZ,
            )  # fmt: skip
            employee = cls._know(
                "employee", person.name, "hr.employee", company_id=company.id, user_id=user.id, tz=TZ,
                resource_calendar_id=calendar.id, department_id=department.id, job_id=job.id,
                hourly_cost=person.cost, date_version=person.hired, contract_date_start=person.hired,
            )  # fmt: skip
            for day in person.leave:
                cls._create_day_off(Leaves, company, day, employee.resource_id)
        for company, days in paper.HOLIDAYS.items():
            for day in days:
                cls._create_day_off(Leaves, cls.companies[company], day)
        for name, since, share in paper.TARGETS:
            employee = cls.records["employee"][name]
            cls.env["timetrack.target"].create(
                {"scope": "employee", "employee_id": employee.id, "company_id": employee.company_id.id,
                 "date_from": since, "utilization": share * 100}
            )  # fmt: skip
        everybody = cls.env["hr.employee"].union(*cls.records["employee"].values())
        Capacity = cls.env["timetrack.capacity"].sudo()
        Capacity.search([("company_id", "in", [company.id for company in cls.companies.values()])]).unlink()
        Capacity._refresh(everybody, paper.FIRST, paper.LAST)

    @classmethod
    def _create_day_off(cls, Leaves, company, day, resource=None):
        midnight = datetime(day.year, day.month, day.day) - timedelta(hours=2)  # summer in Brussels
        Leaves.create(
            {"name": "Off", "company_id": company.id, "calendar_id": False, "time_type": "leave",
             "resource_id": resource.id if resource else False, "date_from": midnight,
             "date_to": midnight + timedelta(hours=23, minutes=59)}
        )  # fmt: skip

    @classmethod
    def _create_projects(cls):
        for name, company in cls.companies.items():
            rates = [
                Command.create({"rate": person.rate, "employee_id": cls.records["employee"][person.name].id})
                for person in paper.EMPLOYEES
                if person.company == name
            ]
            company.timetrack_rate_card_id = cls.env["timetrack.rate.card"].create(
                {"name": name, "company_id": company.id, "currency_id": company.currency_id.id, "rate_ids": rates}
            )
        for place in paper.PROJECTS:
            company = cls.companies[place.company]
            category = cls._know("category", place.category, "timetrack.client.category")
            client = cls._know(
                "client", place.client, "res.partner", is_company=True, timetrack_client_category_id=category.id
            )
            project = cls._know(
                "project", place.name, "project.project", partner_id=client.id, allow_timesheets=True,
                company_id=company.id, privacy_visibility="employees", allocated_hours=place.hours, user_id=False,
            )  # fmt: skip
            if place.hours:
                domain = [("project_id", "=", project.id)]
                budget = cls.env["timetrack.budget"].search(domain) or cls.env["timetrack.budget"].create(
                    {"project_id": project.id}
                )
                budget.sudo().write({"cost": place.cost, "revenue": place.revenue})
            if place.rate:
                project.timetrack_rate_card_id = cls._create_card(place.name, {"rate": place.rate}, currency=cls.euro)
        for name, (parent, is_billable) in paper.ACTIVITIES.items():
            known = cls.records["activity"].get(parent)
            cls._know("activity", name, "timetrack.activity", is_billable=is_billable, parent_id=known and known.id)
        cls.records["top"] = cls.records["activity"]
        for name, project, hours, day in paper.TASKS:
            cls._know(
                "task", name, "project.task", project_id=cls.records["project"][project].id, allocated_hours=hours,
                date_deadline=datetime(day.year, day.month, day.day, 12),
            )  # fmt: skip
        for name, project, hours, day in paper.DELIVERABLES:
            cls._know(
                "deliverable", name, "timetrack.deliverable", project_id=cls.records["project"][project].id,
                planned_hours=hours, date_due=day,
            )  # fmt: skip
        for name, project, day, hours in paper.BOOKINGS:
            cls.env["timetrack.plan"].create(
                {"employee_id": cls.records["employee"][name].id, "week": day, "hours": hours,
                 "project_id": cls.records["project"][project].id}
            )  # fmt: skip

    @classmethod
    def _create_entries(cls):
        cls.entries = {}
        for entry in paper.ENTRIES:
            employee = cls.records["employee"][entry.employee]
            line = cls.env["account.analytic.line"].with_company(employee.company_id).create(
                {
                    "name": f"Work {entry.number}",
                    "employee_id": employee.id,
                    "date": entry.day,
                    "project_id": cls.records["project"][entry.project].id,
                    "task_id": entry.task and cls.records["task"][entry.task].id,
                    "timetrack_activity_id": cls.records["activity"][entry.activity].id,
                    "timetrack_deliverable_id": entry.deliverable
                    and cls.records["deliverable"][entry.deliverable].id,
                    "unit_amount": entry.hours,
                }
            )  # fmt: skip
            cls.entries[entry.number] = line
            if entry.state != "draft":
                line.action_timetrack_submit()
            if entry.state == "approved":
                line.with_user(cls.user_approver).action_timetrack_approve()
            line.flush_recordset()
            end = datetime(entry.day.year, entry.day.month, entry.day.day) + timedelta(days=1, hours=-2)
            cls.env.cr.execute(
                "UPDATE account_analytic_line SET create_date = %s WHERE id = %s",
                [end + timedelta(hours=entry.late), line.id],
            )
        cls.env.invalidate_all()

    @classmethod
    def _create_billing(cls):
        cls.reason = cls.env.ref("client_timetrack_billing.adjustment_reason_budget")
        for project, day, amount, asked in paper.EXPENSES:
            project = cls.records["project"][project]
            if asked:
                project.timetrack_engagement_ids.cost_markup = (asked / amount - 1) * 100
                cls._create_vendor_bill(project, day, amount)
            else:
                cls.env["account.analytic.line"].create(
                    {"name": "Train", "account_id": project.account_id.id, "amount": -amount, "date": day}
                )
        invoices = {}
        for number, project in (("I1", "Merger"), ("I2", "Audit"), ("I3", "Abroad")):
            lines = [line for line in paper.INVOICES if line.invoice == number]
            invoices[number] = cls._create_invoice(cls.records["project"][project], lines)
        first = invoices["I1"]
        rows = first.timetrack_allocation_ids.filtered(lambda row: row.line_id == cls.entries[3])
        cls._credit(first, "rebill", row_ids=[Command.set(rows.ids)], date="2026-06-15")
        cls._credit(first, "amount", amount=100.0, date="2026-06-16")
        cls._credit(first, "amount", amount=60.0, is_write_off=True, reason_id=cls.reason.id, date="2026-06-20")
        for number, paid in paper.PAID.items():
            cls.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoices[number].ids
            ).create({"payment_date": "2026-06-25", "amount": paid})._create_payments()

    @classmethod
    def _create_vendor_bill(cls, project, day, amount):
        travel = cls.env["product.product"].create(
            {"name": "Travel", "type": "service", "expense_policy": "cost", "invoice_policy": "delivery",
             "taxes_id": False, "supplier_taxes_id": False}
        )  # fmt: skip
        cls.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": cls.partner_b.id,
                "invoice_date": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create(
                        {"product_id": travel.id, "price_unit": amount, "tax_ids": False,
                         "account_id": cls.company_data["default_account_expense"].id,
                         "analytic_distribution": {str(project.account_id.id): 100}}
                    )
                ],
            }
        ).action_post()  # fmt: skip

    @classmethod
    def _create_invoice(cls, project, lines):
        """Pre-bill, adjust as on paper, invoice and post."""
        wizard = cls.env["timetrack.invoice.wizard"].with_user(cls.user_billing).with_company(project.company_id)
        before = cls.env["timetrack.prebill"].search([])
        wizard.create(
            {"company_id": project.company_id.id, "date_to": paper.END, "project_ids": [Command.set(project.ids)]}
        ).action_propose()
        prebill = cls.env["timetrack.prebill"].search([]) - before
        hours = {cls.entries[line.entry]: line.hours for line in lines if line.entry}
        for row in prebill.line_ids:
            if row.line_id and row.hours_worked != hours[row.line_id]:
                row.write({"hours_billed": hours[row.line_id], "reason_id": cls.reason.id})
        prebill.action_invoice()
        move = prebill.move_id
        [fee, *_none] = [*(line.amount for line in lines if line.kind == "fee"), 0.0]
        if fee:
            taxes = move.invoice_line_ids.tax_ids
            move.invoice_line_ids = [
                Command.create({"name": "Filing", "price_unit": fee, "tax_ids": [Command.set(taxes.ids)]})
            ]
        move.invoice_date = paper.END
        move.action_post()
        return move

    @classmethod
    def _credit(cls, move, what, **values):
        wizard = cls.env["timetrack.credit.wizard"].create({"move_id": move.id, "what": what, **values})
        refund = cls.env["account.move"].browse(wizard.action_credit()["res_id"])
        refund.action_post()
        lines = (move | refund).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.filtered(lambda line: not line.reconciled).reconcile()

    # ------------------------------------------------------------------
    # What is compared
    # ------------------------------------------------------------------

    def _name(self, field, value):
        """The value of a group as it is called on paper."""
        if isinstance(value, (tuple, list)):
            value = value[0]
        if ":" in field and value:
            return date.fromisoformat(value)
        return self.names.get(field, {}).get(value, value) or None

    def _get_spec(self, name):
        """A measure as the web client asks for it."""
        field = self.env["timetrack.report"]._fields[name]
        return f"{name}:{'sum_currency' if field.type == 'monetary' else field.aggregator}"

    def _read(self, domain, dimensions, measures, env=None, **context):
        """Dict of the names of groups to their values by measure, as the web client gets them."""
        groups = [DIMENSIONS[name] for name in dimensions]
        Report = (env or self.env)["timetrack.report"].with_context(**context)
        rows = Report.formatted_read_group(domain, groups, [self._get_spec(name) for name in measures])
        return {
            tuple(self._name(field, row[field]) for field in groups): {
                name: row[self._get_spec(name)] for name in measures
            }
            for row in rows
        }

    def _get_measures(self):
        fields = self.env["timetrack.report"]._fields.values()
        return [field.name for field in fields if field.aggregator and field.type in ("float", "monetary")]

    def assertFigures(self, found, expected, measures, what):
        """A sum of nothing is nothing, and a ratio without a denominator is none."""
        self.assertEqual(found.keys(), expected.keys(), what)
        for key, rows in expected.items():
            values = paper.measure(rows, paper.EUROS[-1][1])
            for name in measures:
                value, figure = found[key][name], values[name]
                if figure is None:
                    self.assertFalse(value, (what, key, name))
                else:
                    self.assertAlmostEqual(float(value or 0.0), figure, 2, (what, key, name))

    # ------------------------------------------------------------------
    # Pivot
    # ------------------------------------------------------------------

    def test_paper_knows_every_measure(self):
        values = paper.measure(paper.rows(date.today()))
        self.assertEqual(set(self._get_measures()), set(values))
        # each of them says something about this firm, and not what another one says of it
        self.assertFalse([name for name, value in values.items() if not value])

    def test_pivot(self):
        """Every measure, by every dimension and by some of two."""
        measures = self._get_measures()
        domain = [("company_id", "in", [company.id for company in self.companies.values()])]
        firm = paper.rows(paper.LAST)
        pairs = [("employee", "month"), ("client", "month"), ("project", "kind"), ("department", "top")]
        for dimensions in [(), *((name,) for name in DIMENSIONS), *pairs]:
            found = self._read(domain, dimensions, measures, timetrack_as_of=paper.LAST)
            self.assertFigures(found, paper.group(firm, *dimensions), measures, dimensions)

    def test_pivot_of_one_company(self):
        """Where no amount is converted."""
        measures = self._get_measures()
        for name, company in self.companies.items():
            env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
            found = self._read([("company_id", "=", company.id)], ("client",), measures, env)
            own = [row for row in paper.rows(date.today()) if row["company"] == name]
            for (client,), rows in paper.group(own, "client").items():
                values = paper.measure(rows)
                for measure in measures:
                    self.assertAlmostEqual(
                        float(found[client,][measure] or 0.0), values[measure] or 0.0, 2, (name, client, measure)
                    )

    def test_lockup(self):
        """At month ends and now: what was worked and not billed by then, billed in the year, and not paid."""
        Lockup = self.env["timetrack.lockup"]
        today = date.today()
        rows = paper.rows(today)
        for day in (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30), today):
            expected = {}
            for (name,), some in paper.group(rows, "project").items():
                known = [row for row in some if row["date"] and row["date"] <= day]
                paid = day >= date(2026, 6, 25)
                expected[name] = (
                    sum(row.get("wip_amount", 0) for row in known if row["kind"] != "entry"),
                    sum(row.get("receivable_amount", 0) for row in known)
                    if paid
                    else sum(row.get("billed_amount", 0) - row.get("written_off", 0) for row in known),
                    sum(row.get("billed_amount", 0) for row in known),
                )
            domain = [("day", "=", day), ("project_id", "in", [one.id for one in self.records["project"].values()])]
            found = Lockup._read_group(
                domain, ["project_id"], ["wip_amount:sum", "receivable_amount:sum", "fees_year:sum"]
            )
            self.assertTrue(found if day.month > 4 else True)
            found = {project.name: [float(value) for value in values] for project, *values in found}
            for name, values in expected.items():
                for value, figure in zip(found.get(name, (0, 0, 0)), values, strict=True):
                    self.assertAlmostEqual(value, figure, 2, (day, name))

    # ------------------------------------------------------------------
    # Dashboards
    # ------------------------------------------------------------------

    def _get_asked(self, data):
        """What a dashboard asks the report for: (title, domain, groups, measures, matching of filters)."""
        for pivot in data["pivots"].values():
            groups = [":".join(filter(None, (row["fieldName"], row.get("granularity")))) for row in pivot["rows"]]
            measures = [measure["fieldName"] for measure in pivot["measures"]]
            yield pivot["name"], pivot["domain"], groups, measures, pivot["fieldMatching"]
        for figure in data["sheets"][0]["figures"]:
            chart = figure["data"]
            if chart["type"].startswith("odoo_"):
                meta = chart["metaData"]
                yield (
                    chart["chartId"], chart["searchParams"]["domain"], meta["groupBy"], [meta["measure"]],
                    chart["fieldMatching"],
                )  # fmt: skip

    def _is_wanted(self, row, domain, filters):
        """Whether a row of the paper is in the domain of a part of a dashboard, and passes the filters set."""
        for field, operator, value in domain:
            if field == "kind":
                ok = row["kind"] in value
            elif field == "is_mine":
                ok = row.get("employee") == "Ann"
            else:
                dimension = NAMES[field] if field in NAMES else NAMES[f"{field}:month"]
                known = paper.know(row)
                self.assertEqual((operator, value), ("!=", False))
                ok = bool(known.get(dimension))
            if not ok:
                return False
        first, last = filters.get("date", (None, None))
        if first and not (row["date"] and first <= row["date"] <= last):
            return False
        return "client_id" not in filters or row.get("client") == filters["client_id"]

    def _check_dashboard(self, name, env, chosen):
        dashboard = self.env.ref(f"client_timetrack_reports.spreadsheet_dashboard_{name}")
        data = json.loads(dashboard.sudo().spreadsheet_data)
        firm = paper.rows(date.today())
        # other companies of the database have demo data
        ours = [("company_id", "in", [company.id for company in self.companies.values()])]
        count = 0
        for title, domain, groups, measures, matching in self._get_asked(data):
            chains = {match["chain"] for match in matching.values() if not match.get("offset")}
            if any(match.get("offset") for match in matching.values()):
                continue  # the period before, which is the same question
            filters = {chain: value for chain, value in chosen.items() if chain in chains}
            conditions = []
            for chain, value in filters.items():
                if chain == "date":
                    conditions += [("date", ">=", value[0]), ("date", "<=", value[1])]
                else:
                    conditions.append((chain, "in", self.records[NAMES[chain]][value].ids))
            dimensions = [NAMES[group] for group in groups]
            wanted = [row for row in firm if self._is_wanted(row, domain, filters)]
            expected = paper.group(wanted, *dimensions) if wanted or groups else {(): []}
            found = self._read([*ours, *domain, *conditions], dimensions, measures, env)
            self.assertFigures(found, expected, measures, (name, title))
            count += 1
        self.assertGreater(count, 8)

    def test_dashboards(self):
        for name in ("utilization", "billing", "projects", "clients"):
            for chosen in ({}, {"date": (date(2026, 5, 1), date(2026, 5, 31))}, {"client_id": "Alpha"},
                           {"date": (date(2026, 6, 1), date(2026, 6, 30)), "client_id": "Beta"}):  # fmt: skip
                self._check_dashboard(name, self.env, chosen)

    def test_my_numbers(self):
        ann = self.records["employee"]["Ann"].user_id
        self._check_dashboard("mine", self.env(user=ann, context={"allowed_company_ids": self.company.ids}), {})

    def test_lists_of_dashboards(self):
        """What waits to be billed, and budgets."""
        Queue = self.env["timetrack.billing.queue"]
        queue = {
            row.project_id.name: (row.hours, round(row.amount, 2), row.oldest_date)
            for row in Queue.search([("project_id", "in", [one.id for one in self.records["project"].values()])])
        }
        waiting = [row for row in paper.rows(date.today()) if row["kind"] == "wip"]
        self.assertEqual(
            queue,
            {
                project: (
                    sum(row["wip_hours"] for row in rows),
                    sum(row["wip_amount"] for row in rows),
                    min(row["date"] for row in rows),
                )
                for (project,), rows in paper.group(waiting, "project").items()
            },
        )
        for place in paper.PROJECTS:
            if place.hours:
                budget = self.records["project"][place.name].timetrack_budget_ids
                logged = sum(entry.hours for entry in paper.ENTRIES if entry.project == place.name)
                self.assertEqual((budget.allowed_hours, budget.consumed_hours), (place.hours, logged), place.name)

    # ------------------------------------------------------------------
    # Workbooks
    # ------------------------------------------------------------------

    def _get_sheets(self, company):
        env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
        content = env["timetrack.workbook"]._build(company.with_env(env), paper.FIRST, paper.LAST)
        return {page.title: by_label(page) for page in read(content)}

    def _check_sheet(self, sheet, key, expected, columns):
        """Each row, and the totals.

        :param sheet: rows and totals by their labels
        :param str key: label of the column that rows are found by
        :param dict expected: rows of the paper by what is in that column
        :param dict columns: measure (or a function of all measures) by label
        """
        rows, totals = sheet
        self.assertEqual([row[key] for row in rows], sorted(expected, key=[row[key] for row in rows].index))
        groups = [(row, expected[row[key]]) for row in rows]
        everything = [one for _row, own in groups for one in own]
        for row, own in [*groups, (totals, everything)]:
            values = paper.measure(own)
            for label, measure in columns.items():
                figure = measure(values) if callable(measure) else values[measure]
                if figure is None:
                    self.assertEqual(row[label], "n/a", (row, label))
                else:
                    self.assertAlmostEqual(row[label] or 0.0, figure, 2, (row, label))

    def test_workbooks(self):
        for name, company in self.companies.items():
            firm = [row for row in paper.rows(paper.LAST) if row["company"] == name]
            sheets = self._get_sheets(company)
            with self.subTest(name):
                self._check_utilization(sheets["Utilization"], firm)
                self._check_wip(sheets["WIP by age"], firm)
                if name == paper.HOME:
                    self._check_budget(sheets["Budget against actual"], firm)
                self._check_profitability(sheets["Client profitability"], firm)

    def _check_utilization(self, sheet, firm):
        work = [row for row in firm if row["kind"] in ("entry", "capacity")]
        expected = {employee: rows for (employee,), rows in paper.group(work, "employee").items()}
        columns = {
            "Gross hours": "gross_available_hours",
            "Public holidays": "holiday_hours",
            "Own leave": "leave_hours",
            "Net hours": "net_available_hours",
            "Billable": "billable_hours",
            "Non-billable for clients": "client_hours",
            "Internal": "internal_hours",
            "Logged": "logged_hours",
            "Overtime": lambda values: max(0.0, values["balance_hours"]),
            "Utilization": "utilization",
            "Target hours": "target_hours",
            "Target": lambda values: values["target_hours"] / values["net_available_hours"],
            "Variance in hours": lambda values: values["billable_hours"] - values["target_hours"],
            "Billable mix": "billable_mix",
        }
        self._check_sheet(sheet, "Employee", expected, columns)

    def _check_wip(self, sheet, firm):
        waiting = [row for row in firm if row["kind"] == "wip"]
        expected = {project: rows for (project,), rows in paper.group(waiting, "project").items()}
        self._check_sheet(sheet, "Project", expected, {"Hours": "wip_hours", "Work in progress": "wip_amount"})
        rows, _totals = sheet
        labels = {
            "030": "0–30 days",
            "060": "31–60 days",
            "090": "61–90 days",
            "120": "91–120 days",
            "older": "Over 120 days",
        }
        for row in rows:
            own = expected[row["Project"]]
            self.assertEqual(row["Oldest"].date(), min(one["date"] for one in own))
            for age, label in labels.items():
                amount = sum(one["wip_amount"] for one in own if one["age"] == age)
                self.assertAlmostEqual(row[label] or 0.0, amount, 2, (row["Project"], label))
            last = [line.day for line in paper.INVOICES if line.project == row["Project"]]
            self.assertEqual(row["Last invoice"].date(), max(last))

    def _check_budget(self, sheet, firm):
        work = [row for row in firm if row["kind"] in ("entry", "budget")]
        expected = {
            project: rows
            for (project,), rows in paper.group(work, "project").items()
            if paper.measure(rows)["budget_hours"]
        }
        columns = {
            "Budget hours": "budget_hours",
            "In the period": "budget_logged_hours",
            "To date": "budget_logged_hours",
            "Hours left": "budget_remaining_hours",
            "Budget used": "budget_consumed",
            "Budget cost": "budget_cost",
            "Cost of time": "budget_logged_cost",
        }
        self._check_sheet(sheet, "Project", expected, columns)

    def _check_profitability(self, sheet, firm):
        work = [row for row in firm if row["kind"] in ("entry", "billing", "expense", "wip")]
        expected = {client or "No client": rows for (client,), rows in paper.group(work, "client").items()}
        billed = paper.measure(work)["billed_amount"]
        columns = {
            "Hours": "logged_hours",
            "Billable hours": "billable_hours",
            "Standard value worked": "standard_value",
            "Standard value billed": "billed_standard_value",
            "Adjustments": lambda values: values["write_up"] - values["write_down"] - values["concession"],
            "Billed for time": "realized_amount",
            "Realization": "billing_realization",
            "Billed": "billed_amount",
            "Project rate": "project_rate",
            "Collected": "collected_amount",
            "Receivable": "receivable_amount",
            "Work in progress": "wip_amount",
            "Direct cost": lambda values: values["cost"] + values["expense_amount"],
            "Net revenue": "net_revenue",
            "Margin": "margin",
            "Margin %": "margin_rate",
        }
        self._check_sheet(sheet, "Client", expected, columns)
        rows, _totals = sheet
        for row in rows:
            own = paper.measure(expected[row["Client"]])
            self.assertAlmostEqual(row["Share of total"], own["billed_amount"] / billed, 6)
