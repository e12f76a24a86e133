"""The event feed of the project, and its webhooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from typing_extensions import Unpack

from .. import models, types
from .._filters import DeliveryFilters, PageOptions
from .._operation import change, query_of, read, remove
from .pages import AsyncPages, unbound
from .transport import AsyncTransport


class AsyncEvents:
    """Project event feed."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def list(self, **options: Unpack[PageOptions]) -> AsyncPages[models.ProjectEventPage, models.ProjectEvent]:
        """The retained events, oldest first. The `end_cursor` of a page is where a stream or a later list continues."""
        return AsyncPages(self._transport, ("events",), options, models.ProjectEventPage.model_validate, unbound)

    async def stream(self, cursor: str | None = None) -> AsyncGenerator[models.ProjectEvent, None]:
        """New events, or those after `cursor`; does not end. Resumes after interruptions without a gap."""
        query = dict(query_of({"cursor": cursor}))
        async for event in self._transport.events(models.ProjectEvent, "events/stream", query):
            yield event


class AsyncWebhookEndpoints:
    """URLs that receive signed event notifications."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(
        self, request: models.WebhookEndpointRequest | types.WebhookEndpointRequest
    ) -> models.WebhookEndpointWithSecret:
        """Creates an endpoint. The response contains its secret, which is shown only once."""
        operation = change("POST", "webhook-endpoints", body=request, is_repeatable=False)
        return await self._transport.fetch(models.WebhookEndpointWithSecret, operation)

    async def get(self, id: str) -> models.WebhookEndpoint:
        return await self._transport.fetch(models.WebhookEndpoint, read("webhook-endpoints", id))

    def list(self, **options: Unpack[PageOptions]) -> AsyncPages[models.WebhookEndpointPage, models.WebhookEndpoint]:
        model = models.WebhookEndpointPage.model_validate
        return AsyncPages(self._transport, ("webhook-endpoints",), options, model, unbound)

    async def update(
        self,
        id: str,
        changes: models.WebhookEndpointPatch | types.WebhookEndpointPatch,
        *,
        if_version: int | None = None,
    ) -> models.WebhookEndpoint:
        """Changes the given fields only."""
        operation = change("PATCH", "webhook-endpoints", id, body=changes, if_version=if_version)
        return await self._transport.fetch(models.WebhookEndpoint, operation)

    async def delete(self, id: str, *, if_version: int | None = None) -> None:
        await self._transport.send(remove("webhook-endpoints", id, if_version=if_version))

    async def rotate_secret(
        self,
        id: str,
        request: models.WebhookSecretRotation | types.WebhookSecretRotation | None = None,
        *,
        if_version: int | None = None,
    ) -> models.WebhookEndpointWithSecret:
        """Replaces the secret. With `if_version`, a secret in use is not retired by mistake."""
        operation = change(
            "POST", "webhook-endpoints", id, "rotate-secret",
            body=request or {}, if_version=if_version, is_repeatable=False,
        )  # fmt: skip
        return await self._transport.fetch(models.WebhookEndpointWithSecret, operation)

    async def test(self, id: str) -> models.WebhookDelivery:
        """Sends a message of type `webhook.test`."""
        operation = change("POST", "webhook-endpoints", id, "test", is_repeatable=False)
        return await self._transport.fetch(models.WebhookDelivery, operation)

    def deliveries(
        self, id: str, **filters: Unpack[DeliveryFilters]
    ) -> AsyncPages[models.WebhookDeliveryPage, models.WebhookDelivery]:
        path = ("webhook-endpoints", id, "deliveries")
        return AsyncPages(self._transport, path, filters, models.WebhookDeliveryPage.model_validate, unbound)

    async def delivery(self, id: str, delivery_id: str) -> models.WebhookDelivery:
        operation = read("webhook-endpoints", id, "deliveries", delivery_id)
        return await self._transport.fetch(models.WebhookDelivery, operation)

    async def redeliver(self, id: str, delivery_id: str) -> models.WebhookDelivery:
        path = ("webhook-endpoints", id, "deliveries", delivery_id, "redeliver")
        return await self._transport.fetch(models.WebhookDelivery, change("POST", *path, is_repeatable=False))

    async def replay(
        self, id: str, request: models.WebhookReplayRequest | types.WebhookReplayRequest
    ) -> models.WebhookReplayResult:
        """Sends failed deliveries again."""
        operation = change("POST", "webhook-endpoints", id, "replay", body=request, is_repeatable=False)
        return await self._transport.fetch(models.WebhookReplayResult, operation)
