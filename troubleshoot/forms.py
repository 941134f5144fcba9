"""What one request may hold, read into files, and the sentence that refuses it."""

from __future__ import annotations

import io
import tempfile
import time
from contextlib import suppress
from typing import BinaryIO, cast
from urllib.parse import parse_qs

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.files.base import File
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from troubleshoot.actions import Refused

Sent = list[tuple[str, BinaryIO | File]]

PASTED = "pasted.txt"
BODY = "body.txt"
IN_MEMORY = 2 << 20  # bytes of a raw body held in memory; more of it goes to a private temporary file
SAID_MB = 1 << 20
LONGEST_DISCARD = 60  # seconds for which a body that is refused is read on


def sent_files(request: HttpRequest) -> Sent:
    """(name, stream) of the `file` parts and the `text` field of a form. Raises Refused, with the limit named."""
    refuse_too_large(request)
    try:
        uploads = [part for name in ("file", "files") for part in request.FILES.getlist(name)]
        pasted = str(request.POST.get("text", ""))
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // SAID_MB
        raise Refused(
            413,
            f"The pasted text is over {most} MB, the most that can be pasted. Send it as a file instead.",
            f"粘贴的文字超过 {most} MB 的上限。请改为以文件发送。",
        ) from None
    except TooManyFilesSent:
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        raise Refused(
            413,
            f"One request may hold {most} files. Put them into one .zip or .tar.gz.",
            f"一次请求最多 {most} 个文件。请打包成一个 .zip 或 .tar.gz。",
        ) from None
    except (MultiPartParserError, UnreadablePostError, BadRequest, SuspiciousOperation, UnicodeError):
        raise Refused(
            400,
            "The form could not be read: it is cut off, or not what its Content-Type says. Send it again.",
            "表单无法读取：内容不完整，或与 Content-Type 不符。请重新发送。",
        ) from None
    files: Sent = [(upload.name or "upload", upload) for upload in uploads]
    if pasted.strip():
        files.append((PASTED, io.BytesIO(pasted.encode("utf-8", "replace"))))
    if not files:
        raise nothing_sent()
    return files


def nothing_sent() -> Refused:
    return Refused(
        400,
        "Nothing was sent. Choose files, drop them, or paste a log; by the API: `file` parts, a `text` field, or the log itself as the body.",
        "没有收到内容。请选择或拖入文件，或粘贴日志；通过 API 时：file 部分、text 字段，或直接把日志作为请求体。",
    )


def refuse_too_large(request: HttpRequest) -> None:
    """Refused (413) when the request says that it is larger than what one request may hold. Keeps nothing of it."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.MAX_REQUEST_BYTES:
        discard(request)
        raise too_large(f"{int(length) / SAID_MB:.0f} MB")


def discard(request: HttpRequest) -> None:
    """Read what comes and forget it: who is still sending when the connection is closed never sees the answer."""
    end = time.monotonic() + LONGEST_DISCARD
    with suppress(OSError):
        while request.read(1 << 20) and time.monotonic() < end:
            pass


def too_large(size: str) -> Refused:
    most = settings.MAX_REQUEST_BYTES // SAID_MB
    return Refused(
        413,
        f"This is {size}; one request may hold {most} MB (UNHANG_MAX_REQUEST_BYTES). Compress it, or send the part around the stop.",
        f"共 {size}；一次请求最多 {most} MB（UNHANG_MAX_REQUEST_BYTES）。请压缩，或只发停下前后的部分。",
    )


def body_files(request: HttpRequest) -> Sent:
    """What an API request sends: a form, or anything else as it is, which may be an archive. Raises Refused."""
    if request.content_type == "multipart/form-data":
        return sent_files(request)
    refuse_too_large(request)
    body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed when the request is over
    copy_body(request, body)
    size = body.tell()
    body.seek(0)
    if not size:
        raise nothing_sent()
    # What `curl --data-binary @log` sends is called a form too; a form of ours has a `text` field.
    if request.content_type == "application/x-www-form-urlencoded" and size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raw = body.read()
        body.seek(0)
        if raw.startswith(b"text="):
            fields = parse_qs(raw.decode("utf-8", "replace"))
            pasted = "\n".join(fields.get("text", []))
            if not pasted.strip():
                raise nothing_sent()
            return [(PASTED, io.BytesIO(pasted.encode("utf-8", "replace")))]
    return [(BODY, cast(BinaryIO, body))]


def copy_body(request: HttpRequest, target: tempfile.SpooledTemporaryFile[bytes]) -> None:
    """Django reads no body without a Content-Length; the server knows where one that comes in chunks ends."""
    chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if chunked else request
    try:
        while block := source.read(1 << 20):
            if target.tell() + len(block) > settings.MAX_REQUEST_BYTES:
                raise too_large(f"over {settings.MAX_REQUEST_BYTES / SAID_MB:.0f} MB")
            target.write(block)
    except (UnreadablePostError, OSError):
        raise Refused(400, "The body ended before its end. Send it again.", "请求体没有传完。请重新发送。") from None
