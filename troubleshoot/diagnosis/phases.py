"""The launch phases in words, and the one sentence that says what was seen."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.timeline import Timeline

PHASE_TITLES: dict[str, Text] = {
    "prepare": {"en": "prepare model files", "zh-hans": "准备模型文件"},
    "start": {"en": "start processes", "zh-hans": "启动进程"},
    "rendezvous": {"en": "ranks meet", "zh-hans": "进程会合"},
    "nccl-init": {"en": "NCCL set-up", "zh-hans": "NCCL 初始化"},
    "all-reduce-setup": {"en": "all-reduce set-up", "zh-hans": "all-reduce 准备"},
    "load": {"en": "load weights", "zh-hans": "加载权重"},
    "profile": {"en": "profile and compile", "zh-hans": "剖析与编译"},
    "capture": {"en": "capture graphs", "zh-hans": "图捕获"},
    "ready": {"en": "ready", "zh-hans": "就绪"},
}

IS_READY: Text = {"en": "reached its ready line", "zh-hans": "已经就绪"}
LONG_STEP_SECONDS = 30  # a step shorter than this explains nothing
NCCL_CARRIES: Text = {
    "en": "nccl-tests ran to its end: NCCL carries data between these GPUs.",
    "zh-hans": "nccl-tests 跑到了最后：NCCL 能在这些 GPU 之间传数据。",
}
ENGINE_NAMES = {"vllm": "vLLM", "sglang": "SGLang", "tgi": "TGI", "lmdeploy": "LMDeploy", "torch": "PyTorch"}


def duration(seconds: float) -> Text:
    """A length of time as people say it: "40 s", "31 min", "2 h 5 min"."""
    if seconds < 90:
        return {"en": f"{seconds:.0f} s", "zh-hans": f"{seconds:.0f} 秒"}
    minutes = round(seconds / 60)
    if minutes < 90:
        return {"en": f"{minutes} min", "zh-hans": f"{minutes} 分钟"}
    hours, rest = divmod(minutes, 60)
    return {"en": f"{hours} h {rest} min", "zh-hans": f"{hours} 小时 {rest} 分钟"}


def how_long_it_took(timeline: Timeline) -> Text:
    """What is said of a launch that became ready: after how long, and which step took most of it, where the log has times."""
    took = {phase.id: phase.seconds for phase in timeline.phases if phase.seconds}
    total = sum(took.values())
    if total < 1:
        return IS_READY
    length = duration(total)
    longest = max(took, key=lambda phase: took[phase])
    said = {"en": f"was ready after {length['en']}", "zh-hans": f"用了 {length['zh-hans']}就绪"}
    if len(took) > 1 and took[longest] >= LONG_STEP_SECONDS:
        title, step = PHASE_TITLES[longest], duration(took[longest])
        said = {
            "en": f"{said['en']}; the longest step was “{title['en']}”, {step['en']}",
            "zh-hans": f"{said['zh-hans']}，最久的一步是“{title['zh-hans']}”，{step['zh-hans']}",
        }
    return said


def what_was_seen(facts: Facts) -> Text | None:
    """One sentence: which engine, where the launch stands, for how long nothing more was said. None without a launch."""
    timeline = facts.timeline
    if facts.value("nccl_test") == "passed" and facts.value("engine") == "nccl-tests":
        return NCCL_CARRIES
    if timeline is None or not any(phase.state != "not-reached" for phase in timeline.phases):
        return None
    engine = str(facts.value("engine") or "")
    name = ENGINE_NAMES.get(engine, engine)
    who: Text = {"en": name or "The launch", "zh-hans": name or "启动"}
    version = facts.value("engine_version")
    if name and version:
        who = {lang: f"{words} {version}" for lang, words in who.items()}
    size = facts.value("tensor_parallel_size")
    if isinstance(size, int) and size > 1:
        who = {"en": f"{who['en']} on {size} GPUs", "zh-hans": f"{who['zh-hans']}（{size} 块 GPU）"}
    reached = [phase.id for phase in timeline.phases if phase.state != "not-reached"]
    at = PHASE_TITLES[timeline.stuck_in or reached[-1]]
    said: Text
    if timeline.outcome == "ready":
        said = how_long_it_took(timeline)
        if said == IS_READY and not version and not size:
            return None  # the report's summary says as much
    elif timeline.outcome == "crashed":
        said = {"en": f"failed during “{at['en']}”", "zh-hans": f"在“{at['zh-hans']}”阶段失败"}
        if isinstance(rank := facts.value("failed_rank"), int):
            said = {"en": f"{said['en']}, rank {rank} first", "zh-hans": f"{said['zh-hans']}，rank {rank} 最先失败"}
    elif timeline.outcome == "slow":
        said = {"en": f"is still busy with “{at['en']}”", "zh-hans": f"仍在进行“{at['zh-hans']}”"}
    else:
        said = {"en": f"says nothing more after “{at['en']}”", "zh-hans": f"在“{at['zh-hans']}”之后再无输出"}
    silent = timeline.silent_for_seconds
    if silent is not None and silent >= 1 and timeline.outcome not in ("ready", "crashed"):
        length = duration(silent)
        said = {
            "en": f"{said['en']}, for at least {length['en']}",
            "zh-hans": f"{said['zh-hans']}，至少已有 {length['zh-hans']}",
        }
    gap = " " if who["zh-hans"][-1].isascii() else ""  # between Latin and Chinese, not after a bracket
    return {"en": f"{who['en']} {said['en']}.", "zh-hans": f"{who['zh-hans']}{gap}{said['zh-hans']}。"}
