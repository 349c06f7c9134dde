from . import timetrack_budget_revise_wizard
from . import timetrack_duplicate_wizard
from . import timetrack_earlier_wizard
from . import timetrack_privacy_wizard
from . import timetrack_privacy_erase
from . import timetrack_reason_wizard
from . import timetrack_split_wizard
