"""What runs within Odoo: reminders of firms of different sizes, beside the activities and mails alone."""

import gc
import statistics
import time
from datetime import timedelta

from odoo import fields
from odoo.tools import split_every

WEEKS = 4
# How many are hired at once: more would only take memory.
CHUNK = 250


def run(env, sizes, times):
    """Remind everybody of firms in which all hours of the last weeks are missing; each run is rolled back.

    :param sizes: numbers of people, a firm each
    :return: per size: ``seconds``, ``queries``, ``activities`` and ``mails`` of a run, and ``core``, the seconds that
        Odoo's own ``create`` takes for as many of both
    """
    firms = {size: build(env, size) for size in sizes}
    env.flush_all()
    results = {}
    for size, firm in firms.items():
        runs = [measure(env, firm) for _turn in range(times + 1)][1:]
        results[size] = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    return results


def build(env, size):
    """A firm with this many people with a user each, led by the first; they work every day, whenever this runs."""
    company = env["res.company"].create({"name": f"Firm of {size}"})
    # not before: Odoo would look the address up in the net
    company.email = "time@firm.example"
    calendar = env["resource.calendar"].create(
        {
            "name": "Every day",
            "company_id": company.id,
            "tz": "UTC",
            "attendance_ids": [
                (0, 0, {"name": "Day", "dayofweek": str(day), "hour_from": 9, "hour_to": 17}) for day in range(7)
            ],
        }
    )
    first = env["hr.employee"]
    for numbers in split_every(CHUNK, range(size)):
        people = hire(env, company, calendar, [f"Person {number} of {size}" for number in numbers])
        first = first or people[0]
        (people - first).parent_id = first
        env.flush_all()
        env.invalidate_all()
    company.write({"timetrack_reminder": "daily", "timetrack_reminder_hour": 0})
    return company


def hire(env, company, calendar, names):
    """People with a user each, since four weeks."""
    silent = {"no_reset_password": True, "tracking_disable": True, "mail_create_nolog": True}
    group = env.ref("hr_timesheet.group_hr_timesheet_user")
    users = (
        env["res.users"]
        .with_context(**silent)
        .create(
            [
                {
                    "name": name,
                    "login": name.replace(" ", "_"),
                    "email": f"{name.replace(' ', '_')}@firm.example",
                    "company_ids": [(6, 0, company.ids)],
                    "company_id": company.id,
                    "group_ids": [(4, group.id)],
                }
                for name in names
            ]
        )
    )
    start = fields.Date.today() - timedelta(weeks=WEEKS)
    return (
        env["hr.employee"]
        .with_context(**silent)
        .create(
            [
                {
                    "name": user.name,
                    "user_id": user.id,
                    "company_id": company.id,
                    "resource_calendar_id": calendar.id,
                    "tz": "UTC",
                    "date_version": start,
                    "contract_date_start": start,
                }
                for user in users
            ]
        )
    )


def measure(env, company):
    """Remind the people of one firm as the scheduled action does, then create as much by Odoo alone."""
    Period = env["timetrack.period"].sudo()
    Activity, Mail = env["mail.activity"].sudo(), env["mail.mail"].sudo()
    of_firm = [("user_id.company_id", "=", company.id)]
    with env.cr.savepoint() as savepoint:
        env.invalidate_all()
        last = Mail.search([], order="id desc", limit=1).id or 0
        gc.collect()
        queries, started = env.cr.sql_log_count, time.perf_counter()
        for _count in Period._take_turns([turn for turn in Period._get_turns() if turn[0] == company]):
            env.flush_all()
        seconds, queries = time.perf_counter() - started, env.cr.sql_log_count - queries
        activities, mails = Activity.search(of_firm), Mail.search([("id", ">", last)])
        counts = len(activities), len(mails)
        # on the people themselves: their periods go with the savepoint
        model = env["ir.model"]._get_id("res.partner")
        copies = [
            {
                "activity_type_id": activity.activity_type_id.id,
                "user_id": activity.user_id.id,
                "summary": activity.summary,
                "res_model_id": model,
                "res_id": activity.user_id.partner_id.id,
            }
            for activity in activities
        ]
        letters = [{"subject": mail.subject, "body_html": mail.body_html, "email_to": mail.email_to} for mail in mails]
        savepoint.rollback()
        started = time.perf_counter()
        Activity.with_context(mail_activity_quick_update=True).create(copies)
        Mail.create(letters)
        env.flush_all()
        core = time.perf_counter() - started
        savepoint.rollback()
    return {"seconds": seconds, "queries": queries, "activities": counts[0], "mails": counts[1], "core": core}
