"""Verification of webhook messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import standardwebhooks
from pydantic import ValidationError

from ._errors import WebhookVerificationError
from ._model import Model
from ._responses import reason_of


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
    verifier = verifier_with(secret)
    text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        content = verifier.verify(text, lower)
    except standardwebhooks.WebhookVerificationError as error:
        raise not_verified(f"not authentic: {error}") from None
    except ValueError:
        raise not_verified("not authentic: its headers or its body are malformed") from None
    if not isinstance(content, dict):
        raise not_verified("not a message of Switchyard: the body is not an object")
    try:
        return WebhookMessage.model_validate({**content, "id": lower["webhook-id"]})
    except ValidationError as error:
        raise not_verified(f"not a message of Switchyard: {reason_of(error)}") from None


def verifier_with(secret: str) -> standardwebhooks.Webhook:
    try:
        return standardwebhooks.Webhook(secret)
    except (ValueError, standardwebhooks.webhooks.EmptyWebhookSecretError):
        raise ValueError("The webhook secret is not valid. Pass the one of the endpoint, whsec_…, unchanged.") from None


def not_verified(reason: str) -> WebhookVerificationError:
    return WebhookVerificationError(
        f"The webhook message is {reason}. Respond with 400. Verify the raw body with the secret of this endpoint.",
        code="webhook_not_verified",
    )
