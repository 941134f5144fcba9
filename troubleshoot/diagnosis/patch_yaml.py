"""Changes a compose file or a Kubernetes manifest in place, with ruamel.yaml's round trip: comments and order stay."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, ScalarString

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.patch_docker_run import ENGINE_COMMAND, starts_an_engine
from troubleshoot.diagnosis.snippets import Change, size_gib

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "Pod", "Job", "CronJob", "ReplicaSet", "LeaderWorkerSet"}
ENGINE_IMAGE = lazy_re.compile(r"vllm|sglang|lmsysorg|gpustack|runner:", re.IGNORECASE)
ALIAS = lazy_re.compile(r"(?<![\w*])\*[\w-]+")
MOST_ALIASES = 30
MOST_NESTING = 50
NVIDIA = lazy_re.compile(r"nvidia", re.IGNORECASE)


def yaml_like(text: str) -> YAML:
    """A round-trip reader and writer that indents as `text` does."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    mapping = dash = None
    for above, line in pairwise(lines):
        deeper = indent_of(line) - indent_of(above)
        if not above.rstrip().endswith(":") or above.lstrip().startswith("- "):
            continue
        if line.lstrip().startswith("- "):
            dash = deeper if dash is None else dash
        elif deeper > 0 and mapping is None:
            mapping = deeper
    mapping, dash = mapping or 2, dash or 0
    yaml.indent(mapping=mapping, sequence=dash + 2, offset=dash)
    return yaml


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def nesting(text: str) -> int:
    """How deep brackets and blanks nest, without reading it as YAML."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return max(deepest, max((indent_of(line) for line in text.splitlines()), default=0) // 2)


def load(text: str) -> Any:
    """What the text holds, or None when it is no YAML (or so nested or full of aliases that it may be meant to explode)."""
    if len(ALIAS.findall(text)) > MOST_ALIASES or nesting(text) > MOST_NESTING:
        return None
    try:
        return yaml_like(text).load(text)
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError, KeyError, RecursionError):
        return None


def rewritten(text: str, edit: Callable[[Any], bool]) -> str:
    """`text` after `edit` changed what it holds; as it was when nothing changed or it cannot be written back."""
    yaml = yaml_like(text)
    document = load(text)
    if document is None or not edit(document):
        return text
    out = io.StringIO()
    try:
        yaml.dump(document, out)
    except (YAMLError, TypeError, AttributeError):
        return text
    return out.getvalue()


def put(mapping: CommentedMap, key: str, value: Any) -> None:
    """A new key, behind a key after which no comment or blank line stands, so that none changes its neighbour."""
    for at, held in enumerate(list(mapping)):
        if held in ("image", "name") and not isinstance(mapping[held], (dict, list)) and ends_its_line(mapping, held):
            mapping.insert(at + 1, key, value)
            return
    mapping[key] = value


def ends_its_line(mapping: CommentedMap, key: str) -> bool:
    """Nothing but a comment on its own line follows this key's value."""
    held = [token for token in mapping.ca.items.get(key, []) if token is not None]
    return all(
        not isinstance(token, list) and token.value.startswith("#") and token.value.count("\n") <= 1 for token in held
    )


def append(sequence: CommentedSeq, value: Any) -> None:
    """A new last item; blank lines and comments that follow the list stay behind it."""
    sequence.append(value)
    last = len(sequence) - 2
    held = sequence.ca.items.get(last)
    if held and held[0] is not None and str(held[0].value).startswith("\n"):
        sequence.ca.items[last + 1] = sequence.ca.items.pop(last)


def set_environment(owner: CommentedMap, key: str, env: dict[str, str]) -> bool:
    """Compose's `environment`, a list of NAME=value or a mapping."""
    held = owner.get(key)
    if held is None:
        made = CommentedSeq([f"{name}={value}" for name, value in env.items()])
        if key in owner:
            owner[key] = made
        else:
            put(owner, key, made)
        return bool(env)
    changed = False
    for name, value in env.items():
        if isinstance(held, CommentedMap):
            if str(held.get(name)) != value:
                held[name] = DoubleQuotedScalarString(value)
                changed = True
        elif isinstance(held, CommentedSeq):
            at = next((n for n, item in enumerate(held) if str(item).partition("=")[0].strip() == name), None)
            if at is None:
                append(held, f"{name}={value}")
                changed = True
            elif str(held[at]) != f"{name}={value}":
                held[at] = f"{name}={value}"
                changed = True
    return changed


def words_of_command(owner: CommentedMap) -> str:
    """The command and arguments of a service or container, as one line."""
    parts: list[str] = []
    for key in ("entrypoint", "command", "args"):
        held = owner.get(key)
        parts += [str(word) for word in held] if isinstance(held, CommentedSeq) else [str(held)] if held else []
    return " ".join(parts)


def set_flags(owner: CommentedMap, key: str, flags: tuple[str, ...]) -> bool:
    """The engine's flags in a command that is a list of words, a list with one shell line, or a string."""
    held = owner.get(key)
    if isinstance(held, str):
        new = with_flags(held, flags)
        if new == str(held):
            return False
        owner[key] = like(held, new)
        return True
    if not isinstance(held, CommentedSeq):
        return False
    script = next(
        (n for n, word in enumerate(held) if " " in str(word).strip() and ENGINE_COMMAND.search(str(word))), None
    )
    if script is not None:
        new = with_flags(str(held[script]), flags)
        changed = new != str(held[script])
        held[script] = like(held[script], new)
        return changed
    changed = False
    for flag in flags:
        name, _, value = flag.partition(" ")
        at = next(
            (n for n, w in enumerate(held) if str(w) == name or str(w).startswith((name + "=", name + " "))), None
        )
        if at is None:
            for part in flag.split():
                append(held, like(held[-1], part) if held else DoubleQuotedScalarString(part))
            changed = True
        elif value and str(held[at]) == name and at + 1 < len(held):
            changed |= str(held[at + 1]) != value
            held[at + 1] = like(held[at + 1], value)
        elif value:
            new = f"{name}{str(held[at])[len(name)]}{value}"
            changed |= str(held[at]) != new
            held[at] = like(held[at], new)
    return changed


def with_flags(command: str, flags: tuple[str, ...]) -> str:
    """A command line with the flags at its end, or their values changed where they stand."""
    body = command.rstrip()
    tail = command[len(body) :]
    for flag in flags:
        name, _, value = flag.partition(" ")
        found = re.search(rf"(?<!\S){re.escape(name)}(?![\w-])([= ]\s*(?!-)\S+)?", body)
        if found is None:
            body += f" {flag}"
        elif value:
            body = body[: found.start()] + f"{name} {value}" + body[found.end() :]
    return body + tail


def like(held: Any, new: str) -> Any:
    """`new`, written in the style of `held` (quoted, folded, literal)."""
    if isinstance(held, FoldedScalarString):
        made = FoldedScalarString(new)
        if hasattr(held, "fold_pos"):
            made.fold_pos = held.fold_pos
        return made
    if isinstance(held, ScalarString):
        return type(held)(new)
    return new


# Compose


def services_of(document: Any) -> dict[str, CommentedMap]:
    """The services of a compose file that may run an engine; {} when it is no compose file."""
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        return {}
    services = {
        str(name): s
        for name, s in document["services"].items()
        if isinstance(s, CommentedMap) and ("image" in s or "build" in s)
    }
    with_gpus = {
        name: service
        for name, service in services.items()
        if NVIDIA.search(
            str(service.get("deploy", "")) + str(service.get("runtime", "")) + str(service.get("devices", ""))
        )
        or service.get("gpus")
        or ENGINE_IMAGE.search(str(service.get("image", "")))
    }
    return with_gpus or (services if len(services) == 1 else {})


def patch_compose(text: str, change: Change, flags: tuple[str, ...], only: str = "") -> str:
    """`text` with the change made in the services that run an engine (in `only`, where there is one of that name)."""

    def edit(document: Any) -> bool:
        services = services_of(document)
        changed = False
        for name, service in services.items():
            if only in services and name != only:
                continue
            changed |= edit_service(service, change, flags)
        return changed

    return rewritten(text, edit)


def edit_service(service: CommentedMap, change: Change, flags: tuple[str, ...]) -> bool:
    image = str(service.get("image", ""))
    is_gpustack = "gpustack/gpustack" in image
    changed = set_environment(service, "environment", dict(change.env)) if change.env else False
    if flags and not is_gpustack and starts_an_engine(image, words_of_command(service)):
        changed |= set_flags(service, "command", flags)
    container = change.container
    if "shm_size" in container and service.get("ipc") != "host":
        if is_gpustack:
            put(service, "ipc", "host")
            changed = True
        elif size_gib(str(service.get("shm_size", "0"))) < size_gib(container["shm_size"]):
            wanted = f"{size_gib(container['shm_size']):.0f}gb"
            if "shm_size" in service:
                service["shm_size"] = like(service["shm_size"], wanted)
            else:
                put(service, "shm_size", wanted)
            changed = True
    if container.get("memlock") and "memlock" not in (service.get("ulimits") or {}):
        if isinstance(service.get("ulimits"), dict):
            service["ulimits"]["memlock"] = -1
        else:
            put(service, "ulimits", CommentedMap({"memlock": -1}))
        changed = True
    for capability in container.get("cap_add", []):
        if not isinstance(service.get("cap_add"), list):
            put(service, "cap_add", CommentedSeq([capability]))
            changed = True
        elif capability not in service["cap_add"] and "ALL" not in service["cap_add"]:
            append(service["cap_add"], capability)
            changed = True
    return changed


# Kubernetes


def pod_specs(document: Any) -> Iterator[CommentedMap]:
    """Every mapping below this object that has `containers`."""
    if isinstance(document, CommentedMap):
        if isinstance(document.get("containers"), list):
            yield document
            return
        for value in document.values():
            yield from pod_specs(value)


def is_workload(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") in WORKLOADS and "apiVersion" in document


def patch_manifest(text: str, change: Change, flags: tuple[str, ...]) -> str:
    """`text` with the change made in the containers that run an engine, in every workload of a stream of objects."""
    parts = re.split(r"(?m)(^---[^\n]*\n)", text)
    return "".join(
        part if part.startswith("---") else rewritten(part, lambda d: edit_workload(d, change, flags)) for part in parts
    )


def edit_workload(document: Any, change: Change, flags: tuple[str, ...]) -> bool:
    if not is_workload(document):
        return False
    changed = False
    for spec in pod_specs(document):
        containers = [c for c in spec["containers"] if isinstance(c, CommentedMap)]
        engines = [
            c for c in containers
            if "nvidia.com/" in str(c.get("resources", "")) or ENGINE_IMAGE.search(str(c.get("image", "")))
        ]  # fmt: skip
        for container in engines or (containers if len(containers) == 1 else []):
            changed |= edit_container(spec, container, change, flags)
    return changed


def edit_container(spec: CommentedMap, container: CommentedMap, change: Change, flags: tuple[str, ...]) -> bool:
    changed = False
    for name, value in change.env.items():
        env = container.get("env")
        if not isinstance(env, CommentedSeq):
            env = CommentedSeq()
            put(container, "env", env)
        held = next((item for item in env if isinstance(item, CommentedMap) and item.get("name") == name), None)
        if held is None:
            append(env, CommentedMap({"name": name, "value": DoubleQuotedScalarString(value)}))
            changed = True
        elif held.get("value") != value:
            held.pop("valueFrom", None)
            held["value"] = DoubleQuotedScalarString(value)
            changed = True
    if flags and starts_an_engine(str(container.get("image", "")), words_of_command(container)):
        changed |= set_flags(container, "args" if container.get("args") else "command", flags)
    wanted = change.container
    if "shm_size" in wanted and not spec.get("hostIPC"):
        changed |= edit_shared_memory(spec, container, f"{size_gib(wanted['shm_size']):.0f}Gi")
    added = [*(["IPC_LOCK"] if wanted.get("memlock") else []), *wanted.get("cap_add", [])]
    if added:
        context = container.setdefault("securityContext", CommentedMap())
        capabilities = context.setdefault("capabilities", CommentedMap())
        held_list = capabilities.setdefault("add", CommentedSeq())
        for capability in dict.fromkeys(added):
            if capability not in held_list and "ALL" not in held_list:
                held_list.append(capability)
                changed = True
    return changed


def edit_shared_memory(spec: CommentedMap, container: CommentedMap, size: str) -> bool:
    """A memory emptyDir of that size at /dev/shm."""
    mounts = container.setdefault("volumeMounts", CommentedSeq())
    volumes = spec.setdefault("volumes", CommentedSeq())
    mount = next((m for m in mounts if isinstance(m, CommentedMap) and m.get("mountPath") == "/dev/shm"), None)  # noqa: S108
    if mount is None:
        append(mounts, CommentedMap({"name": "dshm", "mountPath": "/dev/shm"}))  # noqa: S108
        name = "dshm"
    else:
        name = str(mount.get("name"))
    volume = next((v for v in volumes if isinstance(v, CommentedMap) and v.get("name") == name), None)
    if volume is None:
        append(volumes, CommentedMap({"name": name, "emptyDir": CommentedMap({"medium": "Memory", "sizeLimit": size})}))
        return True
    held = volume.get("emptyDir")
    if not isinstance(held, CommentedMap):
        return mount is None
    if held.get("medium") == "Memory" and (
        "sizeLimit" not in held or size_gib(str(held["sizeLimit"])) >= size_gib(size)
    ):
        return mount is None
    held["medium"], held["sizeLimit"] = "Memory", size
    return True
