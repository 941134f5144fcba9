"""What is taken of what was sent, and where it is cut. Every cut says which limit it was and its value."""

from __future__ import annotations

from dataclasses import dataclass

from troubleshoot.diagnosis.evidence import Text

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one case. Settings may change them; the upload page shows them."""

    total_bytes: int = 2048 * MB  # unpacked, of all texts together
    files: int = 500
    lines: int = 50_000_000  # of one text
    nesting: int = 2  # archives within archives (a .tar.gz is one)
    ratio: int = 500  # unpacked to packed bytes of an archive, once it has unpacked `ratio_from`
    ratio_from: int = 64 * MB
    archive_bytes: int = 128 * MB  # of a zip inside another archive: it is read from its end, so it is held in memory
    line_bytes: int = 64 << 10  # of one line; the rest of it is left out
    whole_bytes: int = 20 * MB  # a text up to this is kept whole; of a larger one what says something
    whole_lines: int = 400_000  # … and up to this many lines
    kept_bytes: int = 60 * MB  # of all texts together that are kept whole; those beyond are kept in parts
    head_lines: int = 1000  # kept of a text that is not kept whole
    tail_lines: int = 1000
    around_lines: int = 5  # before and after each line that says something
    lines_per_pattern: int = 100  # first ones and last ones that one pattern may claim


class Budget:
    """What one case has taken so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.bytes = 0
        self.files = 0
        self.full = False  # no more files are taken


def let_through(error: Exception) -> None:
    """Raise again what orders us to stop (Celery's soft time limit is an `Exception`): it is no damage of a text."""
    if type(error).__name__ == "SoftTimeLimitExceeded":
        raise error


def note(en: str, zh: str) -> Text:
    return {"en": en, "zh-hans": zh}


def megabytes(count: int) -> str:
    return f"{count // MB} MB" if count >= MB else f"{count} bytes"


def cut_at_total(limits: Limits) -> Text:
    size = megabytes(limits.total_bytes)
    return note(
        f"Cut here: all texts of one case together may have {size}.", f"在此截断：一个案例的全部文本合计不超过 {size}。"
    )
