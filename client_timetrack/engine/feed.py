"""Somebody's own time as a calendar that other programs subscribe to (iCalendar, RFC 5545). No ORM here."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import vobject
from vobject.icalendar import utc


class Event(NamedTuple):
    """A time entry. With a start and a stop (both UTC, without zone) it has its place in the day."""

    key: int
    date: date
    title: str
    text: str
    changed: datetime
    start: datetime | None = None
    stop: datetime | None = None


def calendar(events: Iterable[Event], name: str, host: str) -> str:
    """The text of a calendar.

    Entries of which only the hours are known are events of the whole day that keep nobody busy.

    :param name: of the calendar
    :param host: makes the keys of events unique in the world
    """
    result = vobject.iCalendar()
    result.add("x-wr-calname").value = name
    for event in events:
        entry = result.add("vevent")
        entry.add("uid").value = f"time-{event.key}@{host}"
        entry.add("dtstamp").value = event.changed.replace(microsecond=0, tzinfo=utc)
        entry.add("summary").value = event.title
        entry.add("description").value = event.text
        entry.add("transp").value = "TRANSPARENT"
        if event.start and event.stop:
            entry.add("dtstart").value = event.start.replace(tzinfo=utc)
            entry.add("dtend").value = event.stop.replace(tzinfo=utc)
        else:
            entry.add("dtstart").value = event.date
            entry.add("dtend").value = event.date + timedelta(days=1)
    return result.serialize()
