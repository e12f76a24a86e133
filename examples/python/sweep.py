"""Submits a hyper-parameter sweep as one batch, waits for all jobs, and exits with 1 unless all have succeeded."""

import sys
import time

from switchyard_client import Switchyard, WaitTimeoutError, models, types

RATES = [0.1, 0.01, 0.001]
#: Time for all jobs.
TIMEOUT_S = 3600


def request(rate: float) -> types.JobBatchItem:
    return {
        "provider": "modelarts",
        "name": f"train-{rate}".replace(".", "-"),
        "image": "deep-learning/pytorch:2.1",
        "script": f"python train.py --learning-rate {rate}",
        "resources": {"flavor": "modelarts.vm.gpu.v100"},
        "labels": {"sweep": "learning-rate"},
    }


def end_of(client: Switchyard, result: models.JobBatchItemResult, until: float) -> str:
    if result.job is None:
        return result.problem.detail if result.problem else "rejected"
    try:
        return client.jobs.wait(result.job.id, timeout=max(0.0, until - time.monotonic())).status
    except WaitTimeoutError as error:
        return error.detail


with Switchyard() as client:
    until = time.monotonic() + TIMEOUT_S
    ends = []
    for result in client.jobs.submit_batch({"jobs": [request(rate) for rate in RATES]}).results:
        ends.append(end_of(client, result, until))
        print(f"learning rate {RATES[result.index]}: {ends[-1]}")
    sys.exit(0 if all(end == "succeeded" for end in ends) else 1)
