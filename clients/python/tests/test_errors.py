from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from traceback import format_exception

import pytest
import standardwebhooks
from conftest import Response, Stub, problem

from switchyard_client import (
    ConflictError,
    InvalidRequestError,
    InvalidResponseError,
    Switchyard,
    SwitchyardError,
    WebhookVerificationError,
    verify_webhook,
)

secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_an_error_has_all_members_of_the_problem(stub: Stub, client: Switchyard) -> None:
    field = {"in": "body", "pointer": "/image", "code": "unsupported", "detail": "Remove it."}
    stub.answers(problem(422, "unsupported", errors=[field], retryable=False))
    with pytest.raises(InvalidRequestError) as raised:
        client.jobs.submit({"name": "train", "image": "python:3"})
    error = raised.value
    assert (error.status, error.code, error.title, error.detail) == (422, "unsupported", "A title", "What to do.")
    assert (error.errors, error.request_id, error.problem["retryable"]) == ((field,), "req-1", False)
    assert str(error) == "422 unsupported: What to do. (request req-1)\n  /image: Remove it."


def test_an_unknown_code_is_classified_by_its_status(stub: Stub, client: Switchyard) -> None:
    stub.answers(problem(409, "a_code_of_the_future"))
    with pytest.raises(ConflictError) as raised:
        client.jobs.cancel("job_1")
    assert raised.value.code == "a_code_of_the_future"


def test_the_response_of_a_proxy_is_an_error_with_its_status(stub: Stub, client: Switchyard) -> None:
    stub.answers(Response(502, b"<html>Bad gateway</html>", {"x-request-id": "proxy-1"}))
    with pytest.raises(SwitchyardError) as raised:
        client.jobs.get("job_1")
    assert (raised.value.code, raised.value.request_id) == ("http_502", "proxy-1")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(200, b"<html>Log in</html>", {"content-type": "text/html"}), "text/html, not JSON"),
        (Response(200, b"\xff", {"content-type": "application/json"}), "not JSON"),
        (Response(200, {"id": "job_1", "key": "sy_secret"}), "Field required"),
        (Response(200, b"no gzip", {"content-encoding": "gzip"}), "decompressing"),
    ],
)
def test_a_response_of_something_else_is_an_error_of_the_client(
    stub: Stub, client: Switchyard, response: Response, reason: str
) -> None:
    calls: list[Callable[[], object]] = [
        lambda: client.jobs.get("job_1"),
        lambda: next(iter(client.jobs.list())),
        lambda: client.jobs.wait("job_1"),
        lambda: client.api_keys.rotate("key_1"),
    ]
    stub.answers(response)
    for call in calls:
        with pytest.raises(InvalidResponseError, match=reason) as raised:
            call()
        assert raised.value.code == "invalid_response"
        assert "sy_secret" not in "".join(format_exception(raised.value))
    assert len(stub.requests) == len(calls)


def signed(at: datetime) -> tuple[bytes, dict[str, str]]:
    data = {"recordId": "job_1", "status": "succeeded"}
    body = json.dumps({"type": "job.succeeded", "timestamp": "2026-01-01T00:00:00.000Z", "data": data})
    signature = standardwebhooks.Webhook(secret).sign("evt_1", at, body)
    stamp = str(int(at.timestamp()))
    return body.encode(), {"Webhook-Id": "evt_1", "Webhook-Timestamp": stamp, "Webhook-Signature": signature}


def test_a_signed_webhook_message_is_verified() -> None:
    message = verify_webhook(*signed(datetime.now(timezone.utc)), secret)
    assert (message.id, message.type, message.data["recordId"]) == ("evt_1", "job.succeeded", "job_1")


def test_a_forged_old_or_unsigned_webhook_message_is_rejected() -> None:
    body, headers = signed(datetime.now(timezone.utc))
    old = signed(datetime.now(timezone.utc) - timedelta(minutes=6))
    for payload, sent in ((body + b" ", headers), old, (body, {})):
        with pytest.raises(WebhookVerificationError):
            verify_webhook(payload, sent, secret)
