from odoo import fields
from odoo.tools import SQL
from odoo.tools.sql import column_exists

from .models.res_users import FEED_SCOPE

# Set before the installation, time dated before this day is approved by it.
APPROVED_BEFORE = "client_timetrack.approved_before"
# Set by the installation: what was created up to then may be approved as earlier time.
INSTALLED_ON = "client_timetrack.installed_on"


def pre_init_hook(env):
    """Fill the new columns of existing time by one statement each.

    Odoo would otherwise compute them record by record, which takes hours and all memory on a database that
    holds years of time.
    """
    cr = env.cr
    cr.execute(
        """
        ALTER TABLE account_analytic_line
            ADD COLUMN IF NOT EXISTS timetrack_state varchar,
            ADD COLUMN IF NOT EXISTS timetrack_client_id int4,
            ADD COLUMN IF NOT EXISTS timetrack_is_billable bool,
            ADD COLUMN IF NOT EXISTS timetrack_activity_id int4,
            ADD COLUMN IF NOT EXISTS timetrack_deliverable_id int4
        """
    )
    no_leave = SQL(" AND ").join(
        SQL("%s IS NULL", SQL.identifier("line", name))
        for name in ("holiday_id", "global_leave_id")
        if column_exists(cr, "account_analytic_line", name)
    )
    cr.execute(
        SQL(
            """
            UPDATE account_analytic_line line
               SET timetrack_state = CASE WHEN %(no_leave)s THEN 'draft' END,
                   timetrack_client_id = partner.commercial_partner_id,
                   timetrack_is_billable = partner.id IS NOT NULL
              FROM account_analytic_line self
         LEFT JOIN res_partner partner ON partner.id = self.partner_id
             WHERE self.id = line.id AND line.project_id IS NOT NULL
            """,
            no_leave=no_leave or SQL("TRUE"),
        )
    )


def post_init_hook(env):
    """Give projects that have allocated hours their budget, and approve the time from before the chosen date."""
    env["timetrack.budget"]._create_missing()
    parameters = env["ir.config_parameter"].sudo()
    if not parameters.get_param(INSTALLED_ON):
        parameters.set_param(INSTALLED_ON, fields.Datetime.to_string(fields.Datetime.now()))
    approved_before = parameters.get_param(APPROVED_BEFORE)
    if approved_before:
        env["account.analytic.line"]._timetrack_migrate_approve(SQL("date < %s", approved_before))


def uninstall_hook(env):
    """Leave neither parameters nor keys of feeds behind."""
    env["ir.config_parameter"].sudo().search([("key", "in", (APPROVED_BEFORE, INSTALLED_ON))]).unlink()
    env.cr.execute(SQL("DELETE FROM res_users_apikeys WHERE scope = %s", FEED_SCOPE))
