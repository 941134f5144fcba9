"""Makes what `manage.py up` and the tests need: content checked, translations compiled, static files gathered.

Each step is skipped when nothing that it reads has changed since it last succeeded, so a second start is quick.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UNHANG_DATA_DIR") or ROOT / "var")
OVERLAYS = tuple(folder for folder in os.environ.get("UNHANG_CONTENT_DIRS", "").split(os.pathsep) if folder)
CORE = ("troubleshoot/content", "troubleshoot/diagnosis", *OVERLAYS)


@dataclass(frozen=True)
class Step:
    """A command of manage.py, the folders it reads, and whether what it made is still there."""

    command: tuple[str, ...]
    reads: tuple[str, ...]

    def made(self) -> Iterator[Path]:
        if self.command[0] == "translate":
            yield from (path.with_suffix(".mo") for path in (ROOT / self.reads[0]).rglob("*.po"))
        if self.command[0] == "collectstatic":
            yield DATA / "staticfiles" / "staticfiles.json"


STEPS = (
    Step(("translate",), ("troubleshoot/locale",)),
    Step(("check_content",), (*CORE, "troubleshoot/guides", "troubleshoot/knowledge")),
    Step(("warm",), CORE),
    Step(("collectstatic", "--noinput", "--verbosity", "0"), ("static",)),
)


def state(folders: tuple[str, ...]) -> str:
    """A digest of every file's path, size and time."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".mo"):
                facts = path.stat()
                digest.update(f"{path}:{facts.st_size}:{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def main() -> int:
    stamps = DATA / "stamps"
    try:
        DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamps.mkdir(exist_ok=True)
        for step in STEPS:
            now, stamp = state(step.reads), stamps / step.command[0]
            if stamp.exists() and stamp.read_text() == now and all(path.exists() for path in step.made()):
                continue
            done = subprocess.run([sys.executable, "manage.py", *step.command], cwd=ROOT, check=False)  # noqa: S603
            if done.returncode:
                return done.returncode
            stamp.write_text(now)
    except OSError as error:
        why = f"the data folder {DATA} cannot be written ({error.strerror}); set UNHANG_DATA_DIR to a folder that can"
        print(f"unhang: {why}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
