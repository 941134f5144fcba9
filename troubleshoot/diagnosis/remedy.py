"""What a remedy is, and how it is loaded from `content/remedies/*.toml` (docs/decisions/0001)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis import content, guards
from troubleshoot.diagnosis.content import ContentError, Entry
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.install_methods import EMPTY, EVERY_VALUE, LANGUAGES
from troubleshoot.diagnosis.snippets import Change, slots

KINDS = ("workaround", "fix", "check")
WHO = ("deployer", "host-admin", "platform-admin", "hardware")
CONTAINER_KEYS = {"shm_size", "memlock", "cap_add", "host_network", "privileged"}


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
    answers: tuple[str, ...]  # signatures, or "phase:<id>" where the launch stands, that call for just this: goes first
    only_then: bool  # and where something else was seen, it is not offered
    change: Change
    change_forbid: tuple[str, ...]  # where the change is not made, though the remedy's own snippets stand
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
        change_forbid=guards.check_names(made.get("forbid", []), entry.where),
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
