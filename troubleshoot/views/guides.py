"""Question trees: the list, one step of one, and its map. The state is the address; every answer is a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from troubleshoot import outcomes, shelf
from troubleshoot.diagnosis.confidence import in_words
from troubleshoot.diagnosis.evidence import Line, Text
from troubleshoot.diagnosis.next_steps import next_steps
from troubleshoot.diagnosis.remedies import offers
from troubleshoot.diagnosis.renderings import Report, in_language
from troubleshoot.diagnosis.report import make_report
from troubleshoot.guides.draw import dot, guide_svg, mermaid
from troubleshoot.guides.tree import UNKNOWN, Answer, Guide, Question
from troubleshoot.guides.walk import Step, clean, given_answer, walk
from troubleshoot.kept_pages import keep
from troubleshoot.known import facts_of, facts_of_text
from troubleshoot.models import Case
from troubleshoot.templatetags.unhang import INLINE_STYLE, content_language

FIRST = ("stuck-in-starting", "nccl-error", "multi-node-hang", "slow-but-runs", "before-you-deploy", "did-the-fix-take")
"""The guides in the order in which people need them; a site's own ones come after."""

UNDECIDED: Text = {
    "en": "Your answers fit several causes; what the commands below print would tell them apart.",
    "zh-hans": "你的回答对得上几种原因；下面这些命令的输出可以把它们区分开。",
}
DRAWN_AS_TEXT = {"mmd": mermaid, "dot": dot}
KEPT = ("lang", "theme", "install_method")
"""Query values that are no answers and stay in every link of an embed."""

NOTHING: Mapping[str, str] = {}


@require_GET
def guide_list(request: HttpRequest) -> HttpResponse:
    lang = content_language()
    guides = sorted(shelf.guides().values(), key=lambda one: FIRST.index(one.id) if one.id in FIRST else len(FIRST))
    listed = [
        {"title": guide.title[lang], "intro": guide.intro[lang], "address": guide.address, "most": len(guide.questions)}
        for guide in guides
    ]
    return render(request, "guides/list.html", {"section": "guides", "guides": listed})


def find(guide_id: str) -> Guide:
    found = shelf.guides().get(guide_id)
    if found is None:
        raise Http404("There is no such guide.")
    return found


@lru_cache(maxsize=2000)
def pair(name: str, value: str) -> str:
    """`name=value` as it stands in an address: the same few for all answers of all guides."""
    return urlencode([(name, value)])


def pairs(state: Mapping[str, str], kept: Mapping[str, str] = NOTHING) -> str:
    """The answers as they stand in an address, sorted, so that one state has one address; then what is kept."""
    return "&".join([pair(*item) for item in (*sorted(state.items()), *kept.items())])


def address_of(guide: Guide, state: Mapping[str, str], name: str = "guide") -> str:
    """A page of the guide at this state."""
    path = reverse(name, args=[guide.id])
    return f"{path}?{pairs(state)}" if state else path


def report_of(step: Step) -> Report:
    """Where the questions end: the same report as an upload's, by the same engine."""
    library = shelf.library()
    ranked = [(finding.cause, finding.confidence) for finding in step.diagnosis.findings]
    made = make_report(
        step.diagnosis,
        step.facts,
        [],
        {},
        causes=library.causes,
        families=library.families,
        articles=library.articles,
        offers=lambda cause: offers(cause, step.facts, library),
        next_steps=next_steps(step.facts, ranked, library),
        missing=library.missing(step.facts),
        telling_lines=library.telling_lines,
    )
    is_undecided = made["verdict"] == "insufficient-evidence"
    return {**made, "headline": UNDECIDED, "summary": UNDECIDED} if is_undecided else made


def guide_context(
    request: HttpRequest, guide_id: str, keep: tuple[str, ...] = (), case: Case | None = None
) -> dict[str, Any]:
    """What both faces of a step show. `keep`: query values to carry along in links; `case`: the upload to go on from."""
    guide = find(guide_id)
    lang = content_language()
    state = clean(guide, request.GET.dict())
    known = facts_of(case) if case else None
    step = walk(guide, state, shelf.library(), known)
    reopened = guide.questions.get(request.GET.get("ask", ""))
    if reopened and reopened.id not in state:  # what the upload gave is asked after all
        told = tuple(one for one in step.told if one.question.id != reopened.id)
        step = replace(step, told=told, question=reopened, because="written", left=max(step.left, 1))
    texts = {text.name: text.position for text in case.texts.defer("packed", "numbers")} if case else {}

    def line_address(line: Line | None) -> str:
        if case is None or line is None or line.file not in texts:
            return ""
        return f"{reverse('case_text', args=[case.pk, texts[line.file]])}?line={line.number}#L{line.number}"

    kept = {name: request.GET[name] for name in keep if request.GET.get(name)}

    def address(new_state: Mapping[str, str]) -> str:
        query = pairs(new_state, kept)
        return f"?{query}" if query else request.path

    def without(question: str) -> dict[str, str]:
        return {key: value for key, value in state.items() if key != question}

    context: dict[str, Any] = {
        "guide": guide,
        "title": guide.title[lang],
        "intro": guide.intro[lang],
        "told": [
            {
                "asked": told.question.asks[lang],
                "answer": told.answer.says[lang] if told.answer else "",
                "line": told.line,
                "line_address": line_address(told.line),
                "is_given": told.is_given,
                "change": address(state) + f"{'&' if '?' in address(state) else '?'}ask={told.question.id}"
                if told.is_given
                else address(without(told.question.id)),
            }
            for told in step.told
        ],
        "restart": address({}) if state else "",
        "left": ngettext("about %(n)s question left", "about %(n)s questions left", step.left) % {"n": step.left},
        "lean": leaning(step, lang) if state else [],
        "map_address": f"{guide.address}map.svg?{pairs(state)}",
        "is_first": not state,
    }
    if step.question:
        asked = step.question
        context |= {
            "question": asked,
            "heading": asked.asks[lang],
            "because": step.because,
            "answers": [
                {"says": answer.says[lang], "address": address({**state, asked.id: answer.id})}
                for answer in asked.answers
            ],
            "can_paste": any(answer.given for answer in asked.answers),
            "unknown": address({**state, asked.id: UNKNOWN}),
        }
    else:
        method = request.GET.get("install_method", "")
        method = method if method in shelf.library().install_methods else ""
        report = in_language(report_of(step), lang, method or None)
        context |= {
            "heading": report["headline"] if report["verdict"] == "cause" else guide.title[lang],
            "report": report,
            "method": method,
            "form_fields": [*sorted(state.items()), *((k, v) for k, v in kept.items() if k != "install_method")],
        }
    return context


def leaning(step: Step, lang: str) -> list[dict[str, Any]]:
    """Where it leans so far: the families, likeliest first."""
    families: Mapping[str, Mapping[str, Text]] = shelf.library().families
    ranked = [(family, total) for family, total in step.diagnosis.families.items() if total >= 0.1]
    return [
        {"title": families[family]["title"][lang], "probability": total, "in_words": in_words(total)[lang]}
        for family, total in ranked[:3]
    ]


def case_of(request: HttpRequest) -> Case | None:
    """The live, finished case that `?case=` names."""
    asked = request.GET.get("case", "")
    return Case.objects.live().filter(pk=asked[:32], status=Case.Status.DONE).first() if asked else None


def answered_by(pasted: str, question: Question) -> Answer | None:
    """The first answer that a pasted output gives."""
    told = given_answer(question, facts_of_text(pasted))
    return told.answer if told else None


def pasted_answer(request: HttpRequest, guide_id: str) -> HttpResponse | None:
    """To the next step, where the pasted output answers the question; None where it does not. Nothing is stored."""
    found = find(guide_id)
    question = found.questions.get(request.POST.get("question", ""))
    pasted = request.POST.get("pasted", "")
    answer = answered_by(pasted, question) if question and pasted.strip() else None
    if question is None or answer is None:
        return None
    query = {**clean(found, request.GET.dict()), question.id: answer.id}
    case = case_of(request)
    kept = {"case": case.pk} if case else {}
    return redirect(f"{found.address}?{pairs(query, kept)}")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, guide_id: str) -> HttpResponse:
    if request.method == "POST" and (onwards := pasted_answer(request, guide_id)):
        return onwards
    response = shown(request, guide_id)
    outcomes.visits.count(guide_id, response.about)  # set by shown()
    return response


@keep
def shown(request: HttpRequest, guide_id: str) -> HttpResponse:
    """The page of one step; its `about` is the question that it asks."""
    case = case_of(request)
    context = guide_context(request, guide_id, ("case",) if case else (), case)
    context["case_address"] = case.get_absolute_url() if case else ""
    context["paste_address"] = request.get_full_path() if context.get("can_paste") else ""
    context["was_unread"] = request.method == "POST"
    asked = context.get("question")
    if not asked:
        state = clean(context["guide"], request.GET.dict())
        context["outcome_address"] = address_of(context["guide"], state, "guide_outcome")
        context["thanks"] = request.GET.get("told", "")
    response = render(request, "guides/step.html", {"section": "guides", **context})
    response.about = asked.id if asked else outcomes.REPORT
    return response


@require_GET
def guide_map(request: HttpRequest, guide_id: str, form: str) -> HttpResponse:
    """The whole guide drawn, the way taken so far highlighted: a picture, a page around it, or its text for other tools."""
    found = find(guide_id)
    lang, causes, state = content_language(), shelf.library().causes, clean(found, request.GET.dict())
    if form in DRAWN_AS_TEXT:
        return HttpResponse(DRAWN_AS_TEXT[form](found, causes, lang), content_type="text/plain; charset=utf-8")
    if form != "svg":
        raise Http404("A guide is drawn as svg, mmd or dot.")
    svg = guide_svg(found, causes, lang, state)
    if request.GET.get("as") == "page":
        context = {
            "section": "guides",
            "guide": found,
            "title": found.title[lang],
            "step_address": address_of(found, state),
            "svg": mark_safe(INLINE_STYLE.sub("", svg)),  # noqa: S308  # drawn by us
        }
        return render(request, "guides/map.html", context)
    return HttpResponse(svg, content_type="image/svg+xml")
