from . import timetrack_workbook_wizard
from . import timetrack_wip_wizard
from . import timetrack_privacy_wizard
