"""otcextensions, Open Telekom Cloud's extension of the OpenStack SDK: demanager and v1 jobs, with a token of IAM."""

import openstack
from openstack import exceptions
from otcextensions import sdk

from driver_support import account, run_scenarios, until, url

connection = openstack.connection.Connection(
    auth={
        "auth_url": url + "/v3",
        "username": account["userName"],
        "password": account["password"],
        "user_domain_name": account["domainName"],
        "project_id": account["projectId"],
    },
    region_name=account["region"],
)
sdk.register_otc_extensions(connection)
modelarts = connection.modelartsv1


def rejection(call):
    try:
        call()
    except exceptions.HttpException as error:
        return {"status": error.status_code, "message": str(error.details or error.message)}
    raise AssertionError("the call was not rejected")


def create_instance():
    return modelarts.create_devenv_instance(
        name="otc-instance",
        profile_id="Multi-Engine 1.0 (python3)-cpu",
        flavor="modelarts.vm.cpu.2u",
        description="first",
        spec={
            "storage": {"type": "obs", "location": {"path": "/bucket/directory/"}},
            "auto_stop": {"enable": True, "duration": 3600, "prompt": False},
        },
        workspace={"id": "0"},
    )


def instances():
    created = create_instance()
    state = lambda: modelarts.get_devenv_instance(created.id).status
    yield "create", {"status": created.status, "storage": created.spec.storage.location.path}
    yield "running", until(lambda: state() == "RUNNING")
    shown = modelarts.get_devenv_instance(created.id)
    yield "show", {"prompt": shown.spec.auto_stop.prompt, "hasUrl": bool(shown.spec.annotations["url"])}
    listed = list(modelarts.devenv_instances(dev_env_type="Notebook"))
    yield "list", [(each.name, each.spec.storage) for each in listed]
    yield "duplicate", rejection(create_instance)
    updated = modelarts.update_devenv_instance(created.id, description="changed")
    yield "update", updated.description
    yield "deleteRunning", rejection(lambda: modelarts.delete_devenv_instance(created.id))
    yield "stop", modelarts.stop_devenv_instance(modelarts.get_devenv_instance(created.id)).previous_state
    yield "stopped", until(lambda: state() == "STOPPED")
    yield "start", modelarts.start_devenv_instance(modelarts.get_devenv_instance(created.id)).current_status
    until(lambda: state() == "RUNNING")
    modelarts.stop_devenv_instance(modelarts.get_devenv_instance(created.id))
    until(lambda: state() == "STOPPED")
    modelarts.delete_devenv_instance(created.id)
    yield "deleted", [each.name for each in modelarts.devenv_instances(dev_env_type="Notebook")]


def old_jobs():
    """Without job versions: the client loses the job id when it builds their path."""
    config = {
        "worker_server_num": 1,
        "app_url": "/bucket/code/",
        "boot_file_url": "/bucket/code/boot.py",
        "train_url": "/bucket/out/",
        "engine_id": 1,
        "spec_id": 1,
    }
    created = modelarts.create_training_job(job_name="otc-job", config=config)
    yield "create", {"isSuccess": created.is_success, "hasId": created.job_id is not None}
    yield "list", [each.job_name for each in modelarts.training_jobs()]
    modelarts.delete_training_job(created)
    yield "deleted", [each.job_name for each in modelarts.training_jobs()]


run_scenarios(instances=instances, oldJobs=old_jobs)
