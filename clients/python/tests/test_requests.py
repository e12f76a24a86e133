from __future__ import annotations

from datetime import datetime, timezone

import pytest
from conftest import Response, Stub, job, key

from switchyard_client import AsyncSwitchyard, Switchyard, WaitTimeoutError, models
from switchyard_client._operation import change


def test_a_path_prefix_of_the_url_is_kept(stub: Stub) -> None:
    stub.respond_with(Response(200, job))
    for url in (f"{stub.url}/switchyard", f"{stub.url}/switchyard/"):
        with Switchyard(url, key) as client:
            client.jobs.get("job_1")
    assert [each.path for each in stub.requests] == ["/switchyard/jobs/job_1"] * 2


def test_url_and_key_default_to_the_environment(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHYARD_URL", stub.url)
    monkeypatch.setenv("SWITCHYARD_API_KEY", "sy_from-the-environment\n")
    stub.respond_with(Response(200, job))
    with Switchyard() as client:
        client.jobs.get("job_1")
    assert stub.requests[0].headers["authorization"] == "Bearer sy_from-the-environment"


@pytest.mark.parametrize(
    ("url", "api_key", "message"),
    [
        ("", "sy_key", "SWITCHYARD_URL"),
        ("ftp://example.com", "sy_key", "http or https"),
        ("https://user:password@example.com", "sy_key", "no user"),
        ("https://example.com", "", "SWITCHYARD_API_KEY"),
        ("https://example.com", "sy_secret\nx: y", "characters"),
    ],
)
def test_unusable_settings_are_rejected_without_their_secrets(
    monkeypatch: pytest.MonkeyPatch, url: str, api_key: str, message: str
) -> None:
    for name in ("SWITCHYARD_URL", "SWITCHYARD_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=message) as raised:
        Switchyard(url, api_key)
    assert "sy_secret" not in str(raised.value)
    assert "password" not in str(raised.value)


def test_a_request_has_only_the_given_fields(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(200, job))
    client.jobs.update("job_1", models.JobPatch(labels={"team": None}))
    client.jobs.update("job_1", {"labels": {"team": None}})
    client.jobs.submit(models.JobRequest(name="train", resources={"memory_mib": 1024}))  # type: ignore[arg-type]
    client.jobs.submit({"name": "train", "resources": {"memoryMiB": 1024}})
    reset = {"settings": {"slurm": {"baseUrl": None}}}
    client.jobs.send(change("PATCH", "connections", "conn_1", body=models.ConnectionPatch.model_validate(reset)))
    bodies = [each.json() for each in stub.requests]
    assert bodies.pop() == reset
    assert bodies[0] == bodies[1] == {"labels": {"team": None}}
    assert bodies[2] == bodies[3] == {"name": "train", "resources": {"memoryMiB": 1024}}


def test_unknown_fields_and_enum_values_are_kept(stub: Stub, client: Switchyard) -> None:
    new = {"status": "hibernating", "actions": ["thaw"], "statusReason": "too_cold", "temperature": {"celsius": -5}}
    stub.respond_with(Response(200, {**job, **new}))
    read = client.jobs.get("job_1")
    assert (read.status, read.actions, read.status_reason) == ("hibernating", ["thaw"], "too_cold")
    assert read.model_extra == {"temperature": {"celsius": -5}}


def test_a_list_reads_pages_on_demand(stub: Stub, client: Switchyard) -> None:
    pages = [{"data": [job], "nextCursor": "2"}, {"data": [], "nextCursor": "3"}, {"data": [{**job, "name": "last"}]}]
    stub.respond_with(*[Response(200, page) for page in pages])
    created = datetime(2026, 1, 2, tzinfo=timezone.utc)
    listed = iter(
        client.jobs.list(status=["running", "queued"], label={"team": "a b"}, created_after=created, active=True)
    )
    assert next(listed).name == "train"
    assert len(stub.requests) == 1
    assert [each.name for each in listed] == ["last"]
    query = "status=running&status=queued&label=team%3Aa%20b&createdAfter=2026-01-02T00%3A00%3A00%2B00%3A00&active=true"
    first, *others = [each.path.replace("+", "%20") for each in stub.requests]
    assert first == f"/jobs?{query}"
    assert others == [f"/jobs?{query}&cursor=2", f"/jobs?{query}&cursor=3"]


def test_ids_are_escaped_in_paths(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(200, job))
    client.jobs.get("../api-keys?x")
    assert stub.requests[0].path == "/jobs/..%2Fapi-keys%3Fx"
    for id in ("", "..", "."):
        with pytest.raises(ValueError, match="not an id"):
            client.jobs.get(id)


def test_waiting_repeats_long_polls_until_the_final_status(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(Response(202, job), Response(200, job), Response(200, {**job, "status": "succeeded"}))
    assert client.jobs.submit({"name": "train"}).wait(timeout=20).status == "succeeded"
    assert [each.headers.get("prefer") for each in stub.requests][1] == "wait=19"


@pytest.mark.anyio
async def test_a_wait_timeout_has_the_latest_record(stub: Stub, async_client: AsyncSwitchyard) -> None:
    stub.respond_with(Response(200, {**job, "status": "pending"}))
    async with async_client as client:
        with pytest.raises(WaitTimeoutError) as raised:
            await client.jobs.wait("job_1", timeout=0)
    assert isinstance(raised.value, TimeoutError)
    assert raised.value.record.status == "pending"


def test_the_representation_of_a_record_contains_no_secrets() -> None:
    at = "2026-01-01T00:00:00.000Z"
    api_key = {"id": "key_1", "projectId": "prj_1", "name": "ci", "scopes": [], "createdAt": at, "key": "s3cret"}
    endpoint = {"id": "whk_1", "url": "https://example.com", "description": "", "eventTypes": [], "enabled": True}
    url = "https://example.com/?token=s3cret"
    access = {"urls": [{"name": "lab", "url": url}], "ports": [{"port": 1, "protocol": "http", "url": url}]}
    records = [
        models.ApiKeyWithSecret.model_validate(api_key),
        models.WebhookEndpointWithSecret.model_validate(
            {**endpoint, "version": 1, "createdAt": at, "updatedAt": at, "secret": "s3cret"}
        ),
        models.Access.model_validate({**access, "token": "s3cret", "authorization": "token s3cret"}),
        models.JobRequest.model_validate({"name": "train", "secretVariables": {"TOKEN": "s3cret"}}),
        models.CredentialsByProvider.model_validate({"slurm": {"token": "s3cret"}, "scnet": {"password": "s3cret"}}),
    ]
    assert all("s3cret" in record.model_dump_json() for record in records)
    assert "s3cret" not in repr(records) + "".join(str(record) for record in records)
    assert "key_1" in repr(records)


def test_a_preview_calls_the_provider_only_with_ask_provider(stub: Stub, client: Switchyard) -> None:
    stub.respond_with(
        Response(200, {"valid": True, "problems": [], "effectiveRequest": {}, "acceptedByProvider": True})
    )
    assert client.jobs.preview({"name": "train"}).accepted_by_provider
    client.environments.preview({"name": "train"}, ask_provider=True)
    assert [each.path for each in stub.requests] == ["/jobs/preview", "/environments/preview?askProvider=true"]
