"""GPUStack's logs of 0.x and 2.x, and what they give away about version and way of installing."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


def test_an_old_log_with_a_hosts_zone_looks_like_a_script_install() -> None:
    facts = facts_of(
        """
        2025-03-04T18:00:00+08:00 - gpustack.worker.downloaders - INFO - Retriving file lock
        2025-03-04T18:00:03+08:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
        INFO 03-04 18:00:08 api_server.py:840] vLLM API server version 0.7.2
        """
    )
    assert facts.value("gpustack") is True
    assert facts.value("engine") == "vllm"
    assert facts.value("install_method") == "script"
    assert facts.value("gpustack_version") == "0.5.1"
    assert not any(fact.sure for fact in facts.all("gpustack_version"))


def test_an_old_log_in_utc_looks_like_a_container() -> None:
    facts = facts_of("2025-03-04T10:00:03+00:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server")
    assert facts.value("install_method") == "docker"


def test_the_version_line_is_believed_and_development_builds_are_not() -> None:
    said = "2025-06-11T09:00:00+00:00 - gpustack.cmd.start - INFO - GPUStack version: {} (899bea6)"
    assert facts_of(said.format("0.6.2")).value("gpustack_version") == "0.6.2"
    assert facts_of(said.format("v0.0.0")).value("gpustack_version") is None


def test_a_v2_workload_tells_image_engine_shape_and_environment() -> None:
    facts = facts_of(
        """
        2026-01-07 03:12:44.000010+00:00 - gpustack.worker.backends.vllm - INFO - Creating vLLM container workload: m-x1
        2026-01-07 03:12:44.101010+00:00 - gpustack.worker.backends.vllm - INFO - With image: gpustack/runner:cuda12.8-vllm0.11.2, arguments: [vllm serve /var/lib/m --tensor-parallel-size 4 --disable-custom-all-reduce], ports: [40000], envs(inconsistent input items mean unchangeable):
        NCCL_P2P_DISABLE=1
        VLLM_HOST_IP=10.0.0.3
        2026-01-07 03:12:45.000000+00:00 - gpustack.worker.backends.vllm - INFO - Created vLLM container workload: m-x1
        """
    )
    assert facts.value("install_method") == "docker"
    assert facts.value("image") == "gpustack/runner:cuda12.8-vllm0.11.2"
    assert facts.value("engine_version") == "0.11.2"
    assert facts.value("tensor_parallel_size") == 4
    assert facts.value("model") == "/var/lib/m"
    assert facts.value("disable_custom_all_reduce") is True
    assert facts.env("NCCL_P2P_DISABLE") == "1"
    assert facts.env("VLLM_HOST_IP") == "10.0.0.3"


def test_the_environment_block_of_0_7_is_read() -> None:
    facts = facts_of(
        """
        2025-08-05 14:13:15.300000+00:00 - gpustack.worker.backends.vllm - INFO - With environment variables(inconsistent input items mean unchangeable):
        NCCL_DEBUG=INFO
        2025-08-05 14:13:15.400000+00:00 - gpustack.worker.backends.vllm - INFO - Starting vLLM server: /usr/local/bin/vllm
        """
    )
    assert facts.env("NCCL_DEBUG") == "INFO"


def test_an_image_being_pulled_is_slow_preparation() -> None:
    facts = facts_of(
        """
        2026-01-07 03:12:44.000010+00:00 - gpustack.worker.serve_manager - INFO - Provisioning model instance m-x1
        2026-01-07 03:12:44.500000+00:00 - 88 - gpustack_runtime.deployer.docker - INFO - Pulling image gpustack/runner:cuda12.8-vllm0.11.2
        """
    )
    timeline = facts.timeline
    assert timeline is not None
    assert (timeline.stuck_in, timeline.outcome) == ("prepare", "slow")
    assert facts.value("install_method") == "docker"


def test_an_instance_that_left_tells_its_code() -> None:
    facts = facts_of(
        "2025-06-11T09:00:00+00:00 - gpustack.worker.serve_manager - ERROR - Inference server exited with code 1."
    )
    assert values(facts, "exit_code") == [("inference server", 1)]
    timeline = facts.timeline
    assert timeline is not None
    assert timeline.outcome == "crashed"


def test_a_crash_loop_counts_its_last_attempt() -> None:
    facts = facts_of(
        """
        2025-08-05 14:00:00.000000+00:00 - gpustack.worker.backends.base - INFO - Preparing model files...
        2025-08-05 14:00:01.000000+00:00 - gpustack.worker.backends.base - INFO - Model files are ready.
        INFO 08-05 14:00:20 [pynccl.py:70] vLLM is using nccl==2.26.2
        RuntimeError: NCCL error: unhandled system error
        2025-08-05 14:01:00.000000+00:00 - gpustack.worker.serve_manager - INFO - Restarting model instance m-x1 (attempt 1) after 10 seconds delay.
        2025-08-05 14:01:10.000000+00:00 - gpustack.worker.backends.base - INFO - Preparing model files...
        2025-08-05 14:01:11.000000+00:00 - gpustack.worker.backends.base - INFO - Model files are ready.
        INFO 08-05 14:01:20 [__init__.py:244] Automatically detected platform cuda.
        """
    )
    timeline = facts.timeline
    assert timeline is not None
    assert timeline.stuck_in == "start"
    assert timeline.outcome == "unknown"


def test_the_state_of_an_instance_is_read_from_the_api() -> None:
    assert (
        facts_of('{"id": 3, "name": "m-x1", "state": "starting", "state_message": ""}').value("instance_state")
        == "starting"
    )


def test_other_programs_do_not_look_like_gpustack() -> None:
    facts = facts_of("2025-08-05 14:13:15,289 - app.worker.backends - INFO - Starting server")
    assert facts.all("gpustack") == []


def test_other_programs_words_that_sound_the_same_are_not_gpustacks() -> None:
    facts = facts_of(
        """
        (APIServer pid=1) INFO 04-29 10:00:00 [api_server.py:689] Starting vLLM server on http://0.0.0.0:8000
        Normal  Pulling    2m    kubelet    Pulling image "vllm/vllm-openai:v0.8.5"
        """
    )
    assert facts.all("gpustack") == []


def test_the_model_stands_first_in_the_arguments_when_the_command_has_a_list_of_its_own() -> None:
    facts = facts_of(
        "2025-12-05 14:13:16.589640+00:00 - gpustack.worker.backends.vllm - INFO - With image: gpustack/runner:cuda12.8-vllm0.11.2, "
        "command: ['vllm', 'serve'], arguments: ['/m/org', '--tensor-parallel-size', '4'], ports: [40000], "
        "envs(inconsistent input items mean unchangeable):"
    )

    assert facts.value("model") == "/m/org"
    assert facts.value("tensor_parallel_size") == 4


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("gpustack.worker.backends.vllm - INFO - Creating vLLM container workload: m-ab1cd", "2.1"),
        (
            "gpustack.worker.backends.vllm - INFO - With image: gpustack/runner:cuda12.8-vllm0.11.2, arguments: [vllm serve /m --port 40000], ports: [40000], envs(inconsistent input items mean unchangeable):\n"
            "2025-12-10 03:12:46.101010+00:00 - 42 - gpustack_runtime.deployer.docker - INFO - Mirrored deployment enabled, using self Container 0a1b for options mirroring",
            "2.0",
        ),
        ("gpustack.worker.backends.vllm - INFO - Starting vLLM server: /opt/venv/bin/vllm", None),
    ],
)
def test_an_engine_in_a_container_of_its_own_is_of_the_second_line_of_releases(line: str, version: str | None) -> None:
    facts = facts_of(f"2025-12-10 03:12:44.101010+00:00 - {line}")
    assert facts.value("gpustack_version") == version
    assert not any(fact.sure for fact in facts.all("gpustack_version"))
