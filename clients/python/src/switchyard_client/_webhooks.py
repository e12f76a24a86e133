"""Verification of webhook messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import standardwebhooks

from ._errors import WebhookVerificationError
from ._model import Model


class WebhookMessage(Model):
    """A verified message. Read the record `data["recordId"]` for details."""

    #: The same in every attempt to deliver this message: store it and drop repetitions.
    id: str
    #: Such as `job.succeeded`. Extensible: accept unknown types.
    type: str
    timestamp: datetime
    data: dict[str, Any]


def verify_webhook(payload: bytes | str, headers: Mapping[str, str], secret: str) -> WebhookMessage:
    """Verifies the raw body of a message with the endpoint's secret (`whsec_…`). Rejects old messages (5 minutes)."""
    text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        message = standardwebhooks.Webhook(secret).verify(text, lower)
    except standardwebhooks.WebhookVerificationError as error:
        raise WebhookVerificationError(
            f"The webhook message is not authentic: {error}. Respond with 400. Verify the raw body with the secret of "
            "this endpoint.",
            code="webhook_not_verified",
        ) from error
    return WebhookMessage(id=lower["webhook-id"], **message)
