"""Owns how screens write the time since something happened."""

from datetime import date, datetime, timedelta

from p2p_reflex.domain import formats


def since(moment: datetime, now: datetime) -> str:
    """Write how long ago a moment was: now, 2 min, 5 h, and the date after a day."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=1):
        return f"{passed // timedelta(hours=1)} h"
    return day(moment.date(), now.date())


def since_or_day(moment: datetime, on: date, *, now: datetime, today: date) -> str:
    """Write how long ago something was; its business day after a day, or where the clock has another date.

    A demo whose date was moved on has lived through many business days in one minute, and what is told on
    the morning of a business day may have been written the evening before.
    """
    if now - timedelta(days=1) < moment <= now and today in (on, now.date()):
        return since(moment, now)
    return day(on, today)


def day(on: date, today: date) -> str:
    """Write a date, with its year only where that is not this one."""
    return formats.short_date(on) if on.year == today.year else formats.long_date(on)


def day_and_time(moment: datetime, now: datetime) -> str:
    """Write the day and the time of a moment, in UTC as everything here: 20 Nov, 08:12."""
    return f"{day(moment.date(), now.date())}, {moment:%H:%M}"
