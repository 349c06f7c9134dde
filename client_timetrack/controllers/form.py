"""What browsers send, which may be anything."""

from odoo.http import request

LONGEST_ID = 10  # digits; Python refuses to read a number of some thousands


def get_text(value):
    """Text of a field of a form: without blanks around it, and without what PostgreSQL cannot store.

    :param value: a text, None, or a file, which is no text
    """
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def get_number(value):
    """Whole number that was sent as a text, or as a part of an address; 0 for what is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else 0


def get_ids(name):
    """Set of the ids that a field of the form was sent with; what is no id counts as 0, which no record has."""
    return set(map(get_number, request.httprequest.form.getlist(name)))


def get_token(value):
    """An access token; what has other signs than tokens have, and breaks Odoo's comparison, is none."""
    text = get_text(value)
    return text if text.isascii() else ""
