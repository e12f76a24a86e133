"""Providers and connections."""

from __future__ import annotations

from typing_extensions import Unpack

from .. import models, types
from .._filters import ConnectionFilters
from .._operation import change, read, remove
from .pages import AsyncPages, unbound
from .transport import AsyncTransport


class AsyncProviders:
    """Provider capabilities."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self) -> models.ProviderList:
        return await self._transport.fetch(models.ProviderList, read("providers"))

    async def get(self, provider: str) -> models.Provider:
        return await self._transport.fetch(models.Provider, read("providers", provider))

    async def health(self) -> models.ProviderHealthList:
        """Calls, errors and latency of the last hour, over the connections of the project."""
        return await self._transport.fetch(models.ProviderHealthList, read("providers", "health"))


class AsyncConnections:
    """Provider accounts. Credentials are write-only."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, request: models.ConnectionRequest | types.ConnectionRequest) -> models.Connection:
        operation = change("POST", "connections", body=request, is_repeatable=False)
        return await self._transport.fetch(models.Connection, operation)

    async def get(self, id: str) -> models.Connection:
        return await self._transport.fetch(models.Connection, read("connections", id))

    def list(self, **filters: Unpack[ConnectionFilters]) -> AsyncPages[models.ConnectionPage, models.Connection]:
        return AsyncPages(self._transport, ("connections",), filters, models.ConnectionPage.model_validate, unbound)

    async def update(
        self, id: str, changes: models.ConnectionPatch | types.ConnectionPatch, *, if_version: int | None = None
    ) -> models.Connection:
        """Changes the given fields only; `None` resets a setting."""
        operation = change("PATCH", "connections", id, body=changes, if_version=if_version)
        return await self._transport.fetch(models.Connection, operation)

    async def delete(self, id: str, *, if_version: int | None = None) -> None:
        await self._transport.send(remove("connections", id, if_version=if_version))

    async def verify(self, id: str) -> models.Verification:
        """Checks the credentials with the provider."""
        return await self._transport.fetch(models.Verification, change("POST", "connections", id, "verify"))

    async def capabilities(self, id: str) -> models.ConnectionCapabilities:
        return await self._transport.fetch(models.ConnectionCapabilities, read("connections", id, "capabilities"))

    async def catalog(self, id: str) -> models.ConnectionCatalog:
        """Available flavors, images and queues."""
        return await self._transport.fetch(models.ConnectionCatalog, read("connections", id, "catalog"))

    async def orphans(self, id: str) -> models.OrphanReport:
        return await self._transport.fetch(models.OrphanReport, read("connections", id, "orphans"))

    async def health(self, id: str) -> models.ConnectionHealth:
        """Calls, errors and latency of the last hour."""
        return await self._transport.fetch(models.ConnectionHealth, read("connections", id, "health"))
