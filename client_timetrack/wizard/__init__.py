from . import timetrack_reason_wizard
