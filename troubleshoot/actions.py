"""The verbs that change what is stored. Row and spool first, then the queue: a queue that is down loses nothing."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import zlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import BinaryIO, NamedTuple

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from troubleshoot import shelf
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
        "en": "Reading failed several times. This is our fault, not a verdict about your machine; what you sent has been deleted.",
        "zh-hans": "多次读取失败。这是我们的问题，不是对你机器的判断；你发来的内容已删除。",
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


class Refused(Exception):
    """An upload that is not taken; `reason` is bilingual and names the limit."""

    def __init__(self, status: int, en: str, zh: str, retry_after: int | None = None) -> None:
        super().__init__(en)
        self.status, self.reason, self.retry_after = status, {"en": en, "zh-hans": zh}, retry_after


class Opened(NamedTuple):
    """A new case, and the token that deletes it (told once, stored only as a hash)."""

    case: Case
    delete_token: str
    earlier: Case | None  # a live case of exactly the same bytes


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def may_delete(case: Case, token: str) -> bool:
    return hmac.compare_digest(case.delete_token_hash, token_hash(token))


def open_case(files: Sequence[tuple[str, BinaryIO]], source: str = "web", install_method: str = "") -> Opened:
    """Spool what was sent and open its case; the queue hears of it on commit.

    Raises Refused when nothing was sent or too many cases are open. The files are neither read nor changed here.
    """
    if not files:
        raise Refused(400, "Nothing was sent. Choose files or paste a log.", "没有收到内容。请选择文件或粘贴日志。")
    if Case.objects.unfinished().count() >= settings.MAX_CASES_AT_ONCE:
        raise Refused(
            429,
            f"{settings.MAX_CASES_AT_ONCE} cases are being read already (UNHANG_MAX_CASES_AT_ONCE). Try again in half a minute.",
            f"已有 {settings.MAX_CASES_AT_ONCE} 个案例正在读取（UNHANG_MAX_CASES_AT_ONCE）。请半分钟后再试。",
            retry_after=30,
        )
    digest = hashlib.sha256()
    for name, stream in files:
        digest.update(name.encode("utf-8", "replace") + b"\0")
        while block := stream.read(1 << 20):
            digest.update(block)
        stream.seek(0)
    token = secrets.token_urlsafe(24)
    case = Case(source=source, install_method=install_method, content_hash=digest.hexdigest(), delete_token_hash=token_hash(token))
    # Who sends the very same bytes has them already, so the earlier report tells nothing new; its delete token stays with its owner.
    earlier = Case.objects.live().filter(content_hash=case.content_hash, status=Case.Status.DONE).order_by("-created").first()
    with transaction.atomic():
        for position, (name, stream) in enumerate(files):
            stored = storages["spool"].save(f"{case.pk}/{position}", File(stream))
            case.files.append({"name": name[:300], "spool": stored})
        case.save(force_insert=True)
        transaction.on_commit(lambda: queue(case.pk))
    return Opened(case, token, earlier)


def queue(case_id: str) -> None:
    """Tell the queue; when it does not answer the sweeper will."""
    from troubleshoot.tasks import diagnose_case

    try:
        diagnose_case.apply_async((case_id,), retry=False)
    except Exception as error:  # whatever the transport raises: the case is safe in the database
        log.warning("the queue does not answer (%s); the sweeper will send case %s again", type(error).__name__, case_id)


def diagnose_case(case: Case) -> None:
    """Read a claimed case to its report. Runs twice without harm: only the holder of the lease may finish it."""
    library = shelf.library()

    def on_step(step: str) -> None:
        Case.objects.filter(pk=case.pk, lease_token=case.lease_token).update(step=step, touched=timezone.now())

    spool = storages["spool"]
    with ExitStack() as stack:
        try:
            files = [(one["name"], stack.enter_context(spool.open(one["spool"]))) for one in case.files]
        except FileNotFoundError:
            fail(case, "spool-lost")
            return
        documents = take_in(files, library, on_step=on_step)
    report = examine(documents, library, on_step=on_step)
    finish(case, report, documents)


def finish(case: Case, report: dict[str, object], documents: Iterable[Document]) -> None:
    """Store report and redacted texts, if the lease is still ours; then the spool may go."""
    with transaction.atomic():
        ours = Case.objects.filter(pk=case.pk, lease_token=case.lease_token, status=Case.Status.READING, deleted=False)
        if not ours.update(status=Case.Status.DONE, step="", report=report, finished=timezone.now(), touched=timezone.now()):
            return  # deleted meanwhile, or another worker took over
        CaseText.objects.filter(case=case).delete()
        CaseText.objects.bulk_create(
            CaseText(
                case=case,
                position=position,
                name=document.name,
                packed=zlib.compress("\n".join(document.texts).encode("utf-8", "replace")) if document.texts else b"",
                numbers=b"" if document.is_whole else zlib.compress(" ".join(map(str, document.numbers)).encode()),
                line_count=document.line_count,
                byte_count=document.byte_count,
                redactions=dict(document.redactions),
                notes=document.notes,
            )
            for position, document in enumerate(documents)
        )
    clear_spool(case)


def fail(case: Case, failure: str) -> None:
    """The case is failed for good: say why, and delete what was sent."""
    Case.objects.filter(pk=case.pk).exclude(status=Case.Status.DONE).update(
        status=Case.Status.FAILED, step="", failure=failure, finished=timezone.now(), touched=timezone.now()
    )
    clear_spool(case)


def clear_spool(case: Case) -> None:
    for one in case.files:
        storages["spool"].delete(one["spool"])
    Case.objects.filter(pk=case.pk).update(files=[{"name": one["name"]} for one in case.files])
    clear_folder(case.pk)


def clear_folder(case_id: str) -> None:
    """The emptied folder, where the spool is a file system."""
    spool = storages["spool"]
    try:
        left = spool.listdir(case_id)[1]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in left:
        spool.delete(f"{case_id}/{name}")
    spool.delete(case_id)


def delete_case(case: Case) -> None:
    """Everything of the case goes but its number, so that its address can say that it is gone."""
    CaseText.objects.filter(case=case).delete()
    spooled = [one for one in case.files if "spool" in one]
    Case.objects.filter(pk=case.pk).update(deleted=True, report=None, files=[], private_map="", content_hash="", touched=timezone.now())
    for one in spooled:
        storages["spool"].delete(one["spool"])
    clear_folder(case.pk)


def sweep() -> dict[str, int]:
    """Queue again what was lost, give up what failed too often, delete what has expired and spool without a live case."""
    again = 0
    for case in Case.objects.lost():
        if case.attempts >= settings.MAX_ATTEMPTS:
            fail(case, "gave-up")
            continue
        Case.objects.filter(pk=case.pk).update(touched=timezone.now())
        queue(case.pk)
        again += 1
    expired = list(Case.objects.expired().exclude(deleted=True))
    for case in expired:
        delete_case(case)
    # A deleted case's number is forgotten a month later.
    Case.objects.filter(deleted=True, touched__lt=timezone.now() - timedelta(days=30)).delete()
    return {"queued_again": again, "expired": len(expired), "spool": sweep_spool()}


def sweep_spool() -> int:
    try:
        folders = storages["spool"].listdir("")[0]
    except FileNotFoundError:
        return 0
    kept = set(Case.objects.unfinished().filter(pk__in=folders).values_list("pk", flat=True))
    # A folder is made before its row is committed: leave fresh ones alone.
    old = [f for f in folders if f not in kept and is_old(f)]
    for folder in old:
        clear_folder(folder)
    return len(old)


def is_old(folder: str) -> bool:
    spool = storages["spool"]
    names = spool.listdir(folder)[1]
    return all(timezone.now() - spool.get_modified_time(f"{folder}/{name}") > timedelta(hours=1) for name in names)
