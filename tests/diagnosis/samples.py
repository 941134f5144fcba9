"""One realistic sample of every kind of input that people post, with the kinds that it must be recognised as.

Short, with made-up hosts; each is what the named command or program prints, not what a parser would like to see.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from tests.diagnosis.launches import LAUNCHES, lines_of


@dataclass(frozen=True, slots=True)
class Sample:
    kinds: tuple[str, ...]
    text: str
    facts: tuple[str, ...] = ()  # some of what must be read


def launch(name: str, lines: int | None = None) -> str:
    return "\n".join(lines_of(LAUNCHES[name])[:lines])


def sample(kinds: str, text: str, facts: str = "") -> Sample:
    return Sample(tuple(kinds.split()), textwrap.dedent(text).strip("\n") + "\n", tuple(facts.split()))


SAMPLES: dict[str, Sample] = {
    # ---- launches
    "gpustack-server": sample(
        "gpustack-log",
        """
        2025-08-05 14:10:01.123456+00:00 - gpustack.cmd.start - INFO - GPUStack version: 0.7.0 (13f96d7e)
        2025-08-05 14:10:02.123456+00:00 - gpustack.server.server - INFO - Starting GPUStack server.
        2025-08-05 14:10:04.223456+00:00 - gpustack.server.db - INFO - Running database migration
        INFO:     Started server process [1]
        INFO:     Application startup complete.
        2025-08-05 14:12:01.123456+00:00 - gpustack.scheduler.scheduler - DEBUG - Schedule model instance m-ab1cd to worker node-a
        """,
        "gpustack_version",
    ),
    "gpustack-worker": sample(
        "gpustack-log",
        """
        2026-01-07 03:12:40.101010+00:00 - gpustack.worker.worker - INFO - Starting GPUStack worker.
        2026-01-07 03:12:41.101010+00:00 - gpustack.worker.serve_manager - INFO - Provisioning model instance m-ab1cd
        2026-01-07 03:12:44.101010+00:00 - gpustack.worker.backends.vllm - INFO - Creating vLLM container workload: m-ab1cd
        2026-01-07 03:12:50.101010+00:00 - gpustack.worker.serve_manager - INFO - Finished provisioning model instance m-ab1cd
        2026-01-07 03:22:50.101010+00:00 - gpustack.worker.serve_manager - INFO - Restarting model instance m-ab1cd (attempt 1) after 10 seconds delay.
        """,
        "gpustack install_method",
    ),
    "gpustack-instance-0.5": sample("gpustack-log vllm-log", launch("GPUSTACK_0_5", 11), "engine_version nccl_version"),
    "gpustack-instance-2.0": sample(
        "gpustack-log gpustack-workload vllm-log nccl-log", launch("GPUSTACK_2_0"), "image env nccl_version"
    ),
    "vllm-0.5": sample("vllm-log", launch("VLLM_0_5_0", 10), "engine_version tensor_parallel_size"),
    "vllm-0.6-V0": sample("vllm-log launch-progress", launch("VLLM_0_6_4"), "engine_version"),
    "vllm-0.10": sample("vllm-log", launch("VLLM_0_10_1", 9), "engine_generation"),
    "vllm-0.33": sample("vllm-log launch-progress", launch("VLLM_0_33"), "model"),
    "vllm-on-ray": sample("vllm-log ray-log", launch("VLLM_RAY_0_10_2", 13), "launcher pipeline_parallel_size"),
    "sglang": sample("sglang-log", launch("SGLANG_0_5_23", 9), "engine model"),
    "torchrun": sample("torch-distributed nccl-log", launch("TORCHRUN"), "launcher world_size"),
    "ray": sample(
        "ray-log",
        """
        2025-09-10 09:08:07,001\tINFO worker.py:1942 -- Connecting to existing Ray cluster at address: 10.0.0.1:6379...
        INFO 09-10 09:08:20 [ray_utils.py:233] Waiting for creating a placement group of specs for 10 seconds. specs=[{'node:10.0.0.1': 0.001, 'GPU': 1.0}, {'GPU': 1.0}]. Check `ray status` and `ray list nodes`
        """,
        "launcher world_size",
    ),
    "ray-status": sample(
        "ray-log",
        """
        ======== Autoscaler status: 2025-09-10 09:10:07.001000 ========
        Node status
        ---------------------------------------------------------------
        Active:
         1 node_5e8f
        Pending:
         (no pending nodes)
        Resources
        ---------------------------------------------------------------
        Usage:
         0.0/64.0 CPU
         2.0/4.0 GPU
         0B/212.11GiB memory
         0B/94.90GiB object_store_memory
        Demands:
         {'GPU': 1.0}: 6+ pending tasks/actors
        """,
        "ray_resources",
    ),
    "watchdog": sample(
        "torch-distributed",
        """
        [rank1]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600010 milliseconds before timing out.
        [rank1]:[E822 16:31:16.131999664 ProcessGroupNCCL.cpp:2271] [PG ID 0 PG GUID 0(default_pg) Rank 1] failure detected by watchdog at work sequence id: 1 PG status: last enqueued work: 1, last completed work: 0
        """,
        "collective_timeout",
    ),
    "nccl-info": sample(
        "nccl-log",
        """
        node-a:4242:4242 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.4<0>
        node-a:4242:4242 [0] NCCL INFO NET/Plugin: No plugin found (libnccl-net.so)
        node-a:4242:4242 [0] NCCL INFO cudaDriverVersion 12040
        NCCL version 2.21.5+cuda12.4
        node-a:4242:4301 [0] NCCL INFO NCCL_P2P_LEVEL set by environment to SYS
        node-a:4242:4301 [0] NCCL INFO ncclCommInitRank comm 0x55d0 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1000 commId 0x7f - Init START
        node-a:4243:4302 [1] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via P2P/IPC
        node-a:4242:4301 [0] NCCL INFO Connected all rings
        """,
        "nccl_version transport env",
    ),
    "nccl-warn": sample(
        "nccl-log",
        """
        node-a:77:120 [1] misc/shmutils.cc:72 NCCL WARN Error: failed to extend /dev/shm/nccl-oV6Fqe to 9637892 bytes
        node-a:77:120 [1] misc/shmutils.cc:113 NCCL WARN Error while creating shared memory segment /dev/shm/nccl-oV6Fqe (size 9637888)
        node-a:77:120 [1] NCCL INFO init.cc:1089 -> 2
        """,
    ),
    "nccl-trace": sample(
        "nccl-log",
        """
        node-a:77:77 [0] 0.000123 ncclCommInitRank:1203 NCCL TRACE rank 0 nranks 2 cudaDev 0 busId 1000
        node-a:77:77 [0] NCCL INFO AllReduce: opCount 0 sendbuff 0x7f10 recvbuff 0x7f20 count 1 datatype 7 op 0 root 0 comm 0x55d0 [nranks=2] stream 0x55aa
        """,
        "nccl_stage",
    ),
    "ras": sample(
        "nccl-ras",
        """
        NCCL version 2.28.9 compiled with CUDA 13.0
        CUDA runtime version 12090, driver version 13000
        Job summary
        ===========

          Nodes  Processes         GPUs  Processes     GPUs
        (total)   per node  per process    (total)  (total)
              1          4            1          4        4

        Communicators... (0.00s)
        =============

        Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
            #  in group  per comm  per node  per comm  in group
            0         1         1         4         4         4   RUNNING      INCOMPLETE
        """,
    ),
    "traceback": sample(
        "traceback",
        """
        (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597] Traceback (most recent call last):
        (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597]   File "/opt/venv/lib/python3.12/site-packages/vllm/v1/worker/gpu_worker.py", line 263, in load_model
        (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB. GPU 1 has a total capacity of 23.6 GiB of which 100.00 MiB is free.
        """,
        "exception",
    ),
    # ---- GPUs
    "nvidia-smi": sample(
        "nvidia-smi",
        """
        Tue Mar  4 10:31:20 2025
        +-----------------------------------------------------------------------------------------+
        | NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
        |-----------------------------------------+------------------------+----------------------+
        | GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
        | Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
        |                                         |                        |               MIG M. |
        |=========================================+========================+======================|
        |   0  NVIDIA GeForce RTX 4090        Off |   00000000:01:00.0 Off |                  Off |
        | 30%   36C    P2             71W /  450W |     611MiB /  24564MiB |    100%      Default |
        |                                         |                        |                  N/A |
        +-----------------------------------------+------------------------+----------------------+
        |   1  NVIDIA GeForce RTX 4090        Off |   00000000:81:00.0 Off |                  Off |
        | 30%   35C    P2             69W /  450W |     611MiB /  24564MiB |    100%      Default |
        |                                         |                        |                  N/A |
        +-----------------------------------------+------------------------+----------------------+
        """,
        "driver_version gpu_model gpu_load now",
    ),
    "nvidia-smi-L": sample(
        "nvidia-smi-list",
        """
        GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1a2b3c4d-0000-1111-2222-333344445555)
        GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-2a2b3c4d-0000-1111-2222-333344445555)
        """,
        "gpu_model gpu_count",
    ),
    "nvidia-smi-q": sample(
        "nvidia-smi-q",
        """
        ==============NVSMI LOG==============

        Timestamp                                 : Tue Mar  4 10:31:20 2025
        Driver Version                            : 570.86.15
        CUDA Version                              : 12.8

        Attached GPUs                             : 8
        GPU 00000000:1B:00.0
            Product Name                          : NVIDIA H100 80GB HBM3
            Persistence Mode                      : Enabled
            MIG Mode
                Current                           : Disabled
                Pending                           : Disabled
            PCI
                Bus                               : 0x1B
            FB Memory Usage
                Total                             : 81559 MiB
                Used                              : 612 MiB
            BAR1 Memory Usage
                Total                             : 131072 MiB
            Fabric
                State                             : In Progress
                Status                            : N/A
        """,
        "driver_version fabric_state",
    ),
    "topo-m": sample(
        "nvidia-topo-m",
        """
        \tGPU0\tGPU1\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID
        GPU0\t X \tPHB\tSYS\t0-31\t0\t\tN/A
        GPU1\tPHB\t X \tSYS\t0-31\t0\t\tN/A
        NIC0\tSYS\tSYS\t X

        Legend:

          X    = Self
          PHB  = Connection traversing PCIe as well as a PCIe Host Bridge (typically the CPU)

        NIC Legend:

          NIC0: mlx5_0
        """,
    ),
    "topo-p2p": sample(
        "nvidia-topo-p2p",
        """
         \tGPU0\tGPU1
         GPU0\tX\tCNS
         GPU1\tCNS\tX

        Legend:

          X    = Self
          OK   = Status Ok
          CNS  = Chipset not supported
        """,
    ),
    "nvlink-s": sample(
        "nvidia-smi-list",
        """
        GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1a2b3c4d-0000-1111-2222-333344445555)
        \t Link 0: 25 GB/s
        \t Link 1: 25 GB/s
        \t Link 2: <inactive>
        """,
        "nvlink",
    ),
    "rocm-smi": sample(
        "other-makers",
        """
        ============================ ROCm System Management Interface ============================
        ====================================== Concise Info ======================================
        Device  Node  IDs              Temp        Power     Partitions          SCLK    MCLK     Fan  Perf  PwrCap  VRAM%  GPU%
        0       2     0x74a1,   28851  40.0°C      137.0W    NPS1, SPX, 0        132Mhz  900Mhz   0%   auto  750.0W  0%     0%
        ================================== End of ROCm SMI Log ===================================
        """,
        "not_covered",
    ),
    "npu-smi": sample(
        "other-makers",
        """
        +------------------------------------------------------------------------------------------------+
        | npu-smi 24.1.rc2                 Version: 24.1.rc2                                             |
        +---------------------------+---------------+----------------------------------------------------+
        | NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
        | 0     910B3               | OK            | 98.4        42                0    / 0             |
        | 0                         | 0000:C1:00.0  | 0           0    / 0          3161 / 65536         |
        +===========================+===============+====================================================+
        """,
        "not_covered",
    ),
    # ---- the machine
    "lspci-vvv": sample(
        "lspci",
        """
        00:01.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge (prog-if 00 [Normal decode])
        \tCapabilities: [58] Express (v2) Root Port (Slot+), MSI 00
        \t\tLnkSta:\tSpeed 16GT/s, Width x16
        \tCapabilities: [2a0 v1] Access Control Services
        \t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+
        \t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
        01:00.0 VGA compatible controller: NVIDIA Corporation AD102 [GeForce RTX 4090] (rev a1) (prog-if 00 [VGA controller])
        \t\tLnkSta:\tSpeed 2.5GT/s (downgraded), Width x16
        """,
        "acs_redirect",
    ),
    "dmesg": sample(
        "kernel-log",
        """
        [    1.234567] DMAR: IOMMU enabled
        [  512.000001] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024
        [ 8123.456789] NVRM: Xid (PCI:0000:81:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
        [ 8200.000001] Memory cgroup out of memory: Killed process 4242 (python3) total-vm:98765432kB, anon-rss:65432100kB
        """,
        "xids iommu oom_killed",
    ),
    "journal": sample(
        "kernel-log",
        """
        Mar 04 10:31:20 gpu-node-7 kernel: nvidia-nvswitch3: SXid (PCI:0000:c4:00.0): 12028, Non-fatal, Link 32 egress non-posted PRIV error
        Mar 04 10:31:21 gpu-node-7 kernel: AMD-Vi: Event logged [IO_PAGE_FAULT device=01:00.0 domain=0x000e address=0xf1000000 flags=0x0000]
        """,
        "sxids iommu_fault",
    ),
    "cmdline": sample(
        "kernel-cmdline",
        "BOOT_IMAGE=/boot/vmlinuz-6.8.0-45-generic root=UUID=0a0b0c0d-1111-2222-3333-444455556666 ro quiet splash amd_iommu=on iommu=pt",
        "iommu kernel_option",
    ),
    "detect-virt": sample("virtualization", "$ systemd-detect-virt\nkvm", "virtualized"),
    "dmi": sample(
        "virtualization",
        """
        Handle 0x0100, DMI type 1, 27 bytes
        System Information
        \tManufacturer: QEMU
        \tProduct Name: Standard PC (Q35 + ICH9, 2009)
        """,
        "virtualized",
    ),
    "lscpu": sample(
        "environment-report",
        """
        Architecture:             x86_64
        CPU(s):                   64
        Vendor ID:                AuthenticAMD
          Model name:             AMD EPYC 7543 32-Core Processor
        Virtualization:           AMD-V
        NUMA node(s):             2
        """,
        "cpu_vendor",
    ),
    "df": sample(
        "host-limits",
        """
        Filesystem      Size  Used Avail Use% Mounted on
        shm              64M   63M  1.0M  99% /dev/shm
        """,
        "shm_bytes shm_used_bytes",
    ),
    "ulimit": sample(
        "host-limits",
        """
        real-time non-blocking time  (microseconds, -R) unlimited
        core file size              (blocks, -c) 0
        max locked memory           (kbytes, -l) 64
        open files                          (-n) 1024
        """,
        "memlock open_files",
    ),
    "ip-addr": sample(
        "network",
        """
        1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
            inet 127.0.0.1/8 scope host lo
        2: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
            inet 10.0.0.4/24 brd 10.0.0.255 scope global eno1
        3: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default
            inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
        """,
        "interface",
    ),
    "ibstat": sample(
        "network",
        """
        CA 'mlx5_0'
        \tCA type: MT4129
        \tNumber of ports: 1
        \tPort 1:
        \t\tState: Down
        \t\tPhysical state: Disabled
        \t\tLink layer: InfiniBand
        """,
        "ib_port",
    ),
    "ibv_devinfo": sample(
        "network",
        """
        hca_id:\tmlx5_1
        \ttransport:\t\t\tInfiniBand (0)
        \tfw_ver:\t\t\t\t28.39.1002
        \t\tport:\t1
        \t\t\tstate:\t\t\tPORT_ACTIVE (4)
        \t\t\tlink_layer:\t\tEthernet
        """,
        "ib_port",
    ),
    "fabric-manager": sample(
        "fabric-manager-status",
        """
        ● nvidia-fabricmanager.service - NVIDIA fabric manager service
             Loaded: loaded (/lib/systemd/system/nvidia-fabricmanager.service; enabled; vendor preset: enabled)
             Active: failed (Result: exit-code) since Tue 2025-03-04 10:00:00 UTC; 31min ago
        """,
        "fabric_manager",
    ),
    # ---- software and how it is started
    "vllm-collect-env": sample(
        "environment-report",
        """
        Collecting environment information...
        PyTorch version: 2.6.0+cu124
        Is debug build: False
        CUDA used to build PyTorch: 12.4
        OS: Ubuntu 22.04.5 LTS (x86_64)
        Is CUDA available: True
        CUDA runtime version: 12.4.131
        GPU models and configuration:
        GPU 0: NVIDIA L40S
        GPU 1: NVIDIA L40S

        Nvidia driver version: 550.54.15
        Versions of relevant libraries:
        [pip3] nvidia-nccl-cu12==2.21.5
        [pip3] torch==2.6.0
        vLLM Version: 0.8.5
        """,
        "torch_version driver_version engine_version",
    ),
    "sglang-check-env": sample(
        "environment-report",
        """
        Python: 3.10.12 (main, Nov 20 2023, 15:14:05) [GCC 11.4.0]
        CUDA available: True
        GPU 0,1: NVIDIA H100 80GB HBM3
        GPU 0,1 Compute Capability: 9.0
        CUDA_HOME: /usr/local/cuda
        NVCC: Cuda compilation tools, release 12.4, V12.4.131
        CUDA Driver Version: 550.54.15
        PyTorch: 2.6.0+cu124
        sglang: 0.4.6.post5
        """,
        "torch_version engine_version",
    ),
    "pip-freeze": sample(
        "environment-report",
        """
        nvidia-cublas-cu12==12.4.5.8
        nvidia-nccl-cu12==2.21.5
        ray==2.43.0
        torch==2.6.0
        vllm==0.8.5
        """,
        "torch_version engine_version",
    ),
    "env": sample(
        "environment",
        """
        PATH=/usr/local/bin:/usr/bin:/bin
        HOME=/root
        NCCL_P2P_DISABLE=1
        NCCL_DEBUG=INFO
        CUDA_VISIBLE_DEVICES=0,1
        """,
        "env",
    ),
    "docker-run": sample(
        "docker-run",
        """
        docker run -d --name llm --gpus all --shm-size=1g -p 8000:8000 \\
            -e NCCL_DEBUG=INFO vllm/vllm-openai:v0.8.5 \\
            --model org/m-32b --tensor-parallel-size 2
        """,
        "image shm_bytes tensor_parallel_size",
    ),
    "docker-inspect": sample(
        "docker-inspect",
        """
        [
            {
                "Id": "0a1b2c3d",
                "Name": "/llm",
                "Config": {
                    "Image": "vllm/vllm-openai:v0.8.5",
                    "Env": [
                        "NCCL_P2P_DISABLE=1"
                    ]
                },
                "HostConfig": {
                    "IpcMode": "private",
                    "NetworkMode": "bridge",
                    "Privileged": false,
                    "ShmSize": 67108864
                }
            }
        ]
        """,
        "shm_bytes",
    ),
    "compose": sample(
        "container-settings",
        """
        services:
          llm:
            image: vllm/vllm-openai:v0.8.5
            command: --model org/m-32b --tensor-parallel-size 2
            shm_size: "1gb"
            environment:
              - NCCL_DEBUG=INFO
            deploy:
              resources:
                reservations:
                  devices:
                    - driver: nvidia
                      count: 2
                      capabilities: [gpu]
        """,
        "shm_bytes",
    ),
    "kubernetes": sample(
        "container-settings",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: llm
        spec:
          template:
            spec:
              containers:
                - name: vllm
                  image: vllm/vllm-openai:v0.8.5
                  args: ["--model", "org/m-32b", "--tensor-parallel-size", "2"]
                  env:
                    - name: NCCL_P2P_DISABLE
                      value: "1"
              volumes:
                - name: dshm
                  emptyDir:
                    medium: Memory
                    sizeLimit: 2Gi
        """,
        "env",
    ),
    "kubectl-describe": sample(
        "kubectl-describe",
        """
        Name:             llm-0
        Namespace:        default
        Node:             node-a/10.0.0.4
        Status:           Running
        Containers:
          vllm:
            Image:          vllm/vllm-openai:v0.8.5
            Last State:     Terminated
              Reason:       OOMKilled
              Exit Code:    137
            Limits:
              memory:          32Gi
              nvidia.com/gpu:  2
        """,
        "exit_code",
    ),
    "systemd-unit": sample(
        "systemd-unit",
        """
        [Unit]
        Description=vLLM

        [Service]
        Environment=NCCL_P2P_DISABLE=1
        ExecStart=/opt/venv/bin/vllm serve org/m-32b --tensor-parallel-size 2
        Restart=always
        """,
        "env model",
    ),
    "env-file": sample(
        "environment",
        """
        # /etc/default/gpustack
        export NCCL_P2P_DISABLE=1
        NCCL_DEBUG=INFO
        HF_ENDPOINT=https://hf-mirror.example
        """,
    ),
    "launch-command": sample(
        "launch-command",
        "NCCL_P2P_DISABLE=1 vllm serve org/m-32b --tensor-parallel-size 2 --disable-custom-all-reduce",
        "model tensor_parallel_size disable_custom_all_reduce",
    ),
    # ---- tests and stacks
    "nccl-tests": sample(
        "test-run path-tests",
        """
        # nThread 1 nGpus 2 minBytes 8 maxBytes 134217728 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0
        #
        # Using devices
        #  Rank  0 Group  0 Pid   4242 on     node-a device  0 [0x01] NVIDIA GeForce RTX 4090
        #  Rank  1 Group  0 Pid   4242 on     node-a device  1 [0x81] NVIDIA GeForce RTX 4090
        #
        #       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
        #        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
                   8             2     float     sum      -1    12.31    0.00    0.00      0    12.02    0.00    0.00      0
           134217728      33554432     float     sum      -1  10324.1   13.00   13.00      0  10319.8   13.01   13.01      0
        # Out of bounds values : 0 OK
        # Avg bus bandwidth    : 6.5021
        """,
        "nccl_test nccl_bus_bandwidth",
    ),
    "p2pBandwidthLatencyTest": sample(
        "p2p-bandwidth",
        """
        [P2P (Peer-to-Peer) GPU Bandwidth Latency Test]
        Device: 0, NVIDIA L40S, pciBusID: 1, pciDeviceID: 0, pciDomainID:0
        Device: 1, NVIDIA L40S, pciBusID: 81, pciDeviceID: 0, pciDomainID:0
        Device=0 CAN Access Peer Device=1
        Device=1 CAN Access Peer Device=0
        P2P Connectivity Matrix
             D\\D     0     1
             0\t     1     1
             1\t     1     1
        Unidirectional P2P=Enabled Bandwidth (P2P Writes) Matrix (GB/s)
           D\\D     0      1
             0 672.10   0.03
             1   0.03 671.50
        """,
        "peer_access",
    ),
    "simpleP2P": sample(
        "path-tests",
        """
        [./simpleP2P] - Starting...
        Checking for multiple GPUs...
        CUDA-capable device count: 2
        > Peer access from NVIDIA L40S (GPU0) -> NVIDIA L40S (GPU1) : Yes
        Verification error @ element 1: val = 0.000000, ref = 4.000000
        Test failed!
        """,
        "p2p_data_test",
    ),
    "nvbandwidth": sample(
        "nvbandwidth",
        """
        nvbandwidth Version: v0.8
        CUDA Runtime Version: 12080
        CUDA Driver Version: 12080
        Driver Version: 570.86.15

        Running device_to_device_memcpy_read_ce.
        memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)
                   0         1
         0       N/A     26.10
         1     26.09       N/A
        """,
    ),
    "py-spy": sample(
        "py-spy",
        """
        Process 4242: VLLM::Worker_TP0
        Python v3.12.3 (/usr/bin/python3.12)

        Thread 4242 (active): "MainThread"
            ncclCommInitRank (vllm/distributed/device_communicators/pynccl_wrapper.py:277)
            __init__ (vllm/distributed/device_communicators/pynccl.py:99)
            init_worker_distributed_environment (vllm/v1/worker/gpu_worker.py:555)
        """,
        "stack_frame",
    ),
    "gdb": sample(
        "py-spy",
        """
        (gdb) thread apply all bt

        Thread 1 (Thread 0x7f1 (LWP 4242) "python3"):
        #0  0x00007f2 in __GI___poll (fds=0x7ffd, nfds=1, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29
        #1  0x00007f3 in ncclSocketConnect () from /usr/lib/x86_64-linux-gnu/libnccl.so.2
        #2  0x00007f4 in bootstrapInit () from /usr/lib/x86_64-linux-gnu/libnccl.so.2
        """,
        "stack_frame",
    ),
}
