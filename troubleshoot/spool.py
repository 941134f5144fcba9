"""Files as they were sent: private, a folder a case, and only until the case is done, failed for good, deleted or expired.

Through Django's storage API, so that the spool is a folder here and a bucket where there are many machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils import timezone

# A folder is filled before its row is written; a slow upload to the spool is not yet an orphan.
GRACE = timedelta(hours=1)


def storage() -> Storage:
    return storages["spool"]


def put(case_id: str, streams: Iterable[BinaryIO | File]) -> list[str]:
    """The streams' places in the spool, in their order. Raises OSError when there is no room; nothing is left then."""
    places = []
    try:
        for position, stream in enumerate(streams):
            content = stream if isinstance(stream, File) else File(stream)
            places.append(storage().save(f"{case_id}/{position}", content))
    except OSError:
        clear(case_id)
        raise
    return places


def opened(places: Sequence[str], stack: ExitStack) -> list[BinaryIO]:
    """The files, closed with `stack`. Raises FileNotFoundError when one is gone."""
    return [stack.enter_context(storage().open(place)) for place in places]


def clear(case_id: str) -> None:
    """Delete all that was sent with the case; nothing there is no fault."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in storage().listdir(case_id)[1]:
            storage().delete(f"{case_id}/{name}")
    # An object store has no folders; a file system's is removed once it is empty.
    with suppress(OSError):
        storage().delete(case_id)


def clear_orphans(living: Callable[[Sequence[str]], set[str]]) -> int:
    """Delete the folders of cases that are not among the `living`; how many there were."""
    try:
        folders = storage().listdir("")[0]
    except FileNotFoundError:
        return 0
    kept = living(folders)
    orphans = [folder for folder in folders if folder not in kept and is_old(folder)]
    for folder in orphans:
        clear(folder)
    return len(orphans)


def is_old(folder: str) -> bool:
    with suppress(FileNotFoundError):
        return all(
            timezone.now() - storage().get_modified_time(f"{folder}/{name}") > GRACE
            for name in storage().listdir(folder)[1]
        )
    return False
