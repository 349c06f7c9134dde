"""Invoices as LEDES files: 1998B and 98BI V2, the plain text that legal clients' e-billing systems read.

A file is checked before it is written: :func:`check` names everything that is missing or wrong, with the line that it
is wrong on, and :func:`write` refuses what does not pass. Nothing is filled in, and nothing is cut off but what says so
below, so that the file says what the invoice says.

The rules (LEDES 1998B; LEDES 98BI V2 adds taxes, currency and addresses):

* every line ends with ``[]``; fields are separated by ``|``; text is ASCII without either of these;
* total of a line = unit cost x units + adjustment (+ tax, in 98BI V2); total of the invoice = the sum of its lines;
* units are never negative: what is taken back is an adjustment of zero units.

Amounts are decimals in the currency of the invoice, hours are decimals of an hour.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

FEE, EXPENSE, FEE_ADJUSTMENT, EXPENSE_ADJUSTMENT = "F", "E", "IF", "IE"
KINDS = (FEE, EXPENSE, FEE_ADJUSTMENT, EXPENSE_ADJUSTMENT)
ADJUSTMENTS = (FEE_ADJUSTMENT, EXPENSE_ADJUSTMENT)
CLASSIFICATIONS = ("PT", "AS", "OC", "LA", "OT")
LEDES_1998B, LEDES_98BI = "1998B", "98BI"

FIELDS = (
    "INVOICE_DATE", "INVOICE_NUMBER", "CLIENT_ID", "LAW_FIRM_MATTER_ID", "INVOICE_TOTAL", "BILLING_START_DATE",
    "BILLING_END_DATE", "INVOICE_DESCRIPTION", "LINE_ITEM_NUMBER", "EXP/FEE/INV_ADJ_TYPE", "LINE_ITEM_NUMBER_OF_UNITS",
    "LINE_ITEM_ADJUSTMENT_AMOUNT", "LINE_ITEM_TOTAL", "LINE_ITEM_DATE", "LINE_ITEM_TASK_CODE",
    "LINE_ITEM_EXPENSE_CODE", "LINE_ITEM_ACTIVITY_CODE", "TIMEKEEPER_ID", "LINE_ITEM_DESCRIPTION", "LAW_FIRM_ID",
    "LINE_ITEM_UNIT_COST", "TIMEKEEPER_NAME", "TIMEKEEPER_CLASSIFICATION", "CLIENT_MATTER_ID",
)  # fmt: skip
PARTY = ("NAME", "ADDRESS_1", "ADDRESS_2", "CITY", "STATEorREGION", "POSTCODE", "COUNTRY")
FIELDS_98BI = (
    *FIELDS, "PO_NUMBER", "CLIENT_TAX_ID", "MATTER_NAME", "INVOICE_TAX_TOTAL", "INVOICE_NET_TOTAL", "INVOICE_CURRENCY",
    "TIMEKEEPER_LAST_NAME", "TIMEKEEPER_FIRST_NAME", "ACCOUNT_TYPE", *(f"LAW_FIRM_{name}" for name in PARTY),
    *(f"CLIENT_{name}" for name in PARTY), "LINE_ITEM_TAX_RATE", "LINE_ITEM_TAX_TOTAL", "LINE_ITEM_TAX_TYPE",
    "INVOICE_REPORTED_TAX_TOTAL", "INVOICE_TAX_CURRENCY",
)  # fmt: skip
HEADLINES = {LEDES_1998B: "LEDES1998B", LEDES_98BI: "LEDES98BI V2"}
NAMES = {LEDES_1998B: FIELDS, LEDES_98BI: FIELDS_98BI}

# What cannot be empty: of each line, and by its kind.
REQUIRED = (
    "INVOICE_DATE", "INVOICE_NUMBER", "CLIENT_ID", "LAW_FIRM_MATTER_ID", "INVOICE_TOTAL", "BILLING_START_DATE",
    "BILLING_END_DATE", "LINE_ITEM_NUMBER", "EXP/FEE/INV_ADJ_TYPE", "LINE_ITEM_TOTAL", "LINE_ITEM_DATE", "LAW_FIRM_ID",
)  # fmt: skip
REQUIRED_BY_KIND = {
    FEE: (
        "LINE_ITEM_NUMBER_OF_UNITS", "LINE_ITEM_UNIT_COST", "LINE_ITEM_TASK_CODE", "LINE_ITEM_ACTIVITY_CODE",
        "TIMEKEEPER_ID", "TIMEKEEPER_NAME", "TIMEKEEPER_CLASSIFICATION", "LINE_ITEM_DESCRIPTION",
    ),
    EXPENSE: (
        "LINE_ITEM_NUMBER_OF_UNITS", "LINE_ITEM_UNIT_COST", "LINE_ITEM_EXPENSE_CODE", "LINE_ITEM_DESCRIPTION",
    ),
    FEE_ADJUSTMENT: ("LINE_ITEM_ADJUSTMENT_AMOUNT", "LINE_ITEM_DESCRIPTION"),
    EXPENSE_ADJUSTMENT: ("LINE_ITEM_ADJUSTMENT_AMOUNT", "LINE_ITEM_DESCRIPTION"),
}  # fmt: skip
REQUIRED_98BI = (
    "INVOICE_TAX_TOTAL", "INVOICE_NET_TOTAL", "INVOICE_CURRENCY", "ACCOUNT_TYPE", "LINE_ITEM_TAX_RATE",
    "LINE_ITEM_TAX_TOTAL",
    *(f"{party}_{name}" for party in ("LAW_FIRM", "CLIENT") for name in ("NAME", "ADDRESS_1", "CITY", "COUNTRY")),
)  # fmt: skip

# The longest texts.
LENGTHS = {
    "INVOICE_NUMBER": 20, "CLIENT_ID": 20, "LAW_FIRM_MATTER_ID": 20, "INVOICE_DESCRIPTION": 15_000,
    "LINE_ITEM_TASK_CODE": 20, "LINE_ITEM_EXPENSE_CODE": 20, "LINE_ITEM_ACTIVITY_CODE": 20, "TIMEKEEPER_ID": 20,
    "LINE_ITEM_DESCRIPTION": 15_000, "LAW_FIRM_ID": 20, "TIMEKEEPER_NAME": 30, "TIMEKEEPER_CLASSIFICATION": 10,
    "CLIENT_MATTER_ID": 20, "PO_NUMBER": 100, "CLIENT_TAX_ID": 20, "MATTER_NAME": 255,
}  # fmt: skip
# Letters that Unicode does not take apart, and signs that people type.
LETTERS = str.maketrans({
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "‘": "'", "’": "'", "‚": "'", "“": '"',
    "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-", "•": "*", "→": "->", "€": "EUR",
    "£": "GBP", "§": "Sec. ", "|": "/", "[": "(", "]": ")",
})  # fmt: skip


@dataclass(frozen=True)
class Party:
    """A name and an address; the country by its two letters."""

    name: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""

    def _asdict(self):
        values = (
            self.name, self.address_1, self.address_2, self.city, self.region, self.postcode, self.country,
        )  # fmt: skip
        return dict(zip(PARTY, values, strict=True))


@dataclass(frozen=True)
class Timekeeper:
    """Whose time a fee is for; the classification is one of :data:`CLASSIFICATIONS`, or a receiver's own."""

    code: str = ""
    last_name: str = ""
    first_name: str = ""
    classification: str = ""


@dataclass(frozen=True)
class Line:
    """What is billed: a fee, an expense, or an adjustment of all fees or expenses of the invoice.

    :param amount: what the line comes to without tax
    :param units: hours of a fee, pieces of an expense
    :param unit_cost: price of one; what units x unit cost is away from the amount becomes the adjustment
    :param tax: amount of tax on the line, its part of the invoice's tax
    :param tax_rate: 0.2 is 20 %
    """

    kind: str
    date: date | None
    amount: Decimal
    units: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    description: str = ""
    task_code: str = ""
    activity_code: str = ""
    expense_code: str = ""
    timekeeper: Timekeeper = Timekeeper()
    tax: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)
    tax_type: str = ""


@dataclass(frozen=True)
class Invoice:
    """An invoice of one matter.

    :param total: what the client is to pay as the books say it, with tax; what is taken back is negative
    :param decimals: of the currency
    :param account_type: ``O`` for the firm's own account, ``T`` for one in trust
    """

    number: str
    date: date | None
    client_id: str
    matter_id: str
    law_firm_id: str
    start: date | None
    end: date | None
    total: Decimal
    lines: tuple = ()
    client_matter_id: str = ""
    description: str = ""
    currency: str = ""
    decimals: int = 2
    po_number: str = ""
    client_tax_id: str = ""
    matter_name: str = ""
    account_type: str = "O"
    firm: Party = Party()
    client: Party = Party()
    reported_tax: Decimal | None = None
    tax_currency: str = ""


@dataclass(frozen=True)
class Receiver:
    """What one e-billing system asks for beyond the format.

    :param required: fields that it wants filled in
    :param lengths: its own longest texts, by field
    :param adjustment_units: what stands for the units of an adjustment of the invoice: nothing, or a number
    :param classifications: the ones it knows
    """

    format: str = LEDES_1998B
    required: frozenset = frozenset()
    lengths: dict = field(default_factory=dict)
    adjustment_units: str = ""
    classifications: tuple = CLASSIFICATIONS


@dataclass(frozen=True)
class Problem:
    """What keeps a file from being written.

    :param code: empty, missing, too_long, letters, kind, classification, outside, tax, tax_unknown or total
    :param field: the field of the format, where it is one
    :param line: index of the line of the invoice; none where it is about the invoice
    :param details: what the message names: ``length`` and ``limit``, ``letters``, ``found`` with ``expected`` or
        ``known``
    """

    code: str
    field: str = ""
    line: int | None = None
    details: tuple = ()


class LedesError(ValueError):
    """An invoice that cannot be written; ``problems`` says why."""

    def __init__(self, problems):
        super().__init__(", ".join(f"{one.code} {one.field}".strip() for one in problems))
        self.problems = problems


def to_ascii(text):
    """Text as LEDES has it: ASCII, on one line, without the marks of the format.

    >>> to_ascii("Müller – “Größe” [draft]|2\\n§ 5")
    'Muller - "Grosse" (draft)/2 Sec. 5'

    :return: what is left as it is has no ASCII; see :func:`foreign_letters`
    """
    # compatible forms may bring the marks of the format along, as the fullwidth bar does
    text = unicodedata.normalize("NFKD", (text or "").translate(LETTERS)).translate(LETTERS)
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return re.sub(r"\s+", " ", text).strip()


def foreign_letters(text):
    """The letters of a text that ASCII has nothing for, each once.

    >>> foreign_letters("Zoë Жук")
    'Жук'
    """
    return "".join(dict.fromkeys(sign for sign in to_ascii(text) if not sign.isascii()))


def round_half_up(amount, decimals=2):
    """An amount with so many decimals, as people round."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def shorten_name(last_name, first_name, limit):
    """Name of a person, the surname first; where it is too long, the first name goes down to its initial, and what is
    too long even then is cut: the person is told by the id.

    >>> shorten_name("Featherstonehaugh-Cholmondeley", "Maximilian", 30)
    'Featherstonehaugh-Cholmondeley'
    >>> shorten_name("Featherstonehaugh", "Maximilian-Bartholomew", 30)
    'Featherstonehaugh, M.'
    """
    name = f"{last_name}, {first_name}" if first_name else last_name
    if len(name) > limit and first_name:
        name = f"{last_name}, {first_name[0]}."
    return name[:limit].rstrip(", ")


class _Writer:
    """The rows of one invoice for one receiver."""

    def __init__(self, invoice, receiver):
        self.invoice = invoice
        self.receiver = receiver
        self.taxed = receiver.format == LEDES_98BI
        # a file has cents; currencies with more of them are written with all
        self.decimals = max(2, invoice.decimals)
        self.lengths = {**LENGTHS, **receiver.lengths}

    def amount(self, value):
        """An amount as the file has it, or nothing."""
        return "" if value is None else f"{round_half_up(value, self.decimals):f}"

    def day(self, value):
        """A day as the file has it: YYYYMMDD, or nothing."""
        return value.strftime("%Y%m%d") if value else ""

    @cached_property
    def head(self):
        """What is the same on each row."""
        invoice = self.invoice
        tax = sum((line.tax for line in invoice.lines), Decimal(0))
        values = {
            "INVOICE_DATE": self.day(invoice.date),
            "INVOICE_NUMBER": to_ascii(invoice.number),
            "CLIENT_ID": to_ascii(invoice.client_id),
            "LAW_FIRM_MATTER_ID": to_ascii(invoice.matter_id),
            "INVOICE_TOTAL": self.amount(invoice.total),
            "BILLING_START_DATE": self.day(invoice.start),
            "BILLING_END_DATE": self.day(invoice.end),
            "INVOICE_DESCRIPTION": to_ascii(invoice.description),
            "LAW_FIRM_ID": to_ascii(invoice.law_firm_id),
            "CLIENT_MATTER_ID": to_ascii(invoice.client_matter_id),
        }
        if not self.taxed:
            return values
        for prefix, party in (("LAW_FIRM", invoice.firm), ("CLIENT", invoice.client)):
            values.update({f"{prefix}_{name}": to_ascii(text) for name, text in party._asdict().items()})
        return {
            **values,
            "PO_NUMBER": to_ascii(invoice.po_number),
            "CLIENT_TAX_ID": to_ascii(invoice.client_tax_id),
            "MATTER_NAME": to_ascii(invoice.matter_name),
            "INVOICE_TAX_TOTAL": self.amount(tax),
            "INVOICE_NET_TOTAL": self.amount(invoice.total - tax),
            "INVOICE_CURRENCY": to_ascii(invoice.currency),
            "ACCOUNT_TYPE": to_ascii(invoice.account_type),
            "INVOICE_REPORTED_TAX_TOTAL": self.amount(invoice.reported_tax),
            "INVOICE_TAX_CURRENCY": to_ascii(invoice.tax_currency),
        }

    def row(self, number, line):
        """What is a line's own."""
        values = {
            "LINE_ITEM_NUMBER": str(number),
            "EXP/FEE/INV_ADJ_TYPE": line.kind,
            "LINE_ITEM_TOTAL": self.amount(line.amount + (line.tax if self.taxed else 0)),
            "LINE_ITEM_DATE": self.day(line.date),
            "LINE_ITEM_DESCRIPTION": to_ascii(line.description),
            **self.measures(line),
        }
        if line.kind == FEE:
            who = line.timekeeper
            last_name, first_name = to_ascii(who.last_name), to_ascii(who.first_name)
            values.update({
                "LINE_ITEM_TASK_CODE": to_ascii(line.task_code),
                "LINE_ITEM_ACTIVITY_CODE": to_ascii(line.activity_code),
                "TIMEKEEPER_ID": to_ascii(who.code),
                "TIMEKEEPER_NAME": shorten_name(last_name, first_name, self.lengths["TIMEKEEPER_NAME"]),
                "TIMEKEEPER_CLASSIFICATION": to_ascii(who.classification),
            })  # fmt: skip
            if self.taxed:
                values.update({"TIMEKEEPER_LAST_NAME": last_name, "TIMEKEEPER_FIRST_NAME": first_name})
        elif line.kind == EXPENSE:
            values["LINE_ITEM_EXPENSE_CODE"] = to_ascii(line.expense_code)
        if self.taxed:
            values.update({
                "LINE_ITEM_TAX_RATE": f"{round_half_up(line.tax_rate, 4).normalize():f}",
                "LINE_ITEM_TAX_TOTAL": self.amount(line.tax),
                "LINE_ITEM_TAX_TYPE": to_ascii(line.tax_type),
            })  # fmt: skip
        return values

    def measures(self, line):
        """Units, price and adjustment of a line, which come to its amount exactly."""
        amount = round_half_up(line.amount, self.decimals)
        if line.kind in ADJUSTMENTS:
            units = self.receiver.adjustment_units
            cost = self.amount(Decimal(0)) if units else ""
            adjustment = amount
        else:
            # what is taken back is worth no units; see the rules above
            hours = round_half_up(line.units if amount >= 0 and line.units > 0 else Decimal(0), self.decimals)
            price = round_half_up(line.unit_cost, self.decimals)
            units, cost = f"{hours:f}", f"{price:f}"
            adjustment = amount - round_half_up(hours * price, self.decimals)
        return {
            "LINE_ITEM_NUMBER_OF_UNITS": units,
            "LINE_ITEM_UNIT_COST": cost,
            "LINE_ITEM_ADJUSTMENT_AMOUNT": f"{adjustment:f}",
        }

    @cached_property
    def rows(self):
        """The rows of the file: dicts of the format's names to texts."""
        return [{**self.head, **self.row(number, line)} for number, line in enumerate(self.invoice.lines, 1)]

    def text(self):
        """The file."""
        names = NAMES[self.receiver.format]
        lines = [HEADLINES[self.receiver.format], "|".join(names)]
        lines += ["|".join(row.get(name, "") for name in names) for row in self.rows]
        return "".join(f"{line}[]\n" for line in lines)

    # What is wrong

    def problems(self):
        """What its receiver would refuse: ``Problem`` each."""
        invoice = self.invoice
        if not invoice.lines:
            yield Problem("empty")
            return
        for index, (row, line) in enumerate(zip(self.rows, invoice.lines, strict=True)):
            yield from self.problems_of_row(row, line, index)
        yield from self.problems_of_totals()

    def problems_of_row(self, row, line, index):
        """What is wrong with a row; what is the same on each row is told of with the first one."""
        if line.kind not in KINDS:
            yield Problem("kind", "EXP/FEE/INV_ADJ_TYPE", index, (("found", line.kind),))
            return
        required = {*REQUIRED, *REQUIRED_BY_KIND[line.kind], *self.receiver.required}
        if self.taxed:
            required.update(REQUIRED_98BI)
            if line.tax:
                required.add("LINE_ITEM_TAX_TYPE")
        for name in NAMES[self.receiver.format]:
            if index and name in self.head:
                continue
            where = None if name in self.head else index
            text = row.get(name, "")
            limit = self.lengths.get(name)
            letters = foreign_letters(text)
            if not text:
                if name in required and self.belongs(name, line.kind):
                    yield Problem("missing", name, where)
            elif letters:
                yield Problem("letters", name, where, (("letters", letters),))
            elif limit and len(text) > limit:
                yield Problem("too_long", name, where, (("length", len(text)), ("limit", limit)))
        if line.kind == FEE and line.timekeeper.classification:
            found = row["TIMEKEEPER_CLASSIFICATION"]
            if found not in self.receiver.classifications:
                details = (("found", found), ("known", ", ".join(self.receiver.classifications)))
                yield Problem("classification", "TIMEKEEPER_CLASSIFICATION", index, details)
        start, end = self.invoice.start, self.invoice.end
        if line.date and start and end and not start <= line.date <= end:
            yield Problem("outside", "LINE_ITEM_DATE", index, (("found", self.day(line.date)),))
        if self.taxed and abs(line.tax - line.amount * line.tax_rate) > Decimal(1).scaleb(-self.invoice.decimals):
            yield Problem("tax", "LINE_ITEM_TAX_TOTAL", index, (("found", self.amount(line.tax)),))

    def belongs(self, name, kind):
        """Whether a receiver's own wish makes sense for a line of this kind."""
        by_kind = {
            FEE: ("LINE_ITEM_EXPENSE_CODE",),
            EXPENSE: (
                "LINE_ITEM_TASK_CODE", "LINE_ITEM_ACTIVITY_CODE", "TIMEKEEPER_ID", "TIMEKEEPER_NAME",
                "TIMEKEEPER_CLASSIFICATION", "TIMEKEEPER_LAST_NAME", "TIMEKEEPER_FIRST_NAME",
            ),
        }  # fmt: skip
        alien = by_kind.get(kind) or (
            *by_kind[FEE], *by_kind[EXPENSE], "LINE_ITEM_NUMBER_OF_UNITS", "LINE_ITEM_UNIT_COST",
        )  # fmt: skip
        return name not in alien

    def problems_of_totals(self):
        """The file has to come to what the books say."""
        lines = self.invoice.lines
        net = sum((round_half_up(line.amount, self.decimals) for line in lines), Decimal(0))
        tax = sum((round_half_up(line.tax, self.decimals) for line in lines), Decimal(0))
        if not self.taxed and tax:
            yield Problem("tax_unknown", "INVOICE_TOTAL", None, (("found", self.amount(tax)),))
        elif net + tax != round_half_up(self.invoice.total, self.decimals):
            found, expected = self.amount(net + tax), self.amount(self.invoice.total)
            yield Problem("total", "INVOICE_TOTAL", None, (("found", found), ("expected", expected)))


def check(invoice, receiver=None):
    """Everything that keeps the invoice from being written.

    :param Invoice invoice: amounts in its currency
    :param Receiver receiver: the plain format without
    :return: list of :class:`Problem`, in the order of the lines; empty where the file can be written
    """
    return list(_Writer(invoice, receiver or Receiver()).problems())


def write(invoice, receiver=None):
    """The file of an invoice.

    :param Invoice invoice: amounts in its currency
    :param Receiver receiver: the plain format without
    :return: text, all of it ASCII
    :raise LedesError: something is missing or wrong; see :func:`check`
    """
    writer = _Writer(invoice, receiver or Receiver())
    problems = list(writer.problems())
    if problems:
        raise LedesError(problems)
    return writer.text()
