from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.client_timetrack_billing.engine import workbook

from .timetrack_lockup import YEAR
from .timetrack_order_cycle import LEGS as ORDER_LEGS
from .timetrack_turnaround import LEGS as TURNAROUND_LEGS
from .timetrack_work_pattern import WEEKDAYS

Column, Ratio, Difference = workbook.Column, workbook.Ratio, workbook.Difference
HOURS, MONEY, DATE, INDEX, PERCENT = workbook.HOURS, workbook.MONEY, workbook.DATE, workbook.INDEX, workbook.PERCENT
DAYS = HOURS


class TimetrackWorkbook(models.AbstractModel):
    """What is to come and how long things take: earned value, cash, turnaround, lockup, orders, benefits, patterns.

    Each figure is read from the report of its page, with the reader's own rights: who may not see a page has its sheet
    without rows, and who may not see an amount has no column of it.
    """

    _inherit = "timetrack.workbook"

    @api.model
    def _find(self, model, domain, order=None, limit=None):
        """Records of a page, none where the reader may not see it."""
        Model = self.env[model]
        return Model.search(domain, order=order, limit=limit) if Model.has_access("read") else Model

    @api.model
    def _group(self, model, domain, groupby, measures):
        """Groups of a page as (values of the groups, dict of measure to number); none where the reader may not see
        it."""
        Model = self.env[model]
        if not Model.has_access("read"):
            return []
        specs = [f"{name}:{Model._fields[name].aggregator}" for name in measures]
        size = len(groupby)
        return [
            (row[:size], {name: self._to_number(value) for name, value in zip(measures, row[size:], strict=True)})
            for row in Model._read_group(domain, groupby, specs)
        ]

    @api.model
    def _to_number(self, value):
        """A sum or median of a group; None where there is nothing to tell it from."""
        return None if value is False or value is None else float(value)

    @api.model
    def _shows(self, model, *names):
        """Whether the reader may read fields of a page."""
        Model = self.env[model]
        return all(Model._has_field_access(Model._fields[name], "read") for name in names)

    @api.model
    def _get_labels(self, model, name):
        """The labels of a selection."""
        return {False: "", **dict(self.env[model]._fields[name]._description_selection(self.env))}

    # ------------------------------------------------------------------
    # Earned value
    # ------------------------------------------------------------------

    @api.model
    def _prepare_earned(self, company, date_from, date_to):
        """One row a project with a budget, as it stood in the last week of the period."""
        of_company = Domain("company_id", "=", company.id) & Domain("week", "<=", date_to)
        last = self._find("timetrack.earned.value", of_company, "week desc", limit=1).week
        rows = self._find("timetrack.earned.value", of_company & Domain("week", "=", last), "project_id")
        money = self._shows("timetrack.earned.value", "bac_cost")
        sources = self._get_labels("timetrack.earned.value", "progress_by")
        lines = [
            {
                "project": row.project_id.sudo().name,
                "client": row.client_id.sudo().display_name or "",
                "manager": row.user_id.sudo().name or "",
                "by": sources[row.progress_by],
                "done": row.progress if row.progress_by else None,
                "budget": row.bac_hours or None,
                "spent": row.ac_hours,
                "planned": row.judged_pv_hours,
                "earned": row.ev_hours if row.progress_by else None,
                "judged": row.judged_hours if row.progress_by else None,
                "scheduled": row.planned_ev_hours,
                "eac": row.eac_hours or None,
                "one_off": row.eac_one_off_hours or None,
                "etc": row.etc_hours or None,
                "vac": row.vac_hours if row.eac_hours else None,
                "tcpi": row.tcpi or None,
                "pace": row.burn_hours,
                "used_up": row.exhaustion_date or None,
                **({"budget_cost": row.bac_cost, "cost": row.ac_cost, "eac_cost": row.eac_cost} if money else {}),
            }
            for row in rows
        ]
        return [self._prepare_earned_sheet(lines, last, money)]

    @api.model
    def _prepare_earned_sheet(self, rows, week, money):
        _t = self.env._
        columns = [
            Column("project", _t("Project")),
            Column("client", _t("Client")),
            Column("manager", _t("Project manager")),
            Column("by", _t("Completion by")),
            Column("done", _t("Complete"), PERCENT),
            Column("budget", _t("BAC"), HOURS, total=True),
            Column("spent", _t("AC"), HOURS, total=True),
            Column("judged", _t("AC where judged"), HOURS, total=True),
            Column("earned", _t("EV"), HOURS, total=True),
            Column("planned", _t("PV where judged"), HOURS, total=True),
            Column("scheduled", _t("EV where scheduled"), HOURS, total=True),
            Ratio("cpi", _t("CPI"), "earned", "judged", INDEX),
            Ratio("spi", _t("SPI"), "scheduled", "planned", INDEX),
            Column("eac", _t("EAC"), HOURS),
            Column("one_off", _t("EAC, one-off"), HOURS),
            Column("etc", _t("ETC"), HOURS),
            Column("vac", _t("VAC"), HOURS),
            Column("tcpi", _t("TCPI"), INDEX),
            Column("pace", _t("Hours a week"), HOURS, total=True),
            Column("used_up", _t("Used up on"), DATE),
        ]
        if money:
            columns += [
                Column("budget_cost", _t("Budget cost"), MONEY, total=True),
                Column("cost", _t("Cost"), MONEY, total=True),
                Column("eac_cost", _t("Cost at completion"), MONEY),
            ]
        return workbook.Sheet(
            _t("Forecast against budget"),
            columns,
            rows,
            chart=workbook.Chart(_t("Budget and estimate at completion"), ("budget", "eac"), "project"),
            note=_t(
                "Week of %s. Complete is what somebody judged, never worked out of what was spent. CPI = EV / AC, "
                "SPI = EV / PV, EAC = BAC / CPI; of all projects by the sums of those that were judged.",
                week.isoformat() if week else _t("none"),
            ),
            total_label=_t("Total"),
        )

    # ------------------------------------------------------------------
    # Cash
    # ------------------------------------------------------------------

    @api.model
    def _prepare_cash(self, company, date_from, date_to):
        """Thirteen weeks by currency as they were expected last, the payments behind them, and what came of the weeks
        that are over."""
        of_company = Domain("company_id", "=", company.id)
        known = self._find("timetrack.cash.week", of_company & Domain("made", "<=", date_to), "made desc, week")
        weeks = known.filtered(lambda row: row.made == known[:1].made)
        over = known.filtered(lambda row: row.is_over and row.week >= date_from).sorted(
            lambda row: (row.week, row.made)
        )
        sheets = [self._prepare_cash_sheet(weeks)]
        if weeks[:1].is_latest:
            sheets.append(self._prepare_payments_sheet(self._find("timetrack.cash.item", of_company)))
        return [*sheets, self._prepare_came_sheet(over)]

    @api.model
    def _prepare_cash_sheet(self, weeks):
        _t = self.env._
        bands = ("invoiced", "scheduled", "approved", "unapproved")
        names = (*bands, "expected", "p10", "p50", "p90")
        # sums of several currencies say nothing
        total = len(weeks.currency_id) == 1
        labels = weeks._fields
        return workbook.Sheet(
            _t("Cash forecast"),
            [
                Column("week", _t("Week of"), DATE),
                Column("currency", _t("Currency")),
                *(
                    Column(name, labels[name]._description_string(self.env), MONEY, total=total and name in
                           (*bands, "expected"))
                    for name in names
                ),
            ],
            [
                {"week": row.week, "currency": row.currency_id.name, **{name: row[name] for name in names}}
                for row in weeks.sorted(lambda row: (row.currency_id.name, row.week))
            ],
            chart=workbook.Chart(_t("Expected by week"), bands, "week"),
            note=_t(
                "As expected in the week of %s, with tax. By how clients pay: the median delay of their money; P10 to "
                "P90 by drawing delays. Disputed amounts are in no week.",
                weeks[:1].made.isoformat() if weeks else _t("none"),
            ),
            total_label=_t("Total"),
        )  # fmt: skip

    @api.model
    def _prepare_payments_sheet(self, items):
        _t = self.env._
        bands, sources = (self._get_labels("timetrack.cash.item", name) for name in ("band", "source"))
        total = len(items.currency_id) == 1
        return workbook.Sheet(
            _t("Expected payments"),
            [
                Column("expected", _t("Expected"), DATE),
                Column("client", _t("Client")),
                Column("project", _t("Project")),
                Column("invoice", _t("Invoice")),
                Column("band", _t("Of")),
                Column("due", _t("Due"), DATE),
                Column("amount", _t("Amount"), MONEY, total=total),
                Column("currency", _t("Currency")),
                Column("source", _t("By payments of")),
                Column("disputed", _t("Disputed")),
            ],
            [
                {
                    "expected": item.expected or None,
                    "client": item.client_id.sudo().display_name or "",
                    "project": item.project_id.sudo().name or "",
                    "invoice": item.move_id.sudo().name or "",
                    "band": bands[item.band],
                    "due": item.due or None,
                    "amount": item.amount,
                    "currency": item.currency_id.name,
                    "source": sources[item.source],
                    "disputed": _t("Yes") if item.is_disputed else "",
                }
                for item in items
            ],
            note=_t("What has no day is disputed, or later than anything was ever paid."),
            total_label=_t("Total"),
        )

    @api.model
    def _prepare_came_sheet(self, weeks):
        _t = self.env._
        return workbook.Sheet(
            _t("Cash that came"),
            [
                Column("week", _t("Week of"), DATE),
                Column("made", _t("Forecast of"), DATE),
                Column("ahead", _t("Weeks ahead"), HOURS),
                Column("currency", _t("Currency")),
                Column("expected", _t("Expected"), MONEY),
                Column("p10", _t("P10"), MONEY),
                Column("p90", _t("P90"), MONEY),
                Column("came", _t("Came"), MONEY),
                Difference("off", _t("Came - expected"), "came", "expected", MONEY, total=False),
            ],
            [
                {
                    "week": row.week, "made": row.made, "ahead": row.ahead, "currency": row.currency_id.name,
                    **{name: row[name] for name in ("expected", "p10", "p90", "came")},
                }
                for row in weeks
                if row.expected or row.came
            ],
            note=_t("Weeks of the period that are over, by each forecast that had them; those without cash left out."),
            total_label=_t("Total"),
        )  # fmt: skip

    # ------------------------------------------------------------------
    # How long things take
    # ------------------------------------------------------------------

    @api.model
    def _prepare_turnaround(self, company, date_from, date_to):
        """One row a client, of the time worked in the period; the last one is of all of them."""
        worked = Domain("company_id", "=", company.id) & Domain("worked", ">=", date_from)
        worked &= Domain("worked", "<=", date_to)
        measures = [f"{leg}_{word}" for leg in TURNAROUND_LEGS for word in ("median", "p90")]
        measures += ["number", "open_number", "age"]
        rows = [
            {"client": client.sudo().display_name or self.env._("No client"), **values}
            for (client,), values in self._group("timetrack.turnaround", worked, ["client_id"], measures)
        ]
        rows.sort(key=lambda row: row["client"].lower())
        if rows:
            [((), every)] = self._group("timetrack.turnaround", worked, [], measures)
            rows.append({"client": self.env._("All clients"), **every})
        fields_ = self.env["timetrack.turnaround"]._fields
        return [
            workbook.Sheet(
                self.env._("Invoice turnaround"),
                [
                    Column("client", self.env._("Client")),
                    *(Column(name, fields_[name]._description_string(self.env), DAYS) for name in measures),
                ],
                rows,
                chart=workbook.Chart(self.env._("Work to payment"), ("billing_median", "cash_median"), "client"),
                note=self.env._(
                    "Days of the time worked in the period: half of the money, or nine tenths, took no longer. What is "
                    "open has no days; it is counted, with the age of the oldest."
                ),
            )
        ]

    @api.model
    def _prepare_lockup(self, company, date_from, date_to):
        """The month ends of the year until the end of the period; and the clients at the last of them."""
        until = Domain("company_id", "=", company.id) & Domain("day", "<=", date_to)
        year = until & Domain("day", ">", date_to - relativedelta(months=12))
        names = ["wip_amount", "receivable_amount", "fees_year", "fees_quarter", "quarter_days"]
        if not self._shows("timetrack.lockup", *names):
            names = ["wip_days", "debtor_days", "lockup_days", "dso"]
        months = [
            {"day": day, **values} for (day,), values in self._group("timetrack.lockup", year, ["day:day"], names)
        ]
        last = months[-1]["day"] if months else None
        at_last = until & Domain("day", "=", last)
        clients = [
            {"client": client.sudo().display_name or self.env._("No client"), **values}
            for (client,), values in self._group("timetrack.lockup", at_last, ["client_id"], names)
        ]
        clients = [row for row in clients if any(row[name] for name in names if name != "quarter_days")]
        clients.sort(key=lambda row: row["client"].lower())
        _t = self.env._
        by_client = _t("Lockup by client, %s", last.isoformat()) if last else _t("Lockup by client")
        return [
            self._prepare_lockup_sheet(_t("Lockup"), Column("day", _t("As of"), DATE), months, names, False),
            self._prepare_lockup_sheet(by_client, Column("client", _t("Client")), clients, names, True),
        ]

    @api.model
    def _prepare_lockup_sheet(self, name, first, rows, names, total):
        _t = self.env._
        labels = self.env["timetrack.lockup"]._fields
        if "fees_year" in names:
            rows = [
                {
                    **row,
                    "a_day": (row["fees_year"] or 0.0) / YEAR,
                    "a_day_quarter": (row["fees_quarter"] or 0.0) / row["quarter_days"],
                    "lockup": (row["wip_amount"] or 0.0) + (row["receivable_amount"] or 0.0),
                }
                for row in rows
            ]
            columns = [
                *(
                    Column(one, labels[one]._description_string(self.env), MONEY, total=total)
                    for one in names
                    if one != "quarter_days"
                ),
                Column("lockup", _t("Locked up"), MONEY, total=total),
                Column("a_day", _t("Fees a day"), MONEY, total=total),
                Column("a_day_quarter", _t("Fees a day, 3 months"), MONEY, total=total),
                Ratio("wip_days", _t("WIP days"), "wip_amount", "a_day", DAYS, total=total),
                Ratio("debtor_days", _t("Debtor days"), "receivable_amount", "a_day", DAYS, total=total),
                Ratio("lockup_days", _t("Lockup days"), "lockup", "a_day", DAYS, total=total),
                Ratio("dso", _t("DSO"), "receivable_amount", "a_day_quarter", DAYS, total=total),
            ]
        else:
            columns = [Column(one, labels[one]._description_string(self.env), DAYS) for one in names]
        return workbook.Sheet(
            name,
            [first, *columns],
            rows,
            chart=workbook.Chart(_t("Lockup days"), ("wip_days", "debtor_days"), first.key),
            note=_t(
                "Fees without tax. Days = balance / net fees of twelve months x 365; DSO = receivable / fees of three "
                "months x their days."
            ),
            total_label=_t("Total"),
        )

    @api.model
    def _prepare_orders(self, company, date_from, date_to):
        """One row an order that was received in the period or is open."""
        domain = Domain("company_id", "=", company.id) & Domain("received", "<=", date_to)
        domain &= Domain("received", ">=", date_from) | Domain("stage", "!=", "paid")
        orders = self._find("timetrack.order.cycle", domain, "received, id")
        labels = {name: self._get_labels("timetrack.order.cycle", name) for name in ("kind", "stage", "longest_leg")}
        amounts = [one for one in ("amount", "cost_amount") if self._shows("timetrack.order.cycle", one)]
        starts = {leg: last for leg, (_label, _first, last) in ORDER_LEGS.items()}
        _t = self.env._
        fields_ = orders._fields
        rows = [
            {
                "kind": labels["kind"][order.kind],
                "reference": order.reference or "",
                "partner": order.partner_id.sudo().display_name or "",
                "project": order.project_id.sudo().name or "",
                **{name: order[name] or None for name in ("received", "started", "settled", "invoiced", "paid")},
                **{f"{leg}_days": order[f"{leg}_days"] if order[last] else None for leg, last in starts.items()},
                "hours": order.hours,
                "worked": order.worked_days if order.kind != "vendor" else None,
                "lead": order.lead_days or None,
                "longest": labels["longest_leg"][order.longest_leg],
                "stage": labels["stage"][order.stage],
                "age": order.age if order.stage != "paid" else None,
                **{name: order[name] or None for name in amounts},
            }
            for order in orders
        ]
        columns = [
            Column("kind", _t("Kind")),
            Column("reference", _t("Reference")),
            Column("partner", _t("Client or vendor")),
            Column("project", _t("Project")),
            *(
                Column(name, fields_[name]._description_string(self.env), DATE)
                for name in ("received", "started", "settled", "invoiced", "paid")
            ),
            *(Column(f"{leg}_days", fields_[f"{leg}_days"]._description_string(self.env), DAYS) for leg in starts),
            Column("hours", _t("Hours"), HOURS, total=True),
            Column("worked", _t("Days worked"), DAYS, total=True),
            Column("lead", _t("Days so far"), DAYS, total=True),
            Ratio("efficiency", _t("Cycle efficiency"), "worked", "lead"),
            Column("longest", _t("Longest leg")),
            Column("stage", _t("Stage")),
            Column("age", _t("Days in the stage"), DAYS),
            *(Column(name, fields_[name]._description_string(self.env), MONEY, total=True) for name in amounts),
        ]
        return [
            workbook.Sheet(
                _t("Order cycle"),
                columns,
                rows,
                note=_t(
                    "Orders received in the period, and open ones. A leg has days once nothing of it is left. Cycle "
                    "efficiency = logged hours as working days / calendar days."
                ),
                total_label=_t("Total"),
            )
        ]

    # ------------------------------------------------------------------
    # Benefits
    # ------------------------------------------------------------------

    @api.model
    def _prepare_benefits(self, company, date_from, date_to):
        """One row a benefit, as it stands now."""
        benefits = self._find(
            "timetrack.benefit", Domain("company_id", "=", company.id) & Domain("status", "!=", "cancelled")
        )
        statuses = self._get_labels("timetrack.benefit", "status")
        costs = ["cost"] if self._shows("timetrack.benefit", "cost") else []
        rows = [
            {
                "name": one.name,
                "portfolio": one.portfolio_id.sudo().name or "",
                "projects": ", ".join(one.project_ids.sudo().mapped("name")),
                "owner": one.user_id.sudo().name or "",
                "measure": one.measure_id.sudo().display_name,
                "unit": one.unit or "",
                "baseline": one.baseline,
                "target": one.target,
                "share": one.attribution / 100,
                "measured": one.measured if one.has_measured else None,
                "measured_date": one.measured_date or None,
                "realization": one.realization if one.has_realization else None,
                "planned": one.expected,
                "date_target": one.date_target,
                "status": statuses[one.status],
                "value": one.value,
                "value_expected": one.value_expected,
                "value_validated": one.value_validated,
                "value_at_risk": one.value_at_risk,
                "hours": one.hours,
                **{name: one[name] for name in costs},
            }
            for one in benefits
        ]
        _t = self.env._
        columns = [
            Column("name", _t("Benefit")),
            Column("portfolio", _t("Portfolio")),
            Column("projects", _t("Projects")),
            Column("owner", _t("Owner")),
            Column("measure", _t("Measure")),
            Column("unit", _t("Unit")),
            Column("baseline", _t("Baseline"), HOURS),
            Column("target", _t("Target"), HOURS),
            Column("share", _t("Attribution"), PERCENT),
            Column("measured", _t("Measured"), HOURS),
            Column("measured_date", _t("Measured on"), DATE),
            Column("realization", _t("Realization"), PERCENT),
            Column("planned", _t("Planned to date"), PERCENT),
            Column("date_target", _t("Target date"), DATE),
            Column("status", _t("Status")),
            Column("value", _t("Value at target"), MONEY, total=True),
            Column("value_expected", _t("Value planned to date"), MONEY, total=True),
            Column("value_validated", _t("Value validated"), MONEY, total=True),
            Column("value_at_risk", _t("Value at risk"), MONEY, total=True),
            Column("hours", _t("Hours spent"), HOURS, total=True),
            *[Column(name, _t("Cost spent"), MONEY, total=True) for name in costs],
            Ratio("return", _t("Return per hour"), "value_validated", "hours", MONEY),
        ]
        return [
            workbook.Sheet(
                _t("Benefits"),
                columns,
                rows,
                chart=workbook.Chart(_t("Value by benefit"), ("value_expected", "value_validated"), "name"),
                note=_t(
                    "As they stand today. Only what finance validated counts: realization = (measured - baseline) / "
                    "(target - baseline). The hours of projects with several benefits are in each of them."
                ),
                total_label=_t("Total"),
            )
        ]

    # ------------------------------------------------------------------
    # Patterns
    # ------------------------------------------------------------------

    @api.model
    def _prepare_pattern(self, company, date_from, date_to):
        """Hours by day with moving averages, and by the weekday and hour of their start."""
        of_company = Domain("company_id", "=", company.id)
        period = of_company & Domain("date", ">=", date_from) & Domain("date", "<=", date_to)
        _t = self.env._
        days = [
            {"date": day, **values}
            for (day,), values in self._group(
                "timetrack.daily.hours", period, ["date:day"], ["hours", "average_7", "average_28"]
            )
        ]
        weekdays = self._get_labels("timetrack.work.pattern", "weekday")
        clock = {}
        for (weekday, hour), values in self._group(
            "timetrack.work.pattern", period & Domain("start_hour", "!=", False), ["weekday", "start_hour"], ["hours"]
        ):
            clock.setdefault(hour, {})[weekday] = values["hours"]
        return [
            workbook.Sheet(
                _t("Hours by day"),
                [
                    Column("date", _t("Day"), DATE),
                    Column("hours", _t("Hours"), HOURS, total=True),
                    Column("average_7", _t("Average of 7 days"), HOURS),
                    Column("average_28", _t("Average of 28 days"), HOURS),
                ],
                days,
                total_label=_t("Total"),
            ),
            workbook.Sheet(
                _t("Hours by start"),
                [
                    Column("hour", _t("Start of work")),
                    *(Column(day, weekdays[day], HOURS, total=True) for day, _label in WEEKDAYS),
                ],
                [{"hour": f"{hour}:00", **row} for hour, row in sorted(clock.items())],
                note=_t("In the time zone of each employee; entries without a start are left out."),
                total_label=_t("Total"),
            ),
        ]
