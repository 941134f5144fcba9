"""What a stored case tells, read again from its redacted texts: for guides, what-if and comparing; kept for ten minutes."""

from __future__ import annotations

import io
from dataclasses import replace

from django.core.cache import cache

from troubleshoot import shelf
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.pipeline import Limits, know, take_in
from troubleshoot.models import Case
from troubleshoot.rediagnosis import document_of

SECONDS = 600
MOST_PASTED = 200_000
"""Characters of one pasted output that are read."""


def facts_of(case: Case) -> Facts:
    """The facts of a case. Its texts are there only as far as the case is small: what is kept must stay small."""
    key = f"facts:{case.pk}"
    kept: Facts | None = cache.get(key)
    if kept is None:
        library = shelf.library()
        kept, _, _ = know([document_of(text, library) for text in case.texts.all()], library)
        if sum(document.byte_count for document in kept.documents) <= MOST_PASTED * 10:
            cache.set(key, kept, SECONDS)
    return kept


def facts_of_text(pasted: str) -> Facts:
    """What a pasted output tells. It is redacted like an upload, and nothing of it is stored."""
    library = shelf.library()
    body = io.BytesIO(pasted[:MOST_PASTED].encode("utf-8", "replace"))
    limits = replace(Limits(), total_bytes=MOST_PASTED * 4)
    facts, _, _ = know(take_in([("pasted.txt", body)], library, limits), library)
    return facts


def env_of(facts: Facts) -> dict[str, str]:
    """Variables that are really set, those that decide what NCCL and CUDA do."""
    return {
        fact.value[0]: str(fact.value[1])
        for fact in facts.all("env")
        if str(fact.value[0]).startswith(("NCCL_", "CUDA_", "VLLM_", "TORCH_NCCL_", "UCX_", "GLOO_"))
    }
