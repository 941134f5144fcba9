"""What the tests of cases share: a place of their own for files, a queue that is away, and a launch that hangs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from kbsite.celery import app
from troubleshoot import actions, tasks
from troubleshoot.models import Case

# vLLM under GPUStack that says nothing more once NCCL was found: four GPUs, no time-out yet.
HANG = """\
2025-03-04T10:00:02+08:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
INFO 03-04 10:00:12 [__init__.py:239] Automatically detected platform cuda.
INFO 03-04 10:00:20 [api_server.py:1043] vLLM API server version 0.8.5
INFO 03-04 10:00:31 [config.py:1770] Defaulting to use mp for distributed inference
(VllmWorkerProcess pid=311) INFO 03-04 10:00:40 [utils.py:1055] Found nccl from library libnccl.so.2
INFO 03-04 10:00:40 [utils.py:1055] Found nccl from library libnccl.so.2
INFO 03-04 10:00:41 [pynccl.py:69] vLLM is using nccl==2.21.5
"""

SECRET = "hf_QmVhcnNhcmVuaWNlYW5pbWFs"
HANG_WITH_SECRET = HANG.replace("Starting vllm server", f"Starting vllm server HF_TOKEN={SECRET}")


@pytest.fixture(autouse=True)
def own_place(settings: object, tmp_path: Path) -> Iterator[Path]:
    """A spool of the test's own, pages without collected static files, and no queue to talk to."""
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "spool": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(tmp_path / "spool"),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    before = app.conf.broker_url
    app.conf.broker_url = f"redis+socket://{tmp_path}/nobody.sock?virtual_host=0"
    yield tmp_path
    app.conf.broker_url = before


def spooled(place: Path) -> list[Path]:
    return sorted(path for path in (place / "spool").rglob("*") if path.is_file())


def open_hang(text: str = HANG, name: str = "log.txt", **more: str) -> tuple[Case, str]:
    opened = actions.open_case([(name, io.BytesIO(text.encode()))], **more)
    return opened.case, opened.delete_token


def read(case: Case) -> Case:
    """What the worker does with the case."""
    tasks.diagnose_case(case.pk)
    case.refresh_from_db()
    return case


def upload(client: Client, *contents: bytes | str, **fields: str) -> HttpResponse:
    """POST to the upload page, as a browser does."""
    files = [
        SimpleUploadedFile(f"log-{n}.txt", content.encode() if isinstance(content, str) else content)
        for n, content in enumerate(contents)
    ]
    return client.post("/diagnose/", {"file": files, **fields})


def uploaded(response: HttpResponse) -> Case:
    """The case to whose page the upload led."""
    assert response.status_code == 302, response.content
    return Case.objects.get(pk=response["Location"].split("/")[2])
