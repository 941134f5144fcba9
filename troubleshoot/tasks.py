"""The queue: another way in. A task takes an id, fetches, and calls one action; it may run twice without harm."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from troubleshoot import actions
from troubleshoot.clock import now
from troubleshoot.models import Case

log = logging.getLogger(__name__)


def send(case_id: str) -> None:
    """Tell the queue of this case, once its row is committed."""
    transaction.on_commit(partial(publish, case_id))


def publish(case_id: str) -> None:
    """A queue that does not answer loses nothing: the row says queued, and the sweeper sends it again."""
    try:
        diagnose_case.apply_async((case_id,), retry=False)
    except Exception as error:  # whatever the transport raises
        log.warning("the queue does not answer (%s); case %s waits for the sweeper", type(error).__name__, case_id)


@shared_task(ignore_result=True)
def diagnose_case(case_id: str) -> None:
    case = Case.objects.claim(case_id, lease=timedelta(seconds=settings.LEASE_SECONDS))
    if case is None:
        return  # deleted, done, or another worker holds a lease that has not run out
    try:
        with lease_kept(case):
            actions.diagnose_case(case)
    except SoftTimeLimitExceeded:
        actions.fail(case, "too-long")
    except Exception as error:
        if actions.give_back(case, "our-fault"):
            send(case_id)
        # The words of an error may hold what was sent; its type and place do not.
        raise RuntimeError(f"case {case_id} failed: {place_of(error)}") from None


@contextmanager
def lease_kept(case: Case) -> Iterator[None]:
    """Renews the lease while the case is read, so that a lease can be short and a killed worker's case is soon taken up."""
    over = Event()

    def renew() -> None:
        try:
            while not over.wait(settings.LEASE_SECONDS / 3):
                try:
                    Case.objects.held(case).update(lease_until=now() + timedelta(seconds=settings.LEASE_SECONDS))
                except DatabaseError as error:
                    log.warning("the lease of case %s was not renewed: %s", case.pk, type(error).__name__)
        finally:
            connection.close()  # this thread's own

    beat = Thread(target=renew, name=f"lease {case.pk}", daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()


def place_of(error: BaseException) -> str:
    """`ValueError in diagnosis/redact.py:41`: enough to find the fault, and nothing of what was sent."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    if at is None:
        return type(error).__name__
    return f"{type(error).__name__} in {'/'.join(at.tb_frame.f_code.co_filename.split('/')[-2:])}:{at.tb_lineno}"


@shared_task(ignore_result=True)
def sweep() -> None:
    """Send again what was lost, delete what is over."""
    again = actions.lost_cases()
    for case_id in again:
        send(case_id)
    done = {"sent again": len(again), **actions.clear_away()}
    if any(done.values()):
        log.info("swept: %s", done)
