from . import test_capacity
from . import test_report
from . import test_report_access
from . import test_report_billing
from . import test_report_money
from . import test_workbook
from . import test_workbook_schedule
from . import test_finding
