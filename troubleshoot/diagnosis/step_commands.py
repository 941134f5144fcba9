"""The command of a next step, as this install method and engine need it: filled, or the user's own with a change made."""

from __future__ import annotations

from collections.abc import Mapping

from troubleshoot.diagnosis import versions
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.install_methods import (
    InstallMethod,
    filled,
    likely_product,
    method_of,
    product_of,
    tidy,
    variants_for,
)
from troubleshoot.diagnosis.patch import find_patchable, patched_from
from troubleshoot.diagnosis.patch_docker_run import read_docker_run
from troubleshoot.diagnosis.snippets import Change, engine_of, fill, names, quoted, values_of

COMMANDS = ("logs", "debug", "p2p-off", "custom-all-reduce-off")

CHANGES = {
    "debug": Change({"NCCL_DEBUG": "INFO"}),
    "p2p-off": Change(
        {"NCCL_P2P_DISABLE": "1"},
        {"vllm": ("--disable-custom-all-reduce",), "sglang": ("--disable-custom-all-reduce",)},
        {"shm_size": "8g"},
    ),
    "custom-all-reduce-off": Change(
        flags={"vllm": ("--disable-custom-all-reduce",), "sglang": ("--disable-custom-all-reduce",)}
    ),
}


def command_of(
    template: str, source: str, facts: Facts, methods: Mapping[str, InstallMethod]
) -> tuple[str | Text, str]:
    """(the command for this install method and engine, its language), from a template or one of COMMANDS."""
    values = {**values_of(Change(), facts, "sh"), "run_in": run_in(facts)}
    if source == "logs":
        method = methods[method_of(facts, methods)]
        product = likely_product(facts)
        printed = method.logs_command.get(product) or next(iter(method.logs_command.values()))
        return fill(printed, values), "sh"
    if source:
        change = CHANGES[source]
        if variants := variants_for(change, facts, methods):
            if variants[0].method == "docker" and (own := own_run(change, facts)):
                return own, "sh"
            snippet = filled(variants[0], change, facts)
            return snippet["text"], snippet["language"]
        lines = [f"{name}={value}" for name, value in change.env.items()]
        return "\n".join([*lines, *change.flags_of(engine_of(facts))]), "ini"
    return tidy(fill(template, values)).rstrip("\n"), "sh"


def run_in(facts: Facts) -> str:
    """What stands before a command that must run where the engine runs: "docker exec <container> ", or ""."""
    values = values_of(Change(), facts, "sh")
    method, product = (
        method_of(facts, ("docker", "compose", "kubernetes", "script", "pip", "systemd")),
        product_of(facts),
    )
    version = facts.value("gpustack_version")
    if product == "gpustack":
        if version and versions.fits(version, ">=2.0"):
            return f"docker exec {values['instance']}-run-0 "
        return f"docker exec {values['gpustack_container']} " if method in ("docker", "compose") else ""
    if method == "kubernetes":
        return f"kubectl -n {values['namespace']} exec deployment/{values['workload']} -- "
    if method == "compose":
        return f"docker compose exec {values['compose_service']} "
    known = (
        facts.value("install_method") == "docker"
        or facts.value("container") == "docker"
        or "container_name" in names_known(facts)
    )
    return f"docker exec {values['container']} " if known else ""


def names_known(facts: Facts) -> set[str]:
    """The names of this upload that are no placeholder."""
    return {key for key, value in names(facts).items() if not value.startswith("<")} & {"container_name"}


def own_run(change: Change, facts: Facts) -> str | None:
    """The user's own `docker run` with the change, what runs under its name kept aside; None where none was sent."""
    for file in patched_from(find_patchable(facts.documents), change, facts):
        if file["kind"] == "docker-run":
            run = read_docker_run(file["text"])
            name = next(iter(run.values("--name")), "") if run else ""
            kept = (
                f"docker stop {quoted(name)}\ndocker rename {quoted(name)} {quoted(name + '-before')}\n" if name else ""
            )
            return kept + str(file["text"]).rstrip("\n")
    return None
