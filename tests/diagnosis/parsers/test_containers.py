"""How a container was started: docker run, compose, manifests; and sentences about them."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of

RUN = r"""
docker run -d --gpus all \
  --name llm --shm-size=1g \
  --ulimit memlock=-1:-1 --network host \
  -e NCCL_P2P_DISABLE=1 \
  vllm/vllm-openai:v0.8.5 --model org/m
"""


def test_docker_run_over_several_lines_tells_its_options() -> None:
    facts = facts_of(RUN)

    assert facts.value("install_method") == "docker"
    assert facts.value("container_name") == "llm"
    assert facts.value("shm_bytes") == 1 << 30
    assert facts.value("memlock") == "unlimited"
    assert facts.value("host_network") is True
    assert facts.env("NCCL_P2P_DISABLE") == "1"
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5"


def test_a_command_cut_off_at_its_continuation_gives_what_it_has() -> None:
    facts = facts_of("\n".join(RUN.strip().splitlines()[:2]))

    assert facts.value("shm_bytes") == 1 << 30
    assert facts.value("image") is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Please use docker run with more shared memory.",
        "docker run fails here",
        "We docker run the image and it hangs",
    ],
)
def test_docker_run_in_a_sentence_is_no_command(sentence: str) -> None:
    assert facts_of(sentence).all("install_method") == []


@pytest.mark.parametrize(("option", "shared"), [("--ipc=host", True), ("--ipc host", True), ("--ipc=private", False)])
def test_the_ipc_option_is_read(option: str, shared: bool) -> None:
    assert facts_of(f"docker run --gpus all {option} vllm/vllm-openai:v0.8.5").value("ipc_host") is shared


def test_a_quote_that_never_closes_does_no_harm() -> None:
    assert facts_of('docker run --name "llm --shm-size 2g img').value("install_method") == "docker"


@pytest.mark.parametrize("size", ["64m", "64M", "64mb", '"64mb"', "67108864"])
def test_compose_sizes_are_read(size: str) -> None:
    facts = facts_of(f"services:\n  llm:\n    image: vllm/vllm-openai:v0.8.5\n    shm_size: {size}")

    assert facts.value("shm_bytes") == 64 << 20
    assert facts.value("install_method") == "compose"
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5"


def test_a_manifest_tells_kubernetes_and_the_memory_volume() -> None:
    facts = facts_of(
        """
        apiVersion: apps/v1
        kind: Deployment
        spec:
          volumes:
            - name: dshm
              emptyDir:
                medium: Memory
                sizeLimit: 16Gi
        """
    )

    assert facts.value("install_method") == "kubernetes"
    assert facts.value("shm_bytes") == 16 << 30


@pytest.mark.parametrize(
    "line", ["shm_size is too small", "the image: it hangs", "    ipc: shared-nothing", "sizeLimit: none"]
)
def test_words_like_settings_are_no_settings(line: str) -> None:
    facts = facts_of(line)

    assert all(facts.all(name) == [] for name in ("shm_bytes", "ipc_host", "install_method", "image"))


def test_a_limit_of_a_disk_volume_is_no_shared_memory() -> None:
    """Only `medium: Memory` lies in memory; an emptyDir without it is a folder on disk."""
    facts = facts_of(
        """
        apiVersion: v1
        kind: Pod
        spec:
          volumes:
            - name: scratch
              emptyDir:
                sizeLimit: 500Mi
        """
    )

    assert facts.all("shm_bytes") == []


def test_a_compose_file_tells_network_privileges_and_limits() -> None:
    facts = facts_of(
        """
        services:
          llm:
            image: vllm/vllm-openai:v0.8.5
            container_name: llm
            network_mode: host
            privileged: true
            ulimits:
              memlock:
                soft: -1
                hard: -1
        """
    )

    assert facts.value("container_name") == "llm"
    assert facts.value("host_network") is True
    assert facts.value("privileged") is True
    assert facts.value("memlock") == "unlimited"


def test_a_manifest_tells_what_it_shares_with_the_host() -> None:
    facts = facts_of(
        """
        kind: Pod
        spec:
          hostNetwork: true
          hostIPC: false
          containers:
            - securityContext:
                privileged: true
        """
    )

    assert facts.value("host_network") is True
    assert facts.value("ipc_host") is False
    assert facts.value("privileged") is True


def test_the_memory_volume_of_a_described_pod_is_read() -> None:
    facts = facts_of(
        "Volumes:\n  shm:\n    Type:       EmptyDir (a temporary directory)\n    Medium:     Memory\n    SizeLimit:  16Gi\n"
    )

    assert facts.value("shm_bytes") == 16 << 30


@pytest.mark.parametrize(
    "line", ["memlock: too low", "    memlock:", "the network_mode: host helps", "privileged: true", "hostIPC: true?"]
)
def test_half_a_setting_is_none(line: str) -> None:
    facts = facts_of(line)

    assert all(not facts.all(name) for name in ("memlock", "host_network", "privileged", "ipc_host"))


def test_a_manifest_as_json_is_read_too() -> None:
    facts = facts_of(
        """
        {
            "kind": "Pod",
            "spec": {
                "hostIPC": true,
                "containers": [
                    {
                        "image": "vllm/vllm-openai:v0.8.5",
                        "args": ["--model", "org/m", "--tensor-parallel-size", "4"]
                    }
                ],
                "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}]
            }
        }
        """
    )

    assert facts.value("install_method") == "kubernetes"
    assert facts.value("ipc_host") is True
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5"
    assert facts.value("shm_bytes") == 16 << 30
    assert facts.value("tensor_parallel_size") == 4


@pytest.mark.parametrize(("mount", "shared"), [("/dev/shm:/dev/shm", True), ("/data/shm:/shm", None)])
def test_the_hosts_shared_memory_may_be_mounted(mount, shared):
    assert facts_of(f"docker run --gpus all -v {mount} vllm/vllm-openai:v0.8.5").value("ipc_host") is shared
