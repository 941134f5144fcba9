"""The stored report in one language: as the contract's JSON, as plain text for a terminal, as Markdown for an issue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from troubleshoot.diagnosis import shown
from troubleshoot.diagnosis.confidence import in_figures, in_words
from troubleshoot.diagnosis.content import LANGUAGES
from troubleshoot.diagnosis.names import kind_title
from troubleshoot.diagnosis.rendering_words import WORDS

Report = dict[str, Any]

SHORT_FILE = 60  # lines of a user's own file that are given whole; of a longer one the difference is told


def in_language(report: Report, lang: str = "en", install_method: str | None = None) -> Report:
    """The contract's JSON: each text in `lang`, snippets for `install_method` (when given and offered) first."""
    said = pick(report, lang if lang in LANGUAGES else "en")
    assert isinstance(said, dict)
    said["lang"] = lang if lang in LANGUAGES else "en"
    if install_method:
        said["install_method"] = install_method
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
        colon, opening, closing = ("：", "（", "）") if lang == "zh-hans" else (": ", " (", ")")
        figures = f"{opening}{in_figures(report['confidence'])}{closing}"
        return f"{sure[:1].upper()}{sure[1:]}{colon}{report['headline']}{figures}"
    return WORDS[report["verdict"]][lang]


def where(item: dict[str, Any], report: Report) -> str:
    if item.get("file"):
        return f"{item['file']}:{item['line']}"
    return WORDS["together" if report["inputs"] else "answer"][report["lang"]]


def own_text(file: dict[str, Any]) -> tuple[str, str]:
    """(a user's own file with the change, its language): whole where it is short, else what differs."""
    if file["text"].count("\n") <= SHORT_FILE:
        return file["text"], {"docker-run": "sh", "env-file": "ini", "unit": "ini"}.get(file["kind"], "yaml")
    return file["diff"], "diff"


def to_paste(remedy: dict[str, Any], method: str | None, words: dict[str, str]) -> list[dict[str, Any]]:
    """What a remedy says to run, in order: (title, text, language, verify, undo, notes)."""
    first, _ = shown.snippets(remedy, method)
    main = shown.main_snippet(remedy, method)
    own = [
        {"title": f"{words['own']} ({file['file']}:{file['line']})", "text": text, "language": language,
         "verify": main["verify"], "undo": main["undo"], "notes": " ".join(file["notes"])}
        for file in shown.own_files(remedy, method)
        for text, language in [own_text(file)] if main
    ]  # fmt: skip
    return [*(one for one in first if not (own and one is main)), *own]


def headings(report: Report) -> dict[str, str]:
    """The renderings' words in the report's language, with the headings that depend on what was found."""
    words = {key: said[report["lang"]] for key, said in WORDS.items()}
    if report["timeline"].get("outcome") == "ready":
        words["stopped"] = words["started"]
    elif shown.is_going_on(report):
        words |= {"stopped": words["stands"], "stuck": words["going-on"]}
    if report["verdict"] == "insufficient-evidence":
        words["next"] = words["run"]
    elif report["verdict"] == "healthy":
        words["next"] = words["next-healthy"]
    elif in_words(report["confidence"]) == in_words(1.0):
        words["next"] = words["next-settled"]
    return words


def as_text(report: Report) -> str:
    """The report for a terminal (a report from `in_language`)."""
    word, method = headings(report), report.get("install_method")
    out = [headline(report), report["summary"]]
    out += [report[key] for key in ("observed", "not_covered") if report.get(key)]
    out += steps_text(report, word) if report["verdict"] == "insufficient-evidence" else []
    for cause in report["causes"][:1] if report["verdict"] == "cause" else []:
        out += ["", word["do"].upper()]
        for n, remedy in enumerate(cause["remedies"], 1):
            out.append(f" {n}  {remedy['title']} — {word[remedy['kind']]}. {word['cost']}: {remedy['cost']}")
            if remedy.get("caution"):
                out.append(f"    {remedy['caution']}")
            for snippet in to_paste(remedy, method, word):
                out.append(f"    [{snippet['title']}]")
                out += [f"      {line}" for line in snippet["text"].splitlines()]
                out += [f"    {snippet['notes']}"] if snippet.get("notes") else []
                out += [f"    {word['verify']}: {snippet['verify']}", f"    {word['undo']}: {snippet['undo']}"]
            out += [f"    (+ {n} {word['installations']})" for n in [len(more_methods(remedy, method))] if n]
    if report["causes"]:
        cause = report["causes"][0]
        out += ["", word["why" if report["verdict"] == "cause" else "closest"].upper()]
        if report["verdict"] != "cause" or shown.speaks_for_its_family(report):
            out.append(f"  {cause_line(cause)}")
        out += [*reasons_text(cause["evidence"], "+", report), *reasons_text(cause["against"], "-", report)]
    for key, causes in other_causes(report).items():
        out += ["", word[key].upper(), *(f"  {cause_line(cause)}" for cause in causes)]
    if shown.is_seen(report["timeline"]):
        out += ["", word["stopped"].upper()]
        out += [f"  {phase['title']}: {word[phase['state']]}{seconds(phase)}" for phase in report["timeline"]["phases"]]
    for matrix in report["topology"]:
        out += ["", word["gpus"].upper()]
        out += [f"  {pair}: {code}" for pair, code in matrix["gpu_links"].items()]
    out += steps_text(report, word) if report["verdict"] != "insufficient-evidence" else []
    if noticed := [item for item in report["also_noticed"] if not item.get("harmless")]:
        out += ["", word["noticed"].upper(), *(f"  {where(item, report)}: {item['says']}" for item in noticed)]
    if report["ruled_out"]:
        out += ["", word["ruled_out"].upper()]
        out += [f"  {item['title']}: {item['because']}" for item in report["ruled_out"]]
    out += ["", word["read"].upper(), *inputs_text(report["inputs"], report["lang"])]
    return "\n".join(out) + "\n"


def more_methods(remedy: dict[str, Any], method: str | None) -> set[str]:
    """The install methods that have a snippet and are not shown."""
    first, others = shown.snippets(remedy, method)
    return {snippet["method"] for snippet in others} - {snippet["method"] for snippet in first} - {"host"}


def other_causes(report: Report) -> dict[str, list[dict[str, Any]]]:
    """Heading → the causes below it; kin stand apart where the headline speaks for the whole family."""
    if len(report["causes"]) < 2:
        return {}
    kin, others = shown.kin(report), shown.others(report)
    if not shown.speaks_for_its_family(report):
        kin, others = [], [*kin, *others]
    return {key: causes for key, causes in (("kin", kin), ("other", others)) if causes}


def cause_line(cause: dict[str, Any]) -> str:
    return f"{in_figures(cause['confidence'])}  {cause['title']} [{cause['id']}]"


def steps_text(report: Report, word: dict[str, str]) -> list[str]:
    out = ["", word["next"].upper()] if report["next_steps"] else []
    for step in report["next_steps"]:
        out += [f"  {step['title']}", *(f"      {line}" for line in step["command"].splitlines()), f"    {step['why']}"]
    return out


def seconds(phase: dict[str, Any]) -> str:
    return "" if phase["seconds"] is None else f" ({phase['seconds']:.0f} s)"


def reasons_text(items: Iterable[dict[str, Any]], sign: str, report: Report) -> list[str]:
    out = []
    for reason in shown.reasons(items):
        first, *more = reason["sentences"]
        out += [f"  {sign} {first}", *(f"    {sentence}" for sentence in more)]
        if not reason["lines"]:
            out.append(f"      ({where(reason, report)})")
        for line in reason["lines"]:
            quoted = "" if line["seen"] else f": {line['text'].strip()[:300]}"
            out.append(f"      {where(line, report)}{quoted}")
    return out


def inputs_text(inputs: Iterable[dict[str, Any]], lang: str) -> list[str]:
    out = []
    for item in inputs:
        kinds = ("、" if lang == "zh-hans" else ", ").join(kind_title(kind, lang) for kind in item["kinds"]) or "—"
        lines, unread, hidden = item["lines"], item["unread_lines"], item["redactions"]
        if lang == "zh-hans":
            out.append(f"  {item['name']}：{lines} 行，{kinds}；{unread} 行未读懂；隐藏了 {hidden} 处敏感信息")
        else:
            plural = "" if lines == 1 else "s"
            out.append(
                f"  {item['name']}: {lines} line{plural}, {kinds}; {unread} not understood; {hidden} secrets hidden"
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
    word, method = headings(report), report.get("install_method")
    out = [f"## {headline(report)}", "", report["summary"]]
    for key in ("observed", "not_covered"):
        out += ["", report[key]] if report.get(key) else []
    out += steps_markdown(report, word) if report["verdict"] == "insufficient-evidence" else []
    for cause in report["causes"][:1] if report["verdict"] == "cause" else []:
        out += ["", f"### {word['do']}"]
        for n, remedy in enumerate(cause["remedies"], 1):
            out += ["", f"{n}. **{remedy['title']}** ({word[remedy['kind']]}) — {word['cost']}: {remedy['cost']}"]
            if remedy.get("caution"):
                out += ["", f"   {remedy['caution']}"]
            for snippet in to_paste(remedy, method, word):
                out += ["", f"   {snippet['title']}:", ""]
                out += [f"   {line}" for line in fenced(snippet["text"], snippet["language"])]
                said = [snippet["notes"]] if snippet.get("notes") else []
                said += [f"{word['verify']}: {snippet['verify']}", f"{word['undo']}: {snippet['undo']}"]
                out += [line for one in said for line in ("", f"   {one}")]
    if report["causes"]:
        cause = report["causes"][0]
        out += ["", f"### {word['why' if report['verdict'] == 'cause' else 'closest']}"]
        if report["verdict"] != "cause" or shown.speaks_for_its_family(report):
            out += ["", f"{in_figures(cause['confidence'])} {cause['title']} (`{cause['id']}`)"]
        for label, items in ((word["for"], cause["evidence"]), (word["against"], cause["against"])):
            out += ["", f"**{label}**", *reasons_markdown(items, report)] if items else []
    for key, causes in other_causes(report).items():
        out += ["", f"### {word[key]}", ""]
        out += [f"- {in_figures(cause['confidence'])} {cause['title']} (`{cause['id']}`)" for cause in causes]
    if shown.is_seen(report["timeline"]):
        out += ["", f"### {word['stopped']}", ""]
        out += [f"- {phase['title']}: {word[phase['state']]}{seconds(phase)}" for phase in report["timeline"]["phases"]]
    out += steps_markdown(report, word) if report["verdict"] != "insufficient-evidence" else []
    if noticed := [item for item in report["also_noticed"] if not item.get("harmless")]:
        out += ["", f"### {word['noticed']}", "", *(f"- `{where(item, report)}` {item['says']}" for item in noticed)]
    if report["ruled_out"]:
        out += ["", f"### {word['ruled_out']}", ""]
        out += [f"- {item['title']}: {item['because']}" for item in report["ruled_out"]]
    out += ["", f"### {word['read']}", "", *(f"- {x.strip()}" for x in inputs_text(report["inputs"], report["lang"]))]
    return "\n".join(out) + "\n"


def reasons_markdown(items: Iterable[dict[str, Any]], report: Report) -> list[str]:
    out = []
    for reason in shown.reasons(items):
        out += ["", f"- {' '.join(reason['sentences'])}"]
        if not reason["lines"]:
            out[-1] += f" ({where(reason, report)})"
        for line in reason["lines"]:
            out += ["", f"  `{where(line, report)}`"]
            out += [] if line["seen"] else ["", *(f"  {x}" for x in fenced(line["text"].strip()[:500]))]
    return out


def steps_markdown(report: Report, word: dict[str, str]) -> list[str]:
    out = ["", f"### {word['next']}"] if report["next_steps"] else []
    for n, step in enumerate(report["next_steps"], 1):
        out += ["", f"{n}. {step['title']} — {step['why']}", "", *(f"   {x}" for x in fenced(step["command"], "sh"))]
    return out
