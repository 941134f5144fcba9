"""Stacks of a running process: py-spy (text and JSON) and gdb. They say where a silent process stands.

Formats: domain/engines.md §4.5. Samples:

    Process 4242: VLLM::Worker_TP1
    Thread 4242 (active): "MainThread"
        synchronize (torch/cuda/__init__.py:1040)
    #0  0x00007f2a in poll () from /lib/x86_64-linux-gnu/libc.so.6
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

PROCESS = lazy_re.compile(r"^Process (?P<pid>\d+): (?P<title>.+)$")
THREAD = lazy_re.compile(
    r'^Thread (?:0x)?(?P<id>[0-9A-Fa-f]+) \((?P<state>active\+gil|active|idle)\)(?:: "(?P<name>[^"]*)")?'
)
FRAME = lazy_re.compile(
    r"^\s+(?P<function>[\w.<>:~*&, ()\[\]-]{1,200}?) \((?P<file>[^():]{1,200}?)(?::(?P<line>\d+))?\)$"
)
GDB_THREAD = lazy_re.compile(
    r'^Thread (?P<number>\d+) \((?:Thread 0x[0-9a-f]+ )?\(?LWP (?P<lwp>\d+)\)?(?: "(?P<name>[^"]*)")?'
)
GDB_FRAME = lazy_re.compile(
    r"^#(?P<depth>\d+)\s+(?:0x[0-9a-f]+ in )?(?P<function>[^\s(]+)(?: \(.*?\))?(?: (?:from|at) (?P<file>\S+))?"
)
DEEPEST = 12  # innermost frames kept of each thread


def innermost(frames: list[tuple[str, str, Line]], process: str) -> Iterator[Fact]:
    for function, file, line in frames[:DEEPEST]:
        yield Fact("stack_frame", (process, function, file), line)


def parse_text(section: Section) -> Iterator[Fact]:
    """The innermost frames of each process's main thread, or of every thread when none is called MainThread."""
    process, main = "", True
    frames: list[tuple[str, str, Line]] = []
    for line in section.lines:
        body = peel(line.text).body if line.text[:1] not in " \t" else line.text
        if match := PROCESS.match(body.strip()):
            yield from innermost(frames, process)
            frames, process, main = [], title_of(match["title"], match["pid"]), True
        elif match := THREAD.match(body.strip()):
            yield from innermost(frames, process)
            frames, main = [], (match["name"] or "MainThread") == "MainThread"
        elif match := GDB_THREAD.match(body.strip()):
            yield from innermost(frames, process)
            frames, main, process = [], True, f"thread {match['lwp']}"
        elif (match := FRAME.match(body)) and main:
            frames.append((match["function"].strip(), match["file"].strip(), line))
        elif (match := GDB_FRAME.match(body.strip())) and main:
            if match["depth"] == "0" and frames:
                yield from innermost(frames, process)
                frames = []
            frames.append((match["function"], match["file"] or "", line))
    yield from innermost(frames, process)


def title_of(title: str, pid: str) -> str:
    """`VLLM::Worker_TP1` as it is; of a command line the program and its module."""
    words = title.strip().split()
    if not words or "::" in words[0]:
        return words[0] if words else pid
    return f"{words[0].rpartition('/')[2]} pid {pid}"


JSON_VALUE = lazy_re.compile(
    r'"(?P<key>pid|thread_name|name|short_filename|filename)": ?(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<number>\d+)|null)'
)


def parse_json(section: Section) -> Iterator[Fact]:
    """`py-spy dump --json`: threads with frames, innermost first. Read value by value, so a cut text is read too."""
    before = section.document.line(section.lines[0].number - 1)  # the process stands one line above in pretty JSON
    process, main, depth, function = "", True, 0, ""
    for line in (*([before] if before else []), *section.lines):
        for match in JSON_VALUE.finditer(line.text):
            key, text = match["key"], match["text"] or match["number"] or ""
            if key == "pid":
                process, main, depth, function = f"pid {text}", True, 0, ""
            elif key == "thread_name":
                main, depth = text in ("", "MainThread"), 0
            elif key == "name":
                function = text
            elif key == "short_filename" and main and function and depth < DEEPEST:
                yield Fact("stack_frame", (process, function, text), line)
                function, depth = "", depth + 1


def in_stack(text: str, taken: int) -> bool:
    """A stack goes on through frames, threads and the single blank lines between them."""
    stripped = text.strip()
    if taken > 20_000:
        return False
    return (
        not stripped
        or text[:1] in " \t"
        or stripped.startswith(
            (
                "Thread ",
                "Python v",
                "Process ",
                "#",
                "Arguments:",
                "Locals:",
                "[Inferior",
                "[New LWP",
                "[Thread debugging",
            )
        )
    )


def in_json(text: str, taken: int) -> bool:
    """Pretty JSON goes on while lines begin like JSON."""
    return taken < 50_000 and text.strip()[:1] in tuple('{}[]",-0123456789')


TITLE = {"en": "process stacks", "zh-hans": "进程堆栈"}
FORMATS = (
    Format(
        "py-spy",
        TITLE,
        parse_text,
        heads=(
            r"^Process \d+: \S",
            r"^Thread (?:0x)?[0-9A-Fa-f]+ \((?:active\+gil|active|idle)\)",
            r"^Thread \d+ \((?:Thread 0x[0-9a-f]+ )?\(?LWP \d+\)?",
            r"^#0\s+0x[0-9a-f]+ in \S",
        ),
        belongs=in_stack,
    ),
    Format("py-spy-json", TITLE, parse_json, heads=(r'"thread_id": ?\d+',), belongs=in_json),
)
