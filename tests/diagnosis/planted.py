"""Two hundred made-up secrets in forty forms in which people post them, and what looks like a secret and is none.

All of it is drawn from a fixed seed, so every run plants the same; no secret in it was ever anybody's.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from typing import NamedTuple

EACH = 5
LETTERS = string.ascii_letters + string.digits


class Planted(NamedTuple):
    """`text` as somebody posts it; none of `secrets` may be left of it."""

    form: str
    text: str
    secrets: tuple[str, ...]


class Draw:
    """Values of the right look, drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def of(self, alphabet: str, length: int) -> str:
        return "".join(self.chance.choice(alphabet) for _ in range(length))

    def plain(self, length: int = 24) -> str:
        return self.of(string.ascii_letters, 1) + self.of(LETTERS, length - 1)

    def password(self) -> str:
        return self.of(string.ascii_letters, 3) + self.of(LETTERS + "!#%^*_-+~.", 10) + self.of(LETTERS, 2)

    def hexadecimal(self, length: int) -> str:
        return self.of("0123456789abcdef", length)

    def packed(self, text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def public_ipv4(self) -> str:
        return f"{self.chance.choice((8, 34, 47, 52, 93, 104, 139, 185))}.{self.chance.randint(1, 254)}.{self.chance.randint(1, 254)}.{self.chance.randint(2, 254)}"

    def public_ipv6(self) -> str:
        return f"2a{self.hexadecimal(2)}:{self.hexadecimal(3)}f:{self.hexadecimal(3)}a::{self.hexadecimal(2)}:{self.hexadecimal(3)}1"

    def jwt(self) -> str:
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "HS256"}, {"sub": self.plain(8)})
        )
        return f"{head}.{body}.{self.plain(43)}"

    def key_lines(self) -> list[str]:
        return [
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + self.plain(32),
            *(self.of(LETTERS + "+/", 64) for _ in range(6)),
            self.of(LETTERS, 38) + "==",
        ]


Form = Callable[[Draw], tuple[str, str] | tuple[str, tuple[str, ...]]]
FORMS: dict[str, Form] = {}


def form(name: str) -> Callable[[Form], Form]:
    def keep(made: Form) -> Form:
        assert name not in FORMS
        FORMS[name] = made
        return made

    return keep


def template(name: str, text: str, draw: Callable[[Draw], str] = Draw.plain) -> None:
    """A form that is a text with `{}` where the secret stands."""

    def made(d: Draw) -> tuple[str, str]:
        secret = draw(d)
        return text.replace("{}", secret), secret

    form(name)(made)


template("environment line", "HF_TOKEN={}", lambda d: "hf_" + d.plain(34))
template("exported and quoted", "export POSTGRES_PASSWORD='{}'", Draw.password)
template("JSON", '{"model": "qwen", "api_key": "{}", "max_tokens": 512}')
template("YAML", "  database:\n    user: gpustack\n    password: {}\n    port: 5432", Draw.password)
template(
    "docker run -e",
    "docker run -d --gpus all -e HUGGING_FACE_HUB_TOKEN={} --shm-size 10g vllm/vllm-openai:v0.8.5",
    lambda d: "hf_" + d.plain(34),
)
template(
    "docker run --env apart",
    "docker run --rm --env MODELSCOPE_API_TOKEN {} --env 'S3_SECRET={}' img".replace(
        "MODELSCOPE_API_TOKEN {} --env ", ""
    ),
)
template("authorization header", "> Authorization: Bearer {}", lambda d: d.plain(40))
template("basic authorization", "Authorization: Basic {}", lambda d: d.packed(f"admin:{d.plain(14)}"))
template("API key header", "curl -H 'X-API-Key: {}' http://10.0.0.5/v1/models", lambda d: d.plain(32))
template("address with password", "postgresql://gpustack:{}@10.0.0.7:5432/gpustack", Draw.plain)
template("proxy with password", "https_proxy=http://deploy:{}@proxy.intra:3128 pip install vllm", Draw.plain)
template("key in an address", "GET https://api.example.com/v1/data?api_key={}&limit=10 HTTP/1.1", lambda d: d.plain(32))
template(
    "signed address",
    "https://bucket.s3.amazonaws.com/w.safetensors?X-Amz-Expires=300&X-Amz-Signature={}",
    lambda d: d.hexadecimal(64),
)
template("Hugging Face token in a sentence", "Invalid credentials: token hf_{} is not allowed", lambda d: d.plain(34))
template("GitHub token", "fatal: could not read from https://ghp_{}@github.com/org/repo.git", lambda d: d.plain(36))
template("fine-grained GitHub token", "token used: github_pat_{}", lambda d: d.plain(22) + "_" + d.plain(59))
template("AWS key id", "aws_access_key_id = AKIA{}", lambda d: d.of(string.ascii_uppercase + "234567", 16))
template("AWS secret", "aws_secret_access_key = {}", lambda d: d.of(LETTERS + "/+", 40))
template("OpenAI key", "openai.AuthenticationError: Incorrect API key provided: sk-proj-{}.", lambda d: d.plain(48))
template(
    "Slack token",
    "posting with xoxb-{}",
    lambda d: f"{d.of(string.digits, 12)}-{d.of(string.digits, 12)}-{d.plain(24)}",
)
template(
    "Slack webhook",
    "ALERT_URL: https://hooks.slack.com/services/{}",
    lambda d: f"T{d.plain(8)}/B{d.plain(8)}/{d.plain(24)}",
)
template("JSON web token", "session {} has expired", Draw.jwt)
template(
    "e-mail address", "Reported-by: {}", lambda d: f"{d.plain(7).lower()}.{d.plain(6).lower()}@{d.plain(8).lower()}.com"
)
template("public IPv4", "connect to {}:29500 timed out", Draw.public_ipv4)
template("public IPv6", "listening on [{}]:8265", Draw.public_ipv6)
template("kubeconfig", "users:\n- name: admin\n  user:\n    client-key-data: {}", lambda d: d.packed(d.plain(120)))
template("kubeconfig token", "- name: robot\n  user:\n    token: {}", lambda d: d.plain(64))
template("netrc", "machine huggingface.co login robot password {}", Draw.password)
template("systemd", 'Environment="GPUSTACK_TOKEN={}"', lambda d: d.plain(32))
template(
    "docker's config.json",
    '{"auths": {"registry.example.com": {"auth": "{}"}}}',
    lambda d: d.packed(f"robot:{d.plain(18)}"),
)
template("escaped JSON in a log", r"INFO request body {\"model\": \"q\", \"secret_key\": \"{}\", \"stream\": true}")
template("in colours", "\x1b[32mINFO\x1b[0m \x1b[1mDB_PASSWORD\x1b[0m=\x1b[33m{}\x1b[0m connected", Draw.plain)
template("behind journald", "Mar 04 10:00:02 gpu-7 vllm[311]: starting with HF_TOKEN={}", lambda d: "hf_" + d.plain(34))
template(
    "behind docker's time stamp",
    "2025-03-04T10:00:02.123456789Z stdout F WANDB_API_KEY={}",
    lambda d: d.hexadecimal(40),
)
template(
    "docker's JSON log", r'{"log":"Using api_key=\"{}\" for calls\n","stream":"stdout","time":"2025-03-04T10:00:02Z"}'
)
template(
    "traceback",
    '  File "/app/client.py", line 41, in connect\n    client = Client(host="10.0.0.9", password="{}")\nConnectionError: refused',
    Draw.password,
)
template(
    "Kubernetes variable",
    "        - name: OPENAI_API_KEY\n          value: {}\n        - name: NCCL_DEBUG\n          value: INFO",
)
template(
    "docker inspect",
    '            "Env": [\n                "PATH=/usr/bin",\n                "AZURE_CLIENT_SECRET={}"\n            ],',
    lambda d: d.of(LETTERS + "~._-", 30) + "Qx",
)
template("command line option", "vllm serve /models/q --tensor-parallel-size 4 --api-key {} --port 8000")


@form("private key")
def private_key(d: Draw) -> tuple[str, tuple[str, ...]]:
    lines = d.key_lines()
    return "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END RSA PRIVATE KEY-----", tuple(lines)


def planted() -> list[Planted]:
    made = []
    for at, (name, make) in enumerate(FORMS.items()):
        draw = Draw(1000 + at)
        for _ in range(EACH):
            text, secrets = make(draw)
            made.append(Planted(name, text, (secrets,) if isinstance(secrets, str) else secrets))
    return made


# Each stays as it is: diagnosis reads it, or it only looks like a secret.
NEAR_MISSES = (
    "commit 3f2504e04f8911d39a0c0305e82c3301deadbeef",
    "vLLM API server version 0.8.5.post1+cu124 (git 9a3b1c2d)",
    "NVRM: Xid (PCI:0000:1A:00): 79, pid=1234, GPU has fallen off the bus.",
    "|   0  NVIDIA A100-SXM4-80GB          On  | 00000000:1A:00.0 Off |                    0 |",
    "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-5a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9)",
    "41:00.0 3D controller [0302]: NVIDIA Corporation GA100 [10de:20b5] (rev a1)",
    "gpu-7:311:402 [0] NCCL INFO comm 0x55d1c8a3b2f0 rank 0 nranks 8 cudaDev 0 busId 1a000 commId 0x8c1d2e3f4a5b6c7d - Init COMPLETE",
    "NCCL INFO NET/Socket : Using [0]eth0:10.0.0.7<0> [1]ib0:192.168.100.7<0>",
    "NCCL INFO Bootstrap : Using bond0.100:172.16.4.9<0>",
    "inet6 fe80::42:acff:fe11:2%docker0 prefixlen 64",
    "master address 127.0.0.1, port 29500; listening on 0.0.0.0:8000 and [::1]:8265",
    "NCCL version 2.21.5+cuda12.4",
    "nvidia-cublas-cu12==12.4.5.8",
    "libnccl.so.2.21.5 libcudnn.so.9.1.0.70",
    "nccl 2.21.5.1",
    "nccl                      2.21.5.1             h6103f9b_0    conda-forge",
    "[conda] nccl                      2.21.5.1             h6103f9b_0    conda-forge",
    "  - nccl=2.21.5.1=h6103f9b_0",
    '  "nccl": "2.21.5.1",',
    "libcublas                 12.4.5.8                      0    nvidia",
    "rdma-core                 52.94.0.0            h5888daf_1    conda-forge",
    "nvidia-cusolver-cu12     11.6.1.9",
    "opencv-python-headless 4.10.0.84",
    "│ nccl │ 2.21.5.1 │",
    "Driver Version: 550.54.15      CUDA Version: 12.4",
    "INFO 03-04 10:00:20 [config.py:1770] max_num_batched_tokens=8192, max_tokens: 512, eos_token_id=151643",
    'tokenizer: {"bos_token": "<|begin_of_text|>", "eos_token": "<|im_end|>", "pad_token": "<pad>"}',
    "NCCL_P2P_DISABLE=1 NCCL_IB_HCA=mlx5_0:1,mlx5_1:1 NCCL_SOCKET_IFNAME=eth0",
    "VLLM_HOST_IP=10.0.0.7 VLLM_API_KEY=None api_key=None hf_token=None",
    "HF_TOKEN=$HF_TOKEN docker compose up",
    "HUGGING_FACE_HUB_TOKEN: ${HF_TOKEN:-}",
    "sha256:9b2a1c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "GPU0\t X \tNV12\tSYS\tNODE\t0-31,64-95\t0",
    "ACSCtl: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
    "pcieport 0000:00:01.1: AER: Corrected error received: 0000:00:01.1",
    "ValueError: Unexpected token '}' at position 42",
    "Job for gpustack@worker.service failed because the control process exited",
    "ssh ubuntu@10.0.0.7 nvidia-smi",
    "docker pull nvcr.io/nvidia/pytorch@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "KV cache hit rate: prefix_cache_keys=1024, hash_key: 17",
    'File "/usr/lib/python3.12/site-packages/vllm/token_block.py", line 12, in hash_token',
    "    def __init__(self, token: str, api_key: Optional[str] = None):",
    "mlx5_0 port 1 ==> ens1f0np0 (Up) node_guid: 0c42:a103:0065:f1a2",
    "link/ether 0c:42:a1:65:f1:a2 brd ff:ff:ff:ff:ff:ff",
    "10:00:20.123456 elapsed 00:00:02.5 pid 311 tid 0x7f3a9c1fe700",
    "Firmware Version: 22.39.2.1048 BIOS 92.00.45.00.03",
    "store prefix default_pg/0//cuda//0, key=default_pg/0/0, timeout 600000ms",
    "WorkNCCL(SeqNum=42, OpType=ALLREDUCE, NumelIn=4096, NumelOut=4096, Timeout(ms)=600000)",
)
