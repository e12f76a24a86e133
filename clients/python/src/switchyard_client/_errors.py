"""Errors of the client. Every one is a `SwitchyardError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SwitchyardError(Exception):
    """A request that failed. `code` is for programs and stable; `detail` states the problem and the remedy."""

    def __init__(
        self,
        detail: str,
        *,
        code: str,
        status: int | None = None,
        title: str = "",
        errors: tuple[Mapping[str, Any], ...] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        #: HTTP status; None if there was no response.
        self.status = status
        self.title = title
        #: One for each invalid field: `in`, `pointer`, `code`, `detail`.
        self.errors = errors
        self.request_id = request_id
        #: Seconds to wait before a retry, if the service states them.
        self.retry_after = retry_after
        #: The whole problem response, with members that this version does not know.
        self.problem: Mapping[str, Any] = problem or {}

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later. Proxies respond without `retryable`."""
        if self.status is None:
            return False
        return self.status == 429 or (self.status >= 500 and self.problem.get("retryable") is not False)

    def __str__(self) -> str:
        facts = [str(each) for each in (self.status, self.code) if each is not None]
        fields = [f"\n  {each.get('pointer', '')}: {each.get('detail', '')}" for each in self.errors]
        request = "" if self.request_id is None else f" (request {self.request_id})"
        return f"{' '.join(facts)}: {self.detail}{request}{''.join(fields)}"


class InvalidRequestError(SwitchyardError):
    """The request breaks a rule, or the provider does not support it. `errors` names the fields."""


class AuthenticationError(SwitchyardError):
    """The API key is missing, wrong, expired or revoked."""


class PermissionDeniedError(SwitchyardError):
    """The API key lacks a scope."""


class QuotaExceededError(SwitchyardError):
    """The project's quota is exceeded."""


class NotFoundError(SwitchyardError):
    """The record does not exist, or belongs to another project."""


class ConflictError(SwitchyardError):
    """The record's current state does not allow this."""


class CursorExpiredError(SwitchyardError):
    """Events after the cursor have expired. Re-read the records and start without a cursor."""


class VersionMismatchError(SwitchyardError):
    """The record has another version than `if_version`."""


class RateLimitedError(SwitchyardError):
    """Too many requests; see `retry_after`."""


class ProviderError(SwitchyardError):
    """The provider's API returned an error; see `problem["provider"]`."""


class UnavailableError(SwitchyardError):
    """The service is temporarily unavailable; see `retry_after`."""


class NoResponseError(SwitchyardError):
    """No response arrived. `is_unsent`: the request certainly did not reach the service."""

    is_unsent = False

    @property
    def is_retryable(self) -> bool:
        return True


class InvalidResponseError(SwitchyardError):
    """The response is not what the service sends: a proxy or another server responded. Code `invalid_response`."""


class WaitTimeoutError(SwitchyardError, TimeoutError):
    """The time limit of a wait has passed. `record` is its latest state; None if it could not be read."""

    def __init__(self, detail: str, record: Any) -> None:
        super().__init__(detail, code="wait_timeout")
        self.record = record


class WebhookVerificationError(SwitchyardError):
    """The message was not signed with this secret, is too old, or is not a message of Switchyard."""
