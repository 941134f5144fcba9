"""What is hidden before anything is stored: one rule a line, with the pattern that finds it.

A pattern has the group `secret` (what is replaced) or replaces the whole match. The patterns stay within what Python,
JavaScript and Hyperscan understand alike, so the page can apply the same table before sending.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redaction:
    """name: what the stand-in is called; title: for people; pattern: what is found."""

    name: str
    title: dict[str, str]
    pattern: str
    group: int = 0  # the group that is replaced


def rule(name: str, en: str, zh: str, pattern: str, group: int = 0) -> Redaction:
    return Redaction(name, {"en": en, "zh-hans": zh}, pattern, group)


REDACTIONS: tuple[Redaction, ...] = (
    rule("private-key", "private keys", "私钥", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    rule("token", "access tokens by their form", "按格式识别的访问令牌",
         r"\b(hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|nvapi-[A-Za-z0-9_-]{16,}"
         r"|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|dckr_pat_[A-Za-z0-9_-]{16,}"
         r"|gpustack_[a-f0-9]{8,}_[a-f0-9]{16,}|ms-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})"),
    rule("jwt", "JSON web tokens", "JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    rule("bearer", "authorization headers", "Authorization 头", r"(?i)\b(?:authorization|proxy-authorization|x-api-key|cookie|set-cookie)[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?([^\s\"',;]{6,})", 1),
    rule("bearer", "bearer tokens", "Bearer 令牌", r"(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{12,})", 1),
    rule("url-password", "passwords in addresses", "网址中的密码", r"\b[a-z][a-z0-9+.-]*://[^\s:/@]*:([^\s/@]+)@", 1),
    rule("secret", "values of names such as …_TOKEN, …_KEY, password", "名称形如 …_TOKEN、…_KEY、password 的取值",
         r"(?i)(?:\b|_|-)(?:password|passwd|pwd|secret|api_?key|access_?key(?:_id)?|secret_?key|private_?key|auth_?token|access_?token|refresh_?token|client_?secret|(?:[a-z0-9]+_)+(?:token|secret|password|pass|key)|token)"
         r"[\"']?\s*[:=]\s*[\"']?([^\s\"',;&)}\]]{4,})", 1),
    rule("secret", "values of command-line options such as --token", "--token 之类命令行选项的取值", r"(?i)--(?:token|api-?key|password|hf-token|registration-token|bootstrap-password)(?:[ =])[\"']?([^\s\"']{4,})", 1),
    rule("webhook", "webhook addresses", "Webhook 地址", r"https://(?:hooks\.slack\.com|open\.feishu\.cn|oapi\.dingtalk\.com|discord(?:app)?\.com/api/webhooks|qyapi\.weixin\.qq\.com)/[^\s\"'<>]+"),
    rule("email", "e-mail addresses", "电子邮件地址", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b"),
    rule("ipv4", "public IPv4 addresses", "公网 IPv4 地址", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
    rule("ipv6", "public IPv6 addresses", "公网 IPv6 地址", r"\b[23][0-9a-fA-F]{3}:(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{1,4}\b"),
)
