from odoo import SUPERUSER_ID, Command, api

RIGHTS = ("client_timetrack.group_time_reopen", "client_timetrack.group_lock_override")


def migrate(cr, version):
    """Administrators of timesheets get the rights that are new: their group is Odoo's, which an update leaves alone."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.ref("hr_timesheet.group_timesheet_manager").implied_ids = [Command.link(env.ref(name).id) for name in RIGHTS]
