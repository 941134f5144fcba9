"""`python manage.py diagnose [--format text|json|markdown] [--install-method ID] [--lang en|zh-hans] PATH...`

Files, folders, archives, `-` for standard input. Exit 0 when a report was made, whatever the verdict; 2 for unusable
input or arguments, with one line on standard error. No Django: the same two calls as the web, and a fast start.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NoReturn

FORMATS = ("text", "json", "markdown")
LANGUAGES = ("en", "zh-hans")


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"diagnose: {message}", file=sys.stderr)
        raise SystemExit(2)


def parse(argv: list[str]) -> argparse.Namespace:
    parser = Arguments(prog="manage.py diagnose", description="Read logs and host outputs, and say what is wrong.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, folders, archives, or - for standard input")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--install-method", metavar="ID", help="put the snippets for this install method first")
    parser.add_argument("--lang", choices=LANGUAGES, default=default_language())
    return parser.parse_args(argv)


def default_language() -> str:
    """Chinese where the terminal is."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-hans" if locale.lower().startswith("zh") else "en"


def inputs(paths: list[str], stack: ExitStack) -> Iterator[tuple[str, BinaryIO]]:
    """(name, stream) of every file; folders in the order of their names. Raises OSError for a path that is not there."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield "stdin", io.BytesIO(sys.stdin.buffer.read())
        elif path.is_dir():
            for inner in sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink()):
                yield str(inner.relative_to(path)), stack.enter_context(inner.open("rb"))
        else:
            yield path.name, stack.enter_context(path.open("rb"))


def cache_dir() -> Path | None:
    """Where the compiled automaton is kept; None when there is no place to write."""
    root = os.environ.get("UNHANG_CACHE_DIR") or os.path.join(os.environ.get("UNHANG_DATA_DIR") or "var", "cache")
    try:
        os.makedirs(root, exist_ok=True)
    except OSError:
        return None
    return Path(root) if os.access(root, os.W_OK) else None


def main(argv: list[str]) -> int:
    options = parse(argv)
    missing = [path for path in options.paths if path != "-" and not os.path.exists(path)]
    if missing:
        print(f"diagnose: {missing[0]} does not exist; give files, folders, archives, or - for standard input", file=sys.stderr)
        return 2
    from troubleshoot.diagnosis.pipeline import examine, load_library, take_in
    from troubleshoot.diagnosis.renderings import as_markdown, as_text, in_language

    overlays = tuple(Path(p) for p in os.environ.get("UNHANG_CONTENT_DIRS", "").split(os.pathsep) if p)
    library = load_library(overlays, cache_dir())
    if options.install_method and options.install_method not in library.install_methods:
        known = ", ".join(library.install_methods)
        print(f"diagnose: {options.install_method!r} is no install method; it must be one of {known}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        try:
            documents = take_in(inputs(options.paths, stack), library)
        except OSError as error:
            print(f"diagnose: {error.filename} cannot be read: {error.strerror}", file=sys.stderr)
            return 2
    if not documents:
        print("diagnose: there is no file in what was given; give at least one log or command output", file=sys.stderr)
        return 2
    report = in_language(examine(documents, library), options.lang, options.install_method)
    if options.format == "json":
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(as_text(report) if options.format == "text" else as_markdown(report), end="")
    return 0
