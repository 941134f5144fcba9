"""Ray's own lines and vLLM's about Ray: who joined, what is waited for, who died. `ray status` blocks as well.

Meaning: domain/engines.md §2.3, §3.7. Samples:

    2025-09-10 09:08:07,001	INFO worker.py:1942 -- Connecting to existing Ray cluster at address: 10.0.0.1:6379...
    INFO 09-10 09:08:20 [ray_utils.py:233] Waiting for creating a placement group of specs for 10 seconds. specs=[{'node:…
    Version mismatch: The cluster was started with:
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis.parsers.marks import Mark, Told, table

RAY = (("launcher", "ray"),)


def wanted(match: re.Match[str]) -> Told:
    """The GPUs and nodes that a placement group asks for."""
    specs = match.string[match.start() :]
    gpus = sum(float(n) for n in re.findall(r"'GPU': (\d{1,5}(?:\.\d{1,3})?)", specs))
    if gpus:
        yield "world_size", int(gpus)


def requiring(match: re.Match[str]) -> Told:
    yield "world_size", int(float(match["gpus"]))


def usage(match: re.Match[str]) -> Told:
    yield "ray_resources", (float(match["used"]), float(match["total"]))


def killed(_match: re.Match[str]) -> Told:
    yield "exit_code", ("ray worker", -9)


MARKS = (
    Mark(r"Connecting to existing Ray cluster at address: ", "L4", always=RAY),
    Mark(r"Connected to Ray cluster", "L4", always=RAY),
    Mark(r"Started a local Ray instance", "L4", always=RAY),
    Mark(r"No current placement group found\. Creating a new placement group", "L5", "open", always=RAY),
    Mark(r"Using the existing placement group", "L5", always=RAY),
    Mark(
        r"Waiting for creating a placement group of specs for \d+ seconds", "L5", "heartbeat", always=RAY, tells=wanted
    ),
    Mark(
        r"Cannot provide a placement group requiring (?P<gpus>\d{1,5}(?:\.\d+)?) GPUs",
        "L5",
        "failed",
        always=RAY,
        tells=requiring,
    ),
    Mark(r"Cannot provide a placement group of placement_group_specs", "L5", "failed", always=RAY, tells=wanted),
    Mark(r"Every node should have a unique IP address", "L5", "failed", always=RAY),
    Mark(
        r"is not included in a placement group|does not allocate any GPUs on the driver node",
        "L5",
        "failed",
        always=RAY,
    ),
    Mark(r"Copying the following environment variables to workers|RAY_NON_CARRY_OVER_ENV_VARS", "L5", always=RAY),
    Mark(r"non_carry_over_env_vars from config", "L5", always=RAY),
    Mark(r"Failed to connect to GCS|Failed to get cluster ID from GCS", "L4", "failed", always=RAY),
    Mark(r"Version mismatch: The cluster was started with", "L4", "failed", always=RAY),
    Mark(r"No available node types can fulfill resource request", "L5", "heartbeat", always=RAY),
    Mark(r"No existing RAY instance detected", "L4", always=RAY),
    Mark(r"RayWorker(?:Proc|Wrapper|Vllm)\b.{0,80}died unexpectedly", "", "failed", always=RAY),
    Mark(r"Ray workers have not started successfully", "L5", "failed", always=RAY),
    Mark(r"killed due to memory pressure", "", "failed", always=RAY, tells=killed),
    Mark(r"Worker exit type: SYSTEM_ERROR", "", "", always=RAY),
    Mark(r"The actor died (?:unexpectedly|because of an error)", "", "failed", always=RAY),
    Mark(r"object store is using /tmp instead of /dev/shm", "", "", always=RAY),
    Mark(r"^\s*(?P<used>\d{1,6}(?:\.\d+)?)/(?P<total>\d{1,6}(?:\.\d+)?) GPU", "", "", always=RAY, tells=usage),
    Mark(r"RayWorker(?:Wrapper|Proc|Vllm) pid=\d+", "", "", always=RAY),
    # the rest of `ray status`
    Mark(r"=+ Autoscaler status: ", "", "", always=RAY),
    Mark(r"^\s*(?:\(no (?:pending nodes|failures|resource demands)\)|\d+ node_[0-9a-f]+)", "", "", always=RAY),
    Mark(r"^\s*[\d.]+\w*/[\d.]+\w* (?:CPU|memory|object_store_memory|accelerator_type)", "", "", always=RAY),
    Mark(r"\}: \d+\+? pending (?:tasks/actors|placement groups)", "", "", always=RAY),
)

FORMATS = (table("ray-log", {"en": "Ray log", "zh-hans": "Ray 日志"}, MARKS),)
