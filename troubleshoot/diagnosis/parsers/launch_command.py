"""The command that starts the ranks, as people paste it: variables before it, launcher, engine, flags. Samples:

    NCCL_P2P_DISABLE=1 vllm serve org/model --tensor-parallel-size 4 \\
        --enforce-eager
    $ torchrun --nproc-per-node=2 --nnodes 2 train.py
    python -m sglang.launch_server --model-path m --tp 4

Advice is not a command: "try `export NCCL_DEBUG=INFO`" in a sentence sets nothing. Of `docker run` only the image, the
engine's words behind it and `-e` are read here; `container_options` reads the rest.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.arguments import facts_of_command
from troubleshoot.diagnosis.parsers.environment import in_environment_file
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

PROMPT = r"(?:\([\w.-]+\) )?(?:[\w.-]+@[\w.-]+[:~][^$#]{0,60})?(?:[$#%>] +|\+ +)?"
ASSIGNMENTS = r"(?:(?:export +|env +)?[A-Z][A-Z0-9_]{1,60}=\S* +){0,40}"
PREFIX = r"(?:(?:sudo(?: -E)?|nohup|time|exec|env|stdbuf -\S+|numactl .{1,60}|timeout \S+|uv run|poetry run|CMD|ENTRYPOINT|command:|args:|ExecStart=) *){0,4}"
PYTHON = r"(?:\S*/)?python[\d.]* (?:-[uOB] )*"
STARTERS = (
    r"(?:\S*/)?vllm serve\b",
    PYTHON + r"-m (?:vllm\.|sglang\.|lmdeploy|torch\.distributed\.|tensorrt_llm|fastchat|deepspeed)",
    r"(?:\S*/)?(?:torchrun|mpirun|mpiexec|srun|deepspeed|accelerate launch|horovodrun|sglang serve|lmdeploy serve|trtllm-serve|text-generation-launcher|llamafactory-cli|xinference(?:-local| launch)?|ray start) ",
    r"(?:docker|podman|nerdctl)(?: container)? run ",
    r"(?:\S*/)?(?:all_reduce_perf|all_gather_perf|reduce_scatter_perf|alltoall_perf|sendrecv_perf) -",
)
COMMAND = "^ *" + "`?" + PROMPT + ASSIGNMENTS + PREFIX + ASSIGNMENTS + r"(?:" + "|".join(STARTERS) + ")"
START = lazy_re.compile(COMMAND)
# Typed, not written into a Dockerfile, a compose file or a unit; a launcher tells more by itself.
BY_HAND = r"(?:[\w./~-]*/)?(?:(?:vllm|sglang|lmdeploy) serve\b|python[\d.]* (?:-[uOB] )*-m (?:vllm|sglang|lmdeploy)\.)"
TYPED = lazy_re.compile("^ *`?" + PROMPT + ASSIGNMENTS + r"(?:nohup +|time +)?" + ASSIGNMENTS + BY_HAND)
EXPORT = lazy_re.compile(rf"^ *{PROMPT}export +(?P<name>[A-Z][A-Z0-9_]+)=(?P<value>\"[^\"]*\"|'[^']*'|\S*)\s*$")
ASSIGNMENT = lazy_re.compile(r"^(?P<name>[A-Z][A-Z0-9_]{1,60})=(?P<value>.*)$", re.DOTALL)
ENGINES = (
    (lazy_re.compile(r"vllm"), "vllm"),
    (lazy_re.compile(r"sglang"), "sglang"),
    (lazy_re.compile(r"lmdeploy"), "lmdeploy"),
    (lazy_re.compile(r"tensorrt_llm|trtllm"), "tensorrt-llm"),
    (lazy_re.compile(r"text-generation-launcher"), "tgi"),
    (lazy_re.compile(r"llamafactory"), "llama-factory"),
    (lazy_re.compile(r"deepspeed"), "deepspeed"),
    (lazy_re.compile(r"_perf\b"), "nccl-tests"),
)
LAUNCHERS = (
    (lazy_re.compile(r"(?:^|/)torchrun$|^torch\.distributed\.(?:run|launch)$"), "torchrun"),
    (lazy_re.compile(r"(?:^|/)(?:mpirun|mpiexec)$"), "mpirun"),
    (lazy_re.compile(r"(?:^|/)srun$"), "slurm"),
    (lazy_re.compile(r"(?:^|/)(?:accelerate|deepspeed)$"), "torchrun"),
)
COUNTS = {  # flags of the launchers: how many processes on a machine, how many machines
    "torchrun": (("--nproc-per-node", "--nproc_per_node", "--num_gpus"), ("--nnodes", "--num_nodes", "--num_machines")),
    "mpirun": (("-np", "-n", "--np"), ()),
    "slurm": (("--ntasks", "-n"), ("--nodes", "-N")),
}


def goes_on(text: str, taken: int) -> bool:
    """A command goes on in the next line after a backslash; `belongs` sees only the next line, so `parse` stops it."""
    return (
        taken < 60
        and bool(text.strip())
        and (text[:1] in " \t" or text.lstrip().startswith("-") or text.rstrip().endswith("\\"))
    )


def parse(section: Section) -> Iterator[Fact]:
    """Engine, launcher, flags, model and the variables set for this one command."""
    text = ""
    for line in section.lines:
        body = peel(line.text).body.strip().strip("`")
        text += " " + body.removesuffix("\\")
        if not body.endswith("\\") and not continues(section.lines, line):
            break
    head = section.lines[0]
    for name, value in command(words_of(text)):
        # a launcher alone says only that PyTorch is under it; the engine's own lines know better
        yield Fact(name, value, head, sure=(name, value) != ("engine", "torch"))
    if TYPED.search(text):
        yield Fact("own_shell", True, head, sure=False)


def continues(lines: Sequence[Any], line: Any) -> bool:
    """Whether the next line is a flag on a line of its own (a YAML list, or a lost backslash)."""
    at = lines.index(line) + 1
    return at < len(lines) and bool(re.match(r"\s*-{1,2}[A-Za-z]", lines[at].text))


def words_of(text: str) -> list[str]:
    """The words of a shell line; quotes that do not close are taken as they are."""
    text = re.sub(rf"^ *{PROMPT}", "", text[:8000].strip())
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    ends = (at for at, word in enumerate(words) if re.match(r"^(?:[|&;]|&&|\|\||\d?>{1,2}\S*|2>&1)", word))
    return words[: next(ends, len(words))]


def command(words: list[str]) -> Iterator[tuple[str, Any]]:
    """The facts of one command line."""
    rest = list(words)
    while rest and (rest[0] in ("export", "env", "sudo", "nohup", "time", "exec", "-E") or ASSIGNMENT.match(rest[0])):
        if match := ASSIGNMENT.match(rest.pop(0)):
            yield "env", (match["name"], match["value"])
    if len(rest) > 2 and rest[0] in ("docker", "podman", "nerdctl"):
        yield from container(rest)
        return
    said = " ".join(rest[:40])
    launcher = next((name for pattern, name in LAUNCHERS for word in rest[:6] if pattern.search(word)), None)
    if launcher:
        yield "launcher", launcher
        yield from counts(launcher, rest)
    engine = next((name for pattern, name in ENGINES if pattern.search(said)), None)
    if engine:
        yield "engine", engine
    elif launcher:
        yield "engine", "torch"
    if (
        "serve" in rest[:4]
        and len(rest) > rest.index("serve") + 1
        and not rest[rest.index("serve") + 1].startswith("-")
    ):
        yield "model", rest[rest.index("serve") + 1]
    for name, value in facts_of_command(rest):
        if name == "node_count" and launcher:
            continue  # counted above
        yield name, value
    if launcher == "mpirun":
        for at, word in enumerate(rest[:-1]):
            if word == "-x" and (match := ASSIGNMENT.match(rest[at + 1])):
                yield "env", (match["name"], match["value"])


IMAGE = lazy_re.compile(
    r"^(?:[\w.-]+(?::\d+)?/)*[\w.-]*(?P<name>vllm|sglang|text-generation-inference|lmdeploy|tensorrt|tritonserver|gpustack)[\w./-]*(?::(?P<tag>[\w.+-]+))?$"
)
IMAGE_ENGINES = {
    "vllm": "vllm",
    "sglang": "sglang",
    "text-generation-inference": "tgi",
    "lmdeploy": "lmdeploy",
    "tensorrt": "tensorrt-llm",
}
TAG = lazy_re.compile(r"^v?(?P<version>\d+\.\d+(?:\.\d+)*(?:\.?(?:post|rc)\d+)?)(?:-|$)")


def container(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """`docker run … IMAGE words`: the image and what is started in it."""
    at = next(
        (
            n
            for n, word in enumerate(words)
            if n > 1 and IMAGE.match(word) and words[n - 1] not in ("--name", "-v", "--hostname", "--network")
        ),
        None,
    )
    for n, word in enumerate(words[: at or len(words)]):
        given = (
            words[n + 1]
            if word in ("-e", "--env") and n + 1 < len(words)
            else word.partition("=")[2]
            if word.startswith("--env=")
            else ""
        )
        if match := ASSIGNMENT.match(given):
            yield "env", (match["name"], match["value"])
    if at is None:
        return
    match = IMAGE.match(words[at])
    assert match is not None
    yield "image", words[at]
    version = TAG.match(match["tag"] or "")
    if match["name"] == "gpustack":
        yield "gpustack", True
        yield "install_method", "docker"
        if version and "runner" not in words[at]:
            yield "gpustack_version", version["version"]
        return
    if match["name"] in IMAGE_ENGINES:
        yield "engine", IMAGE_ENGINES[match["name"]]
        yield "install_method", "docker"
        if version and match["name"] != "tensorrt":
            yield "engine_version", version["version"]
    yield from facts_of_command(words[at + 1 :])


def counts(launcher: str, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Ranks and machines, as far as the launcher's flags say."""
    per_node_flags, node_flags = COUNTS[launcher]
    found: dict[str, int] = {}
    total = None  # accelerate counts the processes of all machines together
    for at, word in enumerate(words):
        flag, equals, value = word.partition("=")
        given = value if equals else (words[at + 1] if at + 1 < len(words) else "")
        if not given.isdigit() or len(given) > 6:
            continue
        if flag in per_node_flags:
            found.setdefault("ranks", int(given))
        elif flag in node_flags:
            found.setdefault("nodes", int(given))
        elif flag == "--num_processes":
            total = int(given)
    nodes = found.get("nodes")
    if nodes:
        yield "node_count", nodes
    ranks = found.get("ranks")
    if total:
        yield "world_size", total
    elif ranks:
        yield "world_size", ranks * (nodes or 1) if launcher == "torchrun" else ranks


def parse_exports(section: Section) -> Iterator[Fact]:
    """`export NAME=value` on a line of its own, as in a start script."""
    for line in section.lines:
        match = EXPORT.match(peel(line.text).body)
        if match and not in_environment_file(section.document, line):
            yield Fact("env", (match["name"], match["value"].strip("'\"")), line)


FORMATS = (
    Format(
        "launch-command",
        {"en": "launch command", "zh-hans": "启动命令"},
        parse,
        heads=(COMMAND,),
        belongs=goes_on,
    ),
    Format(
        "shell-exports",
        {"en": "shell variables", "zh-hans": "Shell 变量"},
        parse_exports,
        lines=(r"^ *(?:[$#] )?export +[A-Z][A-Z0-9_]+=\S",),
    ),
)
