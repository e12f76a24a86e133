import { type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { configValues, secretKeys } from './settings.ts'

/** Objects of the Kubernetes API, which the API server checks. */
const kubernetes = (description: string) => Type.Object({}, { description })
const kubernetesList = (description: string) => Type.Array(Type.Object({}), { description })
const texts = (description: string) => Type.Record(Type.String(), Type.String(), { description })
const text = (description: string, pattern?: string) =>
  Type.String({ description, ...(pattern === undefined ? {} : { pattern }) })
const flag = (description: string) => Type.Boolean({ description })
const count = (description: string, minimum = 1) => Type.Integer({ description, minimum })
const oneOf = (description: string, values: readonly string[]) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values], description })

const closed = (properties: TProperties, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) })

/** Name of a Kubernetes object, or empty. */
const objectName = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$'
const duration = '^[0-9]+(ms|s|m|h)$'

function component(name: string, autoscaling: TProperties = {}): TSchema {
  return closed({
    replicas: count(
      `Number of ${name} pods without autoscaling. Two or more keep the service available while one restarts.`,
    ),
    config: { ...configValues, description: `Settings of ${name} pods only; they take precedence over \`config\`.` },
    resources: kubernetes('Requests and limits. Without a limit of CPU, so that the event loop is not throttled.'),
    autoscaling: closed({
      enabled: flag('Creates a HorizontalPodAutoscaler. It requires the Kubernetes metrics server.'),
      minReplicas: count('Lower limit.'),
      maxReplicas: count('Upper limit.'),
      cpuPercent: count('Target of average CPU use, in percent of the requested CPU.'),
      ...autoscaling,
    }),
    podDisruptionBudget: closed({
      enabled: flag('Creates a PodDisruptionBudget.'),
      maxUnavailable: count('Pods that a node drain may stop at the same time.'),
    }),
  })
}

const backlog = closed({
  metric: text(
    'Name of an external metric (`external.metrics.k8s.io`, for example by the Prometheus adapter or KEDA) by which workers are scaled in addition. Empty: CPU only.',
  ),
  matchLabels: texts('Labels that select its series.'),
  averageValue: text('Target value per worker, as a Kubernetes quantity.'),
})

const port = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description })
const egressRule = (what: string) =>
  closed({
    ports: Type.Array(port('Port.'), {
      minItems: 1,
      description: `Ports of ${what}: those of pods, not of Services.`,
    }),
    to: kubernetesList(`Destinations of ${what}, as in a NetworkPolicy. Empty: any.`),
  })

/** Values of the Helm chart. Unknown ones are rejected, to detect misspelled names. */
export const chartValues = closed({
  global: Type.Optional(kubernetes('Not used; Helm sets it.')),
  nameOverride: text('Replaces the name of the chart in names and labels.', objectName),
  fullnameOverride: text('Replaces the name of the release in names.', objectName),
  image: closed({
    repository: text(
      'Image without tag. **Required**: build the Dockerfile and push it to your registry.',
      '^[^\\s@]*$',
    ),
    tag: text('Default: the version of the application.', '^[\\w.-]{0,128}$'),
    digest: text('Takes precedence over the tag.', '^(sha256:[0-9a-f]{64})?$'),
    pullPolicy: oneOf('When the image is pulled.', ['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: Type.Array(closed({ name: text('Name of the Secret.', objectName) }), {
    description: 'Secrets with the credentials of the registry.',
  }),
  secrets: closed({
    existingSecret: text(
      'Secret that contains the secret settings. **Required**; the chart contains none.',
      objectName,
    ),
    keys: { ...secretKeys, description: 'Key of the Secret for each setting; an empty key leaves the setting out.' },
  }),
  config: {
    ...configValues,
    description:
      'Settings that are not secret, by the names in [docs/configuration.md](../../../docs/configuration.md).',
  },
  extraEnv: kubernetesList('Further environment variables, for example `NODE_EXTRA_CA_CERTS`.'),
  extraVolumes: kubernetesList('Further volumes, for example of a ConfigMap with certificates.'),
  extraVolumeMounts: kubernetesList('Their mounts.'),
  api: component('API'),
  worker: component('worker', { backlog }),
  migration: closed({
    enabled: flag('Migrates the database in a Job before each installation and upgrade.'),
    backoffLimit: count('Further tries after a failure.', 0),
    activeDeadlineSeconds: count('Time after which the migration is ended and the upgrade fails.'),
    podLabels: texts('Labels of its pods, which have none of `podLabels`.'),
    podAnnotations: texts(
      'Annotations of its pods, which have none of `podAnnotations`: an injected sidecar would keep the Job from completing.',
    ),
    resources: kubernetes('Requests and limits.'),
  }),
  service: closed({
    type: oneOf('Type of the Service.', ['ClusterIP', 'LoadBalancer', 'NodePort']),
    port: port('Port of the Service.'),
    annotations: texts('Annotations of the Service.'),
  }),
  ingress: closed({
    enabled: flag('Creates an Ingress.'),
    className: text('Its class. Empty: that of the cluster.', objectName),
    controller: oneOf(
      'Adds the annotations for streams, long polls and large bodies: `ingress-nginx` (`nginx.ingress.kubernetes.io/…`) or `nginx-ingress` (`nginx.org/…`).',
      ['none', 'ingress-nginx', 'nginx-ingress'],
    ),
    host: text('Name that clients use. Required with `enabled`.', objectName),
    tlsSecret: text(
      'Secret with the certificate. Empty: plain HTTP, or TLS that ends before the controller.',
      objectName,
    ),
    readTimeoutSeconds: count('Time without data after which the controller ends a response.'),
    annotations: texts('Further annotations; they take precedence.'),
  }),
  networkPolicy: closed({
    enabled: flag('Creates a NetworkPolicy for each component.'),
    ingress: closed({
      from: kubernetesList('Sources of requests to the API, as in a NetworkPolicy. Empty: any.'),
      metricsFrom: kubernetesList('Sources of scrapes. Empty: any.'),
    }),
    egress: closed({
      dns: egressRule('name resolution'),
      postgres: egressRule('connections to Postgres'),
      redis: egressRule('connections to Redis and its Sentinels (26379)'),
      https: egressRule('calls of providers, webhooks and token issuers'),
      otlp: egressRule('exports of traces (if `OTEL_EXPORTER_OTLP_ENDPOINT` is set)'),
      extra: kubernetesList(
        'Further rules, for example for in-house providers, which `config.EGRESS_ALLOW` must allow too.',
      ),
    }),
  }),
  metrics: closed({ port: port('Port of all pods for `/metrics` and their probes (`METRICS_PORT`).') }),
  serviceMonitor: closed({
    enabled: flag('Creates a ServiceMonitor of all pods for the Prometheus operator.'),
    interval: text('Interval of scrapes.', duration),
    scrapeTimeout: text('Timeout of a scrape.', duration),
    labels: texts('Labels by which Prometheus selects it.'),
  }),
  serviceAccount: closed({
    create: flag('Creates ServiceAccounts. Pods get no token: the service does not call the Kubernetes API.'),
    name: text('Its name, or that of an existing one.', objectName),
    annotations: texts('Its annotations.'),
  }),
  podLabels: texts('Labels of all pods except those of the migration.'),
  podAnnotations: texts('Annotations of all pods except those of the migration.'),
  podSecurityContext: kubernetes(
    'Meets the Pod Security Standard `restricted`. On OpenShift, set the user and groups to `null`.',
  ),
  containerSecurityContext: kubernetes('The service writes only to `/tmp`.'),
  topologySpread: closed({
    hostname: oneOf('Distributes pods among nodes. Empty: not.', ['ScheduleAnyway', 'DoNotSchedule', '']),
    zone: oneOf('Distributes pods among zones. Empty: not.', ['ScheduleAnyway', 'DoNotSchedule', '']),
  }),
  nodeSelector: texts('Node labels that pods require.'),
  tolerations: kubernetesList('Tolerations of all pods.'),
  affinity: kubernetes('Affinity of all pods.'),
  priorityClassName: text('Priority class of all pods.', objectName),
})
