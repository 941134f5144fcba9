"""A traceback's paths tell the engine and whose environment it is."""

from __future__ import annotations

import pytest

from tests.diagnosis.judging import known
from troubleshoot.diagnosis.install_methods import detected_method

FRAME = '  File "{}/vllm/executor/ray_utils.py", line 52, in execute'


@pytest.mark.parametrize(
    "folder",
    [
        "/home/ops/miniconda3/envs/llm/lib/python3.11/site-packages",
        "/root/.venv/lib/python3.12/site-packages",
        "/srv/anaconda3/lib/python3.10/site-packages",
    ],
)
def test_an_environment_of_ones_own_was_installed_by_pip(folder):
    facts = known(FRAME.format(folder))

    assert facts.value("engine") == "vllm"
    assert detected_method(facts) == "pip"


@pytest.mark.parametrize(
    "folder",
    [
        "/usr/local/lib/python3.12/dist-packages",
        "/opt/conda/lib/python3.10/site-packages",
        "/root/.local/share/pipx/venvs/gpustack/lib/python3.11/site-packages",
    ],
)
def test_an_image_s_or_a_products_environment_is_nobodys_own(folder):
    facts = known(FRAME.format(folder))

    assert facts.value("engine") == "vllm"
    assert detected_method(facts) != "pip"


def test_a_container_or_a_start_command_tells_better():
    frame = FRAME.format("/home/ops/venv/lib/python3.11/site-packages")

    assert detected_method(known(frame, "docker run --gpus all vllm/vllm-openai:v0.9.2 --model m")) == "docker"


def test_another_library_tells_no_engine():
    assert (
        known('  File "/home/ops/venv/lib/python3.11/site-packages/torch/nn.py", line 2, in f').value("engine") is None
    )
