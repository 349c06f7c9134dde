"""A small firm on paper, and its figures by plain Python: nothing here knows Odoo or the addons.

Two companies, each with its currency: *Home* keeps dollars, *There* euros. Home works part-time too, has leave, a
public holiday and somebody hired in between; it bills a client in euros, writes down and up, credits, writes off, and
is paid for a part. The definitions of the KPIs are written down once more, as sums over rows.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

FIRST, LAST = date(2026, 5, 1), date(2026, 6, 30)
HOME, THERE = "Home", "There"
# Euros for a dollar, from a day on.
EUROS = [(date(2026, 1, 1), 2.0), (date(2026, 5, 31), 2.5), (date(2026, 6, 10), 3.0)]
HOLIDAYS = {HOME: [date(2026, 5, 25)], THERE: []}
UNBILLED_DAYS = 60


class Employee(NamedTuple):
    name: str
    company: str
    department: str
    job: str
    day: float  # hours
    cost: float
    rate: float
    hired: date = date(2026, 1, 1)
    leave: tuple = ()


EMPLOYEES = [
    Employee("Ann", HOME, "Law", "Partner", 8.0, 80.0, 200.0),
    Employee("Ben", HOME, "Law", "Associate", 4.0, 40.0, 100.0),
    Employee("Cem", HOME, "IT", "Engineer", 8.0, 50.0, 120.0, date(2026, 5, 18), (date(2026, 6, 3),)),
    Employee("Dan", THERE, None, None, 8.0, 30.0, 60.0),
]
# Of an employee from a day on: the share of net available hours that is to be billable.
TARGETS = [("Ann", date(2026, 1, 1), 0.6), ("Ann", date(2026, 6, 1), 0.5), ("Ben", date(2026, 1, 1), 0.75)]


class Project(NamedTuple):
    name: str
    company: str
    client: str | None
    category: str | None
    hours: float = 0.0  # budget
    cost: float = 0.0
    revenue: float = 0.0
    rate: float = 0.0  # in euros, instead of those of employees


PROJECTS = [
    Project("Merger", HOME, "Alpha", "Gold", 50.0, 3000.0, 9000.0),
    Project("Audit", HOME, "Beta", "Silver", 20.0, 0.0, 0.0, 150.0),
    Project("Office", HOME, None, None),
    Project("Abroad", THERE, "Delta", None),
]
# Service type: its parent, and whether it is billable.
ACTIVITIES = {"Research": (None, True), "Reading": ("Research", True), "Admin": (None, False)}


class Entry(NamedTuple):
    number: int
    employee: str
    day: date
    project: str
    activity: str
    hours: float
    state: str = "approved"
    late: float = 1.0  # hours from the end of the day to when it was entered
    task: str | None = None
    deliverable: str | None = None


ENTRIES = [
    Entry(1, "Ann", date(2026, 5, 4), "Merger", "Research", 6.0, task="Letter", deliverable="Opinion"),
    Entry(2, "Ann", date(2026, 5, 5), "Merger", "Reading", 8.0, late=30.0, task="Letter", deliverable="Opinion"),
    Entry(3, "Ben", date(2026, 5, 5), "Merger", "Research", 4.0, late=100.0),
    Entry(4, "Ann", date(2026, 5, 6), "Merger", "Admin", 2.0, task="Letter"),
    Entry(5, "Ann", date(2026, 5, 7), "Office", "Admin", 3.0),
    Entry(6, "Cem", date(2026, 5, 20), "Audit", "Research", 5.0),
    Entry(7, "Cem", date(2026, 5, 21), "Audit", "Reading", 3.0, late=47.0),
    Entry(8, "Ben", date(2026, 6, 2), "Merger", "Reading", 3.0),
    Entry(9, "Cem", date(2026, 6, 4), "Audit", "Research", 9.0, "submitted"),
    Entry(10, "Cem", date(2026, 6, 5), "Office", "Admin", 1.0, "draft"),
    Entry(11, "Dan", date(2026, 5, 6), "Abroad", "Research", 7.0),
    Entry(12, "Dan", date(2026, 6, 8), "Abroad", "Research", 2.0, late=25.0),
]
TASKS = [("Letter", "Merger", 20.0, date(2026, 5, 20))]
DELIVERABLES = [("Opinion", "Merger", 12.0, date(2026, 5, 15))]
# Employee, project, Monday, hours.
BOOKINGS = [("Ann", "Merger", date(2026, 5, 4), 16.0), ("Cem", "Audit", date(2026, 6, 1), 10.0)]
# Project, day, amount, and what a client is asked for it.
EXPENSES = [("Merger", date(2026, 5, 10), 80.0, 88.0), ("Audit", date(2026, 5, 22), 30.0, 0.0)]


class Billed(NamedTuple):
    """A line of an invoice or a credit note, in its currency; entries by their number."""

    invoice: str
    project: str
    day: date
    kind: str
    amount: float
    entry: int | None = None
    hours: float = 0.0
    cohort: date | None = None


END = date(2026, 5, 31)
INVOICES = [
    # 5 of 6 hours, 9 for 8, 5 for 4
    Billed("I1", "Merger", END, "time", 1000.0, 1, 5.0),
    Billed("I1", "Merger", END, "time", 1800.0, 2, 9.0),
    Billed("I1", "Merger", END, "time", 500.0, 3, 5.0),
    Billed("I1", "Merger", END, "fee", 50.0),
    Billed("I1", "Merger", END, "cost", 88.0),
    # to be billed again; 100 conceded, by what is left of the invoice; 60 given up, by what is left then
    Billed("C1", "Merger", date(2026, 6, 15), "time", -500.0, 3, -5.0, END),
    Billed("C2", "Merger", date(2026, 6, 16), "concession", -34.62, 1, 0.0, END),
    Billed("C2", "Merger", date(2026, 6, 16), "concession", -62.33, 2, 0.0, END),
    Billed("C2", "Merger", date(2026, 6, 16), "cost", -3.05, cohort=END),
    Billed("C3", "Merger", date(2026, 6, 20), "lost", -20.77, 1, 0.0, END),
    Billed("C3", "Merger", date(2026, 6, 20), "lost", -37.40, 2, 0.0, END),
    Billed("C3", "Merger", date(2026, 6, 20), "lost cost", -1.83, cohort=END),
    Billed("I2", "Audit", END, "time", 750.0, 6, 5.0),
    Billed("I2", "Audit", END, "time", 300.0, 7, 2.0),
    Billed("I3", "Abroad", END, "time", 420.0, 11, 7.0),
]
# With tax of 15 % on fees, in the currency of the invoice; what is credited of I1 lowers what is open of it.
TOTALS = {"I1": 3940.5, "I2": 1207.5, "I3": 483.0, "C1": 575.0, "C2": 114.54, "C3": 68.73}
PAID = {"I1": 1600.0, "I2": 1207.5}
OPEN = {"I1": 3940.5 - 575.0 - 114.54 - 68.73 - 1600.0, "I3": 483.0}
# I2 was booked at 2.5 and paid at 3.0 euros a dollar.
EXCHANGE = {"I2": PAID["I2"] / 3.0 - PAID["I2"] / 2.5}

PEOPLE = {employee.name: employee for employee in EMPLOYEES}
PLACES = {project.name: project for project in PROJECTS}
WORK = {entry.number: entry for entry in ENTRIES}
AGES = (("030", 30), ("060", 60), ("090", 90), ("120", 120))


def rate_of(entry):
    """The standard rate of an entry, in the currency it is billed in."""
    return PLACES[entry.project].rate or PEOPLE[entry.employee].rate


def to_company(project, amount, day):
    """An amount of a project in the currency of its company: only Audit is billed in another one."""
    if not PLACES[project].rate:
        return amount
    return amount / [rate for since, rate in EUROS if since <= day][-1]


def is_billable(entry):
    return ACTIVITIES[entry.activity][1]


def month(day):
    return day and day.replace(day=1)


# ----------------------------------------------------------------------
# Rows: dimensions and measures
# ----------------------------------------------------------------------


def of_employee(name):
    person = PEOPLE[name]
    return {
        "employee": name, "department": person.department, "job": person.job, "company": person.company,
    }  # fmt: skip


def of_project(name):
    place = PLACES[name]
    return {
        "project": name, "client": place.client, "category": place.category, "company": place.company,
        "engagement": "rates",
    }  # fmt: skip


def of_entry(entry):
    parent, _billable = ACTIVITIES[entry.activity]
    return {
        **of_employee(entry.employee),
        **of_project(entry.project),
        "activity": entry.activity,
        "top": parent or entry.activity,
        "task": entry.task,
        "deliverable": entry.deliverable,
        "state": entry.state,
    }


def capacity_rows():
    for person in EMPLOYEES:
        day = FIRST
        while day <= LAST:
            if day.weekday() < 5 and day >= person.hired:
                gross = person.day
                holiday = gross if day in HOLIDAYS[person.company] else 0.0
                leave = gross - holiday if day in person.leave else 0.0
                net = gross - holiday - leave
                shares = [share for name, since, share in TARGETS if name == person.name and since <= day]
                yield {
                    "kind": "capacity", "date": day, **of_employee(person.name),
                    "gross_available_hours": gross, "holiday_hours": holiday, "leave_hours": leave,
                    "net_available_hours": net, "target_hours": net * (shares[-1] if shares else 0.0),
                }  # fmt: skip
            day += timedelta(days=1)


def entry_rows():
    for entry in ENTRIES:
        hours, billable, client = entry.hours, is_billable(entry), PLACES[entry.project].client
        rated = billable and entry.state == "approved"
        yield {
            "kind": "entry", "date": entry.day, **of_entry(entry),
            "logged_hours": hours,
            "billable_hours": hours if billable else 0.0,
            "non_billable_hours": 0.0 if billable else hours,
            "client_hours": hours if client and not billable else 0.0,
            "internal_hours": hours if not client and not billable else 0.0,
            "submitted_hours": hours if entry.state == "submitted" else 0.0,
            "approved_hours": hours if entry.state == "approved" else 0.0,
            "unbilled_hours": hours if rated and hours_in_progress(entry.number) else 0.0,
            "rated_hours": hours if rated else 0.0,
            "timely_24_hours": hours if entry.late <= 24 else 0.0,
            "timely_48_hours": hours if entry.late <= 48 else 0.0,
            "deliverable_logged_hours": hours if entry.deliverable else 0.0,
            "budget_logged_hours": hours if PLACES[entry.project].hours else 0.0,
            "budget_logged_cost": hours * PEOPLE[entry.employee].cost if PLACES[entry.project].cost else 0.0,
            "standard_value": to_company(entry.project, hours * rate_of(entry), entry.day) if rated else 0.0,
            "cost": hours * PEOPLE[entry.employee].cost,
        }  # fmt: skip


def hours_in_progress(number):
    """The hours of an entry that are on no invoice: its own, or none, for each is billed as a whole."""
    entry = WORK[number]
    signs = [1 if line.amount > 0 else -1 for line in INVOICES if line.entry == number and line.kind == "time"]
    return entry.hours if is_billable(entry) and entry.state == "approved" and sum(signs) == 0 else 0.0


def plan_rows():
    for name, project, hours, day in TASKS:
        yield {"kind": "plan", "date": day, **of_project(project), "task": name, "planned_hours": hours}
    for name, project, hours, day in DELIVERABLES:
        yield {
            "kind": "deliverable", "date": day, **of_project(project), "deliverable": name,
            "deliverable_planned_hours": hours,
        }  # fmt: skip
    for name, project, day, hours in BOOKINGS:
        yield {"kind": "booking", "date": day, **of_employee(name), **of_project(project), "booked_hours": hours}
    for place in PROJECTS:
        if place.hours:
            yield {
                "kind": "budget", "date": None, **of_project(place.name), "budget_hours": place.hours,
                "budget_cost": place.cost, "budget_revenue": place.revenue,
            }  # fmt: skip
    for project, day, amount, _asked in EXPENSES:
        yield {"kind": "expense", "date": day, **of_project(project), "expense_amount": amount}


def billing_rows():
    for line in INVOICES:
        entry = WORK.get(line.entry)
        sign = 1 if line.amount > 0 else -1

        def at_invoice(amount, line=line):
            # a credit note has the rate of its own day; none of them is in euros
            return to_company(line.project, amount, line.day)

        billed = at_invoice(line.amount)
        standard = at_invoice(sign * entry.hours * rate_of(entry)) if line.kind == "time" else 0.0
        adjusted = sign * (billed - standard) if line.kind == "time" else 0.0
        is_fee, is_lost = not line.kind.endswith("cost"), line.kind.startswith("lost")
        total = TOTALS[line.invoice]
        yield {
            "kind": "billing", "date": line.day, "cohort": line.cohort or line.day, **of_project(line.project),
            **(of_entry(entry) if entry else {}),
            "billed_hours": line.hours,
            "billed_amount": billed if is_fee and not is_lost else 0.0,
            "billed_cost_amount": 0.0 if is_fee or is_lost else billed,
            "billed_standard_value": standard,
            "realized_amount": billed if line.kind in ("time", "concession") else 0.0,
            "untimed_amount": billed if line.kind == "fee" else 0.0,
            "write_down": sign * max(0.0, -adjusted),
            "write_up": sign * max(0.0, adjusted),
            "concession": -billed if line.kind == "concession" else 0.0,
            "written_off": -billed if is_fee and is_lost else 0.0,
            "collected_amount": billed * PAID.get(line.invoice, 0.0) / total if is_fee else 0.0,
            "receivable_amount": billed * OPEN.get(line.invoice, 0.0) / total if is_fee else 0.0,
            "exchange_amount": EXCHANGE.get(line.invoice, 0.0) * line.amount / total if is_fee else 0.0,
        }  # fmt: skip


def progress_rows(today):
    """What is in progress now, aged at a day; and what was billed of it: produced on one day, and billed on another."""
    for entry in ENTRIES:
        hours = hours_in_progress(entry.number)
        if hours:
            amount = to_company(entry.project, hours * rate_of(entry), entry.day)
            age = (today - entry.day).days
            stale = amount if age > UNBILLED_DAYS else 0.0
            yield {
                "kind": "wip", "date": entry.day, **of_entry(entry),
                "age": next((key for key, last in AGES if age <= last), "older"),
                "wip_hours": hours, "wip_amount": amount, "wip_produced": amount,
                "stale_amount": stale, "stale_value": stale,
            }  # fmt: skip
    for line in INVOICES:
        if line.kind == "time":
            entry = WORK[line.entry]
            sign = 1 if line.amount > 0 else -1
            hours = sign * entry.hours
            value = to_company(entry.project, hours * rate_of(entry), entry.day)
            billed = to_company(entry.project, line.amount, entry.day)
            own = {"kind": "wip_billed", **of_entry(entry)}
            yield {**own, "date": entry.day, "wip_hours": hours, "wip_amount": value, "wip_produced": value}
            yield {
                **own, "date": line.day, "wip_hours": -hours, "wip_amount": -value, "wip_billed": billed,
                "wip_adjusted": billed - value,
            }  # fmt: skip


def rows(today):
    """All rows of the firm; ages and what is unbilled too long are those of a day."""
    parts = entry_rows(), capacity_rows(), plan_rows(), billing_rows(), progress_rows(today)
    return [row for part in parts for row in part]


# ----------------------------------------------------------------------
# The definitions of the KPIs
# ----------------------------------------------------------------------

SUMS = {
    "balance_hours": "logged_hours - net_available_hours",
    "free_hours": "net_available_hours - booked_hours",
    "planned_variance": "logged_hours - planned_hours",
    "deliverable_variance": "deliverable_logged_hours - deliverable_planned_hours",
    "budget_remaining_hours": "budget_hours - budget_logged_hours",
    "net_revenue": "billed_amount + billed_cost_amount",
    "margin": "billed_amount + billed_cost_amount - cost - expense_amount",
    "leakage_amount": "write_down + concession + written_off + stale_amount",
    "leakage_base": "billed_standard_value + stale_value",
}
RATIOS = {
    "utilization": "billable_hours / net_available_hours",
    "utilization_gross": "billable_hours / gross_available_hours",
    "target_attainment": "billable_hours / target_hours",
    "billable_mix": "billable_hours / logged_hours",
    "billable_ratio": "billable_hours / non_billable_hours",
    "timeliness_24": "timely_24_hours / logged_hours",
    "timeliness_48": "timely_48_hours / logged_hours",
    "planned_variance_rate": "planned_variance / planned_hours",
    "deliverable_variance_rate": "deliverable_variance / deliverable_planned_hours",
    "budget_consumed": "budget_logged_hours / budget_hours",
    "billing_realization": "realized_amount / billed_standard_value",
    "collection_realization": "collected_amount / billed_amount",
    "blended_rate": "standard_value / rated_hours",
    "project_rate": "billed_amount / logged_hours",
    "billed_rate": "billed_amount / billable_hours",
    "firm_rate": "collected_amount / logged_hours",
    "leakage": "leakage_amount / leakage_base",
    "margin_rate": "margin / net_revenue",
}
MONEY = {
    "standard_value", "billed_standard_value", "write_down", "write_up", "concession", "untimed_amount",
    "realized_amount", "billed_amount", "billed_cost_amount", "collected_amount", "receivable_amount", "written_off",
    "exchange_amount", "wip_amount", "wip_produced", "wip_billed", "wip_adjusted", "stale_amount", "stale_value",
    "cost", "expense_amount", "budget_cost", "budget_logged_cost", "budget_revenue",
}  # fmt: skip


def measure(some, euros=1.0):
    """All measures of some rows: sums, and ratios of sums (None where there is nothing to divide by).

    :param float euros: for a dollar, to add up what There keeps in euros; 1 to add up as it is
    """
    values = defaultdict(float)
    for row in some:
        factor = 1 / euros if row.get("company") == THERE else 1.0
        for name, value in row.items():
            if isinstance(value, (int, float)):
                values[name] += value * (factor if name in MONEY else 1.0)
    for name, text in SUMS.items():
        sign, total = 1, 0.0
        for word in text.split():
            if word in "+-":
                sign = 1 if word == "+" else -1
            else:
                total += sign * values[word]
        values[name] = total
    for name, text in RATIOS.items():
        part, whole = (values[word] for word in text.split(" / "))
        values[name] = part / whole if round(whole, 6) > 0 else None
    factors = values["billing_realization"], values["collection_realization"]
    values["overall_realization"] = None if None in factors else factors[0] * factors[1]
    return values


def group(some, *dimensions):
    """Rows by the values of some dimensions."""
    groups = defaultdict(list)
    for row in some:
        known = know(row)
        groups[tuple(known.get(name) for name in dimensions)].append(row)
    return groups


def know(row):
    """A row with its ``month``, ``week`` (an American one: from Sunday) and ``cohort_month``."""
    day = row["date"]
    return {
        **row,
        "month": month(day),
        "week": day and day - timedelta(days=day.isoweekday() % 7),
        "cohort_month": month(row.get("cohort")),
    }
