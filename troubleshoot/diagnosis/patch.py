"""The user's own file given back with a remedy's change made in it: `docker run`, compose, environment file, unit, manifest.

Only what was sent whole is given back; comments, order and line breaks stay. Secrets that redaction replaced stand
there as stand-ins, which the notes say.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from troubleshoot.diagnosis import env_file, lazy_re
from troubleshoot.diagnosis.evidence import Document, Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.patch_docker_run import COMMAND, ENGINE_COMMAND, STAND_IN, patch_docker_run, read_docker_run
from troubleshoot.diagnosis.snippets import Change, engine_of, fill_words, names

MOST_LINES = 2000  # a longer document is a log
MOST_PATCHES = 4  # for one remedy
# Without one of these there is nothing to give back; most logs end here.
MAY_HOLD = lazy_re.compile(
    r"(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b|^(?:services|apiVersion):|^\s*\[Service\]|/etc/default/|\.env\b"
    r"|\A(?:[ \t]*(?:[#;].*)?\n)*[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*\s*=",
    re.MULTILINE,
)
# What may stand before a command that was pasted from a terminal.
PROMPT = lazy_re.compile(
    r"^\s*(?:(?:\([\w.-]+\)\s+)?(?:\S*[$#>%]\s+|\[[^\]]*\][$#]\s+))?(?=(?:sudo\s+(?:-\S+\s+)*)?(?:docker|podman|nerdctl)\s)"
)
SECOND_PROMPT = lazy_re.compile(r"^>\s?")  # what the shell prints before the further lines of a command
SHOWN_ENV_FILE = lazy_re.compile(r"(?:cat|sudo cat|less|vi|vim|nano)\s+(/etc/default/[\w.-]+|\S*\.env)\s*$")
TITLE_OF_UNIT = lazy_re.compile(r"^# (/\S+\.(?:service|conf))")
ASSIGNMENT = lazy_re.compile(r"\s*(?:export\s+)?[A-Za-z_]\w*\s*=")
OF_A_PROCESS = {"PATH", "PWD", "HOME", "SHLVL", "_", "HOSTNAME", "TERM"}  # `env` printed these: no file
YAML_START = lazy_re.compile(r"^(?:services:|version:|apiVersion:|kind:|name:|x-[\w-]+:|networks:|volumes:|---|# )")
YAML_LINE = lazy_re.compile(r"^(?:\s+\S|#|---|\.\.\.|- |[\w.\"'/-]+:(?:\s|$)|\s*$)")

SYSTEMD_DROPS: Text = {
    "en": "systemd reads this file, not a shell: it drops lines that begin with `export`, so these variables were never set. They stand bare now.",
    "zh-hans": "这个文件由 systemd 读取，不是 shell：带 `export` 的行会被丢弃，这些变量从未生效。现已改为不带前缀的写法。",
}
COMMENT_IN_VALUE: Text = {
    "en": "A comment after a value becomes part of the value; it stands on a line of its own now.",
    "zh-hans": "写在值后面的注释会成为值的一部分；现已移到单独一行。",
}
PUT_BACK: Text = {
    "en": "Values that we hid stand as <…>: put your own back.",
    "zh-hans": "被隐藏的值显示为 <…>：请换回你自己的。",
}
FLAGS_ELSEWHERE: Text = {
    "en": "The engine's flags go into the model's Backend Parameters in GPUStack.",
    "zh-hans": "引擎参数请填入 GPUStack 中该模型的“后端参数”。",
}
RECREATE: dict[str, Text] = {
    "docker-run": {
        "en": "First `docker stop` and `docker rename` the old container, so that it can be taken back; then run this.",
        "zh-hans": "先用 `docker stop` 和 `docker rename` 停掉旧容器并改名，便于撤回；再运行此命令。",
    },
    "compose": {"en": "Then `docker compose up -d`.", "zh-hans": "然后运行 `docker compose up -d`。"},
    "env-file": {
        "en": "Then restart the unit that reads it (`sudo systemctl restart gpustack`).",
        "zh-hans": "然后重启读取它的服务（`sudo systemctl restart gpustack`）。",
    },
    "unit": {
        "en": "Then `sudo systemctl daemon-reload` and restart the unit.",
        "zh-hans": "然后运行 `sudo systemctl daemon-reload` 并重启该服务。",
    },
    "manifest": {"en": "Then `kubectl apply -f` it.", "zh-hans": "然后用 `kubectl apply -f` 应用。"},
}


@dataclass(frozen=True, slots=True)
class Patchable:
    """Text of the user that can be changed: where it stood and what it is."""

    kind: str  # docker-run | compose | env-file | unit | manifest
    file: str
    line: int
    text: str


def find_patchable(documents: Iterable[Document]) -> list[Patchable]:
    """Every command and file that was sent and can be given back, in the order of the documents."""
    found: list[Patchable] = []
    for document in documents:
        if len(document.texts) > MOST_LINES or not MAY_HOLD.search("\n".join(document.texts)):
            continue
        for start, lines in whole_runs(document):
            try:
                found += in_lines(document.name, start, lines)
            except RecursionError:
                continue  # YAML nested out of all reason
    return found


def whole_runs(document: Document) -> Iterator[tuple[int, list[str]]]:
    """(first line number, lines) of each stretch in which no line was left out."""
    start = 0
    for at in range(1, len(document.texts) + 1):
        if at == len(document.texts) or document.numbers[at] != document.numbers[at - 1] + 1:
            yield document.numbers[start], document.texts[start:at]
            start = at


def in_lines(file: str, start: int, lines: Sequence[str]) -> list[Patchable]:
    text = "\n".join(lines) + "\n"
    if kind := yaml_kind(text):
        return [Patchable(kind, file, start, text)]
    if is_env_file(file, lines):
        return [Patchable("env-file", file, start, text)]
    found: list[Patchable] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        taken = 1
        if COMMAND.search(line) and (prompt := PROMPT.match(line)):
            taken = until(lines, at, lambda _n, above: above.rstrip().endswith("\\"))
            further = lines[at + 1 : at + taken]
            if all(SECOND_PROMPT.match(one) for one in further):
                further = [SECOND_PROMPT.sub("", one) for one in further]
            command = "\n".join([line[prompt.end() :], *further]) + "\n"
            if read_docker_run(command):
                found.append(Patchable("docker-run", file, start + at, command))
        elif SHOWN_ENV_FILE.search(line):
            taken = until(
                lines, at, lambda n, _above: bool(re.match(r"\s*(?:#|;|$)", lines[n]) or ASSIGNMENT.match(lines[n]))
            )
            shown = "\n".join(lines[at + 1 : at + taken]).rstrip() + "\n"
            if env_file.read(shown):
                found.append(Patchable("env-file", file, start + at + 1, shown))
        elif line.strip() in ("[Unit]", "[Service]"):
            taken = until(
                lines,
                at,
                lambda n, above: (
                    above.endswith("\\") or bool(re.match(r"\s*$|[#;]|\[\w+\]\s*$|[A-Z]\w*\s*=", lines[n]))
                ),
            )
            unit = "\n".join(lines[at : at + taken]).rstrip() + "\n"
            if "[Service]" in unit:
                found.append(Patchable("unit", file, start + at, unit))
        elif YAML_START.match(line) and (line.startswith(("services:", "apiVersion:", "version:", "name:"))):
            taken = until(lines, at, lambda n, _above: bool(YAML_LINE.match(lines[n])))
            block = "\n".join(lines[at : at + taken]).rstrip() + "\n"
            if kind := yaml_kind(block):
                found.append(Patchable(kind, file, start + at, block))
            else:
                taken = 1
        at += taken
    return found


def until(lines: Sequence[str], at: int, goes_on: Any) -> int:
    """How many lines from `at` on belong together: the first, and each further one while `goes_on(n, line above)`."""
    end = at + 1
    while end < len(lines) and goes_on(end, lines[end - 1]):
        end += 1
    return end - at


def yaml_kind(text: str) -> str | None:
    """compose, manifest or None."""
    if not re.search(r"(?m)^(?:services|apiVersion):", text):
        return None
    from troubleshoot.diagnosis import patch_yaml  # imported where there is YAML: a tenth of a start, for few cases

    for part in re.split(r"(?m)^---[^\n]*\n", text):
        document = patch_yaml.load(part) if part.strip() else None
        if patch_yaml.services_of(document):
            return "compose"
        if patch_yaml.is_workload(document):
            return "manifest"
    return None


def is_env_file(file: str, lines: Sequence[str]) -> bool:
    """A file of assignments only, by what it holds and its name; not the output of `env`."""
    content = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", ";"))]
    if not content or not all(ASSIGNMENT.match(line) for line in content):
        return False
    held = env_file.read("\n".join(lines))
    if OF_A_PROCESS & {assignment.name for assignment in held}:
        return False
    named = re.search(r"default[/_-]?gpustack|gpustack|\.env$|^env$|environment", file, re.IGNORECASE)
    return bool(named) and not file.endswith((".sh", ".bash"))


def patch_env_file(text: str, env: dict[str, str]) -> tuple[str, list[Text]]:
    """An environment file of systemd with the variables set; `export` and trailing comments mended, and said."""
    notes: list[Text] = []
    lines = text.splitlines()
    remaining = dict(env)
    out: list[str] = []
    for line in lines:
        read = env_file.read(line)
        if not read:
            out.append(line)
            continue
        assignment = read[0]
        if assignment.exported:
            line = env_file.EXPORT.sub("", line)
            notes.append(SYSTEMD_DROPS)
        if assignment.trailing_comment and (cut := re.search(r"\s+(#.*)$", line)):
            out.append(cut[1])
            line = line[: cut.start()]
            notes.append(COMMENT_IN_VALUE)
        if assignment.name in env:
            if assignment.name not in remaining:
                continue  # a second line of the same name would win over the first
            line = f"{assignment.name}={remaining.pop(assignment.name)}"
        out.append(line)
    out += [f"{name}={value}" for name, value in remaining.items()]
    return "\n".join(out) + "\n", [note for n, note in enumerate(notes) if note not in notes[:n]]


def patch_unit(text: str, env: dict[str, str], flags: tuple[str, ...], memlock: bool = False) -> str:
    """A systemd unit with the variables, the engine's flags and the memlock limit set in [Service]."""
    lines = text.splitlines()
    inside = False
    last = header = -1
    remaining = dict(env)
    started: tuple[int, int] | None = None
    has_limit = False
    for at, line in enumerate(lines):
        if re.match(r"\[\w+\]", line.strip()):
            inside = line.strip() == "[Service]"
            header = at if inside else header
        elif inside and re.match(r"\s*Environment\s*=", line):
            for name, value in env.items():
                found = re.search(rf"(?<!\w){name}=[^\s\"']*", line)
                line = line if found is None else f"{line[: found.start()]}{name}={value}{line[found.end() :]}"
                if found:
                    remaining.pop(name, None)
            lines[at], last = line, at
        elif inside and re.match(r"\s*LimitMEMLOCK\s*=", line):
            lines[at], has_limit = ("LimitMEMLOCK=infinity" if memlock else line), True
        elif inside and re.match(r"\s*ExecStart\s*=\s*\S", line):
            started = (at, at + until(lines, at, lambda _n, above: above.endswith("\\")))
    if header < 0:
        return text
    if started and flags and ENGINE_COMMAND.search(" ".join(lines[started[0] : started[1]])):
        end = started[1] - 1
        whole = " ".join(lines[started[0] : started[1]])
        missing = [flag for flag in flags if flag.split()[0] not in whole]
        lines[end] = lines[end].rstrip() + "".join(f" {flag}" for flag in missing)
    added = [f'Environment="{name}={value}"' for name, value in remaining.items()]
    if memlock and not has_limit:
        added.append("LimitMEMLOCK=infinity")
    at = (last if last >= 0 else header) + 1
    return "\n".join([*lines[:at], *added, *lines[at:]]) + "\n"


def unified(before: str, after: str, file: str) -> str:
    """A unified diff, "" when nothing changed."""
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), file, file))


def patch(
    patchable: Patchable, change: Change, flags: tuple[str, ...] = (), service: str = ""
) -> tuple[str, str, list[Text]]:
    """(new text, unified diff, notes). The text is the old one where nothing had to change."""
    env = dict(change.env)
    before, notes = patchable.text, [RECREATE[patchable.kind]]
    if patchable.kind == "docker-run":
        run = read_docker_run(before)
        is_gpustack = run is not None and "gpustack/gpustack" in run.image.value
        if run is not None and is_gpustack:
            after, more = patch_gpustack_run(before, change, flags)
            notes += more
        else:
            after = patch_docker_run(before, change, flags)
    elif patchable.kind == "compose":
        from troubleshoot.diagnosis.patch_yaml import patch_compose

        after = patch_compose(before, change, flags, service)
    elif patchable.kind == "manifest":
        from troubleshoot.diagnosis.patch_yaml import patch_manifest

        after = patch_manifest(before, change, flags)
    elif patchable.kind == "unit":
        after = patch_unit(before, env, flags, bool(change.container.get("memlock")))
    else:
        after, more = patch_env_file(before, env)
        notes = [*more, *notes]
    if patchable.kind in ("unit", "env-file") and (missing := [flag for flag in flags if flag.split()[0] not in after]):
        notes.append(flags_of_the_engine(missing))
    if STAND_IN.search(after):
        notes.append(PUT_BACK)
    return after, unified(before, after, patchable.file), notes


def flags_of_the_engine(flags: Sequence[str]) -> Text:
    """Said where the user's file sets the variables and the engine's arguments stand elsewhere."""
    shown = ", ".join(f"`{flag}`" for flag in flags)
    return {
        "en": f"Also add {shown} to the engine's arguments; in GPUStack they are the model's Backend Parameters.",
        "zh-hans": f"另外把 {shown} 加到引擎的启动参数里；在 GPUStack 中即该模型的“后端参数”。",
    }


def patch_gpustack_run(text: str, change: Change, flags: tuple[str, ...]) -> tuple[str, list[Text]]:
    """GPUStack's own container: its engines take the variables over, not the flags. A server without GPUs stays as it is."""
    run = read_docker_run(text)
    assert run is not None
    is_second = run.has("--runtime") or any("docker.sock" in value for value in run.values("-v", "--volume", "--mount"))
    if not is_second and not run.has("--gpus"):
        return text, []
    notes = [FLAGS_ELSEWHERE] if flags else []
    container = {key: value for key, value in change.container.items() if key != "shm_size"}
    if is_second:
        # The worker copies its variables to its engines only when it finds its own container (domain/gpustack.md 5.3).
        own = next(iter(run.values("--name")), "")
        mirrored = {"GPUSTACK_RUNTIME_DEPLOY_MIRRORED_NAME": own} if own and change.env else {}
        return patch_docker_run(text, Change(change.env, {}, {}), (), mirrored), notes
    if "shm_size" in change.container and "host" not in run.values("--ipc") and not run.has("--shm-size"):
        container["shm_size"] = change.container["shm_size"]
    return patch_docker_run(text, Change(change.env, {}, container), ()), notes


def patched(documents: Iterable[Document], change: Change, facts: Facts) -> list[dict[str, Any]]:
    """The user's own files with the change made, as the contract's tables; none for what has it already."""
    return patched_from(find_patchable(documents), change, facts)


def patched_from(patchables: Iterable[Patchable], change: Change, facts: Facts) -> list[dict[str, Any]]:
    if not change.kinds:
        return []
    found = names(facts)
    filled = Change(
        {name: fill_words(value, found) for name, value in change.env.items()},
        {},
        {key: fill_words(value, found) if isinstance(value, str) else value for key, value in change.container.items()},
    )
    if any("<" in value for value in filled.env.values()):
        return []  # a value that nobody knows yet: the snippets show where it belongs
    flags = change.flags_of(engine_of(facts))
    service = str(facts.value("service_name") or "")
    made = []
    for patchable in patchables:
        try:
            after, diff, notes = patch(patchable, filled, flags, service)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            continue  # an odd file is left as it is: the snippets still say what to do
        if diff:
            made.append(
                {
                    "file": patchable.file,
                    "line": patchable.line,
                    "kind": patchable.kind,
                    "diff": diff,
                    "text": after,
                    "notes": notes,
                }
            )
    return made[:MOST_PATCHES]
