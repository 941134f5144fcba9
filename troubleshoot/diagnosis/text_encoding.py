"""Which encoding a text has, told from its first bytes, and its bytes as UTF-8."""

from __future__ import annotations

import codecs

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TEXT_CONTROLS = frozenset(b"\x07\x08\t\n\x0c\r\x1b")
SAMPLE = 8192
MOST_CONTROLS = 0.05  # of the bytes of a text; binaries have about a tenth


def encoding_of(head: bytes) -> str | None:
    """The encoding of a text that begins so; None when it is no text. Holes of zeros in a log are not counted."""
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    if wide := wide_encoding(head):
        return wide
    solid = head.replace(b"\0", b"")  # a log that was truncated while written has a hole at its start
    if len(solid) < len(head) * 0.99 and len(solid) > 0 and not is_hole(head):
        return None
    if sum(solid.count(c) for c in range(32) if c not in TEXT_CONTROLS) + solid.count(127) > len(solid) * MOST_CONTROLS:
        return None
    return byte_encoding(solid)


def is_hole(head: bytes) -> bool:
    """Whether the zeros stand in one run, as in a file with a hole, and not all over it, as in a binary."""
    return b"\0" not in head.strip(b"\0")


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the zeros of Latin letters, digits and newlines stand at fixed places."""
    zeros = head.count(0)
    if zeros < max(2, len(head) * 0.02) or is_hole(head):
        return None
    at = [head[place::4].count(0) for place in range(4)]
    quarter = len(head) / 4
    if at[2] > quarter * 0.9 and at[3] > quarter * 0.9 and at[0] < quarter * 0.1:
        return "utf-32-le"
    if at[0] > quarter * 0.9 and at[1] > quarter * 0.9 and at[3] < quarter * 0.1:
        return "utf-32-be"
    odd = at[1] + at[3]
    name = "utf-16-le" if odd > zeros * 0.95 else "utf-16-be" if odd < zeros * 0.05 else None
    if name is None:
        return None
    text = head[: len(head) & ~1].decode(name, "replace")
    odd_ones = sum(text.count(c) for c in map(chr, range(32)) if ord(c) not in TEXT_CONTROLS) + text.count("\ufffd")
    return name if odd_ones <= len(text) * MOST_CONTROLS else None


def byte_encoding(head: bytes) -> str:
    """UTF-8, broken here and there or not, else GB18030, else what is likely, else Latin-1 (which takes anything)."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    sample = b"\n".join(line for line in head.split(b"\n") if not line.isascii())[:SAMPLE]
    text = sample.decode("utf-8", "replace")
    if sum(1 for c in text if c > "\x7f" and c != "\ufffd") > text.count("\ufffd"):
        return "utf-8"  # the bad places are replaced
    if looks_chinese(sample):
        return "gb18030"
    import charset_normalizer  # here, for it takes longer to import than most cases take, and almost none needs it

    best = charset_normalizer.from_bytes(
        sample, cp_isolation=["gb18030", "big5", "cp932", "euc_kr", "cp1251", "cp1252", "latin_1"]
    ).best()
    if best is None:
        return "latin-1"
    return "gb18030" if best.encoding in ("gb2312", "gbk", "gb18030") else best.encoding


def looks_chinese(sample: bytes) -> bool:
    """Whether GB18030 makes common Chinese characters and punctuation of the bytes that are not ASCII."""
    text = codecs.getincrementaldecoder("gb18030")("replace").decode(sample)
    wide = [c for c in text if c > "\x7f"]
    common = sum(1 for c in wide if "一" <= c <= "龥" or "、" <= c <= "】" or "！" <= c <= "～")
    return bool(wide) and common >= len(wide) * 0.9
