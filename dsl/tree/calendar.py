"""The little of the calendar that reading a date needs."""

from calendar import monthrange
from datetime import date


def last_day_of_month(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
