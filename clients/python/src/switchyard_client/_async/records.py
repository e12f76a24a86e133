"""Jobs and environments with the calls that concern them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from pydantic import PrivateAttr
from typing_extensions import Unpack

from .. import models, types
from .._filters import RecordEventFilters
from .pages import AsyncPages

if TYPE_CHECKING:
    from .environments import AsyncEnvironments
    from .jobs import AsyncJobs

final_statuses = frozenset({"succeeded", "failed", "canceled", "unknown"})
#: Statuses that do not change until an action is requested.
stable_statuses = frozenset({"running", "stopped", "blocked", "failed"})


class AsyncJob(models.Job):
    """A job as it was when it was read. Calls return a newer state and do not change this object."""

    _jobs: AsyncJobs = PrivateAttr()

    @property
    def is_final(self) -> bool:
        """Whether the status is final: `succeeded`, `failed`, `canceled` or `unknown`."""
        return self.status in final_statuses

    async def refresh(self) -> AsyncJob:
        return await self._jobs.get(self.id)

    async def wait(self, timeout: float | None = None) -> AsyncJob:
        """Waits for the final status. Raises `WaitTimeoutError` after `timeout` seconds."""
        return await self._jobs.wait(self.id, timeout)

    async def cancel(self) -> AsyncJob:
        return await self._jobs.cancel(self.id)

    async def update(self, changes: models.JobPatch | types.JobPatch) -> AsyncJob:
        """Changes the job, unless it has changed since it was read (`VersionMismatchError`)."""
        return await self._jobs.update(self.id, changes, if_version=self.version)

    async def logs(self, cursor: str | None = None, *, timestamps: bool | None = None) -> models.LogChunk:
        return await self._jobs.logs(self.id, cursor, timestamps=timestamps)

    def follow_logs(self, interval: float = 2, *, timestamps: bool | None = None) -> AsyncGenerator[str, None]:
        return self._jobs.follow_logs(self.id, interval, timestamps=timestamps)

    def events(self, **options: Unpack[RecordEventFilters]) -> AsyncPages[models.EventPage, models.Event]:
        return self._jobs.events(self.id, **options)

    def stream_events(self, after: int | None = None) -> AsyncGenerator[models.Event, None]:
        return self._jobs.stream_events(self.id, after)


class AsyncEnvironment(models.Environment):
    """An environment as it was when it was read. Calls return a newer state and do not change this object."""

    _environments: AsyncEnvironments = PrivateAttr()

    @property
    def is_stable(self) -> bool:
        """Whether the status is stable (running, stopped, blocked, failed, deleted) and no action is requested."""
        return self.status == "deleted" or (self.status in stable_statuses and self.requested_action is None)

    async def refresh(self) -> AsyncEnvironment:
        return await self._environments.get(self.id)

    async def wait(self, timeout: float | None = None) -> AsyncEnvironment:
        """Waits for a stable status. Raises `WaitTimeoutError` after `timeout` seconds."""
        return await self._environments.wait(self.id, timeout)

    async def start(self) -> AsyncEnvironment:
        return await self._environments.start(self.id)

    async def stop(self) -> AsyncEnvironment:
        return await self._environments.stop(self.id)

    async def delete(self, *, cancel_jobs: bool | None = None, remote: str | None = None) -> AsyncEnvironment:
        return await self._environments.delete(self.id, cancel_jobs=cancel_jobs, remote=remote)

    async def access(self) -> models.Access:
        return await self._environments.access(self.id)

    async def update(self, changes: models.EnvironmentPatch | types.EnvironmentPatch) -> AsyncEnvironment:
        """Changes the environment, unless it has changed since it was read (`VersionMismatchError`)."""
        return await self._environments.update(self.id, changes, if_version=self.version)

    def events(self, **options: Unpack[RecordEventFilters]) -> AsyncPages[models.EventPage, models.Event]:
        return self._environments.events(self.id, **options)

    def stream_events(self, after: int | None = None) -> AsyncGenerator[models.Event, None]:
        return self._environments.stream_events(self.id, after)
