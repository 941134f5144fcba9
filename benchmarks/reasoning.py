"""A case with 20,000 hits is reasoned over: from confirmed lines to the report. `python -m benchmarks.reasoning`

Processor time of this process, so that other work on the machine is not counted; reading the text is measured elsewhere.
"""

from __future__ import annotations

import io
import time

from benchmarks.measure import WORK, say
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.pipeline import know, report_on, take_in
from troubleshoot.diagnosis.signatures import speak

HITS = 20_000
ROUNDS = 5


def lines_that_speak(library: Library, hits: int) -> str:
    """The matching lines of every signature in turn, so that every cause has something for or against it."""
    said = [line for signature in library.signatures.values() for line in signature.matches]
    return "\n".join(said[n % len(said)] for n in range(hits))


def reasoning(documents: list[Document], library: Library) -> float:
    """Seconds from what the scanner noted to a finished report: confirming, weighing, remedies, next steps."""
    facts, sections, unread = know(documents, library)
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        speak(documents, library.signatures)
        report_on(facts, sections, unread, library)
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    library = load_library((), WORK)
    few, many = (
        reasoning(take_in([("hits.log", io.BytesIO(lines_that_speak(library, n).encode()))], library), library)
        for n in (HITS // 100, HITS)
    )
    say(f"reasoning over {HITS} hits : over {HITS // 100}", many / few, "≤ 0.2 s", f"{many:.3f} s : {few:.3f} s")


if __name__ == "__main__":
    main()
