"""Python client for Switchyard."""

from __future__ import annotations

from . import models, types
from ._async.client import AsyncSwitchyard
from ._async.pages import AsyncPages
from ._async.records import AsyncEnvironment, AsyncJob
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
    WaitTimeoutError,
    WebhookVerificationError,
)
from ._settings import __version__
from ._sync.client import Switchyard
from ._sync.pages import Pages
from ._sync.records import Environment, Job
from ._webhooks import WebhookMessage, verify_webhook

__all__ = [
    "AsyncEnvironment",
    "AsyncJob",
    "AsyncPages",
    "AsyncSwitchyard",
    "AuthenticationError",
    "ConflictError",
    "CursorExpiredError",
    "Environment",
    "InvalidRequestError",
    "InvalidResponseError",
    "Job",
    "NoResponseError",
    "NotFoundError",
    "Pages",
    "PermissionDeniedError",
    "ProviderError",
    "QuotaExceededError",
    "RateLimitedError",
    "Switchyard",
    "SwitchyardError",
    "UnavailableError",
    "VersionMismatchError",
    "WaitTimeoutError",
    "WebhookMessage",
    "WebhookVerificationError",
    "__version__",
    "models",
    "types",
    "verify_webhook",
]
