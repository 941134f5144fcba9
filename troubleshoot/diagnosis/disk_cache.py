"""What takes long to make, kept on disk from one start to the next: the compiled automata, the parsed content.

Who may write such a file decides what a report says, so one that others could have written is as if it were not there.
So is a damaged one: before the content stands its digest.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

DIGEST_BYTES = hashlib.sha256().digest_size


def recall(path: Path) -> bytes | None:
    """What was kept there; None for nothing, for a damaged file, and for one that is not ours (or root's) alone to write."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            is_ours = about.st_uid in (0, os.geteuid()) and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            digest, content = file.read(DIGEST_BYTES), file.read()
    except OSError:
        return None
    return content if is_ours and hashlib.sha256(content).digest() == digest else None


def keep(path: Path, content: bytes) -> None:
    """Put a file there in one move, so that nobody reads half of it; without a place to write, it is not kept."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(0o644)
        part.write_bytes(hashlib.sha256(content).digest() + content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
