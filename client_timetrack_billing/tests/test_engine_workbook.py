import doctest

from odoo.tests import BaseCase, tagged

from ..engine import workbook


@tagged("post_install", "-at_install")
class TestWorkbookEngine(BaseCase):
    def test_examples_of_the_docstrings(self):
        result = doctest.testmod(workbook)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)
