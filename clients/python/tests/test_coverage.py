"""Compares the hand-written calls with the OpenAPI document."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import pytest

from switchyard_client import Switchyard, SwitchyardError, _filters

document = json.loads((Path(__file__).parents[3] / "openapi" / "openapi.json").read_text(encoding="utf-8"))
operations = {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def requests_of_every_call() -> Iterator[httpx.Request]:
    sent: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(404)

    http = httpx.Client(transport=httpx.MockTransport(respond))
    client = Switchyard("http://service", "sy_key", http_client=http)
    resources = [each for each in vars(client).values() if hasattr(each, "_transport")]
    for resource in [client, *resources]:
        for name, call in inspect.getmembers(resource, inspect.ismethod):
            if not name.startswith("_") and name not in ("bind", "is_done", "send", "close"):
                with pytest.raises(SwitchyardError):
                    exhaust(call(**arguments_of(call)))
    yield from sent


def arguments_of(call: Any) -> dict[str, Any]:
    parameters = inspect.signature(call).parameters.values()
    required = [each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    return {name: {} if name in ("request", "changes", "resolution") else f"{{{name}}}" for name in required}


def exhaust(result: Any) -> None:
    for _ in result:
        pass


def test_every_operation_has_a_call() -> None:
    def generic(path: str) -> str:
        return re.sub(r"\{\w+\}", "{}", httpx.URL(path).path)

    called = {(request.method, generic(request.url.path)) for request in requests_of_every_call()}
    assert called == {(method, generic(path)) for method, path in operations}


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        (_filters.JobFilters, "/jobs"),
        (_filters.RecordFilters, "/environments"),
        (_filters.RecordEventFilters, "/jobs/{id}/events"),
        (_filters.PageOptions, "/events"),
        (_filters.ConnectionFilters, "/connections"),
        (_filters.DeliveryFilters, "/webhook-endpoints/{id}/deliveries"),
        (_filters.ProjectFilters, "/api-keys"),
        (_filters.AuditFilters, "/audit"),
        (_filters.AuditExportFilters, "/audit/export"),
        (_filters.AttentionFilters, "/attention"),
        (_filters.CreationHoldFilters, "/creation-holds"),
    ],
)
def test_a_list_has_every_documented_filter(filters: type, path: str) -> None:
    from switchyard_client._operation import camel

    parameters = document["paths"][path]["get"]["parameters"]
    known = {each["name"] for each in parameters if each["in"] == "query"}
    assert {camel(name) for name in get_type_hints(filters)} == known


def test_every_post_that_accepts_an_idempotency_key_gets_one() -> None:
    accepting = {
        path
        for path, item in document["paths"].items()
        if any(each["name"] == "idempotency-key" for each in item.get("post", {}).get("parameters", []))
    }
    with_key = {each.url.path for each in requests_of_every_call() if "idempotency-key" in each.headers}
    assert with_key == accepting
