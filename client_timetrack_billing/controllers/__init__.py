from . import retainer
