"""Parses responses into models or errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from ._errors import (
    AuthenticationError,
    ConflictError,
    CursorExpiredError,
    InvalidRequestError,
    InvalidResponseError,
    NoResponseError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    QuotaExceededError,
    RateLimitedError,
    SwitchyardError,
    UnavailableError,
    VersionMismatchError,
)
from ._model import Model

M = TypeVar("M", bound=Model)
T = TypeVar("T")

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
    """The error of a response with a status of 300 or more."""
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


def failure_of(error: httpx.RequestError, method: str, url: httpx.URL) -> SwitchyardError:
    """The error of a request without a readable response."""
    request = f"{method} {url.copy_with(query=None, userinfo=b'')}"
    reason = str(error) or type(error).__name__
    if not isinstance(error, httpx.TransportError):
        return invalid_response(request, reason)
    failed = NoResponseError(
        f"{request} has no response: {reason}. Check the URL and the network.",
        code="no_response",
    )
    failed.is_unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    return failed


def parsed(response: httpx.Response, parse: Callable[[Any], T]) -> T:
    """The body as a model."""
    try:
        return parse(response.json())
    except ValueError as error:  # Not JSON, not UTF-8, or not of the model.
        request = f"{response.request.method} {response.request.url.copy_with(query=None, userinfo=b'')}"
        kind = response.headers.get("content-type", "no content type")
        raise invalid_response(request, f"{kind}, {reason_of(error)}", response.status_code) from None


def event_in(data: str, model: type[M], path: str) -> M:
    """The event of a message of a stream."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise invalid_response(f"GET {path}", reason_of(error)) from None


def invalid_response(request: str, reason: str, status: int | None = None) -> InvalidResponseError:
    return InvalidResponseError(
        f"{request} has a response that Switchyard does not send: {reason}. Check the URL, and the proxies in between.",
        code="invalid_response",
        status=status,
    )


def reason_of(error: ValueError) -> str:
    """The problems of a body, without its values, which may be secret."""
    if not isinstance(error, ValidationError):
        return "not JSON"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(str(each) for each in first['loc']) or 'body'}: {first['msg']}"


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
