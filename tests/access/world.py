"""Who attacks: a user of each role, beside those of the demo firm."""

PASSWORD = "timetrack-attack"
# role: (login of the demo firm or None, groups of a new user)
ROLES = {
    "public": (None, ["base.group_public"]),
    "client": ("client", []),
    "other client": (None, ["base.group_portal"]),
    "employee": (None, ["base.group_user"]),
    "consultant": ("consultant", []),
    "team lead": ("manager", []),
    "project manager": (None, ["project.group_project_manager", "hr_timesheet.group_hr_timesheet_user"]),
    "billing user": (None, ["client_timetrack_billing.group_billing_user"]),
    "billing manager": (None, ["client_timetrack_billing.group_billing_manager"]),
    "accountant": (None, ["account.group_account_manager"]),
    "timesheet administrator": (None, ["hr_timesheet.group_timesheet_manager"]),
    "personal data officer": (None, ["client_timetrack.group_personal_data"]),
    "system administrator": (None, ["base.group_system"]),
    # may do everything, in a company of its own
    "other company": (
        None,
        [
            "client_timetrack_billing.group_billing_manager",
            "client_timetrack_reports.group_margin_viewer",
            "hr_timesheet.group_timesheet_manager",
            "project.group_project_manager",
            "account.group_account_manager",
            "hr.group_hr_manager",
            "sales_team.group_sale_manager",
        ],
    ),
}
OUTSIDE = ("public", "client", "other client")


def login(role):
    """The login of a role's user."""
    return ROLES[role][0] or f"attack-{role.replace(' ', '-')}"


def build(env):
    """Create the users; return {role: environment}."""
    other = env["res.company"].create({"name": "Other Company"})
    users = {}
    for role, (known, groups) in ROLES.items():
        if known:
            users[role] = env["res.users"].search([("login", "=", known)])
            users[role].password = PASSWORD
            continue
        company = other if role == "other company" else env.ref("client_timetrack.company_larkwood")
        values = {
            "name": role.title(),
            "login": login(role),
            "password": PASSWORD,
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
            "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
        }
        users[role] = env["res.users"].with_context(no_reset_password=True).create(values)
        if role == "other client":
            users[role].partner_id.parent_id = env["res.partner"].create({"name": "Nobody's Client"})
        elif role not in (*OUTSIDE, "employee"):
            env["hr.employee"].create({"name": role.title(), "user_id": users[role].id, "company_id": company.id})
    _keep_time(env, users)
    return {role: env(user=user, context={"lang": "en_US"}) for role, user in users.items()}


def _keep_time(env, users):
    """What the demo firm has only once its people have been there: timesheets, a timer, a favourite."""
    firm = users["consultant"].company_id
    employee, lead = (users[role].with_company(firm).employee_id for role in ("consultant", "team lead"))
    entries = env["account.analytic.line"].search([("employee_id", "=", employee.id)])
    entry = entries.filtered(lambda entry: entry.project_id.privacy_visibility in ("employees", "portal"))[0]
    env["timetrack.period"]._ensure(employee + lead, entry.date)
    own = env(user=users["consultant"])
    values = {"project_id": entry.project_id.id, "task_id": entry.task_id.id}
    own["timetrack.timer"].start_timer({**values, "name": "Call"})
    own["account.analytic.line"].timetrack_grid_pin(values, True)
