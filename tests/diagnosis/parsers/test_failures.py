"""Exceptions, ends of processes, torch.distributed and Ray: what failed first, and what only echoes it."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values
from troubleshoot.diagnosis.timeline import Timeline


def timeline_of(text: str) -> Timeline:
    found = facts_of(text).timeline
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "exception"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", ("", "OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB")),
        ("(Worker_TP1 pid=4) ERROR 11-18 08:00:00 [multiproc_executor.py:597] ValueError: bad shape", ("Worker_TP1", "ValueError", "bad shape")),
        ("[rank3]: torch.distributed.DistBackendError: NCCL error in: x.cpp:1, unhandled system error", ("rank 3", "DistBackendError", "NCCL error in: x.cpp:1, unhandled system error")),
        ("ray.exceptions.RayTaskError(ValueError): boom", ("", "RayTaskError", "ValueError boom")),
        ("AssertionError", ("", "AssertionError", "")),
    ],
)  # fmt: skip
def test_the_last_line_of_a_traceback_is_an_exception(line: str, exception: tuple[str, str, str]) -> None:
    assert values(facts_of(line), "exception") == [exception]


@pytest.mark.parametrize(
    "line",
    [
        "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
        "Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.",
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:",
        "vllm.engine.multiprocessing.MQEngineDeadError: Engine loop is not running.",
        "RuntimeError: [1] is setting up NCCL communicator: Connection reset by peer",
        "    raise ValueError(message)",
        "an Error: of the reader's own making",
    ],
)
def test_wrappers_echoes_and_prose_are_no_exceptions(line: str) -> None:
    assert facts_of(line).all("exception") == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Fatal Python error: Bus error", -7),
        ("bash: line 1: 4711 Segmentation fault (core dumped) python serve.py", -11),
        ("Killed", -9),
        ("[2025-01-01 10:00:00] Child process unexpectedly failed with exitcode=9. pid=100", 9),
        ("Exit code: -9", -9),
    ],
)
def test_the_end_of_a_process_tells_its_code(line: str, code: int) -> None:
    assert [found for _, found in values(facts_of(line), "exit_code")] == [code]  # type: ignore[misc]


def test_a_sentence_about_killing_is_no_end() -> None:
    assert facts_of("The job is Killed by somebody sometimes").all("exit_code") == []


def test_the_watchdogs_timeout_tells_rank_sequence_and_operation() -> None:
    text = (
        "[rank1]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: "
        "WorkNCCL(SeqNum=1, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600010 milliseconds before timing out."
    )
    assert values(facts_of(text), "collective_timeout") == [(1, 1, "ALLREDUCE", 1, None, None)]
    found = timeline_of(text)
    assert found.outcome == "crashed"
    assert next(p.state for p in found.phases if p.id == "nccl-init") == "failed"


@pytest.mark.parametrize(
    "line",
    [
        "[rank0]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:1] [PG ID 0 PG GUID 0(default_pg) Rank 0] failure detected by watchdog at work sequence id: 4 PG status: last enqueued work: 5, last completed work: 3",
        "[rank0]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:1] [PG 0 (default_pg) Rank 0] Exception (either an error or timeout) detected by watchdog at work: 4, last enqueued NCCL work: 5, last completed NCCL work: 3.",
        "[rank0]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:1] [PG 0 Rank 0] Timeout at NCCL work: 4, last enqueued NCCL work: 5, last completed NCCL work: 3.",
    ],
)
def test_the_state_of_a_group_is_read_in_every_wording(line: str) -> None:
    assert values(facts_of(line), "collective_timeout") == [(0, 4, None, None, 5, 3)]


def test_missing_clients_are_a_failed_rendezvous_of_a_known_size() -> None:
    facts = facts_of(
        "torch.distributed.DistStoreError: Timed out after 601 seconds waiting for clients. 3/4 clients joined."
    )
    assert facts.value("world_size") == 4
    timeline = facts.timeline
    assert timeline is not None
    assert next(p.state for p in timeline.phases if p.id == "rendezvous") == "failed"


def test_the_elastic_table_names_the_first_to_fail() -> None:
    facts = facts_of(
        """
        torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
        train.py FAILED
        Failures:
        [1]:
          time      : 2025-03-04_10:00:00
          host      : node-a
          rank      : 3 (local_rank: 3)
          exitcode  : 1 (pid: 815)
        Root Cause (first observed failure):
        [0]:
          time      : 2025-03-04_09:59:58
          host      : node-a
          rank      : 2 (local_rank: 2)
          exitcode  : -9 (pid: 814)
        """
    )
    assert facts.value("failed_rank") == 2
    assert ("", -9) in values(facts, "exit_code")
    assert facts.value("launcher") == "torchrun"


def test_launchers_name_rank_and_signal() -> None:
    facts = facts_of("mpirun noticed that process rank 1 with PID 0 on node node-b exited on signal 9 (Killed).")
    assert facts.value("failed_rank") == 1
    assert values(facts, "exit_code") == [("rank 1", -9)]
    slurm = facts_of("srun: error: node-a: task 5: Exited with exit code 1")
    assert values(slurm, "exit_code") == [("rank 5", 1)]
    assert slurm.value("launcher") == "slurm"


def test_waiting_for_a_placement_group_is_a_wait_for_ray() -> None:
    facts = facts_of(
        """
        2025-09-10 09:08:07,001	INFO worker.py:1942 -- Connecting to existing Ray cluster at address: 10.0.0.1:6379...
        INFO 09-10 09:08:20 [ray_utils.py:233] Waiting for creating a placement group of specs for 10 seconds. specs=[{'node:10.0.0.1': 0.001, 'GPU': 1.0}, {'GPU': 1.0}]. Check `ray status` and `ray list nodes`
        INFO 09-10 09:10:30 [ray_utils.py:233] Waiting for creating a placement group of specs for 150 seconds. specs=[{'node:10.0.0.1': 0.001, 'GPU': 1.0}, {'GPU': 1.0}]. Check `ray status` and `ray list nodes`
        """
    )
    assert facts.value("launcher") == "ray"
    assert facts.value("world_size") == 2
    timeline = facts.timeline
    assert timeline is not None
    assert (timeline.outcome, timeline.stuck_in) == ("hung", "start")


def test_ray_status_tells_used_and_all_gpus() -> None:
    assert facts_of(" 2.0/4.0 GPU\n 0B/100GiB memory").value("ray_resources") == (2.0, 4.0)


def test_nobody_gets_a_rank_from_a_told_to_go_exit() -> None:
    assert timeline_of("Exit code: -15").outcome == "unknown"
