from . import timetrack_workbook_wizard
