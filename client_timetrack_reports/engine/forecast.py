"""Forecasts of weekly series, and how good they were. Plain Python, no Odoo.

What a forecast is worth is found out by making it: at each of the last weeks it is made from what was known then, and
compared with what came (rolling origin). A method is used only where it did better than the naive forecast, by which
everything stays as it was last week.

How it works: every method is a recursion that passes over the series once and has, after each week, its forecast of the
weeks to come. Methods with parameters pass once for each of a few values; after each week the one with the least
squared error so far speaks for the method. The method itself is chosen in the same way, by the errors that were known
by then: so the accuracy that is told is that of forecasts which knew nothing of what was to come, choice included.

Definitions:

- MASE: the mean absolute error divided by that of the naive forecast of the same weeks, made at the same time
  (Hyndman and Koehler 2006, scaled by the naive errors of the same origins). The naive forecast itself has 1, what is
  below is better.
- Band: the forecast and the quantiles of the errors of the last year, by how many weeks ahead they were made; none
  below twenty errors. It is meant to have 80 % of the weeks: where more of them were outside, it takes in more of the
  errors (Gibbs and Candès 2021, adaptive conformal inference). Its coverage is the share of weeks that fell into the
  band as it was drawn at the time.
- Anomaly: a week whose remainder lies outside Q1 - 3 IQR .. Q3 + 3 IQR, once the trend (the median of the thirteen
  weeks around it) and, where two other years are known, the season (what the same week of those was) are taken out.

Examples::

    >>> refuse([5.0] * 20).reason, refuse([5.0] * 30).reason, refuse([0.0, 0.0, 4.0] * 20).reason
    ('short', 'constant', 'gaps')
    >>> climbing = forecast([float(week) for week in range(60)])
    >>> climbing.method, [round(value) for value in climbing.values[:3]], climbing.mase < 0.5
    ('holt', [60, 61, 62], True)
    >>> [anomaly.week for anomaly in anomalies([10.0, 11.0, 9.0] * 10 + [60.0] + [10.0, 11.0, 9.0] * 10)]
    [30]
"""

from bisect import bisect_left, insort
from collections import deque
from statistics import median
from typing import NamedTuple

YEAR = 52
# What a series needs: weeks, of which at most this share is empty; and this many of the last ones are not all empty.
SHORTEST = 26
MOST_GAPS = 1 / 3
QUIET = 8
# How far ahead: at most so many weeks, and a quarter of the series.
FURTHEST = 8
# The first week after which methods forecast, and the most weeks after which forecasts are checked.
WARM_UP = 8
ORIGINS = 104
# Errors that are needed to choose by, and to draw a band.
TO_CHOOSE = 12
TO_DRAW = 20
MEMORY = 52
# The share of weeks that is to be outside the band, and how quickly bands learn from those that were.
OUTSIDE = 0.2
PACE = 0.05
AROUND = 6
FENCE = 3.0

NAIVE, MEAN, SMOOTHED, HOLT, SEASONAL = "naive", "mean", "smoothed", "holt", "seasonal"
ALPHAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Trend smoothing as a share of level smoothing, and damping.
TRENDS = (0.05, 0.15, 0.4)
DAMPING = (0.8, 0.9, 0.98)


class Refusal(NamedTuple):
    """Why there is no forecast: ``short``, ``gaps``, ``constant`` or ``ended``; a number, and of how many."""

    reason: str
    number: int
    of: int


class Forecast(NamedTuple):
    """What is to come, and how good such forecasts were.

    ``method`` is that of ``values``; ``mase`` and ``coverage`` (None where nothing can be said) are those of what was
    chosen at each origin; ``scores`` has the MASE of each method over all origins.
    """

    method: str
    values: tuple
    low: tuple | None
    high: tuple | None
    mase: float | None
    coverage: float | None
    origins: int
    scores: dict


class Anomaly(NamedTuple):
    """A week (its place in the series) that is unlike the others: its value, and what was to be expected."""

    week: int
    value: float
    expected: float


def refuse(series):
    """Say why nothing can be forecast, or return None.

    :param series: values of complete weeks, the earliest first; weeks without time are 0
    """
    weeks = len(series)
    if weeks < SHORTEST:
        return Refusal("short", weeks, SHORTEST)
    if not any(series[-QUIET:]):
        return Refusal("ended", QUIET, QUIET)
    empty = sum(not value for value in series)
    if empty > weeks * MOST_GAPS:
        return Refusal("gaps", empty, weeks)
    if min(series) == max(series):
        return Refusal("constant", weeks, weeks)
    return None


def furthest(weeks):
    """How many weeks ahead a series of so many weeks can be forecast."""
    return min(FURTHEST, weeks // 4)


# ----------------------------------------------------------------------
# Methods
# ----------------------------------------------------------------------
# Each gives a list of forecasts by the number of weeks that are known: a list of ``ahead`` values, or None.


def forecast_naive(series, ahead):
    """All stays as it was last week."""
    return [None, *([value] * ahead for value in series)]


def forecast_mean(series, ahead, weeks=4):
    """The mean of the last four weeks."""
    found = []
    for known in range(len(series) + 1):
        last = series[max(0, known - weeks) : known]
        found.append([sum(last) / len(last)] * ahead if len(last) == weeks else None)
    return found


def forecast_seasonal(series, ahead):
    """As it was a year ago; with two years or more."""
    return [
        [series[known + week - YEAR] for week in range(ahead)] if known >= 2 * YEAR else None
        for known in range(len(series) + 1)
    ]


def forecast_smoothed(series, ahead):
    """Simple exponential smoothing."""
    return _speak([_smooth(series, alpha) for alpha in ALPHAS], ahead)


def forecast_holt(series, ahead):
    """Holt's linear trend, damped (Gardner and McKenzie 1985)."""
    grid = [(alpha, alpha * share, damping) for alpha in ALPHAS for share in TRENDS for damping in DAMPING]
    return _speak([_smooth(series, *parameters) for parameters in grid], ahead)


def _smooth(series, alpha, beta=0.0, damping=0.0):
    """Levels, trends and sums of squared errors after each week, and the damping."""
    level, trend, squared = series[0], 0.0, 0.0
    levels, trends, sums = [None, level], [None, 0.0], [None, 0.0]
    for value in series[1:]:
        expected = level + damping * trend
        error = value - expected
        squared += error * error
        level = expected + alpha * error
        trend = damping * trend + beta * error
        levels.append(level)
        trends.append(trend)
        sums.append(squared)
    return levels, trends, sums, damping


def _speak(passes, ahead):
    """The forecasts of the pass that erred least until then."""
    found = [None]
    steps = {damping: _damped(damping, ahead) for *_series, damping in passes}
    for known in range(1, len(passes[0][0])):
        levels, trends, _sums, damping = min(passes, key=lambda one: one[2][known])
        found.append([levels[known] + trends[known] * step for step in steps[damping]])
    return found


def _damped(damping, ahead):
    """How much of the trend is added until each week ahead: damping + damping² + ..."""
    steps, total = [], 0.0
    for week in range(1, ahead + 1):
        total += damping**week
        steps.append(total)
    return steps


METHODS = {
    NAIVE: forecast_naive,
    MEAN: forecast_mean,
    SMOOTHED: forecast_smoothed,
    HOLT: forecast_holt,
    SEASONAL: forecast_seasonal,
}


# ----------------------------------------------------------------------
# Forecast
# ----------------------------------------------------------------------


def forecast(series, ahead=None, floor=0.0, methods=None):
    """Forecast a series that is not refused, and tell how good that was.

    :param series: values of complete weeks, the earliest first
    :param int ahead: weeks to forecast; as far as the series allows where not given
    :param float floor: what no forecast is below (unless the series is)
    :param dict methods: name to function, instead of those of this module; the naive one is among them
    :return: :class:`Forecast`
    """
    weeks = len(series)
    ahead = min(ahead or FURTHEST, furthest(weeks))
    floor = min(floor, *series) if floor is not None else None
    made = {name: method(series, ahead) for name, method in (methods or METHODS).items()}
    race = Race(series, ahead, made, floor)
    first = max(WARM_UP, weeks - ORIGINS)
    for known in range(WARM_UP, weeks):
        race.learn(known)
        race.run(known, counts=known >= first)
    race.learn(weeks)
    method = race.choose(weeks)
    values = race.get(method, weeks)
    bands = [race.band(week) for week in range(ahead)]
    low = high = None
    if all(bands):
        pairs = list(zip(values, bands, strict=True))
        low = tuple(race.above(value + band[0]) for value, band in pairs)
        high = tuple(race.above(value + band[1]) for value, band in pairs)
    return Forecast(
        method, tuple(values), low, high, race.get_mase(), race.get_coverage(), weeks - first, race.get_scores()
    )


class Race:
    """What the methods said after each week, and how far off they were by what is known at a week."""

    def __init__(self, series, ahead, made, floor):
        self.series, self.ahead, self.made, self.floor = series, ahead, made, floor
        # sums of absolute errors: of a method, of the naive one beside it, and how many
        self.sums = {name: [0.0, 0.0, 0] for name in made}
        # of what was chosen, by weeks ahead: as they came, and sorted
        self.came = [deque(maxlen=MEMORY) for _week in range(ahead)]
        self.errors = [[] for _week in range(ahead)]
        self.chosen = {}  # known weeks: (values, bands, whether it counts)
        # the share that is left outside, by weeks ahead: less of it once too many were outside
        self.outside = [OUTSIDE] * ahead
        self.total, self.naive, self.inside, self.drawn = 0.0, 0.0, 0, 0

    def above(self, value):
        """A value, not below the floor of the series."""
        return value if self.floor is None else max(value, self.floor)

    def get(self, method, known):
        """What a method says when so many weeks are known, not below the floor."""
        return [self.above(value) for value in self.made[method][known]]

    def learn(self, known):
        """One more week is known: the forecasts of it can be checked."""
        came = self.series[known - 1]
        for week in range(self.ahead):
            origin = known - 1 - week
            if origin < WARM_UP:
                break
            by_naive = abs(came - self.made[NAIVE][origin][week])
            for name, made in self.made.items():
                if made[origin] is not None:
                    sums = self.sums[name]
                    sums[0] += abs(came - self.above(made[origin][week]))
                    sums[1] += by_naive
                    sums[2] += 1
            values, bands, counts = self.chosen[origin]
            error = came - values[week]
            self.remember(week, error)
            is_inside = bool(bands[week]) and bands[week][0] - 1e-9 <= error <= bands[week][1] + 1e-9
            if bands[week]:
                wider = self.outside[week] + PACE * (OUTSIDE - (not is_inside))
                self.outside[week] = min(max(wider, 0.0), 2 * OUTSIDE)
            if counts:
                self.total += abs(error)
                self.naive += by_naive
                self.drawn += bool(bands[week])
                self.inside += is_inside

    def remember(self, week, error):
        """Keep the latest errors: what work was like years ago says little about the weeks to come."""
        came, errors = self.came[week], self.errors[week]
        if len(came) == MEMORY:
            del errors[bisect_left(errors, came[0])]
        came.append(error)
        insort(errors, error)

    def run(self, known, counts):
        """Forecast from what is known."""
        method = self.choose(known)
        self.chosen[known] = (self.get(method, known), [self.band(week) for week in range(self.ahead)], counts)

    def choose(self, known):
        """The method with the least error beside the naive one, so far; the naive one where none is better."""
        scores = {name: score for name, score in self.get_scores().items() if self.made[name][known] is not None}
        best = min(scores, key=scores.get, default=NAIVE)
        return best if scores.get(best, 1.0) < 1.0 else NAIVE

    def get_scores(self):
        """The MASE of each method that was tried often enough."""
        return {
            name: error / naive
            for name, (error, naive, number) in self.sums.items()
            if number >= TO_CHOOSE and naive > 0
        }

    def band(self, week):
        """The quantiles of the errors so many weeks ahead (from 0), or None."""
        errors = self.errors[week]
        if len(errors) < TO_DRAW:
            return None
        rest = self.outside[week] / 2
        return quantile(errors, rest), quantile(errors, 1 - rest)

    def get_mase(self):
        """The error of what was chosen by that of the naive forecast; None where that never erred."""
        return self.total / self.naive if self.naive > 0 else None

    def get_coverage(self):
        """The share of weeks within their band (0 to 1); None where none was drawn."""
        return self.inside / self.drawn if self.drawn else None


def quantile(ordered, share):
    """A quantile of sorted values, between neighbours where it falls between them."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


# ----------------------------------------------------------------------
# Anomalies
# ----------------------------------------------------------------------


def anomalies(series):
    """The weeks that are unlike the others: list of :class:`Anomaly`; none in a series that is too short to tell."""
    if len(series) < SHORTEST:
        return []
    trend = [median(series[max(0, week - AROUND) : week + AROUND + 1]) for week in range(len(series))]
    rest = [value - middle for value, middle in zip(series, trend, strict=True)]
    season = [_season(rest, week) for week in range(len(series))]
    remainders = [one - other for one, other in zip(rest, season, strict=True)]
    ordered = sorted(remainders)
    low, high = quantile(ordered, 0.25), quantile(ordered, 0.75)
    fence = FENCE * (high - low)
    return [
        Anomaly(week, series[week], trend[week] + season[week])
        for week, remainder in enumerate(remainders)
        if not low - fence - 1e-9 <= remainder <= high + fence + 1e-9
    ]


def _season(rest, week):
    """What the same week of the other years was beside their trends: what is usual, of two the less unusual. A week is
    not its own season, which would leave nothing of it; and one other year makes none."""
    others = [rest[other] for other in range(week % YEAR, len(rest), YEAR) if other != week]
    if len(others) < 2:
        return 0.0
    return min(others, key=abs) if len(others) == 2 else median(others)
