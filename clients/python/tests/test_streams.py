from __future__ import annotations

import json

import pytest
from conftest import Response, Stub, event, events, job, problem

from switchyard_client import (
    AsyncSwitchyard,
    CursorExpiredError,
    InvalidResponseError,
    NoResponseError,
    PermissionDeniedError,
    Switchyard,
)
from switchyard_client._resumption import Resumption

complete = Response(204)


def test_a_stream_resumes_after_the_last_complete_message(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(events(1, 2, broken='id: 3\ndata: {"id"'), Response(broken=""), events(3), complete)
    received = list(client.jobs.stream_events("job_1"))
    assert [each.seq for each in received] == [1, 2, 3]
    assert received[0].type == event(1)["type"]
    assert [each.headers.get("last-event-id") for each in stub.requests] == [None, "2", "2", "3"]


@pytest.mark.anyio
async def test_an_async_stream_resumes_after_the_last_message(stub: Stub, async_client: AsyncSwitchyard) -> None:
    stub.respond_with(events(5), problem(503, "unavailable", {"retry-after": "3"}), events(6), complete)
    async with async_client as client:
        received = [each.seq async for each in client.jobs.stream_events("job_1", after=4)]
    assert received == [5, 6]
    assert stub.requests[0].path.endswith("/jobs/job_1/events/stream?after=4")
    assert any(3 <= delay <= 4 for delay in stub.delays)


def test_a_stream_fails_with_the_error_of_the_service(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(410, "cursor_expired"))
    with pytest.raises(CursorExpiredError):
        next(client.events.stream("an-old-cursor"))
    assert len(stub.requests) == 1


def test_a_stream_fails_after_five_minutes_without_a_connection(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(broken=""))
    with pytest.raises(NoResponseError):
        next(client.events.stream())
    assert 290 < sum(stub.delays) < 300


def test_a_quiet_stream_survives_sixty_interruptions(stub: Stub, client: Switchyard) -> None:
    quiet = Response(200, b":\n", {"content-type": "text/event-stream"}, "never complete")
    stub.respond_with(*[quiet] * 60, events(1), complete)
    assert next(client.jobs.stream_events("job_1")).seq == 1
    assert max(stub.delays) <= 8


@pytest.mark.anyio
async def test_a_quiet_async_stream_survives_six_interruptions(stub: Stub, async_client: AsyncSwitchyard) -> None:
    quiet = Response(200, b":\n", {"content-type": "text/event-stream"}, "never complete")
    stub.respond_with(*[quiet] * 6, events(1), complete)
    async with async_client as client:
        assert [each.seq async for each in client.jobs.stream_events("job_1")] == [1]


def test_a_stream_with_another_media_type_or_invalid_events_fails(stub: Stub, client: Switchyard) -> None:
    page = Response(200, b"<html>Log in</html>", {"content-type": "text/html"})
    invalid_event = Response(200, b"data: {}\n\n", {"content-type": "text/event-stream"})
    for response, reason in ((page, "text/html"), (invalid_event, "Field required")):
        stub.respond_with(response)
        with pytest.raises(InvalidResponseError, match=reason) as raised:
            next(client.jobs.stream_events("job_1"))
        assert raised.value.code == "invalid_response"
    assert len(stub.requests) == 2


interrupted_feed = Response(200, b": position start\n:\n", {"content-type": "text/event-stream"}, "never complete")


def test_a_feed_resumes_at_its_position_before_its_first_event(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(interrupted_feed, interrupted_feed, complete)
    assert list(client.events.stream()) == []
    assert [each.headers.get("last-event-id") for each in stub.requests] == [None, "start", "start"]


@pytest.mark.anyio
async def test_an_async_feed_resumes_at_its_position_before_its_first_event(
    stub: Stub, async_client: AsyncSwitchyard
) -> None:
    stub.respond_with(interrupted_feed, complete)
    async with async_client as client:
        assert [each async for each in client.events.stream()] == []
    assert stub.requests[1].headers["last-event-id"] == "start"


def test_a_message_id_overrides_a_position_comment(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(events(1, broken=": position start\n"), complete)
    assert len(list(client.jobs.stream_events("job_1"))) == 1
    assert stub.requests[1].headers["last-event-id"] == "1"


def test_a_position_is_parsed_from_chunks_of_one_connection() -> None:
    resumption = Resumption()
    for text in (": posi", "tion st", "art"):
        resumption.read(text)
    assert resumption.last_id is None
    resumption.begin()
    resumption.read("\ndata: : position data\n:\n: position two words\n")
    assert resumption.last_id is None
    for text in (": posi", "tion st", "art\r", "\n"):
        resumption.read(text)
    assert resumption.last_id == "start"


def exported(*numbers: int, broken: str | None = None) -> Response:
    text = "".join(f"{json.dumps(audit_entry(number))}\n" for number in numbers)
    return Response(200, text.encode(), {"content-type": "application/x-ndjson"}, broken)


def audit_entry(number: int) -> dict[str, object]:
    return {
        **{"id": f"aud_{number}", "at": "2026-01-01T00:00:00.000Z", "projectId": "prj_1", "subject": "key_1"},
        **{"address": "", "requestId": "req-1", "action": "api_key.created", "outcome": "done", "data": {}},
    }


export_queries = [f"/audit/export?action=api_key.created{after}" for after in ("", "&after=aud_2", "&after=aud_3")]


def test_a_truncated_export_resumes_after_its_last_complete_line(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(exported(1, 2, broken='{"id":"aud_3","at"'), exported(3, broken='{"id":'), exported(4))
    entries = list(client.audit.export(action="api_key.created"))
    assert [each.id for each in entries] == ["aud_1", "aud_2", "aud_3", "aud_4"]
    assert [each.path for each in stub.requests] == export_queries


@pytest.mark.anyio
async def test_a_truncated_async_export_resumes_after_its_last_complete_line(
    stub: Stub, async_client: AsyncSwitchyard
) -> None:
    stub.respond_with(exported(1, 2, broken='{"id":"aud_3","at"'), exported(3, broken='{"id":'), exported(4))
    async with async_client as client:
        ids = [each.id async for each in client.audit.export(action="api_key.created")]
    assert ids == ["aud_1", "aud_2", "aud_3", "aud_4"]
    assert [each.path for each in stub.requests] == export_queries


def test_a_forbidden_export_fails_without_a_retry(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(problem(403, "permission_denied"))
    with pytest.raises(PermissionDeniedError, match="What to do"):
        next(client.audit.export())
    assert len(stub.requests) == 1


@pytest.mark.anyio
async def test_a_forbidden_async_export_fails_without_a_retry(stub: Stub, async_client: AsyncSwitchyard) -> None:
    stub.respond_with(problem(403, "permission_denied"))
    async with async_client as client:
        with pytest.raises(PermissionDeniedError, match="What to do"):
            await anext(client.audit.export())
    assert len(stub.requests) == 1


def test_closing_a_stream_closes_its_connection(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(events(1, 2, broken="never complete"))
    stream = client.jobs.stream_events("job_1")
    assert next(stream).seq == 1
    stream.close()
    assert client._transport._http._transport._pool.connections == []  # type: ignore[attr-defined]


def test_followed_logs_contain_only_the_new_text_of_each_part(stub: Stub, client: Switchyard) -> None:
    def part(text: str, following: str | None = None) -> Response:
        return Response(200, {"text": text, "links": [], **({} if following is None else {"next": following})})

    done = Response(200, {**job, "status": "succeeded"})
    stub.respond_with(
        Response(200, job), problem(409, "conflict"),
        Response(200, job), part("one\n", "stderr"), part("warning\n"),
        done, part("one\ntwo\n", "stderr"), part("warning\n"),
    )  # fmt: skip
    assert list(client.jobs.follow_logs("job_1")) == ["one\n", "warning\n", "two\n"]


def test_a_line_that_moves_to_the_next_part_is_returned_once(stub: Stub, client: Switchyard) -> None:
    def part(text: str, following: str | None = None) -> Response:
        return Response(200, {"text": text, "links": [], **({} if following is None else {"next": following})})

    done = Response(200, {**job, "status": "succeeded"})
    stub.respond_with(
        Response(200, job), part("T1 one\nT2 tw"),
        Response(200, job), part("T1 one\n", "b"), part("T2 two\n"),
        done, part("T1 one\n", "b"), part("T2 two\nT3 three\n"),
    )  # fmt: skip
    assert list(client.jobs.follow_logs("job_1", timestamps=True)) == ["T1 one\nT2 tw", "o\n", "T3 three\n"]


def test_logs_have_the_times_of_lines_if_they_are_requested(stub: Stub, client: Switchyard) -> None:
    part = Response(200, {"text": "T1 one\n", "links": []})
    stub.respond_with(Response(200, {**job, "status": "succeeded"}), part, part, part)
    followed = client.jobs.follow_logs("job_1", timestamps=True)
    assert list(followed) == ["T1 one\n"]
    client.jobs.logs("job_1", "b", timestamps=True)
    client.jobs.raw_logs("job_1", timestamps=False)
    assert [request.path for request in stub.requests[1:]] == [
        "/jobs/job_1/logs?timestamps=true",
        "/jobs/job_1/logs?cursor=b&timestamps=true",
        "/jobs/job_1/logs/raw?timestamps=false",
    ]


def test_followed_logs_continue_after_a_truncation_at_the_start(stub: Stub, client: Switchyard) -> None:
    lines = [f"line {number}\n" for number in range(400)]
    stub.respond_with(
        Response(200, job),
        Response(200, {"text": "".join(lines[:300]), "links": []}),
        Response(200, {**job, "status": "failed"}),
        Response(200, {"text": "".join(lines[100:]), "links": []}),
    )
    assert list(client.jobs.follow_logs("job_1")) == ["".join(lines[:300]), "".join(lines[300:])]


def test_followed_logs_keep_repetitive_output(stub: Stub, client: Switchyard) -> None:
    dots = "waiting\n" * 200
    stub.respond_with(
        Response(200, job),
        Response(200, {"text": f"start\n{dots}", "links": []}),
        Response(200, {**job, "status": "succeeded"}),
        Response(200, {"text": f"{dots}retrying\n{dots}", "links": []}),
    )
    shown = "".join(client.jobs.follow_logs("job_1"))
    assert shown.startswith(f"start\n{dots}")
    assert shown.endswith(f"retrying\n{dots}")


def test_a_replaced_short_log_is_returned_completely(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(
        Response(200, job),
        Response(200, {"text": "a\n", "links": []}),
        Response(200, {**job, "status": "succeeded"}),
        Response(200, {"text": "banana\n", "links": []}),
    )
    assert list(client.jobs.follow_logs("job_1")) == ["a\n", "banana\n"]
