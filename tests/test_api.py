"""The HTTP API as contract.md tells it: answers, refusals, schema and document."""

from __future__ import annotations

import gzip
import io
import json
import re
from urllib.parse import quote

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.casework import HANG, HANG_WITH_SECRET, SECRET, open_hang, own_place, read, spooled  # noqa: F401
from troubleshoot import actions, shelf
from troubleshoot.models import Case
from troubleshoot.views.api import REPORT_SCHEMA

pytestmark = pytest.mark.django_db

DIAGNOSE = "/api/v1/diagnose"


@pytest.fixture
def worker_at_once(monkeypatch):
    """The queue hands the case to the worker at once: what is sent is read before the answer waits for it."""
    monkeypatch.setattr("troubleshoot.views.api.send", lambda case_id: read(Case.objects.get(pk=case_id)))


def post(client: Client, content: bytes | str = HANG, query: str = "", kind: str = "text/plain", **headers: str):
    return client.post(f"{DIAGNOSE}{query}", content, content_type=kind, headers=headers)


def problem_of(answer, status: int) -> str:
    """The sentence of a refusal, which has the form that the contract names."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    return body["detail"]


def address(case: Case) -> str:
    return f"/api/v1/cases/{case.pk}"


def test_a_report_that_is_ready_in_time_is_the_answer(client, worker_at_once):
    answer = client.post(DIAGNOSE, {"file": SimpleUploadedFile("log.txt", HANG.encode())})

    report = answer.json()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert (report["status"], report["verdict"], report["causes"][0]["family"]) == ("done", "cause", "p2p")
    assert report["inputs"][0]["name"] == "log.txt"
    assert not answer.cookies


def test_the_answer_begins_with_the_contracts_own_fields_and_tells_the_delete_token(client, worker_at_once):
    report = post(client).json()

    assert list(report)[:6] == ["schema", "id", "status", "lang", "created", "expires"]
    assert actions.may_delete(Case.objects.get(pk=report["id"]), report["delete_token"])


def test_files_and_text_of_one_form_are_one_case(client, worker_at_once):
    files = [SimpleUploadedFile("log.txt", HANG.encode()), SimpleUploadedFile("topo.txt", b"GPU0 GPU1")]

    report = client.post(DIAGNOSE, {"file": files, "text": "dmesg says\n"}).json()

    assert [one["name"] for one in report["inputs"]] == ["log.txt", "topo.txt", "pasted.txt"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", HANG.encode()),
        ("application/octet-stream", HANG.encode()),
        ("application/x-www-form-urlencoded", HANG.encode()),  # what curl --data-binary @log says
        ("application/x-www-form-urlencoded", b"text=" + quote(HANG).encode()),
        ("", HANG.encode()),
    ],
)
def test_a_raw_body_is_read_whatever_it_is_called(client, worker_at_once, kind, body):
    report = post(client, body, kind=kind).json()

    assert report["verdict"] == "cause"
    assert report["inputs"][0]["lines"] == HANG.count("\n")


def test_a_compressed_body_is_opened(client, worker_at_once):
    assert post(client, gzip.compress(HANG.encode()), kind="application/gzip").json()["verdict"] == "cause"


def test_a_case_that_is_not_ready_answers_202_with_what_is_needed_to_poll_and_delete(client):
    answer = post(client, query="?wait=0")

    told = answer.json()
    case = Case.objects.get(pk=told["id"])
    assert answer.status_code == 202
    assert told["status"] == "queued"
    assert told["url"] == answer["Location"] == f"http://testserver{address(case)}"
    assert actions.may_delete(case, told["delete_token"])


def test_waiting_ends_after_the_seconds_asked_for(client):
    assert post(client, query="?wait=0.1").status_code == 202


def test_polling_tells_the_state_then_the_report(client):
    case, _ = open_hang()
    waiting = client.get(address(case)).json()

    read(case)
    done = client.get(address(case)).json()

    assert (waiting["status"], waiting["step"], waiting["id"]) == ("queued", "queued", case.pk)
    assert (done["status"], done["verdict"]) == ("done", "cause")


def test_a_failed_case_is_no_verdict(client):
    case, _ = open_hang()
    Case.objects.filter(pk=case.pk).update(status=Case.Status.FAILED, failure="our-fault")

    told = client.get(address(case)).json()

    assert told["status"] == "failed"
    assert "no verdict" in told["failure"]["says"]
    assert "verdict" not in told
    jsonschema.validate(told, REPORT_SCHEMA)


@pytest.mark.parametrize(("accept", "begins"), [("text/plain", "Very likely"), ("text/markdown", "#")])
def test_text_and_markdown_by_accept(client, worker_at_once, accept, begins):
    answer = post(client, accept=accept)
    again = client.get(address(Case.objects.get()), headers={"accept": accept})

    assert answer["Content-Type"] == f"{accept}; charset=utf-8"
    assert "NCCL_P2P_DISABLE" in answer.content.decode()
    assert answer.content == again.content
    assert begins in answer.content.decode().lstrip()[:40]


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/html,application/json;q=0.9,*/*;q=0.8", "image/png"]
)
def test_everything_else_by_accept_is_json(client, worker_at_once, accept):
    assert post(client, accept=accept)["Content-Type"] == "application/json"


def test_a_waiting_or_failed_case_in_plain_text_is_one_line(client):
    case, _ = open_hang()
    waiting = client.get(address(case), headers={"accept": "text/plain"})
    Case.objects.filter(pk=case.pk).update(status=Case.Status.FAILED, failure="spool-lost")

    failed = client.get(address(case), headers={"accept": "text/plain"})

    assert waiting.content == b"queued: queued\n"
    assert failed.content.startswith(b"failed: The files")


def test_the_language_asked_for_is_spoken_and_remembered(client, worker_at_once):
    chinese = post(client, query="?lang=zh-hans").json()
    case = Case.objects.get()

    assert chinese["lang"] == "zh-hans"
    assert re.search("[\u4e00-\u9fff]", chinese["summary"])
    assert client.get(address(case)).json()["lang"] == "zh-hans"
    assert client.get(f"{address(case)}?lang=en").json()["lang"] == "en"


def test_the_install_method_asked_for_comes_first(client, worker_at_once):
    report = post(client, query="?install_method=kubernetes").json()

    first = [
        remedy["snippets"][0]["method"] for remedy in report["causes"][0]["remedies"] if len(remedy["snippets"]) > 1
    ]
    assert "kubernetes" in first


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?lang=fr", "zh-hans"),
        ("?install_method=teleport", "docker"),
        ("?wait=31", "between 0 and 30"),
        ("?wait=-1", "between 0 and 30"),
        ("?wait=nan", "between 0 and 30"),
        ("?wait=soon", "wait"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_allowed(client, query, says):
    assert says in problem_of(post(client, query=query), 422)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b""),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"text="),
        ("multipart/form-data; boundary=edge", b"--edge--\r\n"),
    ],
)
def test_nothing_sent_is_refused_with_what_to_send(client, kind, body):
    assert "`file` parts" in problem_of(post(client, body, kind=kind), 400)


def test_a_broken_form_is_refused(client):
    assert problem_of(post(client, b"--edge\r\nContent-Disp", kind="multipart/form-data; boundary=edge"), 400)
    assert problem_of(post(client, b"x", kind="multipart/form-data"), 400)


def test_too_large_is_refused_with_the_limit_named(client, settings):
    settings.MAX_REQUEST_BYTES = 1 << 20

    said = problem_of(post(client, b"x" * (2 << 20)), 413)

    assert "UNHANG_MAX_REQUEST_BYTES" in said
    assert "1 MB" in said
    assert not Case.objects.exists()


def test_a_body_in_chunks_is_read_to_its_end_and_no_further_than_the_limit(rf, settings):
    from troubleshoot.forms import body_files

    def chunked(content: bytes):
        request = rf.post(DIAGNOSE, b"", content_type="text/plain")
        request.META.pop("CONTENT_LENGTH", None)
        request.META |= {"wsgi.input": io.BytesIO(content), "wsgi.input_terminated": True}
        return request

    ((_, stream),) = body_files(chunked(HANG.encode()))
    assert stream.read() == HANG.encode()
    settings.MAX_REQUEST_BYTES = 100
    with pytest.raises(actions.Refused) as refused:
        body_files(chunked(HANG.encode()))
    assert refused.value.status == 413


def test_too_many_at_once_is_refused_with_the_time_to_wait(client, settings):
    settings.MAX_CASES_AT_ONCE = 1
    open_hang()

    answer = post(client)

    assert "UNHANG_MAX_CASES_AT_ONCE" in problem_of(answer, 429)
    assert answer["Retry-After"] == "30"


def test_a_content_encoding_is_refused_with_what_to_do_instead(client):
    assert "as it is" in problem_of(post(client, gzip.compress(b"x"), **{"content-encoding": "gzip"}), 415)


def test_a_refusal_is_in_the_language_asked_for(client):
    assert re.search("[\u4e00-\u9fff]", problem_of(post(client, b"", query="?lang=zh-hans"), 400))


def test_unknown_is_404_expired_and_deleted_are_410(client, settings):
    deleted, _ = open_hang()
    actions.delete_case(deleted)
    expired, _ = open_hang()

    assert problem_of(client.get("/api/v1/cases/nobody-has-this"), 404)
    assert problem_of(client.get(address(deleted)), 410)
    settings.CLOCK_AHEAD_SECONDS = (settings.KEEP_DAYS + 1) * 86400
    assert problem_of(client.get(address(expired)), 410)


@pytest.mark.parametrize("way", ["bearer", "header", "query"])
def test_the_delete_token_deletes(client, way):
    case, token = open_hang()
    read(case)
    headers = {"bearer": {"authorization": f"Bearer {token}"}, "header": {"x-delete-token": token}}.get(way, {})
    query = f"?token={token}" if way == "query" else ""

    answer = client.delete(f"{address(case)}{query}", headers=headers)

    assert (answer.status_code, answer.content) == (204, b"")
    case.refresh_from_db()
    assert case.deleted
    assert not case.texts.exists()
    assert problem_of(client.get(address(case)), 410)
    assert problem_of(client.delete(address(case), headers=headers), 410)


def test_without_the_right_token_nothing_is_deleted(client):
    case, _ = open_hang()
    _, other_token = open_hang()

    assert "delete token" in problem_of(client.delete(address(case)), 403)
    assert problem_of(client.delete(address(case), headers={"x-delete-token": other_token}), 403)
    case.refresh_from_db()
    assert not case.deleted


def test_an_address_that_is_not_there_and_a_fault_of_ours_are_problems_too(client, monkeypatch, caplog):
    assert "openapi.json" in problem_of(client.get("/api/v1/nothing"), 404)
    assert problem_of(client.get("/api/v2/cases/x"), 404)

    def broken(*args: object) -> None:
        raise ValueError(f"cannot read {SECRET}")

    monkeypatch.setattr(actions, "open_case", broken)
    said = problem_of(post(client), 500)

    assert SECRET not in said + caplog.text
    assert "ValueError in tests/test_api.py" in caplog.text


def test_no_cookie_is_set_or_needed_and_no_form_token(worker_at_once):
    strict = Client(enforce_csrf_checks=True)

    answer = post(strict)

    assert answer.status_code == 200
    assert not answer.cookies


def test_the_published_schema_is_a_schema_and_real_reports_keep_to_it(client, worker_at_once):
    schema = client.get("/api/v1/report-schema.json").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    topo = "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\t X \tPHB\t0-31\t0\nGPU1\tPHB\t X \t0-31\t0\n"
    bodies = {
        "hang": HANG,
        "topology": HANG + "$ nvidia-smi topo -m\n" + topo,
        "unclear": "nothing that anybody knows\n",
        "empty": "\n",
        "binary": bytes(range(256)) * 9,
    }

    for language in ("en", "zh-hans"):
        for body in bodies.values():
            jsonschema.validate(post(client, body, query=f"?lang={language}").json(), schema)


def test_the_schema_notices_a_report_that_breaks_the_contract(client, worker_at_once):
    report = post(client).json()

    for broken in (
        {**report, "verdict": "dunno"},
        {**report, "causes": [{**report["causes"][0], "confidence": 1.2}]},
        {key: value for key, value in report.items() if key != "timeline"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, REPORT_SCHEMA)


def test_the_openapi_document_lists_every_call_with_its_answers(client):
    document = client.get("/api/v1/openapi.json").json()

    calls = {(path, method) for path, of in document["paths"].items() for method in of}
    assert calls == {
        ("/api/v1/diagnose", "post"),
        ("/api/v1/cases/{case_id}", "get"),
        ("/api/v1/cases/{case_id}", "delete"),
        ("/api/v1/report-schema.json", "get"),
        ("/api/v1/redaction-rules", "get"),
    }
    diagnose = document["paths"]["/api/v1/diagnose"]["post"]
    assert set(diagnose["responses"]) >= {"200", "202", "400", "413", "415", "422", "429"}
    assert "multipart/form-data" in diagnose["requestBody"]["content"]
    assert "text/markdown" in diagnose["responses"]["200"]["content"]
    assert client.get("/api/v1/docs").status_code == 404


def test_the_redaction_rules_are_published_with_patterns_that_compile(client):
    rules = client.get(reverse("api:redaction-rules")).json()

    assert {"token", "email", "ipv4"} <= {rule["name"] for rule in rules}
    assert all(re.compile(rule["pattern"]).groups >= rule["group"] for rule in rules)


def test_the_same_report_on_the_command_line_but_for_ids_and_times(client, worker_at_once, tmp_path, capsys):
    from troubleshoot.diagnosis import cli

    log = tmp_path / "log.txt"
    log.write_text(HANG_WITH_SECRET)
    by_http = client.post(DIAGNOSE, {"file": SimpleUploadedFile("log.txt", HANG_WITH_SECRET.encode())}).json()

    assert cli.main(["--format", "json", "--lang", "en", str(log)]) == 0

    by_command = json.loads(capsys.readouterr().out)
    for own in ("id", "created", "expires", "page", "delete_token"):
        by_http.pop(own)
        by_command.pop(own, None)
    assert by_command == by_http


def test_every_install_method_can_be_asked_for(client, worker_at_once):
    for method in shelf.library().install_methods:
        assert post(client, query=f"?install_method={method}").status_code == 200
