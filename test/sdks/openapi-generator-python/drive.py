import json
import os
from typing import Optional

import openapi_client as sdk

target = json.loads(os.environ["SDK_TARGET"])
image = "tensorflow:r2.3.1-py3"
prefer = "wait=10"


def client(url: str) -> sdk.ApiClient:
    return sdk.ApiClient(sdk.Configuration(host=url, access_token=target["key"]))


api = client(target["url"])
jobs, environments = sdk.JobsApi(api), sdk.EnvironmentsApi(api)

environment = environments.create_environment(
    sdk.EnvironmentRequest(connectionId=target["dataforest"], name=target["name"], image=image, command=["ls"])
)
running = environments.get_environment(environment.id, prefer=prefer)
job = jobs.submit_job(sdk.JobRequest(environmentId=running.id, name="second", image=image, script="true"))
ended = jobs.get_job(job.id, prefer=prefer)
logs = jobs.get_job_logs(job.id)

pages = []
cursor: Optional[str] = None
while True:
    page = jobs.list_jobs(limit=1, cursor=cursor)
    pages.append(len(page.data))
    cursor = page.next_cursor
    if cursor is None:
        break

rejected = None
try:
    jobs.submit_job(sdk.JobRequest(connectionId=target["slurm"], name="no", image=image, script="true"))
except sdk.ApiException as error:
    problem = sdk.Problem.from_json(error.body or "")
    assert problem is not None
    rejected = {"status": problem.status, "code": problem.code, "pointer": problem.errors[0].pointer}

jobs.update_job(target["job"], sdk.JobPatch(labels={"stage": "prod"}))
environments.update_environment(target["environment"], sdk.EnvironmentPatch(description="after"))
settings = sdk.SettingsByProviderPatch(scnet=sdk.ScnetSettingsPatch(defaultQueue="kshcnormal"))
sdk.ConnectionsApi(api).update_connection(target["connection"], sdk.ConnectionPatch(settings=settings))
sdk.AdministrationApi(api).update_project(target["project"], sdk.ProjectPatch(name=target["first"] + "-after"))
sdk.WebhooksApi(api).update_webhook_endpoint(target["webhook"], sdk.WebhookEndpointPatch(description="after"))

later = sdk.JobsApi(client(target["url"] + "/later")).get_job(target["job"])

environments.delete_environment(environment.id)
deleted = environments.get_environment(environment.id, prefer=prefer)

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
