import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AdministrationApi;
import org.openapitools.client.api.ConnectionsApi;
import org.openapitools.client.api.EnvironmentsApi;
import org.openapitools.client.api.JobsApi;
import org.openapitools.client.api.WebhooksApi;
import org.openapitools.client.model.ConnectionPatch;
import org.openapitools.client.model.EnvironmentPatch;
import org.openapitools.client.model.EnvironmentRequest;
import org.openapitools.client.model.JobPatch;
import org.openapitools.client.model.JobRequest;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.ProjectPatch;
import org.openapitools.client.model.ScnetSettingsPatch;
import org.openapitools.client.model.SettingsByProviderPatch;
import org.openapitools.client.model.WebhookEndpointPatch;

/** Drives the service with the SDK and prints what it returned. */
class Drive {
  static final String IMAGE = "tensorflow:r2.3.1-py3";
  static final String PREFER = "wait=10";
  static Map<?, ?> target;

  static String of(String name) {
    return String.valueOf(target.get(name));
  }

  static ApiClient client(String url) {
    var client = new ApiClient();
    client.updateBaseUri(url);
    return client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + of("key")));
  }

  public static void main(String[] args) throws Exception {
    var mapper = ApiClient.createDefaultObjectMapper();
    target = mapper.readValue(System.getenv("SDK_TARGET"), Map.class);
    var client = client(of("url"));
    var jobs = new JobsApi(client);
    var environments = new EnvironmentsApi(client);

    var request = new EnvironmentRequest();
    request.connectionId(of("dataforest")).name(of("name")).image(IMAGE).command(List.of("ls"));
    var environment = environments.createEnvironment(request, null);
    var running = environments.getEnvironment(environment.getId(), null, PREFER);
    var second = new JobRequest().environmentId(running.getId()).name("second").image(IMAGE).script("true");
    var job = jobs.submitJob(second, null);
    var ended = jobs.getJob(job.getId(), null, PREFER);
    var logs = jobs.getJobLogs(job.getId(), null, null);

    var pages = new ArrayList<Integer>();
    String cursor = null;
    do {
      var page = jobs.listJobs(
          null, null, null, null, null, null, null, null, null, null, null, null, null, 1, cursor);
      pages.add(page.getData().size());
      cursor = page.getNextCursor();
    } while (cursor != null);

    Problem problem = null;
    try {
      jobs.submitJob(new JobRequest().connectionId(of("slurm")).name("no").image(IMAGE).script("true"), null);
    } catch (ApiException error) {
      problem = mapper.readValue(error.getResponseBody(), Problem.class);
    }
    var rejected = Map.of(
        "status", problem.getStatus(),
        "code", problem.getCode(),
        "pointer", problem.getErrors().get(0).getPointer());

    patch(client);
    var later = new JobsApi(client(of("url") + "/later")).getJob(of("job"), null, null);
    environments.deleteEnvironment(environment.getId(), null, null, null);
    var deleted = environments.getEnvironment(environment.getId(), null, PREFER);

    System.out.println(mapper.writeValueAsString(Map.of(
        "environment", List.of(running.getStatus(), deleted.getStatus()),
        "job", ended.getStatus(),
        "hasLogs", !logs.getLinks().isEmpty(),
        "pages", pages,
        "rejected", rejected,
        "later", Map.of("statusReason", later.getStatusReason(), "actions", later.getActions()))));
  }

  static void patch(ApiClient client) throws Exception {
    new JobsApi(client).updateJob(of("job"), new JobPatch().labels(Map.of("stage", "prod")), null);
    new EnvironmentsApi(client)
        .updateEnvironment(of("environment"), new EnvironmentPatch().description("after"), null);
    var settings = new SettingsByProviderPatch().scnet(new ScnetSettingsPatch().defaultQueue("kshcnormal"));
    new ConnectionsApi(client).updateConnection(of("connection"), new ConnectionPatch().settings(settings), null);
    new AdministrationApi(client).updateProject(of("project"), new ProjectPatch().name(of("first") + "-after"));
    new WebhooksApi(client)
        .updateWebhookEndpoint(of("webhook"), new WebhookEndpointPatch().description("after"), null);
  }
}
