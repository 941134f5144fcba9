"""What `docker compose logs` and `kubectl logs --prefix` put before an engine's lines tells how it is installed. Samples:

llm-1  | (APIServer pid=1) INFO 04-12 09:31:07 [api_server.py:1896] vLLM API server version 0.11.0
[pod/llm-6c9d4/engine] INFO 04-12 09:31:07 [pynccl.py:103] vLLM is using nccl==2.27.3
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format

ENGINE = r"\(?(?:APIServer|EngineCore|VllmWorker|Worker|RayWorker|INFO|WARNING|ERROR|DEBUG)\b"
COMPOSE = r"^[A-Za-z0-9][\w.@-]*\s*\|\s+" + ENGINE
POD = r"^\[pod/[^\]/]+/[^\]]+\]\s+" + ENGINE
SERVICE = lazy_re.compile(r"^(?P<service>[\w.@-]+?)(?:[-_]\d+)?\s*\|")


def parse(section: Section) -> Iterator[Fact]:
    """Unsure, and once: every further line says the same."""
    line = section.lines[0]
    if line.text.startswith("[pod/"):
        yield Fact("install_method", "kubernetes", line, sure=False)
    elif found := SERVICE.match(line.text):
        yield Fact("install_method", "compose", line, sure=False)
        yield Fact("service_name", found["service"], line, sure=False)


FORMATS = (
    Format(
        kind="log-prefixes",
        title={"en": "prefixes of compose or kubectl", "zh-hans": "compose 或 kubectl 的行前缀"},
        lines=(COMPOSE, POD),
        parse=parse,
    ),
)
