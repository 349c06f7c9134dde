"""Every setting has a test that flips only it and sees the behaviour change.

The list names, for each setting of the addons, that test; a setting without one fails here, and so does a test that
is gone.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

POLICY_TESTS = "client_timetrack/tests/test_policy.py"
# Each has a test of its name.
POLICY_FIELDS = (
    "require_task",
    "require_activity",
    "require_deliverable",
    "description_min_length",
    "day_hours_severity",
    "day_hours_max",
    "future_severity",
    "future_days",
    "past_severity",
    "past_days",
    "non_working_severity",
    "over_budget_severity",
    "closed_severity",
    "duplicate_severity",
    "overlap_severity",
    "auto_approve",
    "auto_approve_max_hours",
    "active",
    "company_id",
)

# model.field: (file of the test, its name)
FLIPPED_BY = {
    "res.company.timetrack_approval_required": (
        "client_timetrack/tests/test_locks.py",
        "test_setting_restores_odoos_own_behaviour",
    ),
    "res.company.timetrack_lock_date": (
        "client_timetrack/tests/test_approval_steps.py",
        "test_the_date_decides",
    ),
    "res.company.timetrack_code_set_ids": (
        "client_timetrack/tests/test_code_sets.py",
        "test_the_company_decides_where_the_project_does_not",
    ),
    "res.company.timetrack_rate_card_id": (
        "client_timetrack_billing/tests/test_rates.py",
        "test_missing_rate_is_an_error_that_says_what_to_do",
    ),
    "res.company.timetrack_product_id": (
        "client_timetrack_billing/tests/test_invoice_wizard.py",
        "test_the_product_of_invoiced_time_is_the_companys",
    ),
    "res.company.timetrack_unbilled_days": (
        "client_timetrack_reports/tests/test_report_money.py",
        "test_what_is_unbilled_too_long_leaks",
    ),
    "timetrack.policy.unbilled_days": (
        "client_timetrack_reports/tests/test_report_money.py",
        "test_what_is_unbilled_too_long_leaks",
    ),
    "res.company.timetrack_period": ("client_timetrack/tests/test_period.py", "test_kind_of_period"),
    "res.company.timetrack_week_start": ("client_timetrack/tests/test_period.py", "test_week_starts_on_sunday"),
    "res.company.timetrack_period_anchor": ("client_timetrack/tests/test_period.py", "test_anchor_of_two_weeks"),
    "res.company.timetrack_deadline_days": (
        "client_timetrack/tests/test_period.py",
        "test_late_after_the_days_to_submit",
    ),
    "res.company.timetrack_budget_thresholds": (
        "client_timetrack/tests/test_budget_alert.py",
        "test_the_company_says_when",
    ),
    "res.company.timetrack_timer_warn_hours": (
        "client_timetrack/tests/test_timer.py",
        "test_timetrack_timer_warn_hours",
    ),
    **{
        f"timetrack.policy.{name}": ("client_timetrack/tests/test_timer.py", f"test_{name}")
        for name in ("timer_minimum", "timer_increment", "timer_rounding")
    },
    "res.company.timetrack_flexible_weekly_hours": (
        "client_timetrack/tests/test_working_time.py",
        "test_weekly_hours_of_flexible_employees",
    ),
    "project.project.timetrack_approver_id": (
        "client_timetrack/tests/test_portal.py",
        "test_timetrack_approver_id_of_the_project",
    ),
    "timetrack.policy.portal_time": (
        "client_timetrack/tests/test_portal.py",
        "test_portal_time_of_the_policy",
    ),
    "timetrack.policy.portal_hide_employee": (
        "client_timetrack/tests/test_portal.py",
        "test_portal_hide_employee_of_the_policy",
    ),
    **{
        f"res.company.{name}": ("client_timetrack/tests/test_reminder.py", f"test_{name}_of_the_company")
        for name in (
            "timetrack_reminder",
            "timetrack_reminder_weekday",
            "timetrack_reminder_hour",
            "timetrack_reminder_tolerance",
            "timetrack_reminder_escalation_days",
            "timetrack_reminder_pending_days",
            "timetrack_reminder_may_mute",
        )
    },
    "res.company.timetrack_policy_id": (POLICY_TESTS, "test_company_timetrack_policy_id"),
    "project.project.timetrack_policy_id": (POLICY_TESTS, "test_project_timetrack_policy_id"),
    **{f"timetrack.policy.{name}": (POLICY_TESTS, f"test_{name}") for name in POLICY_FIELDS},
    "timetrack.policy.self_approval": ("client_timetrack/tests/test_approval_steps.py", "test_own_time_by_name_only"),
    **{
        f"res.company.{name}": ("client_timetrack_billing/tests/test_prebill.py", f"test_{name}")
        for name in ("timetrack_prebill_approval", "timetrack_adjustment_limit")
    },
    **{
        f"timetrack.engagement.{name}": ("client_timetrack_billing/tests/test_engagement.py", f"test_{name}")
        for name in (
            "adjustments",
            "billing_method",
            "contact_id",
            "discount",
            "grouping",
            "invoice_lang",
            "is_together",
            "narrative_template",
            "order_amount",
            "order_date",
            "order_number",
            "responsible_id",
            "rounding_method",
            "rounding_minutes",
            "rounding_scope",
            "schedule",
            "sections",
        )
    },
    **{
        f"timetrack.engagement.{name}": ("client_timetrack_billing/tests/test_ledes.py", f"test_{name}")
        for name in ("client_code", "client_matter_code", "matter_code", "receiver_id")
    },
    **{
        f"timetrack.engagement.{name}": ("client_timetrack_billing/tests/test_annex.py", f"test_{name}")
        for name in ("annex", "annex_amounts", "annex_names")
    },
    **{
        f"timetrack.engagement.{name}": ("client_timetrack_billing/tests/test_engagement_portal.py", f"test_{name}")
        for name in ("portal_budget", "portal_unbilled")
    },
    **{
        f"timetrack.engagement.{name}": ("client_timetrack_billing/tests/test_cost.py", f"test_{name}")
        for name in ("cost_markup", "is_cost_billed")
    },
    **{
        f"timetrack.arrangement.{name}": ("client_timetrack_billing/tests/test_arrangement_terms.py", f"test_{name}")
        for name in (
            "active",
            "amount",
            "cap_amount",
            "cap_hours",
            "date_from",
            "date_to",
            "deliverable_ids",
            "excess",
            "hours",
            "is_in_advance",
            "kind",
            "period",
            "planned_hours",
            "rollover",
            "service_ids",
            "task_ids",
            "warn_percent",
        )
    },
    "project.project.timetrack_progress_by": (
        "client_timetrack_reports/tests/test_earned_value.py",
        "test_completion_by_what_there_is",
    ),
    "project.project.timetrack_rate_card_id": (
        "client_timetrack_billing/tests/test_rates.py",
        "test_the_card_of_the_project_comes_first",
    ),
}

# All fields of a policy are settings, apart from what it is called; its steps have tests of their own.
SETTINGS = """
from odoo.models import MAGIC_COLUMNS
result = sorted(
    f"{model}.{name}"
    for model in ("res.company", "project.project", "timetrack.policy", "timetrack.engagement", "timetrack.arrangement")
    if model in env
    for name, field in env[model]._fields.items()
    if field.store and not field.compute and field.type not in ("one2many",)
    if name not in (*MAGIC_COLUMNS, "name", "sequence", "note")
    if model.startswith("timetrack.") or name.startswith("timetrack_")
    if not model.startswith(("timetrack.engagement", "timetrack.arrangement"))
    or not name.startswith("message_")
    and name not in ("project_id", "engagement_id", "warned_period")
)
"""


def test_every_setting_is_listed(database):
    """The list is complete and holds nothing that is gone."""
    copy = database("addons")
    assert copy.shell(SETTINGS) == sorted(FLIPPED_BY)
    copy.drop()


@pytest.mark.parametrize("setting", sorted(FLIPPED_BY))
def test_the_test_of_each_setting_is_there(setting):
    """And it names the setting that it flips."""
    file, name = FLIPPED_BY[setting]
    source = (ROOT / file).read_text()
    assert f"def {name}(" in source
    body = source.split(f"def {name}(", 1)[1].split("\n    def ", 1)[0]
    assert setting.rpartition(".")[2] in body
