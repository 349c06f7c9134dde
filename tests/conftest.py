"""Facilities for the tests across addons: databases copied from templates, Odoo commands, servers, a browser.

Fixtures:

``database``     function ``database("addons")`` -> a fresh copy of a template (see ``setup/bootstrap/databases.py``)
``odoo_server``  a served copy of ``addons``, shared by the session
``served_at``    function ``served_at(database, url)`` -> ``Served``, for a server that the test stops itself
``serve``        function ``serve(database)`` -> address of a server for it, until the end of the module
``serve_firm``   function ``serve_firm(script, **params)`` -> the same of a copy on which a script has run
``chromium``     a headless Chromium (Playwright), shared by the session
``open_page``    function ``open_page(address, login, password)`` -> a page logged in to the web client; the test
                 fails at its end when the browser's console had an error; options of Playwright's contexts
                 (``viewport``, ``has_touch``) make it a phone

``TIMETRACK_SLOW_BROWSER=6`` makes the pages' processor six times slower: it shows what a test or a screen takes for
granted about who is first, a key or the answer to the one before it.

These tests run without pytest-odoo (``setup/test`` sees to it), since they load and change whole databases.
"""

import contextlib
import itertools
import os
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "setup"))

from bootstrap import console, ground, paths, system  # noqa: E402

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WEB_CLIENT = ".o_action_manager"
PATIENCE = 60_000  # milliseconds: the first page of a database builds its assets
SLOWER = float(os.environ.get("TIMETRACK_SLOW_BROWSER", "1"))


class Database:
    """A database of its own for a test."""

    def __init__(self, prepared, name):
        self.ground = prepared
        self.name = name

    @property
    def config(self):
        """Return the path of the configuration file for Odoo."""
        return self.ground.odoo.config

    def cli(self, *args, check=True):
        """Run ``odoo`` with the arguments on this database and stop; return the finished process.

        :param check: raise with the end of the output when it fails
        """
        command = self.ground.odoo.command("-d", self.name, "--no-http", "--stop-after-init", *args)
        done = subprocess.run(
            command,
            cwd=paths.ROOT,
            env=self.ground.odoo.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode:
            raise AssertionError(f"odoo {' '.join(args)} failed:\n{done.stdout[-6000:]}")
        return done

    def shell(self, script, *, commit=True, **params):
        """Run Python with ``env`` and ``params``; return what it leaves in ``result`` (by way of JSON)."""
        return self.ground.odoo.shell(self.name, script, params=params, commit=commit)

    def sql(self, query):
        """Run a statement; return its rows as lists of texts."""
        return self.ground.server.sql(query, self.name)

    def number(self, query):
        """Run a statement that gives one number; return it."""
        [[value]] = self.sql(query)
        return int(value)

    def wait_for(self, condition, patience=600):
        """Wait, and wake the background up: a server that has just started looks for work only once a minute.

        :param patience: seconds
        """
        started = woken = time.monotonic()
        while not condition():
            now = time.monotonic()
            assert now - started < patience, "It takes too long."
            if now - woken > 1:
                self.ground.server.sql(f"SELECT pg_notify('cron_trigger', '{self.name}')")
                woken = now
            time.sleep(0.02)

    def drop(self):
        """Remove the database and its files."""
        self.ground.databases.drop(self.name)


class Served:
    """A database with a server in front of it."""

    def __init__(self, database, url):
        self.database = database
        self.db = database.name
        self.config = database.config
        self.url = url
        self.log = paths.LOGS / f"serve-{database.name}.log"
        self.ids = None

    def session(self, login, password):
        """Return a ``requests.Session`` that is logged in to the web client."""
        session = requests.Session()
        params = {"db": self.db, "login": login, "password": password}
        answer = session.post(f"{self.url}/web/session/authenticate", json={"params": params}).json()
        assert answer.get("result", {}).get("uid"), f"{login} cannot log in: {answer}"
        return session

    def rpc(self, login, password):
        """Return a function ``call(model, method, args, kwargs)`` that speaks XML-RPC as this user."""
        common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common")
        user = common.authenticate(self.db, login, password, {})
        assert user, f"{login} cannot log in"
        models = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", allow_none=True)

        def call(model, method, args=(), kwargs=None):
            return models.execute_kw(self.db, user, password, model, method, list(args), kwargs or {})

        return call


@pytest.fixture(scope="session")
def prepared():
    """Return the ground the tests stand on: Odoo, PostgreSQL, templates."""
    with ground.prepared(tests=True) as result:
        yield result
        result.databases.drop_sessions(os.getpid())


@pytest.fixture(scope="session")
def database(prepared):
    """Return a function that copies a template: base, core, addons, core_demo or demo."""
    numbers = itertools.count(100)

    def make(layer="addons"):
        return Database(prepared, prepared.databases.session_copy(layer, next(numbers)))

    return make


@pytest.fixture(scope="module")
def serve(prepared):
    """Return a function that serves a ``Database`` until the end of the module and returns a ``Served``."""
    with contextlib.ExitStack() as stack:

        def start(database):
            url, _process = stack.enter_context(prepared.odoo.serving(database.name))
            return Served(database, url)

        yield start


@pytest.fixture(scope="module")
def serve_firm(database, serve):
    """Return a function that makes a firm of a script on a copy of a template, and serves it until the end of the
    module; ``ids`` of the ``Served`` is the script's result."""

    def start(script, layer="addons", **params):
        copy = database(layer)
        ids = copy.shell(script, **params)
        served = serve(copy)
        served.ids = ids
        return served

    return start


@pytest.fixture(scope="session")
def served_at():
    """Return a function that makes a ``Served`` of a ``Database`` whose server the test starts and stops itself."""
    return Served


@pytest.fixture(scope="session")
def odoo_server(prepared, database):
    """Return a ``Served`` copy of the template with the three addons."""
    copy = database("addons")
    with prepared.odoo.serving(copy.name) as (url, _process):
        yield Served(copy, url)
    copy.drop()


@pytest.fixture(scope="session")
def chromium():
    """Return a headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = system.browser()
    if not path:
        raise console.Failure("There is no Chromium; setup/test installs it.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Return a function that logs in and returns the page, with the web client loaded.

    Errors on the browser's console, wherever they come from, fail the test; ``tolerate`` is a text of those that the
    test makes happen.
    """
    errors = []
    contexts = []

    def start(url, login, password, path="/odoo", tolerate=None, **options):
        def note(text):
            if not tolerate or tolerate not in text:
                errors.append(text)

        context = chromium.new_context(**{"viewport": {"width": 1366, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        if SLOWER > 1:
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        page.goto(f"{url}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_selector(WEB_CLIENT)
        if path != "/odoo":
            page.goto(f"{url}{path}")
            page.wait_for_selector(WEB_CLIENT)
        return page

    yield start
    for context in contexts:
        context.close()
    assert not errors, "The browser's console has errors:\n" + "\n".join(errors)
