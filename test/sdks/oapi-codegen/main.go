// Drives the service with the SDK and prints what it returned.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"example.com/switchyard/sdk"
)

var target map[string]string

const image = "tensorflow:r2.3.1-py3"

func client(url string) *sdk.ClientWithResponses {
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+target["key"])
		return nil
	}
	client, err := sdk.NewClientWithResponses(url, sdk.WithRequestEditorFn(authorize))
	check(err)
	return client
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func pointer[T any](value T) *T { return &value }

// parsedBody returns the parsed body, or panics with the raw body.
func parsedBody[T any](parsed *T, body []byte) T {
	if parsed == nil {
		panic(string(body))
	}
	return *parsed
}

func main() {
	check(json.Unmarshal([]byte(os.Getenv("SDK_TARGET")), &target))
	ctx, api, prefer := context.Background(), client(target["url"]), pointer("wait=10")

	created, err := api.CreateEnvironmentWithResponse(ctx, nil, sdk.EnvironmentRequest{
		ConnectionId: pointer(target["dataforest"]), Name: target["name"], Image: pointer(image), Command: &[]string{"ls"},
	})
	check(err)
	environment := parsedBody(created.JSON202, created.Body)
	waitForEnvironment := func() sdk.Environment {
		got, err := api.GetEnvironmentWithResponse(ctx, environment.Id, &sdk.GetEnvironmentParams{Prefer: prefer})
		check(err)
		return parsedBody(got.JSON200, got.Body)
	}
	running := waitForEnvironment()
	submitted, err := api.SubmitJobWithResponse(ctx, nil, sdk.JobRequest{
		EnvironmentId: &running.Id, Name: "second", Image: pointer(image), Script: pointer("true"),
	})
	check(err)
	job := parsedBody(submitted.JSON202, submitted.Body)
	gotJob, err := api.GetJobWithResponse(ctx, job.Id, &sdk.GetJobParams{Prefer: prefer})
	check(err)
	ended := parsedBody(gotJob.JSON200, gotJob.Body)
	gotLogs, err := api.GetJobLogsWithResponse(ctx, job.Id, nil)
	check(err)
	logs := parsedBody(gotLogs.JSON200, gotLogs.Body)

	pages := []int{}
	for parameters := (sdk.ListJobsParams{Limit: pointer(1)}); ; {
		listed, err := api.ListJobsWithResponse(ctx, &parameters)
		check(err)
		page := parsedBody(listed.JSON200, listed.Body)
		pages = append(pages, len(page.Data))
		if parameters.Cursor = page.NextCursor; page.NextCursor == nil {
			break
		}
	}

	rejected, err := api.SubmitJobWithResponse(ctx, nil, sdk.JobRequest{
		ConnectionId: pointer(target["slurm"]), Name: "no", Image: pointer(image), Script: pointer("true"),
	})
	check(err)
	problem := parsedBody(rejected.ApplicationproblemJSON422, rejected.Body)

	patch(ctx, api)

	gotLater, err := client(target["url"]+"/later").GetJobWithResponse(ctx, target["job"], nil)
	check(err)
	later := parsedBody(gotLater.JSON200, gotLater.Body)

	_, err = api.DeleteEnvironmentWithResponse(ctx, environment.Id, nil)
	check(err)

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"environment": []any{running.Status, waitForEnvironment().Status},
		"job":         ended.Status,
		"hasLogs":     len(logs.Links) > 0,
		"pages":       pages,
		"rejected":    map[string]any{"status": problem.Status, "code": problem.Code, "pointer": problem.Errors[0].Pointer},
		"later":       map[string]any{"statusReason": later.StatusReason, "actions": later.Actions},
	}))
}

func patch(ctx context.Context, api *sdk.ClientWithResponses) {
	checkPatch(api.UpdateJobWithResponse(ctx, target["job"], nil, sdk.JobPatch{
		Labels: &map[string]*string{"stage": pointer("prod")},
	}))
	checkPatch(api.UpdateEnvironmentWithResponse(ctx, target["environment"], nil, sdk.EnvironmentPatch{Description: pointer("after")}))
	settings := sdk.SettingsByProviderPatch{Scnet: &sdk.ScnetSettingsPatch{DefaultQueue: pointer("kshcnormal")}}
	checkPatch(api.UpdateConnectionWithResponse(ctx, target["connection"], nil, sdk.ConnectionPatch{Settings: &settings}))
	checkPatch(api.UpdateProjectWithResponse(ctx, target["project"], sdk.ProjectPatch{Name: pointer(target["first"] + "-after")}))
	checkPatch(api.UpdateWebhookEndpointWithResponse(ctx, target["webhook"], nil, sdk.WebhookEndpointPatch{Description: pointer("after")}))
}

func checkPatch(response interface{ StatusCode() int }, err error) {
	check(err)
	if response.StatusCode() != http.StatusOK {
		panic(fmt.Sprintf("%+v", response))
	}
}
