"""`manage.py diagnose` as people and programs call it, and `manage.py rediagnose`."""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from django.core.management import CommandError, call_command

from tests.casework import HANG, HANG_WITH_SECRET, SECRET, open_hang, own_place, read  # noqa: F401  # used by every test
from troubleshoot import actions, shelf
from troubleshoot.diagnosis.pipeline import examine, take_in
from troubleshoot.models import Case
from troubleshoot.rediagnosis import changes, report_again
from troubleshoot.views.api import REPORT_SCHEMA

ROOT = Path(__file__).resolve().parent.parent


def diagnose(*arguments: str | Path, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "manage.py", "diagnose", *map(str, arguments)],
        cwd=ROOT,
        input=given,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        check=False,
    )


def report_of(*arguments: str | Path, given: bytes = b"") -> dict:
    done = diagnose("--format", "json", *arguments, given=given)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, REPORT_SCHEMA)
    return report


def refusal_of(*arguments: str | Path, given: bytes = b"") -> str:
    """The one line on standard error of a call that made no report."""
    done = diagnose(*arguments, given=given)
    assert done.returncode == 2
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    return line


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.txt"
    path.write_text(HANG_WITH_SECRET)
    return path


def test_a_log_gives_the_contracts_json(log: Path):
    report = report_of(log)

    assert (report["status"], report["verdict"], report["causes"][0]["family"]) == ("done", "cause", "p2p")
    assert report["inputs"][0]["name"] == "log.txt"
    assert SECRET not in json.dumps(report)


def test_standard_input_is_read(log: Path):
    assert report_of("-", given=log.read_bytes())["verdict"] == "cause"


def test_a_folder_is_one_case_in_the_order_of_its_names(tmp_path: Path):
    (tmp_path / "case" / "host").mkdir(parents=True)
    (tmp_path / "case" / "b.log").write_text(HANG)
    (tmp_path / "case" / "host" / "topo.txt").write_text("GPU0 GPU1\n")
    (tmp_path / "case" / "a.log").write_text("INFO nothing\n")
    (tmp_path / "case" / "link").symlink_to("/etc/passwd")

    report = report_of(tmp_path / "case")

    assert [one["name"] for one in report["inputs"]] == ["a.log", "b.log", "host/topo.txt"]
    assert report["verdict"] == "cause"


def test_an_archive_is_opened(tmp_path: Path, log: Path):
    with tarfile.open(tmp_path / "logs.tar.gz", "w:gz") as tar:
        tar.add(log, "logs/log.txt")

    assert report_of(tmp_path / "logs.tar.gz")["inputs"][0]["name"] == "logs.tar.gz/logs/log.txt"


def test_several_paths_are_one_case(tmp_path: Path, log: Path):
    (tmp_path / "other.txt").write_text("x\n")

    assert len(report_of(log, tmp_path / "other.txt")["inputs"]) == 2


@pytest.mark.parametrize(("form", "says"), [("text", "DO THIS"), ("markdown", "##")])
def test_text_and_markdown(log: Path, form: str, says: str):
    done = diagnose("--format", form, "--lang", "en", log)

    assert done.returncode == 0
    assert says in done.stdout.decode()


def test_the_language_is_the_one_asked_for_else_the_terminals(log: Path):
    assert "这样做" in diagnose("--lang", "zh-hans", log).stdout.decode()
    assert "这样做" in diagnose(log, LC_ALL="zh_CN.UTF-8").stdout.decode()
    assert "DO THIS" in diagnose(log, LC_ALL="de_DE.UTF-8").stdout.decode()


def test_a_terminal_without_unicode_gets_the_report_all_the_same(log: Path):
    done = diagnose(
        "--lang", "zh-hans", log, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii", PYTHONCOERCECLOCALE="0"
    )

    assert done.returncode == 0


def test_the_install_method_asked_for_comes_first(log: Path):
    report = report_of("--install-method", "kubernetes", log)

    firsts = [remedy["snippets"][0]["method"] for remedy in report["causes"][0]["remedies"] if remedy["snippets"]]
    assert "kubernetes" in firsts


def test_a_report_without_a_verdict_is_a_report(tmp_path: Path):
    (tmp_path / "chat.txt").write_text("hello, my model does not start, what can I do?\n")

    report = report_of(tmp_path / "chat.txt")

    assert report["verdict"] == "insufficient-evidence"
    assert report["next_steps"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-file.log"], "no-such-file.log does not exist"),
        ([], "PATH"),
        (["--format", "xml", "-"], "xml"),
        (["--lang", "fr", "-"], "fr"),
        (["--install-method", "teleport", "manage.py"], "docker"),
        (["-"], "nothing that was given can be read"),
    ],
)
def test_unusable_arguments_end_with_2_and_one_line(arguments: list[str], says: str):
    assert says in refusal_of(*arguments)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (bytes(range(256)) * 40, "not text"), (b"%PDF-1.7\n", "PDF"), (b"\x89PNG\r\n\x1a\n", "picture")],
)
def test_what_cannot_be_read_at_all_ends_with_2_and_says_why(tmp_path: Path, content: bytes, says: str):
    (tmp_path / "input").write_bytes(content)

    assert says in refusal_of("--lang", "en", tmp_path / "input")


def test_an_empty_folder_ends_with_2(tmp_path: Path):
    (tmp_path / "empty").mkdir()

    assert "nothing that was given" in refusal_of(tmp_path / "empty")


def test_what_can_be_read_is_read_beside_what_cannot(tmp_path: Path, log: Path):
    (tmp_path / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    report = report_of(tmp_path / "shot.png", log)

    assert report["verdict"] == "cause"
    assert report["inputs"][0]["notes"]


def test_a_reader_that_has_enough_is_no_fault(log: Path):
    done = subprocess.run(
        f"{sys.executable} manage.py diagnose {log} | head -1", shell=True, cwd=ROOT, capture_output=True, check=False
    )

    assert done.stdout
    assert done.stderr == b""


def test_it_starts_without_django_database_or_queue(log: Path):
    code = f"""
import sys
sys.argv = ["manage.py", "diagnose", "--format", "json", {str(log)!r}]
import manage
try:
    manage.main()
except SystemExit as ended:
    assert not ended.code, ended.code
heavy = [name for name in sys.modules if name.partition(".")[0] in ("django", "celery", "redis", "ninja", "sqlite3")]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


def test_djangos_own_command_gives_the_same(log: Path, capsys: pytest.CaptureFixture[str]):
    call_command("diagnose", str(log), format="json", lang="en")

    own = json.loads(capsys.readouterr().out)
    assert {**own, "created": None} == {**report_of("--lang", "en", log), "created": None}


def test_djangos_own_command_ends_with_2_for_unusable_input():
    with pytest.raises(SystemExit) as ended:
        call_command("diagnose", "no-such-file.log")

    assert ended.value.code == 2


@pytest.mark.django_db
def test_a_stored_case_gives_the_same_report_again_from_its_redacted_texts():
    case, _ = open_hang(HANG_WITH_SECRET)
    read(case)

    assert report_again(case, shelf.library()) == case.report


@pytest.mark.django_db
def test_a_text_that_was_kept_in_parts_keeps_its_line_numbers():
    library = shelf.library()
    (document,) = take_in([("log.txt", io.BytesIO(HANG.encode()))], library)
    # As of a large log of which only its last lines say something.
    document.numbers = [number + 90_000 for number in document.numbers]
    document.hits = {pattern: [number + 90_000 for number in lines] for pattern, lines in document.hits.items()}
    document.line_count = 100_000
    case, _ = open_hang()
    claimed = Case.objects.claim(case.pk, timedelta(seconds=30))
    actions.finish(claimed, examine([document], library), [document])
    case.refresh_from_db()

    again = report_again(case, library)

    assert case.texts.get().line_numbers()[0] == 90_001
    assert min(item["line"] for item in again["causes"][0]["evidence"] if item["line"]) > 90_000
    assert again == case.report


@pytest.mark.django_db
def test_rediagnose_shows_what_changed_and_stores_only_when_told(capsys: pytest.CaptureFixture[str]):
    case, _ = open_hang()
    read(case)
    today = case.report
    older = copy.deepcopy(today)
    older["verdict"], older["causes"] = "insufficient-evidence", []
    Case.objects.filter(pk=case.pk).update(report=older)

    call_command("rediagnose")

    shown = capsys.readouterr().out
    assert "verdict insufficient-evidence → cause" in shown
    assert "1 of 1 cases changed\n" in shown
    assert Case.objects.get(pk=case.pk).report == older

    call_command("rediagnose", case.pk, store=True)

    assert Case.objects.get(pk=case.pk).report == today
    call_command("rediagnose")
    assert f"{case.pk}  the same" in capsys.readouterr().out


@pytest.mark.django_db
def test_rediagnose_leaves_deleted_and_unfinished_cases_alone(capsys: pytest.CaptureFixture[str]):
    deleted, _ = open_hang()
    actions.delete_case(read(deleted))
    open_hang()

    call_command("rediagnose")

    assert "0 of 0 cases changed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no finished case"):
        call_command("rediagnose", deleted.pk)


def test_changes_below_a_hundredth_are_none():
    report = {"verdict": "cause", "causes": [{"id": "gpu-oom", "confidence": 0.9}], "timeline": {"stuck_in": None}}
    nearly = {**report, "causes": [{"id": "gpu-oom", "confidence": 0.905}]}
    other = {**report, "causes": [{"id": "gpu-oom", "confidence": 0.7}, {"id": "host-oom", "confidence": 0.2}]}

    assert changes(report, nearly) == []
    assert changes(report, other) == ["gpu-oom 0.90 → 0.70", "host-oom – → 0.20"]
