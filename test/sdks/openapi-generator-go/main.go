// Drives the service with the SDK and prints what it returned.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"

	sdk "example.com/switchyard/sdk"
)

var target map[string]string

const image = "tensorflow:r2.3.1-py3"
const prefer = "wait=10"

func client(url string) *sdk.APIClient {
	configuration := sdk.NewConfiguration()
	configuration.Servers = sdk.ServerConfigurations{{URL: url}}
	return sdk.NewAPIClient(configuration)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// must returns the result of an operation, or panics with the problem.
func must[T any](result *T, _ *http.Response, err error) *T {
	var failure *sdk.GenericOpenAPIError
	if errors.As(err, &failure) {
		panic(failure.Error() + " " + string(failure.Body()))
	}
	check(err)
	return result
}

func main() {
	check(json.Unmarshal([]byte(os.Getenv("SDK_TARGET")), &target))
	ctx := context.WithValue(context.Background(), sdk.ContextAccessToken, target["key"])
	api := client(target["url"])
	jobs, environments := api.JobsAPI, api.EnvironmentsAPI

	request := sdk.NewEnvironmentRequest(target["name"])
	request.SetConnectionId(target["dataforest"])
	request.SetImage(image)
	request.SetCommand([]string{"ls"})
	environment := must(environments.CreateEnvironment(ctx).EnvironmentRequest(*request).Execute())
	running := must(environments.GetEnvironment(ctx, environment.Id).Prefer(prefer).Execute())
	second := sdk.NewJobRequest("second")
	second.SetEnvironmentId(running.Id)
	second.SetImage(image)
	second.SetScript("true")
	job := must(jobs.SubmitJob(ctx).JobRequest(*second).Execute())
	ended := must(jobs.GetJob(ctx, job.Id).Prefer(prefer).Execute())
	logs := must(jobs.GetJobLogs(ctx, job.Id).Execute())

	pages := []int{}
	for list := jobs.ListJobs(ctx).Limit(1); ; {
		page := must(list.Execute())
		pages = append(pages, len(page.Data))
		if !page.HasNextCursor() {
			break
		}
		list = list.Cursor(page.GetNextCursor())
	}

	second.SetConnectionId(target["slurm"])
	second.EnvironmentId = nil
	_, _, err := jobs.SubmitJob(ctx).JobRequest(*second).Execute()
	var failure *sdk.GenericOpenAPIError
	if !errors.As(err, &failure) {
		panic(err)
	}
	problem, isProblem := failure.Model().(sdk.Problem)
	if !isProblem {
		panic(failure.Body())
	}

	patch(ctx, api)
	later := must(client(target["url"]+"/later").JobsAPI.GetJob(ctx, target["job"]).Execute())
	must(environments.DeleteEnvironment(ctx, environment.Id).Execute())
	deleted := must(environments.GetEnvironment(ctx, environment.Id).Prefer(prefer).Execute())

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"environment": []any{running.Status, deleted.Status},
		"job":         ended.Status,
		"hasLogs":     len(logs.Links) > 0,
		"pages":       pages,
		"rejected":    map[string]any{"status": problem.Status, "code": problem.Code, "pointer": problem.Errors[0].Pointer},
		"later":       map[string]any{"statusReason": later.StatusReason, "actions": later.Actions},
	}))
}

func patch(ctx context.Context, api *sdk.APIClient) {
	job, environment, connection := sdk.NewJobPatch(), sdk.NewEnvironmentPatch(), sdk.NewConnectionPatch()
	project, webhook := sdk.NewProjectPatch(), sdk.NewWebhookEndpointPatch()
	stage := "prod"
	job.SetLabels(map[string]*string{"stage": &stage})
	environment.SetDescription("after")
	settings, scnet := sdk.NewSettingsByProviderPatch(), sdk.NewScnetSettingsPatch()
	scnet.SetDefaultQueue("kshcnormal")
	settings.SetScnet(*scnet)
	connection.SetSettings(*settings)
	project.SetName(target["first"] + "-after")
	webhook.SetDescription("after")
	must(api.JobsAPI.UpdateJob(ctx, target["job"]).JobPatch(*job).Execute())
	must(api.EnvironmentsAPI.UpdateEnvironment(ctx, target["environment"]).EnvironmentPatch(*environment).Execute())
	must(api.ConnectionsAPI.UpdateConnection(ctx, target["connection"]).ConnectionPatch(*connection).Execute())
	must(api.AdministrationAPI.UpdateProject(ctx, target["project"]).ProjectPatch(*project).Execute())
	must(api.WebhooksAPI.UpdateWebhookEndpoint(ctx, target["webhook"]).WebhookEndpointPatch(*webhook).Execute())
}
