"""The time that leases, expiry and the sweeper go by. A setting moves it, so that a test can be hours later at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    return timezone.now() + timedelta(seconds=settings.CLOCK_AHEAD_SECONDS)
