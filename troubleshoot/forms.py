"""What an upload form may hold, and the sentence that refuses it."""

from __future__ import annotations

import io
from typing import BinaryIO

from django.conf import settings
from django.http import HttpRequest

from troubleshoot.actions import Refused

PASTED = "pasted.txt"


def sent_files(request: HttpRequest) -> list[tuple[str, BinaryIO]]:
    """(name, stream) of all that one request sends: `file` parts, the `text` field. Raises Refused with the limit named."""
    refuse_too_large(request)
    files: list[tuple[str, BinaryIO]] = [(upload.name or "upload", upload.file) for upload in request.FILES.getlist("file")]
    pasted = request.POST.get("text", "")
    if pasted.strip():
        files.append((PASTED, io.BytesIO(pasted.encode("utf-8", "surrogatepass") if pasted.isascii() else pasted.encode("utf-8", "replace"))))
    if not files:
        raise Refused(400, "Nothing was sent. Choose files, drop them, or paste a log.", "没有收到内容。请选择或拖入文件，或粘贴日志。")
    return files


def refuse_too_large(request: HttpRequest) -> None:
    """Refused (413) when the request says that it is larger than what one request may hold."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.MAX_REQUEST_BYTES:
        most = settings.MAX_REQUEST_BYTES >> 20
        raise Refused(
            413,
            f"This is {int(length) >> 20} MB; one request may hold {most} MB (UNHANG_MAX_REQUEST_BYTES). Compress it, or send the part around the stop.",
            f"共 {int(length) >> 20} MB；一次请求最多 {most} MB（UNHANG_MAX_REQUEST_BYTES）。请压缩，或只发停下前后的部分。",
        )
