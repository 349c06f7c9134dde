"""The text of an invoice line from a template.

A template is text with names in braces, such as ``{project}: {task} ({period})``. A name that has nothing to say
takes the punctuation around it along: without a task the example reads ``Merger (4 May 2026)``. Templates are written
by people: an unknown name is refused with the names there are, and nothing but names is looked up.
"""

import re
from string import Formatter

NAMES = ("project", "task", "employee", "service", "deliverable", "period", "hours", "narrative", "order")
OPENING, CLOSING = "([{«“", ")]}»”"
DEFAULT = "{project} – {task} – {employee} – {service} – {deliverable} – {narrative} ({period})"


class TemplateError(ValueError):
    """A template that cannot be used; ``problem`` says what is wrong with it."""

    def __init__(self, problem):
        super().__init__(problem)
        self.problem = problem


def parse(template):
    """Take a template apart.

    >>> parse("{project}: {task}")
    [('', 'project'), (': ', 'task')]

    :return: list of pairs: text, and the name after it (None at the end)
    :raise TemplateError: braces that do not match, an unknown name, or anything else than a name in braces
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise TemplateError(str(error)) from error
    pairs = []
    for text, name, spec, conversion in parts:
        if name is not None and (name not in NAMES or spec or conversion):
            raise TemplateError(name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else ""))
        pairs.append((text, name))
    return pairs


def fill(template, values):
    """The text of a template.

    >>> fill("{project}: {task} ({period})", {"project": "Merger", "period": "4 May"})
    'Merger (4 May)'
    >>> fill("{project}: {task} ({period})", {"project": "Merger", "task": "Contract", "period": "4 May"})
    'Merger: Contract (4 May)'

    :param dict values: texts by name; what is missing or empty is left out
    :return: one text, without blanks at its ends
    """
    result, unclosed = "", 0
    for text, name in parse(template):
        # the closing of what was left out goes as well
        text, unclosed = _drop_closing(text, unclosed)
        value = values.get(name) if name else ""
        if name and not value:
            closing = re.match(rf"[{re.escape(CLOSING)}]*", text).group()
            result += closing if result else ""
            unclosed += sum(text.count(one) for one in OPENING)
            continue
        if not result.strip():
            # nothing was said yet: no separator before the first word
            text = re.sub(r"^[\s–—,;:/|-]+", "", text)
        result += text + value
    return result.strip()


def _drop_closing(text, count):
    """Take up to a number of closing brackets off the start of a text; return it with the number that is left."""
    while count and text[:1] and text[0] in CLOSING:
        text, count = text[1:], count - 1
    return text, count
