"""The rank that failed first, among the echoes of the others: in one interleaved log, and in a file for each rank."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from tests.diagnosis.reading import facts_of

HEAD = "\n".join(
    f"node-a:{100 + r}:{160 + r} [{r}] NCCL INFO ncclCommInitRank comm 0x{r + 1} rank {r} nranks 8 cudaDev {r} nvmlDev {r} busId {r}000 commId 0x2 - Init COMPLETE"
    for r in range(8)
)
OUT_OF_MEMORY = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.95 GiB. GPU 5 has a total capacity of 79.1 GiB"
)


def raised(rank: int, what: str) -> str:
    return f'[rank{rank}]: Traceback (most recent call last):\n[rank{rank}]:   File "train.py", line 70, in <module>\n[rank{rank}]: {what}'


def left(rank: int) -> str:
    """What the death of a peer looks like."""
    return raised(
        rank,
        "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2251, remote process exited or there was a network error, NCCL version 2.21.5",
    )


def timed_out(rank: int, at: str = "10:20:00", enqueued: int = 12) -> str:
    head = f"[rank{rank}]:[E714 {at}.131931664 ProcessGroupNCCL.cpp"
    return (
        f"{head}:632] [Rank {rank}] Watchdog caught collective operation timeout: WorkNCCL(SeqNum={enqueued}, OpType=ALLREDUCE, NumelIn=1024, NumelOut=1024, Timeout(ms)=600000) ran for 600010 milliseconds before timing out.\n"
        f"{head}:684] [PG ID 0 PG GUID 0(default_pg) Rank {rank}] failure detected by watchdog at work sequence id: {enqueued} PG status: last enqueued work: {enqueued}, last completed work: {enqueued - 1}\n"
        f"{head}:1895] [PG ID 0 PG GUID 0(default_pg) Rank {rank}] Process group watchdog thread terminated with exception: [Rank {rank}] Watchdog caught collective operation timeout"
    )


def first(*texts: str) -> tuple[object, str]:
    """The rank, and the text of the line that tells it."""
    facts = facts_of(*texts)
    lines = facts.lines("failed_rank")
    return facts.value("failed_rank"), lines[0].text if lines else ""


@pytest.mark.parametrize("echo", [left, timed_out])
@pytest.mark.parametrize("place", [0, 4, 7])
def test_one_of_eight_interleaved_ranks_failed_whichever_stands_first(echo: Callable[[int], str], place: int) -> None:
    others = [echo(rank) for rank in (0, 1, 2, 3, 4, 6, 7)]
    others.insert(place, raised(5, OUT_OF_MEMORY))
    rank, line = first("\n".join([HEAD, *others]))
    assert rank == 5
    assert "OutOfMemoryError" in line


def test_of_several_real_failures_in_one_log_the_first_counts() -> None:
    text = "\n".join(
        [HEAD, raised(6, "RuntimeError: CUDA error: uncorrectable ECC error encountered"), raised(5, OUT_OF_MEMORY)]
    )
    assert first(text)[0] == 6


def of_rank(rank: int, *rows: str) -> str:
    return "\n".join([HEAD.splitlines()[rank], *rows])


def test_in_files_of_the_ranks_the_one_that_is_no_echo_failed_first() -> None:
    files = [of_rank(r, timed_out(r)) for r in (0, 1, 3)]
    files.insert(2, of_rank(2, raised(2, "ValueError: shapes (3,4) and (5,6) not aligned")))
    assert first(*files)[0] == 2


def test_in_files_of_the_ranks_the_earliest_time_counts_not_the_first_file() -> None:
    def file(rank: int, second: int, what: str) -> str:
        return of_rank(rank, f"2025-07-14 10:10:{second:02d},100 ERROR train.py:1 -- failed", raised(rank, what))

    files = [
        file(0, 30, "RuntimeError: CUDA error: an illegal memory access was encountered"),
        file(1, 12, "RuntimeError: CUDA error: uncorrectable ECC error encountered"),
        file(2, 31, "ValueError: too late"),
    ]
    assert first(*files)[0] == 1


def test_files_without_any_time_and_two_real_failures_name_nobody() -> None:
    assert first(of_rank(0, raised(0, "ValueError: a")), of_rank(1, raised(1, "ValueError: b")))[0] is None


def test_a_file_in_which_one_rank_speaks_gives_its_failures_their_rank() -> None:
    files = [
        of_rank(
            0,
            "Traceback (most recent call last):",
            "torch.distributed.DistBackendError: NCCL communicator was aborted on rank 0.",
        ),
        of_rank(1, "Traceback (most recent call last):", OUT_OF_MEMORY),
    ]
    assert first(*files)[0] == 1


def test_when_all_timed_out_the_one_that_had_enqueued_less_was_waited_for() -> None:
    assert first("\n".join([HEAD, *(timed_out(r) for r in (0, 1, 2)), timed_out(3, "10:20:05", 10)]))[0] == 3


def test_when_all_timed_out_in_the_same_step_nobody_is_named() -> None:
    assert first("\n".join([HEAD, *(timed_out(r, f"10:20:0{r}") for r in range(8))]))[0] is None


def test_a_failure_that_nobody_signed_names_nobody() -> None:
    assert first("\n".join([HEAD, "ValueError: bad argument", raised(5, OUT_OF_MEMORY)]))[0] is None


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        (
            """
            (VllmWorker rank=1 pid=512) ERROR 07-10 08:00:50 [multiproc_executor.py:487] WorkerProc failed to start.
            (VllmWorker rank=1 pid=512) ERROR 07-10 08:00:50 [multiproc_executor.py:487] Traceback (most recent call last):
            (VllmWorker rank=1 pid=512) ERROR 07-10 08:00:50 [multiproc_executor.py:487] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB.
            ERROR 07-10 08:00:52 [core.py:586] Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.
            """,
            1,
        ),
        (
            """
            (Worker pid=95) INFO 03-30 07:00:30 [parallel_state.py:1395] world_size=2 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:41111 backend=nccl
            (Worker pid=96) INFO 03-30 07:00:30 [parallel_state.py:1395] world_size=2 rank=1 local_rank=1 distributed_init_method=tcp://127.0.0.1:41111 backend=nccl
            (Worker pid=96) ERROR 03-30 07:00:35 [multiproc_executor.py:870] WorkerProc failed to start.
            (Worker pid=96) ERROR 03-30 07:00:35 [multiproc_executor.py:870] RuntimeError: NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)
            """,
            1,
        ),
        (
            """
            (Worker_PP0_TP1 pid=2) INFO 09-18 08:01:10 [gpu_model_runner.py:2338] Starting to load model m...
            INFO 09-18 08:00:00 [utils.py:328] non-default args: {'tensor_parallel_size': 2, 'pipeline_parallel_size': 2}
            (Worker_PP1_TP0 pid=3) ERROR 09-18 08:01:30 [multiproc_executor.py:600] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB.
            """,
            2,
        ),
        (
            "(EngineCore_DP0 pid=90) ERROR 11-25 06:00:50 [multiproc_executor.py:230] Worker proc VllmWorker-2 died unexpectedly, shutting down executor.",
            2,
        ),
        (
            "[2025-01-10 09:00:30] Rank 1 scheduler is dead. Please check if there are relevant logs.\n[2025-01-10 09:00:30] Exit code: -9",
            1,
        ),
        (
            """
            [2025-01-10 09:00:30 TP1] Scheduler hit an exception: Traceback (most recent call last):
              File "/sgl/model_runner.py", line 200, in load_model
            torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
            [2025-01-10 09:00:31] Received sigquit from a child process. It usually means the child failed.
            """,
            1,
        ),
        (
            """
            node-a:100:160 [0] NCCL INFO ncclCommInitRank comm 0x1 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1000 commId 0x2 - Init START
            node-a:101:161 [1] NCCL INFO ncclCommInitRank comm 0x2 rank 1 nranks 2 cudaDev 1 nvmlDev 1 busId 2000 commId 0x2 - Init START
            node-a:100:160 [0] misc/socket.cc:484 NCCL WARN socketStartConnect: Connect to 10.0.0.4<41234> failed : Connection refused
            node-a:100:160 [0] NCCL INFO init.cc:1089 -> 6
            node-a:101:161 [1] misc/shmutils.cc:85 NCCL WARN Error while creating shared memory segment /dev/shm/nccl-abc (size 9637888)
            node-a:101:161 [1] NCCL INFO init.cc:1089 -> 2
            """,
            1,
        ),
    ],
)
def test_every_engine_names_its_ranks_in_its_own_way(text: str, rank: int) -> None:
    assert first(textwrap.dedent(text))[0] == rank


def test_what_the_launcher_tells_stands() -> None:
    table = "Root Cause (first observed failure):\n[0]:\n  rank      : 3 (local_rank: 3)\n  exitcode  : -9 (pid: 102)"
    assert first("\n".join([HEAD, raised(5, OUT_OF_MEMORY), table]))[0] == 3


def test_a_single_rank_is_nobody_in_particular() -> None:
    text = "world_size=1 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:1 backend=nccl\n" + raised(
        0, OUT_OF_MEMORY
    )
    assert first(text)[0] is None
