#!/bin/sh
# Prints, as one text, what tells why a model on several GPUs hangs or fails at launch.
#
#   sh unhang-collect.sh > unhang.txt            (with sudo it sees the PCI bridges and the kernel log as well)
#
# It only reads: no file is written but what you redirect, no setting is changed, nothing is sent anywhere. Tokens, keys and
# passwords are masked here already. A tool that is missing is named and skipped; each command may take 20 seconds at most.
#
#   LINES_OF_LOG=20000 sh unhang-collect.sh      how much of each log to print (default 4000 lines)
#   CONTAINERS="one two" sh unhang-collect.sh    also these containers, whatever their image is called

set -u
LC_ALL=C
export LC_ALL
LINES_OF_LOG=${LINES_OF_LOG:-4000}
CONTAINERS=${CONTAINERS:-}
LIMIT=20
NAMES='gpustack|vllm|sglang|lmdeploy|text-generation-inference|triton|xinference|ray'
VARIABLES='^(NCCL|VLLM|GLOO|CUDA|SGLANG|SGL|TORCH|RAY|GPUSTACK|NVIDIA|UCX|OMPI|MASTER|WORLD|RANK|LOCAL_RANK|HF_HUB)[A-Z0-9_]*='

if [ "$(id -u)" = 0 ]; then ROOT=yes; else ROOT=no; fi

has() { command -v "$1" >/dev/null 2>&1; }

# What is told about secrets is told once: the name and that something was there, never the value.
mask() {
    sed -E \
        -e 's/((TOKEN|SECRET|PASSWORD|PASSWD|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIAL)[A-Za-z0-9_]*["'"'"']?[ ]*[=:][ ]*)["'"'"']?[^ "'"'"',}]+/\1***/g' \
        -e 's/((token|secret|password|passwd|api[-_]?key|access[-_]?key)["'"'"']?[ ]*[=:][ ]*)["'"'"']?[^ "'"'"',}]+/\1***/g' \
        -e 's/(--(token|api-key|password|hf-token|huggingface-token|bootstrap-password)[ =]+)[^ "'"'"',]+/\1***/g' \
        -e 's/(--(token|api-key|password|hf-token|huggingface-token|bootstrap-password)"?,[[:space:]]*)"[^"]*"/\1"***"/g' \
        -e 's/(Bearer )[A-Za-z0-9._~+\/=-]+/\1***/g' \
        -e 's/(hf_|sk-|ghp_|glpat-|gpustack_)[A-Za-z0-9_-]{8,}/\1***/g' \
        -e 's#(://[^/:@ ]+:)[^@ ]+@#\1***@#g' |
        # `docker inspect` prints a flag and its value on two lines.
        awk '
            hidden { sub(/"[^"]*"/, "\"***\""); hidden = 0 }
            /"--?(token|api-key|password|hf-token|huggingface-token|bootstrap-password)",?[ \t\r]*$/ { hidden = 1 }
            { print }'
}

title() { printf '\n===== %s =====\n' "$1"; }

limited() {
    if has timeout; then timeout "$LIMIT" "$@"; else "$@"; fi
}

# run NAME COMMAND…: the command's output under its name, errors with it, secrets masked.
run() {
    title "$1"
    shift
    if ! has "$1"; then
        echo "($1 is not installed here)"
        return 0
    fi
    limited "$@" 2>&1 | mask
    return 0
}

# show FILE: a small file, if it is there.
show() {
    [ -r "$1" ] || return 0
    title "cat $1"
    mask <"$1"
}

# log FILE: the end of a log.
log() {
    [ -r "$1" ] || return 0
    title "tail -n $LINES_OF_LOG $1"
    tail -n "$LINES_OF_LOG" "$1" 2>&1 | mask
}

echo "unhang-collect 1, root: $ROOT"

# ---- the machine
run 'date' date
run 'uname -a' uname -a
show /etc/os-release
show /proc/cmdline
run 'systemd-detect-virt' systemd-detect-virt
run 'lscpu' lscpu
title 'free, limits, shared memory'
has free && free -h 2>&1
df -h /dev/shm 2>&1
# shellcheck disable=SC3045  # dash, bash and busybox all know it
ulimit -a 2>&1
run 'ip -br addr' ip -br addr
run 'ip route' ip route

# ---- GPUs
run 'nvidia-smi' nvidia-smi
run 'nvidia-smi topo -m' nvidia-smi topo -m
for way in r w n; do
    run "nvidia-smi topo -p2p $way" nvidia-smi topo -p2p "$way"
done
run 'nvidia-smi nvlink -s' nvidia-smi nvlink -s
title 'nvidia-smi -q, in part'
if has nvidia-smi; then
    limited nvidia-smi -q 2>&1 | grep -E -A4 \
        '^(Timestamp|Driver Version|CUDA Version)|^GPU |Product Name|MIG Mode|Virtualization Mode|Fabric$|Bus Id|Link Width|GPU Link Info|Retired|Remapped|Pending|Uncorrectable|FB Memory|BAR1|Utilization|Power Draw|Compute Mode|Persistence' |
        grep -v -E '^--$|Serial Number|GPU UUID' | mask
else
    echo '(nvidia-smi is not installed here)'
fi
run 'nvidia-smi compute processes' nvidia-smi --query-compute-apps=pid,name,used_memory --format=csv
show /proc/driver/nvidia/version
show /proc/driver/nvidia/params
has systemctl && run 'systemctl status nvidia-fabricmanager' systemctl --no-pager status nvidia-fabricmanager
if has lsmod; then
    title 'lsmod, in part'
    lsmod 2>&1 | grep -E '^(Module|nvidia|nv_peer|gdrdrv|mlx|ib_|vfio|nouveau)'
fi

# ---- PCI: bridges, GPUs and network cards; ACS lines are shown to root only
title 'lspci -vvv, bridges, GPUs and network cards'
if has lspci; then
    [ "$ROOT" = yes ] || echo '(not root: the ACSCtl and ACSCap lines are hidden; run it with sudo to see them)'
    limited lspci -D -vvv 2>/dev/null | awk '
        /^[0-9a-fA-F:.]+ / { kept = /PCI bridge|3D controller|VGA compatible|Infiniband|Ethernet controller|NVIDIA|Processing accelerators/ }
        kept && /^[0-9a-fA-F:.]+ |NUMA node|IOMMU group|Bus: primary|LnkCap:|LnkSta:|Access Control|ACSCap|ACSCtl|Physical Slot|Kernel driver|Region [0-9].*size=|Resizable BAR|BAR [0-9]: current/' | mask
    title 'lspci -tv'
    limited lspci -tv 2>&1
else
    echo '(lspci is not installed here)'
fi
if [ -d /sys/kernel/iommu_groups ]; then
    title 'IOMMU groups of the GPUs'
    for device in /sys/bus/pci/devices/*; do
        [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
        group=$(readlink "$device/iommu_group" 2>/dev/null)
        kind=$(cat "$device/iommu_group/type" 2>/dev/null)
        echo "${device##*/} group ${group##*/} ${kind:-}"
    done
fi

# ---- the kernel's log
title 'dmesg, in part'
if has dmesg; then
    kernel=$(limited dmesg -T 2>/dev/null || limited dmesg 2>&1)
    printf '%s\n' "$kernel" | grep -i -E \
        'NVRM|Xid|nvidia|DMAR|AMD-Vi|iommu|IO_PAGE_FAULT|ACS|oom|out of memory|killed process|hung task|blocked for more than|pcieport.*(error|AER)|mlx5|nv_peer|operation not permitted' |
        tail -n 600 | mask
else
    echo '(dmesg is not installed here)'
fi

# ---- InfiniBand and RoCE
has ibstat && run 'ibstat' ibstat
has ibv_devinfo && run 'ibv_devinfo' ibv_devinfo
has show_gids && run 'show_gids' show_gids

# ---- environment of this shell, and of the engines that run
title 'environment, in part'
env | grep -E "$VARIABLES" | sort | mask
title 'engine processes and their environment'
for process in /proc/[0-9]*; do
    command=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
    case $command in
    *unhang-collect* | '') continue ;;
    *vllm* | *sglang* | *gpustack* | *lmdeploy* | *torchrun* | *text-generation*) ;;
    *) continue ;;
    esac
    printf 'pid %s: %s\n' "${process#/proc/}" "$(printf '%.600s' "$command")" | mask
    grep -E '^(State|Threads|VmRSS|VmSwap)' "$process/status" 2>/dev/null
    tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -E "$VARIABLES" | sort | mask
done

# ---- how it is installed
show /etc/default/gpustack
show /etc/gpustack/config.yaml
if has systemctl; then
    for unit in gpustack vllm sglang; do
        systemctl cat "$unit" >/dev/null 2>&1 || continue
        run "systemctl cat $unit" systemctl --no-pager cat "$unit"
        run "systemctl show $unit" systemctl show "$unit" -p ActiveState,SubState,ExecStart,Environment,EnvironmentFiles,LimitMEMLOCK,LimitNOFILE,NRestarts,ActiveEnterTimestamp
        has journalctl && run "journalctl -u $unit" journalctl --no-pager -u "$unit" -n "$LINES_OF_LOG"
    done
fi
log /var/log/gpustack.log
if [ -d /var/lib/gpustack/log/serve ]; then
    title 'ls -lt /var/lib/gpustack/log/serve'
    # Only our own listing by time is read; names in there are numbers given by GPUStack.
    # shellcheck disable=SC2012
    ls -lt /var/lib/gpustack/log/serve 2>&1 | head -n 20
    # shellcheck disable=SC2012
    for name in $(ls -t /var/lib/gpustack/log/serve 2>/dev/null | head -n 2); do
        log "/var/lib/gpustack/log/serve/$name"
    done
fi

# ---- containers
for engine in docker podman nerdctl; do
    has "$engine" || continue
    if ! limited "$engine" ps >/dev/null 2>&1; then
        title "$engine ps"
        echo "($engine does not answer to this user)"
        continue
    fi
    run "$engine ps -a" "$engine" ps -a --no-trunc --format '{{.ID}}  {{.Image}}  {{.Names}}  {{.Status}}  {{.Command}}'
    found=$(limited "$engine" ps -a --format '{{.Names}} {{.Image}}' 2>/dev/null | grep -i -E "$NAMES" | cut -d' ' -f1 | head -n 6)
    for container in $found $CONTAINERS; do
        run "$engine inspect $container" "$engine" inspect "$container"
        run "$engine exec $container df -h /dev/shm" "$engine" exec "$container" df -h /dev/shm
        title "$engine exec $container env, in part"
        limited "$engine" exec "$container" env 2>&1 | grep -E "$VARIABLES" | sort | mask
        run "$engine logs --tail $LINES_OF_LOG $container" "$engine" logs --timestamps --tail "$LINES_OF_LOG" "$container"
    done
done

# ---- Kubernetes and Slurm, where this host speaks to them
if has kubectl && limited kubectl get nodes >/dev/null 2>&1; then
    title 'kubectl get pods -A, in part'
    limited kubectl get pods -A -o wide 2>&1 | grep -i -E "NAMESPACE|$NAMES"
    limited kubectl get pods -A --no-headers 2>/dev/null | grep -i -E "$NAMES" | head -n 4 |
        while read -r namespace pod _; do
            run "kubectl -n $namespace describe pod $pod" kubectl -n "$namespace" describe pod "$pod"
            run "kubectl -n $namespace logs $pod" kubectl -n "$namespace" logs "$pod" --all-containers --tail "$LINES_OF_LOG"
        done
fi
has scontrol && [ -n "${SLURM_JOB_ID:-}" ] && run "scontrol show job $SLURM_JOB_ID" scontrol show job "$SLURM_JOB_ID"

title 'end'
date
exit 0
