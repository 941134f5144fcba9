"""Finds a Chromium for the browser tests, or gets one: the one on PATH, Debian's package when root, else Playwright's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    given = os.environ.get("UNHANG_CHROMIUM")
    if given:
        return given
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return playwrights()


def playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def get() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("unhang: installing Chromium for the browser tests (once)", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)  # noqa: S607
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-cjk"],  # noqa: S607
            check=False,
            env=quiet,
            stdout=subprocess.DEVNULL,
        )
    if not found():
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=False)


def main() -> int:
    if "--print" in sys.argv:
        print(found() or "")
        return 0
    if not found():
        get()
    if not found():
        print(
            "unhang: no Chromium could be found or installed; put chromium on PATH, or set UNHANG_CHROMIUM to its path",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
