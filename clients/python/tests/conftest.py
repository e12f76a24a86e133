"""A stub service on a free port, and clients with a simulated clock."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from switchyard_client import AsyncSwitchyard, Switchyard

key = "sy_a-key-of-tests"
job: dict[str, Any] = {
    "id": "job_01h455vb4pex5vsknk084sn02q", "provider": "slurm", "connectionId": "conn_01h455vb4pex5vsknk084sn02q",
    "name": "train", "labels": {}, "version": 3, "status": "running", "statusChangedAt": "2026-01-01T00:00:00.000Z",
    "actions": [], "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
}  # fmt: skip


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Response:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    #: Closes the connection after this text, before the end of the response.
    broken: str | None = None
    #: Never responds.
    hangs: bool = False


@dataclass
class Stub:
    """Returns the next response to each request and repeats the last one."""

    url: str = ""
    responses: list[Response] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def respond_with(self, *responses: Response) -> None:
        self.responses = list(responses)

    def next(self) -> Response:
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


def problem(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = {
        "title": "A title",
        "status": status,
        "code": code,
        "detail": "What to do.",
        "errors": [],
        "requestId": "req-1",
    }
    return Response(status, {**body, **more}, headers or {})


def events(*numbers: int, broken: str | None = None) -> Response:
    text = "".join(f":\nid: {n}\ndata: {json.dumps(event(n), ensure_ascii=False)}\n\n" for n in numbers)
    return Response(200, text.encode(), {"content-type": "text/event-stream"}, broken)


def event(number: int) -> dict[str, Any]:
    at = "2026-01-01T00:00:00.000Z"
    return {"id": f"evt_{number}", "seq": number, "type": "job.new\u2028kind", "at": at, "data": {"status": "running"}}


def handler_for(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.requests.append(Request(self.command, self.path, headers, self.rfile.read(length)))
            response = stub.next()
            body = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
            if response.hangs:
                self.connection.recv(1)  # Returns when the client gives up.
            if response.hangs or response.broken == "":
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in {"content-type": "application/json", **response.headers}.items():
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("content-length", str(len(body) + len(response.broken or "") * 2))
            self.end_headers()
            self.wfile.write(b"" if response.status == 204 else body + (response.broken or "").encode())
            self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = respond

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    stub = Stub()
    record_delays(monkeypatch, stub)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(stub))
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


def record_delays(monkeypatch: pytest.MonkeyPatch, stub: Stub) -> None:
    """Replaces sleeps by advances of the clients' clock."""

    def sleep(seconds: float) -> None:
        stub.delays.append(seconds)

    async def async_sleep(seconds: float) -> None:
        stub.delays.append(seconds)

    monkeypatch.setattr("switchyard_client._clock.sleep", sleep)
    monkeypatch.setattr("switchyard_client._clock.async_sleep", async_sleep)
    monkeypatch.setattr("switchyard_client._clock.monotonic", lambda: time.monotonic() + sum(stub.delays))


@pytest.fixture
def client(stub: Stub) -> Iterator[Switchyard]:
    with Switchyard(stub.url, key) as client:
        yield client


@pytest.fixture
def async_client(stub: Stub) -> AsyncSwitchyard:
    return AsyncSwitchyard(stub.url, key)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
