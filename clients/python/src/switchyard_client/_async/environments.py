"""Environments."""

from __future__ import annotations

from typing import Any

from typing_extensions import Unpack

from .. import models, types
from .._filters import RecordFilters
from .._operation import change, create, read
from .pages import AsyncPages, data_of
from .records import AsyncEnvironment
from .workloads import AsyncWorkloads


class AsyncEnvironments(AsyncWorkloads[AsyncEnvironment]):
    """Long-lived workspaces, instances and services."""

    collection = "environments"

    def bind(self, record: Any) -> AsyncEnvironment:
        environment = AsyncEnvironment.model_validate(
            data_of(record) if isinstance(record, models.Environment) else record
        )
        environment._environments = self
        return environment

    def is_done(self, record: AsyncEnvironment) -> bool:
        return record.is_stable

    async def create(
        self, request: models.EnvironmentRequest | types.EnvironmentRequest, *, idempotency_key: str | None = None
    ) -> AsyncEnvironment:
        """Creates an environment. Repetitions carry the same key, so that lost responses create nothing twice."""
        return await self.send(create("environments", body=request, idempotency_key=idempotency_key))

    async def preview(
        self, request: models.EnvironmentRequest | types.EnvironmentRequest, *, ask_provider: bool | None = None
    ) -> models.Preview:
        """Validates a request and shows what the provider would be sent, or also asks the provider."""
        operation = change("POST", "environments", "preview", body=request, query={"ask_provider": ask_provider})
        return await self._transport.fetch(models.Preview, operation)

    async def import_(self, request: models.EnvironmentImport | types.EnvironmentImport) -> AsyncEnvironment:
        """Creates an environment from an object that exists at the provider."""
        return await self.send(change("POST", "environments", "import", body=request, is_repeatable=False))

    def list(self, **filters: Unpack[RecordFilters]) -> AsyncPages[models.EnvironmentPage, AsyncEnvironment]:
        return AsyncPages(self._transport, ("environments",), filters, models.EnvironmentPage.model_validate, self.bind)

    async def update(
        self, id: str, changes: models.EnvironmentPatch | types.EnvironmentPatch, *, if_version: int | None = None
    ) -> AsyncEnvironment:
        """Changes the given fields only."""
        return await self.send(change("PATCH", "environments", id, body=changes, if_version=if_version))

    async def start(self, id: str, *, if_version: int | None = None) -> AsyncEnvironment:
        return await self.send(change("POST", "environments", id, "start", if_version=if_version))

    async def stop(self, id: str, *, if_version: int | None = None) -> AsyncEnvironment:
        return await self.send(change("POST", "environments", id, "stop", if_version=if_version))

    async def delete(
        self,
        id: str,
        *,
        cancel_jobs: bool | None = None,
        remote: str | None = None,
        if_version: int | None = None,
    ) -> AsyncEnvironment:
        """Deletes the environment. With `remote="keep"`, the object at the provider stays."""
        query = {"cancel_jobs": cancel_jobs, "remote": remote}
        return await self.send(change("DELETE", "environments", id, query=query, if_version=if_version))

    async def access(self, id: str) -> models.Access:
        """URLs, ports, SSH login and token. Contains secrets; do not store it."""
        return await self._transport.fetch(models.Access, read("environments", id, "access"))

    async def resolve(
        self,
        id: str,
        resolution: models.EnvironmentResolution | types.EnvironmentResolution,
        *,
        if_version: int | None = None,
    ) -> AsyncEnvironment:
        """An operator's decision about an unknown outcome."""
        return await self.send(
            change("POST", "environments", id, "resolve", body=resolution, if_version=if_version, is_repeatable=False)
        )
