"""Every kind of input, from the bytes to the report: named rightly, read without a rest, its facts told."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

import pytest

from tests.diagnosis.reading import redactor
from tests.diagnosis.samples import SAMPLES
from troubleshoot.diagnosis.facts import VOCABULARY
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.names import fact_title, kind_title, value_in_words
from troubleshoot.diagnosis.observations import IN_WORDS, MOST
from troubleshoot.diagnosis.parsers import ALL_FORMATS
from troubleshoot.diagnosis.pipeline import examine, take_in


@cache
def library() -> Library:
    return load_library()


@cache
def report_of(text: str) -> dict[str, Any]:
    documents = take_in([("sent", io.BytesIO(text.encode()))], library(), redactor=redactor())
    return examine(documents, library())


def told(report: dict[str, Any]) -> set[str]:
    return {item["name"] for item in (*report["facts"], *report["observations"])}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_is_named_and_tells_something(name: str) -> None:
    sample = SAMPLES[name]
    report = report_of(sample.text)
    assert set(sample.kinds) <= set(report["inputs"][0]["kinds"])
    assert set(sample.facts) - {"topology_matrix", "now", "xid_event"} <= told(report) | {"phase_mark"}
    assert told(report) or report["timeline"]["phases"] or report["topology"]
    json.dumps(report)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_print_out_is_named_after_the_scraps_in_it(name: str) -> None:
    assert "description" not in report_of(SAMPLES[name].text)["inputs"][0]["kinds"]


@pytest.mark.parametrize(
    "name",
    [
        "lspci-vvv",
        "dmi",
        "lscpu",
        "detect-virt",
        "df",
        "ulimit",
        "ibstat",
        "env",
        "docker-inspect",
        "compose",
        "kubernetes",
        "kubectl-describe",
        "rocm-smi",
        "npu-smi",
        "pip-freeze",
        "fabric-manager",
        "simpleP2P",
    ],
)
def test_every_line_of_a_print_out_counts_as_read(name: str) -> None:
    assert report_of(SAMPLES[name].text)["inputs"][0]["unread_lines"] == 0


def test_what_stands_around_a_print_out_is_not_read_with_it() -> None:
    text = """\
It hangs on my machine.
NCCL_P2P_DISABLE=1
HOME=/root
Nothing else was changed here.
2025-03-04 10:00:00 INFO some.program: unknown to us

Somebody wrote this
"""
    assert report_of(text)["inputs"][0]["unread_lines"] == 4


def test_every_fact_that_is_shown_and_every_kind_has_a_name_in_both_languages() -> None:
    shown = [*IN_WORDS, *(name for name, word in VOCABULARY.items() if word.public)]
    for lang in ("en", "zh-hans"):
        assert [name for name in shown if fact_title(name, lang) == name] == []
        assert all(kind_title(form.kind, lang) for form in ALL_FORMATS)
    assert kind_title("of-an-older-report", "en") == "of-an-older-report"


def test_of_many_readings_a_few_are_shown_and_the_rest_counted() -> None:
    text = "".join(f"NCCL_OPTION_{n}={n}\n" for n in range(MOST + 3))
    item = next(item for item in report_of(text)["observations"] if item["name"] == "env")
    assert item["values"][0] == "NCCL_OPTION_0=0"
    assert (len(item["values"]), item["more"], item["source"]) == (MOST, 3, "sent:1")


def test_values_are_written_as_people_write_them() -> None:
    assert value_in_words("shm_bytes", 67108864, "en") == "64 MiB"
    assert value_in_words("memory_total_bytes", 540_000_000_000, "en") == "503 GiB"
    assert value_in_words("memlock", "unlimited", "zh-hans") == "不限"
    assert value_in_words("iommu", "passthrough", "zh-hans") == "直通"
    assert value_in_words("engine", "sglang", "zh-hans") == "SGLang"
    assert value_in_words("xids", [79, 43], "en") == "79, 43"
    assert value_in_words("gpu_model", "NVIDIA L40S", "zh-hans") == "NVIDIA L40S"
