"""Forecasts of the weekly series of real records: what the documents say of them is what comes out.

The engine is plain Python and is loaded alone: no Odoo, no database. The records are read as the main job imports them:
the hours of a task on the day on which it was started.
"""

import csv
import importlib.util
import re
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from bootstrap import paths

DATA = paths.ROOT.parent / "shared" / "data"
ENGINE = paths.ROOT / "client_timetrack_reports" / "engine" / "forecast.py"
DOCUMENT = paths.ROOT / "client_timetrack_reports" / "readme" / "FORECAST.md"
WEEK = timedelta(weeks=1)
ROW = re.compile(r"^\| (.+?) \| (\d+) \| (.+?) \| ([\d.–]+) \| ([\d.–]+) %? ?\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def engine():
    spec = importlib.util.spec_from_file_location("forecast_engine", ENGINE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def series():
    """Values by week of the company, its categories and its projects, all until the same week."""
    if not (DATA / "sip_tasks.csv").exists():
        pytest.skip("The real records are not here.")
    started = {}
    with open(DATA / "sip_dates.csv", encoding="latin-1") as file:
        for row in csv.DictReader(file):
            started.setdefault(row["TaskNumber"], row["StartedOn"])
    weeks = defaultdict(lambda: defaultdict(float))
    with open(DATA / "sip_tasks.csv", encoding="latin-1") as file:
        for row in csv.DictReader(file):
            try:
                day = datetime.strptime(started.get(row["TaskNumber"], ""), "%d-%b-%y").date()
            except ValueError:
                continue
            monday = day - timedelta(days=day.weekday())
            for name in ("All of the company", row["Category"], row["ProjectCode"]):
                weeks[name][monday] += float(row["DeveloperHoursActual"] or 0)
    last = max(weeks["All of the company"])  # the running one is left out
    return {
        name: [values.get(min(values) + place * WEEK, 0.0) for place in range((last - min(values)) // WEEK)]
        for name, values in weeks.items()
    }


@pytest.fixture(scope="module")
def told():
    """What the document says: dict of series to (weeks, method, MASE, coverage)."""
    return {name: rest for name, *rest in ROW.findall(DOCUMENT.read_text())}


def test_the_document_has_every_series(series, told):
    assert set(told) == set(series)


def test_figures_are_those_of_the_document(engine, series, told):
    labels = {"naive": "as last week", "mean": "mean of four weeks", "smoothed": "exponential smoothing",
              "holt": "damped trend", "seasonal": "as a year ago"}  # fmt: skip
    reasons = {"gaps": "full of gaps", "ended": "ended", "short": "too short", "constant": "constant"}
    found = {}
    for name, values in series.items():
        refusal = engine.refuse(values)
        if refusal:
            found[name] = [str(len(values)), f"none: {reasons[refusal.reason]}", "–", "–"]
        else:
            made = engine.forecast(values)
            found[name] = [str(len(values)), labels[made.method], f"{made.mase:.2f}", f"{made.coverage * 100:.0f}"]
    assert found == told


def test_the_naive_error_is_what_it_says(engine, series):
    """The scale of MASE, worked out once more: a mean of four weeks beside last week, after each of the last weeks."""
    values = series["All of the company"]
    made = engine.forecast(values)
    mean, naive = 0.0, 0.0
    for known in range(engine.WARM_UP, len(values)):
        for ahead in range(min(8, len(values) - known)):
            came = values[known + ahead]
            mean += abs(came - sum(values[known - 4 : known]) / 4)
            naive += abs(came - values[known - 1])
    assert made.scores["mean"] == pytest.approx(mean / naive, rel=1e-9)
