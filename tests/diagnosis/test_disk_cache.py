"""What is kept on disk makes a start faster and never changes what is known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from troubleshoot.diagnosis import content, disk_cache
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.scan import Scanner

LOG = b"NCCL WARN Call to ibv_create_qp failed\nnothing to see\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's own content: one file of ours, laid over."""
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(content.CONTENT / "families.toml", folder)
    return folder


def title_of(library: Library) -> str:
    return library.families["p2p"]["title"]["en"]


def kept_in(file: Path) -> dict[str, dict[str, list[dict[str, dict[str, str]]]]]:
    return json.loads(disk_cache.recall(file) or b"{}")


def retitle(file: Path, title: str) -> None:
    said = kept_in(file)
    for values in said.values():
        for family in values.get("family", []):
            if family["id"] == "p2p":
                family["title"]["en"] = title
    disk_cache.keep(file, json.dumps(said).encode())


def test_a_second_start_reads_what_the_first_has_parsed(site: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    first = load_library((site,), cache)
    assert load_library((site,), cache).remedies == first.remedies == load_library((site,)).remedies
    retitle(cache / "content.parsed", "from the cache")
    assert title_of(load_library((site,), cache)) == "from the cache"


def test_a_changed_file_is_parsed_anew_and_the_old_is_kept_no_longer(site: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    before = title_of(load_library((site,), cache))
    size = len(kept_in(cache / "content.parsed"))
    file = site / "families.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(before, "Quite another title"), encoding="utf-8")
    assert title_of(load_library((site,), cache)) == "Quite another title"
    assert len(kept_in(cache / "content.parsed")) == size


def test_a_file_that_is_no_longer_toml_is_a_fault_though_it_was_parsed_before(site: Path, tmp_path: Path):
    cache = tmp_path / "cache"
    load_library((site,), cache)
    (site / "families.toml").write_text('[[family]]\nid = "p2p\n', encoding="utf-8")
    with pytest.raises(ContentError, match=r"families\.toml:2"):
        load_library((site,), cache)


@pytest.mark.parametrize(
    "damage",
    [lambda whole: b"", lambda whole: whole[: len(whole) // 2], lambda whole: whole.replace(b"peer", b"pear", 1)],
    ids=["empty", "half of it", "another letter"],
)
def test_a_damaged_cache_is_made_anew(site: Path, tmp_path: Path, damage: Callable[[bytes], bytes]):
    cache = tmp_path / "cache"
    expected = load_library((site,), cache)
    whole = (cache / "content.parsed").read_bytes()
    assert damage(whole) != whole
    (cache / "content.parsed").write_bytes(damage(whole))
    again = load_library((site,), cache)
    assert (again.causes, again.remedies) == (expected.causes, expected.remedies)
    assert (cache / "content.parsed").read_bytes() == whole


def test_without_a_place_to_write_everything_is_known_all_the_same(site: Path, tmp_path: Path):
    (tmp_path / "file").write_text("a file, where a folder would have to be")
    library = load_library((site,), tmp_path / "file" / "cache")
    assert library.families == load_library((site,)).families


def test_what_others_could_have_written_is_not_read(tmp_path: Path):
    kept = tmp_path / "kept"
    disk_cache.keep(kept, b"ours")
    assert disk_cache.recall(kept) == b"ours"
    kept.chmod(0o666)
    assert disk_cache.recall(kept) is None
    disk_cache.keep(kept, b"ours again")
    assert disk_cache.recall(kept) == b"ours again"


def test_an_automaton_is_compiled_anew_when_its_patterns_change_or_its_file_is_damaged(tmp_path: Path):
    def ids(patterns: dict[str, str]) -> set[str]:
        scanner = Scanner(patterns, tmp_path)
        return {scanner.ids[hit & 0xFFFF] for hit in scanner.hits(LOG)}

    assert ids({"a": "ibv_create_qp failed", "b": "unheard of"}) == {"a"}
    (first,) = tmp_path.glob("automaton-*.hs")
    assert ids({"a": "ibv_create_qp failed", "b": "nothing to see"}) == {"a", "b"}
    assert len(list(tmp_path.glob("automaton-*.hs"))) == 2
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    assert ids({"a": "ibv_create_qp failed", "b": "unheard of"}) == {"a"}
    assert first.read_bytes() == whole
