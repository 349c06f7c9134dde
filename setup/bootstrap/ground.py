"""The ground everything stands on, put together: Odoo, libraries, server, databases."""

from contextlib import contextmanager
from dataclasses import dataclass

from . import databases, odoo, paths, postgres, runner, system, venv


@dataclass(frozen=True)
class Ground:
    """What a prepared machine offers."""

    source: odoo.Source
    server: postgres.Server
    odoo: runner.Runner
    databases: databases.Databases


@contextmanager
def prepared(odoo_option=None, tests=False):
    """Prepare the machine and yield its ``Ground``; what was started for it is stopped at the end."""
    paths.make_folders()
    missing = postgres.missing_packages() + venv.missing_packages()
    if tests and not system.browser():
        missing.append("chromium")
    system.require(missing)
    source = odoo.find(odoo_option)
    venv.ensure(source.import_root, tests)
    with postgres.running() as server:
        plain = runner.write_config(source, server, "plain", with_addons=False)
        full = runner.write_config(source, server)
        yield Ground(source, server, full, databases.Databases(server, source.key, plain, full))
