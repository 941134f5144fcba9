"""The codes by which `nvidia-smi topo -m` names a link, and how far each reaches (domain/nccl.md §1.3, §1.5)."""

from __future__ import annotations

# How far apart two GPUs are, the nearer the smaller. NCCL has no NODE: it counts as PHB; SOC is the old name of SYS.
# NVB, PXN, P2C, NET and DIS are NCCL's own, which NCCL_P2P_LEVEL takes as well (src/graph/topo.h).
DISTANCE = {
    "LOC": 0,
    "NVL": 1,
    "NVB": 1,
    "C2C": 2,
    "PIX": 3,
    "PSB": 3,
    "PXB": 4,
    "PXN": 5,
    "P2C": 5,
    "PHB": 5,
    "NODE": 5,
}
DISTANCE |= {"SYS": 6, "SOC": 6, "NET": 7, "DIS": 8}
LEVELS = {"0": "LOC", "1": "PIX", "2": "PXB", "3": "PHB", "4": "SYS"}
NAMES_OF_LEVELS = ("LOC", "NVL", "NVB", "C2C", "PIX", "PXB", "PXN", "P2C", "PHB", "SYS", "NET", "DIS")


def is_nvlink(code: str) -> bool:
    return code.startswith("NV") or code == "C2C"


def distance(code: str) -> int | None:
    return DISTANCE["NVL"] if code.startswith("NV") else DISTANCE.get(code)


def level_of(text: str) -> str | None:
    """`NCCL_P2P_LEVEL` as NCCL reads it: a name, an old number, or None for a word that it silently ignores."""
    word = text.strip().upper()
    if word.isdigit():
        return LEVELS.get(word, "SYS")
    return word if word in NAMES_OF_LEVELS else None


def order(gpu: str) -> int:
    """The number in `GPU12`, by which pairs are put in order."""
    digits = "".join(c for c in gpu if c.isdigit())
    return int(digits) if digits else 0
