"""huaweicloudsdkmodelarts, the vendor's own SDK: notebooks, training jobs and algorithms, signed with an access key."""

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkmodelarts import v1 as m

from driver_support import account, run_scenarios, until, url

client = (
    m.ModelArtsClient.new_builder()
    .with_credentials(BasicCredentials(account["accessKey"], account["secretKey"], account["projectId"]))
    .with_endpoint(url)
    .build()
)
FLAVOR = "modelarts.vm.cpu.2u"
IMAGE = "e1a07296-22a8-4f05-8bc8-e936c8e54090"


def rejection(call):
    try:
        call()
    except ClientRequestException as error:
        return {"status": error.status_code, "code": error.error_code, "message": error.error_msg}
    raise AssertionError("the call was not rejected")


def notebook(name, volume, **rest):
    body = m.NotebookCreateRequest(name=name, flavor=FLAVOR, image_id=IMAGE, volume=volume, **rest)
    return client.create_notebook(m.CreateNotebookRequest(body=body))


def notebooks():
    created = notebook(
        "sdk-notebook",
        m.VolumeMountRequest(category="EVS", ownership="MANAGED", capacity=5),
        lease=m.LeaseReq(duration=7_200_000, type="IDLE"),
    )
    show = lambda: client.show_notebook(m.ShowNotebookRequest(id=created.id))
    yield "create", {"status": created.status, "lease": created.lease.type}
    yield "running", until(lambda: show().status == "RUNNING" and show().url)
    yield "list", [each.name for each in client.list_notebooks(m.ListNotebooksRequest(limit=10)).data]
    yield "listAll", client.list_all_notebooks(m.ListAllNotebooksRequest(limit=10)).total
    lease = m.RenewLeaseRequest(id=created.id, body=m.LeaseReq(duration=3_600_000, type="TIMING"))
    yield "renew", client.renew_lease(lease).type
    yield "lease", client.show_lease(m.ShowLeaseRequest(id=created.id)).duration
    client.update_notebook(m.UpdateNotebookRequest(id=created.id, body=m.NotebookUpdateRequest(description="changed")))
    yield "update", show().description
    client.stop_notebook(m.StopNotebookRequest(id=created.id))
    yield "stopped", until(lambda: show().status == "STOPPED")
    client.start_notebook(m.StartNotebookRequest(id=created.id, duration=3_600_000, type="IDLE"))
    yield "started", until(lambda: show().status == "RUNNING") and show().lease.type
    client.delete_notebook(m.DeleteNotebookRequest(id=created.id))
    yield "deleted", until(lambda: rejection(show) if not client.list_notebooks(m.ListNotebooksRequest()).data else None)
    bucket = m.VolumeMountRequest(category="OBS", ownership="DEDICATED", uri="obs://b/d/")
    yield "missingKeys", rejection(lambda: notebook("bucket", bucket))
    bucket.dew_secret_name = "keys"
    yield "bucket", notebook("bucket", bucket).volume.category
    yield "flavors", FLAVOR in [each.id for each in client.list_flavors(m.ListFlavorsRequest()).data]
    yield "images", IMAGE in [each.id for each in client.list_image(m.ListImageRequest(limit=50)).data]


def job_body(name, **algorithm):
    return m.Job(
        kind="job",
        metadata=m.JobMetadata(name=name),
        algorithm=m.JobAlgorithm(**algorithm),
        spec=m.Spec(resource=m.SpecResource(flavor_id="modelarts.vm.cpu.8u", node_count=2)),
    )


def create_job(name, **algorithm):
    return client.create_training_job(m.CreateTrainingJobRequest(body=job_body(name, **algorithm)))


def details(job_id):
    return client.show_training_job_details(m.ShowTrainingJobDetailsRequest(training_job_id=job_id))


def training_jobs():
    engine = m.JobEngine(image_url="org/image:1")
    job = create_job("sdk-job", engine=engine, command="echo hello\nexit 3")
    job_id, task = job.metadata.id, job.status.tasks[0]
    yield "create", {"phase": job.status.phase, "tasks": job.status.tasks}
    yield "ended", until(lambda: details(job_id).status.phase == "Failed")
    status = details(job_id).status
    record = status.running_records[-1]
    yield "status", {
        "exits": [(each.task, each.exit_code) for each in status.task_statuses],
        "isMilliseconds": status.start_time > 1e12,
        "isSeconds": 1e9 < record.end_at < 1e12,
    }
    search = m.ListTrainingJobsRequest(body=m.JobSearches(limit=10, offset=0, sort_by="create_time"))
    yield "search", [each.metadata.name for each in client.list_training_jobs(search).items]
    logs = m.ShowTrainingJobLogsPreviewRequest(training_job_id=job_id, task_id=task)
    yield "log", "hello" in client.show_training_job_logs_preview(logs).content
    tasks = client.list_training_job_tasks(m.ListTrainingJobTasksRequest(training_job_id=job_id)).body
    yield "tasks", [each.task for each in tasks]
    events = client.list_training_job_events(m.ListTrainingJobEventsRequest(training_job_id=job_id, limit=1))
    yield "events", {"message": events.events[0].message, "level": events.events[0].level, "total": events.total}
    metrics = client.show_training_job_metrics(m.ShowTrainingJobMetricsRequest(training_job_id=job_id, task_id=task))
    yield "metrics", {each.metric: each.value for each in metrics.metrics}
    yield "describe", describe(job_id)
    yield "duplicate", rejection(lambda: create_job("sdk-job", engine=engine, command="true"))
    long = create_job("sdk-long", engine=engine, command="sleep 600").metadata.id
    stop = m.StopTrainingJobRequest(training_job_id=long, body=m.JobActionType(action_type="terminate"))
    until(lambda: details(long).status.phase == "Running")
    client.stop_training_job(stop)
    yield "terminated", until(lambda: details(long).status.phase == "Terminated")
    yield "stopAfterEnd", rejection(lambda: client.stop_training_job(stop))
    client.delete_training_job(m.DeleteTrainingJobRequest(training_job_id=long))
    yield "deleted", rejection(lambda: details(long))
    yield "flavors", client.show_training_job_flavors(m.ShowTrainingJobFlavorsRequest()).total_count
    yield "engines", client.show_training_job_engines(m.ShowTrainingJobEnginesRequest()).total


def describe(job_id):
    body = m.JobUpdateRequestBody(description="changed")
    client.change_training_job_description(m.ChangeTrainingJobDescriptionRequest(training_job_id=job_id, body=body))
    return details(job_id).metadata.description


def algorithms():
    created = client.create_algorithm(
        m.CreateAlgorithmRequest(
            body=m.Algorithm(
                metadata=m.AlgorithmMetadata(name="sdk-algorithm"),
                job_config=m.AlgorithmJobConfig(code_dir="/b/code/", boot_file="/b/code/boot.py"),
            )
        )
    )
    algorithm_id = created.metadata.id
    yield "list", [each.metadata.name for each in client.list_algorithms(m.ListAlgorithmsRequest()).items]
    shown = client.show_algorithm_by_uuid(m.ShowAlgorithmByUuidRequest(algorithm_id=algorithm_id))
    yield "show", shown.job_config.boot_file
    job = create_job("sdk-by-id", id=algorithm_id)
    yield "job", {"hasAlgorithm": job.algorithm.id == algorithm_id, "name": job.algorithm.name}
    yield "unknown", rejection(lambda: create_job("sdk-by-no-id", id="none"))


run_scenarios(notebooks=notebooks, trainingJobs=training_jobs, algorithms=algorithms)
