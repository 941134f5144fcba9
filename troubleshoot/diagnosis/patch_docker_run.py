"""Changes a `docker run` command in place: words keep their quotes, lines their backslashes, options their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.snippets import Change, docker_options, quoted, size_gib

# Options of `docker run` (and podman's, nerdctl's) that take no value; every other one does.
SWITCHES = {
    "--detach", "--interactive", "--tty", "--rm", "--privileged", "--init", "--publish-all", "--read-only", "--help",
    "--no-healthcheck", "--oom-kill-disable", "--sig-proxy", "--disable-content-trust", "--quiet", "--replace",
}  # fmt: skip
SHORT_SWITCHES = "ditPq"
COMMAND = lazy_re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b")
STAND_IN = lazy_re.compile(r"<[\w. -]+>")  # what redaction, or a manual, puts for a value: no redirection
ENGINE_COMMAND = lazy_re.compile(r"vllm serve|vllm\.entrypoints|sglang\.launch_server|sglang serve")
ENGINE_ENTRYPOINT = lazy_re.compile(r"vllm-openai|/vllm-serve|vllm/vllm")  # images that start the engine themselves
ENGINE_ARGUMENT = lazy_re.compile(
    r"(?:^|\s)(?:--model(?:-path)?|--tensor-parallel-size|-tp|--tp(?:-size)?|--served-model-name)(?:[=\s]|$)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a shell command: where it stands, and what it says without quotes."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    value: str
    word: Word  # the word that holds the value
    prefix: str  # what of that word stands before the value: "--env=", "-e", ""


@dataclass(frozen=True, slots=True)
class DockerRun:
    options: tuple[Option, ...]
    image: Word
    arguments: tuple[Word, ...]

    def values(self, *names: str) -> list[str]:
        return [option.value for option in self.options if option.name in names]

    def has(self, name: str) -> bool:
        return any(option.name == name for option in self.options)


def words_of(text: str) -> list[Word]:
    """The words of the first command, up to its end (newline without backslash, `;`, `|`, `&`, a redirection)."""
    found: list[Word] = []
    at = 0
    while at < len(text):
        if text.startswith("\\\n", at) or text.startswith("\\\r\n", at):
            at = text.index("\n", at) + 1
            continue
        char = text[at]
        if char in " \t":
            at += 1
            continue
        if char in "\n;|&<>#" and not STAND_IN.match(text, at):
            break
        start, value = at, ""
        while at < len(text):
            if stand_in := STAND_IN.match(text, at):
                value += stand_in[0]
                at = stand_in.end()
                continue
            char = text[at]
            if char in " \t\n;|&<>":
                break
            if char == "\\":
                if text.startswith(("\\\n", "\\\r\n"), at):
                    break
                value += text[at + 1 : at + 2]
                at += 2
            elif char in "'\"":
                closing = at + 1
                while closing < len(text) and text[closing] != char:
                    closing += 2 if char == '"' and text[closing] == "\\" else 1
                value += text[at + 1 : closing]
                at = closing + 1
            else:
                value += char
                at += 1
        if value.isdigit() and text[at : at + 1] in ("<", ">"):
            break  # "2>&1": the number belongs to the redirection
        found.append(Word(start, min(at, len(text)), value))
    return found


def read_docker_run(text: str) -> DockerRun | None:
    """The command's parts, or None when it is no `docker run` with an image."""
    words = words_of(text)
    verb = next((n for n, word in enumerate(words) if word.value in ("run", "create")), None)
    if verb is None or not any(word.value in ("docker", "podman", "nerdctl") for word in words[:verb]):
        return None
    options: list[Option] = []
    at = verb + 1
    while at < len(words) and words[at].value.startswith("-"):
        word = words[at]
        at += 1
        name, equals, value = word.value.partition("=") if word.value.startswith("--") else (word.value, "", "")
        if equals:
            options.append(Option(name, value, word, name + "="))
        elif name.startswith("--"):
            if name in SWITCHES or at >= len(words):
                options.append(Option(name, "", word, ""))
            else:
                options.append(Option(name, words[at].value, words[at], ""))
                at += 1
        else:
            letters = name[1:]
            valued = next((n for n, letter in enumerate(letters) if letter not in SHORT_SWITCHES), None)
            options += [Option("-" + letter, "", word, "") for letter in letters[:valued]]
            if valued is None:
                continue
            attached = letters[valued + 1 :]
            if attached:
                options.append(Option("-" + letters[valued], attached.removeprefix("="), word, name[: valued + 2]))
            elif at < len(words):
                options.append(Option("-" + letters[valued], words[at].value, words[at], ""))
                at += 1
    return DockerRun(tuple(options), words[at], tuple(words[at + 1 :])) if at < len(words) else None


def line_indent(text: str, at: int) -> str | None:
    """The blanks before `at`, when nothing else stands before it on its line."""
    begin = text.rfind("\n", 0, at) + 1
    return text[begin:at] if begin and not text[begin:at].strip() else None


def patch_docker_run(
    text: str, change: Change, flags: tuple[str, ...], extra_env: Mapping[str, str] | None = None
) -> str:
    """`text` with the change made; unchanged when it is no `docker run` or has all of it already."""
    run = read_docker_run(text)
    if run is None:
        return text
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for name, value in {**(extra_env or {}), **change.env}.items():
        held = next((o for o in run.options if o.name in ("-e", "--env") and o.value.partition("=")[0] == name), None)
        if held is None:
            added.append(f"-e {quoted(f'{name}={value}')}")
        elif held.value != f"{name}={value}":
            edits.append((held.word.start, held.word.end, held.prefix + quoted(f"{name}={value}")))
    container = dict(change.container)
    if "shm_size" in container:
        held = next((o for o in run.options if o.name == "--shm-size"), None)
        mounted = any(re.search(r"[:=]/dev/shm\b", value) for value in run.values("-v", "--volume", "--mount"))
        if mounted or "host" in run.values("--ipc"):
            del container["shm_size"]
        elif held is not None:
            wanted = container.pop("shm_size")
            if size_gib(held.value) < size_gib(wanted):
                edits.append((held.word.start, held.word.end, held.prefix + wanted))
    added += [option for option in docker_options(container) if not has_option(run, option)]
    if added:
        indent = line_indent(text, run.image.start)
        between = " " if indent is None else f" \\\n{indent}"
        edits.append((run.image.start, run.image.start, between.join(added) + between))
    edits += flag_edits(text, run, flags)
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def has_option(run: DockerRun, option: str) -> bool:
    name, _, value = option.partition(" ")
    name, value = (name, value) if value else (name.partition("=")[0], name.partition("=")[2])
    if name in ("--network", "--net"):
        return "host" in run.values("--network", "--net")
    if name == "--ulimit":
        return any(held.startswith("memlock=") for held in run.values("--ulimit"))
    return any(held.name == name and held.value in (value, "ALL") for held in run.options)


def starts_an_engine(image: str, command: str) -> bool:
    """Whether flags at the end of this command reach an engine, and not a shell or a program of its own."""
    if ENGINE_COMMAND.search(command):
        return True
    # An image of an engine takes bare arguments; elsewhere only arguments that engines have tell.
    return bool(
        ENGINE_ARGUMENT.search(command) or (ENGINE_ENTRYPOINT.search(image) and command.lstrip().startswith("-"))
    )


def flag_edits(text: str, run: DockerRun, flags: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """What puts the engine's flags into the arguments, or into the quoted command of `bash -c`."""
    script = next((word for word in run.arguments if " " in word.value and ENGINE_COMMAND.search(word.value)), None)
    if script is not None:
        missing = [flag for flag in flags if flag.split()[0] not in script.value]
        inside = script.end - 1 if text[script.end - 1] in "'\"" else script.end
        return [(inside, inside, "".join(f" {flag}" for flag in missing))] if missing else []
    if not starts_an_engine(run.image.value, " ".join(word.value for word in run.arguments)):
        return []
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for flag in flags:
        name, _, value = flag.partition(" ")
        at = next((n for n, w in enumerate(run.arguments) if w.value == name or w.value.startswith(name + "=")), None)
        if at is None:
            added.append(flag)
        elif value and "=" in run.arguments[at].value:
            edits.append((run.arguments[at].start, run.arguments[at].end, f"{name}={value}"))
        elif value and at + 1 < len(run.arguments):
            edits.append((run.arguments[at + 1].start, run.arguments[at + 1].end, value))
    if added:
        words = [run.image, *run.arguments]
        own_line = next((i for i in (line_indent(text, w.start) for w in reversed(words)) if i is not None), None)
        # A flag a line only where the arguments already stand so: some argument begins a line.
        multi = any(line_indent(text, word.start) is not None for word in run.arguments)
        between = f" \\\n{own_line}" if multi and own_line is not None else " "
        edits.append((words[-1].end, words[-1].end, "".join(between + flag for flag in added)))
    return edits
