from . import capacity
from . import workbook
