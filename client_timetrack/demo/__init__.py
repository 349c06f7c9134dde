from . import timetrack_demo
