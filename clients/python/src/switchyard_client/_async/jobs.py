"""Jobs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from typing_extensions import Unpack

from .. import _clock, models, types
from .._errors import ConflictError, SwitchyardError
from .._filters import JobFilters
from .._logs import SeenLogs
from .._operation import change, create, read
from .._responses import parsed
from .pages import AsyncPages, data_of
from .records import AsyncJob
from .workloads import AsyncWorkloads


class AsyncJobs(AsyncWorkloads[AsyncJob]):
    """Batch jobs that run to completion."""

    collection = "jobs"

    def bind(self, record: Any) -> AsyncJob:
        job = AsyncJob.model_validate(data_of(record) if isinstance(record, models.Job) else record)
        job._jobs = self
        return job

    def is_done(self, record: AsyncJob) -> bool:
        return record.is_final

    async def submit(
        self, request: models.JobRequest | types.JobRequest, *, idempotency_key: str | None = None
    ) -> AsyncJob:
        """Submits a job. Repetitions carry the same key, so that lost responses create nothing twice."""
        return await self.send(create("jobs", body=request, idempotency_key=idempotency_key))

    async def submit_batch(
        self, request: models.JobBatchRequest | types.JobBatchRequest, *, idempotency_key: str | None = None
    ) -> models.JobBatchResult:
        """Submits up to 1,000 jobs. Each is accepted or rejected separately: see `results`. Repeated like `submit`."""
        operation = create("jobs", "batch", body=request, idempotency_key=idempotency_key)
        return await self._transport.fetch(models.JobBatchResult, operation)

    async def cancel_batch(
        self, request: models.JobBatchCancelRequest | types.JobBatchCancelRequest
    ) -> models.JobBatchCancelResult:
        """Cancels one page of the jobs that match the filter. Continue with `next_cursor` until it is None."""
        operation = change("POST", "jobs", "batch-cancel", body=request)
        return await self._transport.fetch(models.JobBatchCancelResult, operation)

    async def preview(
        self, request: models.JobRequest | types.JobRequest, *, ask_provider: bool | None = None
    ) -> models.Preview:
        """Validates a request and shows what the provider would be sent, or also asks the provider."""
        operation = change("POST", "jobs", "preview", body=request, query={"ask_provider": ask_provider})
        return await self._transport.fetch(models.Preview, operation)

    async def import_(self, request: models.JobImport | types.JobImport) -> AsyncJob:
        """Creates a job from one that exists at the provider."""
        return await self.send(change("POST", "jobs", "import", body=request, is_repeatable=False))

    def list(self, **filters: Unpack[JobFilters]) -> AsyncPages[models.JobPage, AsyncJob]:
        return AsyncPages(self._transport, ("jobs",), filters, models.JobPage.model_validate, self.bind)

    async def update(
        self, id: str, changes: models.JobPatch | types.JobPatch, *, if_version: int | None = None
    ) -> AsyncJob:
        """Changes the given fields only."""
        return await self.send(change("PATCH", "jobs", id, body=changes, if_version=if_version))

    async def cancel(self, id: str, *, if_version: int | None = None) -> AsyncJob:
        return await self.send(change("POST", "jobs", id, "cancel", if_version=if_version))

    async def logs(self, id: str, cursor: str | None = None, *, timestamps: bool | None = None) -> models.LogChunk:
        """One part of the output; `next` is the cursor of the next part.

        With `timestamps`, each line begins with the time at which the provider received it. Raises an error if the
        provider has no times.
        """
        query = {"cursor": cursor, "timestamps": timestamps}
        return await self._transport.fetch(models.LogChunk, read("jobs", id, "logs", query=query))

    async def raw_logs(self, id: str, cursor: str | None = None, *, timestamps: bool | None = None) -> str:
        """One part of the output as plain text."""
        query = {"cursor": cursor, "timestamps": timestamps}
        response = await self._transport.send(read("jobs", id, "logs", "raw", query=query))
        return response.text

    async def follow_logs(
        self, id: str, interval: float = 2, *, timestamps: bool | None = None
    ) -> AsyncGenerator[str, None]:
        """The output, and what is added to it until the final status. Reads it every `interval` seconds."""
        seen = SeenLogs()
        outages = self._transport.outages()
        while True:
            try:
                # Output that is written before the job ends is complete in a read that starts after it has ended.
                job = await self._send_once(read("jobs", id))
                async for cursor, chunk in self._log_parts(id, timestamps):
                    text = seen.new_in(cursor, chunk.text, chunk.next)
                    if text:
                        yield text
                outages.over()
            except SwitchyardError as error:
                await _clock.async_sleep(outages.delay_s(error))
                continue
            if job.is_final:
                return
            await _clock.async_sleep(interval)

    async def resolve(
        self, id: str, resolution: models.JobResolution | types.JobResolution, *, if_version: int | None = None
    ) -> AsyncJob:
        """An operator's decision about an unknown outcome."""
        return await self.send(
            change("POST", "jobs", id, "resolve", body=resolution, if_version=if_version, is_repeatable=False)
        )

    async def _log_parts(
        self, id: str, timestamps: bool | None
    ) -> AsyncGenerator[tuple[str | None, models.LogChunk], None]:
        cursor: str | None = None
        while True:
            query = {"cursor": cursor, "timestamps": timestamps}
            try:
                response = await self._transport.send_once(read("jobs", id, "logs", query=query))
            except ConflictError:  # Not created at the provider yet, or canceled before.
                return
            chunk = parsed(response, models.LogChunk.model_validate)
            yield cursor, chunk
            cursor = chunk.next
            if cursor is None:
                return
