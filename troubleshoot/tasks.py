"""Tasks: another way in. Take an id, fetch, call one action."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from troubleshoot import actions
from troubleshoot.models import Case

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def diagnose_case(case_id: str) -> None:
    case = Case.objects.claim(case_id, lease=timedelta(seconds=settings.CASE_SECONDS + 60))
    if case is None:
        return  # deleted, done, or another worker holds a lease that has not run out
    try:
        actions.diagnose_case(case)
    except SoftTimeLimitExceeded:
        actions.fail(case, "too-long")
    except Exception as error:
        actions.fail(case, "our-fault")
        # The text of an error may hold what was sent; its type and place do not.
        log.error("case %s failed: %s", case_id, type(error).__name__)
        raise RuntimeError(f"case {case_id} failed: {type(error).__name__}") from None


@shared_task(ignore_result=True)
def sweep() -> None:
    done = actions.sweep()
    if any(done.values()):
        log.info("swept: %s", done)
