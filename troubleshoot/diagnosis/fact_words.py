"""What facts are called for people. What a rule reads and no reader could supply (an exception, a mark) has no words here."""

from __future__ import annotations

from collections.abc import Iterable

from troubleshoot.diagnosis.evidence import Text

FACT_WORDS: dict[str, Text] = {
    # what was installed and started
    "install_method": {"en": "Installation", "zh-hans": "安装方式"},
    "gpustack": {"en": "Started by GPUStack", "zh-hans": "由 GPUStack 启动"},
    "gpustack_version": {"en": "GPUStack version", "zh-hans": "GPUStack 版本"},
    "engine": {"en": "Engine", "zh-hans": "引擎"},
    "engine_version": {"en": "Engine version", "zh-hans": "引擎版本"},
    "engine_generation": {"en": "Engine generation", "zh-hans": "引擎架构"},
    "launcher": {"en": "What starts the ranks", "zh-hans": "进程启动器"},
    "torch_version": {"en": "PyTorch version", "zh-hans": "PyTorch 版本"},
    "nccl_version": {"en": "NCCL version", "zh-hans": "NCCL 版本"},
    "cuda_version": {"en": "CUDA of the software", "zh-hans": "软件的 CUDA 版本"},
    "cuda_driver_version": {"en": "Highest CUDA the driver takes", "zh-hans": "驱动支持的最高 CUDA"},
    "driver_version": {"en": "Driver version", "zh-hans": "驱动版本"},
    "model": {"en": "Model", "zh-hans": "模型"},
    "image": {"en": "Image", "zh-hans": "镜像"},
    "container_name": {"en": "Container", "zh-hans": "容器名"},
    "service_name": {"en": "Service or workload", "zh-hans": "服务或工作负载"},
    "instance_state": {"en": "State that GPUStack shows", "zh-hans": "GPUStack 显示的状态"},
    "tensor_parallel_size": {"en": "Tensor parallel size", "zh-hans": "张量并行数"},
    "pipeline_parallel_size": {"en": "Pipeline parallel size", "zh-hans": "流水线并行数"},
    "data_parallel_size": {"en": "Data parallel size", "zh-hans": "数据并行数"},
    "world_size": {"en": "Ranks of the job", "zh-hans": "任务的进程数"},
    "node_count": {"en": "Machines", "zh-hans": "机器数"},
    "enforce_eager": {"en": "Eager mode", "zh-hans": "eager 模式"},
    "disable_custom_all_reduce": {"en": "Custom all-reduce off", "zh-hans": "自带 all-reduce 已关"},
    # the machine
    "gpu_model": {"en": "GPU model", "zh-hans": "GPU 型号"},
    "gpu_count": {"en": "GPUs of the machine", "zh-hans": "本机 GPU 数"},
    "gpu_load": {"en": "GPU load (nvidia-smi)", "zh-hans": "GPU 负载（nvidia-smi）"},
    "topology_matrix": {"en": "How the GPUs are joined (nvidia-smi topo -m)", "zh-hans": "GPU 连接方式（nvidia-smi topo -m）"},
    "p2p_status": {"en": "Peer-to-peer as the driver says (nvidia-smi topo -p2p)", "zh-hans": "驱动给出的直连状态（nvidia-smi topo -p2p）"},
    "p2p_data_test": {"en": "Peer-to-peer data test", "zh-hans": "直连数据校验"},
    "p2p_bandwidth": {"en": "Peer-to-peer bandwidth", "zh-hans": "直连带宽"},
    "nvlink_present": {"en": "NVLink", "zh-hans": "NVLink"},
    "mig_enabled": {"en": "MIG", "zh-hans": "MIG"},
    "bar1_bytes": {"en": "BAR1", "zh-hans": "BAR1"},
    "ecc_errors": {"en": "ECC errors", "zh-hans": "ECC 错误"},
    "xids": {"en": "Xid numbers", "zh-hans": "Xid 编号"},
    "sxids": {"en": "SXid numbers", "zh-hans": "SXid 编号"},
    "fabric_manager": {"en": "Fabric Manager", "zh-hans": "Fabric Manager"},
    "fabric_manager_version": {"en": "Fabric Manager version", "zh-hans": "Fabric Manager 版本"},
    "nvls_available": {"en": "NVLink multicast, by NCCL's own test", "zh-hans": "NVLink 组播（NCCL 自己的检测）"},
    "fabric_state": {"en": "NVSwitch fabric (nvidia-smi -q)", "zh-hans": "NVSwitch 网络状态（nvidia-smi -q）"},
    "cpu_vendor": {"en": "Processor's maker", "zh-hans": "CPU 厂商"},
    "cloud": {"en": "Cloud", "zh-hans": "云平台"},
    "virtualized": {"en": "Virtual machine", "zh-hans": "虚拟机"},
    "iommu": {"en": "IOMMU", "zh-hans": "IOMMU"},
    "acs_redirect": {"en": "ACS redirect", "zh-hans": "ACS 重定向"},
    "not_covered": {"en": "Another maker's devices", "zh-hans": "其他厂商的设备"},
    "memory_total_bytes": {"en": "Host memory", "zh-hans": "主机内存"},
    "memory_available_bytes": {"en": "Free host memory", "zh-hans": "可用主机内存"},
    # the container and its limits
    "container": {"en": "Inside a container", "zh-hans": "容器环境"},
    "docker_version": {"en": "Docker version", "zh-hans": "Docker 版本"},
    "docker_runtimes": {"en": "Docker's runtimes", "zh-hans": "Docker 运行时"},
    "docker_default_runtime": {"en": "Docker's default runtime", "zh-hans": "Docker 默认运行时"},
    "docker_cgroup": {"en": "Docker's cgroups", "zh-hans": "Docker 的 cgroup"},
    "docker_storage": {"en": "Docker's storage", "zh-hans": "Docker 存储驱动"},
    "shm_bytes": {"en": "Shared memory", "zh-hans": "共享内存"},
    "shm_used_bytes": {"en": "Shared memory in use", "zh-hans": "已用共享内存"},
    "ipc_host": {"en": "Host's shared memory (--ipc=host)", "zh-hans": "共用主机共享内存（--ipc=host）"},
    "host_network": {"en": "Host's network", "zh-hans": "主机网络"},
    "privileged": {"en": "Privileged container", "zh-hans": "特权容器"},
    "memlock": {"en": "Lockable memory (ulimit -l)", "zh-hans": "可锁定内存（ulimit -l）"},
    "open_files": {"en": "Open files (ulimit -n)", "zh-hans": "可打开文件数（ulimit -n）"},
    # what NCCL and the tests say
    "nccl_interface": {"en": "NCCL's network interface (NCCL_DEBUG=INFO)", "zh-hans": "NCCL 用的网络接口（NCCL_DEBUG=INFO）"},
    "nccl_network": {"en": "NCCL's network", "zh-hans": "NCCL 所用网络"},
    "transport": {"en": "Paths that NCCL chose (NCCL_DEBUG=INFO)", "zh-hans": "NCCL 选的通路（NCCL_DEBUG=INFO）"},
    "nccl_test": {"en": "nccl-tests", "zh-hans": "nccl-tests"},
    "nccl_bus_bandwidth": {"en": "NCCL bus bandwidth, GB/s", "zh-hans": "NCCL 总线带宽，GB/s"},
    "sanity_stage": {"en": "How far the sanity script came", "zh-hans": "自检脚本走到哪一步"},
    "failed_rank": {"en": "Rank that failed first", "zh-hans": "最先失败的 rank"},
    "ready": {"en": "Serves requests", "zh-hans": "已在提供服务"},
    "exit_code": {"en": "Exit code", "zh-hans": "退出码"},
    "silence_seconds": {"en": "Silent for, seconds", "zh-hans": "沉默时长，秒"},
}  # fmt: skip


# What was read many times (observations.py). Nobody is asked for it by name, so it is apart.
OBSERVATION_WORDS: dict[str, Text] = {
    "env": {"en": "Environment variables", "zh-hans": "环境变量"},
    "env_dropped": {"en": "Variables that systemd drops", "zh-hans": "被 systemd 丢弃的变量"},
    "engine_argument": {"en": "Engine's arguments", "zh-hans": "引擎参数"},
    "kernel_option": {"en": "Kernel options", "zh-hans": "内核参数"},
    "virtualization": {"en": "What tells of the machine", "zh-hans": "机器类型的依据"},
    "pcie_link": {"en": "PCIe links", "zh-hans": "PCIe 链路"},
    "acs_state": {"en": "ACS of each bridge", "zh-hans": "各桥的 ACS 状态"},
    "iommu_fault": {"en": "IOMMU faults", "zh-hans": "IOMMU 报错"},
    "oom_killed": {"en": "Killed for memory", "zh-hans": "因内存不足被杀"},
    "nvlink": {"en": "NVLinks", "zh-hans": "NVLink"},
    "peer_access": {"en": "Peer access as CUDA sees it", "zh-hans": "CUDA 给出的 P2P 状态"},
    "nccl_stage": {"en": "Step that NCCL reached", "zh-hans": "NCCL 走到的步骤"},
    "interface": {"en": "Network interfaces", "zh-hans": "网络接口"},
    "ib_port": {"en": "InfiniBand and RoCE ports", "zh-hans": "InfiniBand 与 RoCE 端口"},
    "exception": {"en": "Exceptions", "zh-hans": "异常"},
    "stack_frame": {"en": "Stack frames", "zh-hans": "调用栈"},
    "collective_timeout": {"en": "Collectives that timed out", "zh-hans": "超时的集合通信"},
    "ras_status": {"en": "NCCL RAS status", "zh-hans": "NCCL RAS 状态"},
    "ray_resources": {"en": "GPUs of Ray: used, all", "zh-hans": "Ray 的 GPU：已用、总数"},
}  # fmt: skip


def named(names: Iterable[str]) -> list[Text]:
    """The words of those that have some, in their order."""
    return [FACT_WORDS[name] for name in names if name in FACT_WORDS]
