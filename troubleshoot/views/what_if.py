"""Comparing two cases, and what NCCL would do if: questions asked of reports that are there already."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from troubleshoot import known
from troubleshoot.diagnosis import topology
from troubleshoot.diagnosis.compare import compare as compared
from troubleshoot.diagnosis.renderings import pick
from troubleshoot.diagnosis.topology import Matrix, Setting
from troubleshoot.models import Case
from troubleshoot.templatetags.unhang import content_language
from troubleshoot.views import cases

ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
VENDORS = ("intel", "amd", "zhaoxin", "arm", "power")
LEVELS = ("LOC", "NVL", "PIX", "PXB", "PHB", "SYS")
VERSION = re.compile(r"\d+(\.\d+){0,3}")
MOST_GPUS = 64


@never_cache
@require_GET
def compare(request: HttpRequest, case_id: str) -> HttpResponse:
    """This case and another one (`?with=` its id or address), the earlier one first."""
    found = cases.find(case_id)
    if not found.is_live:
        return cases.gone(request, found)
    asked = request.GET.get("with", "")
    ids = ID.findall(asked)
    other = next((one for one in Case.objects.live().filter(pk__in=ids) if one.pk != found.pk), None)
    context: dict[str, Any] = {"case": found, "asked": asked, "other": other}
    if other and found.report and other.report:
        before, after = sorted((found, other), key=lambda one: one.created)
        envs = [known.env_of(known.facts_of(one)) for one in (before, after)]
        result = compared(before.report or {}, after.report or {}, *envs)
        lang = content_language()
        context |= {
            "before": before,
            "after": after,
            "took": result.took,
            "says": pick(result.says, lang),
            "changes": [
                {
                    "what": pick(c.what, lang),
                    "before": pick(c.before, lang),
                    "after": pick(c.after, lang),
                    "kind": c.kind,
                }
                for c in result.changes
            ],
        }
    return render(request, "cases/compare.html", context)


def matrix_of(stored: dict[str, Any]) -> Matrix:
    """A matrix as the report stores it."""
    links = {}
    for name, code in stored.get("gpu_links", {}).items():
        a, _, b = name.partition("-")
        links[a, b] = code
    return Matrix(tuple(stored["gpus"]), links=links, complete=bool(stored.get("complete", True)))


def setting_from(query: QueryDict, usual: Setting) -> Setting:
    """The setting asked for; what is not asked, or makes no sense, is as usual."""
    if "asked" not in query:
        return usual
    version, vendor, level = (query.get(name, "").strip() for name in ("nccl", "cpu", "level"))
    gpus = query.get("gpus", "")
    return Setting(
        nccl_version=version if VERSION.fullmatch(version) else None,
        cpu_vendor=vendor if vendor in VENDORS else None,
        gpus_in_job=int(gpus) if gpus.isascii() and gpus.isdigit() and 0 < int(gpus[:6]) <= 100_000 else None,
        p2p_level=level if level in LEVELS else None,
        p2p_disable=query.get("disable") == "1" or level == "LOC",
        shm_disable=query.get("shm") == "1",
        status=usual.status,
    )


def table(matrix: Matrix, setting: Setting) -> dict[str, Any]:
    """What NCCL would use, pairs for which it does so for the same reason together."""
    lang = content_language()
    alike: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (a, b), path in topology.paths(matrix, setting).items():
        alike[matrix.links.get((a, b), "?"), path.transport, pick(path.because, lang)].append(f"{a}\u00a0–\u00a0{b}")
    groups = [
        {"names": names, "code": code, "transport": transport, "because": because}
        for (code, transport, because), names in alike.items()
    ]
    count = {transport: 0 for _, transport, _ in alike}
    for (_, transport, _), names in alike.items():
        count[transport] += len(names)
    return {"groups": groups, "pair_count": sum(count.values()), "direct": count.get("P2P", 0)}


def form(setting: Setting) -> dict[str, Any]:
    return {"setting": setting, "vendors": VENDORS, "levels": LEVELS}


def answer(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    is_part = request.htmx  # type: ignore[attr-defined]  # set by django-htmx
    return render(request, "cases/_what_if.html" if is_part else "cases/what_if.html", context)


@never_cache
@require_GET
def case_what_if(request: HttpRequest, case_id: str) -> HttpResponse:
    """A case's matrix (`?matrix=` its place) under another setting; without one, under the case's own."""
    found = cases.find(case_id)
    if not found.is_live:
        return cases.gone(request, found)
    matrices = (found.report or {}).get("topology") or []
    place = request.GET.get("matrix", "0")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    if at >= len(matrices):
        raise Http404("This case has no such GPU matrix.")
    matrix = matrix_of(matrices[at])
    setting = setting_from(request.GET, topology.setting_of(known.facts_of(found), matrix))
    return answer(request, {"case": found, "place": at, **form(setting), **table(matrix, setting)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest) -> HttpResponse:
    """The same for a pasted `nvidia-smi topo -m`, which is read and not stored."""
    sent = request.POST if request.method == "POST" else request.GET
    pasted = sent.get("text", "")[: known.MOST_PASTED]
    facts = known.facts_of_text(pasted) if pasted.strip() else None
    matrix = next((one for one in facts.matrices if len(one.gpus) <= MOST_GPUS), None) if facts else None
    usual = topology.setting_of(facts, matrix) if facts and matrix else Setting()
    setting = setting_from(sent, usual)
    context = {"case": None, "pasted": pasted, "is_unread": bool(pasted.strip()) and matrix is None, **form(setting)}
    return answer(request, {**context, **(table(matrix, setting) if matrix else {})})
