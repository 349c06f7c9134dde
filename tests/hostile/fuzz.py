"""Values that no screen sends, for every field that the addons bring: ``fuzz(env)``. It runs in Odoo's shell.

A value is taken and can be read again, or refused with a sentence. Nothing else breaks, and nothing is stored that is
no number.
"""

import math
from datetime import date

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError

ADDONS = ("client_timetrack", "client_timetrack_billing", "client_timetrack_reports")
HUGE = 2**31 - 1
TEXTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil\",\"x\")",
    "%s %(x)s {0} {{ object }} ${x}",
    "\u202eright to left \u05d0\u0628",
    "\U0001f469\u200d\U0001f4bb\U0001f9fe",
    "x" * 10_000,
    " ",
)  # fmt: skip
VALUES = {
    "float": (math.nan, math.inf, -math.inf, -1.0, 1e308, 1e15, 5e-324),
    "monetary": (math.nan, math.inf, -math.inf, -1.0, 1e308, 1e15, 5e-324),
    "integer": (-1, 0, HUGE, -HUGE),
    "char": TEXTS,
    "text": TEXTS,
    "html": TEXTS,
    "date": ("0001-01-01", "9999-12-31"),
    "datetime": ("0001-01-01 00:00:00", "9999-12-31 23:59:59"),
    "many2one": (HUGE, -1),
    "one2many": ([Command.link(HUGE)], [Command.delete(HUGE)], [Command.set([HUGE])]),
    "many2many": ([Command.link(HUGE)], [Command.delete(HUGE)], [Command.set([HUGE])]),
}
# What any of Odoo's models answers to a key that does not exist, or to a number that no column holds.
REFUSED = (AccessError, UserError, psycopg2.IntegrityError)


def is_written(field):
    ours = field._module in ADDONS and not field.readonly
    return ours and field.type in VALUES and (field.store or field.inverse)


def fuzz(env):
    """List of what broke: texts."""
    problems = []
    for name in sorted(env.registry):
        Model = env[name]
        if Model._abstract or Model._transient or not Model._auto:
            continue
        fields = [field for field in Model._fields.values() if is_written(field)]
        for record in Model.search([], limit=2) if fields else ():
            for field in fields:
                for value in VALUES[field.type]:
                    problem = attempt(env, record, field, value)
                    if problem:
                        problems.append(f"{name}.{field.name} = {str(value)[:40]!r}: {problem}")
    return problems


def attempt(env, record, field, value):
    """Write the value, read it back, and take it back; return what broke, or None."""
    cr = env.cr
    cr.execute("SAVEPOINT fuzz")
    env.transaction.clear()
    try:
        record.write({field.name: value})
        env.flush_all()
        env.invalidate_all()
        stored = record.read()[0][field.name]
        if isinstance(stored, float) and not math.isfinite(stored):
            return f"{stored} is stored"
        if isinstance(stored, date) and not 1900 < stored.year < 2200:
            return f"{stored} is stored"
    except REFUSED:
        return None
    except Exception as error:  # whatever else breaks is what this looks for
        return f"{type(error).__name__}: {str(error)[:120]}"
    finally:
        env.transaction.clear()
        cr.execute("ROLLBACK TO SAVEPOINT fuzz; RELEASE SAVEPOINT fuzz")
    return None
