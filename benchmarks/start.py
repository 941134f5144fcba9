"""A small case on the command line against a bare `django.setup()`. `python -m benchmarks.start`"""

from __future__ import annotations

import sys

from benchmarks.measure import DIAGNOSE, WORK, best, run, say

SETUP = "import django; from django.conf import settings; settings.configure(INSTALLED_APPS=[]); django.setup()"
ROUNDS = 9


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    small = WORK / "small.log"
    small.write_text(
        "gpu-box-7:41:41 [0] NCCL INFO Bootstrap: Using eth0:10.0.0.7<0>\nHF_TOKEN=hf_" + "q7Zk2mX9" * 4 + "\n"
    )
    run([*DIAGNOSE, str(small)])
    pairs = [(run([*DIAGNOSE, str(small)]), run([sys.executable, "-c", SETUP])) for _ in range(ROUNDS)]
    ours, bare = best([a for a, _ in pairs]), best([b for _, b in pairs])
    detail = f"{ours.seconds:.2f} s : {bare.seconds:.2f} s"
    say("diagnose, small case : django.setup()", ours.seconds / bare.seconds, "≤ 2", detail)


if __name__ == "__main__":
    main()
