"""What to do about a cause: the remedies from `content/remedies/`, as snippets for each install method that fits.

Order is the cause's own (safest and cheapest first), but that what was seen may call for one of them, and that a remedy
for which the platform is not known to be right comes after those that are right anywhere. What the platform forbids is not offered (`guards`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from troubleshoot.diagnosis import content, guards
from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.content import ContentError, Entry
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.install_methods import (
    EMPTY,
    EVERY_VALUE,
    LANGUAGES,
    InstallMethod,
    detected_method,
    join,
    product_of,
    snippets_for,
    tidy,
)
from troubleshoot.diagnosis.patch import Patchable, find_patchable, patched_from
from troubleshoot.diagnosis.pci_tree import bridges_above_gpus, plain
from troubleshoot.diagnosis.snippets import Change, fill, fill_text, slots, values_of

KINDS = ("workaround", "fix", "check")
LAST_RESORT = "collect-more"  # where nothing of a cause's own remedies may be offered
WHO = ("deployer", "host-admin", "platform-admin", "hardware")
CONTAINER_KEYS = {"shm_size", "memlock", "cap_add", "host_network", "privileged"}

Offer = dict[str, Any]


class Knowledge(Protocol):
    @property
    def causes(self) -> Mapping[str, Cause]: ...
    @property
    def remedies(self) -> Mapping[str, Remedy]: ...
    @property
    def install_methods(self) -> Mapping[str, InstallMethod]: ...


@dataclass(frozen=True, slots=True)
class OwnSnippet:
    """A snippet that stands in the remedy itself, mostly a change on the host."""

    id: str
    method: str
    title: Text
    language: str
    text: str | Text
    verify: Text
    undo: Text
    notes: Text
    forbid: tuple[str, ...]
    require: tuple[str, ...]
    product: str  # gpustack | engine | "" for both
    before: bool | None  # stands before the change, not instead of it; None: where the remedy has no other change
    where: str


@dataclass(frozen=True, slots=True)
class Remedy:
    id: str
    kind: str
    title: Text
    why: Text
    cost: Text
    minutes: int
    root: bool
    reboot: bool
    who: str
    price: Text
    applies_to: Text
    forbid: tuple[str, ...]
    require: tuple[str, ...]
    instead: str  # the remedy offered where this one may not be
    answers: tuple[
        str, ...
    ]  # signatures, or "phase:<id>" where the launch stands, that call for just this: it goes first
    only_then: bool  # and where something else was seen, it is not offered
    change: Change
    verify: Text
    hints: tuple[tuple[tuple[str, ...], Text], ...]  # (guards that must all hold, what is then said with the cost)
    snippets: tuple[OwnSnippet, ...]
    where: str


def load_remedies(overlays: tuple[Path, ...] = ()) -> dict[str, Remedy]:
    """Every remedy by its id. Raises ContentError for a fault."""
    remedies = {}
    for relative, path in content.files("remedies", overlays):
        entry = content.whole(relative, path)
        remedy = remedy_of(entry, tuple(own_snippet(part) for part in content.parts(relative, path, "snippet")))
        if remedy.id != path.stem:
            raise ContentError(entry.at("id"), f"id is {remedy.id!r}; it must be the file's name, {path.stem!r}")
        remedies[remedy.id] = remedy
    for remedy in remedies.values():
        if remedy.instead and remedy.instead not in remedies:
            raise ContentError(remedy.where, f"instead names {remedy.instead!r}, which is no remedy")
    return remedies


def one_of(entry: Entry, key: str, allowed: Iterable[str]) -> str:
    value: str = entry.need(key)
    if value not in allowed:
        raise ContentError(entry.at(key), f"{key} is {value!r}; it must be one of {', '.join(allowed)}")
    return value


def remedy_of(entry: Entry, own: tuple[OwnSnippet, ...]) -> Remedy:
    made = entry.values.get("change", {})
    container = dict(made.get("container", {}))
    if unknown := set(container) - CONTAINER_KEYS:
        raise ContentError(entry.where, f"container knows {sorted(CONTAINER_KEYS)}, not {sorted(unknown)}")
    change = Change(
        {name: str(value) for name, value in made.get("env", {}).items()},
        {engine: tuple(flags) for engine, flags in made.get("flags", {}).items()},
        container,
    )
    if not own and not change.kinds:
        raise ContentError(entry.where, "changes nothing and has no snippet of its own")
    hints = []
    for table in entry.values.get("hint", []):
        hint = Entry(table, entry.where)
        hints.append((guards.check_names(hint.need("when", list), entry.where), hint.text("says")))
    kind = one_of(entry, "kind", KINDS)
    return Remedy(
        id=entry.need("id"),
        kind=kind,
        title=entry.text("title"),
        why=entry.text("why"),
        cost=entry.text("cost"),
        minutes=entry.need("minutes", int),
        root=entry.need("root", bool),
        reboot=entry.need("reboot", bool),
        who=one_of(entry, "who", WHO),
        price=entry.text("price") if kind == "workaround" else EMPTY,
        applies_to=entry.optional_text("applies_to") or EMPTY,
        forbid=guards.check_names(entry.values.get("forbid", []), entry.at("forbid")),
        require=guards.check_names(entry.values.get("require", []), entry.at("require")),
        instead=entry.values.get("instead", ""),
        answers=tuple(entry.values.get("answers", ())),
        only_then=bool(entry.values.get("only_then", False)),
        change=change,
        verify=entry.optional_text("verify") or EMPTY,
        hints=tuple(hints),
        snippets=own,
        where=entry.where,
    )


def own_snippet(entry: Entry) -> OwnSnippet:
    text = entry.text("text") if isinstance(entry.values.get("text"), dict) else entry.need("text")
    for template in text.values() if isinstance(text, dict) else [text]:
        if unknown := slots(template) - EVERY_VALUE - {"bridges"}:
            raise ContentError(
                entry.where, f"the text names {', '.join(sorted(unknown))}, which snippets.values_of does not give"
            )
    return OwnSnippet(
        id=entry.need("id"),
        method=entry.values.get("method", "host"),
        title=entry.text("title"),
        language=one_of(entry, "language", LANGUAGES),
        text=text,
        verify=entry.text("verify"),
        undo=entry.text("undo"),
        notes=entry.optional_text("notes") or EMPTY,
        forbid=guards.check_names(entry.values.get("forbid", []), entry.where),
        require=guards.check_names(entry.values.get("require", []), entry.where),
        product=entry.values.get("product", ""),
        before=entry.values.get("before"),
        where=entry.where,
    )


def redirecting_bridges(facts: Facts) -> list[str]:
    """The bridges that the upload shows to redirect, as bus addresses: endpoints do not matter, nor, where a list tells
    the tree, bridges without a GPU below (domain/nccl.md 4.2)."""
    bridges = {plain(fact.value[0]) for fact in facts.all("pci_device") if "bridge" in str(fact.value[1]).lower()}
    bridges = set(bridges_above_gpus(facts) or bridges)
    shown = [fact.value[0] for fact in facts.all("acs_state") if fact.value[0] and fact.value[1]]
    return [bdf for bdf in dict.fromkeys(shown) if plain(bdf) in bridges or not bridges]


def made_by_remedy(own: OwnSnippet, remedy: Remedy, facts: Facts) -> dict[str, Any]:
    values = {**values_of(remedy.change, facts, own.language), "bridges": redirecting_bridges(facts)}
    words = {**values_of(remedy.change, facts, "text"), "bridges": redirecting_bridges(facts)}
    text = own.text
    return {
        "method": own.method,
        "variant": own.id,
        "title": fill_text(own.title, words),
        "language": own.language,
        "text": {lang: tidy(fill(each, values)) for lang, each in text.items()}
        if isinstance(text, dict)
        else tidy(fill(text, values)),
        "verify": join(fill_text(own.verify, words), fill_text(remedy.verify, words)),
        "undo": fill_text(own.undo, words),
        "notes": fill_text(own.notes, words),
        "applies_to": cautions(own.require, facts),
        "before": own.method == "host" and not remedy.change.kinds if own.before is None else own.before,
        "unlikely": own.method not in ("host", detected_method(facts)),
    }


def is_called_for(remedy: Remedy, facts: Facts) -> bool:
    """What was seen asks for just this remedy."""
    stands = facts.timeline.stuck_in if facts.timeline else None
    return any(facts.hits.get(name) or name == f"phase:{stands}" for name in remedy.answers)


def cautions(required: Iterable[str], facts: Facts) -> Text:
    """What must hold and is not known to."""
    said = EMPTY
    for name in required:
        if guards.holds(name, facts) is None and name in guards.CAUTIONS:
            said = join(said, guards.CAUTIONS[name])
    return said


def snippets_of(remedy: Remedy, facts: Facts, knowledge: Knowledge) -> list[dict[str, Any]]:
    """What comes before the change, then the change as each install method makes it, the likeliest first."""
    product, detected = product_of(facts), detected_method(facts)
    made = snippets_for(remedy.change, facts, knowledge.install_methods, remedy.verify) if remedy.change.kinds else []
    own = [
        made_by_remedy(snippet, remedy, facts)
        for snippet in remedy.snippets
        if not (snippet.product and product and snippet.product != product)
        and guards.verdict(snippet.forbid, snippet.require, facts)[0]
    ]
    first = [snippet for snippet in own if snippet["before"]]
    own = sorted((snippet for snippet in own if not snippet["before"]), key=lambda snippet: snippet["unlikely"])
    # A limit of containers is the host's own where the engine runs in none.
    outside = remedy.change.kinds == {"container"} and detected not in {None, *(snippet["method"] for snippet in made)}
    return [*first, *own, *made] if outside else [*first, *made, *own]


def offer(remedy: Remedy, facts: Facts, knowledge: Knowledge, patchables: Sequence[Patchable] = ()) -> Offer | None:
    """One remedy as the contract's table, or None where it may not be offered or nothing of it fits.

    `patchables` are the user's own commands and files (`patch.find_patchable`): they come back changed in `patched`.
    """
    allowed, unsure = guards.verdict(remedy.forbid, remedy.require, facts)
    if not allowed:
        return None
    snippets = snippets_of(remedy, facts, knowledge)
    if not snippets:
        return None
    cost = remedy.cost
    for needed, says in remedy.hints:
        if all(guards.holds(name, facts) is True for name in needed):
            cost = join(cost, says)
    caution = cautions(remedy.require, facts)
    return {
        "id": remedy.id,
        "title": remedy.title,
        "kind": remedy.kind,
        "why": remedy.why,
        "cost": cost,
        "minutes": remedy.minutes,
        "root": remedy.root,
        "reboot": remedy.reboot,
        "who": remedy.who,
        "price": remedy.price,
        "applies_to": join(caution, remedy.applies_to),
        "caution": caution,
        "sure": not unsure,
        "snippets": snippets,
        "patched": patched_from(patchables, remedy.change, facts),
    }


def offers(cause_id: str, facts: Facts, knowledge: Knowledge) -> list[Offer]:
    """The remedies of a cause that this platform allows, as the contract's tables; texts for people in every language."""
    patchables = find_patchable(facts.documents)
    given: dict[str, Offer] = {}
    for remedy_id in knowledge.causes[cause_id].remedies:
        remedy = knowledge.remedies.get(remedy_id)
        if remedy and remedy.only_then and facts.hits and not is_called_for(remedy, facts):
            continue
        while remedy is not None:
            made = offer(remedy, facts, knowledge, patchables)
            if made:
                given.setdefault(remedy.id, made)
                break
            remedy = knowledge.remedies.get(remedy.instead)
    if not given and LAST_RESORT in knowledge.remedies:
        made = offer(knowledge.remedies[LAST_RESORT], facts, knowledge)
        given = {LAST_RESORT: made} if made else {}
    return sorted(
        given.values(), key=lambda made: (not made["sure"], not is_called_for(knowledge.remedies[made["id"]], facts))
    )


def combined(remedy_ids: Iterable[str], facts: Facts, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Several remedies' changes of the launch in one snippet for each install method. Raises ValueError on a conflict."""
    change = Change()
    for remedy_id in remedy_ids:
        remedy = knowledge.remedies[remedy_id]
        if guards.verdict(remedy.forbid, remedy.require, facts)[0]:
            change = change.merged(remedy.change)
    return snippets_for(change, facts, knowledge.install_methods) if change.kinds else []
