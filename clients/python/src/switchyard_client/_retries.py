"""Whether and when a failed request is repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ._errors import NoResponseError, RateLimitedError, SwitchyardError


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with jitter; a `Retry-After` of the service takes precedence and is never shortened."""

    max_retries: int = 4
    first_delay_s: float = 0.5
    max_delay_s: float = 8.0
    #: A longer `Retry-After` is left to the caller: the error is raised immediately.
    max_retry_after_s: float = 60.0
    #: Maximum outage that waits and streams tolerate.
    max_outage_s: float = 300.0

    def is_worthwhile(self, error: BaseException, *, is_repeatable: bool) -> bool:
        """Whether to repeat the request. `is_repeatable`: executing it twice has the same effect as once."""
        if not isinstance(error, SwitchyardError):
            return False
        if error.retry_after is not None and error.retry_after > self.max_retry_after_s:
            return False
        return is_unprocessed(error) or (is_repeatable and error.is_retryable)

    def delay_s(self, attempt: int, error: BaseException | None) -> float:
        """Delay after the given attempt, the first being 1."""
        retry_after = error.retry_after if isinstance(error, SwitchyardError) else None
        if retry_after is not None:
            return retry_after + random.uniform(0, min(1.0, retry_after / 4))
        longest = min(self.max_delay_s, self.first_delay_s * 2.0 ** min(attempt - 1, 30))
        return random.uniform(longest / 2, longest)


def is_unprocessed(error: BaseException | None) -> bool:
    """Whether the service has certainly not executed the request. A rate limit applies before anything is executed."""
    return isinstance(error, RateLimitedError) or (isinstance(error, NoResponseError) and error.is_unsent)
