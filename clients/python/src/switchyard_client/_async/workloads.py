"""What jobs and environments have in common."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any, Generic, Protocol, TypeVar

from typing_extensions import Unpack

from .. import models
from .._errors import WaitTimeoutError
from .._filters import PageOptions, RecordEventFilters
from .._operation import Operation, query_of, read
from .._sleep import async_sleep
from .pages import AsyncPages, unbound
from .transport import AsyncTransport

#: How long the service holds one response back; a longer wait takes several requests.
longest_wait_s = 30.0
#: Between two requests if the service does not wait, because too many clients do or it is about to stop.
shortest_interval_s = 1.0


class Record(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...


R = TypeVar("R", bound=Record)


class AsyncWorkloads(ABC, Generic[R]):
    """Reads, histories and waiting. `R` is the record."""

    #: First segment of the paths.
    collection: str

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    @abstractmethod
    def bind(self, record: Any) -> R:
        """The record with its calls, of JSON or of a model."""

    @abstractmethod
    def is_done(self, record: R) -> bool: ...

    async def get(self, id: str) -> R:
        return await self.send(read(self.collection, id))

    async def wait(self, id: str, timeout: float | None = None) -> R:
        """Waits until nothing is under way. Raises `WaitTimeoutError` after `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            started = time.monotonic()
            left_s = longest_wait_s if until is None else max(0.0, until - started)
            record = await self.send(read(self.collection, id, wait_s=min(left_s, longest_wait_s)))
            if self.is_done(record):
                return record
            now = time.monotonic()
            if until is not None and now >= until:
                raise WaitTimeoutError(f"{id} is still {record.status} after {timeout} seconds. Wait again.", record)
            pause_s = shortest_interval_s - (now - started)
            await async_sleep(max(0.0, pause_s if until is None else min(pause_s, until - now)))

    def events(self, id: str, **options: Unpack[RecordEventFilters]) -> AsyncPages[models.EventPage, models.Event]:
        """The history, oldest first."""
        path = (self.collection, id, "events")
        return AsyncPages(self._transport, path, options, models.EventPage.model_validate, unbound)

    async def stream_events(self, id: str, after: int | None = None) -> AsyncGenerator[models.Event, None]:
        """The history, then new events until the final status. Resumes after interruptions."""
        path = read(self.collection, id, "events", "stream").path
        async for data in self._transport.events(path, dict(query_of({"after": after})), None):
            yield models.Event.model_validate_json(data)

    def attempts(self, id: str, **options: Unpack[PageOptions]) -> AsyncPages[models.AttemptPage, models.Attempt]:
        path = (self.collection, id, "attempts")
        return AsyncPages(self._transport, path, options, models.AttemptPage.model_validate, unbound)

    async def remote(self, id: str) -> models.RemotePayload:
        """What the provider last said about it."""
        return await self._transport.fetch(models.RemotePayload, read(self.collection, id, "remote"))

    async def send(self, operation: Operation) -> R:
        response = await self._transport.send(operation)
        return self.bind(response.json())
