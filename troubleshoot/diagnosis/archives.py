"""Opens compressed streams, tar and zip, a part at a time, and stays whole on damaged and hostile ones.

tar is read here and not by `tarfile`: that one holds an extended header of any announced size in memory.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.limits import Limits, cut_at_total, let_through, megabytes, note

BLOCK = 1 << 20
XZ_MEMORY = 256 << 20  # a dictionary that an honest xz never needs
ZSTD_WINDOW = 1 << 27  # `zstd --long`
TAR_BLOCK = 512
TAR_HEADER_BYTES = 1 << 16  # of a long name or an extended header
ZIP_DIRECTORY_BYTES = 8 << 20

DAMAGED = note(
    "The archive is damaged or ends early; what could be read was read.", "压缩包已损坏或不完整；能读的部分已经读取。"
)


@dataclass(frozen=True, slots=True)
class Compression:
    """One kind: a new decompressor, how it is fed (at most `part` packed bytes, giving some MB at most), whether it
    still has something to give without more input."""

    new: Callable[[], Any]
    part: int
    feed: Callable[[Any, bytes], bytes]
    pending: Callable[[Any], bool]


def new_gz() -> Any:
    import zlib

    return zlib.decompressobj(wbits=31)


def new_bz2() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def new_xz() -> Any:
    import lzma

    return lzma.LZMADecompressor(format=lzma.FORMAT_AUTO, memlimit=XZ_MEMORY)


def new_zst() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()


COMPRESSIONS = {
    "gz": Compression(
        new_gz,
        1 << 18,
        lambda d, packed: d.decompress(d.unconsumed_tail + packed, BLOCK),
        lambda d: bool(d.unconsumed_tail),
    ),
    "bz2": Compression(new_bz2, 1 << 18, lambda d, packed: d.decompress(packed, BLOCK), lambda d: not d.needs_input),
    "xz": Compression(new_xz, 1 << 18, lambda d, packed: d.decompress(packed, BLOCK), lambda d: not d.needs_input),
    # It gives all that it can at once: 1 kB are at most 256 blocks of 128 kB (RFC 8878: a block is 4 bytes at least).
    "zst": Compression(new_zst, 1 << 10, lambda d, packed: d.decompress(packed), lambda d: False),
}


class Unpacked(io.RawIOBase):
    """A decompressed stream. It ends where the data breaks off or a limit is met; `ended` then says which."""

    def __init__(self, kind: str, packed: BinaryIO, limits: Limits) -> None:
        self.kind = COMPRESSIONS[kind]
        self.packed, self.limits = packed, limits
        self.current = self.kind.new()
        self.fresh = True  # nothing of the current stream was read: the file may end here
        self.rest = b""
        self.waiting = memoryview(b"")
        self.packed_bytes = self.unpacked_bytes = 0
        self.ended: Text | None = None
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        while not self.waiting and not self.over:
            self.more()
        chunk = self.waiting[: len(view)]
        self.waiting = self.waiting[len(chunk) :]
        view[: len(chunk)] = chunk
        return len(chunk)

    def more(self) -> None:
        packed = b""
        try:
            if self.fresh or not self.kind.pending(self.current):
                packed = self.rest or self.packed.read(self.kind.part)
                packed, self.rest = packed[: self.kind.part], packed[self.kind.part :]
                self.packed_bytes += len(packed)
                if not packed:
                    self.over, self.ended = True, None if self.fresh and self.packed_bytes else DAMAGED
                    return
                if self.fresh and not packed.strip(b"\0"):
                    return  # padding after a stream
            data = self.kind.feed(self.current, packed)
        except Exception as error:  # five libraries have errors of their own; whatever it is, here the data ends
            let_through(error)
            self.over, self.ended = True, DAMAGED
            return
        self.fresh = False
        if self.current.eof:  # another stream may follow in the same file
            unused = bytes(self.current.unused_data)
            self.packed_bytes -= len(unused)
            self.rest = unused + self.rest
            self.current, self.fresh = self.kind.new(), True
        self.take(data)

    def take(self, data: bytes) -> None:
        self.unpacked_bytes += len(data)
        self.waiting = memoryview(data)
        limits = self.limits
        if self.unpacked_bytes > limits.ratio_from and self.unpacked_bytes > limits.ratio * max(self.packed_bytes, 1):
            self.over = True
            self.ended = note(
                f"Cut after {megabytes(self.unpacked_bytes)}: an archive may unpack to {limits.ratio} times its size.",
                f"在 {megabytes(self.unpacked_bytes)} 之后截断：压缩包解压后最多为原大小的 {limits.ratio} 倍。",
            )
        elif self.unpacked_bytes > limits.total_bytes:
            self.over, self.ended = True, cut_at_total(limits)


class Chained(io.RawIOBase):
    """What was read already, then the rest of the stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self.head, self.stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        chunk = self.head[: len(view)] or self.stream.read(len(view))
        self.head = self.head[len(chunk) :] if self.head else b""
        view[: len(chunk)] = chunk
        return len(chunk)


@dataclass(slots=True)
class Member:
    """One entry of an archive. `content` is None for what is no file; `refused` says why something is not read."""

    name: str
    content: BinaryIO | None = None
    refused: Text | None = None


LINK = note("Left out: a link or device, not a file.", "已跳过：这是链接或设备，不是文件。")
PASSWORD = note("This archive needs a password; send it without one.", "这个压缩包有密码；请去掉密码后再发。")
TOO_MANY_ENTRIES = note(
    "Left out: the archive's table of contents is larger than 8 MB.", "已跳过：压缩包的目录超过 8 MB。"
)


def is_tar(head: bytes) -> bool:
    """A tar's first header: the mark of POSIX and GNU, or, in older ones, a sum that is right."""
    return head[257:262] == b"ustar" or (
        len(head) >= TAR_BLOCK and bool(head[:1].strip(b"\0")) and sum_is_right(head[:TAR_BLOCK])
    )


def sum_is_right(header: bytes) -> bool:
    said = number(header[148:156])
    return said is not None and said == sum(header[:148]) + 8 * 32 + sum(header[156:TAR_BLOCK])


def number(digits: bytes) -> int | None:
    """A number of a tar header: octal, or with the first bit set binary (GNU, for large files)."""
    if digits[:1] == b"\x80":
        return int.from_bytes(digits[1:], "big")
    digits = digits.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return None


class Slice(io.RawIOBase):
    """The next `size` bytes of a stream that cannot seek."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream, self.left = stream, size
        self.cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        chunk = self.stream.read(min(len(view), self.left)) if self.left else b""
        self.cut = self.cut or (not chunk and self.left > 0)
        self.left -= len(chunk)
        view[: len(chunk)] = chunk
        return len(chunk)

    def skip(self, more: int = 0) -> None:
        """To the end, and `more` bytes of padding."""
        self.left += more
        while self.left and self.read(min(self.left, BLOCK)):
            pass


def tar_members(stream: BinaryIO) -> Iterator[Member]:
    """Every entry, in order; each must be read before the next is asked for. A Member without a name: it breaks off."""
    long_name = ""
    size_in_header: int | None = None
    while True:
        header = stream.read(TAR_BLOCK)
        if not header or not header.strip(b"\0"):
            return  # the end, or the two empty blocks before it
        size = number(header[124:136])
        if len(header) < TAR_BLOCK or size is None or size < 0 or not sum_is_right(header):
            yield Member("", refused=DAMAGED)
            return
        kind = header[156:157]
        size = size_in_header if size_in_header is not None and kind in b"0\0" else size
        part = Slice(stream, size)
        padding = -size % TAR_BLOCK
        if kind in (b"L", b"K", b"x", b"g"):
            content = part.read(min(size, TAR_HEADER_BYTES)) or b""
            part.skip(padding)
            if kind == b"L":
                long_name = decoded(content.rstrip(b"\0"))
            elif kind == b"x":
                said = dict(extended(content))
                long_name = said.get("path", long_name)
                size_in_header = (
                    int(said["size"]) if said.get("size", "").isdecimal() and len(said["size"]) < 16 else None
                )
            continue
        prefix = decoded(header[345:500].split(b"\0")[0]) if header[257:263] == b"ustar\0" else ""
        name = long_name or (f"{prefix}/" if prefix else "") + decoded(header[:100].split(b"\0")[0])
        long_name, size_in_header = "", None
        if kind in (b"0", b"\0", b"7") and not name.endswith("/"):
            yield Member(name, content=io.BufferedReader(part, BLOCK))
        elif kind != b"5" and not name.endswith("/"):
            yield Member(name, refused=LINK)
        part.skip(padding)
        if part.cut:
            yield Member("", refused=DAMAGED)
            return


def extended(content: bytes) -> Iterator[tuple[str, str]]:
    """`12 path=…\\n` records of a POSIX extended header."""
    while content:
        length, blank, _ = content.partition(b" ")
        if not blank or not length.isdigit() or len(length) > 6 or not 0 < int(length) <= len(content):
            return
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        yield decoded(key), decoded(value)
        content = content[int(length) :]


def decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("gb18030", "replace")


def zip_members(stream: BinaryIO, limits: Limits) -> Iterator[Member]:
    """Every entry of a zip that can seek. Raises zipfile.BadZipFile and others on a damaged one."""
    import zipfile

    if directory_bytes(stream) > ZIP_DIRECTORY_BYTES:
        yield Member("", refused=TOO_MANY_ENTRIES)
        return
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            name = entry.filename
            if not entry.flag_bits & 0x800:  # no word on the encoding: cp437 is what zipfile made of the bytes
                name = decoded(name.encode("cp437", "replace"))
            mode = entry.external_attr >> 16
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                yield Member(name, refused=PASSWORD)
            elif mode and mode & 0o170000 not in (0, 0o100000):
                yield Member(name, refused=LINK)
            elif entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(entry.compress_size, 1):
                yield Member(
                    name,
                    refused=note(
                        f"Left out: it unpacks to more than {limits.ratio} times its size.",
                        f"已跳过：解压后超过原来的 {limits.ratio} 倍。",
                    ),
                )
            else:
                try:
                    content = archive.open(entry)
                except Exception as error:  # a damaged entry of an otherwise good archive
                    let_through(error)
                    yield Member(name, refused=DAMAGED)
                    continue
                with content:
                    yield Member(name, content=content)  # type: ignore[arg-type]


def directory_bytes(stream: BinaryIO) -> int:
    """How large a zip says its table of contents is; `zipfile` reads all of it at once."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 65_557))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    return int(struct.unpack_from("<I", tail, at + 12)[0]) if 0 <= at <= len(tail) - 22 else 0
