"""The client."""

from __future__ import annotations

from types import TracebackType

import httpx
from typing_extensions import Self

from .. import models
from .._operation import read
from .._retries import RetryPolicy
from .._settings import settings_of
from .administration import AsyncApiKeys, AsyncAudit, AsyncProjects
from .connections import AsyncConnections, AsyncProviders
from .environments import AsyncEnvironments
from .events import AsyncEvents, AsyncWebhookEndpoints
from .jobs import AsyncJobs
from .operator import AsyncAttention, AsyncCreationHolds
from .transport import AsyncTransport


class AsyncSwitchyard:
    """A client of one Switchyard service.

    `url` may have a path prefix and defaults to SWITCHYARD_URL; `api_key` defaults to SWITCHYARD_API_KEY. `timeout` is
    the time in seconds for one response, and `max_outage` the time for which waits and streams tolerate that the
    service is unavailable. Pass an `http_client` for a proxy or certificates of your own; it is not
    closed with this client.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 30,
        max_retries: int = 4,
        max_outage: float = 300,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        settings = settings_of(url, api_key)
        self._url = str(settings.base_url)
        retries = RetryPolicy(max_retries, max_outage_s=max_outage)
        self._transport = AsyncTransport(settings, retries, timeout, http_client)
        self.jobs = AsyncJobs(self._transport)
        self.environments = AsyncEnvironments(self._transport)
        self.providers = AsyncProviders(self._transport)
        self.connections = AsyncConnections(self._transport)
        self.events = AsyncEvents(self._transport)
        self.webhook_endpoints = AsyncWebhookEndpoints(self._transport)
        self.projects = AsyncProjects(self._transport)
        self.api_keys = AsyncApiKeys(self._transport)
        self.audit = AsyncAudit(self._transport)
        self.attention = AsyncAttention(self._transport)
        self.creation_holds = AsyncCreationHolds(self._transport)

    async def liveness(self) -> models.Health:
        return await self._transport.fetch(models.Health, read("livez"))

    async def readiness(self) -> models.Health:
        return await self._transport.fetch(models.Health, read("readyz"))

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"
