"""What is kept of a text, whole and in parts, and that no secret is among it."""

from __future__ import annotations

import io
from functools import cache

import pytest

from troubleshoot.diagnosis.clean import cleaned, cut, last_state
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.intake import read
from troubleshoot.diagnosis.limits import Limits
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.scan import Scanner
from troubleshoot.diagnosis.unpack import unpack

SMALL = Limits(whole_bytes=20_000, head_lines=10, tail_lines=10, around_lines=2, lines_per_pattern=5)


@cache
def scanner() -> Scanner:
    return Scanner({"common": r"channel \d+", "rare": r"peer access refused"})


def kept(text: str, limits: Limits = SMALL) -> Document:
    blobs = unpack("a.log", io.BytesIO(text.encode()), limits)
    (document,) = read(blobs, scanner(), limits, Redactor())
    return document


def long_text(special: dict[int, str], lines: int = 200_000, every: int = 7) -> str:
    return "".join(
        special.get(n, f"channel {n} ready" if n % every == 0 else f"step {n} of the scheduler") + "\n"
        for n in range(1, lines + 1)
    )


def test_a_small_text_is_kept_whole_with_its_hits():
    document = kept("one\nchannel 4\nthree\npeer access refused\n")
    assert document.texts == ["one", "channel 4", "three", "peer access refused"]
    assert document.hits == {"common": [2], "rare": [4]}
    assert document.is_whole


def test_of_a_long_text_head_and_tail_are_kept_and_said_to_be_so():
    document = kept(long_text({}))
    assert list(document.numbers[:10]) == list(range(1, 11))
    assert list(document.numbers[-10:]) == list(range(199_991, 200_001))
    assert document.line_count == 200_000
    assert "kept in parts" in document.notes[-1]["en"]


def test_a_rare_line_in_the_middle_is_kept_with_the_lines_around_it():
    document = kept(long_text({99_991: "peer access refused by GPU 3"}))
    assert document.hits["rare"] == [99_991]
    around = [document.line(n).text for n in range(99_989, 99_994)]
    assert around[2] == "peer access refused by GPU 3"
    assert "step 99989 of the scheduler" in around


def test_of_a_common_line_the_first_and_the_last_ones_are_kept():
    document = kept(long_text({}))
    assert document.hits["common"][:5] == [7, 14, 21, 28, 35]
    assert document.hits["common"][-5:] == [199_969, 199_976, 199_983, 199_990, 199_997]


def test_every_hit_is_of_a_line_that_is_kept():
    document = kept(long_text({150_001: "peer access refused"}))
    numbers = set(document.numbers)
    assert all(n in numbers for found in document.hits.values() for n in found)


def test_a_secret_beside_a_telling_line_is_hidden_in_parts_too():
    token = "hf_" + "a1B2c3D4e5F6g7H8" * 2
    document = kept(
        long_text({120_000: f"export HF_TOKEN={token}", 120_001: "peer access refused", 199_999: f"HF_TOKEN={token}"})
    )
    whole = "\n".join(document.texts)
    assert token not in whole
    assert document.line(120_000).text == document.line(199_999).text.replace("HF", "export HF", 1)


def test_a_key_that_begins_in_a_line_that_is_not_kept_stays_hidden_in_the_tail():
    body = {199_985 + n: "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB"[:50] + f"{n:02}" for n in range(1, 12)}
    document = kept(long_text({199_985: "-----BEGIN OPENSSH PRIVATE KEY-----", **body}))
    assert not any("AAAAEbm9uZQ" in text for text in document.texts)


def test_a_key_in_the_middle_of_a_long_text_is_hidden_up_to_its_end_and_no_further():
    lines = {
        100_000: "peer access refused",
        100_001: "-----BEGIN RSA PRIVATE KEY-----",
        100_002: "MIIEowIBAAKCAQEA" + "q" * 48,
        100_003: "-----END RSA PRIVATE KEY-----",
        100_004: "peer access refused again",
    }
    document = kept(long_text(lines))
    assert "qqqq" not in "\n".join(document.texts)
    assert document.line(100_004).text == "peer access refused again"


def test_a_colour_within_a_word_hides_it_from_nobody():
    document = kept("peer \x1b[31maccess\x1b[0m refused\nHF_TO\x1b[1mKEN=hf_" + "q7Zk2mX9" * 3 + "\n")
    assert document.hits == {"rare": [1]}
    assert "q7Zk2mX9" not in document.texts[1]


@pytest.mark.parametrize(
    "sent", ["\x1b[4mGPU0\x1b[0m", "^[[4mGPU0^[[0m", "#033[4mGPU0#033[0m", "[4mGPU0[0m", "GPU0\x00\x08"]
)
def test_what_a_terminal_does_not_show_is_taken_out(sent: str):
    assert cleaned(f"{sent}\n".encode()) == b"GPU0\n"


def test_a_header_in_brackets_is_no_colour():
    line = b"[multiproc_executor.py:77] [0] NCCL [rank1]\n"
    assert cleaned(line) == line


def test_an_unclosed_title_sequence_eats_no_line():
    assert cleaned(b"\x1b]0;title\nnext\nlast\x07\n").count(b"\n") == 3


def test_of_a_progress_bar_the_last_state_is_kept():
    assert last_state("10%\r50%\r100%\r") == "100%"
    assert last_state("as it is") == "as it is"


def test_a_long_line_is_cut_at_a_blank_so_that_no_half_secret_stays():
    line = "x" * 90 + " " + "secret" * 10
    assert cut(line, 120) == "x" * 90
    assert cut("y" * 200, 120) == "y" * 120


def test_lines_of_every_pattern_far_apart_stay_within_bounds():
    limits = Limits(whole_bytes=20_000, head_lines=5, tail_lines=5, around_lines=1, lines_per_pattern=5)
    document = kept(long_text({}, every=1), limits)
    assert len(document.texts) < 100
