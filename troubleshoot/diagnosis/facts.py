"""The waist of the core: one vocabulary between many formats above and many rules below.

A `Fact` is something known, with where it is known from: a line, or a person's answer. Parsers and guides make them,
`platform`, `topology` and `timeline` derive some, rules read them. Unknown is absent, never zero and never "".
When sources disagree, precedence is decided here and nowhere else (`VOCABULARY`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from troubleshoot.diagnosis.evidence import Document, Line

if TYPE_CHECKING:
    from troubleshoot.diagnosis.timeline import Timeline
    from troubleshoot.diagnosis.topology import Matrix


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known.

    `line` is None for a person's answer and for what was derived from other facts; then `source` says from what
    ("answer", "topology", …). `host` is the machine that the text names, where it names one.
    """

    name: str
    value: Any
    line: Line | None = None
    source: str = ""
    sure: bool = True
    host: str = ""

    @property
    def where(self) -> str:
        return f"{self.line.file}:{self.line.number}" if self.line else self.source or "derived"


def unique(values: list[Any]) -> Any:
    """The one value that all sources agree on; two machines that disagree leave it unknown."""
    first = values[0]
    return first if all(value == first for value in values) else None


def first(values: list[Any]) -> Any:
    return values[0]


def last(values: list[Any]) -> Any:
    return values[-1]


def largest(values: list[Any]) -> Any:
    return max(values)


def smallest(values: list[Any]) -> Any:
    return min(values)


def any_true(values: list[Any]) -> bool:
    return any(values)


def in_order(values: list[Any]) -> list[Any]:
    """Distinct values in the order of their first appearance."""
    return list(dict.fromkeys(values))


def iommu_state(values: list[str]) -> str:
    """`off` wins over the rest, then the mode that the text names, then `on` (contract.md)."""
    return next(state for state in ("off", "passthrough", "translated", "on") if state in values)


@dataclass(frozen=True, slots=True)
class Word:
    """One name of the vocabulary: what it means (with unit and values), and how several readings become one."""

    means: str
    merge: Callable[[list[Any]], Any] | None = unique  # None: a list of observations, never one value
    public: bool = False  # listed under "facts" in the report


VOCABULARY: dict[str, Word] = {
    # what was installed and started
    "install_method": Word("script|docker|compose|kubernetes|helm|gpustack-model|pip|systemd|slurm|host", first, True),
    "gpustack_version": Word("'0.6.2'", unique, True),
    "gpustack": Word("True: GPUStack launches the engine", any_true, True),
    "engine": Word("vllm|sglang|tgi|lmdeploy|tensorrt-llm|nemo|deepspeed|torch|ray|nccl-tests|…", first, True),
    "engine_version": Word("'0.7.2'", unique, True),
    "engine_generation": Word("V0|V1 (vLLM)", unique, True),
    "launcher": Word("torchrun|mpirun|slurm|ray|mp: who starts the ranks", first, True),
    "torch_version": Word("'2.6.0'", unique, True),
    "nccl_version": Word("'2.21.5' as loaded by the engine", unique, True),
    "cuda_version": Word("'12.4', the runtime", unique, True),
    "driver_version": Word("'550.54.15'", unique, True),
    "cuda_driver_version": Word("'12.4', the highest CUDA that the driver takes", unique, True),
    "fabric_manager_version": Word("'550.54.15'", unique, True),
    "gpu_model": Word("'NVIDIA A100-SXM4-80GB' as printed", unique, True),
    "gpu_count": Word("GPUs of one machine", unique, True),
    "tensor_parallel_size": Word("int", last, True),
    "pipeline_parallel_size": Word("int", last, True),
    "data_parallel_size": Word("int", last, True),
    "world_size": Word("ranks of the job", largest, True),
    "node_count": Word("machines of the job", largest, True),
    "model": Word("model name or path as given to the engine", first, True),
    "image": Word("container image", first, True),
    "own_python": Word("folder of somebody's own Python environment, as a traceback shows it", None),
    "own_shell": Word("an engine's start command typed at a shell", None),
    "container_name": Word("docker container or pod name", first, True),
    "service_name": Word("compose service, systemd unit or Kubernetes workload", first, True),
    "enforce_eager": Word("bool", last, True),
    "disable_custom_all_reduce": Word("bool: the engine's own all-reduce is switched off", last, True),
    "engine_argument": Word("(flag, value) of the engine's command line", None),
    # the machine
    "cpu_vendor": Word("intel|amd|zhaoxin|arm|power", unique, True),
    "virtualized": Word("bool: the text is of a virtual machine", unique, True),
    "virtualization": Word("kvm|vmware|xen|microsoft|wsl|amazon|google|none: evidence, see platform.py", None),
    "cloud": Word("aws|azure|gcp|alibaba|tencent|huawei|oracle|runpod|…", first, True),
    "container": Word("docker|podman|kubernetes|lxc|…: the text is from inside one", first, True),
    "acs_redirect": Word("bool: some ACSCtl line has ReqRedir+ or CmpltRedir+", any_true, True),
    "acs_state": Word("(device or '', redirect bool) of one ACSCtl line", None),
    "lspci_denied": Word("True: lspci was not run as root, capabilities are hidden", any_true),
    "docker_runtimes": Word("('nvidia', 'runc'): the runtimes that Docker knows", unique, True),
    "docker_default_runtime": Word("'runc'|'nvidia'|…: what Docker starts containers with", unique, True),
    "docker_version": Word("'26.1.3', of the server", unique, True),
    "docker_cgroup": Word("'systemd v2'|'cgroupfs v1'|…: cgroup driver and version of Docker", unique, True),
    "docker_storage": Word("'overlay2'|…: storage driver of Docker", unique, True),
    "iommu": Word("off|passthrough|translated|on", iommu_state, True),
    "iommu_fault": Word("(requester bdf, address): the IOMMU rejected a DMA", None),
    "kernel_option": Word("one token of the kernel command line", None),
    "pci_device": Word("(bdf, description) from lspci", None),
    "pci_bridge": Word("(bdf, first bus below it, last bus below it) from lspci", None),
    "vfio_device": Word("bdf or '': a device that is bound to vfio-pci, to be handed to a virtual machine", None),
    "pcie_link": Word("(bdf, speed and width now, 'downgraded')", None),
    "xids": Word("Xid numbers", in_order, True),
    "sxids": Word("NVSwitch SXid numbers", in_order, True),
    "xid_event": Word("(number, pci id, text)", None),
    "oom_killed": Word("process name that the kernel or cgroup killed for memory", None),
    "kernel_event": Word("(kind, text) of other kernel lines: nvrm, aer, hung_task, segfault …", None),
    "not_covered": Word("amd|ascend|moore-threads|iluvatar|hygon|…: another maker's tool printed this", in_order, True),
    "hostname": Word("made-up or redacted host name", None),
    # GPUs and links
    "topology_matrix": Word("topology.Matrix of one `nvidia-smi topo -m`", None),
    "described_link": Word("link code that a description in words names for the GPUs", None),
    "p2p_status": Word("(capability r|w|n|a|p, gpu, gpu, OK|CNS|GNS|TNS|NS|U) of `nvidia-smi topo -p2p`", None),
    "peer_access": Word("(gpu, gpu, bool) as CUDA tells it", None),
    "p2p_bandwidth": Word("(gpu, gpu, enabled bool, GB/s)", None),
    "p2p_latency": Word("(gpu, gpu, enabled bool, µs)", None),
    "p2p_data_test": Word("passed|failed: simpleP2P or another test that verifies data", last, True),
    "nccl_test": Word("passed|failed|wrong|no-rows: nccl-tests", last, True),
    "nccl_bus_bandwidth": Word("GB/s, nccl-tests average", last, True),
    "nvlink": Word("(gpu, link, GB/s or None when inactive)", None),
    "nvlink_present": Word("bool", any_true, True),
    "mig_enabled": Word("bool", any_true, True),
    "nvls_available": Word("true where NCCL found NVLink multicast: there is an NVSwitch", any_true, True),
    "fabric_state": Word("'Completed'|'In Progress'|'Not Started'|'N/A' of `nvidia-smi -q`", last, True),
    "fabric_manager": Word("running|stopped|failed|not-installed", last, True),
    "gpu_load": Word("(gpu, utilisation %, power W, memory used MiB, memory total MiB); None where not told", None),
    "gpu_process": Word("(gpu, pid, name, MiB)", None),
    "bar1_bytes": Word("BAR1 aperture of one GPU", smallest, True),
    "ecc_errors": Word("uncorrected ECC errors", largest, True),
    "transport": Word("(rank, rank, 'P2P/IPC'|'SHM/direct'|'NET/IB/0/GDRDMA'|…) that NCCL says it chose", None),
    "nccl_stage": Word(
        "(rank or None, bootstrap|init-start|topology|connect|connected|complete|collective) reached last by NCCL's own lines",
        None,
    ),
    "p2p_allowed_by_nccl": Word("0|1 of 'Check P2P Type'", smallest),
    # container and host limits
    "shm_bytes": Word("size of /dev/shm", smallest, True),
    "shm_used_bytes": Word("bytes used in /dev/shm", largest, True),
    "ipc_host": Word("bool: the container shares the host's IPC namespace or its /dev/shm", last, True),
    "host_network": Word("bool", last, True),
    "privileged": Word("bool", last, True),
    "memlock": Word("bytes, or 'unlimited'", last, True),
    "open_files": Word("ulimit -n", smallest, True),
    "memory_total_bytes": Word("host or cgroup memory", smallest, True),
    "memory_available_bytes": Word("free host memory", smallest, True),
    "disk_full": Word("mount point without room", None),
    # environment, network
    "env": Word(
        "(NAME, value) of a variable that is really set: env output, INFO 'set by environment', -e, manifest", None
    ),
    "env_dropped": Word("(NAME, value): a line of a systemd environment file that systemd drops", None),
    "interface": Word("(name, address or '', up bool or None)", None),
    "nccl_interface": Word("(name, address) that NCCL's bootstrap or sockets use", None),
    "nccl_network": Word("IB|Socket|…: 'Using network'", last, True),
    "ib_port": Word("(device, port, state, link layer)", None),
    "ray_resources": Word("(used GPUs, total GPUs)", last),
    # the run
    "phase_mark": Word("timeline.PhaseMark: a line that opens or closes a launch phase", None),
    "log_time": Word(
        "seconds on the document's own clock at this line (first and last stamped lines, and heartbeats)", None
    ),
    "now": Word("latest time known from the inputs (date, nvidia-smi header), as datetime", largest),
    "silence_seconds": Word("for how long nothing more was printed, told by a person or a later time", largest, True),
    "exit_code": Word("(process or rank, code)", None),
    "failed_rank": Word("rank that failed first, as the launcher or the order of the failures tells it", first, True),
    "exception": Word("(process, type, text) of an exception that is not a wrapper's", None),
    "stack_frame": Word("(process, function, file) innermost frames of py-spy or gdb", None),
    "collective_timeout": Word("(rank, sequence number, operation, numel, last enqueued, last completed)", None),
    "ras_status": Word("(status, errors) of NCCL's RAS", None),
    "flight_recorder": Word("(rank, collective sequence id, state, name)", None),
    "sanity_stage": Word(
        "last line that vLLM's sanity script printed: nccl|gloo|vllm-nccl|vllm-nccl-graph", last, True
    ),
    "ready": Word("True: the engine serves", any_true, True),
    "health_probe": Word("(address, status) of GPUStack's or Kubernetes' probe", None),
    "instance_state": Word("GPUStack's state of the instance: starting|running|error|…", last, True),
    # what signatures say, as far as rules may know it: which lines name a cause by themselves, which only echo
    "named_cause": Word("(signature, cause) of a line that names a cause by itself", None),
    "echo": Word("signature of a line that only echoes another failure", None),
    # what people tell (guides); rules read them like any other fact
    "observed": Word("a guide's answer that is not another fact: '<question>=<answer>'", None),
}


@dataclass
class Facts:
    """All that is known about one case. Read with `value` (one merged value), `all` (every reading) or `lines`."""

    facts: list[Fact] = field(default_factory=list)
    hits: dict[str, list[Line]] = field(default_factory=dict)  # signature id → lines, in order
    matrices: list[Matrix] = field(default_factory=list)
    timeline: Timeline | None = None
    documents: list[Document] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_name: dict[str, list[Fact]] = defaultdict(list)
        given, self.facts = self.facts, []
        self.add(given)

    def add(self, facts: Iterable[Fact]) -> None:
        """Take facts in. Raises KeyError for a name that the vocabulary does not have: a mistake of ours."""
        for fact in facts:
            if fact.name not in VOCABULARY:
                raise KeyError(f"no fact is called {fact.name!r}; facts.VOCABULARY lists the names")
            self.facts.append(fact)
            self._by_name[fact.name].append(fact)

    @property
    def is_of_texts(self) -> bool:
        """Whether a text was read; else answers are all that is known."""
        return bool(self.documents or self.hits or self.matrices or self.timeline)

    def names(self) -> Set[str]:
        """What is told, right or wrong."""
        return self._by_name.keys()

    def all(self, name: str) -> list[Fact]:
        """Every reading of `name`, in the order of the inputs."""
        return self._by_name.get(name, [])

    def value(self, name: str, default: Any = None) -> Any:
        """The one value of `name`: a person's answer first, then sure readings, then unsure ones; None if unknown."""
        merge = VOCABULARY[name].merge
        assert merge is not None, f"{name} is a list of observations; read it with all()"
        readings = self.all(name)
        if not readings:  # most of what rules ask for
            return default
        for chosen in (
            [f.value for f in readings if f.source == "answer"],
            [f.value for f in readings if f.sure and f.source != "answer"],
            [f.value for f in readings if not f.sure],
        ):
            if chosen:
                merged = merge(chosen)
                return default if merged is None else merged
        return default

    def lines(self, name: str, value: Any = None) -> list[Line]:
        """The lines that tell `name` (only those with `value`, when given)."""
        return [f.line for f in self.all(name) if f.line and (value is None or f.value == value)]

    def env(self, name: str) -> str | None:
        """The value that variable `name` is really set to, or None."""
        values = [fact.value[1] for fact in self.all("env") if fact.value[0] == name]
        return values[-1] if values else None

    def env_lines(self, name: str) -> list[Line]:
        return [f.line for f in self.all("env") if f.line and f.value[0] == name]

    def hit(self, *signatures: str) -> list[Line]:
        """The lines where any of these signatures spoke."""
        return [line for signature in signatures for line in self.hits.get(signature, [])]

    def known(self) -> list[str]:
        """Names that the report lists and that have one value."""
        return [name for name, word in VOCABULARY.items() if word.public and self.value(name) is not None]
