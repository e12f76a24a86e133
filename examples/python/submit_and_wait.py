"""Submits a job, prints its log while it runs, and exits with 1 unless it has succeeded."""

import sys

from switchyard_client import Switchyard

with Switchyard() as client:
    job = client.jobs.submit({
        "provider": "modelarts",
        "name": "train",
        "image": "deep-learning/pytorch:2.1",
        "script": "echo training; python train.py",
        "resources": {"flavor": "modelarts.vm.gpu.v100"},
    })
    for text in job.follow_logs():
        print(text, end="")
    job = job.wait(timeout=3600)
    print(job.status)
    sys.exit(0 if job.status == "succeeded" else 1)
