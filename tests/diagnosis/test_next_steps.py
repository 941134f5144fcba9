"""What is asked for next: never nothing, the telling and cheap first, in the reader's own installation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from troubleshoot.diagnosis.causes import load_causes
from troubleshoot.diagnosis.content import LANGUAGES
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.install_methods import load_install_methods
from troubleshoot.diagnosis.next_steps import beliefs, gain, load_steps, next_steps
from troubleshoot.diagnosis.remedy import load_remedies
from troubleshoot.diagnosis.timeline import PhaseMark, Timeline
from troubleshoot.diagnosis.topology import Matrix

KNOWLEDGE: Any = SimpleNamespace(
    causes=load_causes(), remedies=load_remedies(), install_methods=load_install_methods(), steps=load_steps()
)
LOG = Line("launch.log", 1, "INFO vLLM is using nccl==2.21.5")
P2P = [("p2p-topology", 0.3), ("p2p-iommu-acs", 0.3), ("p2p-virtualized", 0.1), ("custom-allreduce", 0.1)]
SHELLCHECK = Path(sys.executable).parent / "shellcheck"
SETUPS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "script": {"gpustack": True, "gpustack_version": "0.5.1", "install_method": "script", "engine": "vllm"},
    "GPUStack Docker": {"gpustack": True, "gpustack_version": "0.6.2", "install_method": "docker"},
    "GPUStack 2": {"gpustack": True, "gpustack_version": "2.1.0", "install_method": "docker"},
    "GPUStack model": {"gpustack": True, "install_method": "gpustack-model"},
    "Helm": {"gpustack": True, "gpustack_version": "2.2.1", "install_method": "helm"},
    "Docker": {"engine": "vllm", "install_method": "docker", "container_name": "llm"},
    "Compose": {"engine": "sglang", "install_method": "compose", "service_name": "llm"},
    "Kubernetes": {"engine": "vllm", "install_method": "kubernetes", "service_name": "llm"},
    "systemd": {"engine": "vllm", "install_method": "systemd", "service_name": "vllm.service"},
    "pip": {"engine": "vllm", "install_method": "pip"},
    "Slurm": {"engine": "vllm", "install_method": "slurm"},
    "Ray": {"engine": "vllm", "launcher": "ray"},
    "torchrun": {"engine": "torch", "launcher": "torchrun"},
    "host": {"install_method": "host"},
}


def knowing(stuck_in: str | None = None, outcome: str = "", **values: Any) -> Facts:
    facts = Facts([Fact(name, value) for name, value in values.items()])
    if outcome:
        facts.add([Fact("phase_mark", PhaseMark("start", "open"), LOG)])
        facts.timeline = Timeline(stuck_in=stuck_in, outcome=outcome, last_line=LOG)
    return facts


def ids(facts: Facts, ranked: list[tuple[str, float]] | None = None) -> list[str]:
    return [step["id"] for step in next_steps(facts, ranked or [], KNOWLEDGE)]


def command(facts: Facts, step_id: str, ranked: list[tuple[str, float]] | None = None) -> str:
    made = next(step for step in next_steps(facts, ranked or [], KNOWLEDGE) if step["id"] == step_id)
    return made["command"] if isinstance(made["command"], str) else made["command"]["en"]


def test_with_nothing_sent_the_log_is_asked_for_first():
    assert ids(Facts())[0] == "launch-log"


def test_never_more_than_five_and_never_none():
    everything = knowing("nccl-init", "hung", gpu_load=(0, 100, 70, 1, 2), shm_bytes=1, virtualized=False, iommu="off", acs_redirect=False, driver_version="1", torch_version="2", engine_version="3", transport=(0, 1, "P2P/IPC"), stack_frame=(1, "f", "g"), xids=79, silence_seconds=1000.0, disable_custom_all_reduce=True, interface=("eth0", "", True), ib_port=("mlx5_0", 1, "x", "y"), fabric_state="Completed", ray_resources=(0, 1), env=("NCCL_P2P_DISABLE", "1"))  # fmt: skip
    everything.add([Fact("gpu_process", (0, 1, "x", 2))])
    everything.matrices = [Matrix(("GPU0",))]

    assert 1 <= len(ids(everything)) <= 5
    assert len(ids(Facts())) == 5


def test_a_stop_in_nccl_asks_for_the_topology_the_gpus_and_nccls_own_words():
    found = ids(knowing("nccl-init", "hung", **SETUPS["script"]), P2P)

    assert set(found[:3]) <= {"topology", "gpus-during-hang", "p2p-off", "nccl-debug"}
    assert "nccl-debug" in found
    assert "launch-log" not in found


def test_a_launch_that_became_ready_is_asked_only_whether_its_probe_arrives():
    assert ids(knowing(None, "ready", engine="vllm"), [("slow-load", 0.06)]) == ["health-probe"]
    assert "topology" in ids(knowing(None, "ready", engine="vllm"), [("p2p-topology", 0.5)])
    assert "health-probe" not in ids(Facts())


def test_what_is_known_is_not_asked_again():
    facts = knowing("nccl-init", "hung", gpu_load=(0, 100, 60, 1, 2), virtualized=False)
    facts.matrices = [Matrix(("GPU0", "GPU1"))]

    found = ids(facts, P2P)

    assert not {"topology", "gpus-during-hang", "virtual"} & set(found)
    assert "nccl-debug" in found


def test_a_step_that_is_the_named_causes_first_remedy_is_not_told_twice():
    facts = knowing("nccl-init", "hung", gpu_load=(0, 100, 60, 1, 2), virtualized=False)

    assert "p2p-off" not in ids(facts, P2P)
    assert "p2p-off" in ids(facts, [("p2p-topology", 0.2), ("custom-allreduce", 0.2)])


@pytest.mark.parametrize(
    ("cause", "beside_the_point"),
    [
        ("gpu-oom", {"topology", "nccl-debug", "shared-memory", "network"}),
        ("shm-too-small", {"topology", "gpus-during-hang", "versions", "fabric"}),
        ("driver-cuda", {"nccl-debug", "topology", "shared-memory"}),
    ],
)
def test_once_a_cause_is_named_no_step_leads_away_from_it(cause, beside_the_point):
    assert not beside_the_point & set(ids(knowing(None, "crashed", engine="vllm"), [(cause, 0.97)]))


def test_a_virtual_machine_is_never_asked_for_the_hosts_acs():
    facts = knowing("nccl-init", "hung", virtualized=True)

    assert not {"acs", "iommu"} & set(ids(facts, [("p2p-iommu-acs", 0.9)]))
    assert {"acs", "iommu"} & set(
        ids(knowing("nccl-init", "hung", virtualized=False), [("p2p-iommu-acs", 0.5), ("p2p-topology", 0.4)])
    )


@pytest.mark.parametrize(
    ("ranked", "phase", "outcome", "wanted"),
    [
        ([("slow-load", 0.4), ("host-oom", 0.2)], "load", "slow", "loading"),
        ([("compile-capture", 0.6), ("custom-allreduce", 0.3)], "profile", "hung", "compiling"),
        ([("socket-interface", 0.4), ("rendezvous-unreachable", 0.4)], "rendezvous", "hung", "network"),
        ([("ray-cluster", 0.5), ("rendezvous-unreachable", 0.3)], "start", "hung", "ray-status"),
        ([("gpu-hardware", 0.5), ("host-oom", 0.3)], None, "crashed", "kernel-log"),
        ([("worker-crash", 0.5), ("gpu-oom", 0.2)], None, "crashed", "first-failing-rank"),
        ([("shm-too-small", 0.4), ("p2p-topology", 0.4)], "nccl-init", "hung", "shared-memory"),
        ([("fabric-manager", 0.4), ("driver-cuda", 0.4)], None, "crashed", "fabric"),
        ([("ib-rdma", 0.4), ("socket-interface", 0.3)], "nccl-init", "hung", "rdma"),
        ([("version-mismatch", 0.4), ("framework-bug", 0.3)], None, "crashed", "versions"),
    ],
)
def test_the_step_that_separates_the_leading_causes_is_among_those_shown(ranked, phase, outcome, wanted):
    assert wanted in ids(knowing(phase, outcome, engine="vllm"), ranked)


def test_a_step_about_the_leading_cause_tells_more_than_one_about_others():
    steps = {step.id: step for step in load_steps()}
    families = {cause.id: cause.family for cause in KNOWLEDGE.causes.values()}
    shares = beliefs([("ray-cluster", 0.5), ("slow-load", 0.5)], list(KNOWLEDGE.causes))

    assert gain(steps["ray-status"], shares, families) > 0.3
    assert gain(steps["ray-status"], shares, families) > gain(steps["topology"], shares, families)


def test_beliefs_are_a_whole():
    for ranked in ([], [("p2p-topology", 0.9)], [("p2p-topology", 0.9), ("slow-load", 0.9)], [("no-such-cause", 1.0)]):
        shares = beliefs(ranked, list(KNOWLEDGE.causes))

        assert 0.99 < sum(shares.values()) < 1.03
        assert shares.keys() == set(KNOWLEDGE.causes)


@pytest.mark.parametrize(
    ("setup", "part"),
    [
        ("script", "/var/lib/gpustack/log/serve/"),
        ("GPUStack Docker", "docker logs gpustack"),
        ("Docker", "docker logs llm"),
        ("Compose", "docker compose logs --no-color llm"),
        ("Kubernetes", "logs deployment/llm"),
        ("systemd", "journalctl -u vllm "),
        ("Slurm", "slurm-"),
    ],
)
def test_the_log_is_asked_for_where_this_installation_keeps_it(setup, part):
    assert part in command(knowing(**SETUPS[setup]), "launch-log")


@pytest.mark.parametrize(
    ("setup", "part"),
    [
        ("script", "NCCL_DEBUG=INFO\nEOF\nsudo systemctl restart gpustack"),
        ("GPUStack Docker", "-e NCCL_DEBUG=INFO"),
        ("GPUStack model", "NCCL_DEBUG = INFO"),
        ("GPUStack 2", "NCCL_DEBUG = INFO"),
        ("Compose", "- NCCL_DEBUG=INFO"),
        ("Kubernetes", "NCCL_DEBUG"),
        ("pip", "export NCCL_DEBUG=INFO"),
        ("systemd", 'Environment="NCCL_DEBUG=INFO"'),
    ],
)
def test_nccl_debug_is_set_as_this_installation_sets_variables(setup, part):
    assert part in command(knowing("nccl-init", "hung", **SETUPS[setup]), "nccl-debug", P2P)


def test_shared_memory_is_looked_at_where_the_engine_runs():
    ranked = [("shm-too-small", 0.5), ("p2p-topology", 0.4)]

    assert (
        command(knowing("nccl-init", "hung", **SETUPS["Docker"]), "shared-memory", ranked)
        == "docker exec llm df -h /dev/shm"
    )
    assert command(knowing("nccl-init", "hung", **SETUPS["pip"]), "shared-memory", ranked) == "df -h /dev/shm"
    assert "exec deployment/llm -- df" in command(
        knowing("nccl-init", "hung", **SETUPS["Kubernetes"]), "shared-memory", ranked
    )


def test_every_step_is_whole_in_every_language_and_json():
    for setup in SETUPS.values():
        for ranked in ([], P2P, [("slow-load", 0.5), ("ray-cluster", 0.4)], [("ib-rdma", 0.9)]):
            steps = next_steps(knowing("nccl-init", "hung", **setup), ranked, KNOWLEDGE)
            json.dumps(steps)
            for step in steps:
                assert step["command"]
                assert len(step["outcomes"]) >= 2
                for lang in LANGUAGES:
                    assert step["title"][lang]
                    assert step["why"][lang]
                    assert all(outcome["if"][lang] and outcome["then"][lang] for outcome in step["outcomes"])


def test_what_a_step_is_about_are_causes_and_families_that_exist():
    names = set(KNOWLEDGE.causes) | {cause.family for cause in KNOWLEDGE.causes.values()}

    for step in load_steps():
        assert set(step.about) <= names, step.id
        assert all(0 <= share <= 1 for share in step.about.values()), step.id


def test_every_command_is_taken_by_bash_and_shellcheck(tmp_path):
    from troubleshoot.diagnosis.step_commands import command_of

    files = {}
    for setup, values in SETUPS.items():
        for step in load_steps():
            text, language = command_of(step.command, step.command_from, knowing(**values), KNOWLEDGE.install_methods)
            if language == "sh":
                assert isinstance(text, str)
                path = tmp_path / f"{len(files)}.sh"
                path.write_text(text + "\n")
                files[str(path)] = f"{step.id} ({setup})"
    assert len(files) > 100

    for path, name in files.items():
        assert subprocess.run(["bash", "-n", path], capture_output=True).returncode == 0, (
            f"{name}: {Path(path).read_text()}"
        )
    found = subprocess.run(
        [str(SHELLCHECK), "--shell=bash", "--severity=warning", "--exclude=SC2154,SC2288", "--format=json", *files],
        capture_output=True, text=True,
    )  # fmt: skip

    faults = [f"{files[f['file']]}: SC{f['code']} {f['message']}" for f in json.loads(found.stdout)]
    assert not faults, "\n".join(faults)
