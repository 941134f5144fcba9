"""What several rule modules ask of a case."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.versions import numbers


def last_line(facts: Facts) -> list[Line]:
    """The last line of the launch that says something."""
    return [facts.timeline.last_line] if facts.timeline and facts.timeline.last_line else []


def stopped_in(facts: Facts, *phases: str) -> bool:
    """The log ends in one of these phases, without an error and without a sign of progress."""
    timeline = facts.timeline
    return (
        timeline is not None
        and timeline.outcome in ("hung", "unknown")
        and timeline.stuck_in in phases
        and not explained(facts)
    )


def tells_of_a_launch(facts: Facts) -> bool:
    """One stray line (a plug-in that is not there, a remark of the engine's) is no launch that stopped."""
    if any(facts.all(name) for name in ("nccl_version", "transport", "observed")):
        return True
    return len(facts.all("phase_mark")) > 1 or len(facts.all("nccl_stage")) > 1


def explained(facts: Facts) -> bool:
    """A root line of a specific cause is there."""
    return bool(facts.all("named_cause"))


def crashed(facts: Facts) -> bool:
    return facts.timeline is not None and facts.timeline.outcome == "crashed"


def first_rows(facts: Facts) -> list[Line]:
    """The first row of every matrix: it shows the links, which the header does not."""
    documents = {document.name: document for document in facts.documents}
    rows = []
    for matrix in facts.matrices:
        if matrix.line and (document := documents.get(matrix.line.file)):
            below = document.following(matrix.line.number + 1)
            rows += [row] if (row := next((line for line in below if line.text.strip()), None)) else []
    return rows


def is_multi_node(facts: Facts) -> bool:
    nodes = facts.value("node_count")
    return isinstance(nodes, int) and nodes > 1


def gpus_of_job(facts: Facts) -> int | None:
    for name in ("tensor_parallel_size", "world_size"):
        if isinstance(size := facts.value(name), int):
            return size
    return None


def version_of(facts: Facts, name: str) -> tuple[int, ...]:
    """(2, 21, 5) for "2.21.5"; () when it is not told."""
    return numbers(str(facts.value(name) or ""))
