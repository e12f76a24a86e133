from __future__ import annotations

import pytest
from conftest import Response, Stub, job, problem

from switchyard_client import (
    AsyncSwitchyard,
    NoResponseError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    Switchyard,
    SwitchyardError,
    UnavailableError,
    types,
)

request: types.JobRequest = {"provider": "slurm", "name": "train"}
lost = Response(broken="")


def test_a_submission_is_retried_with_the_same_idempotency_key(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(lost, problem(503, "unavailable"), Response(202, job))
    assert client.jobs.submit(request).id == job["id"]
    keys = [each.headers["idempotency-key"] for each in stub.requests]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    stub.respond_with(Response(202, job))
    client.jobs.submit(request)
    assert stub.requests[-1].headers["idempotency-key"] != keys[0]


@pytest.mark.anyio
async def test_the_async_client_retries_with_the_same_idempotency_key(
    stub: Stub, async_client: AsyncSwitchyard
) -> None:
    stub.respond_with(lost, problem(429, "rate_limited", {"retry-after": "7"}), Response(202, job))
    async with async_client as client:
        assert (await client.jobs.submit(request, idempotency_key="mine")).id == job["id"]
    assert [each.headers["idempotency-key"] for each in stub.requests] == ["mine"] * 3
    assert 7 <= stub.delays[1] <= 8


def test_retry_after_is_respected_with_jitter(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(*[problem(429, "rate_limited", {"retry-after": "4"})] * 3, Response(200, job))
    client.jobs.get("job_1")
    assert all(4 <= delay <= 5 for delay in stub.delays)
    assert len(set(stub.delays)) == 3


def test_a_long_retry_after_is_not_awaited(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(429, "rate_limited", {"retry-after": "3600"}))
    with pytest.raises(RateLimitedError) as raised:
        client.jobs.get("job_1")
    assert raised.value.retry_after == 3600
    assert (len(stub.requests), stub.delays) == (1, [])


def test_retries_are_limited(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(503, "unavailable"))
    with pytest.raises(UnavailableError):
        client.jobs.get("job_1")
    assert len(stub.requests) == 5
    assert stub.delays == sorted(stub.delays)


@pytest.mark.parametrize("response", [lost, problem(503, "unavailable")])
def test_a_creation_without_a_key_is_not_retried_after_an_unknown_outcome(
    stub: Stub, client: Switchyard, response: Response
) -> None:
    stub.respond_with(response)
    with pytest.raises((NoResponseError, UnavailableError)):
        client.projects.create({"name": "research"})
    assert len(stub.requests) == 1


def test_a_creation_without_a_key_is_retried_after_a_rate_limit(stub: Stub, client: Switchyard) -> None:
    created = {"id": "proj_1", "name": "research", "quota": {}, "createdAt": "2026-01-01T00:00:00.000Z"}
    stub.respond_with(problem(429, "rate_limited"), Response(201, created))
    assert client.projects.create({"name": "research"}).name == "research"


def test_an_update_with_if_version_is_not_retried(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(lost)
    with pytest.raises(NoResponseError):
        client.jobs.update("job_1", {"held": True}, if_version=3)
    assert [each.headers["if-match"] for each in stub.requests] == ['"3"']


def test_a_deletion_succeeds_if_its_retry_returns_404(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(lost, problem(404, "not_found"))
    client.connections.delete("conn_1")
    stub.respond_with(problem(503, "unavailable"), problem(404, "not_found"))
    client.webhook_endpoints.delete("whk_1")


@pytest.mark.parametrize(
    "responses",
    [
        [problem(404, "not_found")],
        [problem(429, "rate_limited"), problem(404, "not_found")],
        [lost, Response(404, b"<html>No such page</html>")],
        [lost, problem(404, "another_code")],
    ],
)
def test_a_deletion_of_a_missing_record_fails(stub: Stub, client: Switchyard, responses: list[Response]) -> None:
    stub.respond_with(*responses)
    with pytest.raises(NotFoundError):
        client.connections.delete("conn_1")


def test_a_deletion_that_returns_the_record_fails_if_its_retry_returns_404(stub: Stub, client: Switchyard) -> None:
    for call in (client.api_keys.revoke, client.environments.delete):
        stub.respond_with(lost, problem(404, "not_found"))
        with pytest.raises(NotFoundError):
            call("id_1")


@pytest.mark.parametrize("response", [problem(502, "provider_error", retryable=True), Response(502, b"<html>")])
def test_a_provider_or_proxy_failure_is_retried_unless_it_is_a_creation(
    stub: Stub, client: Switchyard, response: Response
) -> None:
    stub.respond_with(response, Response(200, job))
    assert client.jobs.get("job_1").id == job["id"]
    stub.respond_with(response)
    with pytest.raises(SwitchyardError):
        client.projects.create({"name": "research"})
    assert len(stub.requests) == 3


def test_a_failure_with_retryable_false_is_not_retried(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(502, "provider_error", retryable=False))
    with pytest.raises(ProviderError):
        client.jobs.get("job_1")
    assert len(stub.requests) == 1


def test_an_unreachable_service_causes_an_error_without_secrets() -> None:
    with (
        Switchyard("http://127.0.0.1:1", "sy_secret", max_retries=0) as client,
        pytest.raises(NoResponseError) as raised,
    ):
        client.projects.create({"name": "research"})
    assert raised.value.is_unsent
    assert "http://127.0.0.1:1/projects" in str(raised.value)
    assert "sy_secret" not in str(raised.value) + repr(client)
