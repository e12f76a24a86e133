from __future__ import annotations

import time

import pytest
from conftest import Response, Stub, job, problem

from switchyard_client import AsyncSwitchyard, NoResponseError, NotFoundError, Switchyard, WaitTimeoutError

lost = Response(broken="")
succeeded = Response(200, {**job, "status": "succeeded"})


@pytest.mark.parametrize("response", [lost, problem(503, "unavailable"), problem(429, "rate_limited")])
def test_a_wait_survives_minutes_without_the_service(stub: Stub, client: Switchyard, response: Response) -> None:
    stub.respond_with(*[response] * 40, succeeded)
    assert client.jobs.wait("job_1").status == "succeeded"
    assert 120 < sum(stub.delays) < 300


@pytest.mark.anyio
async def test_an_async_wait_survives_minutes_without_the_service(stub: Stub, async_client: AsyncSwitchyard) -> None:
    stub.respond_with(*[lost] * 40, succeeded)
    async with async_client as client:
        assert (await client.jobs.wait("job_1", timeout=400)).status == "succeeded"


def test_a_wait_ends_after_five_minutes_without_the_service(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(*[Response(200, job)] * 400, lost)
    with pytest.raises(NoResponseError):
        client.jobs.wait("job_1")
    assert sum(stub.delays[:400]) > 390
    assert 290 < sum(stub.delays[400:]) < 300


def test_max_outage_limits_the_tolerated_outage(stub: Stub) -> None:
    stub.respond_with(lost)
    with Switchyard(stub.url, "sy_key", max_outage=20) as client:
        with pytest.raises(NoResponseError):
            client.jobs.wait("job_1")
        with pytest.raises(NoResponseError):
            list(client.jobs.follow_logs("job_1"))
    assert 24 < sum(stub.delays) < 40


def test_a_wait_keeps_its_timeout_despite_a_longer_retry_after(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(200, job), problem(429, "rate_limited", {"retry-after": "60"}))
    with pytest.raises(WaitTimeoutError, match="still running after 5 seconds") as raised:
        client.jobs.wait("job_1", timeout=5)
    assert 4 < sum(stub.delays) <= 5
    assert len(stub.requests) == 2
    assert raised.value.record.status == "running"


def test_a_wait_keeps_its_timeout_if_the_service_does_not_respond(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(200, job, hangs=True))
    started = time.monotonic()
    with pytest.raises(WaitTimeoutError, match="could not be read after 1 seconds") as raised:
        client.jobs.wait("job_1", timeout=1)
    assert time.monotonic() - started < 4
    assert raised.value.record is None


def test_a_wait_for_a_missing_job_fails_immediately(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(404, "not_found"))
    with pytest.raises(NotFoundError):
        client.jobs.wait("job_1")
    assert (len(stub.requests), stub.delays) == (1, [])


def test_followed_logs_survive_outages_of_service_and_provider(stub: Stub, client: Switchyard) -> None:
    log = Response(200, {"text": "one\n", "links": []})
    stub.respond_with(
        Response(200, job), log, *[lost] * 20,
        Response(200, job), *[problem(502, "provider_error", retryable=True)] * 2,
        succeeded, Response(200, {"text": "one\ntwo\n", "links": []}),
    )  # fmt: skip
    assert list(client.jobs.follow_logs("job_1")) == ["one\n", "two\n"]
