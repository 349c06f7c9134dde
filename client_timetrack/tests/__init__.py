from . import test_approval
from . import test_budget
from . import test_classification
from . import test_engine_approval
from . import test_engine_csv_import
from . import test_import
from . import test_locks
from . import test_tours
