"""What compose files, manifests and kubectl describe start, however the words are written."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of

FORMS = {
    "one line": "    command: --model org/m --tensor-parallel-size 4",
    "folded": "    command: >\n      --model org/m\n      --tensor-parallel-size 4\n    ports:\n      - 8000:8000",
    "list on one line": '    command: ["vllm", "serve", "org/m", "--tensor-parallel-size", "4"]',
    "list over lines": '    command: ["vllm", "serve",\n      "org/m",\n      "--tensor-parallel-size", "4"]',
    "items": '          args:\n            - --model=org/m\n            - --tensor-parallel-size\n            - "4"\n          env: []',
    "items at the key's own depth": "          args:\n          - --model\n          - org/m\n          - --tensor-parallel-size=4",
    "describe": "    Args:\n      --model\n      org/m\n      --tensor-parallel-size=4\n    State:          Running",
    "a shell": '          command: ["/bin/bash", "-c", "ray start --head; vllm serve org/m --tensor-parallel-size 4"]',
    "a shell over lines": "    Command:\n      sh\n      -c\n      vllm serve org/m --tensor-parallel-size 4",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_words_of_the_engine_are_read(form: str) -> None:
    facts = facts_of(FORMS[form])

    assert facts.value("model") == "org/m"
    assert facts.value("tensor_parallel_size") == 4


def test_a_command_and_its_arguments_are_both_read() -> None:
    facts = facts_of(
        """
        containers:
          - command:
              - vllm
              - serve
            args:
              - --model
              - org/m
              - --tensor-parallel-size
              - "2"
        """
    )

    assert facts.value("engine") == "vllm"
    assert facts.value("tensor_parallel_size") == 2


def test_one_cut_off_in_its_list_tells_what_is_there() -> None:
    facts = facts_of("          args:\n            - --model\n            - org/m\n            - --tensor-par")

    assert facts.value("model") == "org/m"
    assert facts.value("tensor_parallel_size") is None


@pytest.mark.parametrize(
    "text",
    [
        '    command: ["nginx", "-g", "daemon off;", "--workers", "4"]',
        "    command: >\n      sleep infinity",
        "The command: run it with --help",
        "args: none",
        "    args:\n\n      --model org/m",
        "    command: [",
    ],
)
def test_other_commands_tell_nothing(text: str) -> None:
    facts = facts_of(text)

    assert all(not facts.all(name) for name in ("model", "tensor_parallel_size", "engine_argument"))
