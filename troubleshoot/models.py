"""What is stored: cases with their reports, and the redacted texts that the viewer shows. The row is the truth.

Nothing un-redacted is ever in the database: files as sent wait in the spool, and only until the case is done.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from troubleshoot.clock import now


def new_id() -> str:
    """An unguessable id: 128 random bits."""
    made = secrets.token_urlsafe(16)
    # One that begins with a dash would be taken for an option on a command line.
    return made if made[0] != "-" else new_id()


def expiry() -> datetime:
    return now() + timedelta(days=settings.KEEP_DAYS)


class CaseQuerySet(models.QuerySet["Case"]):
    def live(self) -> Self:
        """Cases that can still be looked at."""
        return self.filter(expires__gt=now(), deleted=False)

    def expired(self) -> Self:
        """Cases whose time is over and whose contents are still here."""
        return self.filter(expires__lte=now(), deleted=False)

    def unfinished(self) -> Self:
        return self.filter(status__in=[Case.Status.QUEUED, Case.Status.READING], deleted=False)

    def lost(self) -> Self:
        """Unfinished cases that nobody works on: queued for longer than a sweep, or read under a lease that ran out."""
        waiting = Q(status=Case.Status.QUEUED, touched__lt=now() - timedelta(seconds=settings.SWEEP_SECONDS))
        dropped = Q(status=Case.Status.READING, lease_until__lt=now())
        return self.live().filter(waiting | dropped)

    def forgotten(self, after: timedelta) -> Self:
        """Rows of which only the number is left, and that for longer than `after`."""
        return self.filter(deleted=True, touched__lt=now() - after)

    def claim(self, case_id: str, lease: timedelta) -> Case | None:
        """Take the case for reading, or None: gone, finished, or another worker holds a lease that has not run out.

        One UPDATE decides between workers that try at the same moment; the token says whose lease it is.
        """
        token = secrets.token_hex(8)
        free = Q(status=Case.Status.QUEUED) | Q(status=Case.Status.READING, lease_until__lt=now())
        self.live().filter(free, pk=case_id).update(
            status=Case.Status.READING,
            step="unpack",
            lease_until=now() + lease,
            lease_token=token,
            attempts=models.F("attempts") + 1,
            touched=now(),
        )
        return self.filter(pk=case_id, lease_token=token).first()

    def held(self, case: Case) -> Self:
        """`case`, as long as the lease under which it was claimed is still its lease."""
        return self.filter(pk=case.pk, lease_token=case.lease_token, status=Case.Status.READING, deleted=False)


class Case(models.Model):
    """What one person sent, and its report."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        READING = "reading"
        DONE = "done"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED, db_index=True)
    step = models.CharField(max_length=16, blank=True)  # the step that is being done
    failure = models.CharField(max_length=32, blank=True)  # why it failed: an id of actions.FAILURES
    source = models.CharField(max_length=8, default="web")  # web | api
    language = models.CharField(max_length=8, blank=True)  # asked for by name with the upload
    install_method = models.CharField(max_length=32, blank=True)
    created = models.DateTimeField(default=now, db_index=True)
    expires = models.DateTimeField(default=expiry, db_index=True)
    touched = models.DateTimeField(default=now)  # last sign of life: sent to the queue, claimed, a step begun
    finished = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=16, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    content_hash = models.CharField(max_length=64, db_index=True)  # keyed, so a short text cannot be guessed from it
    delete_token_hash = models.CharField(max_length=64)
    files = models.JSONField(default=list)  # [{"name", "spool"}] while spooled, then [{"name"}]
    report = models.JSONField(null=True)
    private_map = models.TextField(blank=True)  # encrypted by a key that only the uploader has
    deleted = models.BooleanField(default=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"case {self.pk} ({self.status})"

    def get_absolute_url(self) -> str:
        return f"/cases/{self.pk}/"

    @property
    def is_live(self) -> bool:
        return not self.deleted and self.expires > now()

    @property
    def is_waiting(self) -> bool:
        return self.status in (self.Status.QUEUED, self.Status.READING)


class CaseText(models.Model):
    """One redacted text of a case, compressed, with its line numbers where lines were left out."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="texts")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    packed = models.BinaryField()  # zlib of the lines, joined by newlines; empty without any
    numbers = models.BinaryField()  # zlib of the line numbers as text; empty when every line is there
    line_count = models.PositiveIntegerField()
    byte_count = models.PositiveBigIntegerField()
    redactions = models.JSONField(default=dict)
    notes = models.JSONField(default=list)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("case", "position"), name="one_text_a_position"),)

    def __str__(self) -> str:
        return f"{self.name} of {self.case_id}"

    def lines(self) -> list[str]:
        return zlib.decompress(self.packed).decode().split("\n") if self.packed else []

    def line_numbers(self) -> Sequence[int]:
        """The number, in what was sent, of each of `lines()`."""
        if self.numbers:
            return [int(number) for number in zlib.decompress(self.numbers).split()]
        return range(1, self.line_count + 1)


class Outcome(models.Model):
    """What somebody told afterwards: a remedy fixed it or did not, an article helped or did not."""

    class Kind(models.TextChoices):
        FIXED = "fixed"
        NOT_FIXED = "not-fixed"
        HELPED = "helped"
        NOT_HELPED = "not-helped"

    kind = models.CharField(max_length=12, choices=Kind)
    created = models.DateTimeField(default=now)
    case_id = models.CharField(max_length=32, blank=True)
    article = models.CharField(max_length=80, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    remedy = models.CharField(max_length=40, blank=True)
    platform = models.CharField(max_length=40, blank=True)
    versions = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.cause or self.article}"


class GuideVisit(models.Model):
    """How often a guide's question was shown and answered, a day: where people leave. No person is in it."""

    guide = models.CharField(max_length=60)
    question = models.CharField(max_length=60)
    day = models.DateField()
    shown = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("guide", "question", "day"), name="one_count_a_question_a_day"),)

    def __str__(self) -> str:
        return f"{self.guide}/{self.question} {self.day}: {self.shown}"
