"""Benefits: how much of what was aimed at came, and how much should have by now. Plain Python, no Odoo.

Realization = (measured - baseline) / (target - baseline), which is right for measures that are to fall, too. A target
that is the baseline says nothing (None); below zero it is a dis-benefit. More than was aimed at is more than 1.

Examples::

    >>> realization(40.0, 20.0, 35.0)  # days to answer are to fall from 40 to 20
    0.25
    >>> realization(40.0, 20.0, 44.0)
    -0.2
    >>> realization(40.0, 40.0, 30.0) is None
    True
    >>> from datetime import date
    >>> planned(date(2026, 1, 1), date(2026, 12, 31), date(2026, 7, 2))
    0.5
    >>> interpolate([(date(2026, 1, 1), 0.0), (date(2026, 1, 11), 1.0)], date(2026, 1, 6))
    0.5
"""


def realization(baseline, target, measured):
    """The share of the way from the baseline to the target; None without a way, or without a measurement."""
    if measured is None or target == baseline:
        return None
    return (measured - baseline) / (target - baseline)


def planned(start, end, day, steps=()):
    """The share that should have come by a day: evenly between the dates, or between the steps of a plan.

    :param steps: pairs of date and share; before the first there is nothing, after the last what it says
    """
    if steps:
        points = sorted(steps)
        if start and start < points[0][0]:
            points.insert(0, (start, 0.0))
        return interpolate(points, day)
    if not start or not end:
        return None
    return interpolate([(start, 0.0), (end, 1.0)], day) if start < end else float(day >= end)


def interpolate(points, day):
    """The value of a line through dated points at a day: evenly between two of them, 0 before, the last one after."""
    if day < points[0][0]:
        return 0.0
    for (first, low), (last, high) in zip(points, points[1:], strict=False):
        if day <= last:
            return low + (high - low) * (day - first).days / (last - first).days if last > first else high
    return points[-1][1]


def at_risk(expected, validated):
    """What of a value should be there by now, and is not validated; nothing where more came than was planned."""
    return max(expected - validated, 0.0)
