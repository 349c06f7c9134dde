from odoo.tests import HttpCase, no_retry, tagged

from odoo.addons.web.tests import test_js


@tagged("post_install", "-at_install")
class TestJs(HttpCase):
    """The addon's unit tests of the web client, run in the browser by Odoo's own runner."""

    @no_retry
    def test_unit_desktop(self):
        suite = test_js.HOOTCommon._generate_hash(self, "@client_timetrack")
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={suite}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )
