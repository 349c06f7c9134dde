from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Capacity says which job people had and how many billable hours they aimed at: it is computed anew."""
    api.Environment(cr, SUPERUSER_ID, {})["timetrack.capacity"]._refresh_horizon()
