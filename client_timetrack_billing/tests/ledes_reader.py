"""A reader of LEDES 1998B and 98BI V2 files, from the rules of the formats alone: it imports nothing of the addons.

``read(text)`` returns the rows of a file as dicts and raises ``AssertionError`` for whatever a receiver would refuse.
"""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

COMMON = (
    "INVOICE_DATE|INVOICE_NUMBER|CLIENT_ID|LAW_FIRM_MATTER_ID|INVOICE_TOTAL|BILLING_START_DATE|BILLING_END_DATE|"
    "INVOICE_DESCRIPTION|LINE_ITEM_NUMBER|EXP/FEE/INV_ADJ_TYPE|LINE_ITEM_NUMBER_OF_UNITS|LINE_ITEM_ADJUSTMENT_AMOUNT|"
    "LINE_ITEM_TOTAL|LINE_ITEM_DATE|LINE_ITEM_TASK_CODE|LINE_ITEM_EXPENSE_CODE|LINE_ITEM_ACTIVITY_CODE|TIMEKEEPER_ID|"
    "LINE_ITEM_DESCRIPTION|LAW_FIRM_ID|LINE_ITEM_UNIT_COST|TIMEKEEPER_NAME|TIMEKEEPER_CLASSIFICATION|CLIENT_MATTER_ID"
)
INTERNATIONAL = (
    "PO_NUMBER|CLIENT_TAX_ID|MATTER_NAME|INVOICE_TAX_TOTAL|INVOICE_NET_TOTAL|INVOICE_CURRENCY|TIMEKEEPER_LAST_NAME|"
    "TIMEKEEPER_FIRST_NAME|ACCOUNT_TYPE|LAW_FIRM_NAME|LAW_FIRM_ADDRESS_1|LAW_FIRM_ADDRESS_2|LAW_FIRM_CITY|"
    "LAW_FIRM_STATEorREGION|LAW_FIRM_POSTCODE|LAW_FIRM_COUNTRY|CLIENT_NAME|CLIENT_ADDRESS_1|CLIENT_ADDRESS_2|"
    "CLIENT_CITY|CLIENT_STATEorREGION|CLIENT_POSTCODE|CLIENT_COUNTRY|LINE_ITEM_TAX_RATE|LINE_ITEM_TAX_TOTAL|"
    "LINE_ITEM_TAX_TYPE|INVOICE_REPORTED_TAX_TOTAL|INVOICE_TAX_CURRENCY"
)
ALWAYS = (1, 2, 3, 4, 5, 6, 7, 9, 10, 13, 14, 20)
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def read(text, adjustment_units=""):
    """The rows of a file, by the names of the fields."""
    assert text.isascii(), "ASCII only"
    assert text.endswith("[]\n"), "the last line is open"
    lines = text.split("\n")[:-1]
    assert all(line.endswith("[]") for line in lines), "each line ends with []"
    lines = [line.removesuffix("[]") for line in lines]
    assert not any("[]" in line for line in lines)
    title, names, *rows = lines
    taxed = title == "LEDES98BI V2"
    assert taxed or title == "LEDES1998B", title
    assert names == (f"{COMMON}|{INTERNATIONAL}" if taxed else COMMON)
    names = names.split("|")
    assert len(names) == (52 if taxed else 24)
    assert rows, "an invoice without lines"
    table = []
    for line in rows:
        fields = line.split("|")
        assert len(fields) == len(names), f"{len(fields)} fields: {line}"
        table.append(dict(zip(names, fields, strict=True)))
        check_row(fields, table[-1], taxed, adjustment_units)
    check_invoice(table, taxed)
    return table


def number(text):
    assert NUMBER.fullmatch(text), text
    return Decimal(text)


def cents(value, digits):
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def check_row(fields, row, taxed, adjustment_units):
    kind = row["EXP/FEE/INV_ADJ_TYPE"]
    assert kind in ("F", "E", "IF", "IE"), kind
    needed = [*ALWAYS]
    empty = []
    if kind == "F":
        needed += [11, 21, 15, 17, 18, 19, 22, 23]
        empty += [16]
    elif kind == "E":
        needed += [11, 21, 16, 19]
        empty += [15, 17, 18, 22, 23]
    else:
        needed += [12]
        empty += [15, 16, 17, 18, 22, 23]
        assert fields[10] == adjustment_units
    for place in needed:
        assert fields[place - 1], f"field {place} is empty"
    for place in empty:
        assert not fields[place - 1], f"field {place} is not empty"
    for place in (2, 3, 4, 15, 16, 17, 18, 20, 24):
        assert len(fields[place - 1]) <= 20
    assert len(fields[21]) <= 30 and len(fields[22]) <= 10
    for place in (1, 6, 7, 14):
        assert re.fullmatch(r"\d{8}", fields[place - 1])
        datetime.strptime(fields[place - 1], "%Y%m%d")
    assert fields[5] <= fields[13] <= fields[6], "a day outside of the period"
    total, adjustment = number(fields[12]), number(fields[11] or "0")
    digits = len(fields[12].partition(".")[2])
    assert digits >= 2
    if kind in ("F", "E"):
        assert not fields[10].startswith("-"), "negative units"
        value = cents(number(fields[20]) * number(fields[10]), digits) + adjustment
    else:
        value = adjustment
    tax = number(row["LINE_ITEM_TAX_TOTAL"]) if taxed else Decimal(0)
    assert total == value + tax, f"{total} is not {value} + {tax}"
    if taxed:
        rate = number(row["LINE_ITEM_TAX_RATE"])
        assert 0 <= rate <= 1
        assert abs(tax - value * rate) <= Decimal(1).scaleb(-2), "not the tax of the rate"
        assert not tax or row["LINE_ITEM_TAX_TYPE"]


def check_invoice(table, taxed):
    head = [name for name in table[0] if not name.startswith(("LINE_ITEM", "TIMEKEEPER", "EXP/FEE"))]
    for name in head:
        assert len({row[name] for row in table}) == 1, f"{name} differs"
    assert len({row["LINE_ITEM_NUMBER"] for row in table}) == len(table)
    total = number(table[0]["INVOICE_TOTAL"])
    assert total == sum(number(row["LINE_ITEM_TOTAL"]) for row in table), "the lines do not come to the total"
    if taxed:
        tax = sum(number(row["LINE_ITEM_TAX_TOTAL"]) for row in table)
        assert number(table[0]["INVOICE_TAX_TOTAL"]) == tax
        assert number(table[0]["INVOICE_NET_TOTAL"]) == total - tax
        assert table[0]["ACCOUNT_TYPE"] in ("O", "T")
        for name in ("INVOICE_CURRENCY", "LAW_FIRM_NAME", "LAW_FIRM_COUNTRY", "CLIENT_NAME", "CLIENT_COUNTRY"):
            assert table[0][name], name
