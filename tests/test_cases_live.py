"""What must not be lost: a worker killed in the middle, a queue that is away. With a real Redis and a real worker."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.casework import HANG
from tests.running import Site, new_site, until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = new_site(tmp_path)
    try:
        yield made
    finally:
        made.close()


def spooled(site: Site) -> list[Path]:
    return [path for path in (site.folder / "data" / "spool").rglob("*") if not path.is_dir()]


class Held:
    """The one file in the spool, turned into a pipe: whoever reads it waits until it is let go."""

    def __init__(self, site: Site) -> None:
        (self.path,) = spooled(site)
        self.content = self.path.read_bytes()
        self.path.unlink()
        os.mkfifo(self.path, 0o600)

    def let_go(self) -> None:
        """Whoever waits now gets the content."""
        self.path.write_bytes(self.content)

    def put_back(self) -> None:
        self.path.unlink()
        self.path.write_bytes(self.content)


def test_a_case_whose_worker_is_killed_in_the_middle_ends_done_and_once(site: Site):
    site.start_redis()
    site.start_web()
    case_id = json.loads(site.send(HANG.encode()).text)["id"]
    held = Held(site)
    site.start_worker()
    site.wait_for(case_id, "reading")

    site.end("worker", signal.SIGKILL)
    held.put_back()
    assert site.row(case_id)["status"] == "reading"  # nobody has it, and nobody has noticed yet
    site.start_worker()

    row = site.wait_for(case_id, "done")
    assert row["attempts"] == 2
    assert site.texts(case_id) == 1
    assert spooled(site) == []
    assert json.loads(site.get(f"/api/v1/cases/{case_id}").text)["causes"][0]["family"] == "p2p"


def later_than(before: str, site: Site, case_id: str) -> str | None:
    lease = site.row(case_id)["lease_until"]
    return lease if lease > before else None


def test_a_lease_is_renewed_while_a_case_is_read_so_nobody_else_takes_it(site: Site):
    site.start_redis()
    site.start_web()
    case_id = json.loads(site.send(HANG.encode()).text)["id"]
    held = Held(site)
    site.start_worker()
    lease = site.wait_for(case_id, "reading")["lease_until"]

    # Longer than the first lease: a sweeper that looks every second would have given the case to somebody else.
    for _ in range(4):
        lease = until("the lease is renewed", lambda before=lease: later_than(before, site, case_id))

    held.let_go()
    assert site.wait_for(case_id, "done")["attempts"] == 1


def test_an_upload_while_redis_is_away_is_done_two_hours_later_when_it_is_back(site: Site):
    site.start_redis()
    site.start_web()
    site.end("redis")

    answer = site.send(HANG.encode())

    case_id = json.loads(answer.text)["id"]
    assert answer.status == 202
    assert site.row(case_id)["status"] == "queued"
    assert len(spooled(site)) == 1
    site.start_redis()
    site.start_worker(UNHANG_CLOCK_AHEAD_SECONDS="7200")
    row = site.wait_for(case_id, "done")
    assert row["attempts"] == 1
    assert site.texts(case_id) == 1
    assert spooled(site) == []


def test_redis_going_away_under_a_running_worker_loses_no_case(site: Site):
    site.start_redis()
    site.start_web()
    site.start_worker()
    before = json.loads(site.send(HANG.encode(), "?wait=30").text)
    assert before["status"] == "done"
    site.end("redis", signal.SIGKILL)

    case_id = json.loads(site.send(HANG.encode()).text)["id"]
    site.start_redis()

    assert site.wait_for(case_id, "done")["attempts"] == 1


def test_a_case_sent_to_the_queue_ten_times_is_read_once(site: Site):
    site.start_redis()
    site.start_web()
    case_id = json.loads(site.send(HANG.encode()).text)["id"]
    site.manage("shell", "-c", f"from troubleshoot.tasks import publish; [publish({case_id!r}) for _ in range(9)]")
    assert site.redis().llen("celery") == 10

    site.start_worker()

    assert site.wait_for(case_id, "done")["attempts"] == 1
    until("the queue is empty", lambda: site.redis().llen("celery") == 0)
    assert site.row(case_id)["attempts"] == 1
    assert site.texts(case_id) == 1


def test_an_upload_far_over_the_limit_gets_its_answer_and_not_a_broken_connection(site: Site):
    site.settings["UNHANG_MAX_REQUEST_BYTES"] = str(1 << 20)
    site.start_web()

    answer = site.send(b"x" * (30 << 20))

    assert answer.status == 413
    assert "1 MB" in answer.text
