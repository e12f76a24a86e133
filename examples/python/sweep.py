"""Submits a hyper-parameter sweep as one batch, waits for all jobs, and prints how each ended."""

from switchyard_client import Switchyard, types

RATES = [0.1, 0.01, 0.001]


def request(rate: float) -> types.JobBatchItem:
    return {
        "provider": "modelarts",
        "name": f"train-{rate}".replace(".", "-"),
        "image": "deep-learning/pytorch:2.1",
        "script": f"python train.py --learning-rate {rate}",
        "resources": {"flavor": "modelarts.vm.gpu.v100"},
        "labels": {"sweep": "learning-rate"},
    }


with Switchyard() as client:
    for result in client.jobs.submit_batch({"jobs": [request(rate) for rate in RATES]}).results:
        if result.job:
            ended = client.jobs.wait(result.job.id).status
        else:
            ended = result.problem.detail if result.problem else "rejected"
        print(f"learning rate {RATES[result.index]}: {ended}")
