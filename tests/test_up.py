"""`manage.py up` on a folder that nobody prepared."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from kbsite.embedded import free_port
from tests.running import PATIENCE, ROOT, until


def page(address: str) -> str | None:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def test_a_bare_data_folder_gets_all_that_pages_need_and_the_end_comes_when_asked(tmp_path: Path):
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")},
        "UNHANG_DATA_DIR": str(tmp_path / "data"),
        "UNHANG_CACHE_DIR": str(ROOT / "var" / "cache"),
    }
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--bind", address], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        front = until("the front page", lambda: running.poll() is not None or page(f"http://{address}/"))
        assert running.poll() is None, (tmp_path / "log").read_text()
        style = front.split('rel="stylesheet" href="')[1].split('"')[0]
        assert page(f"http://{address}{style}")
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0
