from . import feed
from . import time_approval
from . import timesheet_portal
from . import timetrack_period
