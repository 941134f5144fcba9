"""No remedy that the platform forbids: every cause × machine × way to start the engine, against `forbidden.toml`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from tests.diagnosis.walking import ACTIONS, TABLE, Place, actions_in, by_name, forbidden_at, places
from troubleshoot.diagnosis import guards
from troubleshoot.diagnosis.causes import load_causes
from troubleshoot.diagnosis.install_methods import load_install_methods
from troubleshoot.diagnosis.remedies import offer, offers
from troubleshoot.diagnosis.remedy import Remedy, load_remedies

KNOWLEDGE: Any = SimpleNamespace(causes=load_causes(), remedies=load_remedies(), install_methods=load_install_methods())
P2P_FAMILY = {"p2p-iommu-acs", "p2p-virtualized", "p2p-topology"}
PLACES = tuple(places())


@cache
def walked(platform: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What is offered for every cause with every launch on this machine."""
    return {
        (place.launch, cause): offers(cause, place.facts(), KNOWLEDGE)
        for place in PLACES
        if place.platform == platform
        for cause in KNOWLEDGE.causes
    }


def place_of(platform: str, launch: str) -> Place:
    return next(place for place in PLACES if (place.platform, place.launch) == (platform, launch))


def wrong_in(made: dict[str, Any], place: Place) -> dict[str, str]:
    """The forbidden actions that this offer takes there, and why they are."""
    forbidden = forbidden_at(place)
    taken = actions_in(made) & forbidden.keys()
    if made["kind"] == "check":
        taken -= {"p2p-off"}  # a test with and without, which changes nothing
    return {action: forbidden[action] for action in taken}


def of_remedy(remedy: Remedy, place: Place, knowledge: Any = KNOWLEDGE) -> dict[str, Any] | None:
    return offer(remedy, place.facts(), knowledge)


@pytest.mark.parametrize("platform", by_name("platform"))
def test_nothing_that_the_machine_or_the_launch_forbids_is_offered_for_any_cause(platform: str):
    broken: dict[tuple[str, str], str] = {}
    for (launch, cause), given in walked(platform).items():
        place = place_of(platform, launch)
        assert given, f"{place.name}: nothing is offered for {cause}"
        for made in given:
            for action, why in wrong_in(made, place).items():
                broken.setdefault((made["id"], action), f"{made['id']} for {cause} does {action} ({place.name}): {why}")
    assert not broken, "\n".join(broken.values())


@pytest.mark.parametrize("platform", by_name("platform"))
def test_peer_to_peer_is_switched_off_for_peer_to_peer_only(platform: str):
    for (launch, cause), given in walked(platform).items():
        for made in given:
            if made["kind"] != "check" and "p2p-off" in actions_in(made):
                assert cause in P2P_FAMILY, f"{launch}: {made['id']}"


@pytest.mark.parametrize("platform", by_name("platform"))
def test_a_file_that_systemd_reads_never_gets_an_export(platform: str):
    for given in walked(platform).values():
        for made in given:
            for snippet in made["snippets"]:
                text = snippet["text"] if isinstance(snippet["text"], str) else "\n".join(snippet["text"].values())
                if snippet["method"] in ("script", "systemd") or "/etc/default/gpustack" in text:
                    assert not ACTIONS["export"].search(text), f"{made['id']}: {snippet['title']['en']}"
            for patched in made["patched"]:
                if patched["kind"] in ("unit", "env-file"):
                    assert not ACTIONS["export"].search(patched["text"]), made["id"]


@pytest.mark.parametrize("platform", by_name("platform"))
def test_what_is_done_to_the_host_says_so_where_the_reader_may_sit_in_a_container(platform: str):
    if "container" not in by_name("platform")[platform]["tags"]:
        return
    silent = set()
    for given in walked(platform).values():
        for made in given:
            for snippet in made["snippets"]:
                text = snippet["text"] if isinstance(snippet["text"], str) else "\n".join(snippet["text"].values())
                words = " ".join(snippet[key]["en"] for key in ("title", "notes")) + made["title"]["en"]
                if ACTIONS["host-change"].search(text) and "host" not in words and snippet["method"] != "pip":
                    silent.add(f"{made['id']}: {snippet['title']['en']}")
    assert not silent


@pytest.mark.parametrize("platform", by_name("platform"))
def test_what_is_not_known_to_be_right_comes_last_and_says_its_condition(platform: str):
    for (launch, cause), given in walked(platform).items():
        assert [made["sure"] for made in given] == sorted((made["sure"] for made in given), reverse=True), (
            launch,
            cause,
        )
        for made in given:
            if not made["sure"]:
                assert made["caution"]["en"], made["id"]
                assert made["caution"]["zh-hans"], made["id"]


@pytest.mark.parametrize("platform", by_name("platform"))
def test_where_the_machine_is_unknown_a_repair_of_the_host_is_only_for_bare_metal(platform: str):
    facts = by_name("platform")[platform].get("facts", {})
    if "virtualized" in facts or "cloud" in facts:
        return
    for given in walked(platform).values():
        for made in given:
            if actions_in(made) & {"kernel-parameter", "acs-off", "bios"}:
                assert not made["sure"], made["id"]
                assert "nly on bare metal" in made["applies_to"]["en"]
                assert "仅限裸机" in made["applies_to"]["zh-hans"]


# ---- the user's own files


@pytest.mark.parametrize("launch", [launch["name"] for launch in TABLE["launch"] if "file" in launch])
def test_the_users_own_file_comes_back_without_what_is_forbidden(launch: str):
    came_back = 0
    for platform, entry in by_name("platform").items():
        if "links" not in entry and platform != "nothing known":
            continue  # what is done to a launch depends on the links between the GPUs, hardly on the machine
        place = place_of(platform, launch)
        for cause in KNOWLEDGE.causes:
            for made in offers(cause, place.facts(with_files=True), KNOWLEDGE):
                came_back += len(made["patched"])
                assert not wrong_in(made, place), f"{place.name}: {made['id']}"
    assert came_back


# ---- is the walk whole?


def test_the_walk_meets_every_way_to_install_and_every_version_of_one():
    met = {
        (snippet["method"], snippet["variant"])
        for platform in by_name("platform")
        for given in walked(platform).values()
        for made in given
        for snippet in made["snippets"]
    }
    told = {launch.get("facts", {}).get("install_method") for launch in TABLE["launch"]}

    assert {(v.method, v.id) for method in KNOWLEDGE.install_methods.values() for v in method.variants} <= met
    assert set(KNOWLEDGE.install_methods) - told == {
        "host",
        "mpirun",
        "ray",
        "torchrun",
    }  # told by the launcher, or by nothing


def test_the_walk_meets_every_remedy_and_every_snippet_of_one():
    met = defaultdict(set)
    for platform in by_name("platform"):
        for given in walked(platform).values():
            for made in given:
                met[made["id"]] |= {(snippet["method"], snippet["variant"]) for snippet in made["snippets"]}

    assert set(met) == set(KNOWLEDGE.remedies)
    for remedy in KNOWLEDGE.remedies.values():
        assert {(own.method, own.id) for own in remedy.snippets} <= met[remedy.id], remedy.id


def test_the_walk_meets_every_guard_that_content_names_both_holding_and_not():
    named = {
        name
        for remedy in KNOWLEDGE.remedies.values()
        for each in (remedy, *remedy.snippets)
        for name in (*each.forbid, *each.require, *(remedy.change_forbid if each is remedy else ()))
    }
    held = {name: {guards.holds(name, place.facts()) is True for place in PLACES} for name in named}

    assert all(values == {True, False} for values in held.values()), {n for n, v in held.items() if len(v) < 2}


def test_every_action_is_one_that_some_remedy_takes():
    taken = set()
    for platform in by_name("platform"):
        for given in walked(platform).values():
            for made in given:
                taken |= actions_in(made)

    assert taken == set(ACTIONS)


# ---- can it fail?

# Where a guard does not keep harm away but what is pointless or said elsewhere: the table has nothing to say of these.
MERELY_MOOT = {
    ("bios-iommu-off/intel", "amd-cpu"),
    ("bios-iommu-off/amd", "intel-cpu"),
    ("wait-for-load/dummy", "other-engine"),
    ("disable-gpu-sharing-shim", "sharing-shim"),
    ("hypervisor-p2p", "virtualized"),
    ("gpu-reset/instance", "virtualized"),
    ("use-spawn/main-guard-of-any-engine", "not-vllm"),
    ("raise-shm/gpustack-2", "gpustack-not-2-0"),
    ("container-gpu-access", "wsl"),
    ("reload-driver", "wsl"),
    ("fabric-manager-restart", "wsl"),  # no NVSwitch under Windows
    ("gpu-reset", "wsl"),  # its reset is kept away as any guest's is
}


# Guards that keep away some of the harm that another one keeps away: they are taken away with it, or it could not be missed.
BACKED_BY = {
    "virtualized": {"bare-metal", "wsl", "vgpu"},
    "bare-metal": {"virtualized", "wsl", "cloud"},
    "wsl": {"virtualized", "bare-metal"},
    "vgpu": {"virtualized"},
    "no-host": {"virtualized", "bare-metal", "cloud"},
    "cloud": {"virtualized", "bare-metal", "no-host"},
}
FIELDS = ("forbid", "require", "change_forbid")


def without(guarded: Any, name: str) -> Any:
    """The remedy or snippet without this guard and those that back it."""
    gone = {name, *BACKED_BY.get(name, ())}
    fields = [field for field in FIELDS if hasattr(guarded, field)]
    return replace(guarded, **{f: tuple(other for other in getattr(guarded, f) if other not in gone) for f in fields})


def mutants() -> Iterator[tuple[str, str, bool, Remedy]]:
    """Every remedy with one of its guards taken away: (where it stood, the guard, with which value it stops, the remedy)."""
    for remedy in KNOWLEDGE.remedies.values():
        for field in FIELDS:
            for name in getattr(remedy, field):
                yield remedy.id, name, field != "require", without(remedy, name)
        for at, own in enumerate(remedy.snippets):
            for field in FIELDS[:2]:
                for name in getattr(own, field):
                    # Without the remedy's own guard of that name, which would speak before the snippet's.
                    snippets = (*remedy.snippets[:at], without(own, name), *remedy.snippets[at + 1 :])
                    mutant = replace(without(remedy, name), snippets=snippets)
                    yield f"{remedy.id}/{own.id}", name, field != "require", mutant


@pytest.mark.parametrize(
    ("where", "guard", "stops_when", "mutant"),
    list(mutants()),
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_without_any_one_of_its_guards_the_table_would_be_broken(
    where: str, guard: str, stops_when: bool, mutant: Remedy
):
    if (where, guard) in MERELY_MOOT:
        return
    knowledge = SimpleNamespace(**{**vars(KNOWLEDGE), "remedies": {**KNOWLEDGE.remedies, mutant.id: mutant}})
    stopped = [place for place in PLACES if guards.holds(guard, place.facts()) is stops_when]

    assert any((made := of_remedy(mutant, place, knowledge)) and wrong_in(made, place) for place in stopped)
