def migrate(cr, version):
    """Nothing was agreed on for time before there were fee arrangements: it need not be looked for entry by entry."""
    cr.execute("ALTER TABLE account_analytic_line ADD COLUMN IF NOT EXISTS timetrack_arrangement_id integer")
