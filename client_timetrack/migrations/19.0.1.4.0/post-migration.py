from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give every budget its first version."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["timetrack.budget"]._create_missing()
