"""How what speaks for and against the causes becomes one ranking and one verdict."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace

import pytest

from tests.diagnosis.judging import documents_of, judged, known, library
from tests.diagnosis.knowing import at, cause, knowledge, rule, signature, spoken
from troubleshoot.diagnosis.diagnose import HEALTHY, SHOWN_FROM, Diagnosis, Reason, diagnose, first_and_last
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.pipeline import examine
from troubleshoot.diagnosis.timeline import Timeline

OOM = "(Worker_TP1 pid=32) ERROR 03-04 10:00:0{} [core.py:708] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
WATCHDOG = (
    "[rank0]:[E304 10:10:0{}.131931664 ProcessGroupNCCL.cpp:632] [Rank 0] Watchdog caught collective operation timeout: "
    "WorkNCCL(SeqNum=7, OpType=ALLREDUCE, NumelIn=4096, NumelOut=4096, Timeout(ms)=600000) ran for 600010 milliseconds before timing out."
)
WRAPPER = "(EngineCore_DP0 pid=27) ERROR 03-04 10:00:0{} [core.py:708] EngineCore failed to start."
STOPPED = """
    INFO 03-04 09:58:00 [core.py:77] Initializing a V1 LLM engine (v0.10.1) with config: model='/m/x', tensor_parallel_size=4
    INFO 03-04 09:58:20 [pynccl.py:70] vLLM is using nccl==2.20.5
"""
BRIDGE = """
    40:01.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge
    \tCapabilities: [2a0 v1] Access Control Services
    \t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+
    \t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
"""


def leading(diagnosis: Diagnosis) -> str:
    return diagnosis.findings[0].cause


# ---- for and against


def test_what_speaks_against_a_cause_lowers_it_and_what_speaks_for_it_raises_it():
    both = [cause("one"), cause("two")]
    ours = knowledge(both, [signature("for", "one", 3.0), signature("against", "one", -2.0, "contradicts")])

    nothing, for_it, mixed = (
        diagnose(spoken(**lines), ours).every["one"].confidence
        for lines in ({}, {"for": at(1)}, {"for": at(1), "against": at(2)})
    )

    assert nothing < mixed < for_it


def test_a_second_reason_adds_less_than_the_first_and_never_takes_away():
    ours = knowledge([cause("one")], [signature("strong", "one", 2.0), signature("weak", "one", 1.0)])

    scores = [
        diagnose(spoken(**lines), ours).every["one"].score
        for lines in ({}, {"strong": at(1)}, {"strong": at(1), "weak": at(2)})
    ]

    assert scores[0] + 2.0 == pytest.approx(scores[1])
    assert scores[1] < scores[2] < scores[1] + 1.0


def test_contradictions_stand_with_the_cause_they_contradict():
    ours = knowledge(
        [cause("one"), cause("two")],
        [signature("for", "one", 4.0), signature("against", "one", -1.0, "contradicts", two=0.5)],
    )

    found = diagnose(spoken(**{"for": at(1), "against": at(2)}), ours).findings[0]

    assert [reason.id for reason in found.supporting] == ["for"]
    assert [reason.id for reason in found.opposing] == ["against"]


def test_one_line_speaks_for_each_cause_it_names_in_the_right_role():
    ours = knowledge([cause("one"), cause("two"), cause("three")], [signature("s", "one", 2.0, two=0.5, three=-1.0)])

    every = diagnose(spoken(s=at(1)), ours).every

    assert [(name, every[name].reasons[0].role) for name in ("one", "two", "three")] == [
        ("one", "root"),
        ("two", "confirms"),
        ("three", "contradicts"),
    ]


def test_a_cause_that_much_speaks_against_is_ruled_out_with_its_reason():
    ours = knowledge([cause("one"), cause("two")], [signature("against", "one", -3.0, "contradicts")])

    out = diagnose(spoken(against=at(1)), ours).ruled_out

    assert [(finding.cause, finding.opposing[0].id) for finding in out] == [("one", "against")]


# ---- root before echo


def test_of_two_roots_in_one_text_the_earlier_leads():
    ours = knowledge([cause("one"), cause("two")], [signature("a", "one", 3.0), signature("b", "two", 3.0)])

    assert leading(diagnose(spoken(a=at(10), b=at(20)), ours)) == "one"
    assert leading(diagnose(spoken(a=at(20), b=at(10)), ours)) == "two"


def test_line_numbers_of_different_texts_are_not_compared():
    ours = knowledge([cause("one"), cause("two")], [signature("a", "one", 3.0), signature("b", "two", 3.2)])

    assert leading(diagnose(spoken(a=at(1, file="a.log"), b=at(900, file="b.log")), ours)) == "two"


def test_a_strong_root_is_not_beaten_by_a_faint_one_that_stands_before_it():
    ours = knowledge([cause("one"), cause("two")], [signature("faint", "one", 1.2), signature("strong", "two", 4.5)])

    assert leading(diagnose(spoken(faint=at(1), strong=at(50)), ours)) == "two"


def test_the_first_failing_rank_outranks_the_timeouts_of_the_others():
    log = [OOM.format(1), *(WATCHDOG.format(n) for n in range(1, 4)), WRAPPER.format(9)]

    for order in (log, log[::-1]):  # ranks write through one pipe: their lines may stand in any order
        found = judged("\n".join(order))

        assert leading(found) == "gpu-oom"
        assert found.verdict == "cause"


def test_echoes_are_listed_as_echoes_and_lend_no_cause_a_verdict():
    found = judged("\n".join([WATCHDOG.format(1), WRAPPER.format(2)]))

    assert found.verdict == "insufficient-evidence"
    assert {reason.role for reason in found.every["worker-crash"].reasons} <= {"cascade", "confirms"}


# ---- families


def test_members_of_a_family_count_together_for_the_verdict():
    alike = [cause("one", "shared"), cause("two", "shared"), cause("three", "shared")]
    apart = [cause("one"), cause("two"), cause("three")]
    line = signature("s", "one", 2.7, two=2.7, three=2.7)
    facts = spoken(s=at(1))

    together = diagnose(facts, knowledge(alike, [line]))

    assert max(finding.confidence for finding in together.findings) < 0.5 < together.families["shared"]
    assert together.verdict == "cause"
    assert diagnose(facts, knowledge(apart, [line])).verdict == "insufficient-evidence"


def test_the_leading_family_comes_first_even_before_a_single_cause_that_is_likelier():
    ours = knowledge(
        [cause("one", "shared"), cause("two", "shared"), cause("alone")],
        [signature("s", "one", 3.2, two=3.1, alone=3.3)],
    )

    found = diagnose(spoken(s=at(1)), ours)

    assert [finding.cause for finding in found.findings] == ["one", "two", "alone"]
    assert found.every["alone"].confidence > found.every["one"].confidence


# ---- one verdict


def test_several_causes_at_once_are_all_shown():
    found = judged(
        "\n".join(
            [
                OOM.format(1),
                "[ 812.481234] NVRM: Xid (PCI:0000:41:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
            ]
        )
    )

    assert {"gpu-oom", "gpu-hardware"} <= {finding.cause for finding in found.findings}
    assert all(finding.confidence >= SHOWN_FROM for finding in found.findings)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_speaks_there_is_one_verdict_and_it_agrees_with_the_probabilities(seed: int):
    chance = random.Random(seed)
    known_signatures = library().signatures
    chosen = chance.sample(sorted(known_signatures), chance.randint(0, 12))
    facts = Facts(hits={name: [at(n + 1)] for n, name in enumerate(chosen)})
    facts.timeline = Timeline(outcome=chance.choice(["ready", "hung", "crashed", "unknown"]))

    found = diagnose(facts, library())

    whole = sum(finding.confidence for finding in found.every.values()) + found.healthy
    assert 0 <= whole <= 1 + 1e-9
    assert sum(found.families.values()) + found.healthy == pytest.approx(whole)
    best = max(found.families.values())
    assert found.verdict == (
        "healthy" if found.healthy > max(0.5, best) else "cause" if best > 0.5 else "insufficient-evidence"
    )
    families = [finding.family for finding in found.findings]
    assert [name for name, _ in itertools.groupby(families)] == list(dict.fromkeys(families)), "a family is split"
    assert {f.cause for f in found.findings}.isdisjoint(f.cause for f in found.ruled_out)


def test_a_launch_that_became_ready_and_then_failed_is_not_called_healthy():
    ready = "INFO:     Application startup complete."

    assert judged(STOPPED + ready).verdict == "healthy"
    assert judged(STOPPED + ready + "\n" + OOM.format(1)).verdict == "cause"


def test_health_needs_a_ready_line_however_little_speaks_against_it():
    ours = knowledge([cause("one")], [signature("fine", HEALTHY, 6.0)])

    assert diagnose(spoken(fine=at(1)), ours).verdict == "insufficient-evidence"


# ---- also noticed


def test_a_harmless_line_is_named_as_harmless():
    found = judged(
        "host-a:11:12 [0] NCCL INFO NET/Plugin: Could not find: libnccl-net.so. Using internal network plugin."
    )

    assert [(reason.id, reason.role) for reason in found.noticed] == [("optional-plugin-missing", "harmless")]
    assert found.verdict == "insufficient-evidence"


def test_what_speaks_for_a_cause_that_is_not_shown_is_noticed():
    ours = knowledge(
        [cause("one"), cause("two")], [signature("sure", "one", 6.0), signature("aside", "two", 1.0, "confirms")]
    )

    found = diagnose(spoken(sure=at(1), aside=at(2)), ours)

    assert [finding.cause for finding in found.findings] == ["one"]
    assert [reason.id for reason in found.noticed] == ["aside"]


def test_what_is_shown_with_a_cause_is_not_told_again_as_noticed():
    ours = knowledge([cause("one"), cause("two")], [signature("sure", "one", 6.0, two=1.0)])

    assert diagnose(spoken(sure=at(1)), ours).noticed == ()


# ---- a broken rule


def breaks(_facts: Facts) -> bool:
    raise ZeroDivisionError("a mistake of ours")


def test_a_broken_rule_is_told_and_the_others_are_heard():
    ours = knowledge(
        [cause("one")], rules=[rule("broken", "one", 9.0, breaks), rule("whole", "one", 4.0, lambda facts: True)]
    )

    found = diagnose(Facts(), ours)

    assert found.broken == ("broken",)
    assert [reason.id for reason in found.every["one"].reasons] == ["whole"]
    assert found.verdict == "cause"


def test_a_broken_rule_is_never_health_and_stands_in_the_report():
    ours = library()
    first, *rest = ours.rules
    damaged = replace(ours, rules=(replace(first, find=breaks), *rest))

    report = examine(documents_of("nothing of interest"), damaged)

    assert report["verdict"] == "insufficient-evidence"
    [told] = [item for item in report["also_noticed"] if item["text"] == first.id]
    assert "failed" in told["says"]["en"]
    assert "出错" in told["says"]["zh-hans"]


def test_an_order_to_stop_is_no_broken_rule():
    class SoftTimeLimitExceeded(Exception):
        """As Celery's: an `Exception` by which it asks the task to end."""

    def ordered(_facts: Facts) -> bool:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        diagnose(Facts(), knowledge([cause("one")], rules=[rule("ordered", "one", 1.0, ordered)]))


# ---- what a rule found


def test_a_rule_without_a_line_counts_as_one_with_a_line():
    shown = knowledge([cause("one")], rules=[rule("r", "one", 3.0, lambda facts: [at(3), at(3), at(4), at(5), at(6)])])
    told = knowledge([cause("one")], rules=[rule("r", "one", 3.0, lambda facts: True)])

    with_lines, without = (diagnose(Facts(), each).every["one"] for each in (shown, told))

    assert with_lines.score == without.score
    assert [line.number for line in with_lines.reasons[0].lines] == [3, 4, 5]
    assert without.reasons[0].lines == ()


def test_a_persons_answer_weighs_as_a_line_does():
    ours = knowledge([cause("one")], [signature("s", "one", 3.0)])
    answer = Reason("answer", "one", "confirms", 3.0, {"en": "", "zh-hans": ""}, ())

    assert (
        diagnose(Facts(), ours, extra=[answer]).every["one"].score == diagnose(spoken(s=at(1)), ours).every["one"].score
    )


# ---- why not?


def test_for_every_cause_that_is_not_named_one_sees_what_would_have_named_it():
    report = examine(documents_of("nothing of interest"), library())

    assert [item["id"] for item in report["why_not"]] == list(library().causes)
    for item in report["why_not"]:
        assert item["wanted"] or item["line"], item["id"]
    json.dumps(report["why_not"])


def test_a_fact_that_was_told_is_not_among_those_that_are_missing():
    def wanted(*texts: str) -> list[str]:
        report = examine(documents_of(*texts), library())
        return next(item["wanted"] for item in report["why_not"] if item["id"] == "shm-too-small")

    assert "shm_bytes" in wanted("nothing of interest")
    assert "shm_bytes" not in wanted(
        "Filesystem      Size  Used Avail Use% Mounted on\nshm             16G  1.0G   15G   7% /dev/shm"
    )


def test_a_fact_that_speaks_for_two_causes_is_missed_by_both():
    missing = library().missing(Facts())

    assert "gpu_load" in missing["p2p-topology"]
    assert "gpu_load" in missing["custom-allreduce"]


def test_a_fact_that_could_only_speak_against_a_cause_is_not_wanted_for_it():
    assert "disable_custom_all_reduce" not in library().missing(Facts())["custom-allreduce"]


# ---- a guest's reading of the host


@pytest.mark.parametrize(("machine", "speaks"), [("none", True), ("kvm", False)])
def test_acs_counts_as_read_on_the_host_and_not_as_read_in_a_guest(machine: str, speaks: bool):
    found = judged(f"$ systemd-detect-virt\n{machine}\n", BRIDGE, STOPPED)

    reasons = {reason.id for reason in found.every["p2p-iommu-acs"].reasons}
    assert ("acs-redirects-on-this-host" in reasons) is speaks
    assert leading(found) == ("p2p-iommu-acs" if speaks else "p2p-virtualized")


@pytest.mark.parametrize("state", ["translated", "on", "off", "passthrough"])
@pytest.mark.parametrize("redirects", [True, False])
def test_no_reading_of_a_guest_about_the_hosts_pcie_changes_a_probability(state: str, redirects: bool):
    plain = [Fact("virtualized", True), Fact("nccl_version", "2.20.5")]
    read = [Fact("iommu", state), Fact("acs_redirect", redirects), Fact("acs_state", ("", redirects))]

    without, with_readings = (diagnose(Facts(facts), library()) for facts in (plain, [*plain, *read]))

    assert {name: finding.score for name, finding in without.every.items()} == {
        name: finding.score for name, finding in with_readings.every.items()
    }


def test_faults_of_a_guests_own_bus_are_shown_and_do_not_count():
    faults = """
        [ 9012.1] nvidia 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0012 address=0xb0080000 flags=0x0030]
        [ 9012.2] pcieport 0000:40:01.1:    [21] ACSViol                (First)
    """

    host, guest = (judged(f"$ systemd-detect-virt\n{machine}\n", faults) for machine in ("none", "kvm"))

    assert leading(host) == "p2p-iommu-acs"
    assert guest.verdict == "insufficient-evidence"
    assert [reason.id for reason in guest.every["p2p-iommu-acs"].opposing] == ["faults-of-a-guests-own-bus"]


# ---- where evidence is short


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello, my model does not start, can somebody help?",
        "host-a:11:12 [0] NCCL INFO NET/IB : No device found.",
        "Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.",
        "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)",
        "[rank1]: Some NCCL operations have failed or timed out.",
        "GPU 0: NVIDIA A100-SXM4-80GB",
    ],
)
def test_too_little_is_called_too_little_and_something_is_asked_for(text: str):
    report = examine(documents_of(text), library())

    assert report["verdict"] == "insufficient-evidence"
    assert report["next_steps"]


def test_that_a_log_does_not_mention_something_is_no_evidence_of_it():
    assert judged("a log that says nothing").every == judged("another log of which nobody can tell anything").every


def test_of_a_wait_that_repeats_itself_the_last_line_is_shown_too():
    waits = [Line("a.log", number, f"waiting for {number} s") for number in range(1, 6)]

    assert [line.number for line in first_and_last(waits)] == [1, 2, 5]
    assert first_and_last(waits[:2]) == tuple(waits[:2])


def test_twenty_thousand_lines_that_speak_are_kept_to_what_can_be_shown():
    facts = known("\n".join([OOM.format(1)] * 3))
    facts.hits = {name: [at(n) for n in range(1, 20_001)] for name in ("cuda-out-of-memory", "wrapper-failed")}

    found = diagnose(facts, library())

    assert all(len(reason.lines) <= 3 for finding in found.every.values() for reason in finding.reasons)
