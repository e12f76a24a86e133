from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import standardwebhooks

from switchyard_client import WebhookVerificationError, verify_webhook

secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
message: dict[str, Any] = {
    "type": "job.succeeded",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "data": {"recordId": "job_1", "status": "succeeded"},
}


def signed(at: datetime, content: object = message) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(content)
    signature = standardwebhooks.Webhook(secret).sign("evt_1", at, body)
    stamp = str(int(at.timestamp()))
    return body.encode(), {"Webhook-Id": "evt_1", "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


def test_a_signed_webhook_message_is_verified() -> None:
    read = verify_webhook(*signed(datetime.now(timezone.utc)), secret)
    assert (read.id, read.type, read.data["recordId"]) == ("evt_1", "job.succeeded", "job_1")


def test_a_forged_old_or_unsigned_webhook_message_is_rejected() -> None:
    body, headers = signed(datetime.now(timezone.utc))
    old = signed(datetime.now(timezone.utc) - timedelta(minutes=6))
    for payload, sent in ((body + b" ", headers), old, (body, {})):
        with pytest.raises(WebhookVerificationError):
            verify_webhook(payload, sent, secret)


@pytest.mark.parametrize("signature", ["x", "v1", "v1,a", "v1,ä", "v1,a,b", ",", "v1,\ud800", " ", "v2,YQ=="])
def test_an_invalid_signature_raises_a_verification_error(signature: str) -> None:
    body, headers = signed(datetime.now(timezone.utc))
    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, {**headers, "Webhook-Signature": signature}, secret)


@pytest.mark.parametrize("header", ["Webhook-Id", "Webhook-Timestamp"])
@pytest.mark.parametrize("value", ["", "ä", "\ud800", "nan", "1e400", "-1"])
def test_an_invalid_header_raises_a_verification_error(header: str, value: str) -> None:
    body, headers = signed(datetime.now(timezone.utc))
    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, {**headers, header: value}, secret)


@pytest.mark.parametrize("content", [[], [message], None, 1, "text", {}, {**message, "data": 1}])
def test_a_signed_body_that_is_not_a_message_is_rejected(content: object) -> None:
    with pytest.raises(WebhookVerificationError, match="not a message"):
        verify_webhook(*signed(datetime.now(timezone.utc), content), secret)


def test_an_empty_or_non_utf8_body_is_rejected() -> None:
    _, headers = signed(datetime.now(timezone.utc))
    for payload in (b"\xff", "\ud800", b""):
        with pytest.raises(WebhookVerificationError):
            verify_webhook(payload, headers, secret)


def test_an_id_field_in_the_body_does_not_replace_the_signed_id() -> None:
    read = verify_webhook(*signed(datetime.now(timezone.utc), {**message, "id": "evt_2", "priority": 1}), secret)
    assert (read.id, read.model_extra) == ("evt_1", {"priority": 1})


@pytest.mark.parametrize("value", ["", "whsec_", "whsec_a", "whsec_ä"])
def test_an_invalid_secret_raises_a_value_error_without_showing_it(value: str) -> None:
    with pytest.raises(ValueError, match="whsec_…") as raised:
        verify_webhook(*signed(datetime.now(timezone.utc)), value)
    assert not isinstance(raised.value, WebhookVerificationError)
