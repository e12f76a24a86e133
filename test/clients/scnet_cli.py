"""scnet-cli, through its client class: login, discovery, batch jobs with their history and files, containers."""

import datetime
import os
import tempfile

os.environ["SCNET_HOME"] = tempfile.mkdtemp()

from scnet.client import ScNetClient, ScNetError
from scnet.config import Profile

from driver_support import account, run_scenarios, until, url

client = ScNetClient(
    Profile(
        name="test",
        user=account["user"],
        access_key=account["accessKey"],
        secret_key=account["secretKey"],
        default_cluster_id=account["clusterId"],
        base_overrides={"api": url, "www": url},
    )
)
now = lambda: datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))


def rejection(call):
    try:
        call()
    except ScNetError as error:
        return error.code
    raise AssertionError("the call was not rejected")


def access():
    yield "login", sorted(each["clusterId"] for each in client.login())
    yield "state", client.token_state()
    yield "center", client.center()["name"]
    yield "cluster", {"user": client.cluster_username(), "home": client.home_path(), "scheduler": client.default_jmid()}
    yield "queues", [each["queueName"] for each in client.queues()]
    yield "renew", len(client.renew(account["clusterId"]).split("."))


def job(name, command):
    home = client.home_path()
    return client.job_submit(
        {
            "GAP_CMD_FILE": command,
            "GAP_NNODE": "1",
            "GAP_NODE_STRING": "",
            "GAP_SUBMIT_TYPE": "cmd",
            "GAP_JOB_NAME": name,
            "GAP_WORK_DIR": home,
            "GAP_QUEUE": client.queues()[0]["queueName"],
            "GAP_PPN": "1",
            "GAP_WALL_TIME": "01:00:00",
            "GAP_APPNAME": "BASE",
            "GAP_STD_OUT_FILE": home + "/std.out.%j",
            "GAP_STD_ERR_FILE": home + "/std.err.%j",
        }
    )


def jobs():
    ended, long = job("ended", "echo hello\nexit 3"), job("long", "sleep 600")
    yield "submit", [each.isdigit() for each in (ended, long)]
    yield "ended", until(lambda: client.job_detail(ended)["jobStatus"] == "statC") and client.job_detail(ended)["exitCode"]
    yield "list", [each["jobName"] for each in client.job_list(job_id=long)["list"]]
    window = [(now() + datetime.timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S") for hours in (-1, 1)]
    record = client.job_history(*window, job_id=ended)["list"][0]
    yield "history", {"state": record["jobState"], "name": record["jobName"]}
    yield "historyDetail", client.job_history_detail(ended, acct_time=record["acctTime"])["jobName"]
    yield "file", client.file_download(record["outputPath"]).text
    yield "cancel", list(client.job_delete([long])) == [client.default_jmid()]
    yield "canceled", until(lambda: client.job_detail(long)["jobStatus"] == "statDE")
    yield "unknown", rejection(lambda: client.job_detail("1"))


def containers():
    created = client.container_create(
        {
            "instanceServiceName": "cli",
            "taskType": "jupyter",
            "acceleratorType": "cpu",
            "version": "jupyter:4.4-py3.7-cpu",
            "imagePath": "10.0.35.26:5000/cpu/admin/base/jupyter:4.4-py3.7-cpu",
            "timeoutLimit": "unlimited",
            "taskNumber": 1,
            "resourceGroup": "CPU",
            "cpuNumber": 1,
            "gpuNumber": 0,
            "ramSize": 1024,
            "useStartScript": False,
            "startScriptActionScope": "all",
            "startScriptContent": "",
        }
    )
    state = lambda: client.container_detail(created)["status"]
    yield "running", until(lambda: state() == "Running")
    yield "list", [each["instanceServiceName"] for each in client.container_list(status="Running")["list"]]
    yield "hasUrl", bool(client.container_url(created))
    client.container_exec_script(created, "echo hello\n")
    client.container_stop([created])
    yield "stopped", until(lambda: state() == "Terminated")
    client.container_restart(created)
    yield "restarted", until(lambda: state() == "Running")
    client.container_stop([created])
    until(lambda: state() == "Terminated")
    client.container_delete([created])
    yield "deleted", rejection(state)
    yield "groups", len(client.container_resource_groups())


run_scenarios(access=access, jobs=jobs, containers=containers)
