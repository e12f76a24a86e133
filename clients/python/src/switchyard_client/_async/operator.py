"""Workloads that require an operator, and holds of new creates."""

from __future__ import annotations

from typing_extensions import Unpack

from .. import models, types
from .._filters import AttentionFilters, CreationHoldFilters
from .._operation import change, read
from .pages import AsyncPages, unbound
from .transport import AsyncTransport


class AsyncAttention:
    """Jobs and environments of all projects that need an operator."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def list(self, **filters: Unpack[AttentionFilters]) -> AsyncPages[models.AttentionPage, models.AttentionItem]:
        """The workloads that require an operator, longest waiting first."""
        return AsyncPages(self._transport, ("attention",), filters, models.AttentionPage.model_validate, unbound)

    async def candidates(self, id: str) -> models.CandidateReport:
        """Searches the provider for the object of an open create."""
        return await self._transport.fetch(models.CandidateReport, read("attention", id, "candidates"))

    async def resolve(
        self,
        id: str,
        resolution: models.WorkloadResolution | types.WorkloadResolution,
        *,
        if_version: int | None = None,
    ) -> models.ResolvedWorkload:
        """Resolves a job or an environment of any project."""
        operation = change(
            "POST", "attention", id, "resolve", body=resolution, if_version=if_version, is_repeatable=False
        )  # fmt: skip
        return await self._transport.fetch(models.ResolvedWorkload, operation)

    async def resolve_matching(
        self, request: models.AttentionResolveRequest | types.AttentionResolveRequest
    ) -> models.AttentionResolveResult:
        """Resolves the workloads that match a filter, up to a limit: continue with `next_cursor`."""
        operation = change("POST", "attention", "resolve", body=request)
        return await self._transport.fetch(models.AttentionResolveResult, operation)


class AsyncCreationHolds:
    """Holds of new creates."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, request: models.CreationHoldRequest | types.CreationHoldRequest) -> models.CreationHold:
        operation = change("POST", "creation-holds", body=request, is_repeatable=False)
        return await self._transport.fetch(models.CreationHold, operation)

    async def get(self, id: str) -> models.CreationHold:
        return await self._transport.fetch(models.CreationHold, read("creation-holds", id))

    def list(self, **filters: Unpack[CreationHoldFilters]) -> AsyncPages[models.CreationHoldPage, models.CreationHold]:
        model = models.CreationHoldPage.model_validate
        return AsyncPages(self._transport, ("creation-holds",), filters, model, unbound)

    async def release(self, id: str) -> models.CreationHold:
        """Ends the hold: workloads that wait for it become due."""
        return await self._transport.fetch(models.CreationHold, change("DELETE", "creation-holds", id))
