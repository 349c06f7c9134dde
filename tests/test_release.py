"""The release command: wheels are built, checked, and bill an hour in an environment that has nothing else."""

import os
import subprocess

import pytest

from bootstrap import paths, release


@pytest.mark.skipif(not os.environ.get("TIMETRACK_FULL"), reason="a long one: setup/test --full")
def test_wheels(prepared):
    done = subprocess.run([paths.ROOT / "setup" / "release"], capture_output=True, text=True, env=prepared.server.env)
    assert not done.returncode, done.stdout[-4000:] + done.stderr[-2000:]
    built = sorted(wheel.name for wheel in release.DIST.glob("*.whl"))
    assert len(built) == len(release.ADDONS)
    for wheel, (addon, version) in zip(built, sorted(release.versions().items()), strict=True):
        assert wheel.startswith(f"odoo_addon_{addon}-{version}"), built


def test_every_version_is_in_the_list_of_changes():
    release.check_sources(for_tag=False)
