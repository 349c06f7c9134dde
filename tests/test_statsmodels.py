"""The methods of statsmodels, which is no requirement: in an environment of its own, where it is installed."""

import json
import os
import subprocess
import sys

import pytest

from bootstrap import paths

pytestmark = pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")

SCRIPT = r"""
import json, math, random, sys, time
sys.path.insert(0, sys.argv[1])
from engine import forecast, forecast_statsmodels as more

def make(weeks, season=20.0, trend=0.2, noise=8.0):
    source = random.Random(1)
    return [
        max(0.0, 100 + trend * week + season * math.sin(2 * math.pi * week / 52) + source.gauss(0, noise))
        for week in range(weeks)
    ]

methods = {**forecast.METHODS, **more.get_methods()}
seasonal = make(260)
started = time.process_time()
plain, best = forecast.forecast(seasonal), forecast.forecast(seasonal, methods=methods)
result = {
    "methods": sorted(more.get_methods()),
    "seconds": time.process_time() - started,
    "plain": [plain.method, plain.mase],
    "best": [best.method, best.mase, best.coverage],
    "scores": best.scores,
}
# what is to come changes nothing of what was said before; both begin to estimate in the same week
known = 200
longer = seasonal[:known] + [5000.0] * 10
first = len(longer) - forecast.ORIGINS - forecast.TO_CHOOSE
result["future"] = max(
    abs(one - other)
    for find_season in (more._no_season, more._find_season)
    for one, other in zip(*(more._forecast(some, 8, first, find_season)[known] for some in (longer[:known], longer)))
)
# twice the hours, twice the forecast; a constant added, added
once = more.forecast_ets(make(120), 4)[120]
twice = more.forecast_ets([2 * value for value in make(120)], 4)[120]
shifted = more.forecast_ets([value + 50 for value in make(120)], 4)[120]
result["scale"] = max(abs(two / one - 2) for one, two in zip(once, twice))
result["shift"] = max(abs(other - one - 50) for one, other in zip(once, shifted))
result["constant"] = more.forecast_ets([5.0] * 60, 4)[60]
result["short"] = [more.forecast_stl(make(90), 4)[90], more.forecast_ets(make(20), 4)[20]]
print(json.dumps(result))
"""
WITHOUT = """
import sys
sys.path.insert(0, sys.argv[1])
from engine import forecast_statsmodels as more
print(more.is_there(), more.get_methods())
"""


def test_without_it_there_are_no_methods():
    engine = str(paths.ROOT / "client_timetrack_reports")
    done = subprocess.run([sys.executable, "-S", "-c", WITHOUT, engine], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "{}"]


def test_methods_of_statsmodels(tmp_path):
    """They are better where there is a season, know nothing of the future, and take a second a series."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    python = str(tmp_path / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "statsmodels"], check=True)
    done = subprocess.run(
        [python, "-c", SCRIPT, str(paths.ROOT / "client_timetrack_reports")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["methods"] == ["ets", "stl"]
    assert found["best"][0] == "stl"
    assert found["best"][1] < found["plain"][1] - 0.05
    assert 0.7 < found["best"][2] < 0.9
    assert found["future"] < 1e-9
    assert found["scale"] < 1e-3
    assert found["shift"] < 0.5
    assert found["constant"] is None
    assert found["short"] == [None, None]
    assert found["seconds"] < 5
