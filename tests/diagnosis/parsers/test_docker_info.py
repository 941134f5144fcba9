"""docker info as text and JSON: runtimes, default runtime, cgroups, storage, memory."""

from __future__ import annotations

import json

import pytest

from tests.diagnosis.reading import facts_of

INFO = """
Client: Docker Engine - Community
 Version:    26.1.3
 Context:    default
 Plugins:
  buildx: Docker Buildx (Docker Inc.)
    Version:  v0.14.0

Server:
 Containers: 4
  Running: 2
 Server Version: 26.1.3
 Storage Driver: overlay2
  Backing Filesystem: extfs
 Logging Driver: json-file
 Cgroup Driver: systemd
 Cgroup Version: 2
 Swarm: inactive
 Runtimes: io.containerd.runc.v2 nvidia runc
 Default Runtime: runc
 Security Options:
  apparmor
 Kernel Version: 5.15.0-107-generic
 CPUs: 96
 Total Memory: 503.7GiB
 Name: node-a
"""
JSON = {
    "Containers": 4,
    "ContainersRunning": 2,
    "Driver": "overlay2",
    "CgroupDriver": "cgroupfs",
    "CgroupVersion": "1",
    "MemTotal": 540812345344,
    "ServerVersion": "26.1.3",
    "Runtimes": {"nvidia": {"path": "nvidia-container-runtime", "runtimeArgs": []}, "runc": {"path": "runc"}},
    "DefaultRuntime": "nvidia",
}


def test_the_text_tells_runtimes_cgroups_and_storage() -> None:
    kinds: set[str] = set()
    facts = facts_of(INFO, kinds=kinds)

    assert kinds == {"docker-info"}
    assert facts.value("docker_runtimes") == ("io.containerd.runc.v2", "nvidia", "runc")
    assert facts.value("docker_default_runtime") == "runc"
    assert facts.value("docker_version") == "26.1.3"
    assert facts.value("docker_cgroup") == "systemd v2"
    assert facts.value("docker_storage") == "overlay2"
    assert facts.value("memory_total_bytes") == int(503.7 * (1 << 30))


def test_the_old_form_at_the_left_margin_is_read() -> None:
    facts = facts_of(
        "Containers: 49\n Running: 0\nServer Version: 17.12.0-ce\nStorage Driver: overlay2\n Backing Filesystem: extfs\n"
        "Cgroup Driver: cgroupfs\nRuntimes: nvidia runc\nDefault Runtime: nvidia\nTotal Memory: 31.27GiB\n"
    )

    assert facts.value("docker_runtimes") == ("nvidia", "runc")
    assert facts.value("docker_cgroup") == "cgroupfs"


def test_lines_that_grep_took_out_are_read() -> None:
    facts = facts_of(" Runtimes: io.containerd.runc.v2 runc\n Default Runtime: runc\n")

    assert "nvidia" not in facts.value("docker_runtimes")
    assert facts.value("docker_default_runtime") == "runc"


@pytest.mark.parametrize("text", [json.dumps(JSON, separators=(",", ":")), json.dumps(JSON, indent=2)])
def test_json_tells_the_same(text: str) -> None:
    facts = facts_of(text)

    assert facts.value("docker_runtimes") == ("nvidia", "runc")
    assert facts.value("docker_default_runtime") == "nvidia"
    assert facts.value("docker_cgroup") == "cgroupfs v1"
    assert facts.value("docker_storage") == "overlay2"
    assert facts.value("memory_total_bytes") == 540812345344


def test_json_cut_off_within_the_runtimes_does_not_name_half_of_them() -> None:
    whole = json.dumps(JSON, separators=(",", ":"))
    facts = facts_of(whole[: whole.index('"runc"')])

    assert facts.all("docker_runtimes") == []
    assert facts.value("docker_cgroup") == "cgroupfs v1"


@pytest.mark.parametrize(
    "line",
    [
        "Set the Default Runtime: nvidia in daemon.json, please",
        "Storage Driver: is it overlay2 on your side?",
        "Client: I use the OpenAI client",
        '{"Driver": "", "Count": -1}',
    ],
)
def test_words_about_docker_are_no_reading(line: str) -> None:
    facts = facts_of(line)

    assert all(not facts.all(name) for name in ("docker_runtimes", "docker_default_runtime", "docker_storage"))
