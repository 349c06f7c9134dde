"""The table of who may do what, as Markdown."""

from world import ROLES

INTRO = """# Who may do what

Written by `TIMETRACK_WRITE=1 setup/test --full tests/access`, and held by that test: each of these was tried, on the
demo firm, by a user of each role. *Other company* may do everything, in a company of its own.
"""
TITLES = {
    "allowed": "Access Rights",
    "visible": "Records",
    "changed": "Fields",
    "called": "Methods",
    "groups": "Fields for Some",
}
WORDS = {
    "allowed": "What access rights say before any rule is asked: r reads, w changes, c creates, d deletes.",
    "visible": "Which records of the demo firm a role sees, and what it does to some of them.",
    "changed": "Who can change a field of some record, by any call and with any context.",
    "called": "For whom a call ends well on some record, or on none where it needs none. Many just open a screen, where"
    " rights are asked for; nobody gets to see or to change more by them. *Nobody*: it takes arguments that are no"
    " nonsense, or a state that no record of the demo firm is in.",
    "groups": "Groups whose members see a field at all.",
}


def render(found):
    """The whole table."""
    return INTRO + "".join(f"\n## {TITLES[part]}\n\n{WORDS[part]}\n\n{text}" for part, text in _parts(found))


def section(part, text):
    """The rows of a part of the table that is written down: list of lines."""
    _before, _title, after = text.partition(f"\n## {TITLES[part]}\n")
    lines = after.partition("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| `")]


def rows(part, found):
    """The rows of a part of what was found: list of lines."""
    if part == "visible":
        return [
            f"| `{model}` | {' | '.join(_cell(found, model, role) for role in ROLES)} |" for model in found["visible"]
        ]
    if part == "allowed":
        return [
            f"| `{model}` | {' | '.join(rights[role] or '–' for role in ROLES)} |"
            for model, rights in found["allowed"].items()
        ]
    if part == "groups":
        return [f"| `{name}` | {groups} |" for name, groups in found["groups"].items()]
    return [f"| `{name}` | {_who(roles)} |" for name, roles in found[part].items()]


def names(lines):
    """What rows are about: list."""
    return [line.split("`")[1] for line in lines]


def _parts(found):
    for part in TITLES:
        columns = list(ROLES) if part in ("allowed", "visible") else ["groups" if part == "groups" else "who"]
        head = f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
        yield part, head + "\n".join(rows(part, found)) + "\n"


def _cell(found, model, role):
    seen = found["visible"][model][role]
    done = found["done"][model][role]
    return " ".join(filter(None, (seen, done))) or "–"


def _who(roles):
    if len(roles) == len(ROLES):
        return "everybody"
    if len(roles) > len(ROLES) - 3:
        return f"all but {', '.join(role for role in ROLES if role not in roles)}"
    return ", ".join(roles) or "nobody"
