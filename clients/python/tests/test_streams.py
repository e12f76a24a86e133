from __future__ import annotations

import pytest
from conftest import Response, Stub, event, events, job, problem

from switchyard_client import AsyncSwitchyard, CursorExpiredError, NoResponseError, Switchyard

complete = Response(204)


def test_a_stream_resumes_after_the_last_complete_message(stub: Stub, client: Switchyard) -> None:
    stub.answers(events(1, 2, broken='id: 3\ndata: {"id"'), Response(broken=""), events(3), complete)
    received = list(client.jobs.stream_events("job_1"))
    assert [each.seq for each in received] == [1, 2, 3]
    assert received[0].type == event(1)["type"]
    assert [each.headers.get("last-event-id") for each in stub.requests] == [None, "2", "2", "3"]


@pytest.mark.anyio
async def test_the_asynchronous_stream_resumes_too(stub: Stub, async_client: AsyncSwitchyard) -> None:
    stub.answers(events(5), problem(503, "unavailable", {"retry-after": "3"}), events(6), complete)
    async with async_client as client:
        received = [each.seq async for each in client.jobs.stream_events("job_1", after=4)]
    assert received == [5, 6]
    assert stub.requests[0].path.endswith("/jobs/job_1/events/stream?after=4")
    assert any(3 <= delay <= 4 for delay in stub.delays)


def test_a_stream_fails_with_the_error_of_the_service(stub: Stub, client: Switchyard) -> None:
    stub.answers(problem(410, "cursor_expired"))
    with pytest.raises(CursorExpiredError):
        next(client.events.stream("an-old-cursor"))
    assert len(stub.requests) == 1


def test_a_stream_that_never_connects_ends_after_some_retries(stub: Stub, client: Switchyard) -> None:
    stub.answers(Response(broken=""))
    with pytest.raises(NoResponseError):
        next(client.events.stream())
    assert len(stub.requests) == 5


def test_leaving_a_stream_closes_its_connection(stub: Stub, client: Switchyard) -> None:
    stub.answers(events(1, 2, broken="never complete"))
    stream = client.jobs.stream_events("job_1")
    assert next(stream).seq == 1
    stream.close()
    assert client._transport._http._transport._pool.connections == []  # type: ignore[attr-defined]


def test_followed_logs_are_what_is_new_of_each_part(stub: Stub, client: Switchyard) -> None:
    def part(text: str, following: str | None = None) -> Response:
        return Response(200, {"text": text, "links": [], **({} if following is None else {"next": following})})

    done = Response(200, {**job, "status": "succeeded"})
    stub.answers(
        Response(200, job), problem(409, "conflict"),
        Response(200, job), part("one\n", "stderr"), part("warning\n"),
        done, part("one\ntwo\n", "stderr"), part("warning\n"),
    )  # fmt: skip
    assert list(client.jobs.follow_logs("job_1")) == ["one\n", "warning\n", "two\n"]


def test_followed_logs_continue_after_their_beginning_was_cut_off(stub: Stub, client: Switchyard) -> None:
    lines = [f"line {number}\n" for number in range(400)]
    stub.answers(
        Response(200, job),
        Response(200, {"text": "".join(lines[:300]), "links": []}),
        Response(200, {**job, "status": "failed"}),
        Response(200, {"text": "".join(lines[100:]), "links": []}),
    )
    assert list(client.jobs.follow_logs("job_1")) == ["".join(lines[:300]), "".join(lines[300:])]
