"""A case from its row to its report: claiming, finishing, failing, sweeping, deleting."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.casework import HANG, open_hang, own_place, read, spooled  # noqa: F401  # own_place is used by every test
from troubleshoot import actions, spool, tasks
from troubleshoot.models import Case, CaseText

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=30)


@pytest.fixture
def later(settings):
    """Moves the clock of leases, expiry and the sweeper ahead."""

    def move(**by: float) -> None:
        settings.CLOCK_AHEAD_SECONDS = int(timedelta(**by).total_seconds())

    return move


def test_ids_and_tokens_cannot_be_guessed_and_only_the_tokens_hash_is_stored():
    case, token = open_hang()
    other, _ = open_hang()

    assert case.pk != other.pk
    assert len(case.pk) >= 22  # 128 bits
    assert token not in str(case.__dict__)
    assert actions.may_delete(case, token)
    assert not actions.may_delete(case, token[:-1])
    assert not actions.may_delete(other, token)


def test_what_was_sent_waits_in_the_spool_for_nobody_else_to_read(own_place: Path):
    open_hang()

    (waiting,) = spooled(own_place)
    assert waiting.read_text() == HANG
    assert waiting.stat().st_mode & 0o777 == 0o600
    assert waiting.parent.stat().st_mode & 0o777 == 0o700


def test_a_read_case_is_done_has_its_report_and_texts_and_no_spool(own_place: Path):
    case, _ = open_hang()

    read(case)

    assert case.status == Case.Status.DONE
    assert case.report["inputs"][0]["lines"] == HANG.count("\n")
    assert case.texts.get().lines() == HANG.splitlines()
    assert case.files == [{"name": "log.txt"}]
    assert spooled(own_place) == []
    assert list((own_place / "spool").iterdir()) == []


def test_the_report_of_a_silent_stop_after_nccl_was_found_leads_with_peer_to_peer():
    case, _ = open_hang()

    read(case)

    assert case.report["verdict"] == "cause"
    assert case.report["causes"][0]["family"] == "p2p"
    assert case.report["timeline"]["stuck_in"] == "nccl-init"


def test_one_worker_claims_a_case_and_no_second_one_while_the_lease_holds(later):
    case, _ = open_hang()

    assert Case.objects.claim(case.pk, LEASE) is not None
    assert Case.objects.claim(case.pk, LEASE) is None
    later(seconds=29)
    assert Case.objects.claim(case.pk, LEASE) is None


def test_a_case_whose_lease_ran_out_is_claimed_again_and_the_first_worker_may_not_finish_it(later):
    case, _ = open_hang()
    first = Case.objects.claim(case.pk, LEASE)
    later(seconds=31)

    second = Case.objects.claim(case.pk, LEASE)
    actions.finish(first, {"verdict": "healthy"}, [])
    actions.fail(first, "our-fault")

    case.refresh_from_db()
    assert second.attempts == 2
    assert case.status == Case.Status.READING
    assert case.report is None
    assert case.lease_token == second.lease_token


def test_reading_a_case_twice_does_no_harm():
    case, _ = open_hang()
    read(case)
    finished = case.finished

    read(case)

    assert case.finished == finished
    assert case.attempts == 1
    assert CaseText.objects.filter(case=case).count() == 1


@pytest.mark.parametrize("status", [Case.Status.DONE, Case.Status.FAILED])
def test_a_finished_case_is_not_claimed(status: str):
    case, _ = open_hang()
    Case.objects.filter(pk=case.pk).update(status=status)

    assert Case.objects.claim(case.pk, LEASE) is None


def test_an_unknown_or_deleted_case_is_left_quietly():
    case, _ = open_hang()
    actions.delete_case(case)

    tasks.diagnose_case(case.pk)
    tasks.diagnose_case("no-such-case")

    assert not CaseText.objects.exists()


def test_a_case_deleted_while_it_is_read_stays_deleted():
    case, _ = open_hang()
    claimed = Case.objects.claim(case.pk, LEASE)
    actions.delete_case(case)

    actions.finish(claimed, {"verdict": "healthy"}, [])

    case.refresh_from_db()
    assert case.deleted
    assert case.report is None


def test_the_sealed_names_go_with_their_case():
    case, _ = open_hang(private_map="c2VhbGVk" * 6)
    assert Case.objects.get(pk=case.pk).private_map

    actions.delete_case(case)

    case.refresh_from_db()
    assert case.private_map == ""


def test_files_that_are_gone_from_the_spool_fail_the_case_with_that_reason():
    case, _ = open_hang()
    spool.clear(case.pk)

    read(case)

    assert (case.status, case.failure) == (Case.Status.FAILED, "spool-lost")
    assert "send them again" in actions.failure_words(case, "en")
    assert actions.failure_words(case, "zh-hans").endswith("。")


def broken_by(error: BaseException):
    def diagnose(case: Case) -> None:
        raise error

    return diagnose


def test_a_case_that_takes_too_long_fails_with_the_limit_named(monkeypatch, settings, own_place: Path):
    settings.CASE_SECONDS = 77
    case, _ = open_hang()
    monkeypatch.setattr(actions, "diagnose_case", broken_by(SoftTimeLimitExceeded()))

    read(case)

    assert (case.status, case.failure) == (Case.Status.FAILED, "too-long")
    assert "77 s" in actions.failure_words(case, "en")
    assert spooled(own_place) == []


def test_a_fault_of_ours_is_tried_three_times_then_failed_for_good_and_the_spool_goes(monkeypatch, own_place: Path):
    case, _ = open_hang()
    monkeypatch.setattr(actions, "diagnose_case", broken_by(ValueError("line 3: hf_secret")))
    for attempt in (1, 2):
        with pytest.raises(RuntimeError):
            read(case)
        case.refresh_from_db()
        assert (case.status, case.attempts) == (Case.Status.QUEUED, attempt)
        assert len(spooled(own_place)) == 1

    with pytest.raises(RuntimeError) as raised:
        read(case)

    case.refresh_from_db()
    assert (case.status, case.failure) == (Case.Status.FAILED, "our-fault")
    assert spooled(own_place) == []
    assert "hf_secret" not in str(raised.value)
    assert "ValueError in tests/test_cases.py" in str(raised.value)


def test_the_queue_being_away_does_not_fail_the_upload(django_capture_on_commit_callbacks):
    case, _ = open_hang()

    with django_capture_on_commit_callbacks(execute=True):
        tasks.send(case.pk)

    case.refresh_from_db()
    assert case.status == Case.Status.QUEUED


def test_the_sweeper_sends_a_case_again_that_waited_longer_than_a_sweep(later, settings):
    case, _ = open_hang()
    assert actions.lost_cases() == []
    later(seconds=settings.SWEEP_SECONDS + 1)

    assert actions.lost_cases() == [case.pk]
    assert actions.lost_cases() == []  # it was just sent


def test_the_sweeper_sends_a_case_again_whose_worker_was_lost(later):
    case, _ = open_hang()
    Case.objects.claim(case.pk, LEASE)
    assert actions.lost_cases() == []
    later(seconds=31)

    assert actions.lost_cases() == [case.pk]
    read(case)
    assert (case.status, case.attempts) == (Case.Status.DONE, 2)


def test_the_sweeper_gives_up_a_case_whose_worker_was_lost_too_often(later, settings, own_place: Path):
    case, _ = open_hang()
    Case.objects.claim(case.pk, LEASE)
    Case.objects.filter(pk=case.pk).update(attempts=settings.MAX_ATTEMPTS)
    later(seconds=31)

    assert actions.lost_cases() == []

    case.refresh_from_db()
    assert (case.status, case.failure) == (Case.Status.FAILED, "gave-up")
    assert spooled(own_place) == []


def test_an_expired_case_loses_its_texts_report_and_spool_and_keeps_its_number(later, settings, own_place: Path):
    done, _ = open_hang()
    read(done)
    waiting, _ = open_hang()
    later(days=settings.KEEP_DAYS, seconds=1)

    told = actions.clear_away()

    assert told["expired"] == 2
    done.refresh_from_db()
    assert (done.deleted, done.report, done.content_hash) == (True, None, "")
    assert not CaseText.objects.exists()
    assert spooled(own_place) == []
    assert not Case.objects.get(pk=waiting.pk).is_live


def test_a_case_within_its_time_is_kept(later, settings):
    case, _ = open_hang()
    read(case)
    later(days=settings.KEEP_DAYS, seconds=-60)

    assert actions.clear_away() == {"expired": 0, "forgotten": 0, "orphans": 0}
    assert Case.objects.live().filter(pk=case.pk).exists()


def test_the_number_of_a_deleted_case_is_forgotten_a_year_later(later):
    case, _ = open_hang()
    actions.delete_case(case)
    later(days=364)
    actions.clear_away()
    assert Case.objects.filter(pk=case.pk).exists()
    later(days=366)

    actions.clear_away()

    assert not Case.objects.filter(pk=case.pk).exists()


def test_spool_without_a_waiting_case_is_deleted_once_it_is_old(monkeypatch, own_place: Path):
    kept, _ = open_hang()
    spool.put("orphan", [io.BytesIO(b"left behind by a power cut")])
    assert actions.clear_away()["orphans"] == 0  # perhaps its row is just being written
    monkeypatch.setattr(spool, "GRACE", timedelta(0))

    assert actions.clear_away()["orphans"] == 1

    assert [path.parent.name for path in spooled(own_place)] == [kept.pk]


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow beyond 10 bytes, pytest's own output included: only around the call."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_spool_refuses_the_upload_and_leaves_nothing(own_place: Path):
    with no_room(), pytest.raises(actions.Refused) as refused:
        actions.open_case([("a.txt", io.BytesIO(b"a")), ("b.txt", io.BytesIO(b"x" * 100))])

    assert refused.value.status == 503
    assert not Case.objects.exists()
    assert spooled(own_place) == []


def test_more_cases_at_once_than_the_limit_are_refused_with_the_limit_named(settings):
    settings.MAX_CASES_AT_ONCE = 2
    open_hang()
    open_hang()

    with pytest.raises(actions.Refused) as refused:
        open_hang()

    assert (refused.value.status, refused.value.retry_after) == (429, actions.SECONDS_UNTIL_ROOM)
    assert "UNHANG_MAX_CASES_AT_ONCE" in refused.value.reason["en"]
    assert "2 个案例" in refused.value.reason["zh-hans"]


def test_a_finished_case_makes_room_for_another(settings):
    settings.MAX_CASES_AT_ONCE = 1
    case, _ = open_hang()
    read(case)

    assert open_hang()[0].status == Case.Status.QUEUED


def test_the_same_contents_are_recognised_whatever_their_names_and_order():
    first = actions.open_case([("a.txt", io.BytesIO(HANG.encode())), ("topo.txt", io.BytesIO(b"GPU0"))]).case
    read(first)
    second = actions.open_case([("b.txt", io.BytesIO(b"GPU0")), ("log.txt", io.BytesIO(HANG.encode()))]).case

    assert actions.earlier_case(second) == first
    assert actions.earlier_case(first) is None


def test_other_contents_an_unfinished_case_and_a_deleted_one_are_not_offered():
    other, _ = open_hang(HANG + "one more line\n")
    read(other)
    unfinished, _ = open_hang()
    deleted, _ = open_hang()
    actions.delete_case(read(deleted))

    case, _ = open_hang()

    assert unfinished.status == Case.Status.QUEUED
    assert actions.earlier_case(case) is None


def test_a_secret_in_a_files_name_is_hidden_in_the_row():
    case, _ = open_hang(name="log of hf_QmVhcnNhcmVuaWNlYW5pbWFs.txt")

    assert "hf_Qm" not in str(case.files)
