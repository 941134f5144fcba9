"""Fills the templates of snippets with a change and with the names and values found in the upload.

A template is text with `{{ name }}`. Where the value is a list, its line is repeated for each item (with what stands
before and after it) and goes away when the list is empty; an item of several lines keeps its own indent. A line that
begins with `{{? name }}` stays only when the value is there, with `{{! name }}` only when it is not.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troubleshoot.diagnosis import lazy_re, versions
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts

Value = str | list[str]
SLOT = lazy_re.compile(r"\{\{ *(\w+) *\}\}")
CONDITION = lazy_re.compile(r"\{\{([?!]) *(\w+) *\}\}")
# What may stand in a command that people paste: no quotes, blanks or shell signs, so redacted or odd names are left out.
PLAIN_NAME = lazy_re.compile(r"[\w.@:/+~-]{1,200}")
YAML_PLAIN = lazy_re.compile(r"[A-Za-z<][\w./:@<>-]*")
SAFE_IN_SHELL = lazy_re.compile(r"[\w.@:/+=,~%^-]+")
GIB = 1 << 30
GPUSTACK_SHM_GIB = 10  # what GPUStack 2.x gives every engine (domain/gpustack.md 2.1)


@dataclass(frozen=True, slots=True)
class Change:
    """What a remedy changes about a launch, whatever the install method.

    env        NAME → value
    flags      engine → its flags, one string each: "--max-model-len 8192"
    container  shm_size ("16g"), ipc_host, memlock, cap_add ([…]), host_network, privileged
    """

    env: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    container: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        return {kind for kind in ("env", "flags", "container") if getattr(self, kind)}

    def of(self, kinds: set[str]) -> Change:
        """The part of the change that is of these kinds."""
        return Change(
            self.env if "env" in kinds else {},
            self.flags if "flags" in kinds else {},
            self.container if "container" in kinds else {},
        )

    def merged(self, other: Change) -> Change:
        """Both changes in one. Raises ValueError when they want different values for one name."""
        for name in self.env.keys() & other.env.keys():
            if self.env[name] != other.env[name]:
                raise ValueError(f"{name} cannot be both {self.env[name]} and {other.env[name]}")
        engines = list(dict.fromkeys([*self.flags, *other.flags]))
        flags = {e: tuple(dict.fromkeys((*self.flags.get(e, ()), *other.flags.get(e, ())))) for e in engines}
        for engine, given in flags.items():
            names = [flag.split()[0] for flag in given]
            if len(set(names)) != len(names):
                raise ValueError(f"two values for one flag of {engine}: {' '.join(given)}")
        container = {**self.container, **other.container}
        if "cap_add" in container:
            container["cap_add"] = list(
                dict.fromkeys([*self.container.get("cap_add", []), *other.container.get("cap_add", [])])
            )
        sizes = [c["shm_size"] for c in (self.container, other.container) if "shm_size" in c]
        if sizes:
            # A size that is filled in from the upload ("{{ shm_size }}") is what that upload needs.
            container["shm_size"] = next((size for size in sizes if "{{" in size), max(sizes, key=size_gib))
        return Change({**self.env, **other.env}, flags, container)

    def flags_of(self, engine: str) -> tuple[str, ...]:
        return tuple(self.flags.get(engine, ()))


def size_gib(size: str) -> float:
    """Gibibytes of "16g", "16gb", "16Gi", "512m"; 0 for what cannot be read."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([kmgt]?)i?b?\s*", str(size).lower())
    if not match:
        return 0.0
    return float(match[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": GIB, "t": GIB << 10}[match[2]] / GIB


def plain(value: Any) -> str | None:
    """`value` as it may stand in a command, or None."""
    text = "" if value is None else str(value)
    return text if PLAIN_NAME.fullmatch(text) and not text.startswith("-") else None


def engine_of(facts: Facts) -> str:
    """The engine whose flags and start command are shown: vLLM unless another is known (GPUStack starts vLLM)."""
    told = facts.value("engine")
    return "vllm" if told in (None, "ray", "gpustack") else str(told)


def names(facts: Facts) -> dict[str, str]:
    """The names and values of this upload that templates use, or a placeholder that says what belongs there."""
    engine = engine_of(facts)
    image = plain(facts.value("image"))
    version = plain(facts.value("engine_version"))
    gpustack_version = plain(facts.value("gpustack_version"))
    tp = facts.value("tensor_parallel_size") or facts.value("gpu_count")
    container = plain(facts.value("container_name"))
    service = plain(facts.value("service_name"))
    # GPUStack 2.x calls an instance's containers <instance>-run-0, …: then the name is not the worker's.
    of_instance = re.fullmatch(r"(.+)-(?:run-\d+|pause)", container or "")
    gpustack = None if of_instance else container
    found = {
        "engine": {"vllm": "vLLM", "sglang": "SGLang"}.get(engine, engine),
        "model": plain(facts.value("model")) or "<model>",
        "tp": str(tp) if tp else "<number of GPUs>",
        "ranks": str(facts.value("world_size") or tp or "<number of ranks>"),
        "gpu_count": str(facts.value("gpu_count") or tp or "<number of GPUs>"),
        "container": container or "<container>",
        "gpustack_container": gpustack or "gpustack",
        "worker_container": gpustack or "gpustack-worker",
        "instance": of_instance[1] if of_instance else "<instance>",
        "service": service or "<service>",
        # A key of a compose file may not hold "<": the placeholder is a word that is plainly one.
        "compose_service": service or "your-service",
        "unit": (service or "<unit>").removesuffix(".service"),
        "workload": service or container or "<deployment>",
        "namespace": "<namespace>",
        "interface": interface(facts) or "<interface>",
        "engine_version": version or "<version>",
        "driver_version": plain(facts.value("driver_version")) or "<driver version>",
        "nodes": str(facts.value("node_count") or "<number of nodes>"),
        # "2.1" only says which line of releases it is
        "gpustack_tag": f"v{gpustack_version.removeprefix('v')}"
        if gpustack_version and gpustack_version.count(".") > 1
        else "<same tag>",
        "api": "v2" if gpustack_version and versions.fits(gpustack_version, ">=2.0") else "v1",
        "shm_size": f"{shm_gib(facts)}g",
        "shm_gib": str(shm_gib(facts)),
    }
    default = {"sglang": "lmsysorg/sglang", "vllm": "vllm/vllm-openai"}.get(engine)
    tag = f":v{version.removeprefix('v')}" if version and engine == "vllm" else ":<same tag>"
    found["process"] = {"sglang": "sglang", "vllm": "vllm"}.get(engine, "python")
    found["processes"] = f"{found['process']}|python" if found["process"] != "python" else "python"
    found["gpustack_image"] = image if image and "gpustack/gpustack" in image else "gpustack/gpustack:<same tag>"
    found["image"] = image or (default + tag if default else "<image>")
    return found


def interface(facts: Facts) -> str | None:
    """The one interface that can carry traffic between machines, when there is just one."""
    virtual = re.compile(r"lo\b|docker|veth|virbr|br-|cni|flannel|cali|tun|tap|wg|tailscale|podman|lxc|kube|ib\d")
    usable = {
        fact.value[0]
        for fact in facts.all("interface")
        if fact.value[1] and fact.value[2] is not False and not virtual.match(fact.value[0])
    }
    return plain(usable.pop()) if len(usable) == 1 else None


def shm_gib(facts: Facts) -> int:
    """How large /dev/shm should become: 16 GiB, or twice what was there and did not suffice."""
    told = facts.value("shm_bytes")
    size = 16
    while told and size * GIB < 2 * told and size < 256:
        size *= 2
    return size


def start_command(engine: str, found: Mapping[str, str], flags: tuple[str, ...]) -> str:
    """The engine's start command, words not yet quoted for a shell; '<…>' words stand for what is not known."""
    if engine == "vllm":
        words = ["vllm", "serve", found["model"], "--tensor-parallel-size", found["tp"]]
    elif engine == "sglang":
        words = ["python3", "-m", "sglang.launch_server", "--model-path", found["model"], "--tp", found["tp"]]
    else:
        words = ["<your launch command>"]
    return " ".join(quoted(word) for word in [*words, *(part for flag in flags for part in flag.split())])


def serve_arguments(engine: str, found: Mapping[str, str], flags: tuple[str, ...]) -> list[str]:
    """What follows the image of the engine's official container."""
    given = [part for flag in flags for part in flag.split()]
    if engine == "vllm":
        return ["--model", found["model"], "--tensor-parallel-size", found["tp"], *given]
    if engine == "sglang":
        return ["python3", "-m", "sglang.launch_server", "--model-path", found["model"], "--tp", found["tp"], *given]
    return ["<your launch command>", *given]


def quoted(word: str) -> str:
    """For a POSIX shell; a placeholder is quoted, so that it can neither redirect nor break the line."""
    return word if SAFE_IN_SHELL.fullmatch(word) else shlex.quote(word)


def yaml_word(word: str) -> str:
    return word if YAML_PLAIN.fullmatch(word) and not word.endswith(":") else json.dumps(word, ensure_ascii=False)


def values_of(change: Change, facts: Facts, language: str, found: Mapping[str, str] | None = None) -> dict[str, Value]:
    """Every value that a template may name, for a snippet in `language`; `found` is `names(facts)` where it is at hand."""
    found = found or names(facts)
    engine = engine_of(facts)
    env = {name: fill_words(value, found) for name, value in change.env.items()}
    flags = tuple(fill_words(flag, found) for flag in change.flags_of(engine))
    container = {
        key: fill_words(value, found) if isinstance(value, str) else value for key, value in change.container.items()
    }
    shm = container.get("shm_size", "")
    capabilities = container.get("cap_add", [])
    arguments = serve_arguments(engine, found, flags)
    # GPUStack 2.x gives every engine 10 GiB; only a wish for more is a change there.
    wanted = size_gib(shm) if shm else 0.0
    gpustack_env = {
        **env,
        **({"GPUSTACK_MODEL_RUNTIME_SHM_SIZE_GIB": f"{wanted:.0f}"} if wanted > GPUSTACK_SHM_GIB else {}),
    }
    docker = [f"-e {quoted(f'{name}={value}')}" for name, value in env.items()]
    compose: list[str] = []
    if shm:
        compose.append(f"shm_size: {size_gib(shm):.0f}gb")
    if container.get("memlock"):
        compose.append("ulimits:\n  memlock: -1")
    if capabilities:
        compose.append("cap_add:\n" + "\n".join(f"  - {capability}" for capability in capabilities))
    if container.get("host_network"):
        compose.append("network_mode: host")
    if container.get("privileged"):
        compose.append("privileged: true")
    quote = {"sh": quoted, "yaml": yaml_word}.get(language, str)
    return {
        **{name: quote(value) for name, value in found.items()},
        "open": "{{",
        "close": "}}",
        "env": [f"{name}={value}" for name, value in env.items()],
        "env_names": list(env),
        "env_pattern": "|".join(env),
        "env_quoted": [quoted(f"{name}={value}") for name, value in env.items()],
        "env_words": " ".join(f"{name}={quoted(value)}" for name, value in env.items()),
        "env_unset": " ".join(f"{name}-" for name in env),
        "env_export": [f"export {name}={quoted(value)}" for name, value in env.items()],
        "env_comma": ",".join(f"{name}={value}" for name, value in env.items()),
        "env_json": json.dumps(env, ensure_ascii=False),
        "env_yaml": [f"{name}: {json.dumps(value)}" for name, value in env.items()],
        "env_yaml_list": [
            f"- {json.dumps(f'{name}={value}') if ' ' in value else f'{name}={value}'}" for name, value in env.items()
        ],
        "env_k8s": [f"- name: {name}\n  value: {json.dumps(value)}" for name, value in env.items()],
        "env_systemd": [f'Environment="{name}={value}"' for name, value in env.items()],
        "env_ui": [f"{name} = {value}" for name, value in env.items()],
        "gpustack_env": [f"{name} = {value}" for name, value in gpustack_env.items()],
        "gpustack_env_json": json.dumps(gpustack_env, ensure_ascii=False),
        "gpustack_env_names": list(gpustack_env),
        "docker_env": docker,
        "docker_container": docker_options(container),
        "docker_container_ipc": [option for option in docker_options(container) if "--shm-size" not in option],
        "compose_container": compose,
        "compose_container_ipc": [lines for lines in compose if not lines.startswith("shm_size")],
        "flags": " ".join(quoted(part) for flag in flags for part in flag.split()),
        "flags_list": list(flags),
        "flags_first": [flag.split()[0] for flag in flags],
        "backend_parameters": [flag.replace(" ", "=", 1) for flag in flags],
        "backend_parameters_json": json.dumps([flag.replace(" ", "=", 1) for flag in flags], ensure_ascii=False),
        "command": start_command(engine, found, flags),
        "serve_arguments": " ".join(quoted(word) for word in arguments),
        "serve_arguments_yaml": [f"- {json.dumps(word, ensure_ascii=False)}" for word in arguments],
        "shm": shm,
        "shm_k8s": f"{wanted:.0f}Gi" if shm else "",
        "memlock": "yes" if container.get("memlock") else "",
        "security_k8s": security_k8s(container),
        "host_network": "yes" if container.get("host_network") else "",
        "privileged": "yes" if container.get("privileged") else "",
    }


class Filling:
    """The values of one upload for its snippets, made once for each change and language."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.names = names(facts)
        self._made: dict[tuple[str, str], dict[str, Value]] = {}

    def values(self, change: Change, language: str) -> dict[str, Value]:
        """Every value that a template may name (`values_of`)."""
        key = (repr(change), language)
        if key not in self._made:
            self._made[key] = values_of(change, self.facts, language, self.names)
        return self._made[key]


def security_k8s(container: Mapping[str, Any]) -> list[str]:
    """The lines of a container's securityContext. Kubernetes has no ulimit: IPC_LOCK is what lets memory be locked."""
    added = list(dict.fromkeys([*(["IPC_LOCK"] if container.get("memlock") else []), *container.get("cap_add", [])]))
    lines = ["privileged: true"] if container.get("privileged") else []
    return lines + ([f"capabilities:\n  add: [{', '.join(added)}]"] if added else [])


def docker_options(container: Mapping[str, Any]) -> list[str]:
    """The options of `docker run` that make these changes."""
    options = []
    if container.get("shm_size"):
        options.append(f"--shm-size={container['shm_size']}")
    if container.get("memlock"):
        options.append("--ulimit memlock=-1")
    options += [f"--cap-add {capability}" for capability in container.get("cap_add", [])]
    if container.get("host_network"):
        options.append("--network host")
    if container.get("privileged"):
        options.append("--privileged")
    return options


def fill_words(text: str, found: Mapping[str, str]) -> str:
    """`text` with plain names filled in, as they are: for words and for the values of a change."""
    return SLOT.sub(lambda m: found.get(m[1], m[0]), text)


def fill_text(words: Text, values: Mapping[str, Value]) -> Text:
    """A text for people, filled in every language, lines joined to one; lists are joined with commas."""
    return {
        lang: ("" if lang == "zh-hans" else " ").join(fill(text, values, inline=True).split("\n")).strip()
        for lang, text in words.items()
    }


def fill(template: str, values: Mapping[str, Value], inline: bool = False) -> str:
    """The template with its slots filled. Raises KeyError for a slot that has no value: a mistake of ours."""
    out: list[str] = []
    for line in template.split("\n"):
        kept = conditional(line, values)
        if kept is None:
            continue
        lists = [] if inline else [m for m in SLOT.finditer(kept) if isinstance(values[m[1]], list)]
        if not lists:
            out.append(SLOT.sub(lambda m: as_words(values[m[1]]), kept))
            continue
        slot = lists[0]
        before, after = kept[: slot.start()], kept[slot.end() :]
        indent = " " * (len(before) - len(before.lstrip()))
        for item in values[slot[1]]:
            first, *rest = item.split("\n")
            made = [before + first, *(indent + more for more in rest)]
            made[-1] += after
            out += [SLOT.sub(lambda m: as_words(values[m[1]]), each) for each in made]
    return "\n".join(out)


def conditional(line: str, values: Mapping[str, Value]) -> str | None:
    """The line without its conditions, or None when one of them does not hold. The indent before them is kept."""
    while match := re.match(r"(\s*)" + CONDITION.pattern, line):
        if bool(values[match[3]]) != (match[2] == "?"):
            return None
        line = match[1] + line[match.end() :]
    return line


def as_words(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def slots(template: str) -> set[str]:
    """The names that a template uses."""
    return {m[1] for m in SLOT.finditer(template)} | {m[2] for m in CONDITION.finditer(template)}
