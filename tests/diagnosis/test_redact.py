"""What is hidden, and what is left alone: the planted set, near misses, stand-ins and a site's own rules."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from tests.diagnosis.planted import EACH, FORMS, NEAR_MISSES, Planted, planted
from tests.diagnosis.reading import scanner
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.intake import read
from troubleshoot.diagnosis.redact import Redactor, site_rules
from troubleshoot.diagnosis.scan import PatternError
from troubleshoot.diagnosis.unpack import Limits, unpack


def documents(*texts: str, redactor: Redactor | None = None) -> list[Document]:
    """The texts as they are stored: unpacked, scanned and redacted like an upload."""
    limits = Limits()
    blobs = (blob for n, text in enumerate(texts) for blob in unpack(f"{n}.log", io.BytesIO(text.encode()), limits))
    return read(blobs, scanner(), limits, redactor or Redactor())


def hidden(text: str) -> str:
    (document,) = documents(text + "\n")
    return "\n".join(document.texts)


def test_there_are_two_hundred_secrets_in_forty_forms():
    assert (len(FORMS), len(planted())) == (40, 40 * EACH)
    assert len({secret for one in planted() for secret in one.secrets}) >= 200


@pytest.mark.parametrize("name", FORMS)
def test_every_planted_secret_is_hidden(name: str):
    left = [one.text for one in planted() if one.form == name and not is_hidden(one, hidden(one.text))]

    assert left == []


def is_hidden(one: Planted, text: str) -> bool:
    return not any(secret in text for secret in one.secrets)


def test_they_are_hidden_in_one_text_too_and_line_numbers_stay():
    whole = "\n".join(one.text for one in planted())

    (document,) = documents(whole)

    text = "\n".join(document.texts)
    assert [secret for one in planted() for secret in one.secrets if secret in text] == []
    assert document.line_count == len(document.texts) == whole.count("\n") + 1
    assert sum(document.redactions.values()) >= len(planted())


@pytest.mark.parametrize("line", NEAR_MISSES)
def test_what_only_looks_like_a_secret_stays(line: str):
    assert hidden(line) == line


SECRET = "Qz7Lm2Xw9Rb4Tn6Vk1"
OTHER_FORMS = (
    "password=Secret@Qz7Lm2Xw9Rb4Tn6Vk1",
    "{&quot;api_key&quot;: &quot;Qz7Lm2Xw9Rb4Tn6Vk1&quot;}",
    "<password>Qz7Lm2Xw9Rb4Tn6Vk1</password>",
    "mysql -u root -pQz7Lm2Xw9Rb4Tn6Vk1 -h db",
    "amqp://user:ab@Qz7Lm2Xw9Rb4Tn6Vk1@host/",
    "rsync root:Qz7Lm2Xw9Rb4Tn6Vk1@10.0.0.1",
    "token Qz7Lm2Xw9Rb4Tn6Vk1 is invalid",
    "The initial password is Qz7Lm2Xw9Rb4Tn6Vk1",
    "密码是 Qz7Lm2Xw9Rb4Tn6Vk1",
    'command:\n  - "--token"\n  - "Qz7Lm2Xw9Rb4Tn6Vk1"',
    "args:\n  - --api-key\n  - Qz7Lm2Xw9Rb4Tn6Vk1",
    "api_key: ['Ab1Cd2Ef3', 'Qz7Lm2Xw9Rb4Tn6Vk1']",
    "authorization=Bearer%20Qz7Lm2Xw9Rb4Tn6Vk1",
    'os.environ["HF_TOKEN"] = "Qz7Lm2Xw9Rb4Tn6Vk1"',
    "ENV HF_TOKEN Qz7Lm2Xw9Rb4Tn6Vk1",
    "db_password: |\n  Qz7Lm2Xw9Rb4Tn6Vk1",
    'password: "a \\"quoted\\" Qz7Lm2Xw9Rb4Tn6Vk1"',
    "aws_secret_access_key = 92Qz7Lm2Xw9Rb4Tn6Vk1",
    "aws_secret_access_key = /8Qz7Lm2Xw9Rb4Tn6Vk1",
    '{"name": "DB_PASS", "value": "Qz7Lm2Xw9Rb4Tn6Vk1"}',
    "\x1b[1mpassword\x1b[0m: \x1b[31mQz7Lm2Xw9Rb4Tn6Vk1\x1b[0m",
    "^[[1mpassword^[[0m: ^[[31mQz7Lm2Xw9Rb4Tn6Vk1^[[0m",
)


@pytest.mark.parametrize("text", OTHER_FORMS)
def test_other_forms_are_hidden_too(text: str):
    assert SECRET not in hidden(text)


def test_a_public_address_behind_an_interface_name_or_a_user_is_hidden():
    text = hidden(
        "Bootstrap: Using eth0:2a02:1810:4f3c:aa00::5<0>\nssh root@52.94.236.248\nec2-52-94-236-248.compute.example"
    )

    assert "2a02" not in text
    assert "52.94" not in text
    assert "52-94" not in text


@pytest.mark.parametrize(
    "line",
    [
        "gpu-node-1   52.94.236.248",
        "my_host      52.94.236.248   ready",
        "cuda-node 52.94.236.248",
        "libvirt-host-1  52.94.236.248",
        "nvidia-host 52.94.236.248",
        "nccl-tests on 52.94.236.248",
        "nccl_socket 52.94.236.248",
        "NCCL INFO Bootstrap : Using eth0:52.94.236.248<0>",
        "worker-0   1/1   Running   0   10m   52.94.236.248   gpu-1",
        "peer 52.94.236.248 h1 eth0",
    ],
)
def test_an_address_beside_a_name_is_hidden_though_versions_beside_packages_are_not(line: str):
    assert "52.94.236.248" not in hidden(line)


def test_a_value_has_one_stand_in_over_all_files_and_a_subnet_stays_one():
    first, second = documents(
        "HF_TOKEN=hf_abcdefghijklmnop12\npeer 52.94.236.248\n", "peer 52.94.236.9\nuse hf_abcdefghijklmnop12\n"
    )

    token, address = first.texts
    neighbour, again = second.texts
    assert token.removeprefix("HF_TOKEN=") == again.removeprefix("use ") == "<token-1>"
    assert address != neighbour
    assert address.rpartition(".")[0] == neighbour.rpartition(".")[0] == "peer 203.0.113"


def test_a_sites_own_rule_hides_what_it_names():
    (rule,) = site_rules(["# our machines", "", r"ticket: \bOPS-([0-9]{4,8})\b"])

    (document,) = documents("see OPS-20451 and OPS-x\n", redactor=Redactor([rule]))

    assert document.texts == ["see OPS-<ticket-1> and OPS-x"]
    assert document.redactions == {"ticket": 1}


@pytest.mark.parametrize("line", ["no rule at all", "Ticket: x", "ticket: (?<=a)b", "ticket: ("])
def test_a_sites_rule_that_cannot_be_used_is_refused(line: str):
    with pytest.raises(PatternError):
        site_rules([line])


def test_what_the_browser_hid_before_is_counted_under_the_same_names():
    text = f"HF_TOKEN={SECRET}abcd\npeer 52.94.236.248 and 52.94.236.9\npassword={SECRET}\nplain line\n"
    (hidden_here,) = documents(text)
    (arrived,) = documents("\n".join(hidden_here.texts) + "\n")

    assert arrived.texts == hidden_here.texts
    assert arrived.redactions == hidden_here.redactions == Counter(token=1, ipv4=2, password=1)


def test_a_key_that_was_hidden_before_counts_once_though_it_has_many_lines():
    (document,) = documents("<private-key>\n<private-key>\n<private-key>\nend\n")

    assert document.redactions == Counter({"private-key": 1})


@pytest.mark.parametrize(
    "line", ["<module> at 0x1", "List<token>", "203.0.113 is a net", "<tokens-1>", "a < token-1 > b"]
)
def test_what_only_looks_like_a_stand_in_is_not_counted(line: str):
    (document,) = documents(line + "\n")

    assert document.redactions == Counter()
