//! Drives the service with the SDK and prints what it returned.

use std::collections::HashMap;
use std::error::Error;

use serde_json::json;
use switchyard_sdk::apis::configuration::Configuration;
use switchyard_sdk::apis::{self, administration_api, connections_api, environments_api, jobs_api, webhooks_api};
use switchyard_sdk::models::{
    ConnectionPatch, EnvironmentPatch, EnvironmentRequest, JobPatch, JobRequest, Problem, ProjectPatch,
    ScnetSettingsPatch, SettingsByProviderPatch, WebhookEndpointPatch,
};

const IMAGE: &str = "tensorflow:r2.3.1-py3";
const PREFER: Option<&str> = Some("wait=10");

type Target = HashMap<String, String>;

fn client(url: String, target: &Target) -> Configuration {
    Configuration {
        base_path: url,
        bearer_access_token: Some(target["key"].clone()),
        ..Configuration::new()
    }
}

fn job(name: &str, change: impl FnOnce(&mut JobRequest)) -> JobRequest {
    let mut request = JobRequest::new(name.to_owned());
    request.image = Some(IMAGE.to_owned());
    request.script = Some("true".to_owned());
    change(&mut request);
    request
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let target: Target = serde_json::from_str(&std::env::var("SDK_TARGET")?)?;
    let api = client(target["url"].clone(), &target);

    let mut request = EnvironmentRequest::new(target["name"].clone());
    request.connection_id = Some(target["dataforest"].clone());
    request.image = Some(IMAGE.to_owned());
    request.command = Some(vec!["ls".to_owned()]);
    let environment = environments_api::create_environment(&api, request, None).await?;
    let running = environments_api::get_environment(&api, &environment.id, None, PREFER).await?;
    let second = job("second", |request| request.environment_id = Some(running.id.clone()));
    let submitted = jobs_api::submit_job(&api, second, None).await?;
    let ended = jobs_api::get_job(&api, &submitted.id, None, PREFER).await?;
    let logs = jobs_api::get_job_logs(&api, &submitted.id, None, None).await?;

    let pages = pages(&api).await?;
    let invalid = job("no", |request| request.connection_id = Some(target["slurm"].clone()));
    let problem: Problem = match jobs_api::submit_job(&api, invalid, None).await {
        Err(apis::Error::ResponseError(response)) => serde_json::from_str(&response.content)?,
        other => return Err(format!("{other:?}").into()),
    };

    patch(&api, &target).await?;
    let later_api = client(format!("{}/later", target["url"]), &target);
    let later = jobs_api::get_job(&later_api, &target["job"], None, None).await?;
    environments_api::delete_environment(&api, &environment.id, None, None, None).await?;
    let deleted = environments_api::get_environment(&api, &environment.id, None, PREFER).await?;

    let printed = json!({
        "environment": [running.status, deleted.status],
        "job": ended.status,
        "hasLogs": !logs.links.is_empty(),
        "pages": pages,
        "rejected": { "status": problem.status, "code": problem.code, "pointer": problem.errors[0].pointer },
        "later": { "statusReason": later.status_reason, "actions": later.actions },
    });
    println!("{printed}");
    Ok(())
}

async fn pages(api: &Configuration) -> Result<Vec<usize>, Box<dyn Error>> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = jobs_api::list_jobs(
            api,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            Some(1),
            cursor.as_deref(),
        )
        .await?;
        pages.push(page.data.len());
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(pages);
        }
    }
}

async fn patch(api: &Configuration, target: &Target) -> Result<(), Box<dyn Error>> {
    let labels = HashMap::from([("stage".to_owned(), "prod".to_owned())]);
    let job = JobPatch {
        labels: Some(Some(labels)),
        ..JobPatch::new()
    };
    jobs_api::update_job(api, &target["job"], job, None).await?;
    let after = Some("after".to_owned());
    let environment = EnvironmentPatch {
        description: after.clone(),
        ..EnvironmentPatch::new()
    };
    environments_api::update_environment(api, &target["environment"], environment, None).await?;
    let scnet = ScnetSettingsPatch {
        default_queue: Some(Some("kshcnormal".to_owned())),
        ..ScnetSettingsPatch::new()
    };
    let settings = SettingsByProviderPatch {
        scnet: Some(Box::new(scnet)),
        ..SettingsByProviderPatch::new()
    };
    let connection = ConnectionPatch {
        settings: Some(Box::new(settings)),
        ..ConnectionPatch::new()
    };
    connections_api::update_connection(api, &target["connection"], connection, None).await?;
    let project = ProjectPatch {
        name: Some(format!("{}-after", target["first"])),
        ..ProjectPatch::new()
    };
    administration_api::update_project(api, &target["project"], project).await?;
    let webhook = WebhookEndpointPatch {
        description: after,
        ..WebhookEndpointPatch::new()
    };
    webhooks_api::update_webhook_endpoint(api, &target["webhook"], webhook, None).await?;
    Ok(())
}
