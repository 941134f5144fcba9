"""What changed between two reports, and whether the fix took."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from troubleshoot.diagnosis.compare import compare

STORED = json.loads((Path(__file__).parents[1] / "reports" / "peer-to-peer.json").read_text(encoding="utf-8"))


def later(**changes):
    return {**copy.deepcopy(STORED), **changes}


def healthy():
    report = later(verdict="healthy", causes=[])
    for phase in report["timeline"]["phases"]:
        phase["state"] = "done"
    for layers in report["topology"][0]["p2p"].values():
        layers["nccl_path"] = "SHM"
    return report


def test_the_same_report_twice_has_no_change_and_the_fix_did_not_take():
    result = compare(STORED, later())

    assert result.changes == ()
    assert result.took == "no"
    assert "did not take" in result.says["en"]


def test_it_starts_now_so_the_fix_took_and_what_changed_is_told():
    result = compare(STORED, healthy(), {}, {"NCCL_P2P_DISABLE": "1"})

    assert result.took == "yes"
    told = {(c.kind, c.what["en"]): (c.before["en"], c.after["en"]) for c in result.changes}
    assert told["verdict", "Verdict"] == ("a cause was found", "it started")
    assert told["transport", "Transport of 6 GPU pairs"] == ("P2P", "SHM")
    assert told["env", "NCCL_P2P_DISABLE"] == ("not told", "1")
    assert any(kind == "phase" for kind, _ in told)


def test_a_setting_that_changed_while_the_cause_stays_is_told_apart_from_none():
    result = compare(STORED, later(), {}, {"NCCL_P2P_DISABLE": "1"})

    assert result.took == "no"
    assert "Something was changed" in result.says["en"]


def test_another_cause_leads_now():
    after = later()
    after["causes"] = [{**after["causes"][0], "id": "shm-too-small"}]

    assert compare(STORED, after).took == "further"


def test_a_worse_launch_is_not_called_a_fix():
    assert compare(healthy(), STORED).took == "no"


def test_too_little_evidence_afterwards_tells_nothing():
    assert compare(STORED, later(verdict="insufficient-evidence")).took == "unknown"


def test_bandwidth_and_acs_are_compared():
    before = later(facts=[{"name": "acs_redirect", "value": True}, {"name": "nccl_bus_bandwidth", "value": 3.1}])
    after = later(facts=[{"name": "acs_redirect", "value": False}, {"name": "nccl_bus_bandwidth", "value": 22.4}])

    told = {c.what["en"]: (c.before["en"], c.after["zh-hans"]) for c in compare(before, after).changes}

    assert told == {"ACS redirect": ("yes", "否"), "NCCL bus bandwidth, GB/s": ("3.1", "22.4")}


def test_reports_with_nothing_in_them_do_not_raise():
    assert compare({}, {}).took == "unknown"


def test_the_cause_is_named_with_the_headlines_number_on_both_pages():
    before = later(confidence=0.97)
    after = later(confidence=0.6)

    (change,) = [change for change in compare(before, after).changes if change.kind == "cause"]

    assert change.before["en"] == f"{STORED['headline']['en']} (0.97)"
    assert change.after["en"] == f"{STORED['headline']['en']} (0.60)"


def test_another_lead_within_a_family_that_the_headline_names_is_no_change():
    after = later(causes=[{**STORED["causes"][0], "id": "p2p-virtualized"}, *STORED["causes"][1:]])

    assert [change for change in compare(STORED, after).changes if change.kind == "cause"] == []
