"""docker inspect: indented, on one line, cut, and single lines of it."""

from __future__ import annotations

import json

import pytest

from tests.diagnosis.reading import facts_of, values

CONTAINER = {
    "Id": "5f0d3c6e9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5",
    "Path": "python3",
    "Args": ["-m", "vllm.entrypoints.openai.api_server", "--model", "org/m", "--tensor-parallel-size", "4"],
    "State": {"Status": "exited", "Running": False, "OOMKilled": False, "ExitCode": 139},
    "Image": "sha256:0011223344556677889900112233445566778899001122334455667788990011",
    "Name": "/llm",
    "HostConfig": {
        "NetworkMode": "host",
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        "IpcMode": "private",
        "Privileged": True,
        "ShmSize": 67108864,
        "Memory": 34359738368,
        "Ulimits": [{"Name": "memlock", "Hard": -1, "Soft": -1}, {"Name": "stack", "Hard": 67108864, "Soft": 67108864}],
    },
    "Config": {
        "Env": ["NCCL_P2P_DISABLE=1", "PATH=/usr/bin", "NCCL_DEBUG=INFO"],
        "Image": "vllm/vllm-openai:v0.8.5",
        "Labels": {"note": 'a "quoted" ]} text'},
    },
}


@pytest.fixture(params=["one line", "indented"])
def text(request: pytest.FixtureRequest) -> str:
    if request.param == "indented":
        return "$ docker inspect llm\n" + json.dumps([CONTAINER], indent=4)
    return json.dumps([CONTAINER], separators=(",", ":"))


def test_it_tells_how_the_container_was_started(text: str) -> None:
    facts = facts_of(text)

    assert facts.value("install_method") == "docker"
    assert facts.value("container_name") == "llm"
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5"
    assert facts.value("shm_bytes") == 67108864
    assert facts.value("memory_total_bytes") == 34359738368
    assert facts.value("ipc_host") is False
    assert facts.value("host_network") is True
    assert facts.value("privileged") is True
    assert facts.value("memlock") == "unlimited"
    assert facts.value("engine") == "vllm"
    assert facts.value("tensor_parallel_size") == 4
    assert facts.env("NCCL_P2P_DISABLE") == "1"
    assert facts.env("NCCL_DEBUG") == "INFO"


def test_it_tells_how_the_container_ended(text: str) -> None:
    assert ("container", 139) in values(facts_of(text), "exit_code")


def test_a_container_that_runs_has_no_exit_code() -> None:
    running = {**CONTAINER, "State": {"Status": "running", "Running": True, "ExitCode": 0}}

    assert facts_of(json.dumps([running])).all("exit_code") == []


def test_one_cut_off_in_a_list_tells_what_stands_before() -> None:
    whole = json.dumps([CONTAINER], separators=(",", ":"))
    facts = facts_of(whole[: whole.index('"Soft"')])

    assert facts.value("shm_bytes") == 67108864
    assert facts.all("memlock") == []
    assert facts.all("env") == []


def test_lines_that_grep_took_out_are_read() -> None:
    facts = facts_of('            "ShmSize": 17179869184,\n            "IpcMode": "host",\n')

    assert facts.value("shm_bytes") == 16 << 30
    assert facts.value("ipc_host") is True


@pytest.mark.parametrize(
    "line",
    [
        '"ShmSize": 0,',
        'the field "ShmSize" is what counts',
        '{"shmSize": 67108864}',
        '{"Name": "/llm", "Image": "x"}',
        '"IpcMode": "",',
    ],
)
def test_what_only_looks_like_it_tells_nothing(line: str) -> None:
    facts = facts_of(line)

    assert all(not facts.all(name) for name in ("shm_bytes", "ipc_host", "container_name", "install_method"))


def test_lists_without_end_cost_no_more_than_their_length() -> None:
    """Each would be looked for to the end of the text."""
    facts = facts_of('"ShmSize": 67108864, ' + '"Env":["A=' * 6000, '"ShmSize": 67108864,\n' + '"Env": [\n' * 6000)

    assert facts.value("shm_bytes") == 67108864
    assert facts.all("env") == []
