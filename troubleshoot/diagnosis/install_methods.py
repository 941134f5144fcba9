"""How a change is made, install method by install method and version by version, from `content/install_methods/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from troubleshoot.diagnosis import content, guards, versions
from troubleshoot.diagnosis.content import ContentError, Entry
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.snippets import (
    GPUSTACK_SHM_GIB,
    Change,
    Filling,
    engine_of,
    fill,
    fill_text,
    fill_words,
    names,
    shm_gib,
    size_gib,
    slots,
    values_of,
)

LANGUAGES = ("sh", "yaml", "ini", "json", "text", "python")
KINDS = {"env", "flags", "container"}
EMPTY: Text = {"en": "", "zh-hans": ""}
EVERY_VALUE = set(values_of(Change(), Facts(), "sh"))
ENGINES_WITHOUT_GPUSTACK = {"nemo", "deepspeed", "torch", "nccl-tests", "tgi", "tensorrt-llm", "lmdeploy"}

Snippet = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to make a change with an install method, for a range of versions of the product."""

    id: str
    method: str
    product: str  # gpustack | engine
    title: Text
    versions: str
    changes: frozenset[str]
    needs: frozenset[str]
    container: frozenset[str]  # which container options it can make; empty for all
    language: str
    text: str | Text
    verify: Text
    undo: Text
    notes: Text
    forbid: tuple[str, ...]
    require: tuple[str, ...]
    rank: int  # among the variants of all methods of this product, when nothing tells the method; low is likely
    preferred: str  # versions for which it goes before the method that was detected; "" for none
    where: str


@dataclass(frozen=True, slots=True)
class InstallMethod:
    id: str
    title: Text
    logs: Text
    logs_command: Mapping[str, str]  # product → the command that prints the log
    variants: tuple[Variant, ...]
    where: str


def load_install_methods(overlays: tuple[Path, ...] = ()) -> dict[str, InstallMethod]:
    """Every install method by its id. Raises ContentError for a fault."""
    methods = {}
    for relative, path in content.files("install_methods", overlays):
        entry = content.whole(relative, path)
        method_id = entry.need("id")
        if method_id != path.stem:
            raise ContentError(entry.at("id"), f"id is {method_id!r}; it must be the file's name, {path.stem!r}")
        variants = tuple(variant_of(part, method_id) for part in content.parts(relative, path, "variant"))
        for variant in variants:
            if [other.id for other in variants].count(variant.id) > 1:
                raise ContentError(variant.where, f"{variant.id} is there twice")
        methods[method_id] = InstallMethod(
            id=method_id,
            title=entry.text("title"),
            logs=entry.text("logs"),
            logs_command=entry.need("logs_command", dict),
            variants=variants,
            where=entry.where,
        )
    return methods


def variant_of(entry: Entry, method: str) -> Variant:
    changes, needs = frozenset(entry.need("changes", list)), frozenset(entry.values.get("needs", []))
    if not changes or changes - KINDS or needs - changes:
        raise ContentError(
            entry.where, f"changes are {sorted(changes)}, needs {sorted(needs)}; they must be of {sorted(KINDS)}"
        )
    language = entry.need("language")
    if language not in LANGUAGES:
        raise ContentError(entry.where, f"language is {language!r}; it must be one of {', '.join(LANGUAGES)}")
    wanted, preferred = entry.values.get("versions", ""), entry.values.get("preferred", "")
    for given in (wanted, preferred):
        if given and not versions.is_range(given):
            raise ContentError(entry.where, f"{given!r} is no range of versions; one looks like '>=0.4,<2.0'")
    if entry.need("product") not in ("gpustack", "engine"):
        raise ContentError(entry.where, "product must be gpustack or engine")
    text = entry.text("text") if isinstance(entry.values.get("text"), dict) else entry.need("text")
    for template in text.values() if isinstance(text, dict) else [text]:
        if unknown := slots(template) - EVERY_VALUE:
            raise ContentError(
                entry.where, f"the text names {', '.join(sorted(unknown))}, which snippets.values_of does not give"
            )
    return Variant(
        id=entry.need("id"),
        method=method,
        product=entry.need("product"),
        title=entry.text("title"),
        versions=wanted,
        changes=changes,
        needs=needs,
        container=frozenset(entry.values.get("container", [])),
        language=language,
        text=text,
        verify=entry.text("verify"),
        undo=entry.text("undo"),
        notes=entry.optional_text("notes") or EMPTY,
        forbid=guards.check_names(entry.values.get("forbid", []), entry.where),
        require=guards.check_names(entry.values.get("require", []), entry.where),
        rank=int(entry.values.get("rank", 50)),
        preferred=preferred,
        where=entry.where,
    )


def product_of(facts: Facts) -> str | None:
    """What launches the engine: "gpustack", "engine" (started by hand or by another tool), or None when nobody knows."""
    method = facts.value("install_method")
    image = str(facts.value("image") or "")
    if guards.holds("gpustack", facts):
        return "gpustack"
    if (
        method in ("pip", "systemd", "slurm", "ray", "torchrun")
        or image
        or facts.value("engine") in ENGINES_WITHOUT_GPUSTACK
    ):
        return "engine"
    if method in ("docker", "compose", "kubernetes") and facts.value("engine"):
        return "engine"
    return "engine" if facts.value("launcher") in ("torchrun", "mpirun", "slurm") else None


def likely_product(facts: Facts) -> str:
    """What launches the engine, guessed where nobody knows: a launch that was seen with no word of GPUStack was rather
    started by hand."""
    seen = ("engine", "nccl_version", "torch_version", "transport", "launcher", "exception")
    return product_of(facts) or ("engine" if any(facts.all(name) for name in seen) else "gpustack")


def detected_method(facts: Facts) -> str | None:
    """The install method as told or, failing that, as the rest of the upload suggests."""
    told: str | None = facts.value("install_method")
    if told:
        return told
    image, launcher = str(facts.value("image") or ""), facts.value("launcher")
    container = facts.value("container")
    if launcher in ("torchrun", "mpirun", "slurm", "ray"):
        return str(launcher)
    if container == "kubernetes":
        return "kubernetes"
    return "docker" if container in ("docker", "podman") or image else None


def variants_for(change: Change, facts: Facts, methods: Mapping[str, InstallMethod]) -> list[Variant]:
    """The variants that can make (a part of) this change here: detected method first, then the likely ones."""
    product, detected = product_of(facts), detected_method(facts)
    answered = any(fact.source == "answer" for fact in facts.all("install_method"))
    version = facts.value("gpustack_version")
    likely = likely_product(facts)
    fitting = []
    for method in methods.values():
        for variant in method.variants:
            if product is not None and variant.product != product:
                continue
            if variant.product == "gpustack" and not versions.fits(version, variant.versions):
                continue
            if variant.product == "engine" and not versions.fits(facts.value("engine_version"), variant.versions):
                continue
            if not variant.needs <= change.kinds or is_moot(variant, change, facts):
                continue
            if guards.verdict(variant.forbid, variant.require, facts)[0]:
                fitting.append(variant)

    def order(variant: Variant) -> tuple[bool, bool, bool, int]:
        sure = bool(variant.preferred and version and not answered and versions.fits(version, variant.preferred))
        return (not sure, variant.method != detected, variant.product != likely, variant.rank)

    return sorted(fitting, key=order)


def snippets_for(
    change: Change,
    facts: Facts,
    methods: Mapping[str, InstallMethod],
    verify: Text | None = None,
    filling: Filling | None = None,
) -> list[Snippet]:
    """The change as snippets of every install method that fits, as the contract's tables. `verify` is said as well."""
    filling = filling or Filling(facts)
    return [filled(variant, change, facts, verify, filling) for variant in variants_for(change, facts, methods)]


def part_of(variant: Variant, change: Change) -> Change:
    """What of the change this variant makes."""
    part = change.of(set(variant.changes))
    if not variant.container:
        return part
    return replace(part, container={key: value for key, value in part.container.items() if key in variant.container})


def is_moot(variant: Variant, change: Change, facts: Facts) -> bool:
    """Nothing of the change would stand in the snippet (the engine has no such flag; GPUStack gives enough memory)."""
    part = part_of(variant, change)
    if part.env or part.flags_of(engine_of(facts)):
        return False
    if (
        variant.container == {"shm_size"} and "shm_size" in part.container
    ):  # only more than GPUStack 2.x gives is a change
        return size_gib(fill_words(part.container["shm_size"], {"shm_size": f"{shm_gib(facts)}g"})) <= GPUSTACK_SHM_GIB
    return not part.container


def filled(
    variant: Variant, change: Change, facts: Facts, verify: Text | None = None, filling: Filling | None = None
) -> Snippet:
    part = part_of(variant, change)
    filling = filling or Filling(facts)
    values, words = filling.values(part, variant.language), filling.values(part, "text")
    text = variant.text
    return {
        "method": variant.method,
        "variant": variant.id,
        "title": fill_text(variant.title, words),
        "language": variant.language,
        "text": {lang: tidy(fill(each, values)) for lang, each in text.items()}
        if isinstance(text, dict)
        else tidy(fill(text, values)),
        "verify": join(fill_text(variant.verify, words), fill_text(verify, words) if verify else None),
        "undo": fill_text(variant.undo, words),
        "notes": join(fill_text(variant.notes, words), left_out(variant, change, facts)),
        "applies_to": applies_to(variant),
    }


def tidy(text: str) -> str:
    """Without the blank lines that empty slots leave, and with one newline at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def join(first: Text, second: Text | None) -> Text:
    """Both texts, one after the other."""
    if not second or not second["en"]:
        return first
    if not first["en"]:
        return second
    return {lang: first[lang] + ("" if lang == "zh-hans" else " ") + second[lang] for lang in first}


def applies_to(variant: Variant) -> Text:
    if not variant.versions:
        return EMPTY
    product = "GPUStack" if variant.product == "gpustack" else "vLLM"
    return {
        "en": f"{product} {variant.versions.replace(',', ', ')}",
        "zh-hans": f"{product} {variant.versions.replace(',', '，')}",
    }


def left_out(variant: Variant, change: Change, facts: Facts) -> Text:
    """What of the change is made elsewhere, and where."""
    words: list[Text] = []
    flags = change.flags_of(engine_of(facts))
    if "flags" not in variant.changes and flags:
        shown = ", ".join(f"`{flag}`" for flag in flags)
        shown_zh = "、".join(f"`{flag}`" for flag in flags)
        if variant.product == "gpustack":
            words.append(
                {
                    "en": f"Also put {shown} into the model's Backend Parameters (Edit → Advanced) and recreate the instance.",
                    "zh-hans": f"另外把 {shown_zh} 填入该模型的“后端参数”（编辑 → 高级），并重建实例。",
                }
            )
        else:
            words.append(
                {
                    "en": f"Also add {shown} to the engine's arguments.",
                    "zh-hans": f"另外把 {shown_zh} 加到引擎的启动参数里。",
                }
            )
    if "env" not in variant.changes and change.env:
        found = names(facts)
        shown = ", ".join(f"`{name}={fill_words(value, found)}`" for name, value in change.env.items())
        words.append({"en": f"Also set {shown} for the engine.", "zh-hans": f"另外为引擎设置 {shown}。"})
    return {lang: ("" if lang == "zh-hans" else " ").join(word[lang] for word in words) for lang in EMPTY}


def method_of(facts: Facts, methods: Iterable[str]) -> str:
    """The one method that next steps speak of."""
    known = set(methods)
    detected = detected_method(facts)
    if detected in known:
        return str(detected)
    return "gpustack-model" if product_of(facts) == "gpustack" else "docker"
