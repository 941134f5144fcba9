"""No raw secret is left anywhere: not in the database, Redis, spool, temporary files, logs, pages, exports or the report."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import tarfile
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.casework import HANG
from tests.running import Answer, Site, new_site, until

# What is secret in each line; the rest of the line may stay.
PLANTED = {
    "hf_LkpYvRwNqTzXcBmDsGhJfPaE": "HF_TOKEN=hf_LkpYvRwNqTzXcBmDsGhJfPaE",
    "sk-proj-9aZ8bY7cX6dW5eV4fU3g": "using key sk-proj-9aZ8bY7cX6dW5eV4fU3g for the proxy",
    "Tr0ub4dor&3xyz": "export DB_PASSWORD='Tr0ub4dor&3xyz'",
    "s3cr3tPassw0rd": "postgresql://gpustack:s3cr3tPassw0rd@10.0.0.7:5432/gpustack",
    "AKIAQ3EGZ7XK4M5N6P7Q": "aws_access_key_id = AKIAQ3EGZ7XK4M5N6P7Q",
    "bXlCZWFyZXJUb2tlblZhbHVl": "Authorization: Bearer bXlCZWFyZXJUb2tlblZhbHVl",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
    "ada.lovelace@cluster.example.com": "mail to ada.lovelace@cluster.example.com failed",
    "52.94.236.248": "connected to 52.94.236.248 port 443",
    "ghp_z9Y8x7W6v5U4t3S2r1Q0p9O8n7M6": "git clone https://ghp_z9Y8x7W6v5U4t3S2r1Q0p9O8n7M6@git.example.com/x",
}
KEPT = ("NVIDIA A100-SXM4-80GB", "0000:3b:00.0", "2.21.5", "192.168.4.11", "NCCL_P2P_DISABLE=0", "eth0")
LOG = HANG + "\n".join(PLANTED.values()) + "\n" + "\n".join(KEPT) + "\n"
FILE_NAME_SECRET = "hf_NameOfTheFileIsSecretToo"
# Over FILE_UPLOAD_MAX_MEMORY_SIZE, so that the upload itself goes through a temporary file.
LARGE = LOG + "INFO 03-04 10:00:42 nothing happens here, and the line is of no interest to anybody\n" * 30_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = new_site(tmp_path_factory.mktemp("site"))
    try:
        made.manage("collectstatic", "--noinput", "--verbosity", "0")
        made.start_redis()
        made.start_web()
        yield made
    finally:
        made.close()


def archived(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("logs/worker.log")
        member.size = len(text.encode())
        tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def form(site: Site, *files: tuple[str, bytes]) -> Answer:
    edge = uuid.uuid4().hex
    body = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    )
    return site.send(body + f"--{edge}--\r\n".encode(), kind=f"multipart/form-data; boundary={edge}")


@pytest.fixture(scope="module")
def cases(site: Site) -> list[str]:
    """Sent while nobody reads, then read: plain, large and named by a secret, packed."""
    answers = [
        site.send(LOG.encode()),
        form(site, (f"{FILE_NAME_SECRET}.log", LARGE.encode())),
        form(site, ("logs.tar.gz", archived(LOG))),
    ]
    ids = [json.loads(answer.text)["id"] for answer in answers]
    waiting = b"".join(path.read_bytes() for path in (site.folder / "data" / "spool").rglob("*") if path.is_file())
    assert len(secrets_in(waiting.decode("latin-1"))) == len(PLANTED)  # as sent, until it is read
    assert secrets_in(redis_of(site)) == []
    site.start_worker()
    for case_id in ids:
        site.wait_for(case_id, "done")
    return ids


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (*PLANTED, FILE_NAME_SECRET) if secret in text]


def redis_of(site: Site) -> str:
    """Everything that Redis holds, and the file it keeps it in."""
    store = site.redis()
    held = []
    for key in store.keys("*"):
        kind = store.type(key)
        read = {
            b"list": lambda k: store.lrange(k, 0, -1),
            b"hash": store.hgetall,
            b"set": store.smembers,
            b"zset": lambda k: store.zrange(k, 0, -1),
        }
        held.append(repr((key, read.get(kind, store.get)(key))))
    files = [path.read_bytes().decode("latin-1") for path in site.folder.rglob("*.aof")]
    assert files
    return "\n".join(held + files)


def database_of(site: Site) -> str:
    """Every value of every row of ours, what is packed unpacked."""
    values = []
    with sqlite3.connect(f"file:{site.folder / 'data' / 'unhang.sqlite3'}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                values += [unpacked(value) for value in row]
    return "\n".join(values)


def unpacked(value: object) -> str:
    if isinstance(value, bytes):
        try:
            return zlib.decompress(value).decode()
        except zlib.error:
            return value.decode("latin-1")
    return str(value)


def test_no_secret_is_in_the_database(site: Site, cases: list[str]):
    stored = database_of(site)

    assert "Found nccl from library" in stored  # it does read the texts
    assert secrets_in(stored) == []
    raw = b"".join(path.read_bytes() for path in (site.folder / "data").glob("unhang.sqlite3*")).decode("latin-1")
    assert secrets_in(raw) == []


def test_no_secret_is_in_redis(site: Site, cases: list[str]):
    assert secrets_in(redis_of(site)) == []


def test_no_file_as_sent_is_left_in_the_spool_or_among_temporary_files(site: Site, cases: list[str]):
    left = [path for folder in ("data/spool", "tmp") for path in (site.folder / folder).rglob("*") if path.is_file()]

    assert [path for path in left if secrets_in(path.read_bytes().decode("latin-1"))] == []
    assert [path for path in left if "spool" in path.parts] == []


def test_no_secret_is_in_any_page_text_or_export(site: Site, cases: list[str]):
    pages = []
    for case_id in cases:
        pages += [
            f"/cases/{case_id}/",
            f"/api/v1/cases/{case_id}",
            f"/cases/{case_id}/texts/0/",
            f"/cases/{case_id}/texts/0/?line=20",
        ]
        pages += [f"/cases/{case_id}/report.{form}" for form in ("json", "md", "txt")]

    answers = {page: site.get(page) for page in pages}

    assert {page: answer.status for page, answer in answers.items() if answer.status != 200} == {}
    assert {page: secrets_in(answer.text) for page, answer in answers.items() if secrets_in(answer.text)} == {}


def test_what_diagnosis_needs_is_kept(site: Site, cases: list[str]):
    text = site.get(f"/cases/{cases[0]}/texts/0/").text

    assert [kept for kept in KEPT if kept not in text] == []


def test_line_numbers_survive_and_what_was_hidden_is_counted(site: Site, cases: list[str]):
    (read,) = json.loads(site.get(f"/api/v1/cases/{cases[0]}").text)["inputs"]

    assert read["lines"] == LOG.count("\n")
    assert read["redactions"] >= len(PLANTED)


def test_no_secret_is_in_refusals_or_error_pages(site: Site, cases: list[str]):
    body = LOG.encode()
    answers = [
        site.send(body, "?lang=fr"),
        site.send(b"--edge\r\nContent-Disposition: form-data; name" + body, kind="multipart/form-data; boundary=edge"),
        site.send(body, kind="multipart/form-data"),
        site.ask(
            "POST", "/diagnose/", b"text=" + body, {"Content-Type": "application/x-www-form-urlencoded"}
        ),  # no token
        site.ask("PUT", "/api/v1/diagnose", body, {}),
        site.ask("POST", "/nowhere/", body, {}),
    ]

    assert all(400 <= answer.status < 500 for answer in answers)
    assert [secrets_in(answer.text) for answer in answers if secrets_in(answer.text)] == []


def test_no_secret_is_in_any_log(site: Site, cases: list[str]):
    printed = site.log.read_text(errors="replace")

    assert re.search(
        r"Task troubleshoot\.tasks\.diagnose_case\[.*succeeded", printed
    )  # the worker's own words are there
    assert secrets_in(printed) == []


def test_deleting_a_case_leaves_only_its_number(site: Site, cases: list[str]):
    told = json.loads(site.send(LOG.encode(), "?wait=30").text)
    answer = site.ask(
        "DELETE", f"/api/v1/cases/{told['id']}", None, {"Authorization": f"Bearer {told['delete_token']}"}
    )

    assert answer.status == 204
    row = until("the row is emptied", lambda: site.row(told["id"]) if site.row(told["id"])["deleted"] else None)
    assert (row["report"], row["files"], row["content_hash"]) == (None, "[]", "")
    assert site.texts(told["id"]) == 0
    assert site.get(f"/cases/{told['id']}/").status == 410
    assert not (Path(site.folder) / "data" / "spool" / told["id"]).exists()
