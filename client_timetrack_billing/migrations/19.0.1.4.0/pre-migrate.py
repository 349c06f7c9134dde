def migrate(cr, version):
    """There were no costs on pre-bills before: they need not be looked for pre-bill by pre-bill."""
    cr.execute("ALTER TABLE timetrack_prebill ADD COLUMN IF NOT EXISTS cost_amount numeric")
    cr.execute("UPDATE timetrack_prebill SET cost_amount = 0 WHERE cost_amount IS NULL")
