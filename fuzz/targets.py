"""What is tried: each takes bytes, and must neither raise, nor take over a second, nor over 500 MB."""

from __future__ import annotations

import io
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.intake import read
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.pipeline import examine, take_in
from troubleshoot.diagnosis.recognise import recognise
from troubleshoot.diagnosis.renderings import as_markdown, as_text, in_language
from troubleshoot.diagnosis.unpack import Limits, unpack

SECONDS = 1.0  # of processor time, so that a busy machine finds nothing by being busy
MEMORY = 500 << 20  # bytes beyond what is loaded before the first input
CACHE = Path(__file__).resolve().parent.parent / "var" / "cache"
NEXT_FILE = b"\x00\x00\xff\xff"  # parts the files of one case


class TooSlow(AssertionError):
    """An input took more than SECONDS."""


@cache
def library() -> Library:
    return load_library((), CACHE)


def unpacking(data: bytes) -> None:
    for blob in unpack("input", io.BytesIO(data), Limits()):
        for _ in blob.blocks:
            pass


def redacting(data: bytes) -> None:
    redactor = library().redactor()
    lines = data.decode("utf-8", "replace").split("\n")
    assert all("\n" not in redactor.line(line) for line in lines)


def recognising(data: bytes) -> None:
    know = library()
    blobs = unpack("input", io.BytesIO(data), Limits())
    for document in read(blobs, know.scanner, Limits(), know.redactor()):
        assert len(document.texts) == len(document.numbers)
        recognise(document, know.formats)


def parsing(data: bytes) -> None:
    """The first byte picks the parser, which gets all lines, whether it would know them or not."""
    know = library()
    form = know.formats[(data[0] if data else 0) % len(know.formats)]
    for document in read(unpack("input", io.BytesIO(data[1:]), Limits()), know.scanner, Limits(), know.redactor()):
        lines: tuple[Line, ...] = tuple(document)
        for complete in (True, False) if lines else ():
            list(form.parse(Section(form.kind, document, lines, complete)))


def diagnosing(data: bytes) -> None:
    """The whole way, several files and both languages."""
    files = [(f"{n}.log", io.BytesIO(part)) for n, part in enumerate(data.split(NEXT_FILE))]
    documents = take_in(files, library())
    report = examine(documents, library())
    for lang in ("en", "zh-hans"):
        said = in_language(report, lang, None)
        as_text(said)
        as_markdown(said)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (unpacking, redacting, recognising, parsing, diagnosing)
}


def warm() -> None:
    """Everything loaded and compiled once, so that no input pays for it; then memory is limited."""
    for target in TARGETS.values():
        target(b"NCCL INFO Bootstrap : Using eth0:10.0.0.7<0>\nHF_TOKEN=hf_aaaaaaaaaaaaaaaaaaaa\n")


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


@contextmanager
def within_a_second() -> Iterator[None]:
    def stop(_signal: int, _frame: object) -> None:
        raise TooSlow(f"more than {SECONDS:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def attempt(name: str, data: bytes) -> None:
    """Raises what is wrong with the target on this input."""
    with within_a_second():
        TARGETS[name](data)
