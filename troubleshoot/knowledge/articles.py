"""Articles: one Markdown file a subject and language in `content/articles/`, with a short head between `---` lines.

    ---
    title: GPU peer-to-peer is blocked by the IOMMU or PCI ACS
    summary: One sentence.
    kind: cause                      (cause | background)
    causes: p2p-iommu-acs            (ids, comma-separated)
    sources: NCCL user guide, troubleshooting | kernel-parameters.txt
    ---

`<slug>.md` is the English text, `<slug>.zh-hans.md` the Chinese one; both must exist. The article of a cause is named
by the cause's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import LANGUAGES, ContentError

KINDS = ("cause", "background")


@dataclass(frozen=True, slots=True)
class Text:
    """One article in one language."""

    title: str
    summary: str
    body: str
    sources: tuple[str, ...]
    where: str  # "articles/nvls.md"
    raw: str  # the whole file

    def at(self, words: str) -> str:
        """File and line where `words` stand, or the first line."""
        lines = self.raw.splitlines()
        return f"{self.where}:{next((n for n, line in enumerate(lines, 1) if words in line), 1)}"


@dataclass(frozen=True, slots=True)
class Article:
    slug: str
    kind: str
    causes: tuple[str, ...]
    texts: dict[str, Text]

    @property
    def address(self) -> str:
        return f"/kb/{self.slug}/"

    def text(self, lang: str) -> Text:
        return self.texts.get(lang, self.texts["en"])


def split_head(relative: str, raw: str) -> tuple[dict[str, str], str]:
    """The `key: value` lines between the first two `---`, and what follows."""
    if not raw.startswith("---\n") or "\n---\n" not in raw[4:]:
        raise ContentError(f"{relative}:1", "an article begins with a head between two lines of ---")
    head, body = raw[4:].split("\n---\n", 1)
    values = {}
    for number, line in enumerate(head.splitlines(), 2):
        key, colon, value = line.partition(":")
        if not colon:
            raise ContentError(f"{relative}:{number}", f"{line!r} is not `key: value`")
        values[key.strip()] = value.strip()
    return values, body


def load_articles(overlays: tuple[Path, ...] = ()) -> dict[str, Article]:
    """Every article by its slug. Raises ContentError for a fault, with file and line."""
    heads: dict[str, dict[str, tuple[dict[str, str], Text]]] = {}
    for relative, path in content.files("articles", overlays, ".md"):
        slug, _, lang = path.name.removesuffix(".md").partition(".")
        raw = path.read_text(encoding="utf-8")
        values, body = split_head(relative, raw)
        for key in ("title", "summary"):
            if not values.get(key):
                raise ContentError(f"{relative}:1", f"the head lacks {key}")
        sources = tuple(s.strip() for s in values.get("sources", "").split("|") if s.strip())
        heads.setdefault(slug, {})[lang or "en"] = (
            values,
            Text(values["title"], values["summary"], body, sources, relative, raw),
        )
    articles = {}
    for slug, found in sorted(heads.items()):
        missing = [lang for lang in LANGUAGES if lang not in found]
        if missing:
            raise ContentError(f"articles/{slug}.md:1", f"this article lacks its text in {', '.join(missing)}")
        values = found["en"][0]
        kind = values.get("kind", "background")
        if kind not in KINDS:
            raise ContentError(f"articles/{slug}.md:1", f"kind is {kind!r}; it must be one of {', '.join(KINDS)}")
        causes = tuple(c.strip() for c in values.get("causes", "").split(",") if c.strip())
        articles[slug] = Article(slug, kind, causes, {lang: text for lang, (_, text) in found.items()})
    return articles
