"""The verbs that change what is stored. None of them knows of requests or the queue."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import zlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, BinaryIO, NamedTuple

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from troubleshoot import shelf, spool
from troubleshoot.clock import now
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.pipeline import examine, take_in
from troubleshoot.models import Case, CaseText

log = logging.getLogger(__name__)

FAILURES = {
    "too-long": {
        "en": "Reading took longer than the limit of {seconds} s for one case (UNHANG_CASE_SECONDS). Send less at once: the log around the stop, and the host's outputs.",
        "zh-hans": "读取超过了单个案例 {seconds} 秒的上限（UNHANG_CASE_SECONDS）。请少发一些：停下前后的日志，以及主机的输出。",
    },
    "gave-up": {
        "en": "The worker that read this was lost several times. This is our fault, not a verdict about your machine; what you sent has been deleted.",
        "zh-hans": "读取这个案例的进程多次中断。这是我们的问题，不是对你机器的判断；你发来的内容已删除。",
    },
    "our-fault": {
        "en": "Something on our side broke while reading. This is no verdict about your machine; please send it again, or tell the maintainers the case number.",
        "zh-hans": "读取时我们这边出了错。这不是对你机器的判断；请重新发送，或把案例编号告诉维护者。",
    },
    "spool-lost": {
        "en": "The files that you sent are no longer there. Please send them again.",
        "zh-hans": "你发来的文件已经不在了，请重新发送。",
    },
}

REMEMBERED = timedelta(days=365)
"""How long the address of a deleted or expired case still says that it is gone."""

BEYOND_THE_SENDERS = 10_000
"""Where our stand-ins begin when the sender's browser has made some: no two values may share one."""

SECONDS_UNTIL_ROOM = 30
"""What a refused sender is asked to wait: several times what a usual case takes."""


class Refused(Exception):
    """An upload that is not taken; `reason` is bilingual and names the limit."""

    def __init__(self, status: int, en: str, zh: str, retry_after: int | None = None) -> None:
        super().__init__(en)
        self.status, self.reason, self.retry_after = status, {"en": en, "zh-hans": zh}, retry_after


class Opened(NamedTuple):
    """A new case, and the token that deletes it (told once, stored only as a hash)."""

    case: Case
    delete_token: str


def failure_words(case: Case, lang: str) -> str:
    """Why the case failed, in words; empty when it did not."""
    return FAILURES[case.failure][lang].format(seconds=settings.CASE_SECONDS) if case.failure in FAILURES else ""


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def may_delete(case: Case, token: str) -> bool:
    return hmac.compare_digest(case.delete_token_hash, token_hash(token))


def content_hash(streams: Iterable[BinaryIO | File]) -> str:
    """The same for the same contents, whatever the files' names and order; keyed, so nobody can test guesses against it."""
    digests = []
    for stream in streams:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
        stream.seek(0)
        digests.append(digest.digest())
    return hmac.new(settings.SECRET_KEY.encode(), b"".join(sorted(digests)), "sha256").hexdigest()


def open_case(
    files: Sequence[tuple[str, BinaryIO | File]],
    source: str = "web",
    install_method: str = "",
    language: str = "",
    private_map: str = "",
) -> Opened:
    """Spool what was sent and open its case, queued. `private_map` is sealed by a key we never see. The caller then tells the queue (`tasks.send`).

    The spool is filled first and the row written last, in one statement: no writer waits for a slow upload, and no
    worker sees a case whose files are not all there. Raises Refused when nothing was sent, too many cases are open or
    the spool is full. The files are not read here but for their hash.
    """
    if not files:
        raise Refused(400, "Nothing was sent. Choose files or paste a log.", "没有收到内容。请选择文件或粘贴日志。")
    if Case.objects.unfinished().count() >= settings.MAX_CASES_AT_ONCE:
        raise Refused(
            429,
            f"{settings.MAX_CASES_AT_ONCE} cases are being read already (UNHANG_MAX_CASES_AT_ONCE). Try again in half a minute.",
            f"已有 {settings.MAX_CASES_AT_ONCE} 个案例正在读取（UNHANG_MAX_CASES_AT_ONCE）。请半分钟后再试。",
            retry_after=SECONDS_UNTIL_ROOM,
        )
    token = secrets.token_urlsafe(24)
    streams = [stream for _, stream in files]
    case = Case(
        source=source,
        install_method=install_method,
        language=language,
        private_map=private_map,
        content_hash=content_hash(streams),
        delete_token_hash=token_hash(token),
    )
    try:
        places = spool.put(case.pk, streams)
    except OSError as error:
        log.error("the spool cannot be written: %s", error.strerror)
        raise Refused(
            503,
            "There is no room here to keep what you sent. Try again later, or tell the operators of this site.",
            "这里没有空间存放你发来的内容。请稍后再试，或告诉本站的维护者。",
            retry_after=SECONDS_UNTIL_ROOM * 10,
        ) from error
    # Even a file's name may hold a secret.
    redactor = shelf.library().redactor()
    case.files = [
        {"name": redactor.line(name[:300]), "spool": place} for (name, _), place in zip(files, places, strict=True)
    ]
    case.save(force_insert=True)
    return Opened(case, token)


def earlier_case(case: Case) -> Case | None:
    """A finished live case of exactly the same contents, or None.

    Who sends the very same bytes has them already, so the earlier report tells nothing new. What is shown is its
    address only: its delete token stays with whoever sent it first.
    """
    if not case.content_hash:
        return None
    same = Case.objects.live().filter(content_hash=case.content_hash, status=Case.Status.DONE, created__lt=case.created)
    return same.order_by("-created").first()


def diagnose_case(case: Case) -> None:
    """Read a claimed case to its report. Runs twice without harm: only the holder of the lease may finish it."""
    library = shelf.library()

    def on_step(step: str) -> None:
        Case.objects.held(case).update(step=step, touched=now())

    with ExitStack() as stack:
        try:
            streams = spool.opened([one["spool"] for one in case.files], stack)
        except FileNotFoundError:
            fail(case, "spool-lost")
            return
        names = [one["name"] for one in case.files]
        redactor = library.redactor(BEYOND_THE_SENDERS if case.private_map else 0)
        documents = take_in(zip(names, streams, strict=True), library, on_step=on_step, redactor=redactor)
    report = examine(documents, library, on_step=on_step)
    finish(case, report, documents)


def finish(case: Case, report: dict[str, Any], documents: Iterable[Document]) -> None:
    """Store report and redacted texts, if the lease is still ours; then what was sent may go."""
    texts = [text_of(case, position, document) for position, document in enumerate(documents)]
    with transaction.atomic():
        ours = Case.objects.held(case).update(
            status=Case.Status.DONE, step="", report=report, finished=now(), touched=now(), files=without_places(case)
        )
        if not ours:
            return  # deleted meanwhile, or another worker took over
        CaseText.objects.filter(case=case).delete()
        CaseText.objects.bulk_create(texts)
    spool.clear(case.pk)


def text_of(case: Case, position: int, document: Document) -> CaseText:
    return CaseText(
        case=case,
        position=position,
        name=document.name[:300],
        packed=zlib.compress("\n".join(document.texts).encode("utf-8", "replace")) if document.texts else b"",
        numbers=b"" if document.is_whole else zlib.compress(" ".join(map(str, document.numbers)).encode()),
        line_count=document.line_count,
        byte_count=document.byte_count,
        redactions=dict(document.redactions),
        notes=document.notes,
    )


def without_places(case: Case) -> list[dict[str, str]]:
    return [{"name": one["name"]} for one in case.files]


def fail(case: Case, failure: str) -> None:
    """The claimed case is failed for good, if the lease is still ours: say why, and delete what was sent."""
    failed = Case.objects.held(case).update(
        status=Case.Status.FAILED, step="", failure=failure, finished=now(), touched=now(), files=without_places(case)
    )
    if failed:
        spool.clear(case.pk)


def give_back(case: Case, failure: str) -> bool:
    """Reading broke. Queue the claimed case again and say True, or fail it when it was tried often enough."""
    if case.attempts >= settings.MAX_ATTEMPTS:
        fail(case, failure)
        return False
    return bool(Case.objects.held(case).update(status=Case.Status.QUEUED, step="", lease_until=None, touched=now()))


def delete_case(case: Case) -> None:
    """Everything of the case goes but its number, so that its address can say that it is gone."""
    with transaction.atomic():
        CaseText.objects.filter(case=case).delete()
        Case.objects.filter(pk=case.pk).update(
            deleted=True,
            report=None,
            files=[],
            private_map="",
            content_hash="",
            install_method="",
            step="",
            touched=now(),
        )
    spool.clear(case.pk)


def lost_cases() -> list[str]:
    """The ids of cases to send to the queue again, marked as sent; those lost too often are failed instead."""
    again = []
    for case in Case.objects.lost():
        if case.attempts < settings.MAX_ATTEMPTS:
            Case.objects.filter(pk=case.pk).update(touched=now())
            again.append(case.pk)
        # Nobody may take it up between the look and the verdict: claim it like a worker, then fail it.
        elif claimed := Case.objects.claim(case.pk, timedelta(seconds=settings.LEASE_SECONDS)):
            fail(claimed, "gave-up")
    return again


def clear_away() -> dict[str, int]:
    """Delete what has expired, and files in the spool that no waiting case needs."""
    expired = list(Case.objects.expired())
    for case in expired:
        delete_case(case)
    forgotten, _ = Case.objects.forgotten(REMEMBERED).delete()
    orphans = spool.clear_orphans(
        lambda folders: set(Case.objects.unfinished().filter(pk__in=folders).values_list("pk", flat=True))
    )
    return {"expired": len(expired), "forgotten": forgotten, "orphans": orphans}
