import re

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine.privacy import REMOVED, Eraser
from .common import cases

WORDS = st.text(st.characters(whitelist_categories=["L"]), min_size=1, max_size=8)


@tagged("post_install", "-at_install")
class TestEnginePrivacy(BaseCase):
    """A person is taken out of texts, and nobody else."""

    def test_whole_names_whatever_their_case(self):
        eraser = Eraser(["Ann Lee", "Ann Lee-Jones", "al@firm.example", "Al"], "Former Employee 7")
        self.assertEqual(
            eraser.text("ANN LEE-JONES called; ann lee (al@firm.example) went to Ann Leeds. Al too"),
            "Former Employee 7 called; Former Employee 7 (Former Employee 7) went to Ann Leeds. Al too",
        )

    def test_signs_are_no_patterns(self):
        self.assertEqual(Eraser(["A.+B (x)"], r"\1").text("A.+B (x) and AAAB (x)"), r"\1 and AAAB (x)")

    def test_nobody(self):
        self.assertEqual(Eraser([False, "", " a "], "x").text("a cat"), "a cat")
        self.assertIs(Eraser(["Ann Lee"], "x").text(None), None)

    def test_changes_of_the_trail(self):
        changes = {"employee_id": ["Ann Lee", "Bo Berg"], "name": ["Drafted by Bo", ""], "unit_amount": [1.5, 2]}
        eraser = Eraser(["Ann Lee"], "Former Employee 7")
        self.assertEqual(
            eraser.changes(changes, ["name"]),
            {"employee_id": ["Former Employee 7", "Bo Berg"], "name": [REMOVED, ""], "unit_amount": [1.5, 2]},
        )
        self.assertEqual(eraser.changes(None), {})

    @given(st.lists(WORDS, max_size=12), st.lists(WORDS.filter(lambda word: len(word) > 2), min_size=1, max_size=3))
    @cases(usual=200)
    def test_no_name_is_left_and_nothing_else_is_lost(self, words, names):
        eraser = Eraser(names, "0")
        erased = eraser.text(" ".join([*words, *names]))
        for name in names:
            self.assertIsNone(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", erased, re.IGNORECASE))
        self.assertEqual(eraser.text(erased), erased)
        kept = [word for word in words if eraser.text(word) == word]
        self.assertEqual([word for word in erased.split(" ") if word != "0"], kept)
