"""Finds the new text of a log that each read returns as a whole."""

from __future__ import annotations

#: Length of the text by which the end of an earlier read is found in a log whose beginning was cut off.
overlap_length = 1000


class SeenLogs:
    """A log has parts (tasks, standard error), each with a cursor. Providers cut off the beginning of long parts."""

    def __init__(self) -> None:
        self._seen: dict[str | None, str] = {}

    def new_in(self, cursor: str | None, text: str | None, following: str | None = None) -> str:
        if not text:
            return ""
        seen = self._seen.get(cursor, "")
        self._seen[cursor] = text
        if text.startswith(seen):
            return text[len(seen) :]
        # The last line of a part that is full by now moves to the next one if it had no end.
        if following is not None and following not in self._seen and seen.startswith(text):
            self._seen[following] = seen[len(text) :]
            return ""
        end = seen[-overlap_length:]
        # The first of several matches: output that repeats itself may be returned twice, but is not lost.
        found = text.find(end) if len(end) == overlap_length else -1
        return text if found < 0 else text[found + overlap_length :]
