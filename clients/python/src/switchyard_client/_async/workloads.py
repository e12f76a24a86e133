"""Calls that jobs and environments share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any, Generic, Protocol, TypeVar

from typing_extensions import Unpack

from .. import _clock, models
from .._errors import SwitchyardError, WaitTimeoutError
from .._filters import PageOptions, RecordEventFilters
from .._operation import Operation, query_of, read
from .._responses import parsed
from .pages import AsyncPages, unbound
from .transport import AsyncTransport

#: Maximum time of one long poll; a longer wait takes several requests.
longest_wait_s = 30.0
#: Time between two requests if the service does not wait: too many clients wait, or it is shutting down.
shortest_interval_s = 1.0
#: Time limit of the last read of a wait.
last_read_s = 1.0


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
        """Creates the record, with its calls, from JSON or from a model."""

    @abstractmethod
    def is_done(self, record: R) -> bool: ...

    async def get(self, id: str) -> R:
        return await self.send(read(self.collection, id))

    async def wait(self, id: str, timeout: float | None = None) -> R:
        """Waits for a final or stable status. Raises `WaitTimeoutError` after `timeout` seconds."""
        until = math.inf if timeout is None else _clock.monotonic() + timeout
        outages = self._transport.outages()
        record: R | None = None
        while True:
            started = _clock.monotonic()
            failure: SwitchyardError | None = None
            try:
                record = await self._send_once(self._long_poll(id, max(0.0, until - started)))
                if self.is_done(record):
                    return record
                outages.over()
                pause_s = max(0.0, shortest_interval_s - (_clock.monotonic() - started))
            except SwitchyardError as error:
                failure, pause_s = error, outages.delay_s(error)
            left_s = until - _clock.monotonic()
            await _clock.async_sleep(max(0.0, min(pause_s, left_s)))
            # After a failure, the next request waits for the delay that the service states.
            if left_s <= (0 if failure is None else pause_s):
                raise overdue(id, timeout, record) from failure

    def _long_poll(self, id: str, left_s: float) -> Operation:
        within_s = max(left_s, last_read_s)
        return read(self.collection, id, wait_s=min(left_s, longest_wait_s), within_s=within_s)

    def events(self, id: str, **options: Unpack[RecordEventFilters]) -> AsyncPages[models.EventPage, models.Event]:
        """The history, oldest first."""
        path = (self.collection, id, "events")
        return AsyncPages(self._transport, path, options, models.EventPage.model_validate, unbound)

    async def stream_events(self, id: str, after: int | None = None) -> AsyncGenerator[models.Event, None]:
        """The history, then new events until the final status. Resumes after interruptions."""
        path = read(self.collection, id, "events", "stream").path
        async for event in self._transport.events(models.Event, path, dict(query_of({"after": after}))):
            yield event

    def attempts(self, id: str, **options: Unpack[PageOptions]) -> AsyncPages[models.AttemptPage, models.Attempt]:
        path = (self.collection, id, "attempts")
        return AsyncPages(self._transport, path, options, models.AttemptPage.model_validate, unbound)

    async def remote(self, id: str) -> models.RemotePayload:
        """The latest payload of the provider."""
        return await self._transport.fetch(models.RemotePayload, read(self.collection, id, "remote"))

    async def send(self, operation: Operation) -> R:
        return parsed(await self._transport.send(operation), self.bind)

    async def _send_once(self, operation: Operation) -> R:
        """Sends a request without retries."""
        return parsed(await self._transport.send_once(operation), self.bind)


def overdue(id: str, timeout: float | None, record: Record | None) -> WaitTimeoutError:
    state = f"{id} could not be read" if record is None else f"{id} is still {record.status}"
    return WaitTimeoutError(f"{state} after {timeout} seconds. Wait again.", record)
