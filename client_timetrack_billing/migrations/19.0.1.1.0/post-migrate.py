def migrate(cr, version):
    """The ledger gets its columns for pre-bills; time that is billed by rates is no longer “non-billable” in Odoo."""
    cr.execute(
        """
        UPDATE timetrack_allocation row
           SET project_id = line.project_id, date = line.date, hours_rounded = row.hours_worked
          FROM account_analytic_line line
         WHERE line.id = row.line_id AND row.project_id IS NULL
        """
    )
    cr.execute(
        """
        UPDATE account_analytic_line
           SET timesheet_invoice_type = 'billable_time'
         WHERE timesheet_invoice_type = 'non_billable' AND so_line IS NULL AND timetrack_is_billable
           AND timetrack_rate_currency_id IS NOT NULL
        """
    )
