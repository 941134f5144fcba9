"""Regular expressions that are compiled when they are first used.

A small case meets a few of the six hundred that readers and rules hold; compiling all of them at import took a quarter of the command line's time.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class LazyPattern:
    """Stands for a `re.Pattern`; what is asked of it is kept, so only the first question costs more.

    A pattern that `re` rejects raises re.error at its first use, not at import; a test compiles every one.
    """

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for what no pattern has, before there is a pattern
            raise AttributeError(name)
        value = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, value)
        return value


def compile(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, later. `re`'s own functions (`re.sub` and the like) take no such pattern: call its methods."""
    return cast("re.Pattern[AnyStr]", LazyPattern(pattern, flags))
