"""The stored report in one language: as the contract's JSON, as plain text for a terminal, as Markdown for an issue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from troubleshoot.diagnosis.confidence import in_words
from troubleshoot.diagnosis.content import LANGUAGES

Report = dict[str, Any]

# Renderings' own words; the report's come with it.
WORDS: dict[str, dict[str, str]] = {
    "do": {"en": "DO THIS", "zh-hans": "这样做"},
    "why": {"en": "WHY", "zh-hans": "依据"},
    "for": {"en": "For", "zh-hans": "支持"},
    "against": {"en": "Against", "zh-hans": "反对"},
    "other": {"en": "OTHER CAUSES", "zh-hans": "其他可能"},
    "ruled_out": {"en": "RULED OUT", "zh-hans": "已排除"},
    "stopped": {"en": "WHERE IT STOPPED", "zh-hans": "停在哪里"},
    "next": {"en": "TO BE SURER", "zh-hans": "想更有把握"},
    "noticed": {"en": "ALSO NOTICED", "zh-hans": "另外注意到"},
    "gpus": {"en": "YOUR GPUS", "zh-hans": "你的 GPU"},
    "read": {"en": "WHAT WE READ", "zh-hans": "读到了什么"},
    "verify": {"en": "Check", "zh-hans": "验证"},
    "undo": {"en": "Take back", "zh-hans": "撤销"},
    "cost": {"en": "Cost", "zh-hans": "代价"},
    "workaround": {"en": "workaround", "zh-hans": "变通办法"},
    "fix": {"en": "fix", "zh-hans": "根本修复"},
    "check": {"en": "check", "zh-hans": "检查"},
    "done": {"en": "done", "zh-hans": "完成"},
    "stuck": {"en": "stuck", "zh-hans": "卡住"},
    "failed": {"en": "failed", "zh-hans": "失败"},
    "skipped": {"en": "skipped", "zh-hans": "跳过"},
    "not-reached": {"en": "not reached", "zh-hans": "未到达"},
    "healthy": {"en": "Healthy", "zh-hans": "正常"},
    "insufficient-evidence": {"en": "Not enough evidence", "zh-hans": "证据不足"},
    "lines": {"en": "lines", "zh-hans": "行"},
    "hidden": {"en": "hidden", "zh-hans": "处已隐藏"},
    "unread": {"en": "lines we could not read", "zh-hans": "行未能读懂"},
    "answer": {"en": "your answer", "zh-hans": "你的回答"},
}


def in_language(report: Report, lang: str = "en", install_method: str | None = None) -> Report:
    """The contract's JSON: each text in `lang`, snippets for `install_method` (when given and offered) first."""
    said = pick(report, lang if lang in LANGUAGES else "en")
    assert isinstance(said, dict)
    said["lang"] = lang if lang in LANGUAGES else "en"
    if install_method:
        for cause in said["causes"]:
            for remedy in cause["remedies"]:
                remedy["snippets"].sort(key=lambda snippet: snippet["method"] != install_method)
    return said


def pick(value: Any, lang: str) -> Any:
    """`value` with every table of words replaced by its words in `lang`."""
    if isinstance(value, dict):
        if value.keys() == set(LANGUAGES):
            return value[lang]
        return {key: pick(inner, lang) for key, inner in value.items()}
    if isinstance(value, list):
        return [pick(inner, lang) for inner in value]
    return value


def headline(report: Report) -> str:
    """The sentence above everything: how sure, and what it is."""
    lang = report["lang"]
    if report["verdict"] == "cause":
        sure = in_words(report["confidence"])[lang]
        colon = "：" if lang == "zh-hans" else ": "
        return f"{sure[:1].upper()}{sure[1:]}{colon}{report['headline']} ({report['confidence']:.2f})"
    return f"{WORDS[report['verdict']][lang]}"


def shown_snippets(remedy: dict[str, Any], most: int) -> list[dict[str, Any]]:
    snippets: list[dict[str, Any]] = remedy["snippets"]
    return snippets[:most]


def where(item: dict[str, Any], lang: str) -> str:
    return f"{item['file']}:{item['line']}" if item.get("file") else WORDS["answer"][lang]


def as_text(report: Report) -> str:
    """The report for a terminal (a report from `in_language`)."""
    lang = report["lang"]
    word = {key: words[lang] for key, words in WORDS.items()}
    out = [headline(report), report["summary"]]
    if report.get("observed"):
        out.append(report["observed"])
    for cause in report["causes"][:1] if report["verdict"] == "cause" else []:
        out += ["", word["do"]]
        for n, remedy in enumerate(cause["remedies"], 1):
            out.append(f" {n}  {remedy['title']} — {word[remedy['kind']]}. {word['cost']}: {remedy['cost']}")
            for snippet in shown_snippets(remedy, 3):
                out.append(f"    [{snippet['title']}]")
                out += [f"      {line}" for line in snippet["text"].splitlines()]
                out += [f"    {word['verify']}: {snippet['verify']}", f"    {word['undo']}: {snippet['undo']}"]
        out += [
            "",
            word["why"],
            *evidence_text(cause["evidence"], "+", lang),
            *evidence_text(cause["against"], "-", lang),
        ]
    others = report["causes"][1:] if report["verdict"] == "cause" else report["causes"]
    if others:
        out += ["", word["other"]]
        out += [f"  {cause['confidence']:.2f}  {cause['title']} ({cause['id']})" for cause in others]
    phases = report["timeline"]["phases"]
    if phases:
        out += ["", word["stopped"]]
        out += [f"  {phase['title']}: {word[phase['state']]}{seconds(phase)}" for phase in phases]
    for matrix in report["topology"]:
        out += ["", word["gpus"]]
        out += [f"  {pair}: {code}" for pair, code in matrix["gpu_links"].items()]
    if report["next_steps"]:
        out += ["", word["next"]]
        for step in report["next_steps"]:
            out += [
                f"  {step['title']}",
                *(f"    $ {line}" for line in step["command"].splitlines()),
                f"    {step['why']}",
            ]
    for key, title in (("also_noticed", "noticed"), ("ruled_out", "ruled_out")):
        if report[key]:
            out += ["", word[title]]
            out += [
                f"  {item.get('title') or where(item, lang)}: {item.get('because') or item.get('says')}"
                for item in report[key]
            ]
    out += ["", word["read"], *inputs_text(report["inputs"], word)]
    return "\n".join(out) + "\n"


def seconds(phase: dict[str, Any]) -> str:
    return "" if phase["seconds"] is None else f" ({phase['seconds']:.0f} s)"


def evidence_text(items: Iterable[dict[str, Any]], sign: str, lang: str) -> list[str]:
    out = []
    for item in items:
        out.append(f"  {sign} {where(item, lang)}: {item['text'].strip()[:300]}")
        out.append(f"      {item['says']}")
    return out


def inputs_text(inputs: Iterable[dict[str, Any]], word: dict[str, str]) -> list[str]:
    out = []
    for item in inputs:
        kinds = ", ".join(item["kinds"]) or "—"
        out.append(
            f"  {item['name']}: {item['lines']} {word['lines']}, {kinds}; {item['unread_lines']} {word['unread']}; "
            f"{item['redactions']} {word['hidden']}"
        )
        out += [f"    {note}" for note in item["notes"]]
    return out


def fenced(text: str, language: str = "") -> list[str]:
    """A code block whose fence is longer than any run of backticks inside it."""
    longest = max((len(run) for run in text.replace("`", " `").split() if set(run) == {"`"}), default=0)
    fence = "`" * max(3, longest + 1, 4 if "```" in text else 3)
    return [f"{fence}{language}", *text.splitlines(), fence]


def as_markdown(report: Report) -> str:
    """The report to paste into an issue or a wiki (a report from `in_language`)."""
    lang = report["lang"]
    word = {key: words[lang] for key, words in WORDS.items()}
    out = [f"## {headline(report)}", "", report["summary"]]
    if report.get("observed"):
        out += ["", report["observed"]]
    for cause in report["causes"][:1] if report["verdict"] == "cause" else []:
        out += ["", f"### {word['do'].capitalize()}"]
        for n, remedy in enumerate(cause["remedies"], 1):
            out += ["", f"{n}. **{remedy['title']}** ({word[remedy['kind']]}) — {word['cost']}: {remedy['cost']}"]
            for snippet in shown_snippets(remedy, 3):
                out += ["", f"   {snippet['title']}:", ""]
                out += [f"   {line}" for line in fenced(snippet["text"], snippet["language"])]
                out += ["", f"   {word['verify']}: {snippet['verify']}", f"   {word['undo']}: {snippet['undo']}"]
        out += ["", f"### {word['why'].capitalize()}"]
        for label, items in ((word["for"], cause["evidence"]), (word["against"], cause["against"])):
            if items:
                out += ["", f"**{label}**", ""]
            for item in items:
                out += [f"- `{where(item, lang)}` {item['says']}"]
                if item["text"]:
                    out += ["", *(f"  {line}" for line in fenced(item["text"].strip()[:500])), ""]
    others = report["causes"][1:] if report["verdict"] == "cause" else report["causes"]
    if others:
        out += ["", f"### {word['other'].capitalize()}", ""]
        out += [f"- {cause['confidence']:.2f} {cause['title']} (`{cause['id']}`)" for cause in others]
    if report["timeline"]["phases"]:
        out += ["", f"### {word['stopped'].capitalize()}", ""]
        out += [f"- {phase['title']}: {word[phase['state']]}{seconds(phase)}" for phase in report["timeline"]["phases"]]
    if report["next_steps"]:
        out += ["", f"### {word['next'].capitalize()}", ""]
        for n, step in enumerate(report["next_steps"], 1):
            out += [
                f"{n}. {step['title']} — {step['why']}",
                "",
                *(f"   {x}" for x in fenced(step["command"], "sh")),
                "",
            ]
    if report["ruled_out"]:
        out += ["", f"### {word['ruled_out'].capitalize()}", ""]
        out += [f"- {item['title']}: {item['because']}" for item in report["ruled_out"]]
    out += [
        "",
        f"### {word['read'].capitalize()}",
        "",
        *(f"- {x.strip()}" for x in inputs_text(report["inputs"], word)),
    ]
    return "\n".join(out) + "\n"
