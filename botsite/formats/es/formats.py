"""Dates short enough for a list; everything else is Django's."""

DATE_FORMAT = "j b Y"
DATETIME_FORMAT = "j b Y, H:i"
SHORT_DATETIME_FORMAT = "j b, H:i"
SHORT_DATE_FORMAT = "j b Y"
MONTH_DAY_FORMAT = "j b"
