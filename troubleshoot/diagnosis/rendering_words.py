"""The words that text and Markdown add to a report; all others come with it."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Text

WORDS: dict[str, Text] = {
    "do": {"en": "Do this", "zh-hans": "这样做"},
    "why": {"en": "Why", "zh-hans": "依据"},
    "closest": {"en": "What comes closest", "zh-hans": "最接近的可能"},
    "for": {"en": "For", "zh-hans": "支持"},
    "against": {"en": "Against", "zh-hans": "反对"},
    "kin": {"en": "Or one of its kin", "zh-hans": "也可能是同类的另一种"},
    "other": {"en": "What else it may be", "zh-hans": "其他可能"},
    "ruled_out": {"en": "Ruled out", "zh-hans": "已排除"},
    "stopped": {"en": "Where it stopped", "zh-hans": "停在哪里"},
    "stands": {"en": "Where it stands", "zh-hans": "走到哪里"},
    "started": {"en": "How it started", "zh-hans": "启动过程"},
    "run": {"en": "Run this, the most telling first", "zh-hans": "先运行这些，最能说明问题的在前"},
    "next": {"en": "To be surer, run this", "zh-hans": "想更有把握，运行这些"},
    "next-settled": {"en": "If that does not help, send this", "zh-hans": "如果这样还不行，请发送这些"},
    "next-healthy": {"en": "If it still does not answer", "zh-hans": "如果仍然没有响应"},
    "noticed": {"en": "Also noticed", "zh-hans": "另外注意到"},
    "gpus": {"en": "Your GPUs", "zh-hans": "你的 GPU"},
    "read": {"en": "What we read", "zh-hans": "读到了什么"},
    "verify": {"en": "Check", "zh-hans": "验证"},
    "undo": {"en": "Take back", "zh-hans": "撤销"},
    "cost": {"en": "Cost", "zh-hans": "代价"},
    "workaround": {"en": "workaround", "zh-hans": "变通办法"},
    "fix": {"en": "fix", "zh-hans": "根本修复"},
    "check": {"en": "check", "zh-hans": "检查"},
    "done": {"en": "done", "zh-hans": "完成"},
    "stuck": {"en": "stuck", "zh-hans": "卡住"},
    "going-on": {"en": "going on", "zh-hans": "正在进行"},
    "failed": {"en": "failed", "zh-hans": "失败"},
    "skipped": {"en": "not in the log", "zh-hans": "日志里没有"},
    "not-reached": {"en": "not reached", "zh-hans": "未到达"},
    "healthy": {"en": "It started. Nothing is wrong.", "zh-hans": "已经启动，没有问题。"},
    "insufficient-evidence": {"en": "Not enough to name a cause", "zh-hans": "还不足以断定原因"},
    "answer": {"en": "your answer", "zh-hans": "你的回答"},
    "together": {"en": "several readings together", "zh-hans": "多项读数合起来"},
    "own": {"en": "Your own, with the change", "zh-hans": "你自己的，已改好"},
    "installations": {"en": "more installations: on the report's page, or with --install-method", "zh-hans": "种其他安装方式：见报告页面，或用 --install-method"},
}  # fmt: skip
