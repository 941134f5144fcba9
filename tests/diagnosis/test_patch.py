"""The user's own command or file comes back with the change made and everything else as it was."""

from __future__ import annotations

from typing import Any

import pytest

from troubleshoot.diagnosis import env_file
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.patch import Patchable, find_patchable, patch, patch_env_file, patch_unit, patched
from troubleshoot.diagnosis.patch_docker_run import patch_docker_run, read_docker_run
from troubleshoot.diagnosis.patch_yaml import load, patch_compose, patch_manifest
from troubleshoot.diagnosis.snippets import Change

P2P_OFF = Change({"NCCL_P2P_DISABLE": "1"}, {"vllm": ("--disable-custom-all-reduce",)}, {"shm_size": "8g"})
FLAGS = ("--disable-custom-all-reduce",)

RUN = """\
docker run -d --name llm \\
  --gpus '"device=0,1"' \\
  -v "/data/my models:/models" \\
  -e HF_TOKEN=<token-1> \\
  -p 8000:8000 \\
  vllm/vllm-openai:v0.9.2 \\
  --model /models/qwen \\
  --tensor-parallel-size 2
"""
ONE_LINE = "docker run --gpus all -it --rm -p8000:8000 vllm/vllm-openai --model m\n"


def document(text: str, name: str = "sent.txt") -> Document:
    lines = text.splitlines()
    return Document(name, lines, range(1, len(lines) + 1), line_count=len(lines))


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """(lines gone, lines new), in order."""
    import difflib

    marks = [d for d in difflib.ndiff(before.splitlines(), after.splitlines()) if d[0] in "+-"]
    return [d[2:] for d in marks if d[0] == "-"], [d[2:] for d in marks if d[0] == "+"]


def test_docker_run_over_several_lines_gets_its_options_on_lines_of_their_own():
    after = patch_docker_run(RUN, P2P_OFF, FLAGS)

    gone, new = changed_lines(RUN, after)
    assert gone == ["  --tensor-parallel-size 2"]
    assert new == [
        "  -e NCCL_P2P_DISABLE=1 \\", "  --shm-size=8g \\",
        "  --tensor-parallel-size 2 \\", "  --disable-custom-all-reduce",
    ]  # fmt: skip


def test_docker_run_on_one_line_stays_on_one_line():
    assert patch_docker_run(ONE_LINE, P2P_OFF, FLAGS) == (
        "docker run --gpus all -it --rm -p8000:8000 -e NCCL_P2P_DISABLE=1 --shm-size=8g vllm/vllm-openai"
        " --model m --disable-custom-all-reduce\n"
    )


def test_a_second_time_changes_nothing():
    for before in (RUN, ONE_LINE):
        once = patch_docker_run(before, P2P_OFF, FLAGS)

        assert patch_docker_run(once, P2P_OFF, FLAGS) == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-e NCCL_P2P_DISABLE=0", "-e NCCL_P2P_DISABLE=1"),
        ("--env NCCL_P2P_DISABLE=0", "--env NCCL_P2P_DISABLE=1"),
        ("--env=NCCL_P2P_DISABLE=0", "--env=NCCL_P2P_DISABLE=1"),
        ("-eNCCL_P2P_DISABLE=0", "-eNCCL_P2P_DISABLE=1"),
        ('-e "NCCL_P2P_DISABLE=0"', "-e NCCL_P2P_DISABLE=1"),
        ("-e NCCL_P2P_DISABLE", "-e NCCL_P2P_DISABLE=1"),
    ],
)
def test_a_variable_that_is_there_is_changed_where_it_stands(before, after):
    text = f"docker run --ipc=host {before} image\n"

    assert patch_docker_run(text, P2P_OFF, ()) == f"docker run --ipc=host {after} image\n"


@pytest.mark.parametrize("enough", ["--ipc=host", "--ipc host", "--shm-size=16g", "--shm-size 10gb"])
def test_shared_memory_that_is_large_enough_is_left_alone(enough):
    text = f"docker run -e NCCL_P2P_DISABLE=1 {enough} image\n"

    assert patch_docker_run(text, P2P_OFF, ()) == text


def test_shared_memory_that_is_too_small_is_raised_where_it_stands():
    text = "docker run -e NCCL_P2P_DISABLE=1 --shm-size 64m image\n"

    assert patch_docker_run(text, P2P_OFF, ()) == text.replace("64m", "8g")


def test_flags_go_into_the_quoted_command_of_a_shell():
    text = "docker run --ipc=host image bash -c 'pip list && vllm serve m --tensor-parallel-size 2'\n"

    after = patch_docker_run(text, Change(), FLAGS)

    assert after == text.replace("size 2'", "size 2 --disable-custom-all-reduce'")


def test_a_flag_with_a_value_is_changed_where_it_stands():
    text = "docker run image --model m --max-model-len 32768 --max-num-seqs=256 --port 1\n"

    after = patch_docker_run(text, Change(), ("--max-model-len 8192", "--max-num-seqs 64"))

    assert after == "docker run image --model m --max-model-len 8192 --max-num-seqs=64 --port 1\n"


def test_what_follows_the_command_stays():
    text = "docker run vllm/vllm-openai --a 1 2>&1 | tee log && echo done\n"

    assert patch_docker_run(text, Change(), FLAGS) == text.replace("--a 1 2>", "--a 1 --disable-custom-all-reduce 2>")


@pytest.mark.parametrize("command", ["", " bash", " sleep infinity", " python3 train.py --lr 1"])
def test_flags_of_an_engine_are_not_given_to_another_program(command):
    text = f"docker run -it --gpus all registry/ci:1{command}\n"

    assert patch_docker_run(text, Change(), FLAGS) == text
    compose = f"services:\n  a:\n    image: registry/ci:1\n    command:{command or ' x'}\n"
    assert patch_compose(compose, Change(), FLAGS) == compose


def test_the_hosts_shared_memory_mounted_is_large_enough():
    text = "docker run -v /dev/shm:/dev/shm -e NCCL_P2P_DISABLE=1 image\n"

    assert patch_docker_run(text, P2P_OFF, ()) == text


@pytest.mark.parametrize(
    "text", ["", "docker ps", "docker run", "docker run --gpus all", "run image", "docker run -e", "docker run 'open"]
)
def test_what_is_no_whole_docker_run_stays_as_it_is(text):
    run = read_docker_run(text)

    assert run is None or run.image.value == "open"
    if run is None:
        assert patch_docker_run(text, P2P_OFF, FLAGS) == text


COMPOSE = """\
# our model server
services:
  llm:
    image: vllm/vllm-openai:v0.9.2   # pinned
    command: >
      --model /models/qwen
      --tensor-parallel-size 2
    environment:
      - HF_HOME=/cache
      - NCCL_DEBUG=WARN

    # two cards
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              count: 2
              capabilities: [gpu]

  web:
    image: nginx:1.27
    ports: ["80:80"]
"""


def test_compose_keeps_comments_order_and_the_other_services():
    after = patch_compose(COMPOSE, P2P_OFF, FLAGS)

    gone, new = changed_lines(COMPOSE, after)
    assert sorted(line.strip() for line in new) == sorted(
        ["shm_size: 8gb", "--tensor-parallel-size 2 --disable-custom-all-reduce", "- NCCL_P2P_DISABLE=1"]
    )
    assert "NCCL_DEBUG=WARN\n      - NCCL_P2P_DISABLE=1\n\n    # two cards" in after
    assert "# pinned\n    shm_size: 8gb\n" in after
    assert gone == ["      --tensor-parallel-size 2"]
    assert load(after)["services"]["web"] == load(COMPOSE)["services"]["web"]
    assert patch_compose(after, P2P_OFF, FLAGS) == after


COMPOSE_MAP = """\
services:
    gpustack:
        image: gpustack/gpustack:v0.6.2
        environment:
            NCCL_P2P_DISABLE: "0"
            TZ: Asia/Shanghai # ours
"""


def test_compose_with_a_mapping_and_four_blanks_keeps_its_style():
    after = patch_compose(COMPOSE_MAP, P2P_OFF, FLAGS)

    gone, new = changed_lines(COMPOSE_MAP, after)
    assert gone == ['            NCCL_P2P_DISABLE: "0"']
    assert new == ["        ipc: host", '            NCCL_P2P_DISABLE: "1"']


def test_compose_with_a_list_of_words_gets_the_flag_as_one_more():
    text = 'services:\n  llm:\n    image: vllm/vllm-openai\n    ipc: host\n    command: ["--model", "m"]\n'

    after = patch_compose(text, Change(), FLAGS)

    assert load(after)["services"]["llm"]["command"] == ["--model", "m", "--disable-custom-all-reduce"]
    assert changed_lines(text, after)[0] == ['    command: ["--model", "m"]']


MANIFEST = """\
apiVersion: v1
kind: Service
metadata:
  name: llm
spec:
  ports:
  - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: llm # the one
spec:
  selector:
    matchLabels: {app: llm}
  template:
    metadata:
      labels: {app: llm}
    spec:
      containers:
      - name: sidecar
        image: busybox
      - name: engine
        image: vllm/vllm-openai:v0.9.2
        command: ["/bin/sh", "-c"]
        args:
        - |
          vllm serve /models/qwen \\
            --tensor-parallel-size 2
        env:
        - name: HF_HOME
          value: /cache
        resources:
          limits:
            nvidia.com/gpu: "2"
"""


def test_a_manifest_is_changed_in_the_engines_container_only():
    after = patch_manifest(MANIFEST, P2P_OFF, FLAGS)

    assert after.startswith(MANIFEST[: MANIFEST.index("spec:\n  selector")])
    spec = load(after.split("---\n")[1])["spec"]["template"]["spec"]
    sidecar, engine = spec["containers"]
    assert sidecar == {"name": "sidecar", "image": "busybox"}
    assert {"name": "NCCL_P2P_DISABLE", "value": "1"} in engine["env"]
    assert engine["args"][0].rstrip().endswith("--tensor-parallel-size 2 --disable-custom-all-reduce")
    assert engine["volumeMounts"] == [{"name": "dshm", "mountPath": "/dev/shm"}]
    assert spec["volumes"] == [{"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}]
    assert changed_lines(MANIFEST, after)[0] == ["            --tensor-parallel-size 2"]
    assert patch_manifest(after, P2P_OFF, FLAGS) == after


def test_a_manifest_with_the_hosts_ipc_needs_no_volume():
    text = MANIFEST.replace("      containers:", "      hostIPC: true\n      containers:")

    assert "dshm" not in patch_manifest(text, P2P_OFF, ())


ENV_FILE = """\
# set by ops
HF_ENDPOINT="https://hf-mirror.com"
export NCCL_P2P_DISABLE=1
NCCL_DEBUG=INFO # while we look
"""


def test_export_in_a_systemd_environment_file_is_mended_and_said():
    after, notes = patch_env_file(ENV_FILE, {"NCCL_P2P_DISABLE": "1"})

    assert after == (
        '# set by ops\nHF_ENDPOINT="https://hf-mirror.com"\nNCCL_P2P_DISABLE=1\n# while we look\nNCCL_DEBUG=INFO\n'
    )
    assert any("systemd" in note["en"] and "export" in note["en"] for note in notes)
    assert not [a for a in env_file.read(after) if a.dropped or a.trailing_comment]


def test_an_environment_file_that_is_right_gets_the_line_only():
    assert patch_env_file("A=1\n", {"NCCL_P2P_DISABLE": "1"}) == ("A=1\nNCCL_P2P_DISABLE=1\n", [])
    assert patch_env_file("NCCL_P2P_DISABLE=0\n", {"NCCL_P2P_DISABLE": "1"})[0] == "NCCL_P2P_DISABLE=1\n"
    assert patch_env_file("A=1\nA=2\n", {"A": "3"})[0] == "A=3\n"


UNIT = """\
[Unit]
Description=model
[Service]
Environment="NCCL_P2P_DISABLE=0" HF_HOME=/cache
ExecStart=/opt/venv/bin/vllm serve /models/qwen \\
    --tensor-parallel-size 2
Restart=always
[Install]
WantedBy=multi-user.target
"""


def test_a_unit_keeps_its_lines_and_takes_the_change():
    after = patch_unit(UNIT, {"NCCL_P2P_DISABLE": "1", "NCCL_DEBUG": "INFO"}, FLAGS, memlock=True)

    gone, new = changed_lines(UNIT, after)
    assert gone == ['Environment="NCCL_P2P_DISABLE=0" HF_HOME=/cache', "    --tensor-parallel-size 2"]
    assert new == [
        'Environment="NCCL_P2P_DISABLE=1" HF_HOME=/cache', 'Environment="NCCL_DEBUG=INFO"', "LimitMEMLOCK=infinity",
        "    --tensor-parallel-size 2 --disable-custom-all-reduce",
    ]  # fmt: skip
    assert env_file.read_unit(after)[1] == []


def test_flags_that_the_users_file_cannot_hold_are_said_to_be_set_elsewhere():
    change = Change({"NCCL_P2P_DISABLE": "1"})

    def said(kind: str, text: str) -> bool:
        notes = patch(Patchable(kind, "sent.txt", 1, text), change, FLAGS)[2]
        return any(FLAGS[0] in note["en"] and FLAGS[0] in note["zh-hans"] for note in notes)

    assert said("env-file", ENV_FILE)
    assert said("unit", UNIT.replace("/opt/venv/bin/vllm serve /models/qwen", "/opt/venv/bin/gpustack start"))
    assert not said("unit", UNIT)  # its ExecStart takes them


# Finding what was sent


def kinds(text: str, name: str = "sent.txt") -> list[tuple[str, int]]:
    return [(found.kind, found.line) for found in find_patchable([document(text, name)])]


def test_each_kind_is_found_alone():
    assert kinds(RUN) == [("docker-run", 1)]
    assert kinds(COMPOSE, "compose.yaml") == [("compose", 1)]
    assert kinds(MANIFEST) == [("manifest", 1)]
    assert kinds(ENV_FILE, "etc-default-gpustack.txt") == [("env-file", 1)]
    assert kinds(UNIT) == [("unit", 1)]


def test_each_kind_is_found_between_other_text():
    text = f"I start it so:\n\n$ {RUN}\nand /etc/default/gpustack:\nroot@gpu-host-1:~# cat /etc/default/gpustack\n{ENV_FILE}\nThanks!\n"

    assert kinds(text) == [("docker-run", 3), ("env-file", 14)]
    assert kinds(f"my file:\n```yaml\n{COMPOSE}```\nwhat now?\n") == [("compose", 4)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PATH=/usr/bin\nHOME=/root\nNCCL_DEBUG=INFO\n", "env"),
        ("INFO 02-25 17:41:37 launcher.py:1] docker run -d image started\n", "log.txt"),
        ("services: we offer many\n", "a.txt"),
        ("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n", "svc.yaml"),
        ("export NCCL_P2P_DISABLE=1\nvllm serve m\n", "run.sh"),
        ("key: [unclosed\nservices:\n  a: {image: b\n", "broken.yaml"),
    ],
)
def test_what_is_no_file_to_give_back_is_not_taken_for_one(text, name):
    assert kinds(text, name) == []


def test_a_command_with_left_out_lines_is_not_given_back():
    whole = document(RUN)
    holed = Document("a", whole.texts[:2] + whole.texts[4:], [1, 2, 5, 6, 7, 8], line_count=8)

    for found in find_patchable([holed]):
        assert "HF_TOKEN" not in found.text
        assert read_docker_run(found.text) is not None


def give_back(text: str, change: Change = P2P_OFF, name: str = "sent.txt", **facts: Any) -> list[dict[str, Any]]:
    return patched([document(text, name)], change, Facts([Fact(n, v) for n, v in facts.items()]))


def test_the_users_file_comes_back_with_its_diff():
    [made] = give_back(RUN, engine="vllm")

    assert made["file"] == "sent.txt"
    assert made["kind"] == "docker-run"
    assert "+  -e NCCL_P2P_DISABLE=1 \\" in made["diff"]
    assert made["diff"].startswith("--- sent.txt\n+++ sent.txt\n@@")
    assert "-e HF_TOKEN=<token-1>" in made["text"]
    assert any("<…>" in note["en"] for note in made["notes"])


def test_what_needs_no_change_does_not_come_back():
    assert give_back(patch_docker_run(RUN, P2P_OFF, FLAGS)) == []


def test_gpustack_takes_the_variable_and_not_the_engines_flags():
    text = "docker run -d --name gpustack --gpus all -v d:/var/lib/gpustack gpustack/gpustack:v0.6.2\n"

    [made] = give_back(text)

    assert made["text"] == text.replace(" gpustack/gpustack", " -e NCCL_P2P_DISABLE=1 --shm-size=8g gpustack/gpustack")


def test_a_gpustack_2_worker_also_gets_the_name_that_mirroring_needs():
    text = (
        "docker run -d --name worker-1 --privileged --runtime nvidia --volume /var/run/docker.sock:/var/run/docker.sock"
        " gpustack/gpustack:v2.0.1 --server-url http://10.0.0.2\n"
    )

    [made] = give_back(text)

    assert "-e GPUSTACK_RUNTIME_DEPLOY_MIRRORED_NAME=worker-1 -e NCCL_P2P_DISABLE=1 gpustack/" in made["text"]
    assert "--shm-size" not in made["text"]


def test_a_gpustack_2_server_is_left_alone():
    assert give_back("docker run -d --name gpustack -p 80:80 -v d:/var/lib/gpustack gpustack/gpustack\n") == []


def test_a_value_that_nobody_knows_is_not_written_into_a_file():
    change = Change({"NCCL_SOCKET_IFNAME": "{{ interface }}"})

    assert give_back(RUN, change) == []
    facts = Facts([Fact("interface", ("eno1", "10.0.0.4", True)), Fact("interface", ("docker0", "172.17.0.1", True))])
    assert "NCCL_SOCKET_IFNAME=eno1" in patched([document(RUN)], change, facts)[0]["text"]


@pytest.mark.parametrize(
    "text",
    [
        "[Service]\nEnvironment=\n",
        "[Service]",
        "docker run \\\n",
        "$ docker run -e \\",
        "apiVersion: &a *a\nkind: Pod\n",
    ],
)
def test_odd_input_never_raises(text):
    find_patchable([document(text)])
    give_back(text)


def test_a_file_that_is_meant_to_explode_is_left_alone_quickly():
    bomb = "services:\n  a: &a\n    image: nvidia\n    deploy: [x, x]\n"
    for n in range(1, 40):
        bomb += f"  b{n}: &b{n}\n    image: vllm\n    deploy: [*{'a' if n == 1 else f'b{n - 1}'}, *{'a' if n == 1 else f'b{n - 1}'}]\n"
    deep = "services:\n  a:\n    image: vllm\n    deploy: " + "[" * 5000 + "]" * 5000 + "\n"

    for text in (bomb, deep, "\n" * 1900 + "x", "a" * 100_000):
        assert give_back(text, name="env") == []


@pytest.mark.parametrize(
    "pasted",
    [
        "(base) ops@node-a:~$ docker run --gpus all \\\n>   vllm/vllm-openai:v0.9.2 \\\n>   --model m\n",
        "$ docker run --gpus all \\\n> vllm/vllm-openai:v0.9.2 \\\n> --model m\n",
    ],
)
def test_a_command_copied_from_a_terminal_comes_back_without_the_shells_prompts(pasted):
    (given,) = patched([document(pasted)], Change(container={"shm_size": "16g"}), Facts())

    assert given["text"].startswith("docker run --gpus all \\\n")
    assert ">" not in given["text"]
    assert "--shm-size=16g" in given["text"]


def test_a_redirection_in_a_command_of_several_lines_is_no_prompt():
    pasted = "$ docker run --gpus all \\\n  vllm/vllm-openai:v0.9.2 \\\n  --model m \\\n> run.log\n"

    (given,) = patched([document(pasted)], Change(container={"shm_size": "16g"}), Facts())

    assert given["text"].endswith("> run.log\n")
