"""When the benchmarks run: in the full tests, and when they are asked for by name. Their database takes minutes."""

import os
from pathlib import Path

import pytest

from bootstrap import growth, million

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def full():
    """Tell whether the ratios are held against their limits, as ``setup/test --full`` does."""
    return bool(os.environ.get("TIMETRACK_FULL"))


@pytest.fixture(scope="session")
def wanted(request, full):
    """Skip the benchmarks where nobody asked for them or their input is missing."""
    paths = (Path(str(argument).partition("::")[0]).resolve() for argument in request.config.args)
    named = any(path.is_relative_to(HERE) for path in paths)
    if not (full or named):
        pytest.skip("The benchmarks run with setup/test --full and with setup/test tests/bench.")
    if million.missing():
        pytest.skip(million.missing())


@pytest.fixture(scope="session")
def publish(request):
    """Return a function that writes figures, ratios of them and the page about them to files, and shows the page."""

    def write(name, figures, page, ratios=()):
        target = growth.write(name, million.rows(), figures, page, ratios)
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n\n{page}\n{target}")

    return write
