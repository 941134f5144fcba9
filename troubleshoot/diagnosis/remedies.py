"""What to do about a cause: the remedies from `content/remedies/`, as snippets for each install method that fits.

Order is the cause's own (safest and cheapest first), but that what was seen may call for one of them, and that a remedy
for which the platform is not known to be right comes after those that are right anywhere. What the platform forbids is
not offered (`guards`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from troubleshoot.diagnosis import guards
from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.install_methods import (
    EMPTY,
    InstallMethod,
    detected_method,
    join,
    product_of,
    snippets_for,
    tidy,
)
from troubleshoot.diagnosis.patch import Patchable, find_patchable, patched_from
from troubleshoot.diagnosis.pci_tree import bridges_above_gpus, plain
from troubleshoot.diagnosis.remedy import OwnSnippet, Remedy
from troubleshoot.diagnosis.snippets import Change, Filling, fill, fill_text

LAST_RESORT = "collect-more"  # where nothing of a cause's own remedies may be offered

Offer = dict[str, Any]


class Knowledge(Protocol):
    @property
    def causes(self) -> Mapping[str, Cause]: ...
    @property
    def remedies(self) -> Mapping[str, Remedy]: ...
    @property
    def install_methods(self) -> Mapping[str, InstallMethod]: ...


def redirecting_bridges(facts: Facts) -> list[str]:
    """The bridges that the upload shows to redirect, as bus addresses: endpoints do not matter, nor, where a list tells
    the tree, bridges without a GPU below (domain/nccl.md 4.2)."""
    bridges = {plain(fact.value[0]) for fact in facts.all("pci_device") if "bridge" in str(fact.value[1]).lower()}
    bridges = set(bridges_above_gpus(facts) or bridges)
    shown = [fact.value[0] for fact in facts.all("acs_state") if fact.value[0] and fact.value[1]]
    return [bdf for bdf in dict.fromkeys(shown) if plain(bdf) in bridges or not bridges]


def made_by_remedy(own: OwnSnippet, remedy: Remedy, filling: Filling) -> dict[str, Any]:
    facts = filling.facts
    bridges = {"bridges": redirecting_bridges(facts)}
    values, words = ({**filling.values(remedy.change, language), **bridges} for language in (own.language, "text"))
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


def is_something_seen(facts: Facts) -> bool:
    return bool(facts.hits) or bool(facts.timeline and facts.timeline.stuck_in)


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


def change_for(remedy: Remedy, facts: Facts) -> Change:
    """The remedy's change as this platform allows it; an empty one where it is not made."""
    return remedy.change if guards.verdict(remedy.change_forbid, (), facts)[0] else Change()


def snippets_of(
    remedy: Remedy, facts: Facts, knowledge: Knowledge, filling: Filling | None = None
) -> list[dict[str, Any]]:
    """What comes before the change, then the change as each install method makes it, the likeliest first."""
    filling = filling or Filling(facts)
    product, detected = product_of(facts), detected_method(facts)
    change = change_for(remedy, facts)
    made = snippets_for(change, facts, knowledge.install_methods, remedy.verify, filling) if change.kinds else []
    own = [
        made_by_remedy(snippet, remedy, filling)
        for snippet in remedy.snippets
        if not (snippet.product and product and snippet.product != product)
        and guards.verdict(snippet.forbid, snippet.require, facts)[0]
    ]
    first = [snippet for snippet in own if snippet["before"]]
    own = sorted((snippet for snippet in own if not snippet["before"]), key=lambda snippet: snippet["unlikely"])
    # A limit of containers is the host's own where the engine runs in none.
    outside = remedy.change.kinds == {"container"} and detected not in {None, *(snippet["method"] for snippet in made)}
    return [*first, *own, *made] if outside else [*first, *made, *own]


def offer(
    remedy: Remedy,
    facts: Facts,
    knowledge: Knowledge,
    patchables: Sequence[Patchable] = (),
    filling: Filling | None = None,
) -> Offer | None:
    """One remedy as the contract's table, or None where it may not be offered or nothing of it fits.

    `patchables` are the user's own commands and files (`patch.find_patchable`): they come back changed in `patched`.
    `filling` are the values of these facts, where they are at hand.
    """
    allowed, unsure = guards.verdict(remedy.forbid, remedy.require, facts)
    if not allowed:
        return None
    snippets = snippets_of(remedy, facts, knowledge, filling)
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
        "patched": patched_from(patchables, change_for(remedy, facts), facts),
    }


def offers(cause_id: str, facts: Facts, knowledge: Knowledge) -> list[Offer]:
    """The remedies of a cause that this platform allows, as the contract's tables; texts for people in every language."""
    patchables, filling = find_patchable(facts.documents), Filling(facts)
    given: dict[str, Offer] = {}
    remedies = knowledge.causes[cause_id].remedies
    for remedy_id in remedies:
        remedy = knowledge.remedies.get(remedy_id)
        is_one_of_several = remedy is not None and remedy.only_then and len(remedies) > 1
        if remedy and is_one_of_several and is_something_seen(facts) and not is_called_for(remedy, facts):
            continue
        while remedy is not None:
            made = offer(remedy, facts, knowledge, patchables, filling)
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
            change = change.merged(change_for(remedy, facts))
    return snippets_for(change, facts, knowledge.install_methods) if change.kinds else []
