"""The upload page, the case page, its texts and exports, through the whole of Django."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from tests.casework import HANG, HANG_WITH_SECRET, SECRET, open_hang, own_place, read, spooled, upload, uploaded  # noqa: F401
from troubleshoot import actions
from troubleshoot.models import Case
from troubleshoot.templatetags.reports import needs_root
from troubleshoot.views.cases import POLL_STOPS, TOKEN_COOKIE, WINDOW

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def page(client: Client, case: Case, **query: str):
    return client.get(case.get_absolute_url(), query)


def test_the_upload_page_tells_its_limits_and_what_to_collect(client):
    answer = client.get(reverse("new_case"))

    assert answer.status_code == 200
    assert b'name="file"' in answer.content
    assert b'name="text"' in answer.content
    assert b"collect.sh" in answer.content
    assert "256" in answer.content.decode()


def test_several_files_and_a_paste_are_one_case(client):
    case = uploaded(upload(client, HANG, "GPU0 GPU1\n", text="pasted line\n"))

    read(case)

    assert [one["name"] for one in case.report["inputs"]] == ["log-0.txt", "log-1.txt", "pasted.txt"]


def test_an_upload_leads_to_its_page_with_the_delete_token_for_that_address_only(client):
    answer = upload(client, HANG)

    case = uploaded(answer)
    cookie = answer.cookies[TOKEN_COOKIE]
    assert cookie["path"] == case.get_absolute_url()
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert actions.may_delete(case, cookie.value)
    assert cookie.value not in answer["Location"]


def test_a_queued_case_shows_that_it_waits_polls_and_reloads_without_scripts(client):
    case, _ = open_hang()

    answer = page(client, case)

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert f'hx-get="{case.get_absolute_url()}"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert "no-store" in answer["Cache-Control"]


def test_the_fragment_polls_while_the_case_is_read_and_stops_when_it_is_done(client):
    case, _ = open_hang()
    Case.objects.filter(pk=case.pk).update(status=Case.Status.READING, step="parse")
    reading = client.get(case.get_absolute_url(), headers=HTMX)
    assert reading.status_code == 200
    assert b"hx-trigger" in reading.content
    assert b"<html" not in reading.content
    Case.objects.filter(pk=case.pk).update(status=Case.Status.QUEUED)
    read(case)

    done = client.get(case.get_absolute_url(), headers=HTMX)

    assert done.status_code == POLL_STOPS
    assert b"hx-trigger" not in done.content
    assert b"NCCL_P2P_DISABLE" in done.content


def test_a_failed_case_says_why_and_stops_polling(client):
    case, _ = open_hang()
    Case.objects.filter(pk=case.pk).update(status=Case.Status.FAILED, failure="too-long")

    fragment = client.get(case.get_absolute_url(), headers=HTMX)

    assert fragment.status_code == POLL_STOPS
    assert b"UNHANG_CASE_SECONDS" in fragment.content
    assert b"hx-trigger" not in fragment.content
    assert page(client, case).status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", 'lang="en"'), ("zh-hans", 'lang="zh-Hans"')])
def test_one_report_reads_in_both_languages(client, language, words):
    case, _ = open_hang()
    read(case)

    answer = page(client, case, lang=language)

    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_an_unknown_case_is_404_and_a_deleted_or_expired_one_410(client, settings):
    deleted, _ = open_hang()
    actions.delete_case(deleted)
    expired, _ = open_hang()

    assert client.get("/cases/nobody-has-this-one/").status_code == 404
    assert page(client, deleted).status_code == 410
    settings.CLOCK_AHEAD_SECONDS = (settings.KEEP_DAYS + 1) * 86400
    assert page(client, expired).status_code == 410
    assert client.get(reverse("case_text", args=[expired.pk, 0])).status_code == 410
    assert client.get(reverse("case_export", args=[expired.pk, "json"])).status_code == 410


def test_a_page_that_polls_a_deleted_case_is_reloaded(client):
    case, _ = open_hang()
    actions.delete_case(case)

    answer = client.get(case.get_absolute_url(), headers=HTMX)

    assert (answer.status_code, answer["HX-Refresh"]) == (POLL_STOPS, "true")


def test_the_uploaders_browser_deletes_the_case(client):
    case = read(uploaded(upload(client, HANG)))

    answer = client.post(reverse("case_delete", args=[case.pk]))

    assert answer.status_code == 200
    case.refresh_from_db()
    assert case.deleted
    assert not case.texts.exists()
    assert page(client, case).status_code == 410


@pytest.mark.parametrize("given", ["{'<token-1>': 'hf_abc'}", "short", "A" * 50 + "<script>"])
def test_what_is_no_sealed_map_is_not_kept(client, given):
    case = uploaded(upload(client, HANG, private_map=given))
    assert case.private_map == ""


def test_a_typed_token_deletes_and_nobody_without_one(client):
    case, token = open_hang()

    refused = client.post(reverse("case_delete", args=[case.pk]), {"token": "guessed"})
    assert refused.status_code == 403
    case.refresh_from_db()
    assert not case.deleted
    assert client.get(reverse("case_delete", args=[case.pk])).status_code == 405

    assert client.post(reverse("case_delete", args=[case.pk]), {"token": token}).status_code == 200


def test_a_forged_form_neither_uploads_nor_deletes():
    strict = Client(enforce_csrf_checks=True)
    case, token = open_hang()

    assert upload(strict, HANG).status_code == 403
    assert strict.post(reverse("case_delete", args=[case.pk]), {"token": token}).status_code == 403
    assert Case.objects.count() == 1
    case.refresh_from_db()
    assert not case.deleted


def test_a_real_form_is_taken():
    strict = Client(enforce_csrf_checks=True)
    strict.get(reverse("new_case"))

    assert uploaded(upload(strict, HANG, csrfmiddlewaretoken=strict.cookies["csrftoken"].value))


def test_the_same_files_sent_again_name_the_earlier_case_without_its_token(client):
    earlier = read(uploaded(upload(client, HANG)))

    again = uploaded(upload(client, HANG))

    context = page(client, again).context
    assert context["earlier"] == earlier
    assert not actions.may_delete(earlier, context["delete_token"])


@pytest.mark.parametrize(("form", "kind", "says"), [
    ("json", "application/json", '"verdict": "cause"'),
    ("md", "text/markdown", "NCCL_P2P_DISABLE"),
    ("txt", "text/plain", "NCCL_P2P_DISABLE"),
])  # fmt: skip
def test_the_report_is_exported_in_three_forms(client, form, kind, says):
    case, _ = open_hang()
    read(case)

    answer = client.get(reverse("case_export", args=[case.pk, form]))

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(kind)
    assert says in answer.content.decode()


def test_an_export_before_the_report_or_in_an_unknown_form_is_404(client):
    case, _ = open_hang()
    assert client.get(reverse("case_export", args=[case.pk, "json"])).status_code == 404
    read(case)

    assert client.get(reverse("case_export", args=[case.pk, "exe"])).status_code == 404


def test_the_text_viewer_shows_a_window_around_the_line_asked_for(client):
    case, _ = open_hang("".join(f"line number {n}\n" for n in range(1, 5001)))
    read(case)

    answer = client.get(reverse("case_text", args=[case.pk, 0]), {"line": "3000"})

    numbers = [row[0] for row in answer.context["rows"]]
    assert len(numbers) == WINDOW
    assert numbers[0] < 3000 < numbers[-1]
    assert 'id="L3000"' in answer.content.decode()
    assert (answer.context["previous"], answer.context["next"]) == (
        numbers[0] - WINDOW // 2,
        numbers[-1] + 1 + WINDOW // 2,
    )


def test_the_text_viewers_pages_join_without_a_gap(client):
    case, _ = open_hang("".join(f"line number {n}\n" for n in range(1, 3501)))
    read(case)
    address = reverse("case_text", args=[case.pk, 0])
    seen: list[int] = []
    line: int | None = 1
    while line:
        context = client.get(address, {"line": line}).context
        seen += [row[0] for row in context["rows"]]
        line = context["next"]

    assert sorted(set(seen)) == list(range(1, 3501))


def test_evidence_is_marked_in_the_viewer(client):
    case, _ = open_hang()
    read(case)

    answer = client.get(reverse("case_text", args=[case.pk, 0]))

    cited = {item["line"] for item in case.report["causes"][0]["evidence"] if item["line"]}
    assert cited
    assert cited <= set(answer.context["cited"])
    assert b'class="marked"' in answer.content


@pytest.mark.parametrize("line", ["-1", "0", "x", "99999999999999999999", "٣", ""])
def test_an_odd_line_in_the_viewers_address_shows_the_text_all_the_same(client, line):
    case, _ = open_hang()
    read(case)

    assert client.get(reverse("case_text", args=[case.pk, 0]), {"line": line}).status_code == 200


def test_a_text_that_the_case_does_not_have_is_404(client):
    case, _ = open_hang()
    read(case)

    assert client.get(reverse("case_text", args=[case.pk, 7])).status_code == 404


def test_what_was_sent_is_escaped_on_every_page(client):
    case, _ = open_hang(HANG + "<script>alert(1)</script> ValueError: <img src=x>\n", name="<b>log</b>.txt")
    read(case)

    for answer in (page(client, case), client.get(reverse("case_text", args=[case.pk, 0]))):
        assert b"<script>alert" not in answer.content
        assert b"<b>log</b>" not in answer.content


def test_a_request_that_is_too_large_is_refused_before_it_is_read_with_the_limit_named(client, settings):
    settings.MAX_REQUEST_BYTES = 1 << 20

    answer = upload(client, b"x" * (2 << 20))

    assert answer.status_code == 413
    assert "UNHANG_MAX_REQUEST_BYTES" in answer.content.decode()
    assert "1 MB" in answer.content.decode()
    assert not Case.objects.exists()


def test_too_many_cases_at_once_are_refused_with_the_time_to_wait(client, settings):
    settings.MAX_CASES_AT_ONCE = 1
    open_hang()

    answer = upload(client, HANG)

    assert answer.status_code == 429
    assert answer["Retry-After"] == "30"
    assert "UNHANG_MAX_CASES_AT_ONCE" in answer.content.decode()


@pytest.mark.parametrize("fields", [{}, {"text": ""}, {"text": "  \n\t"}])
def test_an_empty_form_is_refused_with_a_sentence(client, fields):
    answer = client.post(reverse("new_case"), fields)

    assert answer.status_code == 400
    assert b"Nothing was sent" in answer.content


def test_a_pasted_text_over_the_limit_is_refused_with_the_way_out(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

    answer = client.post(reverse("new_case"), {"text": "x" * (2 << 20)})

    assert answer.status_code == 413
    assert "as a file" in answer.content.decode()


def test_a_form_that_is_cut_off_is_refused_not_a_fault(client):
    answer = client.post(
        reverse("new_case"), b"--edge\r\nContent-Disp", content_type="multipart/form-data; boundary=edge"
    )
    without_boundary = client.post(reverse("new_case"), b"x", content_type="multipart/form-data")

    assert answer.status_code == 400
    assert without_boundary.status_code == 400


def test_an_unknown_install_method_is_ignored_not_a_fault(client):
    case = uploaded(upload(client, HANG, install_method="teleport"))

    assert case.install_method == ""
    assert page(client, read(case), install_method="teleport").status_code == 200


def archive(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for n in range(3):
            packed.writestr(f"zeros-{n}.log", b"0" * (80 << 20))
    return out.getvalue()


ODD = {
    "0 bytes": b"",
    "only newlines": b"\n\n\n",
    "binary": bytes(range(256)) * 64,
    "NUL bytes in a log": HANG.encode().replace(b"cuda", b"cu\x00da"),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
    "PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
    "truncated gzip": gzip.compress(HANG.encode() * 50)[:-20],
    "gzip that is none": b"\x1f\x8b\x08\x00 and then a log",
    "member that leads out": archive(
        [(tarfile.TarInfo("../../etc/passwd"), b"root:x:0:0"), (tarfile.TarInfo("log.txt"), HANG.encode())]
    ),
    "absolute member": archive(
        [(tarfile.TarInfo("/etc/shadow"), b"root"), (tarfile.TarInfo("log.txt"), HANG.encode())]
    ),
    "link member": archive([(link("log", "/etc/passwd"), b""), (tarfile.TarInfo("log.txt"), HANG.encode())]),
    "zip bomb": zip_bomb(),
    "zip without a directory": b"PK\x03\x04" + b"\x00" * 40,
    "matrix cut in the middle": b"\tGPU0\tGPU1\tGPU2\tGPU3\nGPU0\t X \tNV12\tSYS\tSYS\nGPU1\tNV12\t X",
    "UTF-16": HANG.encode("utf-16"),
    "GB18030": "加载模型失败：请检查\n".encode("gb18030") * 20,
    "lone surrogates and controls": b"\xed\xa0\x80\x1b[31m\x07\xff\xfe broken \x85\n" * 30,
    "one line of a megabyte": b"x" * (1 << 20),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_odd_input_ends_in_a_report_or_a_sentence_and_never_in_a_fault(client, content):
    answer = upload(client, content)

    if answer.status_code == 302:
        case = read(uploaded(answer))
        assert case.status == Case.Status.DONE
        assert page(client, case).status_code == 200
        for n in range(len(case.report["inputs"])):
            assert client.get(reverse("case_text", args=[case.pk, n])).status_code == 200
        assert "\\u0000" not in json.dumps(case.report)
    else:
        assert answer.status_code == 400


def inputs_of(client: Client, content: bytes) -> list[dict]:
    return read(uploaded(upload(client, content))).report["inputs"]


@pytest.mark.parametrize("kind", ["member that leads out", "absolute member", "link member"])
def test_what_leads_out_of_an_archive_is_left_out_and_said_and_the_rest_is_read(client, kind):
    inputs = inputs_of(client, ODD[kind])

    left_out, log = inputs
    assert left_out["lines"] == 0
    assert "Left out" in left_out["notes"][0]["en"]
    assert log["lines"] == HANG.count("\n")


@pytest.mark.parametrize("kind", ["0 bytes", "binary", "PDF", "PNG", "truncated gzip", "zip bomb"])
def test_what_could_not_be_read_is_said_in_both_languages(client, kind):
    notes = [note for one in inputs_of(client, ODD[kind]) for note in one["notes"]]

    assert notes
    assert all(note["en"] and re.search("[\u4e00-\u9fff]", note["zh-hans"]) for note in notes)


def test_no_report_page_or_text_shows_a_secret_that_was_sent(client):
    case = read(uploaded(upload(client, HANG_WITH_SECRET)))

    answers = [page(client, case), client.get(reverse("case_text", args=[case.pk, 0]))]
    answers += [client.get(reverse("case_export", args=[case.pk, form])) for form in ("json", "md", "txt")]

    assert all(SECRET not in answer.content.decode() for answer in answers)
    assert sum(one["redactions"] for one in case.report["inputs"]) == 1


@pytest.mark.parametrize(("method", "needed"), [("script", True), ("gpustack-model", False)])
def test_root_is_said_to_be_needed_where_the_shown_snippet_needs_it(method, needed):
    snippets = [
        {"method": "gpustack-model", "text": "Environment Variables: NCCL_P2P_DISABLE=1"},
        {"method": "script", "text": "sudo tee -a /etc/default/gpustack"},
    ]
    assert needs_root({"root": False, "snippets": snippets}, method) is needed
    assert needs_root({"root": True, "snippets": snippets}, method)


RANKS = """\
[2025-09-10 09:00:00] server_args=ServerArgs(model_path='org/model', tp_size=2, nnodes=1)
[2025-09-10 09:00:10 TP0] Init torch distributed begin.
[2025-09-10 09:00:10 TP1] Init torch distributed begin.
[2025-09-10 09:00:13 TP0] Init torch distributed ends. mem usage=0.3 GB
[2025-09-10 09:00:13 TP1] Init torch distributed ends. mem usage=0.3 GB
[2025-09-10 09:00:13 TP1] Load weight begin. avail mem=78.00 GB
[2025-09-10 09:00:33 TP1] Scheduler hit an exception: Traceback (most recent call last):
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
"""


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Rank 1 failed first; what the other ranks report follows from it.",
                "How far each of 2 ranks came",
                "load weights</td><td>ranks meet: 3 s",
            ],
        ),
        (
            "zh-hans",
            [
                "rank 1 最先失败；其他 rank 的报错都由它引起。",
                "2 个 rank 各走到了哪一步",
                "加载权重</td><td>进程会合：3 秒",
            ],
        ),
    ],
)
def test_the_page_tells_the_ranks_apart_and_who_failed_first(client, language, words):
    html = page(client, read(open_hang(RANKS)[0]), lang=language).content.decode()
    for said in words:
        assert said in html


def test_the_page_counts_ranks_that_cannot_be_numbered(client):
    text = HANG.replace(
        "8.5\n", "8.5\nINFO 03-04 10:00:21 [config.py:1] non-default args: {'tensor_parallel_size': 4}\n"
    )
    html = page(client, read(open_hang(text)[0])).content.decode()
    assert "1 of 4 ranks came as far as this" in html


PRINT_OUTS = """\
Filesystem      Size  Used Avail Use% Mounted on
shm              64M     0   64M   0% /dev/shm

NCCL_P2P_DISABLE=1
HOME=/root

BOOT_IMAGE=/boot/vmlinuz-6.8.0 root=/dev/sda1 ro iommu=pt
"""


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "environment variables",
                "limits of memory and files",
                "64 MiB",
                "<code>NCCL_P2P_DISABLE=1</code>",
                ">passthrough<",
            ],
        ),
        ("zh-hans", ["环境变量", "内存与文件限制", "64 MiB", "<code>NCCL_P2P_DISABLE=1</code>", ">直通<"]),
    ],
)
def test_what_was_read_is_told_in_words_not_in_ids(client, language, words):
    html = page(client, read(open_hang(PRINT_OUTS)[0]), lang=language).content.decode()
    for said in words:
        assert said in html
    for word in ("host-limits", "kernel-cmdline", ">shm_bytes<", "67108864", "phase_mark"):
        assert word not in html


def test_another_makers_output_says_what_is_not_covered_and_asks_for_nothing_of_nvidias(client):
    sent = "npu-smi 24.1.rc2                 Version: 24.1.rc2\n"
    case = read(open_hang(sent)[0])
    assert "其中有 昇腾 硬件的输出" in page(client, case, lang="zh-hans").content.decode()
    commands = " ".join(step["command"] for step in case.report["next_steps"])
    assert "docker logs" in commands
    assert "nvidia-smi" not in commands
    assert "NCCL_P2P_DISABLE" not in commands


def test_a_test_that_ran_through_is_no_launch_that_started(client):
    sent = """\
# nThread 1 nGpus 2 minBytes 8 maxBytes 134217728 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0
   134217728      33554432     float     sum      -1  10324.1   13.00   13.00      0  10319.8   13.01   13.01      0
# Out of bounds values : 0 OK
# Avg bus bandwidth    : 6.5021
"""
    html = page(client, read(open_hang(sent)[0]), lang="en").content.decode()
    assert "NCCL carries data between these GPUs" in html
    assert "Nothing is wrong" not in html
