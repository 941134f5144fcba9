"""The little SVG that our pictures need: escaped text, wrapped by its real width, and classes that the page colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape

LINE_HEIGHT = 18


def width_of(text: str, size: float = 13) -> float:
    """About how wide `text` is in pixels: East Asian wide characters take a full square, others about half."""
    return sum(size if unicodedata.east_asian_width(c) in "WF" else size * 0.56 for c in text)


def wrap(text: str, width: float, size: float = 13) -> list[str]:
    """`text` in lines no wider than `width` pixels: broken at blanks, Chinese anywhere."""
    lines, line = [], ""
    for word in words(text):
        if line and width_of(line + word, size) > width:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def words(text: str) -> Iterable[str]:
    """Pieces between which a line may break."""
    piece = ""
    for character in text:
        piece += character
        if character == " " or unicodedata.east_asian_width(character) in "WF":
            yield piece
            piece = ""
    if piece:
        yield piece


def attributes(**values: object) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None
    )


def text(x: float, y: float, content: str, **values: object) -> str:
    return f"<text{attributes(x=round(x, 1), y=round(y, 1), **values)}>{escape(content)}</text>"


def rect(x: float, y: float, width: float, height: float, inside: str = "", **values: object) -> str:
    given = attributes(x=round(x, 1), y=round(y, 1), width=round(width, 1), height=round(height, 1), **values)
    return f"<rect{given}>{inside}</rect>" if inside else f"<rect{given}/>"


def line(x1: float, y1: float, x2: float, y2: float, inside: str = "", **values: object) -> str:
    given = attributes(x1=round(x1, 1), y1=round(y1, 1), x2=round(x2, 1), y2=round(y2, 1), **values)
    return f"<line{given}>{inside}</line>" if inside else f"<line{given}/>"


def title(words_: str) -> str:
    return f"<title>{escape(words_)}</title>"


def group(parts: Iterable[str], **values: object) -> str:
    return f"<g{attributes(**values)}>{''.join(parts)}</g>"


STYLE = """
text{font:13px system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;fill:var(--ink,#14181f)}
.small{font-size:11px}.soft{fill:var(--soft-ink,#525a66)}.strong{font-weight:600}
.box{fill:var(--raised,#fff);stroke:var(--line,#dcd9d0)}.frame{fill:none;stroke:var(--line,#dcd9d0)}
.edge{stroke:var(--soft-ink,#525a66);fill:none}.taken{stroke:var(--accent,#0b5f4a);stroke-width:2.5}
.stuck{stroke:var(--stuck,#a3261b)}.doubt{stroke:var(--doubt,#8a4b08)}.works{stroke:var(--works,#1f6b3a)}
.fill-stuck{fill:var(--stuck-paper,#fbe9e7)}.fill-doubt{fill:var(--doubt-paper,#fdf1dc)}.fill-works{fill:var(--works-paper,#e6f4ea)}
.text-stuck{fill:var(--stuck,#a3261b)}.text-doubt{fill:var(--doubt,#8a4b08)}.text-works{fill:var(--works,#1f6b3a)}
"""


def picture(width: float, height: float, parts: Iterable[str], label: str, description: str = "") -> str:
    """A whole SVG, scaled to its frame; coloured by the page's tokens, or by the light ones where it stands alone."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-label="{escape(label)}"><title>{escape(label)}</title>'
        + (f"<desc>{escape(description)}</desc>" if description else "")
        + f"<style>{STYLE}</style>{''.join(parts)}</svg>"
    )
