from . import timesheets_analysis_report
from . import timetrack_budget_report
