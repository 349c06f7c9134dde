from odoo.tools import SQL


def pre_init_hook(env):
    """Fill the billing state of existing time by one statement instead of record by record; no fee covers it, and no
    invoice is disputed yet."""
    env.cr.execute("ALTER TABLE account_analytic_line ADD COLUMN IF NOT EXISTS timetrack_arrangement_id integer")
    env.cr.execute("ALTER TABLE account_move ADD COLUMN IF NOT EXISTS timetrack_is_disputed boolean")
    env.cr.execute("ALTER TABLE account_analytic_line ADD COLUMN IF NOT EXISTS timetrack_billing_state varchar")
    env.cr.execute(
        """
        UPDATE account_analytic_line
           SET timetrack_billing_state = CASE WHEN timetrack_is_billable THEN 'unbilled' ELSE 'non_billable' END
         WHERE timetrack_state IS NOT NULL AND timetrack_billing_state IS NULL
        """
    )


def post_init_hook(env):
    """Approve the time that is on invoices, put it into the ledger, and count delivered time by approval.

    May run again: what is in the ledger already stays as it is.
    """
    env["account.analytic.line"]._timetrack_migrate_approve(
        SQL(
            """
            timesheet_invoice_id IN (
                SELECT move.id FROM account_move move
                 WHERE move.state IN ('draft', 'posted') OR move.payment_state = 'invoicing_legacy'
            )
            """
        )
    )
    env["timetrack.allocation"]._migrate_ledger()
    rows = env.execute_query(
        SQL(
            """
            SELECT DISTINCT line.so_line
              FROM account_analytic_line line
              JOIN res_company company ON company.id = line.company_id AND company.timetrack_approval_required
             WHERE line.so_line IS NOT NULL AND line.timetrack_state IS DISTINCT FROM 'approved'
            """
        )
    )
    order_lines = env["sale.order.line"].browse(row[0] for row in rows)
    order_lines = order_lines.filtered(lambda line: line.qty_delivered_method == "timesheet")
    env.add_to_compute(order_lines._fields["qty_delivered"], order_lines)
    env.flush_all()


def uninstall_hook(env):
    """Without this addon unapproved time counts as delivered again, and time without an order is billable by hand or
    not at all, as Odoo has it.
    """
    companies = env["res.company"].sudo().search([("timetrack_approval_required", "=", True)])
    companies.timetrack_approval_required = False
    env.flush_all()
    env.cr.execute(
        SQL("UPDATE res_company SET timetrack_approval_required = TRUE WHERE id = ANY(%s)", list(companies.ids))
    )
    companies.invalidate_recordset(["timetrack_approval_required"])
    env.cr.execute(
        """
        UPDATE account_analytic_line line
           SET timesheet_invoice_type = CASE WHEN project.billing_type = 'manually' THEN 'billable_manual'
                                             ELSE 'non_billable' END
          FROM project_project project
         WHERE project.id = line.project_id AND line.so_line IS NULL AND line.timesheet_invoice_type = 'billable_time'
        """
    )
    env["account.analytic.line"].invalidate_model(["timesheet_invoice_type"])
