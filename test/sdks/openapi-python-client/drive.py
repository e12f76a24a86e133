import json
import os
from typing import TypeVar

from switchyard import AuthenticatedClient, models
from switchyard.api.administration import update_project
from switchyard.api.connections import update_connection
from switchyard.api.environments import create_environment, delete_environment, get_environment, update_environment
from switchyard.api.jobs import get_job, get_job_logs, list_jobs, submit_job, update_job
from switchyard.api.webhooks import update_webhook_endpoint
from switchyard.types import UNSET, Unset

target = json.loads(os.environ["SDK_TARGET"])
image = "tensorflow:r2.3.1-py3"
prefer = "wait=10"
client = AuthenticatedClient(base_url=target["url"], token=target["key"])

T = TypeVar("T")


def expect(kind: type[T], response: object) -> T:
    """Returns the response if it has this type."""
    assert isinstance(response, kind), response
    return response


request = models.EnvironmentRequest(connection_id=target["dataforest"], name=target["name"], image=image, command=["ls"])
environment = expect(models.Environment, create_environment.sync(client=client, body=request))
running = expect(models.Environment, get_environment.sync(environment.id, client=client, prefer=prefer))
body = models.JobRequest(environment_id=running.id, name="second", image=image, script="true")
job = expect(models.Job, submit_job.sync(client=client, body=body))
ended = expect(models.Job, get_job.sync(job.id, client=client, prefer=prefer))
logs = expect(models.LogChunk, get_job_logs.sync(job.id, client=client))

pages = []
cursor: str | Unset = UNSET
while True:
    page = expect(models.JobPage, list_jobs.sync(client=client, limit=1, cursor=cursor))
    pages.append(len(page.data))
    cursor = page.next_cursor
    if isinstance(cursor, Unset):
        break

body = models.JobRequest(connection_id=target["slurm"], name="no", image=image, script="true")
problem = expect(models.Problem, submit_job.sync(client=client, body=body))
rejected = {"status": problem.status, "code": problem.code, "pointer": problem.errors[0].pointer}

job_patch = models.JobPatch.from_dict({"labels": {"stage": "prod"}})
expect(models.Job, update_job.sync(target["job"], client=client, body=job_patch))
environment_patch = models.EnvironmentPatch(description="after")
expect(models.Environment, update_environment.sync(target["environment"], client=client, body=environment_patch))
settings = models.SettingsByProviderPatch(scnet=models.ScnetSettingsPatch(default_queue="kshcnormal"))
connection_patch = models.ConnectionPatch(settings=settings)
expect(models.Connection, update_connection.sync(target["connection"], client=client, body=connection_patch))
project_patch = models.ProjectPatch(name=target["first"] + "-after")
expect(models.Project, update_project.sync(target["project"], client=client, body=project_patch))
webhook_patch = models.WebhookEndpointPatch(description="after")
expect(models.WebhookEndpoint, update_webhook_endpoint.sync(target["webhook"], client=client, body=webhook_patch))

later_client = AuthenticatedClient(base_url=target["url"] + "/later", token=target["key"])
later = expect(models.Job, get_job.sync(target["job"], client=later_client))

expect(models.Environment, delete_environment.sync(environment.id, client=client))
deleted = expect(models.Environment, get_environment.sync(environment.id, client=client, prefer=prefer))

print(
    json.dumps(
        {
            "environment": [running.status, deleted.status],
            "job": ended.status,
            "hasLogs": len(logs.links) > 0,
            "pages": pages,
            "rejected": rejected,
            "later": {"statusReason": later.status_reason, "actions": later.actions},
        }
    )
)
