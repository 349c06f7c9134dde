def migrate(cr, version):
    """The ledger gets its columns for pre-bills."""
    cr.execute(
        """
        UPDATE timetrack_allocation row
           SET project_id = line.project_id, date = line.date, hours_rounded = row.hours_worked
          FROM account_analytic_line line
         WHERE line.id = row.line_id AND row.project_id IS NULL
        """
    )
