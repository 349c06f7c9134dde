import doctest
import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack_reports.engine import forecast as engine

HOURS = st.lists(st.integers(0, 400).map(lambda quarters: quarters / 4), min_size=40, max_size=70)


def noise(weeks, seed, level=100.0, spread=10.0):
    """Weeks that are independent of each other."""
    source = random.Random(seed)
    return [level + source.gauss(0, spread) for _week in range(weeks)]


def walk(weeks, seed):
    """Weeks that are as the one before, and a step."""
    source = random.Random(seed)
    values = [500.0]
    while len(values) < weeks:
        values.append(values[-1] + source.gauss(0, 5))
    return values


@tagged("-at_install", "post_install")
class TestEngineForecast(BaseCase):
    """Methods by hand, what is refused, and what holds for every series."""

    def test_examples(self):
        self.assertEqual(doctest.testmod(engine).failed, 0)

    # ------------------------------------------------------------------
    # Methods, worked out by hand
    # ------------------------------------------------------------------

    def test_smoothing(self):
        """Half of each error: 3, then 4, 6.5 and 13.25; off by 2, 5 and 13.5."""
        levels, _trends, sums, _damping = engine._smooth([3.0, 5.0, 9.0, 20.0], 0.5)
        self.assertEqual(levels, [None, 3.0, 4.0, 6.5, 13.25])
        self.assertEqual(sums[-1], 2**2 + 5**2 + 13.5**2)

    def test_damped_trend(self):
        """Level and trend by halves, a trend that is halved each week."""
        levels, trends, _sums, _damping = engine._smooth([10.0, 14.0, 20.0], 0.5, 0.25, 0.5)
        # 14 after 10: level 12, trend 1; then 12.5 is expected, 7.5 less than came
        self.assertEqual((levels[2], trends[2]), (12.0, 1.0))
        self.assertEqual((levels[3], trends[3]), (16.25, 2.375))
        self.assertEqual(engine._damped(0.5, 3), [0.5, 0.75, 0.875])

    def test_naive_mean_and_season(self):
        values = [float(week) for week in range(110)]
        self.assertEqual(engine.forecast_naive(values, 2)[5], [4.0, 4.0])
        self.assertEqual(engine.forecast_mean(values, 2)[5], [2.5, 2.5])
        self.assertIsNone(engine.forecast_mean(values, 2)[3])
        self.assertIsNone(engine.forecast_seasonal(values, 2)[103])
        self.assertEqual(engine.forecast_seasonal(values, 2)[104], [52.0, 53.0])

    # ------------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------------

    def test_refusals(self):
        busy = noise(26, 1)
        self.assertIsNone(engine.refuse(busy))
        self.assertEqual(engine.refuse(busy[:25]), engine.Refusal("short", 25, 26))
        self.assertEqual(engine.refuse([7.5] * 30).reason, "constant")
        # a third of the weeks may be empty
        gaps = [0.0 if week % 3 == 0 else 8.0 + week for week in range(30)]
        self.assertIsNone(engine.refuse(gaps))
        gaps[1] = 0.0
        self.assertEqual(engine.refuse(gaps), engine.Refusal("gaps", 11, 30))
        self.assertEqual(engine.refuse(busy + [0.0] * 8).reason, "ended")
        self.assertIsNone(engine.refuse(busy + [0.0] * 7))

    def test_how_far_ahead(self):
        self.assertEqual([engine.furthest(weeks) for weeks in (26, 31, 32, 500)], [6, 7, 8, 8])
        self.assertEqual(len(engine.forecast(noise(26, 2)).values), 6)
        self.assertEqual(len(engine.forecast(noise(60, 2), ahead=3).values), 3)

    def test_at_least_twelve_origins(self):
        self.assertGreaterEqual(engine.forecast(noise(26, 2)).origins, 12)
        self.assertEqual(engine.forecast(noise(300, 2)).origins, engine.ORIGINS)

    # ------------------------------------------------------------------
    # What is chosen
    # ------------------------------------------------------------------

    def test_nothing_beats_naive_on_a_random_walk(self):
        for seed in range(5):
            made = engine.forecast(walk(150, seed))
            self.assertGreater(made.mase, 0.9)
            self.assertLess(made.mase, 1.15)
            self.assertGreater(made.scores["mean"], 1.0)

    def test_the_mean_of_noise_beats_naive(self):
        made = engine.forecast(noise(150, 3))
        self.assertIn(made.method, ("smoothed", "mean", "holt"))
        # the naive error is that of two draws: the square root of two as much
        self.assertAlmostEqual(made.mase, 1 / math.sqrt(2), delta=0.08)

    def test_a_season_is_seen(self):
        source = random.Random(4)
        values = [
            200 + 80 * math.sin(2 * math.pi * week / 52) * (1 if week % 52 < 45 else -1) + source.gauss(0, 3)
            for week in range(4 * 52)
        ]
        made = engine.forecast(values)
        self.assertEqual(made.method, "seasonal")
        self.assertLess(made.mase, 0.5)

    def test_a_trend_is_seen(self):
        made = engine.forecast([week * 2.0 + value for week, value in enumerate(noise(120, 5, 50, 1))])
        self.assertEqual(made.method, "holt")
        self.assertGreater(made.values[7], made.values[0] + 8)

    def test_without_naive_errors_nothing_is_said(self):
        made = engine.forecast([40.0] * 40)
        self.assertEqual((made.method, set(made.values)), ("naive", {40.0}))
        self.assertIsNone(made.mase)

    # ------------------------------------------------------------------
    # The band
    # ------------------------------------------------------------------

    def test_no_band_below_twenty_errors(self):
        self.assertIsNone(engine.forecast(noise(27, 6)).low)
        self.assertIsNotNone(engine.forecast(noise(36, 6)).low)

    def test_coverage_of_noise(self):
        shares = [engine.forecast(noise(260, seed)).coverage for seed in range(10)]
        self.assertAlmostEqual(sum(shares) / len(shares), 0.8, delta=0.05)

    def test_quantiles(self):
        self.assertEqual(engine.quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.25), 2.0)
        self.assertEqual(engine.quantile([0.0, 10.0], 0.1), 1.0)
        self.assertEqual(engine.quantile([4.0], 0.9), 4.0)

    # ------------------------------------------------------------------
    # What holds for every series
    # ------------------------------------------------------------------

    @settings(max_examples=25, deadline=None)
    @given(HOURS, st.data())
    def test_nothing_knows_the_future(self, values, data):
        """What was forecast after a week is what is forecast when only that much is known."""
        known = data.draw(st.integers(32, len(values)))
        whole = engine.forecast(values[:known])
        changed = values[:known] + [value + 50 for value in values[known:]]
        for series in (values, changed):
            made = {name: method(series, 8) for name, method in engine.METHODS.items()}
            race = engine.Race(series, 8, made, 0.0)
            for week in range(engine.WARM_UP, known):
                race.learn(week)
                race.run(week, counts=True)
            race.learn(known)
            self.assertEqual(tuple(race.get(race.choose(known), known)), whole.values)

    @settings(max_examples=25, deadline=None)
    @given(HOURS)
    def test_scale(self, values):
        """Hours in other units: everything is as many times as much, and no better."""
        one, four = engine.forecast(values), engine.forecast([value * 4 for value in values])
        self.assertEqual(four.values, tuple(value * 4 for value in one.values))
        self.assertEqual(four.method, one.method)
        self.assertEqual(four.mase, one.mase)
        self.assertEqual(four.coverage, one.coverage)

    def test_shift(self):
        for seed in range(5):
            values = noise(80, seed)
            one = engine.forecast(values, floor=None)
            more = engine.forecast([value + 1000 for value in values], floor=None)
            self.assertEqual(one.method, more.method)
            for value, other in zip(one.values, more.values, strict=True):
                self.assertAlmostEqual(value + 1000, other, 6)
            self.assertAlmostEqual(one.mase, more.mase, 6)

    @settings(max_examples=25, deadline=None)
    @given(HOURS)
    def test_hours_are_not_negative_and_bands_are_around(self, values):
        made = engine.forecast(values)
        self.assertGreaterEqual(min(made.values), 0.0)
        if made.low:
            for low, high in zip(made.low, made.high, strict=True):
                self.assertLessEqual(0.0, low)
                self.assertLessEqual(low, high)

    def test_corrections_below_zero_are_taken_as_they_are(self):
        values = noise(60, 7)
        values[30] = -20.0
        made = engine.forecast(values)
        self.assertGreaterEqual(min(made.low), -20.0)
        self.assertIn(30, [anomaly.week for anomaly in engine.anomalies(values)])

    # ------------------------------------------------------------------
    # Anomalies
    # ------------------------------------------------------------------

    def test_anomalies(self):
        values = noise(80, 8, 100, 5)
        self.assertEqual(engine.anomalies(values), [])
        values[20] += 100
        values[50] -= 90
        found = engine.anomalies(values)
        self.assertEqual([anomaly.week for anomaly in found], [20, 50])
        self.assertAlmostEqual(found[0].expected, 100, delta=10)

    def test_a_season_is_no_anomaly(self):
        """Every year the office is closed for a week."""
        source = random.Random(9)
        values = [(20.0 if week % 52 == 51 else 160.0) + source.gauss(0, 4) for week in range(3 * 52)]
        self.assertEqual(engine.anomalies(values), [])
        self.assertTrue(engine.anomalies(values[:104]), "with less than three years nobody can know")

    def test_too_short_to_tell(self):
        self.assertEqual(engine.anomalies([1.0] * 10 + [90.0]), [])
