"""What is offered where, and whether every snippet of every remedy, method and version is well formed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import ruamel.yaml
from kubernetes_validate import validate as validate_kubernetes

from tests.diagnosis.walking import ACTIONS
from troubleshoot.diagnosis import env_file
from troubleshoot.diagnosis.causes import load_causes
from troubleshoot.diagnosis.content import LANGUAGES, ContentError
from troubleshoot.diagnosis.evidence import Document, Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.install_methods import load_install_methods
from troubleshoot.diagnosis.remedies import combined, offer, offers
from troubleshoot.diagnosis.remedy import load_remedies
from troubleshoot.diagnosis.timeline import Timeline
from troubleshoot.diagnosis.topology import Matrix

P2P_FAMILY = {"p2p-iommu-acs", "p2p-virtualized", "p2p-topology"}
KNOWLEDGE: Any = SimpleNamespace(causes=load_causes(), remedies=load_remedies(), install_methods=load_install_methods())
COMPOSE_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "compose-spec.json").read_text())
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def knowing(**values: Any) -> Facts:
    """Facts as an upload would give them; names with "-" for "_" are not needed, the vocabulary has none."""
    return Facts([Fact(name, value) for name, value in values.items()])


# Where an engine may run, and what must never be read there.
BARE = {"virtualized": False, "cpu_vendor": "amd", "iommu": "translated", "acs_redirect": True}
LAUNCHES: dict[str, dict[str, Any]] = {
    "GPUStack, version unknown": {"gpustack": True},
    "GPUStack 0.4 script": {"gpustack": True, "gpustack_version": "0.4.1", "install_method": "script"},
    "GPUStack 0.5 Docker": {
        "gpustack": True,
        "gpustack_version": "0.5.1",
        "install_method": "docker",
        "container_name": "stack1",
    },
    "GPUStack 0.7": {"gpustack": True, "gpustack_version": "0.7.1", "install_method": "script", "engine": "vllm"},
    "GPUStack 2.0": {
        "gpustack": True,
        "gpustack_version": "2.0.1",
        "install_method": "docker",
        "container_name": "qwen-ab12c-run-0",
    },
    "GPUStack 2.2 Helm": {"gpustack": True, "gpustack_version": "v2.2.1", "install_method": "helm"},
    "vLLM Docker": {
        "engine": "vllm",
        "engine_version": "0.9.2",
        "install_method": "docker",
        "image": "vllm/vllm-openai:v0.9.2",
        "container_name": "llm",
        "model": "Qwen/Qwen3-32B",
        "tensor_parallel_size": 4,
        "gpu_count": 8,
        "shm_bytes": 64 << 20,
    },
    "vLLM Compose": {"engine": "vllm", "install_method": "compose", "service_name": "vllm"},
    "vLLM systemd": {"engine": "vllm", "install_method": "systemd", "service_name": "vllm.service"},
    "vLLM, odd names": {"engine": "vllm", "model": "/data/my model; rm -rf $HOME", "container_name": "a'b`c"},
    "SGLang Kubernetes": {
        "engine": "sglang",
        "install_method": "kubernetes",
        "service_name": "sglang",
        "model": "/models/r1",
    },
    "SGLang, large shared memory": {"engine": "sglang", "shm_bytes": 20 << 30},
    "torchrun": {"engine": "torch", "launcher": "torchrun"},
    "Slurm": {"engine": "vllm", "install_method": "slurm", "node_count": 2},
    "Ray": {"engine": "vllm", "launcher": "ray", "node_count": 2},
    "nothing known": {},
}


@dataclass(frozen=True)
class Made:
    """One snippet and where it came from."""

    remedy: str
    kind: str
    launch: str
    snippet: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        text = self.snippet["text"]
        return list(text.values()) if isinstance(text, dict) else [text]

    @property
    def name(self) -> str:
        return f"{self.remedy} {self.snippet['method']}/{self.snippet['variant']} ({self.launch})"


@cache
def every_snippet() -> tuple[Made, ...]:
    """Every remedy × install method × variant × launch, and on platforms that let everything through."""
    found: list[Made] = []
    generous = (
        BARE,
        {"virtualized": True, "cpu_vendor": "intel"},
        {
            **BARE,
            "cpu_vendor": "intel",
            "gpu_model": "NVIDIA H100 80GB HBM3",
            "nvlink_present": True,
            "mig_enabled": True,
            "node_count": 2,
        },
    )
    for launch, values in LAUNCHES.items():
        for platform in generous:
            facts = knowing(**{**platform, **values})
            facts.add(
                [
                    Fact("env", ("LD_PRELOAD", "/usr/local/vgpu/libvgpu.so")),
                    Fact("interface", ("eno1", "10.0.0.4", True)),
                    Fact("pci_device", ("0000:40:01.1", "PCI bridge: Advanced Micro Devices")),
                    Fact("acs_state", ("0000:40:01.1", True)),
                ]
            )
            for remedy in KNOWLEDGE.remedies.values():
                made = offer(remedy, facts, KNOWLEDGE)
                found += [
                    Made(remedy.id, remedy.kind, launch, snippet) for snippet in (made or {"snippets": []})["snippets"]
                ]
    return tuple(found)


def texts_in(language: str) -> dict[str, str]:
    """Every different text in this language, by where it came from."""
    by_text: dict[str, str] = {}
    for made in every_snippet():
        if made.snippet["language"] == language:
            for text in made.texts:
                by_text.setdefault(text, made.name)
    return {name: text for text, name in by_text.items()}


def test_every_remedy_that_a_cause_names_exists_and_each_is_used_or_known_by_name():
    named = {remedy for cause in KNOWLEDGE.causes.values() for remedy in cause.remedies}

    assert named <= set(KNOWLEDGE.remedies)


def test_every_remedy_and_every_variant_was_made_somewhere():
    made = {(m.snippet["method"], m.snippet["variant"]) for m in every_snippet()}
    variants = {(v.method, v.id) for method in KNOWLEDGE.install_methods.values() for v in method.variants}

    assert {m.remedy for m in every_snippet()} == set(KNOWLEDGE.remedies)
    assert variants <= made
    assert {(s.method, s.id) for r in KNOWLEDGE.remedies.values() for s in r.snippets} <= made


def test_every_snippet_has_its_words_in_every_language():
    for made in every_snippet():
        for key in ("title", "verify", "undo"):
            for lang in LANGUAGES:
                assert made.snippet[key][lang].strip(), f"{made.name}: {key} in {lang}"
        for text in made.texts:
            assert text.strip(), made.name


def test_no_slot_is_left_unfilled():
    for made in every_snippet():
        words = [*made.texts, *(w for key in ("title", "verify", "undo", "notes") for w in made.snippet[key].values())]
        for text in words:
            assert not re.search(r"\{\{ ?\w+ ?\}\}|\{\{[?!]", text.replace("{{end}}", "").replace("{{println", "")), (
                f"{made.name}: {text}"
            )


def test_every_shell_snippet_is_taken_by_bash_and_shellcheck(tmp_path):
    files = {}
    for n, (name, text) in enumerate(sorted(texts_in("sh").items())):
        path = tmp_path / f"{n:04}.sh"
        path.write_text(text)
        files[str(path)] = name
    assert len(files) > 150
    for path, name in files.items():
        parsed = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
        assert parsed.returncode == 0, f"{name}: {parsed.stderr}\n{Path(path).read_text()}"

    # SC2154: variables that the reader sets first (HEAD_IP). SC2288: a placeholder where the reader's own command belongs.
    found = subprocess.run(
        [str(SHELLCHECK), "--shell=bash", "--severity=warning", "--exclude=SC2154,SC2288", "--format=json", *files],
        capture_output=True,
        text=True,
    )

    faults = [
        f"{files[fault['file']]}:{fault['line']}: SC{fault['code']} {fault['message']}"
        for fault in json.loads(found.stdout)
    ]
    assert not faults, "\n".join(faults)


def test_a_pasted_snippet_is_not_changed_by_the_shells_history():
    for name, text in texts_in("sh").items():
        for line in text.splitlines():
            # Within double quotes an interactive bash takes "!word" for an event of its history.
            inside = re.sub(r"'[^']*'", "", line)
            assert not re.search(r'"[^"]*![\w/]', inside), f"{name}: {line}"


def test_no_snippet_reboots_or_goes_on_after_finding_nothing_to_do():
    for name, text in texts_in("sh").items():
        if "nothing to do" in text:
            assert text.index("nothing to do") < text.index("else") < text.index("reboot"), name


def test_a_container_is_never_removed_before_the_new_one_runs():
    for name, text in texts_in("sh").items():
        assert "docker rm" not in text, name
        if "docker run -d --name" in text:
            assert text.index("docker rename") < text.index("docker run -d"), name


def test_scripts_and_units_inside_shell_snippets_are_well_formed():
    heredoc = re.compile(r"tee (?:-a )?(\S+) [^\n]*<<'EOF'\n(.*?)\nEOF", re.DOTALL)
    checked = set()
    for name, text in texts_in("sh").items():
        for path, body in heredoc.findall(text):
            if path.endswith(".service"):
                directives, faults = env_file.read_unit(body)
                assert not faults, name
                assert {d.section for d in directives} == {"Unit", "Service", "Install"}
                checked.add("unit")
            elif path.startswith("/etc/default/gpustack"):
                read = env_file.read(body)
                assert read, name
                assert not [a for a in read if a.dropped or a.exported or a.trailing_comment], name
                checked.add("env")
            elif path.startswith("/usr/local/sbin"):
                assert subprocess.run(["sh", "-n"], input=body, text=True).returncode == 0, name
                checked.add("script")
    assert checked == {"unit", "env", "script"}


def test_every_yaml_snippet_is_compose_or_kubernetes_by_its_schema():
    kinds = set()
    for name, text in texts_in("yaml").items():
        document = ruamel.yaml.YAML(typ="safe", pure=True).load(text)
        if "services" in document:
            jsonschema.Draft7Validator(COMPOSE_SCHEMA).validate(document)
            kinds.add("compose")
        else:
            validate_kubernetes(document, "1.30", strict=True)
            kinds.add(document["kind"])
        assert "<" not in str(list(document)), name
    assert kinds == {"compose", "Deployment"}


def test_every_ini_snippet_is_taken_by_systemd():
    for name, text in texts_in("ini").items():
        if "[Service]" in text:
            directives, faults = env_file.read_unit(text)
            assert directives, name
            assert not faults, f"{name}: {faults}"
        else:
            read = env_file.read(text)
            assert read, name
            assert not [a for a in read if a.dropped or a.trailing_comment], name


def test_every_json_and_python_snippet_parses():
    assert texts_in("json")
    for text in texts_in("json").values():
        json.loads(text)
    inside = [
        body
        for text in texts_in("sh").values()
        for body in re.findall(r"(?:python3 -|\.py)[^\n]*<<'EOF'\n(.*?)\nEOF", text, re.DOTALL)
    ]
    assert inside
    for text in [*texts_in("python").values(), *inside]:
        compile(text, "snippet", "exec")


def test_a_script_install_never_gets_a_line_that_systemd_drops():
    scripts = [made for made in every_snippet() if made.snippet["method"] == "script"]

    assert scripts
    for made in scripts:
        assert "export" not in made.texts[0], made.name


def test_odd_names_from_an_upload_never_reach_a_command():
    odd = [made for made in every_snippet() if made.launch == "vLLM, odd names"]

    assert odd
    for made in odd:
        for text in [*made.texts, *made.snippet["verify"].values(), *made.snippet["undo"].values()]:
            assert "rm -rf $HOME" not in text, made.name
            assert "a'b" not in text, made.name


def test_names_and_values_of_the_upload_stand_in_the_snippet():
    facts = knowing(**LAUNCHES["vLLM Docker"])

    first = offers("p2p-topology", facts, KNOWLEDGE)[0]["snippets"][0]

    assert first["method"] == "docker"
    assert "docker run -d --name llm " in first["text"]
    assert "vllm/vllm-openai:v0.9.2" in first["text"]
    assert "--model Qwen/Qwen3-32B --tensor-parallel-size 4 --disable-custom-all-reduce" in first["text"]


# Which remedies are safe where.


def ids(cause: str, **values: Any) -> list[str]:
    return [made["id"] for made in offers(cause, knowing(**values), KNOWLEDGE)]


@pytest.mark.parametrize("launch", [name for name in LAUNCHES if "GPUStack" in name or name == "nothing known"])
@pytest.mark.parametrize("cause", sorted(P2P_FAMILY))
def test_peer_to_peer_can_be_switched_off_in_every_way_that_gpustack_is_installed(cause, launch):
    values = LAUNCHES[launch]

    snippets = offers(cause, knowing(**values), KNOWLEDGE)[0]["snippets"]

    methods = {snippet["method"] for snippet in snippets}
    if values.get("gpustack_version", "0.").lstrip("v") < "2":
        assert {"script", "docker"} <= methods
    else:
        assert {"docker", "kubernetes", "gpustack-model"} <= methods
    for snippet in snippets:
        if snippet["variant"] not in ("gpustack-parameters",):
            texts = snippet["text"].values() if isinstance(snippet["text"], dict) else [snippet["text"]]
            assert all(ACTIONS["p2p-off"].search(text) for text in texts), snippet["variant"]


def test_what_was_detected_stands_first():
    def first(**values: Any) -> tuple[str, str]:
        snippet = offers("p2p-topology", knowing(**values), KNOWLEDGE)[0]["snippets"][0]
        return snippet["method"], snippet["variant"]

    assert first(gpustack=True, gpustack_version="0.5.1", install_method="script") == ("script", "gpustack-0")
    assert first(gpustack=True, gpustack_version="0.7.1", install_method="docker") == ("docker", "gpustack-0")
    assert first(engine="vllm", install_method="compose") == ("compose", "engine")
    assert first(engine="sglang", install_method="kubernetes") == ("kubernetes", "engine")
    assert first(engine="vllm", launcher="ray") == ("ray", "engine")
    assert first(gpustack=True) == ("gpustack-model", "gpustack-ui")
    assert first(engine="vllm", container="docker") == ("docker", "engine")
    assert first(nccl_version="2.21.5") == ("docker", "engine")
    assert first() == ("gpustack-model", "gpustack-ui")


def test_the_models_own_environment_goes_before_the_worker_in_gpustack_2_unless_the_reader_chose():
    told = knowing(gpustack=True, gpustack_version="2.1.0", install_method="docker")
    chosen = Facts(
        [Fact("gpustack", True), Fact("gpustack_version", "2.1.0"), Fact("install_method", "docker", source="answer")]
    )

    assert offers("p2p-topology", told, KNOWLEDGE)[0]["snippets"][0]["method"] == "gpustack-model"
    assert offers("p2p-topology", chosen, KNOWLEDGE)[0]["snippets"][0]["method"] == "docker"


def test_passthrough_comes_after_what_is_right_anywhere_while_the_platform_is_unknown():
    assert ids("p2p-iommu-acs")[:2] == ["disable-p2p", "verify-p2p"]
    assert ids("p2p-iommu-acs", **BARE) == [
        "disable-p2p",
        "iommu-passthrough",
        "acs-clear-redirect",
        "bios-iommu-off",
        "verify-p2p",
    ]


def test_fabric_manager_is_for_nvswitch_or_its_own_error_only():
    hit = Facts([Fact("gpu_count", 8)], hits={"cuda-802-system-not-ready": [Line("a.log", 1, "Error 802")]})

    assert ids("fabric-manager", gpu_model="NVIDIA H100 80GB HBM3") == ["fabric-manager-restart"]
    assert ids("fabric-manager", gpu_model="NVIDIA A100-PCIE-40GB") == ["check-fabric"]
    assert ids("fabric-manager") == ["check-fabric"]
    assert [made["id"] for made in offers("fabric-manager", hit, KNOWLEDGE)] == ["fabric-manager-restart"]


def test_nvlink_level_needs_an_nvlink():
    pcie = Facts(matrices=[Matrix(("GPU0", "GPU1"), links={("GPU0", "GPU1"): "PHB"})])
    bridged = Facts(
        matrices=[Matrix(("GPU0", "GPU1", "GPU2"), links={("GPU0", "GPU1"): "NV4", ("GPU0", "GPU2"): "SYS"})]
    )

    assert "p2p-level-nvlink" not in [made["id"] for made in offers("p2p-topology", pcie, KNOWLEDGE)]
    assert "p2p-level-nvlink" in [made["id"] for made in offers("p2p-topology", bridged, KNOWLEDGE)]
    assert "NVLink" in offers("p2p-topology", bridged, KNOWLEDGE)[0]["cost"]["en"]


def test_bridges_of_the_upload_are_named():
    facts = knowing(**BARE)
    facts.add(
        [
            Fact("pci_device", ("0000:40:01.1", "PCI bridge")),
            Fact("pci_device", ("0000:41:00.0", "VGA compatible controller")),
            Fact("acs_state", ("0000:40:01.1", True)),
            Fact("acs_state", ("0000:41:00.0", True)),
        ]
    )

    made = next(m for m in offers("p2p-iommu-acs", facts, KNOWLEDGE) if m["id"] == "acs-clear-redirect")

    assert "sent: 0000:40:01.1\n" in made["snippets"][0]["text"]


def test_of_bridges_in_a_known_tree_only_those_above_a_gpu_are_named():
    facts = knowing(**BARE)
    facts.add(
        [
            Fact("pci_device", ("41:00.0", "3D controller: NVIDIA Corporation GA102GL [RTX A6000]")),
            Fact("pci_bridge", ("40:01.1", 0x41, 0x41)),
            Fact("pci_bridge", ("40:03.1", 0x42, 0x42)),
            Fact("acs_state", ("0000:40:01.1", True)),
            Fact("acs_state", ("0000:40:03.1", True)),
        ]
    )

    made = next(m for m in offers("p2p-iommu-acs", facts, KNOWLEDGE) if m["id"] == "acs-clear-redirect")

    assert "sent: 0000:40:01.1\n" in made["snippets"][0]["text"]


def test_shared_memory_goes_with_peer_to_peer_off_in_containers():
    facts = knowing(engine="vllm", install_method="docker")

    texts = {s["variant"] + s["method"]: s["text"] for s in offers("p2p-topology", facts, KNOWLEDGE)[0]["snippets"]}

    assert "--shm-size=8g" in texts["enginedocker"]
    assert "shm_size: 8gb" in texts["enginecompose"]
    assert "medium: Memory" in texts["enginekubernetes"]


def test_shared_memory_that_did_not_suffice_is_doubled():
    facts = knowing(engine="vllm", install_method="docker", shm_bytes=20 << 30)

    assert "--shm-size=64g" in offers("shm-too-small", facts, KNOWLEDGE)[0]["snippets"][0]["text"]


def test_several_remedies_become_one_snippet():
    facts = knowing(engine="vllm", install_method="docker")

    text = combined(["disable-p2p", "enforce-eager", "raise-memlock"], facts, KNOWLEDGE)[0]["text"]

    assert "NCCL_P2P_DISABLE=1" in text
    assert text.count("--disable-custom-all-reduce") == 1
    assert "--enforce-eager" in text
    assert "--ulimit memlock=-1" in text
    assert text.count("docker run") == 1


def test_remedies_that_contradict_each_other_are_not_merged():
    remedies = dict(KNOWLEDGE.remedies)
    first = remedies["disable-p2p"].change
    from dataclasses import replace

    other = replace(first, env={"NCCL_P2P_DISABLE": "0"})

    with pytest.raises(ValueError, match="NCCL_P2P_DISABLE"):
        first.merged(other)


def test_every_workaround_states_its_price_and_every_remedy_who_and_how_long():
    for remedy in KNOWLEDGE.remedies.values():
        assert (remedy.kind == "workaround") == bool(remedy.price["en"]), remedy.id
        assert 0 < remedy.minutes <= 120, remedy.id


def test_offers_are_json():
    facts = knowing(gpustack=True)

    for cause in KNOWLEDGE.causes:
        json.dumps(offers(cause, facts, KNOWLEDGE))


REMEDY = """\
id = "ours"
kind = "fix"
title = { en = "a", zh-hans = "a" }
why = { en = "a", zh-hans = "a" }
cost = { en = "a", zh-hans = "a" }
minutes = 1
root = false
reboot = false
who = "deployer"
[change]
env = { A = "1" }
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "ours"', 'id = "other"', "the file's name"),
        ('kind = "fix"', 'kind = "trick"', "kind"),
        ('kind = "fix"', 'kind = "workaround"', "price"),
        ('who = "deployer"', 'who = "me"', "who"),
        ("minutes = 1", 'minutes = "1"', "minutes"),
        ('cost = { en = "a", zh-hans = "a" }', "", "cost"),
        ('[change]\nenv = { A = "1" }', "", "changes nothing"),
        ('env = { A = "1" }', "container = { swap = true }", "swap"),
        ("[change]", 'require = ["full-moon"]\n[change]', "full-moon"),
        ("[change]", 'instead = "no-such"\n[change]', "no-such"),
        ("[change]", '[change]\nforbid = ["full-moon"]', "full-moon"),
    ],
)
def test_loading_refuses_a_faulty_remedy_and_says_where(tmp_path, old, new, says):
    (tmp_path / "remedies").mkdir()
    (tmp_path / "remedies" / "ours.toml").write_text(REMEDY)
    assert "ours" in load_remedies((tmp_path,))
    assert old in REMEDY
    (tmp_path / "remedies" / "ours.toml").write_text(REMEDY.replace(old, new, 1))

    with pytest.raises(ContentError, match=says) as error:
        load_remedies((tmp_path,))

    assert "remedies/ours.toml" in error.value.where


def test_the_users_own_file_comes_with_the_offer():
    lines = ["docker run -d --name llm --gpus all vllm/vllm-openai --model m"]
    facts = knowing(engine="vllm", install_method="docker", container_name="llm")
    facts.documents = [Document("start.txt", lines, [1], line_count=1)]

    [made] = offers("p2p-topology", facts, KNOWLEDGE)[0]["patched"]

    assert made["file"] == "start.txt"
    assert "-e NCCL_P2P_DISABLE=1" in made["text"]


def test_a_variable_that_systemd_dropped_is_said_with_the_remedy():
    dropped = knowing(gpustack=True, env_dropped=("NCCL_P2P_DISABLE", "1"))

    assert "systemd drops" in offers("p2p-topology", dropped, KNOWLEDGE)[0]["cost"]["en"]
    assert "systemd drops" not in offers("p2p-topology", knowing(gpustack=True), KNOWLEDGE)[0]["cost"]["en"]


# ---- what was seen calls for one of a cause's remedies


def ids_offered(cause: str, *signatures: str, stuck_in: str | None = None, **values: Any) -> list[str]:
    facts = knowing(**values)
    facts.hits.update({name: [Line("a.log", 1, name)] for name in signatures})
    facts.timeline = Timeline(stuck_in=stuck_in)
    return [made["id"] for made in offers(cause, facts, KNOWLEDGE)]


def test_a_remedy_for_what_was_not_seen_is_left_out_where_something_else_was():
    assert ids_offered("config-error", "heads-not-divisible") == ["fix-arguments"]
    assert ids_offered("config-error", "model-hub-refuses") == ["fix-download", "fix-arguments"]
    assert ids_offered("config-error", "port-busy-in-sglang")[0] == "change-port"


def test_where_nothing_was_seen_every_remedy_of_the_cause_is_offered():
    assert set(ids_offered("config-error")) == set(KNOWLEDGE.causes["config-error"].remedies)


def test_a_download_is_repaired_where_the_launch_stands_in_it_and_not_while_weights_load():
    assert "fix-download" in ids_offered("slow-load", "anything", stuck_in="prepare")
    assert "fix-download" not in ids_offered("slow-load", "anything", stuck_in="load")


def test_the_sharing_layer_that_was_seen_goes_before_another_version():
    assert ids_offered("framework-bug", "gpu-sharing-shim")[0] == "disable-gpu-sharing-shim"
    assert "disable-gpu-sharing-shim" not in ids_offered("framework-bug", "assertion-inside-framework")


def test_a_remedy_made_for_the_line_that_spoke_comes_first():
    plain = Facts()
    spoke = Facts(hits={"address-in-use-master": [Line("a.log", 1, "EADDRINUSE")]})

    assert offers("config-error", plain, KNOWLEDGE)[0]["id"] == "fix-arguments"
    assert offers("config-error", spoke, KNOWLEDGE)[0]["id"] == "change-port"


def test_what_is_not_known_to_be_right_does_not_come_first_for_any_line():
    spoke = {"ib-modify-qp": [Line("a.log", 1, "Call to ibv_modify_qp failed")]}
    port = Fact("ib_port", ("mlx5_0", 1, "active", "Ethernet"))

    assert offers("ib-rdma", Facts(hits=spoke), KNOWLEDGE)[-1]["id"] == "ib-gid-index"
    assert offers("ib-rdma", Facts([port], hits=spoke), KNOWLEDGE)[0]["id"] == "ib-gid-index"


def test_a_change_that_may_not_be_made_leaves_the_remedys_own_snippets():
    own, theirs = (
        next(made for made in offers("config-error", knowing(**values), KNOWLEDGE) if made["id"] == "change-port")
        for values in ({"engine": "vllm", "install_method": "docker"}, {"gpustack_version": "0.7.1"})
    )

    assert any("--port 8001" in str(snippet["text"]) for snippet in own["snippets"])
    assert [snippet["variant"] for snippet in theirs["snippets"]] == ["who"]
    assert combined(["change-port"], knowing(gpustack_version="0.7.1"), KNOWLEDGE) == []


def test_a_variable_of_vllms_is_not_set_for_another_engine():
    def texts(engine: str) -> str:
        return str(offers("multiprocessing", knowing(engine=engine, install_method="docker"), KNOWLEDGE))

    assert "VLLM_WORKER_MULTIPROC_METHOD=spawn" in texts("vllm")
    assert "VLLM_" not in texts("sglang")
