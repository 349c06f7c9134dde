import doctest
import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..engine import ledes
from ..engine.ledes import Invoice, LedesError, Line, Party, Receiver, Timekeeper, check, foreign_letters, write
from . import ledes_reader

EXAMPLES = 20_000 if os.environ.get("TIMETRACK_FULL") else 200
INTERNATIONAL = Receiver("98BI")
KEEPER = Timekeeper("T07", "Okafor", "Ada", "PT")
FEE = Line(
    "F", date(2026, 5, 4), Decimal(300), Decimal("1.5"), Decimal(200), "Draft the motion", "L240", "A103", "", KEEPER
)
EXPENSE = Line("E", date(2026, 5, 5), Decimal("12.50"), Decimal(5), Decimal("2.50"), "Copies", expense_code="E101")
DISCOUNT = Line("IF", date(2026, 5, 31), Decimal(-30), description="Agreed discount")
PARTY = Party("Roe & Partners", "1 Main Street", "", "Dover", "DE", "19901", "US")
INVOICE = Invoice(
    "INV/2026/0001",
    date(2026, 6, 1),
    "ACME",
    "M-1",
    "98-7654321",
    date(2026, 5, 1),
    date(2026, 5, 31),
    Decimal("282.50"),
    (FEE, EXPENSE, DISCOUNT),
    "C-77",
    "May",
    "USD",
    firm=PARTY,
    client=PARTY,
)
# The file of it, written by hand.
EXPECTED = (
    "LEDES1998B[]\n" + ledes_reader.COMMON + "[]\n"
    "20260601|INV/2026/0001|ACME|M-1|282.50|20260501|20260531|May|1|F|1.50|0.00|300.00|20260504|L240||A103|T07|"
    "Draft the motion|98-7654321|200.00|Okafor, Ada|PT|C-77[]\n"
    "20260601|INV/2026/0001|ACME|M-1|282.50|20260501|20260531|May|2|E|5.00|0.00|12.50|20260505||E101|||"
    "Copies|98-7654321|2.50|||C-77[]\n"
    "20260601|INV/2026/0001|ACME|M-1|282.50|20260501|20260531|May|3|IF||-30.00|-30.00|20260531|||||"
    "Agreed discount|98-7654321||||C-77[]\n"
)

texts = st.text(min_size=1, max_size=40).filter(lambda text: ledes.to_ascii(text) and not foreign_letters(text))
codes = st.from_regex(r"[A-Z][0-9]{3}", fullmatch=True)
amounts = st.decimals(-5000, 5000, places=2)
# what is left of a name is between commas
names = texts.filter(lambda text: ledes.to_ascii(text).strip(", "))
keepers = st.builds(
    Timekeeper, st.from_regex(r"T[0-9]{2}", fullmatch=True), names, names, st.sampled_from(ledes.CLASSIFICATIONS)
)
hours = st.decimals(0, 24, places=4)
days = st.integers(0, 30).map(lambda days: date(2026, 5, 1) + timedelta(days))
lines = st.one_of(
    st.builds(Line, st.just("F"), days, amounts, hours, amounts.map(abs), texts, codes, codes, st.just(""), keepers),
    st.builds(Line, st.just("E"), days, amounts, hours, amounts.map(abs), texts, expense_code=codes),
    st.builds(Line, st.sampled_from(("IF", "IE")), days, amounts, description=texts),
)


@tagged("-at_install", "post_install")
class TestEngineLedes(BaseCase):
    def assertProblems(self, invoice, *expected, receiver=None):
        """The problems are these: code, field and line; and nothing is written."""
        found = [(one.code, one.field, one.line) for one in check(invoice, receiver)]
        self.assertEqual(found, list(expected))
        if expected:
            with self.assertRaises(LedesError):
                write(invoice, receiver)

    def _with(self, line, **values):
        """The invoice with one line alone."""
        line = replace(line, **values)
        return replace(INVOICE, lines=(line,), total=line.amount + line.tax)

    def test_examples(self):
        self.assertEqual(doctest.testmod(ledes).failed, 0)

    def test_a_file_written_by_hand(self):
        self.assertEqual(write(INVOICE), EXPECTED)

    def test_names_of_the_fields(self):
        self.assertEqual("|".join(ledes.FIELDS), ledes_reader.COMMON)
        self.assertEqual("|".join(ledes.FIELDS_98BI), f"{ledes_reader.COMMON}|{ledes_reader.INTERNATIONAL}")

    def test_the_adjustment_takes_what_rounding_leaves(self):
        """A third of an hour is 0.33 in a file; the line is worth what the invoice says all the same."""
        invoice = self._with(FEE, amount=Decimal("33.33"), units=Decimal(1) / 3, unit_cost=Decimal(100))
        row = ledes_reader.read(write(invoice))[0]
        self.assertEqual(row["LINE_ITEM_NUMBER_OF_UNITS"], "0.33")
        self.assertEqual((row["LINE_ITEM_ADJUSTMENT_AMOUNT"], row["LINE_ITEM_TOTAL"]), ("0.33", "33.33"))

    def test_a_write_down_is_an_adjustment(self):
        row = ledes_reader.read(write(self._with(FEE, amount=Decimal(250))))[0]
        self.assertEqual((row["LINE_ITEM_NUMBER_OF_UNITS"], row["LINE_ITEM_ADJUSTMENT_AMOUNT"]), ("1.50", "-50.00"))

    def test_what_is_credited_has_no_units(self):
        row = ledes_reader.read(write(self._with(FEE, amount=Decimal(-300))))[0]
        self.assertEqual((row["LINE_ITEM_NUMBER_OF_UNITS"], row["LINE_ITEM_ADJUSTMENT_AMOUNT"]), ("0.00", "-300.00"))

    def test_units_of_adjustments_as_the_receiver_wants_them(self):
        invoice = self._with(DISCOUNT)
        self.assertEqual(ledes_reader.read(write(invoice))[0]["LINE_ITEM_UNIT_COST"], "")
        text = write(invoice, Receiver(adjustment_units="1"))
        self.assertEqual(ledes_reader.read(text, "1")[0]["LINE_ITEM_UNIT_COST"], "0.00")

    def test_taxes(self):
        fee = replace(FEE, tax=Decimal(60), tax_rate=Decimal("0.2"), tax_type="VAT")
        invoice = replace(INVOICE, lines=(fee, EXPENSE), total=Decimal("372.50"), po_number="PO 9")
        row = ledes_reader.read(write(invoice, INTERNATIONAL))[0]
        self.assertEqual((row["LINE_ITEM_TOTAL"], row["INVOICE_TAX_TOTAL"]), ("360.00", "60.00"))
        self.assertEqual((row["INVOICE_NET_TOTAL"], row["LINE_ITEM_TAX_RATE"]), ("312.50", "0.2"))
        self.assertEqual((row["PO_NUMBER"], row["TIMEKEEPER_LAST_NAME"]), ("PO 9", "Okafor"))
        self.assertProblems(invoice, ("tax_unknown", "INVOICE_TOTAL", None))
        wrong = replace(invoice, lines=(replace(fee, tax=Decimal(50)), EXPENSE), total=Decimal("362.50"))
        self.assertProblems(wrong, ("tax", "LINE_ITEM_TAX_TOTAL", 0), receiver=INTERNATIONAL)
        untold = replace(invoice, lines=(replace(fee, tax_type=""), EXPENSE))
        self.assertProblems(untold, ("missing", "LINE_ITEM_TAX_TYPE", 0), receiver=INTERNATIONAL)

    def test_currencies_of_other_digits(self):
        for decimals, amount, total in ((0, "300", "300.00"), (3, "300.125", "300.125")):
            invoice = replace(self._with(FEE, amount=Decimal(amount)), decimals=decimals)
            self.assertEqual(ledes_reader.read(write(invoice, INTERNATIONAL))[0]["INVOICE_TOTAL"], total)

    def test_each_field_that_is_missing_is_named(self):
        for name, values in {
            "INVOICE_NUMBER": {"number": ""},
            "INVOICE_DATE": {"date": None},
            "CLIENT_ID": {"client_id": ""},
            "LAW_FIRM_MATTER_ID": {"matter_id": " "},
            "LAW_FIRM_ID": {"law_firm_id": ""},
            "BILLING_START_DATE": {"start": None},
            "BILLING_END_DATE": {"end": None},
        }.items():
            self.assertProblems(replace(INVOICE, **values), ("missing", name, None))
        for name, values in {
            "LINE_ITEM_DATE": {"date": None},
            "LINE_ITEM_TASK_CODE": {"task_code": ""},
            "LINE_ITEM_ACTIVITY_CODE": {"activity_code": ""},
            "TIMEKEEPER_ID": {"timekeeper": replace(KEEPER, code="")},
            "TIMEKEEPER_CLASSIFICATION": {"timekeeper": replace(KEEPER, classification="")},
            "LINE_ITEM_DESCRIPTION": {"description": "\n"},
        }.items():
            self.assertProblems(self._with(FEE, **values), ("missing", name, 0))
        self.assertProblems(
            self._with(FEE, timekeeper=replace(KEEPER, last_name="", first_name="")), ("missing", "TIMEKEEPER_NAME", 0)
        )
        self.assertProblems(self._with(EXPENSE, expense_code=""), ("missing", "LINE_ITEM_EXPENSE_CODE", 0))
        for name, values in {
            "INVOICE_CURRENCY": {"currency": ""},
            "ACCOUNT_TYPE": {"account_type": ""},
            "LAW_FIRM_ADDRESS_1": {"firm": replace(PARTY, address_1="")},
            "CLIENT_COUNTRY": {"client": replace(PARTY, country="")},
        }.items():
            self.assertProblems(replace(INVOICE, **values), ("missing", name, None), receiver=INTERNATIONAL)
            self.assertProblems(replace(INVOICE, **values))

    def test_what_a_receiver_asks_for(self):
        """Its own fields, lengths and classifications; codes of fees are not asked of expenses."""
        wants = Receiver(required=frozenset({"CLIENT_MATTER_ID", "LINE_ITEM_TASK_CODE", "LINE_ITEM_NUMBER_OF_UNITS"}))
        nameless = replace(INVOICE, client_matter_id="")
        self.assertProblems(nameless)
        self.assertProblems(nameless, ("missing", "CLIENT_MATTER_ID", None), receiver=wants)
        short = Receiver(lengths={"LINE_ITEM_DESCRIPTION": 10})
        self.assertProblems(
            replace(INVOICE, lines=(FEE, EXPENSE), total=Decimal("312.50")),
            ("too_long", "LINE_ITEM_DESCRIPTION", 0),
            receiver=short,
        )
        self.assertEqual(check(self._with(FEE), short)[0].details, (("length", 16), ("limit", 10)))
        own = Receiver(classifications=("PARTNER",))
        self.assertProblems(self._with(FEE), ("classification", "TIMEKEEPER_CLASSIFICATION", 0), receiver=own)
        self.assertProblems(self._with(FEE, timekeeper=replace(KEEPER, classification="PARTNER")), receiver=own)

    def test_what_is_wrong_on_a_line(self):
        self.assertProblems(self._with(FEE, date=date(2026, 6, 1)), ("outside", "LINE_ITEM_DATE", 0))
        self.assertProblems(self._with(FEE, kind="X"), ("kind", "EXP/FEE/INV_ADJ_TYPE", 0))
        self.assertProblems(self._with(FEE, task_code="L" * 21), ("too_long", "LINE_ITEM_TASK_CODE", 0))
        self.assertProblems(self._with(FEE, description="Жалоба"), ("letters", "LINE_ITEM_DESCRIPTION", 0))
        self.assertProblems(replace(INVOICE, total=Decimal(282)), ("total", "INVOICE_TOTAL", None))
        self.assertProblems(replace(INVOICE, lines=()), ("empty", "", None))

    def test_everything_is_named_at_once(self):
        """A line's problems with their line, the invoice's own once."""
        lines = (replace(FEE, task_code=""), replace(FEE, activity_code=""))
        self.assertProblems(
            replace(INVOICE, client_id="", lines=lines, total=Decimal(600)),
            ("missing", "CLIENT_ID", None),
            ("missing", "LINE_ITEM_TASK_CODE", 0),
            ("missing", "LINE_ITEM_ACTIVITY_CODE", 1),
        )

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(lines=st.lists(lines, min_size=1, max_size=6), rate=st.sampled_from(["0", "0.07", "0.2"]))
    def _run_any(self, lines, rate):
        total = sum(line.amount for line in lines)
        rows = ledes_reader.read(write(replace(INVOICE, lines=tuple(lines), total=total)))
        self.assertEqual([Decimal(row["LINE_ITEM_TOTAL"]) for row in rows], [line.amount for line in lines])
        rate = Decimal(rate)
        taxed = [
            replace(line, tax_rate=rate, tax=ledes.round_half_up(line.amount * rate), tax_type="VAT") for line in lines
        ]
        total += sum(line.tax for line in taxed)
        rows = ledes_reader.read(write(replace(INVOICE, lines=tuple(taxed), total=total), INTERNATIONAL))
        self.assertEqual(Decimal(rows[0]["INVOICE_TOTAL"]), total)
        for row, line in zip(rows, lines, strict=True):
            self.assertEqual(row["EXP/FEE/INV_ADJ_TYPE"], line.kind)
            self.assertEqual(row["LINE_ITEM_DESCRIPTION"], ledes.to_ascii(line.description))

    def test_any_invoice_reads_as_it_was(self):
        self._run_any()

    def test_a_name_of_nothing_is_missing(self):
        invoice = self._with(FEE, timekeeper=replace(FEE.timekeeper, last_name=",", first_name=" ,"))
        self.assertProblems(invoice, ("missing", "TIMEKEEPER_NAME", 0))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(text=st.text(max_size=60))
    def _run_texts(self, text):
        result = ledes.to_ascii(text)
        self.assertEqual(ledes.to_ascii(result), result)
        self.assertFalse(set(result) & set("|[]\n\r\t"))
        self.assertEqual(result.isascii(), not foreign_letters(text))

    def test_texts_stay_in_their_field(self):
        self._run_texts()
