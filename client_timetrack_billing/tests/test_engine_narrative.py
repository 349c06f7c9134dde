import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import narrative
from ..engine.narrative import DEFAULT, NAMES, TemplateError, fill, parse


@tagged("-at_install", "post_install")
class TestEngineNarrative(BaseCase):
    def test_examples(self):
        self.assertEqual(doctest.testmod(narrative).failed, 0)

    def test_what_is_missing_leaves_no_trace(self):
        cases = {
            "Merger": {"project": "Merger"},
            "Merger (May)": {"project": "Merger", "period": "May"},
            "Merger – Contract (May)": {"project": "Merger", "task": "Contract", "period": "May"},
            "Alice – Call (May)": {"employee": "Alice", "narrative": "Call", "period": "May"},
            "(May)": {"period": "May"},
            "": {},
        }
        for text, words in cases.items():
            self.assertEqual(fill(DEFAULT, words), text)

    def test_bad_templates(self):
        for template in (
            "{nobody}",
            "{project",
            "{project.__class__}",
            "{0}",
            "{project!r}",
            "{project:>9}",
            "}",
            "{}",
        ):
            with self.subTest(template=template), self.assertRaises(TemplateError):
                parse(template)

    @given(st.text(max_size=30))
    def test_any_text_is_refused_or_used(self, template):
        try:
            parse(template)
        except TemplateError as error:
            self.assertIsInstance(error.problem, str)
        else:
            self.assertIsInstance(fill(template, dict.fromkeys(NAMES, "x")), str)

    @given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=10)))
    def test_values_are_never_templates(self, words):
        self.assertEqual(fill("{project}", {"project": "{task}"}), "{task}")
        filled = fill("{project}|{narrative}", words)
        for name in ("project", "narrative"):
            self.assertIn(words.get(name, "").strip(), filled + words.get(name, ""))
