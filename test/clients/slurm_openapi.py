"""The OpenAPI client generated from SchedMD's v0.0.38 document: jobs and partitions."""

import base64
import hashlib
import hmac
import json
import time

import openapi_client
from openapi_client import ApiException
from openapi_client.models.v0038_job_properties import V0038JobProperties
from openapi_client.models.v0038_job_submission import V0038JobSubmission

from driver_support import account, run_scenarios, until, url


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def token():
    """A token like that of `scontrol token`."""
    claims = {"iat": int(time.time()), "exp": int(time.time()) + 600, "sun": account["user"]}
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    digest = hmac.new(base64.b64decode(account["key"]), signed.encode(), hashlib.sha256).digest()
    return signed + "." + encoded(digest)


configuration = openapi_client.Configuration(host=url, api_key={"user": account["user"], "token": token()})
api = openapi_client.SlurmApi(openapi_client.ApiClient(configuration))


def submit(name, script, **properties):
    defaults = {"environment": {"PATH": "/bin"}, "current_working_directory": "/tmp"}
    job = V0038JobProperties(name=name, **defaults, **properties)
    return api.slurm_v0038_submit_job(V0038JobSubmission(script="#!/bin/sh\n" + script, job=job))


def job(job_id):
    return api.slurm_v0038_get_job(str(job_id)).jobs[0]


def rejection(call):
    try:
        call()
    except ApiException as error:
        return {"status": error.status, "error": json.loads(error.body)["errors"][0].get("error_number")}
    raise AssertionError("the call was not rejected")


def jobs():
    yield "ping", api.slurm_v0038_ping().pings[0].ping
    ended = submit("ended", "exit 3\n", comment="a comment", time_limit=10)
    yield "submit", {"step": ended.step_id, "errors": ended.errors}
    yield "failed", until(lambda: job(ended.job_id).job_state == "FAILED")
    shown = job(ended.job_id)
    yield "show", {"exit": shown.exit_code, "comment": shown.comment, "isOrdered": shown.start_time <= shown.end_time}
    long = submit("long", "sleep 600\n")
    yield "running", until(lambda: job(long.job_id).job_state == "RUNNING")
    yield "list", sorted(each.name for each in api.slurm_v0038_get_jobs().jobs)
    api.slurm_v0038_cancel_job(str(long.job_id))
    yield "canceled", until(lambda: job(long.job_id).job_state == "CANCELLED")
    yield "unknown", rejection(lambda: job(999_999))
    yield "partitions", [each.name for each in api.slurm_v0038_get_partitions().partitions]


run_scenarios(jobs=jobs)
