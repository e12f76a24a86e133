"""Where a stream of events continues after an interruption."""

from __future__ import annotations

import re

#: The feed of a project names its position before its first event.
_position_comment = re.compile(r": position (\S+)\r?")
_max_comment_length = 1000


class Resumption:
    def __init__(self) -> None:
        #: `id` of the last message, or the position at which the stream began; None if neither is known.
        self.last_id: str | None = None
        self._line = ""

    def begin(self) -> None:
        """A new connection starts at the beginning of a line."""
        self._line = ""

    def read(self, text: str) -> None:
        """Text of the stream. The comment counts only as long as there is no message to resume after."""
        if self.last_id is not None:
            return
        *lines, rest = (self._line + text).split("\n")
        self._line = rest[:_max_comment_length]
        for line in lines:
            comment = _position_comment.fullmatch(line)
            if comment is not None:
                self.last_id = comment[1]
