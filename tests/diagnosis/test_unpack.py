"""Archives and encodings: what comes out of them, one within another, and what is said of those that stay shut."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from troubleshoot.diagnosis.unpack import Limits, unpack

TEXT = "first line\nzweite Zeile: größer\n第三行\n"


def texts(name: str, content: bytes, limits: Limits | None = None) -> dict[str, str]:
    return {blob.name: b"".join(blob.blocks).decode() for blob in unpack(name, io.BytesIO(content), limits or Limits())}


def notes(name: str, content: bytes, limits: Limits | None = None) -> str:
    said = []
    for blob in unpack(name, io.BytesIO(content), limits or Limits()):
        for _ in blob.blocks:
            pass
        said += [note["en"] for note in blob.notes]
        assert all(note["zh-hans"] for note in blob.notes)
    return " ".join(said)


def tar(**members: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return made.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_a_compressed_text_is_told_by_its_content_and_not_by_its_name(kind: str) -> None:
    assert list(texts("a-log", PACKED[kind](TEXT.encode())).values()) == [TEXT]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_every_archive_opens_in_every_compression(kind: str, pack: Callable[..., bytes]) -> None:
    found = texts("bundle", PACKED[kind](pack(logs__rank0=TEXT.encode(), logs__rank1=b"other\n")))

    assert sorted(found.values()) == sorted([TEXT, "other\n"])
    assert all("rank" in name for name in found)


def test_an_archive_within_an_archive_is_opened_once() -> None:
    inner = gzip.compress(TEXT.encode())

    assert list(texts("b.zip", zipped(worker=inner)).values()) == [TEXT]
    assert list(texts("b.tar", tar(inner=zipped(worker=TEXT.encode()))).values()) == [TEXT]


def test_deeper_nesting_is_left_shut_and_said() -> None:
    deep = zipped(a=zipped(b=zipped(c=zipped(d=TEXT.encode()))))

    assert TEXT not in texts("d.zip", deep).values()
    assert notes("d.zip", deep)


def test_several_streams_in_one_file_are_one_text() -> None:
    assert list(texts("two.gz", gzip.compress(b"one\n") + gzip.compress(b"two\n")).values()) == ["one\ntwo\n"]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_of_a_cut_one_the_beginning_is_read(kind: str) -> None:
    lines = "".join(f"{n * 7919 % 100_003:x} line {n}\n" for n in range(60_000)).encode()
    packed = PACKED[kind](lines)
    cut = packed[: len(packed) * 2 // 3]

    (found,) = texts("cut", cut).values()
    assert lines.decode().startswith(found)
    assert "damaged or ends early" in notes("cut", cut)


def test_a_password_is_asked_for_in_a_sentence() -> None:
    content = bytearray(zipped(secret=TEXT.encode()))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says "encrypted"
        content[content.index(signature) + flags] |= 1

    assert "needs a password" in notes("p.zip", bytes(content))


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64), "This kind of archive is not opened"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(64), "This kind of archive is not opened"),
        (b"%PDF-1.7\n" + bytes(64), "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "picture"),
        (b"\x7fELF\x02\x01\x01" + bytes(64), "not text"),
    ],
)
def test_what_we_do_not_open_is_named(head: bytes, says: str) -> None:
    assert says in notes("thing", head)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_every_common_encoding_gives_the_same_text(encoding: str) -> None:
    text = "NCCL 版本与驱动不一致，启动时卡住\nGPU0 与 GPU1 之间是 PHB\n" * 4

    assert list(texts("log", text.encode(encoding)).values()) == [text]
    assert list(texts("log", gzip.compress(text.encode(encoding))).values()) == [text]


def test_windows_latin_letters_are_read_too() -> None:
    text = "Gerät nicht gefunden – größer\n" * 4

    assert list(texts("log", text.encode("cp1252")).values()) == [text]


def test_paths_out_of_the_archive_do_not_get_out() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
        archive.writestr("ok", "y\n")

    assert all(".." not in name for name, text in texts("z", made.getvalue()).items() if text)


def all_of(stream: io.BytesIO) -> list[bytes]:
    return [block for blob in unpack("log", stream, Limits()) for block in blob.blocks]


class Stopping(io.BytesIO):
    """A stream in whose middle the worker's time is up."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise SoftTimeLimitExceeded
        return super().read(min(size or 64, 64) if size and size > 0 else 64)


class SoftTimeLimitExceeded(Exception):
    """Named as the queue's own, which the core does not import."""


@pytest.mark.parametrize(
    "content", [TEXT.encode() * 9000, gzip.compress(bytes(range(256)) * 900), zipped(a=b"x" * 999)]
)
def test_the_order_to_stop_is_no_damage(content: bytes) -> None:
    with pytest.raises(SoftTimeLimitExceeded):
        all_of(Stopping(content))
