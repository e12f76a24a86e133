"""Sends requests and reads event streams, with retries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, cast

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError, aconnect_sse
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from .. import _clock
from .._errors import NotFoundError, SwitchyardError
from .._model import Model
from .._operation import Operation, query_of
from .._outages import Outages
from .._responses import error_of, event_in, failure_of, invalid_response, parsed
from .._resumption import Resumption
from .._retries import RetryPolicy, is_unprocessed
from .._settings import Settings

M = TypeVar("M", bound=Model)

#: The service sends a heartbeat at least every five seconds.
stream_read_timeout_s = 20.0


class AsyncTransport:
    def __init__(
        self, settings: Settings, retries: RetryPolicy, timeout_s: float, http_client: httpx.AsyncClient | None
    ) -> None:
        self._settings = settings
        self._retries = retries
        self._timeout_s = timeout_s
        self._owns_http = http_client is None
        self._http = http_client or httpx.AsyncClient()

    async def close(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    def outages(self) -> Outages:
        return Outages(self._retries)

    async def fetch(self, model: type[M], operation: Operation) -> M:
        return parsed(await self.send(operation), model.model_validate)

    async def send(self, operation: Operation) -> httpx.Response:
        failures: list[BaseException | None] = []
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.max_retries + 1),
            retry=retry_if_exception(
                lambda error: self._retries.is_worthwhile(error, is_repeatable=operation.is_repeatable)
            ),
            wait=self._delay_s,
            before_sleep=lambda state: failures.append(failure_in(state)),
            sleep=_clock.async_sleep,
            reraise=True,
        )
        try:
            return await retrying(self.send_once, operation)
        except NotFoundError as error:
            is_repetition = not all(is_unprocessed(each) for each in failures)
            if operation.is_removal and is_repetition and error.code == "not_found":
                return httpx.Response(204)  # An earlier attempt, whose response was lost, removed the record.
            raise

    async def send_once(self, operation: Operation) -> httpx.Response:
        """Sends a request without retries."""
        sent: dict[str, Any] = {} if operation.body is None else {"json": operation.body}
        url = self._settings.base_url.join(operation.path)
        try:
            response = await self._http.request(
                operation.method,
                url,
                params=list(operation.query) or None,
                headers={**self._settings.headers, "accept": "application/json", **operation.headers},
                timeout=operation.timeout(self._timeout_s),
                **sent,
            )
        except httpx.RequestError as error:
            raise failure_of(error, operation.method, url) from error
        if response.status_code >= 300:
            raise error_of(response)
        return response

    async def events(self, model: type[M], path: str, query: Mapping[str, str]) -> AsyncGenerator[M, None]:
        """Events of a stream. Reconnects after the last message until the service has no more to send."""
        outages = self.outages()
        resumption = Resumption()
        while True:
            try:
                async with aclosing(self._connected(path, query, resumption, outages)) as messages:
                    async for message in messages:
                        if message is None:
                            return
                        if message.data:
                            outages.over()
                            event = event_in(message.data, model, path)
                            resumption.last_id = message.id or resumption.last_id
                            yield event
            except SwitchyardError as error:
                delay_s = outages.delay_s(error)
            else:
                outages.over()  # The service or a proxy ended the connection; reconnecting is the normal course.
                delay_s = self._retries.delay_s(1, None)
            await _clock.async_sleep(delay_s)

    async def lines(self, model: type[M], path: str, query: dict[str, Any]) -> AsyncGenerator[M, None]:
        """Entries of an export, one per line. Reconnects after the last complete line."""
        outages = self.outages()
        while True:
            try:
                async with aclosing(self._lines_of(path, query, outages)) as texts:
                    async for text in texts:
                        entry = event_in(text, model, path)
                        outages.over()
                        query = {**query, "after": getattr(entry, "id")}  # noqa: B009
                        yield entry
                return
            except SwitchyardError as error:
                await _clock.async_sleep(outages.delay_s(error))

    async def _lines_of(self, path: str, query: dict[str, Any], outages: Outages) -> AsyncGenerator[str, None]:
        headers = {**self._settings.headers, "accept": "application/x-ndjson, application/problem+json"}
        url = self._settings.base_url.join(path)
        try:
            async with self._http.stream(
                "GET", url, params=list(query_of(query)), headers=headers, timeout=self._timeout_s
            ) as response:
                if response.status_code >= 300:
                    await response.aread()
                    raise error_of(response)
                outages.responded()
                async for text in response.aiter_lines():
                    yield text
        except httpx.RequestError as error:
            raise failure_of(error, "GET", url) from error

    async def _connected(
        self, path: str, query: Mapping[str, str], resumption: Resumption, outages: Outages
    ) -> AsyncGenerator[ServerSentEvent | None, None]:
        """Messages of one connection; None if the stream is complete."""
        last_id = resumption.last_id
        headers = (
            {**self._settings.headers} if last_id is None else {**self._settings.headers, "last-event-id": last_id}
        )
        timeout = httpx.Timeout(self._timeout_s, read=stream_read_timeout_s)
        url = self._settings.base_url.join(path)
        try:
            async with aconnect_sse(
                self._http, "GET", str(url), params=dict(query), headers=headers, timeout=timeout
            ) as source:
                if source.response.status_code == 204:
                    yield None
                    return
                if source.response.status_code >= 300:
                    await source.response.aread()
                    raise error_of(source.response)
                outages.responded()
                resumption.begin()
                read = cast(httpx.Response, AsyncReadResponse(source.response, resumption))
                async for message in EventSource(read).aiter_sse():
                    yield message
        except SSEError as error:  # Also a TransportError, but of a response that is not an event stream.
            raise invalid_response(f"GET {url}", str(error)) from None
        except httpx.RequestError as error:
            raise failure_of(error, "GET", url) from error

    def _delay_s(self, state: RetryCallState) -> float:
        return self._retries.delay_s(state.attempt_number, failure_in(state))


class AsyncReadResponse:
    """What an event source uses of a response. Its text is also read for comments, which the event source drops."""

    def __init__(self, response: httpx.Response, resumption: Resumption) -> None:
        self.headers = response.headers
        self._response = response
        self._resumption = resumption

    async def aiter_text(self) -> AsyncGenerator[str, None]:
        async for text in self._response.aiter_text():
            self._resumption.read(text)
            yield text


def failure_in(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()
