"""Every input format we read, one module each; a format yields facts and never judges.

A module here offers one or several `Format`s in a constant `FORMATS`. Two shapes:
- a **block** format has `heads`: patterns of the line that opens a block; the block runs on while `belongs` says so;
- a **line** format has `lines`: patterns of single lines, which may stand anywhere and be interleaved.
`parse` gets a Section of either and yields Facts; it skips a line it cannot read and never raises on a user's text.

Patterns are Python regular expressions that Hyperscan takes as well (no lookaround, no backreference); the automaton
searches them, without a leading `^`, in the bytes of the raw line, then Python confirms on the peeled line (`peel`).
"""

from troubleshoot.diagnosis.parsers import nccl_log, shared_lines, vllm
from troubleshoot.diagnosis.parsers.format import Format

ALL_FORMATS: tuple[Format, ...] = (
    *vllm.FORMATS,
    *shared_lines.FORMATS,
    *nccl_log.FORMATS,
)
