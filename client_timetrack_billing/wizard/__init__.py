from . import account_move_reversal
from . import timetrack_invoice_wizard
