"""What people call the inputs and the facts whose ids other programs rely on; an id of an older report stands for itself."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.fact_words import FACT_WORDS, OBSERVATION_WORDS
from troubleshoot.diagnosis.parsers import ALL_FORMATS
from troubleshoot.diagnosis.phases import ENGINE_NAMES

KIND_TITLES: dict[str, Text] = {form.kind: form.title for form in ALL_FORMATS}


def kind_title(kind: str, lang: str) -> str:
    return KIND_TITLES[kind][lang] if kind in KIND_TITLES else kind


def fact_title(name: str, lang: str) -> str:
    words = FACT_WORDS.get(name) or OBSERVATION_WORDS.get(name)
    return words[lang] if words else name


# Values that are words of their own, not names.
VALUES: dict[str, dict[str, Text]] = {
    "iommu": {
        "on": {"en": "on", "zh-hans": "开启"},
        "off": {"en": "off", "zh-hans": "关闭"},
        "passthrough": {"en": "passthrough", "zh-hans": "直通"},
        "translated": {"en": "translates addresses", "zh-hans": "转换地址"},
    },
    "fabric_manager": {
        "running": {"en": "running", "zh-hans": "运行中"},
        "stopped": {"en": "stopped", "zh-hans": "已停止"},
        "failed": {"en": "failed", "zh-hans": "已失败"},
        "not-installed": {"en": "not installed", "zh-hans": "未安装"},
    },
    "p2p_data_test": {
        "passed": {"en": "passed", "zh-hans": "通过"},
        "failed": {"en": "failed", "zh-hans": "未通过"},
    },
    "nccl_test": {
        "passed": {"en": "passed", "zh-hans": "通过"},
        "failed": {"en": "failed", "zh-hans": "未通过"},
        "wrong": {"en": "wrong data", "zh-hans": "数据有误"},
        "no-rows": {"en": "no result", "zh-hans": "没有结果"},
    },
    "instance_state": {
        "starting": {"en": "starting", "zh-hans": "启动中"},
        "running": {"en": "running", "zh-hans": "运行中"},
        "error": {"en": "error", "zh-hans": "错误"},
        "pending": {"en": "pending", "zh-hans": "等待中"},
        "analyzing": {"en": "analyzing", "zh-hans": "分析中"},
        "scheduled": {"en": "scheduled", "zh-hans": "已调度"},
        "initializing": {"en": "initializing", "zh-hans": "初始化中"},
        "downloading": {"en": "downloading", "zh-hans": "下载中"},
        "unreachable": {"en": "unreachable", "zh-hans": "不可达"},
    },
    "memlock": {"unlimited": {"en": "unlimited", "zh-hans": "不限"}},
    "cpu_vendor": {
        "amd": {"en": "AMD", "zh-hans": "AMD"},
        "intel": {"en": "Intel", "zh-hans": "Intel"},
        "zhaoxin": {"en": "Zhaoxin", "zh-hans": "兆芯"},
        "arm": {"en": "Arm", "zh-hans": "Arm"},
        "power": {"en": "POWER", "zh-hans": "POWER"},
    },
    "not_covered": {
        "amd": {"en": "AMD", "zh-hans": "AMD"},
        "ascend": {"en": "Ascend", "zh-hans": "昇腾"},
        "moore-threads": {"en": "Moore Threads", "zh-hans": "摩尔线程"},
        "iluvatar": {"en": "Iluvatar", "zh-hans": "天数智芯"},
        "hygon": {"en": "Hygon", "zh-hans": "海光"},
        "metax": {"en": "MetaX", "zh-hans": "沐曦"},
        "cambricon": {"en": "Cambricon", "zh-hans": "寒武纪"},
    },
    "engine": {engine: {"en": name, "zh-hans": name} for engine, name in ENGINE_NAMES.items()},
}


def value_in_words(name: str, value: object, lang: str) -> str:
    """A fact's value as people write it: bytes with a unit, words in the language asked for."""
    if isinstance(value, list):
        return ("、" if lang == "zh-hans" else ", ").join(value_in_words(name, one, lang) for one in value)
    if isinstance(value, int) and (name.endswith("_bytes") or name == "memlock"):
        return size(value)
    words = VALUES.get(name, {}).get(str(value))
    return words[lang] if words else str(value)


def size(count: int) -> str:
    """67108864 → "64 MiB"."""
    amount, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.3g} {units[0]}" if amount < 1000 else f"{amount:.0f} {units[0]}"
