from . import engagement
from . import invoice_time
from . import retainer
