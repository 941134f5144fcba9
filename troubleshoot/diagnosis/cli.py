"""`python manage.py diagnose [--format text|json|markdown] [--install-method ID] [--lang en|zh-hans] PATH...`

Files, folders, archives, `-` for standard input. Exit 0 when a report was made, whatever the verdict; 2 for unusable
input or arguments, with one line on standard error. No Django: the same two calls as the web, and a fast start, so
`manage.py` comes here before it loads anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

if TYPE_CHECKING:
    from troubleshoot.diagnosis.redaction_patterns import Redaction
    from troubleshoot.diagnosis.report import Report

FORMATS = ("text", "json", "markdown")
LANGUAGES = ("en", "zh-hans")
DESCRIPTION = "Read logs and host outputs, and say why the launch hangs or fails."


class Unusable(Exception):
    """Why there is no report, and what would be right: one sentence."""


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"diagnose: {message}", file=sys.stderr)
        raise SystemExit(2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, folders, archives, or - for standard input")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--install-method", metavar="ID", help="put the snippets for this install method first")
    parser.add_argument("--lang", choices=LANGUAGES, default=default_language())


def default_language() -> str:
    """Chinese where the terminal is."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-hans" if locale.lower().startswith("zh") else "en"


def inputs(paths: list[str]) -> Iterator[tuple[str, BinaryIO]]:
    """(name, stream) of every file, each open only while it is read; folders in the order of their names."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield "stdin", sys.stdin.buffer
        elif path.is_dir():
            for inner in sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink()):
                with inner.open("rb") as stream:
                    yield str(inner.relative_to(path)), stream
        else:
            with path.open("rb") as stream:
                yield path.name, stream


def cache_dir() -> Path | None:
    """Where automata and parsed content are kept, as the settings say it; None when there is no place to write."""
    data = os.environ.get("UNHANG_DATA_DIR") or Path(__file__).resolve().parent.parent.parent / "var"
    root = os.environ.get("UNHANG_CACHE_DIR") or os.path.join(data, "cache")
    try:
        os.makedirs(root, exist_ok=True)
    except OSError:
        return None
    return Path(root) if os.access(root, os.W_OK) else None


def redactions() -> tuple[Redaction, ...]:
    """The site's own rules, as the settings of the web pages read them. Raises Unusable."""
    from troubleshoot.diagnosis.redact import rules_in
    from troubleshoot.diagnosis.scan import PatternError

    path = os.environ.get("UNHANG_REDACTION_RULES", "").strip()
    try:
        return rules_in(Path(path)) if path else ()
    except (OSError, UnicodeDecodeError, PatternError) as error:
        raise Unusable(f"UNHANG_REDACTION_RULES: {path}: {error}") from error


def report_on(paths: list[str], lang: str, install_method: str | None) -> Report:
    """The contract's JSON for these paths. Raises Unusable."""
    missing = [path for path in paths if path != "-" and not os.path.exists(path)]
    if missing:
        raise Unusable(f"{missing[0]} does not exist; give files, folders, archives, or - for standard input")
    from troubleshoot.diagnosis.pipeline import examine, load_library, take_in
    from troubleshoot.diagnosis.renderings import in_language

    overlays = tuple(Path(p) for p in os.environ.get("UNHANG_CONTENT_DIRS", "").split(os.pathsep) if p)
    library = load_library(overlays, cache_dir(), redactions())
    if install_method and install_method not in library.install_methods:
        known = ", ".join(library.install_methods)
        raise Unusable(f"{install_method!r} is no install method; it must be one of {known}")
    try:
        documents = take_in(inputs(paths), library)
    except OSError as error:
        raise Unusable(f"{error.filename} cannot be read: {error.strerror}") from error
    if not any(document.texts for document in documents):
        because = next((f" ({document.name}: {note[lang]})" for document in documents for note in document.notes), "")
        raise Unusable(f"nothing that was given can be read as text{because}; give at least one log or command output")
    made = in_language(examine(documents, library), lang, install_method)
    # Nothing is stored, so there is no number to ask for it by, and no day on which it expires.
    own = {
        "schema": made["schema"],
        "id": None,
        "status": "done",
        "lang": lang,
        "created": datetime.now(UTC).isoformat(),
        "expires": None,
    }
    return {**own, **made}


def run(paths: list[str], form: str, lang: str, install_method: str | None) -> int:
    """Print the report, or the sentence that says why there is none; the exit code."""
    try:
        report = report_on(paths, lang, install_method)
    except Unusable as reason:
        print(f"diagnose: {reason}", file=sys.stderr)
        return 2
    if form == "json":
        text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    else:
        from troubleshoot.diagnosis.renderings import as_markdown, as_text

        text = as_text(report) if form == "text" else as_markdown(report)
    # A terminal that cannot show a character must not cost the report.
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # Whoever reads has enough (`| head`); nothing more may be written to it, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def main(argv: list[str]) -> int:
    parser = Arguments(prog="manage.py diagnose", description=DESCRIPTION)
    add_arguments(parser)
    options = parser.parse_args(argv)
    try:
        return run(options.paths, options.format, options.lang, options.install_method)
    except KeyboardInterrupt:
        return 130
