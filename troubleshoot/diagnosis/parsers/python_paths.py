"""Where Python's modules lie, as a traceback tells it: which engine it is, and whether it runs from somebody's own environment.

Samples:

      File "/home/ops/miniconda3/envs/llm/lib/python3.11/site-packages/vllm/executor/ray_utils.py", line 52, in execute
      File "/usr/local/lib/python3.12/dist-packages/sglang/srt/managers/scheduler.py", line 310, in __init__

Both facts are unsure: a start command, an image or a container tells better.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format

ENGINE = r"/(?:site|dist)-packages/(?:vllm|sglang|lmdeploy|tensorrt_llm)/"
PATH = lazy_re.compile(
    r"""File "(?P<folder>/[^"]*)/(?P<kind>site|dist)-packages/(?P<module>vllm|sglang|lmdeploy|tensorrt_llm)/"""
)
# A person's own environment. /opt/conda is that of images; GPUStack keeps its engines in environments of its own.
OWN = lazy_re.compile(r"^/(?:home|root|data|mnt|workspace)/|/(?:miniconda|anaconda|miniforge|mambaforge)\d*/|/\.?venv/")
OF_A_PRODUCT = lazy_re.compile(r"gpustack|^/opt/conda/")
NAMES = {"tensorrt_llm": "tensorrt-llm"}


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        if found := PATH.search(line.text):
            yield Fact("engine", NAMES.get(found["module"], found["module"]), line, sure=False)
            if (
                found["kind"] == "site"
                and OWN.search(found["folder"] + "/")
                and not OF_A_PRODUCT.search(found["folder"])
            ):
                yield Fact("own_python", found["folder"], line, sure=False)


FORMATS = (
    Format(
        kind="python-paths",
        title={"en": "paths of a traceback", "zh-hans": "调用栈里的路径"},
        lines=(ENGINE,),
        parse=parse,
    ),
)
