"""Which guide goes on from which report."""

from __future__ import annotations

import pytest

from troubleshoot.guides.onwards import fitting, in_order


def report(verdict: str = "cause", failed: str | None = None, nodes: int | None = None, outcome: str = "hung") -> dict:
    phases = [{"id": one, "state": "failed" if one == failed else "done"} for one in ("start", "nccl-init", "load")]
    facts = [{"name": "node_count", "value": nodes}] if nodes else []
    return {"verdict": verdict, "timeline": {"phases": phases, "outcome": outcome}, "facts": facts}


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (report(), "stuck-in-starting"),
        (report(nodes=2), "multi-node-hang"),
        (report(failed="nccl-init"), "nccl-error"),
        (report(failed="load"), "did-the-fix-take"),
        (report(outcome="crashed"), "did-the-fix-take"),
        (report("healthy"), "slow-but-runs"),
        (report("insufficient-evidence"), "stuck-in-starting"),
    ],
)
def test_the_guide_that_fits_what_was_found_comes_first(given, first):
    assert fitting(given)[0] == first


def test_without_a_named_cause_there_is_no_fix_to_check():
    assert "did-the-fix-take" not in fitting(report("insufficient-evidence"))


def test_a_site_may_lack_a_guide_and_have_others_of_its_own():
    assert in_order(["ours", "nccl-error"], ["multi-node-hang", "nccl-error"]) == (["nccl-error"], ["ours"])
