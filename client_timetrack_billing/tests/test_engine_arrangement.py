import random
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.client_timetrack_billing.engine.arrangement import (
    Piece,
    Scope,
    find,
    net,
    period_of,
    periods,
    use_after,
    within_limits,
)
from odoo.addons.client_timetrack_billing.engine.retainer import Draw, Grant

DAY = date(2026, 5, 4)


@tagged("-at_install", "post_install")
class TestEngineArrangement(BaseCase):
    def test_each_part_of_a_scope_has_to_fit(self):
        scope = Scope(
            "phase",
            tasks=frozenset({1}),
            deliverables=frozenset({"report"}),
            activities=frozenset({7}),
            first=DAY,
            last=DAY + timedelta(days=1),
        )
        piece = Piece(DAY, (2, 1), (8, 7), "report")
        self.assertEqual(find([scope], piece), "phase")
        for other in (
            piece._replace(day=DAY - timedelta(days=1)),
            piece._replace(day=DAY + timedelta(days=2)),
            piece._replace(tasks=(2,)),
            piece._replace(tasks=()),
            piece._replace(activities=(8,)),
            piece._replace(deliverable=None),
        ):
            self.assertIsNone(find([scope], other))
        self.assertEqual(find([scope, Scope("rest")], piece), "phase")
        self.assertEqual(find([Scope("rest"), scope], piece), "rest")

    def test_periods_have_no_gap(self):
        dice = random.Random(3)
        for _round in range(300):
            start = date(2024, 1, 1) + timedelta(days=dice.randrange(800))
            months = dice.choice([1, 3, 12])
            until = start + timedelta(days=dice.randrange(1500))
            found = periods(start, until, months)
            self.assertEqual(found[0][0], start)
            self.assertLessEqual(found[-1][0], until)
            self.assertGreaterEqual(found[-1][1], until)
            for (_first, last), (first, _last) in zip(found, found[1:], strict=False):
                self.assertEqual(last + timedelta(days=1), first)
            day = start + timedelta(days=dice.randrange(max((until - start).days, 1)))
            self.assertIn(period_of(day, start, months), found)
            first, last = period_of(start - timedelta(days=1), start, months)
            self.assertEqual(last, start - timedelta(days=1))
            self.assertLess(first, last)
        self.assertEqual(periods(DAY, DAY - timedelta(days=1), 1), [])

    def test_corrections_are_taken_off_what_was_before(self):
        hours = [Draw(DAY, Decimal(number)) for number in (2, -1, 3, -4, 1)]
        self.assertEqual([draw.hours for draw in net(hours)], [0, 0, 1])
        self.assertEqual(net([Draw(DAY, Decimal(-1))]), [])

    def test_what_was_used_before_stands(self):
        """Time that comes late gets what is left, however early its day is."""
        grants = [Grant(DAY, Decimal(5))]
        later = [Draw(DAY + timedelta(days=3), Decimal(4))]
        [usage] = use_after(grants, later, [Draw(DAY, Decimal(2))])
        self.assertEqual((usage.taken, usage.overage), ({0: Decimal(1)}, Decimal(1)))

    def test_limits_are_reached_and_never_passed(self):
        dice = random.Random(5)
        for _round in range(300):
            pieces = [
                (Decimal(dice.randint(-200, 1000)), Decimal(dice.randint(1, 8))) for _piece in range(dice.randint(1, 9))
            ]
            amount, hours = Decimal(dice.randint(0, 2000)), Decimal(dice.randint(0, 20))
            for limits in ({"amount": amount}, {"hours": hours}, {"amount": amount, "hours": hours}, {}):
                shares = within_limits(pieces, **limits)
                self.assertTrue(all(0 <= share <= 1 for share in shares))
                for place, name in enumerate(("amount", "hours")):
                    total = sum(piece[place] * share for piece, share in zip(pieces, shares, strict=True))
                    whole = sum(piece[place] for piece in pieces)
                    if name in limits:
                        self.assertLessEqual(round(total, 12), limits[name])
                    if not limits:
                        self.assertEqual(total, whole)
                if not any(piece[0] <= 0 for piece in pieces):
                    # the first that does not fit is the last that gets anything, by one limit
                    partial = [place for place, share in enumerate(shares) if share < 1]
                    if len(limits) == 1 and partial:
                        self.assertFalse(any(shares[partial[0] + 1 :]))
