def migrate(cr, version):
    """There were no fee arrangements and no disputes before: they need not be looked for record by record."""
    cr.execute("ALTER TABLE account_analytic_line ADD COLUMN IF NOT EXISTS timetrack_arrangement_id integer")
    cr.execute("ALTER TABLE account_move ADD COLUMN IF NOT EXISTS timetrack_is_disputed boolean")
