"""The prefixes of compose and kubectl tell the installation; a table or a progress bar does not."""

from __future__ import annotations

import pytest

from tests.diagnosis.judging import known
from troubleshoot.diagnosis.install_methods import detected_method

LINE = "(APIServer pid=1) INFO 04-12 09:31:07 [api_server.py:1896] vLLM API server version 0.11.0"


@pytest.mark.parametrize("prefix", ["llm-1  | ", "llm_1       | ", "llm  | "])
def test_a_line_of_compose_names_the_service(prefix):
    facts = known(prefix + LINE)

    assert detected_method(facts) == "compose"
    assert facts.value("service_name") == "llm"


def test_a_line_with_its_pod_is_of_kubernetes():
    assert detected_method(known("[pod/llm-6c9d4/engine] " + LINE)) == "kubernetes"


@pytest.mark.parametrize("line", ["GPU0 | 42 % | INFO", "name | value", LINE])
def test_a_table_or_a_bare_line_tells_nothing(line):
    assert detected_method(known(line)) is None
