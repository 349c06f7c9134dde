"""The life of a time entry, as data.

Plain Python: nothing here knows Odoo, so that every path through the table can be tested by itself.
"""

from typing import NamedTuple

DRAFT = "draft"
SUBMITTED = "submitted"
APPROVED = "approved"
REJECTED = "rejected"

STATES = (DRAFT, SUBMITTED, APPROVED, REJECTED)


class Transition(NamedTuple):
    """One step of an entry: from which states it leads to which, and what it asks for."""

    sources: tuple
    target: str
    by_approver: bool
    needs_reason: bool


# "approve" is one step of possibly several: the entry only reaches the target with the last one.
TRANSITIONS = {
    "submit": Transition((DRAFT, REJECTED), SUBMITTED, by_approver=False, needs_reason=False),
    "withdraw": Transition((SUBMITTED,), DRAFT, by_approver=False, needs_reason=False),
    "approve": Transition((SUBMITTED,), APPROVED, by_approver=True, needs_reason=False),
    "reject": Transition((SUBMITTED,), REJECTED, by_approver=True, needs_reason=True),
    "reopen": Transition((APPROVED,), DRAFT, by_approver=True, needs_reason=True),
}


def sort_by_state(action, states):
    """Tell which entries an action may be applied to.

    :param action: a key of ``TRANSITIONS``
    :param states: mapping of an entry's id to its state
    :return: three sets of ids ``(ready, already, impossible)``: the action applies; the entry is
        where the action leads; the action makes no sense in the entry's state
    :raise KeyError: the action is unknown
    """
    transition = TRANSITIONS[action]
    ready, already, impossible = set(), set(), set()
    for key, state in states.items():
        if state in transition.sources:
            ready.add(key)
        elif state == transition.target:
            already.add(key)
        else:
            impossible.add(key)
    return ready, already, impossible


def next_step(steps, current, takable):
    """Tell which approval step comes next, and which steps are passed over since nobody can take them.

    :param steps: keys of a policy's steps in their order
    :param current: the step just taken, or None before the first one
    :param takable: keys of the steps that somebody can take
    :return: ``(next, passed)``: the key of the next step, or None after the last one; the keys passed over

    Where nobody can take any of them before the first step, the first is next: time is never approved for want of
    approvers, it waits there for an administrator.

    Example::

        >>> next_step(["lead", "client"], None, {"client"})
        ('client', ['lead'])
        >>> next_step(["lead", "client"], "client", {"lead", "client"})
        (None, [])
        >>> next_step(["lead", "client"], None, set())
        ('lead', [])
    """
    steps = list(steps)
    following = steps[steps.index(current) + 1 :] if current is not None else steps
    for position, step in enumerate(following):
        if step in takable:
            return step, following[:position]
    if current is None and steps:
        return steps[0], []
    return None, following
