"""Errors of the client. Every one is a `SwitchyardError`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import httpx


class SwitchyardError(Exception):
    """A request that failed. `code` is for programs and stable; `detail` says what is wrong and what to do."""

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
        #: Seconds to wait before a retry, if the service said so.
        self.retry_after = retry_after
        #: The whole problem response, with members that this version does not know.
        self.problem: Mapping[str, Any] = problem or {}

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
    """The project's quota is used up."""


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
    """The provider did not carry out the request; see `problem["provider"]`."""


class UnavailableError(SwitchyardError):
    """The service is temporarily unavailable; see `retry_after`."""


class NoResponseError(SwitchyardError):
    """No response arrived. `is_unsent` tells that the request certainly did not reach the service."""

    is_unsent = False


class WaitTimeoutError(SwitchyardError, TimeoutError):
    """The time ran out before the record was done. `record` is its latest state."""

    def __init__(self, detail: str, record: Any) -> None:
        super().__init__(detail, code="wait_timeout")
        self.record = record


class WebhookVerificationError(SwitchyardError):
    """The message was not signed with this secret, or is too old."""


class_of_code: Mapping[str, type[SwitchyardError]] = {
    "unauthenticated": AuthenticationError,
    "permission_denied": PermissionDeniedError,
    "quota_exceeded": QuotaExceededError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "connection_in_use": ConflictError,
    "environment_in_use": ConflictError,
    "cursor_expired": CursorExpiredError,
    "version_mismatch": VersionMismatchError,
    "rate_limited": RateLimitedError,
    "provider_error": ProviderError,
    "unavailable": UnavailableError,
}

#: For codes that this version does not know, and for responses of proxies, which have none.
class_of_status: Mapping[int, type[SwitchyardError]] = {
    **dict.fromkeys((400, 405, 406, 413, 415, 422), InvalidRequestError),
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: VersionMismatchError,
    429: RateLimitedError,
    503: UnavailableError,
    504: UnavailableError,
}


def error_of(response: httpx.Response) -> SwitchyardError:
    """The error that a read response with a status of 300 or more stands for."""
    status = response.status_code
    problem = problem_in(response)
    code = text_of(problem, "code") or f"http_{status}"
    kind = class_of_code.get(code) or class_of_status.get(status, SwitchyardError)
    errors = problem.get("errors")
    return kind(
        text_of(problem, "detail") or f"The server responded {status} {response.reason_phrase} without a problem body.",
        code=code,
        status=status,
        title=text_of(problem, "title") or response.reason_phrase,
        errors=tuple(each for each in errors if isinstance(each, dict)) if isinstance(errors, list) else (),
        request_id=text_of(problem, "requestId") or response.headers.get("x-request-id"),
        retry_after=seconds_of(response.headers.get("retry-after")),
        problem=problem,
    )


def no_response(error: httpx.TransportError) -> NoResponseError:
    request = error.request
    failed = NoResponseError(
        f"{request.method} {request.url.copy_with(query=None, userinfo=b'')} has no response: "
        f"{error or type(error).__name__}. Check the URL and the network.",
        code="no_response",
    )
    failed.is_unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return failed


def problem_in(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def text_of(problem: Mapping[str, Any], name: str) -> str | None:
    value = problem.get(name)
    return value if isinstance(value, str) and value else None


def seconds_of(header: str | None) -> float | None:
    """`Retry-After` in seconds: a number or a date."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, (aware - datetime.now(timezone.utc)).total_seconds())
