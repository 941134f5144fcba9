"""Archives and odd encodings become named UTF-8 texts in blocks, within limits that are named where they cut.

A user's odd file is never an error: what cannot be read becomes a `Blob` without text and with a note that says why.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

import charset_normalizer
import zstandard

from troubleshoot.diagnosis.evidence import Text

BLOCK = 1 << 20
HEAD = 1 << 16  # bytes looked at to tell what a file is


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken, and where it is cut. Every cut names the limit and its value."""

    total_bytes: int = 2 << 30  # unpacked, of one case
    files: int = 500
    nesting: int = 2  # archives within archives
    ratio: int = 200  # unpacked to packed bytes, of an archive beyond ratio_from
    ratio_from: int = 64 << 20
    line_bytes: int = 64 << 10  # of one line; the rest of it is left out
    whole_bytes: int = 20 << 20  # texts up to this are kept whole; of larger ones what says something
    head_lines: int = 2000
    tail_lines: int = 2000
    around_lines: int = 5
    lines_per_pattern: int = 400  # of a text that is not kept whole


@dataclass(slots=True)
class Blob:
    """One text that was sent: `blocks` are UTF-8, cut anywhere; notes say what was wrong or left out."""

    name: str
    blocks: Iterable[bytes] = ()
    notes: list[Text] = field(default_factory=list)


class Budget:
    """Counts what one case has unpacked so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.bytes = 0
        self.files = 0


def note(en: str, zh: str) -> Text:
    return {"en": en, "zh-hans": zh}


EMPTY = note("The file is empty.", "文件是空的。")
BINARY = note("This is not text, and no archive that we open; it was not read.", "这不是文本，也不是我们能打开的压缩包；没有读取。")
PDF = note("A PDF cannot be read here; paste its text instead.", "这里读不了 PDF；请粘贴其中的文字。")
IMAGE = note("A picture cannot be read here; paste the text that it shows.", "这里读不了图片；请粘贴图中的文字。")
PASSWORD = note("This archive needs a password; send it without one.", "这个压缩包有密码；请去掉密码后再发。")
TRUNCATED = note("The archive ends early; what could be read was read.", "压缩包不完整；能读的部分已经读取。")
UNSAFE = note("Left out: its path leads out of the archive.", "已跳过：它的路径指向压缩包之外。")
LINK = note("Left out: a link or device, not a file.", "已跳过：这是链接或设备，不是文件。")

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"RIFF", "image"),
    (b"7z\xbc\xaf\x27\x1c", "binary"),
    (b"Rar!", "binary"),
    (b"\x7fELF", "binary"),
)


def unpack(name: str, stream: BinaryIO, limits: Limits, budget: Budget | None = None, depth: int = 0) -> Iterator[Blob]:
    """Every text in `stream`, archives opened up to `limits.nesting`. Never raises on what was sent."""
    budget = budget or Budget(limits)
    if budget.files >= limits.files:
        if budget.files == limits.files:
            budget.files += 1
            yield Blob(name, notes=[note(f"Left out: more than {limits.files} files.", f"已跳过：文件超过 {limits.files} 个。")])
        return
    name = name.replace("\x00", "")[:300] or "input"
    try:
        head = stream.read(HEAD)
        yield from open_by_head(name, head, stream, limits, budget, depth)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, tarfile.TarError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        yield Blob(name, notes=[note(f"Could not be read: {type(error).__name__}.", f"无法读取：{type(error).__name__}。")])


def open_by_head(name: str, head: bytes, stream: BinaryIO, limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    kind = next((kind for magic, kind in MAGIC if head.startswith(magic)), "")
    if not head:
        yield Blob(name, notes=[EMPTY])
    elif kind in ("pdf", "image", "binary"):
        yield Blob(name, notes=[{"pdf": PDF, "image": IMAGE, "binary": BINARY}[kind]])
    elif kind == "zip" or head[257:262] == b"ustar" or kind in ("gz", "bz2", "xz", "zst"):
        if depth >= limits.nesting:
            yield Blob(name, notes=[note(f"Left out: archives are opened {limits.nesting} deep.", f"已跳过：压缩包最多打开 {limits.nesting} 层。")])
        elif kind == "zip":
            yield from open_zip(name, whole(head, stream), limits, budget, depth)
        elif kind:
            yield from open_compressed(name, kind, Chained(head, stream), limits, budget, depth)
        else:
            yield from open_tar(name, Chained(head, stream), limits, budget, depth)
    else:
        budget.files += 1
        yield text_blob(name, head, stream, limits, budget)


class Chained(io.RawIOBase):
    """What was read already, then the rest of the stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self.head, self.stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        chunk = self.head[: len(view)] or self.stream.read(len(view))
        self.head = self.head[len(chunk) :] if self.head else b""
        view[: len(chunk)] = chunk
        return len(chunk)


def whole(head: bytes, stream: BinaryIO) -> BinaryIO:
    """zip needs to seek; go back to the start where the stream can, else hold it."""
    if stream.seekable():
        stream.seek(0)
        return stream
    return io.BytesIO(head + stream.read())


class Measured(io.RawIOBase):
    """A decompressed stream that ends where the ratio says that it is a bomb, or where the text breaks off."""

    def __init__(self, source: BinaryIO, packed: Chained, limits: Limits) -> None:
        self.source, self.packed, self.limits = source, packed, limits
        self.unpacked = 0
        self.ended: Text | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        if self.ended:
            return 0
        try:
            chunk = self.source.read(min(len(view), BLOCK))
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError):
            self.ended = TRUNCATED
            return 0
        self.unpacked += len(chunk)
        if self.unpacked > self.limits.total_bytes:
            self.ended = note(
                f"Cut at {self.limits.total_bytes >> 20} MB, the limit for one case.", f"在 {self.limits.total_bytes >> 20} MB 处截断，这是一个案例的上限。"
            )
            return 0
        view[: len(chunk)] = chunk
        return len(chunk)


def open_compressed(name: str, kind: str, packed: Chained, limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    raw = io.BufferedReader(packed)
    source: BinaryIO
    if kind == "gz":
        source = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
    elif kind == "bz2":
        source = bz2.BZ2File(raw)  # type: ignore[assignment]
    elif kind == "xz":
        source = lzma.LZMAFile(raw)  # type: ignore[assignment]
    else:
        source = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)  # type: ignore[assignment]
    measured = Measured(source, packed, limits)
    inner = io.BufferedReader(measured, BLOCK)
    head = inner.peek(512)
    stem = PurePosixPath(name)
    inner_name = str(stem.with_suffix("")) if stem.suffix in (".gz", ".bz2", ".xz", ".zst", ".tgz") else name
    if head[257:262] == b"ustar":
        yield from open_tar(name, inner, limits, budget, depth)
        if measured.ended:
            yield Blob(name, notes=[measured.ended])
        return
    for blob in unpack(inner_name, inner, limits, budget, depth + 1):  # type: ignore[arg-type]
        if blob.blocks:
            blob.blocks = noting(blob, measured)
        elif measured.ended:
            blob.notes = [measured.ended]
        yield blob


def noting(blob: Blob, measured: Measured) -> Iterator[bytes]:
    yield from blob.blocks
    if measured.ended:
        blob.notes.append(measured.ended)


def open_tar(name: str, stream: io.RawIOBase | io.BufferedReader, limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                path = f"{name}/{member.name}"
                if member.isdir():
                    continue
                if not member.isfile():
                    yield Blob(path, notes=[LINK])
                elif is_unsafe(member.name):
                    yield Blob(path, notes=[UNSAFE])
                else:
                    content = archive.extractfile(member)
                    if content is not None:
                        yield from unpack(path, content, limits, budget, depth + 1)  # type: ignore[arg-type]
                if budget.files > limits.files:
                    return
    except (tarfile.TarError, EOFError, zlib.error, OSError):
        yield Blob(name, notes=[TRUNCATED])


def open_zip(name: str, stream: BinaryIO, limits: Limits, budget: Budget, depth: int) -> Iterator[Blob]:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            path = f"{name}/{member.filename}"
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                yield Blob(path, notes=[PASSWORD])
            elif is_unsafe(member.filename):
                yield Blob(path, notes=[UNSAFE])
            elif member.file_size > limits.ratio_from and member.file_size > limits.ratio * max(member.compress_size, 1):
                yield Blob(path, notes=[note(f"Left out: it unpacks to more than {limits.ratio} times its size.", f"已跳过：解压后超过原来的 {limits.ratio} 倍。")])
            else:
                with archive.open(member) as content:
                    yield from unpack(path, content, limits, budget, depth + 1)  # type: ignore[arg-type]
            if budget.files > limits.files:
                return


def is_unsafe(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or path[1:3] == ":\\"


def text_blob(name: str, head: bytes, stream: BinaryIO, limits: Limits, budget: Budget) -> Blob:
    """A text in whatever encoding it has, as UTF-8 blocks."""
    encoding = encoding_of(head)
    if encoding is None:
        return Blob(name, notes=[BINARY])
    blob = Blob(name)
    blob.blocks = utf8_blocks(blob, head, stream, encoding, limits, budget)
    return blob


def utf8_blocks(blob: Blob, head: bytes, stream: BinaryIO, encoding: str, limits: Limits, budget: Budget) -> Iterator[bytes]:
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(errors="replace")
    block = head.removeprefix(codecs.BOM_UTF8)
    while block:
        room = limits.total_bytes - budget.bytes
        budget.bytes += len(block)
        if len(block) > room:
            blob.notes.append(note(f"Cut at {limits.total_bytes >> 20} MB, the limit for one case.", f"在 {limits.total_bytes >> 20} MB 处截断，这是一个案例的上限。"))
            block = block[: max(room, 0)]
        yield block if decoder is None else decoder.decode(block).encode()
        if len(block) >= room:
            return
        block = stream.read(BLOCK)
    if decoder is not None and (rest := decoder.decode(b"", final=True)):
        yield rest.encode()


def encoding_of(head: bytes) -> str | None:
    """The encoding of a text that begins so; None when it is no text."""
    for bom, name in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(bom):
            return name
    zeros = head.count(0)
    if zeros:
        if zeros > len(head) * 0.3:
            # UTF-16 without a mark: the zeros of Latin text stand at every second byte.
            odd = head[1::2].count(0)
            if odd > zeros * 0.95:
                return "utf-16-le"
            if odd < zeros * 0.05:
                return "utf-16-be"
        if zeros > len(head) * 0.01:
            return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    controls = sum(head.count(c) for c in range(32) if c not in (0, 9, 10, 12, 13, 27))
    if controls > len(head) * 0.05:
        return None
    best = charset_normalizer.from_bytes(head[:8192], cp_isolation=["gb18030", "utf_8", "big5", "cp932", "latin_1", "cp1252"]).best()
    if best is None:
        return "utf-8"  # broken here and there: decoded with replacement, line by line
    return "gb18030" if best.encoding in ("gb2312", "gbk", "gb18030") else best.encoding
