"""Every figure that is measured against something else on this machine, in one run. `make bench`

`BENCH_MB=100 make bench` takes a smaller log than the 1 GB of the figures. What it writes lies in `var/bench`
(`UNHANG_BENCH_DIR`).
"""

from __future__ import annotations

from benchmarks import large_log, odd_inputs, pages, reasoning, start


def main() -> None:
    for benchmark in (start, reasoning, odd_inputs, large_log):
        benchmark.main()
    pages.run()


if __name__ == "__main__":
    main()
