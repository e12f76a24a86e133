"""A third-party program that uses only the installed package. Prints its results as JSON."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

from switchyard_client import (
    AsyncSwitchyard,
    InvalidRequestError,
    Switchyard,
    SwitchyardError,
    models,
    types,
    verify_webhook,
)

hello: types.JobRequest = {
    "provider": "slurm",
    "name": "hello",
    "script": "#!/bin/sh\necho hello\n",
    "resources": {"cpus": 1, "memoryMiB": 1024},
    "labels": {"run": "python", "stage": "first"},
}


def run_jobs(client: Switchyard) -> dict[str, object]:
    job = client.jobs.submit(hello, idempotency_key="hello").wait(timeout=60)
    again = client.jobs.submit(hello, idempotency_key="hello")
    resources = models.Resources(cpus=1, memory_mib=1024)
    labels = {"run": "python"}
    request = models.JobRequest(provider="slurm", name="hello-2", script="#!/bin/sh\n", resources=resources, labels=labels)
    client.jobs.submit(request)
    listed = [each.name for each in client.jobs.list(label={"run": "python"}, order="asc", limit=1)]
    streamed = [event.type for event in job.stream_events()]
    assert streamed == [event.type for event in job.events(limit=2)]
    return {
        **{"status": job.status, "exitCode": job.exit_code, "isSame": again.id == job.id},
        **{"listed": listed, "last": streamed[-1]},
    }


def name_of_error(call: Callable[[], object]) -> str:
    try:
        call()
    except SwitchyardError as error:
        return type(error).__name__
    return "none"


def provoke_errors(client: Switchyard) -> dict[str, object]:
    job = next(iter(client.jobs.list(limit=1)))
    unknown = job.id[:-1] + ("0" if job.id[-1] != "0" else "1")
    results: dict[str, object] = {"unknown": name_of_error(lambda: client.jobs.get(unknown))}
    results["stale"] = name_of_error(lambda: client.jobs.update(job.id, {"held": False}, if_version=999))
    try:
        client.jobs.submit({**hello, "image": "python:3"})
    except InvalidRequestError as error:
        return {**results, "code": error.code, "pointer": error.errors[0]["pointer"]}
    return results


def patch(client: Switchyard) -> dict[str, object]:
    job = next(iter(client.jobs.list(name_prefix="hello", order="asc"))).refresh()
    changed = client.jobs.update(job.id, models.JobPatch(labels={"stage": "done"}))
    connection = next(iter(client.connections.list(provider="jupyterhub")))
    renamed = client.connections.update(connection.id, {"name": "renamed"})
    return {"labels": changed.labels, "isUnchanged": renamed.settings == connection.settings}


def read_logs(client: Switchyard) -> dict[str, object]:
    request: types.JobRequest = {
        "provider": "modelarts",
        "name": "train",
        "image": "deep-learning/pytorch:2.1",
        "script": "echo training; python train.py",
        "resources": {"flavor": "modelarts.vm.gpu.v100"},
    }
    preview = client.jobs.preview(request)
    job = client.jobs.submit(request)
    return {"text": "".join(job.follow_logs(interval=0.2)), "isPreviewed": preview.valid}


def use_environment(client: Switchyard) -> dict[str, object]:
    environment = client.environments.create({"provider": "jupyterhub", "name": "notebook"}).wait(timeout=60)
    access = environment.access()
    stopped = environment.stop().wait(timeout=60)
    started = stopped.start().wait(timeout=60)
    deleted = started.delete().wait(timeout=60)
    return {
        **{"created": environment.status, "hasUrl": access.urls[0].url.startswith("http")},
        **{"stopped": stopped.status, "started": started.status, "deleted": deleted.status},
    }


def administer(client: Switchyard) -> dict[str, object]:
    created = client.api_keys.create({"name": "ci", "scopes": ["jobs:read"]})
    revoked = client.api_keys.revoke(created.id)
    return {
        "providers": len(client.providers.list().data),
        "isRevoked": revoked.revoked_at is not None,
        "audited": next(iter(client.audit.list(object_id=created.id))).action,
    }


def operate(client: Switchyard) -> dict[str, object]:
    hold = client.creation_holds.create({"provider": "aitems", "note": "maintenance"})
    active = [each.id for each in client.creation_holds.list(active=True)]
    released = client.creation_holds.release(hold.id)
    matched = client.attention.resolve_matching(
        {"filter": {"provider": "aitems"}, "resolution": {"outcome": "retry"}, "dryRun": True}
    )
    return {
        **{"isActive": active == [hold.id], "isReleased": released.released_at is not None},
        **{"isSame": client.creation_holds.get(hold.id) == released, "matched": matched.matched},
        **{"waiting": len(list(client.attention.list(provider="aitems")))},
        "candidates": name_of_error(lambda: client.attention.candidates("job_01h455vb4pex5vsknk084sn02q")),
    }


def receive_webhook(client: Switchyard) -> dict[str, object]:
    received: list[tuple[bytes, dict[str, str]]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.rfile.read(int(self.headers["content-length"])), dict(self.headers.items())))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        endpoint = client.webhook_endpoints.create(
            {"url": f"http://127.0.0.1:{server.server_port}/hook", "eventTypes": ["job.duplicate_detected"]}
        )
        client.webhook_endpoints.test(endpoint.id)
        thread.join(timeout=30)
    client.webhook_endpoints.delete(endpoint.id)
    body, headers = received[0]
    message = verify_webhook(body, headers, endpoint.secret)
    forged = name_of_error(lambda: verify_webhook(body + b" ", headers, endpoint.secret))
    return {"type": message.type, "forged": forged}


def submit_batch(client: Switchyard) -> dict[str, object]:
    labels = {"batch": "python"}
    batch = client.jobs.submit_batch(
        {"jobs": [{"provider": "slurm", "name": "a", "script": "#!/bin/sh\n", "labels": labels}, {"name": "b"}]}
    )
    matched = client.jobs.cancel_batch({"filter": {"label": ["batch:python"]}, "dryRun": True})
    problems = [each.problem.code for each in batch.results if each.problem]
    return {"accepted": batch.accepted, "problems": problems, "isDry": matched.dry_run}


async def run_asynchronously() -> dict[str, object]:
    async with AsyncSwitchyard() as client:
        cursor = [page.end_cursor async for page in client.events.list(limit=200).pages()][-1]
        jobs = await asyncio.gather(client.jobs.submit(hello), client.jobs.submit(hello))
        ended = await asyncio.gather(*(job.wait(timeout=60) for job in jobs))
        streamed: list[str] = []
        async for event in client.events.stream(cursor):
            if event.record_id == jobs[0].id:
                streamed.append(event.type)
                if event.type == "job.succeeded":
                    break
        return {"statuses": [job.status for job in ended], "streamed": [streamed[0], streamed[-1]]}


def main() -> None:
    with Switchyard() as client:
        results: dict[str, object] = {
            "job": run_jobs(client),
            "batch": submit_batch(client),
            "errors": provoke_errors(client),
            "patch": patch(client),
            "logs": read_logs(client),
            "environment": use_environment(client),
            "administration": administer(client),
            "operation": operate(client),
            "webhook": receive_webhook(client),
        }
    print(json.dumps({**results, "asynchronous": asyncio.run(run_asynchronously())}))


main()
