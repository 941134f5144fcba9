"""What is hidden before anything is stored: one rule a line, with the pattern that finds it and what it leaves alone.

The patterns stay within what Python, JavaScript and Hyperscan understand alike (no lookaround, no backreference, flags
apart), so the page applies the same table before sending (`redaction_table.as_json`) and the automaton finds the lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from troubleshoot.diagnosis.evidence import Text


@dataclass(frozen=True, slots=True)
class Redaction:
    """One thing to hide.

    name         what its stand-in is called: `<token-1>`
    title        for people
    pattern      what is found; `group` of it is the secret (0: all of it); `flags` is "" or "i"
    keep         a secret that this matches from its start is none ("None", "$TOKEN", a private address …)
    keep_match   the same, searched in the whole match (`eos_token=…`)
    keep_before  the same, searched in the 40 characters before the match (a pattern of their end)
    keep_after   the same, matched from the end of the secret on
    until, body  a block: hidden up to the line that has `until`, as long as the lines look like `body`
    after        speaks only on the line after one that this matches (`name: HF_TOKEN` above `value: …`)
    """

    name: str
    title: Text = field(compare=False)
    pattern: str
    group: int = 0
    flags: str = ""
    keep: str = ""
    keep_match: str = ""
    keep_before: str = ""
    keep_after: str = ""
    until: str = ""
    body: str = ""
    after: str = ""


def rule(name: str, en: str, zh: str, pattern: str, group: int = 0, **more: str) -> Redaction:
    return Redaction(name, {"en": en, "zh-hans": zh}, pattern, group, **more)


# Stand-ins, nothing, switches, variables, templates, calls, types in a traceback's source line, masked values.
NOTHING = (
    r"(?:<|\$|\{\{|%[({]|\*{2}|x{3,}\b|X{3,}\b|\.\.\.|…|-{2,}"
    r"|(?:none|null|nil|true|false|auto|default|required|optional|yes|no|unset|unknown|redacted|hidden|masked|secret|empty|str|bytes|int|float|bool|"
    r"optional\[.*|union\[.*|list\[.*|dict\[.*|any)(?:[\s\"',;:)}\]>|&]|\.?$)"
    r"|(?:os|self|args|kwargs|config|request|settings|cls|env|envs|params|options|torch)[.\[]|[A-Za-z_][\w.]*\()"
)
# A number ends where it ends: `68e2270c…` and `/x7Qz…` are keys.
NUMBER = r"\d{1,6}(?:\.\d+)?\s?[A-Za-z%]{0,3}(?:[^A-Za-z0-9+/_=~.-]|$)|\d{1,6}/\d{1,6}$|\d{4}-\d\d-\d\d(?:\D|$)"
NUMBER_OR_PATH = NUMBER + r"|~?/(?:[a-z][a-z_.-]{0,30}\d{0,3}|v\d)(?:[/:\s]|$)|\.{1,2}/"
# Tokens of a tokenizer and keys of a cache are no secrets.
NOT_A_SECRETS_NAME = (
    r"(?:bos|eos|eot|eom|pad|unk|sep|cls|mask|stop|begin|end|start|image|video|audio|vision|special|next|prompt|first|last|max|min|num|new|per|spec|draft|bonus|"
    r"cached?|sampled?|reasoning|think|thinking|tool|add|ignore|assistant|user|system|role|im|soft|space|word|fim|placeholder|continuation|generated|output|input|current|"
    r"out|decode|total|batched|comm|store|shared_memory|hash|block|sort|primary|foreign|public|layer|expert|weight|state|partition|dict|group)"
    r"[_.\- ]?(?:token|key)s?[\"'\\]{0,2}\s{0,3}[:=]"
)
BARE = r"[^\s\"',;&<>(){}\[\]|\\]"

# What stands in quotes, escaped quotes inside it too; or in escaped quotes.
QUOTED = r"(?:\"((?:[^\"\\]|\\.){1,4000})|\\\"([^\"\\]{1,4000}))"
SINGLE_QUOTED = QUOTED.replace(r"\"", "'")
_NAME_END = r"(?:token|secret|password|passwd|_pass|_pwd|_key|api_?key|credentials?)"
_NAMED = r"[A-Za-z0-9_.-]{0,60}" + _NAME_END

# A name is tried from its beginning only, or a line of one long word would take a minute.
_PREFIX = r"(?:^|[^A-Za-z0-9_.-])[A-Za-z0-9_.-]{0,120}"
_BETWEEN = r"(?:[\"'\\]{0,2}|&quot;|&#3[49];)\]?\s{0,8}(?:=>|[:=：])\s{0,3}\[?(?:&quot;|&#3[49];)?"
_PASSWORD = _PREFIX + r"(?:password|passwd|passphrase|_pass|_pwd|\bpwd|密码|口令)" + _BETWEEN
_SECRET = (
    _PREFIX
    + r"(?:secret|token|credentials?|_auth|api[_-]?keys?|(?:access|secret|private|account|shared|signing|encryption|master|license|admin|service|ssh|auth)[_-]?key(?:[_-]?id)?"
    r"|sessionid|phpsessid|jsessionid|令牌|密钥)" + _BETWEEN
)
_OPTION = r"(?:token|api-?keys?|password|passwd|secret|secret-key|access-key(?:-id)?|auth-?key)"
_ENV_KEY = r"(?:^|[^A-Z0-9_])[A-Z0-9_]{1,120}_KEY" + _BETWEEN
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"

# Packages whose versions have four parts. A name that only begins like one (`cuda-node-1  52.94.236.248`) is a host's.
_PACKAGE = (
    r"(?:^|[^A-Za-z0-9_.-])(?:nvidia-)?(?:lib)?(?:nccl|cudnn|cublas|cufft|cufile|curand|cusolver|cusparse|cusparselt|cutensor|cuda|npp|nvjpeg|nvjitlink|nvshmem|nvtx|tensorrt"
    r"|opencv|mkl|ucx|openmpi|rdma-core)[0-9]{0,2}"
    r"(?:[-_](?:cu[0-9]{2}|cuda|[0-9]{1,2}|dev|devel|static|python|headless|contrib|version|toolkit|runtime|nvcc|cudart|nvrtc|cupti|nvtx|libraries|libs|compiler|bindings|service))*"
)

_SECRETS_EN, _SECRETS_ZH = (
    "values of names such as …_TOKEN, …_SECRET, api_key",
    "名称形如 …_TOKEN、…_SECRET、api_key 的取值",
)
_PASSWORDS_EN, _PASSWORDS_ZH = "values of names such as password, …_PASSWORD", "名称形如 password、…_PASSWORD 的取值"
_KEYS_EN, _KEYS_ZH = "values of variables named …_KEY", "名称形如 …_KEY 的变量的取值"
_LOGINS_EN, _LOGINS_ZH = "passwords on a command line", "命令行中的密码"

REDACTIONS: tuple[Redaction, ...] = (
    rule(
        "private-key",
        "private keys",
        "私钥",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
        until=r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
        body=r"(?:^|[\s|>\"'])[A-Za-z0-9+/=]{1,80}(?:\\n)?[\"',\s]*$|Proc-Type|DEK-Info|^\W*$|^\s*(?:Version|Comment): ",
    ),
    rule(
        "url-password",
        "passwords in addresses",
        "网址中的密码",
        r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,80}:([^\s/\"'<>]{1,200})@",
        1,
        keep=NOTHING,
    ),
    rule(
        "url-password",
        "passwords in addresses",
        "网址中的密码",
        r"(?:^|[\s\"'=(])[A-Za-z0-9_.-]{1,40}:([^\s:/@\"'<>]{4,100})@[A-Za-z0-9]",
        1,
        keep=NOTHING + r"|[\d.:]+$",
        keep_match=r"mailto:",
        keep_after=r"@sha\d",
    ),
    rule("url-password", "keys in addresses", "网址中的密钥", r"\bhttps?://([^\s:/@\"'<>]{16,200})@", 1, keep=NOTHING),
    rule(
        "webhook",
        "webhook addresses",
        "Webhook 地址",
        r"\bhttps://(?:hooks\.slack\.com/|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/|oapi\.dingtalk\.com/robot/|(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/|qyapi\.weixin\.qq\.com/cgi-bin/webhook/"
        r"|[a-z0-9-]{1,60}\.webhook\.office\.com/|api\.telegram\.org/bot|maker\.ifttt\.com/|hooks\.zapier\.com/)[^\s\"'<>\\]{1,300}",
    ),
    rule(
        "token",
        "signatures and keys in addresses",
        "网址参数中的签名与密钥",
        r"[?&;](?:sig|signature|token|access_token|auth|apikey|api_key|key|secret|password|code|x-amz-signature|x-amz-credential|x-amz-security-token|awsaccesskeyid|x-goog-signature)=([^\s&\"'<>]{6,2000})",
        1,
        flags="i",
        keep=NOTHING,
    ),
    rule(
        "cookie",
        "cookies",
        "Cookie",
        r"\b(?:set-)?cookie[\"'\\]{0,2}\s{0,3}:\s{0,3}[\"'\\]{0,2}([^\"'\\]{4,4000})",
        1,
        flags="i",
        keep=NOTHING,
    ),
    rule(
        "token",
        "authorization headers",
        "Authorization 头",
        r"\b(?:(?:proxy-)?authorization|x-api-key|x-auth-token|private-token|x-gitlab-token|x-vault-token|x-goog-api-key|x-csrf-token|ocp-apim-subscription-key)[\"'\\]{0,2}\s{0,3}[:=]\s{0,3}[\"'\\]{0,2}"
        r"(?:(?:bearer|basic|token|digest|apikey|negotiate)(?:\s{1,3}|%20))?([^\s\"',;\\]{6,4000})",
        1,
        flags="i",
        keep=NOTHING + r"|(?:bearer|basic|token|digest|apikey|aws4-hmac-sha256)\b",
    ),
    rule(
        "token",
        "bearer tokens",
        "Bearer 令牌",
        r"\b(?:bearer|basic)(?:\s{1,3}|%20)([A-Za-z0-9._~+/=-]{16,4000})",
        1,
        flags="i",
        keep=NOTHING + r"|[a-z]+$",
    ),
    rule("token", "signatures of requests", "请求签名", r"\bSignature=([0-9a-fA-F]{32,})", 1),
    rule(
        "token",
        "JSON web tokens",
        "JSON Web Token",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{1,2000})?",
    ),
    rule(
        "token",
        "access tokens by their form",
        "按格式识别的访问令牌",
        r"\b(?:hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}|xai-[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{20,}"
        r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|rt|dt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}|nvapi-[A-Za-z0-9_-]{16,}"
        r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z0-9]{16}|LTAI[A-Za-z0-9]{12,}|AKID[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"
        r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}|hv[sbr]\.[A-Za-z0-9_-]{20,}|dapi[0-9a-f]{32}|dop_v1_[0-9a-f]{32,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
        r"|ATATT3[A-Za-z0-9_=-]{20,}|SWMTKN-1-[A-Za-z0-9-]{20,}|K10[0-9a-f]{40,}::[A-Za-z0-9:]{6,}|lin_api_[A-Za-z0-9]{20,}|figd_[A-Za-z0-9_-]{20,}|PMAK-[A-Za-z0-9-]{20,}|NRAK-[A-Z0-9]{20,}|whsec_[A-Za-z0-9]{20,}"
        r"|tskey-[a-z]{2,10}-[A-Za-z0-9-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}|gpustack_[A-Za-z0-9]{6,}_[A-Za-z0-9]{12,}|ms-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}|eyJ[A-Za-z0-9+/=]{100,})",
    ),
    rule(
        "ssh-key",
        "SSH keys",
        "SSH 密钥",
        r"\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]{3}|sk-(?:ssh|ecdsa)[a-z0-9@.-]{1,40})\s{1,3}(AAAA[A-Za-z0-9+/=]{40,})",
        1,
    ),
    rule(
        "token",
        "registry credentials",
        "镜像仓库凭据",
        r"(?:[\"']auth[\"']\s{0,3}:\s{0,3}[\"']|\.dockerconfigjson[\"']?\s{0,3}:\s{0,3}[\"']?|client-key-data[\"']?\s{0,3}:\s{0,3}[\"']?|_authToken=)([A-Za-z0-9+/=_-]{8,})",
        1,
        keep=NOTHING,
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        r"\bapi_?keys?[\"'\\]{0,2}\s{0,3}[:=]\s{0,3}\[\s{0,3}([\"'][^\[\]]{4,4000})",
        1,
        flags="i",
        keep=r"[\"'](?:<|\$|none|empty)",
    ),
    # Named values: quoted ones may hold anything, bare ones end at a blank or a separator.
    rule("password", _PASSWORDS_EN, _PASSWORDS_ZH, _PASSWORD + QUOTED, flags="i", keep=NOTHING),
    rule("password", _PASSWORDS_EN, _PASSWORDS_ZH, _PASSWORD + SINGLE_QUOTED, flags="i", keep=NOTHING),
    rule(
        "password",
        _PASSWORDS_EN,
        _PASSWORDS_ZH,
        _PASSWORD + r"([^\s\"',;&<>(){}\[\]|\\][^\s\"',;<>\\]{1,400})",
        1,
        flags="i",
        keep=NOTHING,
        keep_match=r"pwd[\"']?\s{0,3}[:=]\s{0,3}/",
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        _SECRET + QUOTED,
        flags="i",
        keep=NOTHING + "|" + NUMBER_OR_PATH,
        keep_match=NOT_A_SECRETS_NAME,
        keep_before=r"(?:unexpected|invalid|unknown|unrecognized|bad|found|expected|expecting|illegal)\s+$",
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        _SECRET + SINGLE_QUOTED,
        flags="i",
        keep=NOTHING + "|" + NUMBER_OR_PATH,
        keep_match=NOT_A_SECRETS_NAME,
        keep_before=r"(?:unexpected|invalid|unknown|unrecognized|bad|found|expected|expecting|illegal)\s+$",
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        _SECRET + "(" + BARE + r"[^\s\"',;<>\\]{3,4000})",
        1,
        flags="i",
        keep=NOTHING + "|" + NUMBER_OR_PATH,
        keep_match=NOT_A_SECRETS_NAME,
        keep_before=r"(?:unexpected|invalid|unknown|unrecognized|bad|found|expected|expecting|illegal)\s+$",
    ),
    rule(
        "token",
        _KEYS_EN,
        _KEYS_ZH,
        _ENV_KEY + r"[\"'\\]{0,2}([^\s\"',;<>\\]{4,4000})",
        1,
        keep=NOTHING + "|" + NUMBER_OR_PATH,
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        r"[\"'](?:name|key)[\"']\s{0,3}:\s{0,3}[\"']"
        + _NAMED
        + r"[\"']\s{0,3},\s{0,3}[\"']value[\"']\s{0,3}:\s{0,3}[\"']([^\"']{1,4000})",
        1,
        flags="i",
        keep=NOTHING,
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        r"^[\s\"'-]{0,60}value[\"']?\s{0,3}:\s{0,3}[\"']?([^\s\"',]{1,4000})",
        1,
        flags="i",
        keep=NOTHING,
        after=r"\bname[\"']?\s{0,3}:\s{0,3}[\"']?" + _NAMED + r"[\"',\s]*$",
    ),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        r"^[\s>]{1,60}([^\s#].{3,4000})$",
        1,
        keep=NOTHING,
        after=_NAME_END + r"[\"']?\s{0,3}:\s{0,3}[|>][+-]?\s*$",
    ),
    rule("token", _SECRETS_EN, _SECRETS_ZH, r"<" + _NAMED + r">([^<>]{4,400})</", 1, flags="i", keep=NOTHING),
    rule(
        "token",
        _SECRETS_EN,
        _SECRETS_ZH,
        r"\b(?:setx|ENV|ARG)\s{1,8}[A-Za-z0-9_]{0,40}(?:TOKEN|SECRET|PASSWORD|PASSWD|_PASS|_KEY)\s{1,8}[\"']?([^\s\"'=]{4,400})",
        1,
        keep=NOTHING + "|" + NUMBER_OR_PATH,
    ),
    rule(
        "token",
        "secrets told in a sentence",
        "句子中写出的密码或令牌",
        r"(?:\b(?:password|passwd|passphrase|token|secret|api[ _-]?key)\s{1,3}(?:is|was)|(?:密码|口令|令牌|密钥)(?:是|为))\s{0,3}[:：]?\s{0,3}[\"'`]?([A-Za-z0-9][^\s\"'`]{4,400})",
        1,
        flags="i",
        keep=NOTHING + "|" + NUMBER_OR_PATH + r"|[A-Za-z,-]+[.!;:]?$",
    ),
    rule(
        "token",
        "secrets told in a sentence",
        "句子中写出的密码或令牌",
        r"\b(?:token|api[ _-]?key)\s{1,3}[\"'`]?([A-Za-z0-9_-]{16,400})\b",
        1,
        flags="i",
        keep=NOTHING + r"|[A-Za-z_-]+$|[0-9]+$",
    ),
    rule(
        "password",
        _PASSWORDS_EN,
        _PASSWORDS_ZH,
        r"^\s*password\s+(\S{4,200})\s*$",
        1,
        flags="i",
        keep=NOTHING + r"|[a-z]+\W?$",
    ),
    rule(
        "token",
        "values of command-line options such as --token",
        "--token 之类命令行选项的取值",
        r"^[\s\"'-]{0,60}([^\s\"',-][^\s\"',]{2,4000})",
        1,
        keep=NOTHING + "|-|" + NUMBER,
        after=r"(?:^|[\s\"'])--[A-Za-z0-9-]{0,30}"
        + _OPTION
        + r"[\"'],?\s*$|^\s*-\s+--[A-Za-z0-9-]{0,30}"
        + _OPTION
        + r"\s*$",
    ),
    rule(
        "token",
        "values of command-line options such as --token",
        "--token 之类命令行选项的取值",
        r"--[A-Za-z0-9-]{0,30}" + _OPTION + r"(?:\s{1,3}|=|[\"'],?\s{0,3}[\"'])[\"']?([^\s\"',\\]{3,4000})",
        1,
        flags="i",
        keep=NOTHING + "|-|" + NUMBER,
    ),
    rule(
        "password",
        _LOGINS_EN,
        _LOGINS_ZH,
        r"\blogin\b[^\n]{0,120}\s-p[ =]?[\"']?([^\s\"']{3,200})",
        1,
        keep=NOTHING + r"|\d+:\d+",
    ),
    rule(
        "password",
        _LOGINS_EN,
        _LOGINS_ZH,
        r"\bsshpass\s+-p\s{0,2}[\"']?([^\s\"']{1,200})|\bredis-cli\b[^\n]{0,120}\s-a\s+[\"']?([^\s\"']{3,200})"
        r"|\bmysql(?:dump|admin)?\s[^\n]{0,200}-p([^\s\"']{3,200})",
        0,
        keep=NOTHING,
    ),
    rule(
        "password",
        _LOGINS_EN,
        _LOGINS_ZH,
        r"\bcurl\b[^\n]{0,300}\s(?:-u|--user)[ =]{0,2}[\"']?[^\s:\"']{1,80}:([^\s\"']{1,200})",
        1,
        keep=NOTHING,
    ),
    rule("password", _LOGINS_EN, _LOGINS_ZH, r"\blogin\s+\S{1,80}\s+password\s+(\S{1,200})", 1, keep=NOTHING),
    rule("password", _LOGINS_EN, _LOGINS_ZH, r"\bidentified\s+by\s+[\"']([^\"']{1,200})", 1, flags="i"),
    rule("token", _LOGINS_EN, _LOGINS_ZH, r"--from-literal[= ][\"']?[^\s=]{1,80}=([^\s\"']{1,400})", 1, keep=NOTHING),
    rule(
        "token",
        "API keys given to a login command",
        "登录命令中的 API 密钥",
        r"\b(?:wandb|huggingface-cli|hf|modelscope|ngc|comet|clearml)\s+(?:auth\s+)?login\s+(?:--relogin\s+)?([A-Za-z0-9_-]{16,200})",
        1,
    ),
    rule(
        "token",
        "GPUStack's token on a command line",
        "命令行中的 GPUStack 令牌",
        r"\bgpustack\s[^\n]{0,200}\s-t[ =]([^\s\"']{6,200})",
        1,
        keep=NOTHING,
    ),
    rule(
        "private-key",
        "lines of a key without its head",
        "缺少开头的密钥内容",
        r"^\s*(MII[A-Za-z0-9+/]{60,}={0,2})\s*$|^\s*(b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{20,})\s*$",
    ),
    rule(
        "email",
        "e-mail addresses",
        "电子邮件地址",
        r"\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,24}\b",
        keep=r"[^@]*@[^@]*\.(?:service|slice|socket|scope|target|timer|mount|device|local|py|so|sh|js|json|ya?ml|toml|git|internal|lan|cluster)$|git@",
        keep_after=r":[~/]|:\s*~|:\d|/",
    ),
    rule(
        "ipv4",
        "public IPv4 addresses",
        "公网 IPv4 地址",
        rf"\b(?:{_OCTET}\.){{3}}{_OCTET}\b",
        # private, loopback, link-local, carrier NAT, documentation, benchmark, multicast, masks (RFC 6890)
        keep=r"(?:0|10|127)\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|192\.0\.[02]\.|198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|22[4-9]\.|2[345][0-9]\.|[0-9]+\.0\.0\.0$",
        # versions of four parts: `nvidia-cublas-cu12==12.4.5.8`, `libcudnn.so.9.1.0.70`, a column of `pip list`
        keep_before=r"(?:[0-9A-Za-z]\.|[_+~-]|[=<>!~]=|=>|\bv|\bV|\.so\.?|[Vv]ersions?[\"'(:=\s]{1,4}|\bver\.?[:=\s]{0,3}|VERSION[\"':=\s]{1,4}|[Rr]elease[:=\s]{1,3}|[Bb]uild[:=\s]{1,3}|[Ff]irmware[\w\s]{0,12}[:=\s]{1,3}"
        rf"|-cu1[0-9]\s+|{_PACKAGE}[\s\"'|│(:=]{{1,40}})$",
        # what goes on is no address, nor is what conda's build follows: `2.21.5.1   h6103f9b_0`
        keep_after=r"\.[0-9A-Za-z]|[-_+][0-9A-Za-z]|[\s=]{1,40}(?:h[0-9a-f]{5,}|pypi|py[23]\w*|cuda\w*|(?:no)?mpi\w*)_[0-9]+(?:\s|$)",
    ),
    rule(
        "host",
        "public addresses in host names",
        "主机名中的公网地址",
        r"\bec2-((?:[0-9]{1,3}-){3}[0-9]{1,3})\.",
        1,
    ),
    rule(
        "ipv6",
        "public IPv6 addresses",
        "公网 IPv6 地址",
        r"\b[23][0-9a-fA-F]{3}:(?:(?:[0-9a-fA-F]{1,4}:){6}[0-9a-fA-F]{1,4}\b|(?:[0-9a-fA-F]{1,4}:){0,5}(?::[0-9a-fA-F]{1,4}){1,6}\b|(?:[0-9a-fA-F]{1,4}:){0,6}:)",
        keep=r"2001:0?[dD][bB]8:",
        # inside a longer address; `eth0:` before one is NCCL's way to write it
        keep_before=r"[0-9A-Za-z.]$|(?:^|[^0-9A-Za-z])[0-9A-Fa-f:]{0,39}:$",
    ),
)
