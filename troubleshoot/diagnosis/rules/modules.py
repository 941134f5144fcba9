"""The rule modules, listed by hand: one a family of causes."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules import (
    collectives,
    container_limits,
    exceptions,
    hardware,
    healthy,
    launch,
    memory,
    network,
    not_stuck,
    p2p,
    readings,
    software,
    stacks,
)

MODULES: tuple[ModuleType, ...] = (
    p2p,
    collectives,
    container_limits,
    network,
    software,
    hardware,
    memory,
    not_stuck,
    launch,
    exceptions,
    stacks,
    readings,
    healthy,
)


def functions() -> dict[str, Callable[[Facts], list[Line] | bool]]:
    """Every function of the modules that takes the facts alone: those are the rules."""
    return {
        name: function
        for module in MODULES
        for name, function in vars(module).items()
        if callable(function) and getattr(function, "__module__", "") == module.__name__ and not name.startswith("_")
    }
