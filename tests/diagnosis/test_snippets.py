"""Templates, changes and the names that fill them."""

from __future__ import annotations

from typing import Any

import pytest

from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.snippets import (
    Change,
    docker_options,
    fill,
    fill_text,
    interface,
    names,
    quoted,
    shm_gib,
    size_gib,
    values_of,
)


def knowing(**values: Any) -> Facts:
    return Facts([Fact(name, value) for name, value in values.items()])


def test_a_list_repeats_its_line_and_an_empty_one_takes_it_away():
    template = "run \\\n  {{ options }} \\\n  {{ none }} \\\n  image"

    assert fill(template, {"options": ["-a", "-b"], "none": []}) == "run \\\n  -a \\\n  -b \\\n  image"


def test_an_item_of_several_lines_keeps_its_indent():
    assert fill("env:\n  {{ items }}", {"items": ["- name: A\n  value: 1"]}) == "env:\n  - name: A\n    value: 1"


def test_conditions_keep_or_drop_their_line():
    template = "  {{? a }}A\n{{! a }}no a\n{{? a }}{{? b }}both"

    assert fill(template, {"a": "x", "b": []}) == "  A"
    assert fill(template, {"a": "", "b": "x"}) == "no a"


def test_an_unknown_slot_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        fill("{{ nobody }}", {})


def test_words_are_joined_to_one_line_in_each_language():
    filled = fill_text(
        {"en": "one {{ x }}.\n{{? y }}two.", "zh-hans": "一 {{ x }}。\n{{? y }}二。"}, {"x": ["a", "b"], "y": "1"}
    )

    assert filled == {"en": "one a, b. two.", "zh-hans": "一 a, b。二。"}


@pytest.mark.parametrize(
    ("size", "gib"), [("16g", 16), ("16gb", 16), ("16Gi", 16), ("512m", 0.5), ("1073741824", 1), ("x", 0), ("", 0)]
)
def test_sizes_are_read_in_every_spelling(size, gib):
    assert size_gib(size) == gib


@pytest.mark.parametrize("word", ["<model>", "a b", "$(x)", "`x`", "a;b", "it's", "a|b"])
def test_what_a_shell_would_act_on_is_quoted(word):
    assert quoted(word)[0] == "'"


@pytest.mark.parametrize("word", ["NCCL_P2P_DISABLE=1", "--tensor-parallel-size", "Qwen/Qwen3-32B", "^docker0,lo"])
def test_plain_words_stay_plain(word):
    assert quoted(word) == word


@pytest.mark.parametrize("odd", ["a b", "x;rm", "$(id)", "-v", "", "a" * 201, "<host-1>"])
def test_odd_names_give_way_to_a_placeholder(odd):
    assert names(knowing(container_name=odd))["container"] == "<container>"


def test_an_instances_container_names_the_instance_and_not_the_worker():
    found = names(knowing(container_name="qwen3-ab12c-run-0"))

    assert found["instance"] == "qwen3-ab12c"
    assert found["worker_container"] == "gpustack-worker"


def test_the_one_real_interface_is_used_and_two_are_none():
    virtual = [Fact("interface", (name, "172.17.0.1", True)) for name in ("lo", "docker0", "veth12", "br-9a")]
    one = Fact("interface", ("eno1", "10.0.0.4", True))

    assert interface(Facts([*virtual, one])) == "eno1"
    assert interface(Facts([*virtual, one, Fact("interface", ("eno2", "10.1.0.4", True))])) is None
    assert interface(Facts([Fact("interface", ("eno1", "10.0.0.4", False))])) is None
    assert interface(Facts(virtual)) is None


@pytest.mark.parametrize(("held", "gib"), [(None, 16), (64 << 20, 16), (10 << 30, 32), (100 << 30, 256)])
def test_shared_memory_grows_to_twice_what_was_there(held, gib):
    assert shm_gib(knowing(shm_bytes=held) if held else Facts()) == gib


def test_changes_merge_and_the_larger_shared_memory_wins():
    merged = Change({"A": "1"}, {"vllm": ("--x",)}, {"shm_size": "8g", "cap_add": ["IPC_LOCK"]}).merged(
        Change({"B": "2"}, {"vllm": ("--x", "--y 2")}, {"shm_size": "16g", "cap_add": ["IPC_LOCK", "SYS_NICE"]})
    )

    assert merged.env == {"A": "1", "B": "2"}
    assert merged.flags == {"vllm": ("--x", "--y 2")}
    assert merged.container == {"shm_size": "16g", "cap_add": ["IPC_LOCK", "SYS_NICE"]}


def test_two_values_for_one_flag_do_not_merge():
    with pytest.raises(ValueError, match="--y"):
        Change(flags={"vllm": ("--y 1",)}).merged(Change(flags={"vllm": ("--y 2",)}))


def test_docker_options_say_what_the_change_says():
    assert docker_options({"shm_size": "8g", "memlock": True, "cap_add": ["IPC_LOCK"], "host_network": True}) == [
        "--shm-size=8g", "--ulimit memlock=-1", "--cap-add IPC_LOCK", "--network host",
    ]  # fmt: skip


def test_gpustack_2_is_asked_for_shared_memory_only_beyond_what_it_gives():
    assert values_of(Change(container={"shm_size": "8g"}), Facts(), "text")["gpustack_env"] == []
    assert values_of(Change(container={"shm_size": "16g"}), Facts(), "text")["gpustack_env"] == [
        "GPUSTACK_MODEL_RUNTIME_SHM_SIZE_GIB = 16"
    ]


def test_flags_are_those_of_the_engine():
    change = Change(flags={"vllm": ("--enforce-eager",), "sglang": ("--disable-cuda-graph",)})

    assert values_of(change, knowing(engine="sglang"), "sh")["flags"] == "--disable-cuda-graph"
    assert values_of(change, Facts(), "sh")["flags"] == "--enforce-eager"
    assert values_of(change, knowing(engine="lmdeploy"), "sh")["flags"] == ""
