"""Real transactions at the same time: two devices of one person, two tabs of one week.

Some twenty rounds in all; a thousand with ``--full``. Odoo waits longer and longer before it tries again what another
transaction has overtaken: a round takes seconds.
"""

import os
from datetime import date

import pytest
from together import together

PASSWORD = "timetrack-race"

FIRM = """
user = env["res.users"].with_context(no_reset_password=True).create({
    "login": "race", "name": "Rita Race", "password": params["password"], "odoobot_state": "disabled",
    "group_ids": [(6, 0, [env.ref("hr_timesheet.group_hr_timesheet_user").id])],
})
employee = env["hr.employee"].create({"name": "Rita Race", "user_id": user.id})
project = env["project.project"].create({
    "name": "Merger", "allow_timesheets": True, "privacy_visibility": "employees",
})
result = {"employee": employee.id, "project": project.id}
"""


@pytest.fixture(scope="module")
def firm(serve_firm):
    """Serve one person with a project."""
    return serve_firm(FIRM, password=PASSWORD)


@pytest.fixture(scope="module")
def ids(firm):
    return firm.ids


# of each of the races
ROUNDS = 334 if os.environ.get("TIMETRACK_FULL") else 5


def test_two_devices_start_a_timer(firm, ids):
    """Whoever comes second finds the first: one timer is open, and nobody sees an error."""
    calls = [firm.rpc("race", PASSWORD) for _device in range(3)]
    for number in range(ROUNDS):
        names = [f"{number} on device {device}" for device in range(len(calls))]
        results = together(
            *(
                lambda call=call, name=name: call(
                    "timetrack.timer", "start_timer", [{"name": name, "project_id": ids["project"]}]
                )
                for call, name in zip(calls, names, strict=True)
            )
        )
        assert not [result for result in results if isinstance(result, Exception)], results
        [[count, name]] = firm.database.sql(
            "SELECT count(*), min(name) FROM timetrack_timer WHERE state IN ('running', 'paused')"
        )
        assert (count, name in names) == ("1", True)


def test_two_devices_stop_a_timer(firm, ids):
    """The time is logged once; the other device is told that it was stopped."""
    calls = [firm.rpc("race", PASSWORD) for _device in range(2)]
    firm.database.sql("DELETE FROM timetrack_timer")
    for number in range(ROUNDS):
        calls[0]("timetrack.timer", "start_timer", [{"name": f"Stop {number}", "project_id": ids["project"]}])
        firm.database.sql("UPDATE timetrack_timer_lap SET start = start - interval '1 hour' WHERE stop IS NULL")
        results = together(*(lambda call=call: call("timetrack.timer", "stop_timer") for call in calls))
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1 and "No timer is running" in str(refused[0]), results
        # Stopped soon after midnight, the hour belongs to two days; twice logged, it would be two hours.
        [[hours, entries, days]] = firm.database.sql(
            "SELECT round(sum(unit_amount)::numeric, 1), count(*), count(DISTINCT date)"
            f" FROM account_analytic_line WHERE name = 'Stop {number}'"
        )
        assert (hours, entries) == ("1.0", days)


def test_two_tabs_change_a_cell(firm, ids):
    """Both looked at the same hours: one is saved, the other is told what there is by now."""
    calls = [firm.rpc("race", PASSWORD) for _tab in range(2)]
    day = str(date.today())
    params = {"scale": "week", "anchor": day, "rows": ["project_id", "task_id"], "group": False, "mode": "own"}
    cell = {"employee_id": ids["employee"], "values": {"project_id": ids["project"], "task_id": False}, "date": day}
    firm.database.sql("DELETE FROM account_analytic_line WHERE employee_id IS NOT NULL")

    def save(call, hours, known):
        change = {**cell, "op": "set", "hours": hours, "known": known}
        [result] = call("account.analytic.line", "timetrack_grid_save", [[change], params])
        return result

    known = save(calls[0], 1, 0)["cell"]["hours"]
    for number in range(ROUNDS):
        typed = [2 + number % 4, 2.5 + number % 4]
        results = together(
            *(
                lambda call=call, hours=hours, known=known: save(call, hours, known)
                for call, hours in zip(calls, typed, strict=True)
            )
        )
        assert sorted(result.get("code", "") for result in results) == ["", "changed"], results
        [[hours]] = firm.database.sql(
            "SELECT sum(unit_amount) FROM account_analytic_line WHERE employee_id IS NOT NULL"
        )
        known = float(hours)
        assert known in typed


def test_two_tabs_fill_an_empty_cell(firm, ids):
    """Neither sees the entry of the other: the second is tried again, and is told that the cell is filled."""
    calls = [firm.rpc("race", PASSWORD) for _tab in range(2)]
    day = str(date.today())
    params = {"scale": "week", "anchor": day, "rows": ["project_id", "task_id"], "group": False, "mode": "own"}
    cell = {"employee_id": ids["employee"], "values": {"project_id": ids["project"], "task_id": False}, "date": day}

    def save(call, hours):
        [result] = call("account.analytic.line", "timetrack_grid_save", [[{**cell, "op": "set", "hours": hours,
                                                                           "known": 0}], params])  # fmt: skip
        return result

    for number in range(ROUNDS):
        firm.database.sql("DELETE FROM account_analytic_line WHERE employee_id IS NOT NULL")
        typed = [1 + number % 4, 1.5 + number % 4]
        results = together(
            *(lambda call=call, hours=hours: save(call, hours) for call, hours in zip(calls, typed, strict=True))
        )
        assert sorted(result.get("code", "") for result in results) == ["", "changed"], results
        entries = firm.database.sql("SELECT unit_amount FROM account_analytic_line WHERE employee_id IS NOT NULL")
        assert len(entries) == 1 and float(entries[0][0]) in typed
