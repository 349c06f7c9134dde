from . import timetrack_report
from . import timetrack_workbook
