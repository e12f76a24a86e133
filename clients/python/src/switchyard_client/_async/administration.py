"""Projects, API keys and the audit log."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from typing_extensions import Unpack

from .. import models, types
from .._filters import AuditExportFilters, AuditFilters, PageOptions, ProjectFilters
from .._operation import change, read
from .pages import AsyncPages, unbound
from .transport import AsyncTransport


class AsyncProjects:
    """Isolated tenants."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, request: models.ProjectRequest | types.ProjectRequest) -> models.Project:
        operation = change("POST", "projects", body=request, is_repeatable=False)
        return await self._transport.fetch(models.Project, operation)

    async def get(self, id: str) -> models.Project:
        return await self._transport.fetch(models.Project, read("projects", id))

    def list(self, **options: Unpack[PageOptions]) -> AsyncPages[models.ProjectPage, models.Project]:
        return AsyncPages(self._transport, ("projects",), options, models.ProjectPage.model_validate, unbound)

    async def update(self, id: str, changes: models.ProjectPatch | types.ProjectPatch) -> models.Project:
        """Changes the given fields only."""
        return await self._transport.fetch(models.Project, change("PATCH", "projects", id, body=changes))


class AsyncApiKeys:
    """API keys. The key itself is shown only when it is created or rotated."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, request: models.ApiKeyRequest | types.ApiKeyRequest) -> models.ApiKeyWithSecret:
        operation = change("POST", "api-keys", body=request, is_repeatable=False)
        return await self._transport.fetch(models.ApiKeyWithSecret, operation)

    async def get(self, id: str) -> models.ApiKey:
        return await self._transport.fetch(models.ApiKey, read("api-keys", id))

    def list(self, **filters: Unpack[ProjectFilters]) -> AsyncPages[models.ApiKeyPage, models.ApiKey]:
        return AsyncPages(self._transport, ("api-keys",), filters, models.ApiKeyPage.model_validate, unbound)

    async def revoke(self, id: str) -> models.ApiKey:
        return await self._transport.fetch(models.ApiKey, change("DELETE", "api-keys", id))

    async def rotate(
        self, id: str, request: models.ApiKeyRotation | types.ApiKeyRotation | None = None
    ) -> models.ApiKeyWithSecret:
        operation = change("POST", "api-keys", id, "rotate", body=request or {}, is_repeatable=False)
        return await self._transport.fetch(models.ApiKeyWithSecret, operation)


class AsyncAudit:
    """The audit log."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def list(self, **filters: Unpack[AuditFilters]) -> AsyncPages[models.AuditPage, models.AuditEntry]:
        return AsyncPages(self._transport, ("audit",), filters, models.AuditPage.model_validate, unbound)

    async def export(self, **filters: Unpack[AuditExportFilters]) -> AsyncGenerator[models.AuditEntry, None]:
        """All entries but those of the last minute, oldest first. Resumes after interruptions."""
        async for entry in self._transport.lines(models.AuditEntry, "audit/export", dict(filters)):
            yield entry
