"""Texts in which nothing is wrong, though words in them look like trouble; and advice, which is no symptom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.diagnosis.judging import judged

ORDINARY = sorted((Path(__file__).parent / "ordinary").iterdir())

ADVICE = (
    "If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.",
    "Try increasing --shm-size or use --ipc=host; set NCCL_P2P_DISABLE=1 if the launch hangs.",
    "You can repress this message with NCCL_IGNORE_DISABLED_P2P=1.",
    "host-a:611:680 [1] NCCL INFO NET/IB: HINT: check the GID index (NCCL_IB_GID_INDEX)",
    "If you see out of memory, lower gpu_memory_utilization or max_num_seqs.",
    "There are some potential root causes. (1) The process is killed by SIGKILL by OOM killer due to high memory usage. "
    "(2) ray stop --force is called. (3) The worker is crashed unexpectedly due to SIGSEGV or other unexpected errors.",
    "For debugging consider passing CUDA_LAUNCH_BLOCKING=1",
    "Consider setting VLLM_WORKER_MULTIPROC_METHOD=spawn if startup is hanging.",
    "Manually set the network interface to bind to with GLOO_SOCKET_IFNAME.",
    "add iommu=pt to the kernel command line and reboot",
    "sudo apt-get install nvidia-fabricmanager-550 && sudo systemctl enable --now nvidia-fabricmanager",
    "sudo modprobe nvidia-peermem",
    "docker run --ulimit memlock=-1 --cap-add IPC_LOCK --shm-size=16g vllm/vllm-openai",
    "see https://docs.vllm.ai/en/latest/usage/troubleshooting.html for help",
)


def roots(diagnosis) -> dict[str, str]:
    """Each reason that names a cause by itself, and the cause."""
    return {
        reason.id: cause
        for cause, finding in diagnosis.every.items()
        for reason in finding.reasons
        if reason.role == "root" and reason.weight > 0
    }


@pytest.mark.parametrize("path", ORDINARY, ids=lambda path: path.name)
def test_an_ordinary_text_accuses_nobody(path: Path):
    found = judged(path.read_text())

    assert not roots(found)
    assert found.verdict != "cause"


@pytest.mark.parametrize("line", ADVICE)
def test_advice_that_a_log_prints_is_no_symptom(line: str):
    found = judged(line)

    assert not roots(found)
    assert found.verdict == "insufficient-evidence"


@pytest.mark.parametrize("line", ADVICE)
def test_advice_beside_a_symptom_changes_nothing_about_the_cause(line: str):
    symptom = "host-a:611:680 [1] init.cc:734 NCCL WARN Mismatched NCCL version detected : rank 0 version 22304 rank 1 version 22005"

    with_advice = judged(symptom + "\n" + line)

    assert with_advice.findings[0].cause == judged(symptom).findings[0].cause == "version-mismatch"
