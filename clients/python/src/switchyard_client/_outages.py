"""Tolerance of waits and streams, which last for minutes or hours, for a temporarily unavailable service."""

from __future__ import annotations

from . import _clock
from ._errors import SwitchyardError
from ._retries import RetryPolicy


class Outages:
    """An outage begins with a failure, and lasts until the service responds."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._since_s: float | None = None
        self._failures = 0

    def responded(self) -> None:
        """The service has responded. Delays are not reset, since the connection may break repeatedly."""
        self._since_s = None

    def over(self) -> None:
        """The operation has continued: delays start again from the shortest."""
        self._since_s = None
        self._failures = 0

    def delay_s(self, error: SwitchyardError) -> float:
        """Time until the next attempt. Raises the error if it is not temporary, or if the outage lasts too long."""
        now_s = _clock.monotonic()
        if self._since_s is None:
            self._since_s = now_s
        self._failures += 1
        delay_s = self._policy.delay_s(self._failures, error)
        if not error.is_retryable or now_s - self._since_s + delay_s > self._policy.max_outage_s:
            raise error
        return delay_s
