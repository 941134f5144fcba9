"""Archives and odd encodings become named UTF-8 texts in blocks, within limits that are named where they cut.

A user's odd file is never an error: what cannot be read becomes a `Blob` without text and with a note that says why.
Blobs are streams: read each one's blocks before asking for the next.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from troubleshoot.diagnosis.archives import (
    COMPRESSIONS,
    DAMAGED,
    Chained,
    Member,
    Unpacked,
    is_tar,
    tar_members,
    zip_members,
)
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.limits import Budget, Limits, cut_at_total, let_through, megabytes, note
from troubleshoot.diagnosis.text_encoding import byte_encoding, encoding_of

__all__ = ["Blob", "Limits", "unpack"]

BLOCK = 1 << 20
HEAD = 1 << 16  # bytes looked at to tell what a file is
NAME = 300  # characters kept of a name


@dataclass(slots=True)
class Blob:
    """One text that was sent: `blocks` are UTF-8, cut anywhere; notes say what was wrong or left out.

    Notes may grow while the blocks are read.
    """

    name: str
    blocks: Iterable[bytes] = ()
    notes: list[Text] = field(default_factory=list)


EMPTY = note("The file is empty.", "文件是空的。")
BINARY = note(
    "This is not text, and no archive that we open; it was not read.",
    "这不是文本，也不是我们能打开的压缩包；没有读取。",
)
PDF = note("A PDF cannot be read here; paste its text instead.", "这里读不了 PDF；请粘贴其中的文字。")
IMAGE = note("A picture cannot be read here; paste the text that it shows.", "这里读不了图片；请粘贴图中的文字。")
OTHER_ARCHIVE = note(
    "This kind of archive is not opened here; send zip, tar, gz, bz2, xz or zst.",
    "这里打不开这种压缩包；请发送 zip、tar、gz、bz2、xz 或 zst。",
)
JOURNAL = note(
    "A binary journal cannot be read here; send what `journalctl -k` or `journalctl -u …` prints.",
    "这里读不了二进制日志；请发送 `journalctl -k` 或 `journalctl -u …` 的输出。",
)
PICKLE = note(
    "A binary dump of PyTorch cannot be read here; send the log, or the dump printed as text.",
    "这里读不了 PyTorch 的二进制转储；请发送日志，或把转储打印成文本。",
)
UNSAFE = note("Left out: its path leads out of the archive.", "已跳过：它的路径指向压缩包之外。")

MAGIC: tuple[tuple[bytes, str | Text], ...] = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF87a", IMAGE),
    (b"GIF89a", IMAGE),
    (b"II*\x00", IMAGE),
    (b"MM\x00*", IMAGE),
    (b"\x00\x00\x00\x1cftyp", IMAGE),
    (b"\x00\x00\x00\x18ftyp", IMAGE),
    (b"7z\xbc\xaf\x27\x1c", OTHER_ARCHIVE),
    (b"Rar!\x1a\x07", OTHER_ARCHIVE),
    (b"\x04\x22\x4d\x18", OTHER_ARCHIVE),
    (b"\x1f\x9d", OTHER_ARCHIVE),
    (b"LPKSHHRH", JOURNAL),
    (b"\x80\x02}", PICKLE),
    (b"\x80\x04\x95", PICKLE),
    (b"\x80\x05\x95", PICKLE),
    (b"\x7fELF", BINARY),
    (b"SQLite format 3\x00", BINARY),
)


def unpack(name: str, stream: BinaryIO, limits: Limits, budget: Budget | None = None, depth: int = 0) -> Iterator[Blob]:
    """Every text in `stream`, archives opened up to `limits.nesting`. Never raises on what was sent.

    Files of one case share one `budget`.
    """
    budget = budget or Budget(limits)
    name = "".join(c for c in name if c.isprintable())[-NAME:].encode("utf-8", "replace").decode() or "input"
    if budget.full:
        return
    if budget.files >= limits.files:
        budget.full = True
        yield Blob(
            name,
            notes=[
                note(
                    f"Left out, with all that follows: one case may have {limits.files} files.",
                    f"已跳过此文件及其后的文件：一个案例最多 {limits.files} 个文件。",
                )
            ],
        )
        return
    try:
        head = stream.read(HEAD)
        yield from open_by_head(name, head, stream, limits, budget, depth)
    except GeneratorExit:
        raise
    except Exception as error:  # the libraries behind raise dozens of kinds on damaged input; it is no text then
        let_through(error)
        yield Blob(name, notes=[DAMAGED])


def kind_of(head: bytes) -> str | Text:
    """The kind of archive, or what to say of a file that is neither archive nor text; "" for what may be text."""
    if head[:4] == b"RIFF":
        return IMAGE if head[8:12] == b"WEBP" else BINARY
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), "tar" if is_tar(head) else "")


def open_by_head(
    name: str, head: bytes, stream: BinaryIO, limits: Limits, budget: Budget, depth: int
) -> Iterator[Blob]:
    kind = kind_of(head)
    if not kind:
        budget.files += 1
        yield text_blob(name, head, stream, limits, budget) if head else Blob(name, notes=[EMPTY])
    elif not isinstance(kind, str):
        budget.files += 1
        yield Blob(name, notes=[kind])
    elif depth >= limits.nesting:
        budget.files += 1
        yield Blob(
            name,
            notes=[
                note(
                    f"Left out: archives are opened {limits.nesting} deep.",
                    f"已跳过：压缩包最多打开 {limits.nesting} 层。",
                )
            ],
        )
    elif kind in COMPRESSIONS:
        yield from open_compressed(name, kind, Chained(head, stream), limits, budget, depth)
    elif kind == "tar":
        yield from open_members(
            name, tar_members(io.BufferedReader(Chained(head, stream), BLOCK)), limits, budget, depth
        )
    else:
        yield from open_zip(name, head, stream, limits, budget, depth)


def open_compressed(
    name: str, kind: str, packed: Chained, limits: Limits, budget: Budget, depth: int
) -> Iterator[Blob]:
    unpacked = Unpacked(kind, io.BufferedReader(packed, BLOCK), limits)
    inner = io.BufferedReader(unpacked, BLOCK)
    if is_tar(inner.peek(512)[:512]):  # a .tar.gz is one archive, not two
        for blob in open_members(name, tar_members(inner), limits, budget, depth):
            if unpacked.ended and not blob.blocks:
                blob.notes = [unpacked.ended]
            yield blob
        return
    path = PurePosixPath(name)
    inner_name = str(path.with_suffix("")) if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst", ".lzma") else name
    for blob in unpack(inner_name, inner, limits, budget, depth + 1):
        if blob.blocks:
            blob.blocks = then_note(blob, blob.blocks, unpacked)
        elif unpacked.ended and blob.notes in ([EMPTY], [BINARY]):
            blob.notes = [unpacked.ended]
        yield blob


def then_note(blob: Blob, blocks: Iterable[bytes], unpacked: Unpacked) -> Iterator[bytes]:
    yield from blocks
    if unpacked.ended and unpacked.ended not in blob.notes:
        blob.notes.append(unpacked.ended)


def open_members(name: str, members: Iterable[Member], limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    empty = True
    for member in members:
        empty = False
        path = f"{name}/{member.name}" if member.name else name
        refused: Text | None = UNSAFE if is_unsafe(member.name) else member.refused
        if refused and not budget.full:
            budget.files += 1
            yield Blob(path[-NAME:], notes=[refused])
            budget.full = budget.files > limits.files
        elif member.content is not None:
            yield from unpack(path, member.content, limits, budget, depth + 1)
        if budget.full:
            return
    if empty:
        yield Blob(name, notes=[EMPTY])


def open_zip(name: str, head: bytes, stream: BinaryIO, limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    if depth == 0 and stream.seekable():
        whole = stream
    else:
        content = head + stream.read(limits.archive_bytes - len(head) + 1)
        if len(content) > limits.archive_bytes:
            size = megabytes(limits.archive_bytes)
            yield Blob(
                name,
                notes=[
                    note(
                        f"Left out: a zip inside an archive may have {size}.",
                        f"已跳过：压缩包内的 zip 不得超过 {size}。",
                    )
                ],
            )
            return
        whole = io.BytesIO(content)
    yield from open_members(name, zip_members(whole, limits), limits, budget, depth)


def is_unsafe(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or path[1:3] in (":\\", ":/")


def text_blob(name: str, head: bytes, stream: BinaryIO, limits: Limits, budget: Budget) -> Blob:
    """A text in whatever encoding it has, as UTF-8 blocks."""
    encoding = encoding_of(head)
    if encoding is None:
        return Blob(name, notes=[BINARY])
    blob = Blob(name)
    blob.blocks = utf8_blocks(blob, head, stream, encoding, limits, budget)
    return blob


def utf8_blocks(
    blob: Blob, head: bytes, stream: BinaryIO, encoding: str, limits: Limits, budget: Budget
) -> Iterator[bytes]:
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(errors="replace")
    settled = encoding != "utf-8"  # a text whose first bytes are all ASCII may turn out to be something else
    block = head.removeprefix(codecs.BOM_UTF8)
    solid = False
    while block:
        room = limits.total_bytes - budget.bytes
        budget.bytes += len(block)
        if len(block) > room:
            blob.notes.append(cut_at_total(limits))
            block = block[: max(room, 0)]
        if not settled and not block.isascii():
            settled = True
            found = byte_encoding(block[block.rfind(b"\n", 0, first_wide(block)) + 1 :][:HEAD])
            decoder = None if found == "utf-8" else codecs.getincrementaldecoder(found)(errors="replace")
        given = block if decoder is None else decoder.decode(block).encode("utf-8", "replace")
        if b"\0" in given:
            given = given.replace(b"\0", b"")
        solid = solid or bool(given)
        if given:
            yield given
        if len(block) >= room:
            return
        try:
            block = stream.read(BLOCK)
        except Exception as error:  # a damaged member of an archive
            let_through(error)
            blob.notes.append(DAMAGED)
            return
    if decoder is not None and (rest := decoder.decode(b"", final=True)):
        yield rest.encode("utf-8", "replace")
    if not solid:
        blob.notes.append(EMPTY)


def first_wide(block: bytes) -> int:
    """Where the first byte beyond ASCII stands."""
    low, high = 0, len(block)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if not block[low:middle].isascii() else (middle, high)
    return low
