"""A Prefect flow: each task submits a job, follows its log, and fails unless the job succeeds.

A retry of a task continues with the job of the first attempt. If the flow run is canceled or its process is stopped,
its jobs are canceled.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import flow, get_run_logger, runtime, task
from switchyard_client import AsyncSwitchyard, Switchyard, SwitchyardError, types

COMMAND = "echo training; python train.py"
TIMEOUT_S = 3600


class JobFailed(Exception):
    """The job has ended without success. A retry of the task would return the same job: run the flow again."""


def request(run_id: str, rate: float, command: str) -> types.JobRequest:
    return {
        "provider": "modelarts",
        "name": f"train-{rate}".replace(".", "-"),
        "image": "deep-learning/pytorch:2.1",
        "script": command,
        "environmentVariables": {"LEARNING_RATE": str(rate)},
        "resources": {"flavor": "modelarts.vm.gpu.v100"},
        "labels": {"flow-run": run_id},
    }


async def is_error_of_service(task: Any, run: Any, state: Any) -> bool:
    """Whether to retry: if the service or the network failed, not if the job did."""
    return isinstance(await state.aresult(raise_on_failure=False), SwitchyardError)


# Asynchronous, so that a signal interrupts it: Prefect waits for tasks in threads.
@task(retries=3, retry_delay_seconds=10, retry_condition_fn=is_error_of_service)
async def train(index: int, rate: float, command: str) -> str:
    run_id = str(runtime.flow_run.id)
    log = get_run_logger()
    async with AsyncSwitchyard() as client:
        # The same in each attempt, also if Prefect retries the whole flow run.
        key = f"prefect-{run_id}-train-{index}"
        job = await client.jobs.submit(request(run_id, rate, command), idempotency_key=key)
        log.info("learning rate %s is %s", rate, job.id)
        async for text in job.follow_logs():
            log.info("%s", text.rstrip())
        job = await job.wait(timeout=TIMEOUT_S)
    if job.status != "succeeded":
        raise JobFailed(f"{job.id} is {job.status}: {job.status_reason or 'see its events'}")
    return job.id


def cancel_jobs(flow: Any, flow_run: Any, state: Any) -> None:
    """Cancels what the flow run has submitted. A Prefect worker calls this even if the flow's process was killed."""
    filter: types.JobFilter = {"label": [f"flow-run:{flow_run.id}"]}
    with Switchyard() as client:
        page = client.jobs.cancel_batch({"filter": filter})
        while page.next_cursor is not None:
            page = client.jobs.cancel_batch({"filter": filter, "cursor": page.next_cursor})


@flow(on_cancellation=[cancel_jobs], on_crashed=[cancel_jobs])
async def sweep(rates: tuple[float, ...] = (0.1, 0.01, 0.001), command: str = COMMAND) -> list[str]:
    tasks = [train(index, rate, command) for index, rate in enumerate(rates)]
    ends = await asyncio.gather(*tasks, return_exceptions=True)  # A failed job does not stop the others.
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ends if isinstance(end, str)]


if __name__ == "__main__":
    for job_id in asyncio.run(sweep()):
        print(job_id, "succeeded")
