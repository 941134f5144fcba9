"""What is known of the platform, in three values: it holds, it does not, nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diagnosis.judging import known
from troubleshoot.diagnosis import guards
from troubleshoot.diagnosis.content import LANGUAGES, ContentError
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.topology import Matrix

Told = tuple[tuple[str, Any], ...]


def facts(*told: tuple[str, Any], hits: tuple[str, ...] = ()) -> Facts:
    return Facts([Fact(*each) for each in told], hits={name: [Line("a.log", 1, name)] for name in hits})


def joined(*codes: str, complete: bool = True) -> Facts:
    """GPU0 with each other GPU by these links."""
    others = [f"GPU{n}" for n in range(1, len(codes) + 1)]
    links = {("GPU0", other): code for other, code in zip(others, codes, strict=True)}
    return Facts(matrices=[Matrix(("GPU0", *others), links=links, complete=complete)])


@pytest.mark.parametrize(
    ("guard", "told", "holds"),
    [
        # bare metal, virtual machine, cloud
        ("virtualized", (("virtualized", True),), True),
        ("virtualized", (("virtualized", False),), False),
        ("virtualized", (), None),
        ("virtualized", (("cloud", "aws"),), True),
        ("virtualized", (("cloud", "aws"), ("virtualized", False)), False),
        ("virtualized", (("gpu_model", "GRID A100-40C"),), True),
        ("virtualized", (("container", "docker"),), None),
        ("bare-metal", (("virtualized", False),), True),
        ("bare-metal", (("virtualized", True),), False),
        ("bare-metal", (("container", "docker"),), None),
        ("bare-metal", (("cloud", "azure"),), False),
        ("cloud", (("cloud", "aws"), ("virtualized", False)), True),
        ("cloud", (), None),
        ("wsl", (("virtualization", "wsl"),), True),
        ("wsl", (("virtualization", "kvm"),), None),
        # containers
        ("rented-container", (("cloud", "runpod"),), True),
        ("rented-container", (("cloud", "AutoDL"),), True),
        ("rented-container", (("cloud", "aws"),), False),
        ("rented-container", (), None),
        ("in-container", (("container", "docker"),), True),
        ("in-container", (("install_method", "kubernetes"),), True),
        ("in-container", (("install_method", "script"),), False),
        ("in-container", (), None),
        ("managed-kubernetes", (("cloud", "gcp"), ("install_method", "kubernetes")), True),
        ("managed-kubernetes", (("install_method", "kubernetes"),), None),
        ("managed-kubernetes", (("cloud", "gcp"), ("install_method", "docker")), None),
        ("no-host", (("cloud", "gcp"), ("container", "kubernetes")), True),
        ("no-host", (("cloud", "runpod"),), True),
        ("no-host", (("cloud", "aws"), ("install_method", "docker")), False),
        ("no-host", (("install_method", "kubernetes"),), None),
        ("hypervisor-host", (("kernel_option", "vfio-pci.ids=10de:20b5"),), True),
        ("hypervisor-host", (("vfio_device", "0000:41:00.0"),), True),
        ("hypervisor-host", (("kernel_option", "iommu=pt"),), None),
        # the processor
        ("arm", (("cpu_vendor", "arm"),), True),
        ("arm", (("gpu_model", "NVIDIA GH200 480GB"),), True),
        ("arm", (("cpu_vendor", "amd"),), False),
        ("arm", (), None),
        ("amd-cpu", (("cpu_vendor", "amd"),), True),
        ("amd-cpu", (("cpu_vendor", "intel"),), False),
        ("intel-cpu", (("cpu_vendor", "intel"),), True),
        ("intel-cpu", (), None),
        # PCIe as read on this host
        ("iommu-off", (("iommu", "off"),), True),
        ("iommu-off", (("iommu", "passthrough"),), False),
        ("iommu-out-of-the-way", (("iommu", "passthrough"),), True),
        ("iommu-out-of-the-way", (("iommu", "translated"),), False),
        ("iommu-out-of-the-way", (), None),
        ("acs-clear", (("acs_redirect", False),), True),
        ("acs-clear", (("acs_redirect", True),), False),
        ("acs-clear", (), None),
        # NVSwitch: by the model, or by what only its manager would say
        ("nvswitch", (("gpu_model", "NVIDIA H100 80GB HBM3"),), True),
        ("nvswitch", (("gpu_model", "NVIDIA A100-SXM4-80GB"),), True),
        ("nvswitch", (("gpu_model", "NVIDIA B200"),), True),
        ("nvswitch", (("gpu_model", "NVIDIA H200 NVL"),), False),
        ("nvswitch", (("gpu_model", "NVIDIA A100 80GB PCIe"), ("fabric_manager", "failed")), False),
        ("nvswitch", (("gpu_model", "NVIDIA GeForce RTX 4090"),), False),
        ("nvswitch", (("fabric_state", "In Progress"),), True),
        ("nvswitch", (("fabric_state", "N/A"),), False),
        ("nvswitch", (("fabric_manager_version", "550.54.15"),), True),
        ("nvswitch", (("exception", ("p", "RuntimeError", "Error 802: system not yet initialized")),), True),
        ("nvswitch", (), False),
        # slices and sharing
        ("mig", (("mig_enabled", True),), True),
        ("mig", (), None),
        ("vgpu", (("gpu_model", "GRID A100-40C"),), True),
        ("vgpu", (("gpu_model", "NVIDIA A100-SXM4-80GB"),), False),
        ("vgpu", (), None),
        ("sharing-shim", (("env", ("LD_PRELOAD", "/usr/local/vgpu/libvgpu.so")),), True),
        ("sharing-shim", (("env", ("LD_PRELOAD", "/usr/lib/libjemalloc.so")),), None),
        # machines, engines, what was tried
        ("gpustack", (("gpustack_version", "0.6.2"),), True),
        ("gpustack", (("install_method", "script"),), True),
        ("gpustack", (("image", "gpustack/gpustack:v2.1.0"),), True),
        ("gpustack", (("image", "vllm/vllm-openai:v0.10.2"),), None),
        ("not-vllm", (("engine", "sglang"),), True),
        ("not-vllm", (("engine", "vllm"),), False),
        ("not-vllm", (("engine", "ray"),), False),
        ("not-vllm", (), None),
        ("roce", (("ib_port", ("mlx5_0", 1, "active", "Ethernet")),), True),
        ("roce", (("ib_port", ("mlx5_0", 1, "active", "InfiniBand")),), False),
        ("roce", (), None),
        ("several-nodes", (("node_count", 2),), True),
        ("several-nodes", (("node_count", 1),), False),
        ("one-node", (("node_count", 1),), True),
        ("one-node", (), None),
        ("not-covered", (("not_covered", "ascend"),), True),
        ("not-covered", (), None),
        ("other-engine", (("engine", "lmdeploy"),), True),
        ("other-engine", (("engine", "vllm"),), False),
        ("gpustack-not-2-0", (("gpustack_version", "2.0.3"),), False),
        ("gpustack-not-2-0", (("gpustack_version", "2.1.0"),), True),
        ("gpustack-not-2-0", (), None),
        ("gpustack-0", (("gpustack_version", "0.7.1"),), True),
        ("gpustack-0", (("gpustack_version", "v2.0.0"),), False),
        ("gpustack-0", (), None),
        ("p2p-off-already", (("env", ("NCCL_P2P_DISABLE", "1")),), True),
        ("p2p-off-already", (("env", ("NCCL_P2P_DISABLE", "0")),), False),
        ("p2p-off-already", (), None),
        ("p2p-off-dropped", (("env_dropped", ("NCCL_P2P_DISABLE", "1")),), True),
        ("p2p-off-dropped", (("env_dropped", ("NCCL_DEBUG", "INFO")),), None),
    ],
)
def test_a_guard_tells_what_is_known(guard: str, told: Told, holds: bool | None):
    assert guards.holds(guard, facts(*told)) is holds


def test_every_guard_is_tested_here_or_by_the_links():
    tested = {
        mark.args[1][n][0] for mark in test_a_guard_tells_what_is_known.pytestmark for n in range(len(mark.args[1]))
    }

    assert set(guards.GUARDS) - tested == {"nvlink", "no-nvlink", "nvlink-everywhere"}


@pytest.mark.parametrize(
    ("links", "complete", "some", "everywhere"),
    [
        (("NV12", "NV12"), True, True, True),
        (("NV4", "PHB"), True, True, False),
        (("PHB", "SYS"), True, False, False),
        (("PHB", "SYS"), False, None, False),  # the rest of a torn matrix may hold what is seen here not to be
    ],
)
def test_nvlink_is_read_from_the_matrix(links: tuple[str, ...], complete: bool, some: bool | None, everywhere: bool):
    assert guards.holds("nvlink", joined(*links, complete=complete)) is some
    assert guards.holds("no-nvlink", joined(*links, complete=complete)) is (None if some is None else not some)
    assert guards.holds("nvlink-everywhere", joined(*links, complete=complete)) is everywhere


def test_a_sign_of_fabric_manager_in_the_log_tells_of_a_switch_unless_the_model_has_none():
    assert guards.holds("nvswitch", facts(hits=("cuda-error-802",))) is True
    assert guards.holds("nvswitch", facts(("gpu_model", "NVIDIA L40S"), hits=("cuda-error-802",))) is False


# ---- what may be offered


def test_what_is_forbidden_is_never_offered_and_what_is_required_must_not_be_known_to_fail():
    guest, host = (facts(("virtualized", machine)) for machine in (True, False))

    assert guards.verdict(["virtualized"], [], guest) == (False, [])
    assert guards.verdict([], ["bare-metal"], guest) == (False, [])
    assert guards.verdict(["virtualized"], ["bare-metal"], host) == (True, [])


def test_what_is_required_and_not_known_is_offered_and_named_as_a_condition():
    assert guards.verdict(["virtualized"], ["bare-metal"], facts()) == (True, ["bare-metal"])


def test_forbidding_wins_over_everything_that_holds():
    assert guards.verdict(["cloud"], ["bare-metal"], facts(("cloud", "aws"), ("virtualized", False))) == (False, [])


def test_an_unknown_guard_is_a_fault_of_the_content_with_its_place():
    with pytest.raises(ContentError, match="full-moon") as error:
        guards.check_names(["bare-metal", "full-moon"], "remedies/x.toml:4")

    assert error.value.where == "remedies/x.toml:4"


def test_every_condition_that_may_be_unknown_has_its_words_in_every_language():
    for name, words in guards.CAUTIONS.items():
        assert name in guards.GUARDS
        assert all(words[lang] for lang in LANGUAGES), name


# ---- from texts


@pytest.mark.parametrize(
    ("text", "bare_metal"),
    [
        ("$ systemd-detect-virt\nnone", True),
        ("$ systemd-detect-virt\nkvm", False),
        ("Hypervisor vendor:                 KVM\nVirtualization type:               full", False),
        ("Virtualization:                    VT-x", None),  # a feature of the processor, not a virtual machine
        ("$ systemd-detect-virt\ndocker", None),
        ("$ systemd-detect-virt --vm\nnone", True),
        ("$ systemd-detect-virt --vm\nkvm", False),
    ],
)
def test_the_machine_is_known_by_what_it_says_and_a_container_tells_nothing_of_it(text: str, bare_metal: bool | None):
    assert guards.holds("bare-metal", known(text)) is bare_metal


@pytest.mark.parametrize(("layer", "holds"), [("RoCE", True), ("IB", False)])
def test_the_kind_of_rdma_network_is_known_from_nccls_own_line(layer: str, holds: bool):
    line = f"host-a:611:680 [1] NCCL INFO NET/IB : Using [0]mlx5_0:1/{layer} [1]mlx5_1:1/{layer} [RO]; OOB eno1:10.0.0.5<0>"

    assert guards.holds("roce", known(line)) is holds


def test_a_device_that_is_handed_to_a_guest_makes_the_machine_a_hypervisors_host():
    device = """
        41:00.0 3D controller: NVIDIA Corporation GA100 [A100 PCIe 80GB] (rev a1)
        \tKernel driver in use: {driver}
    """

    assert guards.holds("hypervisor-host", known(device.format(driver="vfio-pci"))) is True
    assert guards.holds("hypervisor-host", known(device.format(driver="nvidia"))) is None
