"""Comparing two cases, and what NCCL would do if: questions asked of reports that are there already."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from troubleshoot import known
from troubleshoot.diagnosis import nccl_memory, topology
from troubleshoot.diagnosis.compare import compare as compared
from troubleshoot.diagnosis.renderings import pick
from troubleshoot.diagnosis.topology import APART, SHARED, SMALL, Matrix, Path, Setting
from troubleshoot.drawing.topology import topology_mermaid, topology_svg
from troubleshoot.models import Case
from troubleshoot.templatetags.unhang import content_language
from troubleshoot.views import cases

ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
VENDORS = ("intel", "amd", "zhaoxin", "arm", "power")
LEVELS = ("LOC", "NVL", "PIX", "PXB", "PHB", "SYS")
CUMEM = ("0", "1")
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
    cumem, shm = query.get("cumem", ""), query.get("devshm", "")
    return replace(
        usual,
        nccl_version=version if VERSION.fullmatch(version) else None,
        cpu_vendor=vendor if vendor in VENDORS else None,
        gpus_in_job=int(gpus) if gpus.isascii() and gpus.isdigit() and 0 < int(gpus[:6]) <= 100_000 else None,
        p2p_level=level if level in LEVELS else None,
        p2p_disable=query.get("disable") == "1" or level == "LOC",
        shm_disable=query.get("shm") == "1",
        cumem=cumem if cumem in CUMEM else None,
        shm=shm if shm in (SMALL, APART) else SHARED,
    )


def table(matrix: Matrix, setting: Setting, usual: Setting) -> dict[str, Any]:
    """What NCCL would use, pairs for which it does so for the same reason together, and what differs from `usual`."""
    lang = content_language()
    paths, before = topology.paths(matrix, setting), topology.paths(matrix, usual)
    alike: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (a, b), path in paths.items():
        alike[matrix.links.get((a, b), "?"), path.transport, pick(path.because, lang)].append(f"{a}\u2060–\u2060{b}")
    count = Counter(path.transport for path in paths.values())
    opened, why = nccl_memory.opened_by(setting)
    room = nccl_memory.room(setting)
    moved = Counter((before[pair].transport, path.transport) for pair, path in paths.items())
    return {
        "groups": [
            {"names": names, "code": code, "transport": transport, "because": because}
            for (code, transport, because), names in alike.items()
        ],
        "pair_count": len(paths),
        "direct": count["P2P"],
        "moved": [{"n": n, "was": was, "now": now} for (was, now), n in moved.items() if was != now],
        "opened": {"by": opened, "why": pick(why, lang)} if count["P2P"] else None,
        "room": pick(room, lang) if room and count["SHM"] else "",
        "gpus": matrix.gpus,
        "rows": rows(matrix, paths, before),
    }


def rows(
    matrix: Matrix, paths: dict[tuple[str, str], Path], before: dict[tuple[str, str], Path]
) -> list[dict[str, Any]]:
    """The pairs as a square: for each GPU its cells (None on the diagonal), each with the link and the transport."""

    def cell(a: str, b: str) -> dict[str, Any] | None:
        pair = (a, b) if (a, b) in paths else (b, a)
        if a == b:
            return None
        transport = paths[pair].transport
        code = matrix.links.get(pair, "?")
        return {"transport": transport, "code": code, "is_new": before[pair].transport != transport}

    return [{"gpu": a, "cells": [cell(a, b) for b in matrix.gpus]} for a in matrix.gpus]


def form(setting: Setting) -> dict[str, Any]:
    return {"setting": setting, "vendors": VENDORS, "levels": LEVELS, "cumem": CUMEM}


def answer(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    is_part = request.htmx  # type: ignore[attr-defined]  # set by django-htmx
    return render(request, "cases/_what_if.html" if is_part else "cases/what_if.html", context)


def nth_matrix(found: Case, place: int) -> dict[str, Any]:
    """The matrix at this place of the report. Raises Http404."""
    matrices = (found.report or {}).get("topology") or []
    if place >= len(matrices):
        raise Http404("This case has no such GPU matrix.")
    matrix: dict[str, Any] = pick(matrices[place], content_language())
    return matrix


@never_cache
@require_GET
def case_topology(request: HttpRequest, case_id: str, place: int, form: str) -> HttpResponse:
    """A case's matrix as a picture that stands by itself, or as Mermaid text."""
    found = cases.find(case_id)
    if not found.is_live:
        return cases.gone(request, found)
    matrix, lang = nth_matrix(found, place), content_language()
    if form == "svg":
        return HttpResponse(topology_svg(matrix, lang), content_type="image/svg+xml")
    if form == "mmd":
        return HttpResponse(topology_mermaid(matrix, lang), content_type="text/plain; charset=utf-8")
    raise Http404("A GPU matrix is drawn as svg or mmd.")


@never_cache
@require_GET
def case_what_if(request: HttpRequest, case_id: str) -> HttpResponse:
    """A case's matrix (`?matrix=` its place) under another setting; without one, under the case's own."""
    found = cases.find(case_id)
    if not found.is_live:
        return cases.gone(request, found)
    place = request.GET.get("matrix", "0")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    matrix = matrix_of(nth_matrix(found, at))
    usual = topology.setting_of(known.facts_of(found), matrix)
    setting = setting_from(request.GET, usual)
    return answer(request, {"case": found, "place": at, **form(setting), **table(matrix, setting, usual)})


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
    return answer(request, {**context, **(table(matrix, setting, usual) if matrix else {})})
