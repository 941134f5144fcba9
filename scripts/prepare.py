"""Makes what `manage.py up` and the tests need: content checked, translations compiled, static files gathered.

Each step is skipped when nothing that it reads has changed since it last succeeded, so a second start is quick.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UNHANG_DATA_DIR") or ROOT / "var")

STEPS = (
    ("translate", ("troubleshoot/locale",), ["translate"]),
    (
        "check_content",
        ("troubleshoot/content", "troubleshoot/diagnosis", "troubleshoot/guides", "troubleshoot/knowledge"),
        ["check_content"],
    ),
    ("warm", ("troubleshoot/content", "troubleshoot/diagnosis"), ["warm"]),
    ("collectstatic", ("static",), ["collectstatic", "--noinput", "--verbosity", "0"]),
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
        stamps.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(
            f"unhang: the data folder {DATA} cannot be written ({error.strerror}); set UNHANG_DATA_DIR to a folder that can",
            file=sys.stderr,
        )
        return 1
    for name, folders, command in STEPS:
        now = state(folders)
        stamp = stamps / name
        if (
            stamp.exists()
            and stamp.read_text() == now
            and (name != "translate" or all(p.with_suffix(".mo").exists() for p in (ROOT / folders[0]).rglob("*.po")))
        ):
            continue
        done = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=False)  # noqa: S603
        if done.returncode:
            return done.returncode
        stamp.write_text(now)
    return 0


if __name__ == "__main__":
    sys.exit(main())
