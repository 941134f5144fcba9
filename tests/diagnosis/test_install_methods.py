"""Which install method is meant, and what loading refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.diagnosis.judging import known
from troubleshoot.diagnosis import versions
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.install_methods import (
    detected_method,
    load_install_methods,
    method_of,
    product_of,
    snippets_for,
)
from troubleshoot.diagnosis.snippets import Change

METHODS = load_install_methods()
IDS = ["script", "docker", "compose", "kubernetes", "helm", "gpustack-model", "pip", "systemd", "slurm", "host"]


def knowing(**values: Any) -> Facts:
    return Facts([Fact(name, value) for name, value in values.items()])


def test_every_method_of_the_contract_is_there():
    assert set(IDS) <= set(METHODS)


@pytest.mark.parametrize(
    ("values", "product"),
    [
        ({"gpustack": True}, "gpustack"),
        ({"gpustack_version": "0.6.0"}, "gpustack"),
        ({"install_method": "script"}, "gpustack"),
        ({"image": "gpustack/gpustack:v0.6.2"}, "gpustack"),
        ({"image": "vllm/vllm-openai:v0.9.2"}, "engine"),
        ({"engine": "vllm", "install_method": "systemd"}, "engine"),
        ({"engine": "nemo"}, "engine"),
        ({"launcher": "torchrun"}, "engine"),
        ({"engine": "vllm"}, None),
        ({}, None),
    ],
)
def test_who_launches_the_engine(values, product):
    assert product_of(knowing(**values)) == product


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ({"install_method": "helm", "container": "kubernetes"}, "helm"),
        ({"container": "kubernetes"}, "kubernetes"),
        ({"container": "docker"}, "docker"),
        ({"image": "vllm/vllm-openai"}, "docker"),
        ({"launcher": "slurm"}, "slurm"),
        ({"launcher": "mpirun"}, "mpirun"),
        ({"launcher": "mp"}, None),
        ({}, None),
    ],
)
def test_the_method_is_told_by_the_rest_of_the_upload(values, method):
    assert detected_method(knowing(**values)) == method


def test_next_steps_always_have_a_method_to_speak_of():
    assert method_of(Facts(), METHODS) == "docker"
    assert method_of(knowing(gpustack=True), METHODS) == "gpustack-model"
    assert method_of(knowing(install_method="no-such"), METHODS) == "docker"


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("0.4.1", {"script", "docker", "compose"}, {"helm"}),
        ("0.7.1", {"script", "docker", "gpustack-model"}, {"helm"}),
        ("2.0.0", {"docker", "compose", "kubernetes", "gpustack-model"}, {"script", "helm", "pip", "systemd"}),
        ("2.0.3", {"docker", "kubernetes", "gpustack-model"}, {"script", "compose", "helm"}),
        ("v2.2.3", {"docker", "kubernetes", "helm", "gpustack-model"}, {"script", "compose"}),
        ("0.0.0", {"script", "docker", "helm", "gpustack-model"}, set()),
    ],
)
def test_a_method_is_shown_for_the_versions_that_have_it(version, there, gone):
    facts = knowing(gpustack=True, gpustack_version=version)

    methods = {s["method"] for s in snippets_for(Change({"NCCL_P2P_DISABLE": "1"}), facts, METHODS)}

    assert there <= methods
    assert not gone & methods


def test_a_flag_that_the_engine_does_not_have_gives_no_snippet():
    assert snippets_for(Change(flags={"vllm": ("--enforce-eager",)}), knowing(engine="torch"), METHODS) == []


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("0.7.1", ">=0.4,<2.0", True), ("2.0.0", "<2.0", False), ("2.0", ">=2.0.0", True), ("v2.2.1", ">=2.2", True),
        ("0.10.1.1", ">=0.10.2", False), ("0.9.2", ">=0.10", False), (None, ">=9", True), ("dev", ">=9", True),
        ("2.0.0rc1", ">=2.0", True), ("0.5.1", "==0.5.1", True), ("0.5.1", ">0.5.1", False), ("0.5.1", "", True),
    ],
)  # fmt: skip
def test_versions_compare_by_number(version, wanted, fits):
    assert versions.fits(version, wanted) is fits


GOOD = """\
id = "nomad"
title = { en = "Nomad", zh-hans = "Nomad" }
logs = { en = "there", zh-hans = "那里" }
logs_command = { engine = "nomad logs" }
[[variant]]
id = "engine"
product = "engine"
title = { en = "Nomad", zh-hans = "Nomad" }
changes = ["env"]
language = "sh"
text = "nomad run"
verify = { en = "look", zh-hans = "看" }
undo = { en = "back", zh-hans = "回" }
"""


def overlay(tmp_path: Path, text: str) -> tuple[Path, ...]:
    (tmp_path / "install_methods").mkdir()
    (tmp_path / "install_methods" / "nomad.toml").write_text(text, encoding="utf-8")
    return (tmp_path,)


def test_a_site_can_add_a_method_of_its_own(tmp_path):
    assert "nomad" in load_install_methods(overlay(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "nomad"', 'id = "other"', "the file's name"),
        ('changes = ["env"]', 'changes = ["kernel"]', "kernel"),
        ('language = "sh"', 'language = "bash"', "language"),
        ('text = "nomad run"', 'text = "{{ nobody }}"', "nobody"),
        ('product = "engine"', 'product = "x"', "product"),
        ('undo = { en = "back", zh-hans = "回" }', 'undo = { en = "back" }', "zh-hans"),
        ('language = "sh"', 'language = "sh"\nversions = "2.0"', "range"),
        ('language = "sh"', 'language = "sh"\nforbid = ["full-moon"]', "full-moon"),
    ],
)
def test_loading_refuses_a_faulty_file_and_says_where(tmp_path, old, new, says):
    assert old in GOOD

    with pytest.raises(ContentError, match=says) as error:
        load_install_methods(overlay(tmp_path, GOOD.replace(old, new, 1)))

    assert "install_methods/nomad.toml" in error.value.where


@pytest.mark.parametrize(
    ("command", "method"),
    [
        ("$ vllm serve org/m --tensor-parallel-size 2", "pip"),
        ("VLLM_USE_V1=1 python3 -m sglang.launch_server --model-path m --tp 2", "pip"),
        ("ExecStart=/usr/bin/vllm serve org/m", None),
        ("CMD vllm serve org/m", None),
        ("$ docker run --gpus all vllm/vllm-openai:v0.9.2 --model m", "docker"),
        ("$ torchrun --nproc-per-node=2 train.py", "torchrun"),
    ],
)
def test_a_start_command_typed_at_a_shell_was_started_by_hand(command, method):
    assert detected_method(known(command)) == method
