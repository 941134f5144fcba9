"""Every input format we read, one module each; a format yields facts and never judges.

A module here offers one or several `Format`s in a constant `FORMATS`. Two shapes:
- a **block** format has `heads`: patterns of the line that opens a block; the block runs on while `belongs` says so;
- a **line** format has `lines`: patterns of single lines, which may stand anywhere and be interleaved.
`parse` gets a Section of either and yields Facts; it skips a line it cannot read and never raises on a user's text.

Patterns are Python regular expressions that Hyperscan takes as well (no lookaround, no backreference); the automaton
searches them, without a leading `^`, in the bytes of the raw line, then Python confirms on the peeled line (`peel`).
"""

from troubleshoot.diagnosis.parsers import (
    container_command,
    containers,
    description,
    docker_info,
    docker_inspect,
    environment,
    environment_report,
    exceptions,
    fabric_manager,
    flight_recorder,
    flight_recorder_text,
    gpustack,
    host_limits,
    ifconfig,
    kernel_cmdline,
    kernel_log,
    kubernetes,
    launch_command,
    log_prefixes,
    lspci,
    lspci_tree,
    nccl_log,
    network,
    nvidia_smi,
    other_engines,
    other_makers,
    path_tests,
    python_paths,
    query_csv,
    ras,
    ras_json,
    ray_log,
    sglang,
    shared_lines,
    stacks,
    systemd_unit,
    topo_matrix,
    torch_distributed,
    virtualization,
    vllm,
)
from troubleshoot.diagnosis.parsers.format import Format

ALL_FORMATS: tuple[Format, ...] = (
    # the machine
    *topo_matrix.FORMATS,
    *lspci.FORMATS,
    *lspci_tree.FORMATS,
    *kernel_log.FORMATS,
    *kernel_cmdline.FORMATS,
    *virtualization.FORMATS,
    *nvidia_smi.FORMATS,
    *query_csv.FORMATS,
    *path_tests.FORMATS,
    *environment_report.FORMATS,
    *host_limits.FORMATS,
    *network.FORMATS,
    *ifconfig.FORMATS,
    *fabric_manager.FORMATS,
    *containers.FORMATS,
    *container_command.FORMATS,
    *systemd_unit.FORMATS,
    *docker_inspect.FORMATS,
    *docker_info.FORMATS,
    *kubernetes.FORMATS,
    *environment.FORMATS,
    *other_makers.FORMATS,
    *description.FORMATS,
    # launches
    *gpustack.FORMATS,
    *launch_command.FORMATS,
    *vllm.FORMATS,
    *sglang.FORMATS,
    *other_engines.FORMATS,
    *shared_lines.FORMATS,
    # communication and failures
    *nccl_log.FORMATS,
    *torch_distributed.FORMATS,
    *ray_log.FORMATS,
    *exceptions.FORMATS,
    *python_paths.FORMATS,
    *log_prefixes.FORMATS,
    *ras.FORMATS,
    *ras_json.FORMATS,
    *stacks.FORMATS,
    *flight_recorder_text.FORMATS,
    *flight_recorder.FORMATS,
)
