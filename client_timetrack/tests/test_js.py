from odoo.tests import HttpCase, no_retry, tagged

from odoo.addons.web.tests import test_js


class JsCase(HttpCase):
    """Unit tests of the web client, run in the browser by Odoo's own runner."""

    def _run_suite(self, options):
        suite = test_js.HOOTCommon._generate_hash(self, "@client_timetrack")
        self.browser_js(
            f"/web/tests?headless&loglevel=2&timeout=15000&id={suite}&{options}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )


@tagged("post_install", "-at_install")
class TestJs(JsCase):
    @no_retry
    def test_unit_desktop(self):
        self._run_suite("preset=desktop")


@tagged("post_install", "-at_install")
class TestJsOnPhone(JsCase):
    browser_size = "375x667"
    touch_enabled = True

    @no_retry
    def test_unit_mobile(self):
        self._run_suite("preset=mobile&tag=-headless")
