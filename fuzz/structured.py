"""Inputs that look like what people post: lines that parsers and rules know, wrapped, cut, repeated, packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import time
import zipfile

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz.targets import NEXT_FILE, attempt, library
from tests.diagnosis.planted import NEAR_MISSES, planted

WRAPPERS = (
    "{}",
    "\x1b[32m{}\x1b[0m",
    "2025-03-04T10:00:02.123456789Z stdout F {}",
    "Mar 04 10:00:02 gpu-7 vllm[311]: {}",
    "worker-1  | {}",
    "(EngineCore_DP0 pid=311) {}",
    "[rank3]: {}",
    "> {}",
    "12%|█▎        \r50%|█████     \r{}",
    '{{"log":"{}\\n","stream":"stderr","time":"2025-03-04T10:00:02Z"}}',
    "{}\u200b\x00",
)
ODD = (
    "",
    " ",
    "\t",
    "\x1b[",
    "[" * 40,
    "(" * 40,
    "\\" * 30,
    "a" * 3000,
    "1" * 400,
    "=" * 200,
    "﷽" * 90,
    "\ud7ff\ufeff",
)


def known_lines() -> st.SearchStrategy[str]:
    know = library()
    said = [line for signature in know.signatures.values() for line in (*signature.matches, *signature.near_misses)]
    said += [*NEAR_MISSES, *(one.text for one in planted())]
    patterns = [re.compile(p) for form in know.formats for p in (*form.heads, *form.lines)]
    return st.one_of(
        st.sampled_from(said),
        st.sampled_from(patterns).flatmap(lambda pattern: st.from_regex(pattern, fullmatch=True)),
        st.sampled_from(ODD),
        st.text(max_size=60),
    )


@st.composite
def lines(draw: st.DrawFn, known: st.SearchStrategy[str]) -> str:
    text = draw(known)
    if draw(st.booleans()):
        text = text[: draw(st.integers(0, len(text)))]
    if draw(st.booleans()):
        text = draw(st.sampled_from(WRAPPERS)).format(text)
    return "\n".join([text] * draw(st.sampled_from((1, 1, 1, 2, 40))))


@st.composite
def inputs(draw: st.DrawFn, known: st.SearchStrategy[str]) -> bytes:
    parts = [
        "\n".join(part).encode(draw(st.sampled_from(("utf-8", "utf-8", "utf-16", "latin-1"))), "replace")
        for part in draw(st.lists(st.lists(lines(known), max_size=25), min_size=1, max_size=3))
    ]
    data = NEXT_FILE.join(parts)
    packed = draw(st.sampled_from((None, None, None, *PACKERS)))
    if packed:
        data = packed(data)
        if draw(st.booleans()):
            at = draw(st.integers(0, len(data)))
            data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 9)) :]
    return draw(st.binary(min_size=1, max_size=1)) + data if draw(st.booleans()) else data


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.log", data)
    return out.getvalue()


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("logs/a.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


PACKERS = (gzip.compress, bz2.compress, lzma.compress, zipped, tarred)


def search(target: str, seconds: float) -> tuple[int, bytes | None]:
    """How many inputs were tried, and the smallest that breaks the target, or None."""
    end, tried, last = time.monotonic() + seconds, 0, b""

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(known_lines()))
    def never_breaks(data: bytes) -> None:
        nonlocal tried, last
        tried, last = tried + 1, data
        attempt(target, data)

    while time.monotonic() < end:
        try:
            never_breaks()
        except Exception:
            return tried, last
    return tried, None
