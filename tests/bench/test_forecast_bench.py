"""Forecasts of two hundred weekly series of five years, backtest included: on one core, without any library.

The limit is a minute, which is what a night's work may take; it is some thirty times what it takes.
"""

import importlib.util
import random
import time

from bootstrap import paths

ENGINE = paths.ROOT / "client_timetrack_reports" / "engine" / "forecast.py"
SERIES, WEEKS, LIMIT = 200, 260, 60


def test_two_hundred_series(wanted, publish):
    spec = importlib.util.spec_from_file_location("forecast_engine", ENGINE)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    source = random.Random(1)
    series = [
        [max(0.0, 100 + 10 * source.gauss(0, 1) + week / 10) for week in range(WEEKS)] for _number in range(SERIES)
    ]
    started = time.process_time()
    made = [engine.forecast(values) for values in series]
    seconds = time.process_time() - started
    assert all(one.mase is not None and one.coverage is not None for one in made)
    figures = {"seconds": seconds, "series": SERIES, "weeks": WEEKS, "origins": made[0].origins}
    page = f"{SERIES} series of {WEEKS} weeks, {made[0].origins} origins each: {seconds:.1f} s (limit {LIMIT} s)\n"
    publish("bench-forecast", figures, page)
    assert seconds < LIMIT
