"""What the browser tests share: the people of a firm, and pages that these have logged in to.

A module says who is there by a script, ``FIRM``, in which ``user(login, name, *groups)`` makes somebody who can log in,
and serves it as its fixture ``firm``. ``HOME`` is the page that ``log_in`` opens where a test says none.
"""

import pytest

PASSWORD = "timetrack-browser"

USER = """
from odoo import fields
from odoo.fields import Command

def user(login, name, *groups):
    return env["res.users"].with_context(no_reset_password=True).create({
        "login": login, "name": name, "password": params["password"], "email": f"{login}@example.com",
        "odoobot_state": "disabled", "group_ids": [Command.set([env.ref(group).id for group in groups])],
    })
"""


@pytest.fixture(scope="module")
def serve_firm(database, serve):
    """Return a function that makes a firm by a script and returns it served, and what the script says."""

    def start(script):
        copy = database("addons")
        result = copy.shell(USER + script, password=PASSWORD)
        return serve(copy), result

    return start


@pytest.fixture
def log_in(request, open_page, firm):
    """Return a function that logs somebody of the firm in and opens a page."""
    home = getattr(request.module, "HOME", "/odoo")

    def start(login, path=home, **options):
        return open_page(firm.url, login, PASSWORD, path, **options)

    return start


@pytest.fixture
def call_as(firm):
    """Return a function that lets somebody of the firm call methods beside their pages: see ``Served.rpc``."""
    return lambda login: firm.rpc(login, PASSWORD)
