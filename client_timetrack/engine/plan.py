"""What typing into a cell of the plan means: hours of an employee on a project in a week.

Plain Python: nothing here knows Odoo.

Examples::

    >>> spread(80, [40, 40])
    [40.0, 40.0]
    >>> spread(10, [40, 8, 0, 40])      # a day of work in the second week, leave in the third
    [4.5, 1.0, 0.0, 4.5]
"""

from decimal import Decimal

from .allocation import allocate
from .grid import EPSILON, Refused, check_number, same

WEEK_HOURS = 168
MAX_WEEKS = 53
HOUR_MINUTES = 60
# People plan in quarters of an hour: what comes in them is spread in them.
STEP_MINUTES = 15


def check_hours(hours, limit=WEEK_HOURS):
    """Refuse what no week has.

    :param limit: the most hours that make sense
    :return: the hours as a float
    :raise Refused: ``number``, ``negative`` or ``too_many``
    """
    hours = check_number(hours)
    if hours < 0:
        raise Refused("negative", hours=hours)
    if hours > limit + EPSILON:
        raise Refused("too_many", hours=hours)
    return hours


def check_known(hours, known):
    """Refuse a change by somebody who looks at other hours than are planned by now.

    :param hours: what is planned
    :param known: hours that the screen shows; None where nobody looked
    :raise Refused: ``changed``
    """
    if known is not None and not same(check_number(known), hours):
        raise Refused("changed", hours=hours)


def check_weeks(weeks):
    """Refuse a number of weeks that hours cannot be spread over.

    :raise Refused: ``weeks``
    """
    if isinstance(weeks, bool) or not isinstance(weeks, int) or not 1 <= weeks <= MAX_WEEKS:
        raise Refused("weeks")
    return weeks


def spread(hours, capacities):
    """Spread hours over weeks in proportion to what the weeks can take: in quarters of an hour where the hours are so,
    else in minutes.

    The parts are the whole: see ``engine/allocation.py``.

    :param hours: hours to spread, not negative
    :param capacities: hours of work of each week; where no week has any, the weeks are alike
    :return: list of hours, one for each week
    :raise Refused: ``number`` or ``negative``; ``too_many`` if a week would get more than it has; ``weeks``: there is
        none, or too many
    """
    check_weeks(len(capacities))
    minutes = round(check_hours(hours, WEEK_HOURS * len(capacities)) * HOUR_MINUTES)
    step = 1 if minutes % STEP_MINUTES else STEP_MINUTES
    parts = allocate(Decimal(minutes), capacities, Decimal(step))
    return [check_hours(int(part) / HOUR_MINUTES) for part in parts]
