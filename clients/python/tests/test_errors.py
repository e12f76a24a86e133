from __future__ import annotations

from collections.abc import Callable
from traceback import format_exception

import pytest
from conftest import Response, Stub, problem

from switchyard_client import (
    ConflictError,
    InvalidRequestError,
    InvalidResponseError,
    Switchyard,
    SwitchyardError,
)


def test_an_error_has_all_members_of_the_problem(stub: Stub, client: Switchyard) -> None:
    field = {"in": "body", "pointer": "/image", "code": "unsupported", "detail": "Remove it."}
    stub.respond_with(problem(422, "unsupported", errors=[field], retryable=False))
    with pytest.raises(InvalidRequestError) as raised:
        client.jobs.submit({"name": "train", "image": "python:3"})
    error = raised.value
    assert (error.status, error.code, error.title, error.detail) == (422, "unsupported", "A title", "What to do.")
    assert (error.errors, error.request_id, error.problem["retryable"]) == ((field,), "req-1", False)
    assert str(error) == "422 unsupported: What to do. (request req-1)\n  /image: Remove it."


def test_an_unknown_code_is_classified_by_its_status(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(409, "a_new_code"))
    with pytest.raises(ConflictError) as raised:
        client.jobs.cancel("job_1")
    assert raised.value.code == "a_new_code"


def test_a_proxy_error_has_its_http_status_as_code(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(502, b"<html>Bad gateway</html>", {"x-request-id": "proxy-1"}))
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
def test_an_invalid_response_raises_an_invalid_response_error(
    stub: Stub, client: Switchyard, response: Response, reason: str
) -> None:
    calls: list[Callable[[], object]] = [
        lambda: client.jobs.get("job_1"),
        lambda: next(iter(client.jobs.list())),
        lambda: client.jobs.wait("job_1"),
        lambda: client.api_keys.rotate("key_1"),
    ]
    stub.respond_with(response)
    for call in calls:
        with pytest.raises(InvalidResponseError, match=reason) as raised:
            call()
        assert raised.value.code == "invalid_response"
        assert "sy_secret" not in "".join(format_exception(raised.value))
    assert len(stub.requests) == len(calls)
