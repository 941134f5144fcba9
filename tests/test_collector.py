"""The script that people run on their hosts: readable first, read-only, and it masks secrets itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "troubleshoot" / "collector" / "unhang-collect.sh"
SOURCE = SCRIPT.read_text(encoding="utf-8")

SECRETS = """\
HF_TOKEN=hf_MadeUpMadeUpMadeUp1
"GPUSTACK_TOKEN=made-up-2",
vllm serve m --api-key made-up-3 --port 80
            "--token",
            "made-up-4"
"--api-key", "made-up-5"
Authorization: Bearer made.up.6
https://someone:made-up-7@registry.example/v2/
password: made-up-8
"""
KEPT = """\
NCCL_DEBUG=INFO
NCCL_P2P_DISABLE=1
CUDA_VISIBLE_DEVICES=0,1,2,3
args: max_tokens: 4096, tokenizer='/models/a', tensor_parallel_size=4
GPU0     X      PHB     SYS     0-31    0
ACSCtl: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+
"""


def mask(text: str) -> str:
    function = re.search(r"^mask\(\) \{.*?^\}", SOURCE, re.M | re.S)
    assert function
    done = subprocess.run(["sh", "-c", f"{function[0]}\nmask"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


def test_secrets_are_masked():
    masked = mask(SECRETS)

    assert "made" not in masked.lower()
    assert masked.count("***") >= 8
    assert len(masked.splitlines()) == len(SECRETS.splitlines())


def test_what_a_diagnosis_needs_is_not_masked():
    assert mask(KEPT) == KEPT


def test_shellcheck_finds_nothing():
    shellcheck = Path(sys.executable).parent / "shellcheck"

    done = subprocess.run([shellcheck, "--shell=sh", SCRIPT], capture_output=True, text=True)

    assert done.stdout == ""
    assert done.returncode == 0


def test_it_writes_nothing_and_changes_nothing():
    code = "\n".join(line for line in SOURCE.splitlines() if not line.lstrip().startswith("#"))

    assert not re.search(r"(?<![0-9&<])>{1,2}\s*(?!/dev/null|&)[\w/$\"]", code), "no redirection into a file"
    for verb in (
        "rm",
        "mv",
        "cp",
        "tee",
        "chmod",
        "kill",
        "sysctl",
        "setpci",
        "modprobe",
        "curl",
        "wget",
        "mkdir",
        "sudo",
    ):
        assert not re.search(rf"(?m)^\s*(run '[^']*' )?{verb}\b", code), verb


def test_it_runs_where_no_tool_is_installed(tmp_path):
    for tool in (
        "sed",
        "awk",
        "grep",
        "sort",
        "tr",
        "tail",
        "head",
        "cut",
        "cat",
        "date",
        "uname",
        "df",
        "id",
        "env",
        "ls",
        "readlink",
    ):
        found = subprocess.run(["sh", "-c", f"command -v {tool}"], capture_output=True, text=True).stdout.strip()
        if found.startswith("/"):
            (tmp_path / tool).symlink_to(found)
    environment = {"PATH": str(tmp_path), "HF_TOKEN": "hf_MadeUpMadeUpMadeUp1", "NCCL_DEBUG": "INFO"}

    done = subprocess.run(["/bin/sh", SCRIPT], env=environment, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert "(nvidia-smi is not installed here)" in done.stdout
    assert "(lspci is not installed here)" in done.stdout
    assert "NCCL_DEBUG=INFO" in done.stdout
    assert "MadeUp" not in done.stdout
    assert done.stdout.rstrip().splitlines()[-2].startswith("===== end")


@pytest.mark.django_db
def test_it_is_served_as_text_to_be_read_first(client):
    answer = client.get("/collect.sh")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == SOURCE
    assert os.access(SCRIPT, os.R_OK)
