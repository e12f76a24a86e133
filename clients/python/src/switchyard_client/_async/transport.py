"""Sends requests and reads event streams, with retries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from .._errors import NotFoundError, SwitchyardError, error_of, no_response
from .._model import Model
from .._operation import Operation
from .._retries import RetryPolicy
from .._settings import Settings
from .._sleep import async_sleep

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

    async def fetch(self, model: type[M], operation: Operation) -> M:
        response = await self.send(operation)
        return model.model_validate(response.json())

    async def send(self, operation: Operation) -> httpx.Response:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.max_retries + 1),
            retry=retry_if_exception(
                lambda error: self._retries.is_worthwhile(error, is_repeatable=operation.is_repeatable)
            ),
            wait=self._delay_s,
            sleep=async_sleep,
            reraise=True,
        )
        try:
            return await retrying(self._send_once, operation)
        except NotFoundError:
            # An earlier attempt, whose response was lost, deleted it.
            if operation.method == "DELETE" and retrying.statistics["attempt_number"] > 1:
                return httpx.Response(204)
            raise

    async def events(self, path: str, query: Mapping[str, str], last_id: str | None) -> AsyncGenerator[str, None]:
        """Data of each message of a stream. Reconnects after the last message until the service has no more to send."""
        failures = 0
        while True:
            error: SwitchyardError | None = None
            try:
                async with aclosing(self._connected(path, query, last_id)) as messages:
                    async for message in messages:
                        if message is None:
                            return
                        if message.data:
                            failures = 0
                            last_id = message.id or last_id
                            yield message.data
            except (SwitchyardError, SSEError) as failed:
                error = failed if isinstance(failed, SwitchyardError) else None
                if failures >= self._retries.max_retries or (
                    error is not None and not self._retries.is_worthwhile(error, is_repeatable=True)
                ):
                    raise
                failures += 1
            else:
                failures = 0  # The service or a proxy ended the connection; reconnecting is the normal course.
            await async_sleep(self._retries.delay_s(max(1, failures), error))

    async def _connected(
        self, path: str, query: Mapping[str, str], last_id: str | None
    ) -> AsyncGenerator[ServerSentEvent | None, None]:
        """Messages of one connection; None if the stream is complete."""
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
                async for message in source.aiter_sse():
                    yield message
        except httpx.TransportError as error:
            raise no_response(error) from error

    async def _send_once(self, operation: Operation) -> httpx.Response:
        sent: dict[str, Any] = {} if operation.body is None else {"json": operation.body}
        try:
            response = await self._http.request(
                operation.method,
                self._settings.base_url.join(operation.path),
                params=list(operation.query) or None,
                headers={**self._settings.headers, "accept": "application/json", **operation.headers},
                timeout=httpx.Timeout(self._timeout_s, read=self._timeout_s + operation.wait_s),
                **sent,
            )
        except httpx.TransportError as error:
            raise no_response(error) from error
        if response.status_code >= 300:
            raise error_of(response)
        return response

    def _delay_s(self, state: RetryCallState) -> float:
        error = None if state.outcome is None else state.outcome.exception()
        return self._retries.delay_s(state.attempt_number, error)
