from . import test_access
from . import test_engine_allocation
from . import test_engine_rates
from . import test_invoice_wizard
from . import test_ledger
from . import test_migration
from . import test_rates
from . import test_sale_order
