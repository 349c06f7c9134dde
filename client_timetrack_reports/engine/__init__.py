"""Plain Python: nothing in here knows Odoo or the database."""
