import { beforeAll, describe, expect, it } from 'vitest'
import { chart, helm, prepare, reasonToSkip, render, renderWith, required, withValues } from './chart.ts'

const cpu = { requests: { cpu: null, memory: '1Gi' } }

/** Case, values in addition to the required ones, and expected error message. */
const invalidValues: readonly [string, object, string | RegExp][] = [
  ['a missing image', { image: {} }, 'image.repository is empty. Build the Dockerfile, push the image'],
  ['a missing Secret', { secrets: {} }, 'secrets.existingSecret is empty. Create a Secret with the keys DATABASE_URL'],
  ['an empty key of DATABASE_URL', secrets({ DATABASE_URL: '' }), "at '/secrets/keys/DATABASE_URL': '' does not match"],
  ['an unknown value', { replicas: 3 }, "additional properties 'replicas' not allowed"],
  ['a misspelt value', { api: { replica: 3 } }, "at '/api': additional properties 'replica' not allowed"],
  ['a value of the wrong type', { api: { replicas: 'two' } }, "at '/api/replicas': got string, want integer"],
  [
    'an unknown setting',
    { config: { LOG_LEVLE: 'info' } },
    "at '/config': additional properties 'LOG_LEVLE' not allowed",
  ],
  [
    'a former setting name',
    { config: { HELD_PROVIDERS: 'slurm' } },
    "additional properties 'HELD_PROVIDERS' not allowed",
  ],
  [
    'a setting reserved for the chart',
    { config: { PORT: 80 } },
    "at '/config': additional properties 'PORT' not allowed",
  ],
  ['an unknown log level', { config: { LOG_LEVEL: 'loud' } }, /at '\/config\/LOG_LEVEL': value must be one of/],
  [
    'a number out of range',
    { worker: { config: { WORKER_CONCURRENCY: 0 } } },
    "'/worker/config/WORKER_CONCURRENCY': minimum",
  ],
  ['an unknown controller', { ingress: { controller: 'traefik' } }, /'\/ingress\/controller': value must be one of/],
  ['an ingress without a host', { ingress: { enabled: true } }, 'ingress.host is empty. Set the name that clients use'],
  [
    'a drain longer than the shutdown timeout',
    { config: { SHUTDOWN_DRAIN_MS: 45_000 } },
    'config.SHUTDOWN_DRAIN_MS is 45000. It must be less than config.SHUTDOWN_TIMEOUT_MS (40000)',
  ],
  [
    'autoscaling limits in the wrong order',
    { api: { autoscaling: { enabled: true, minReplicas: 9 } } },
    'api.autoscaling.minReplicas is 9, more than maxReplicas (6). Lower the first or raise the second.',
  ],
  [
    'autoscaling without a CPU request',
    { worker: { resources: cpu, autoscaling: { enabled: true } } },
    'worker.resources.requests.cpu is not set',
  ],
]

function secrets(keys: object): object {
  return { secrets: { ...required.secrets, keys } }
}

describe.skipIf(reasonToSkip !== '')('Helm chart values validation', () => {
  beforeAll(prepare)

  it.each(invalidValues)('rejects %s', async (_case, values, message) => {
    await expect(renderWith(values)).rejects.toThrow(message)
  })

  it('rejects an inline secret without printing it', async () => {
    for (const values of [
      { config: { DATABASE_URL: 'postgresql://app:canary-7@db/app' } },
      { secrets: { ...required.secrets, SECRETS_KEY: 'canary-7' } },
    ]) {
      const error = await renderWith(values).catch((reason: Error) => reason.message)
      expect(error).toContain('not allowed')
      expect(error).not.toContain('canary-7')
    }
  })

  it('rejects an unsupported Kubernetes version', async () => {
    const rendering = withValues(required, (file) =>
      helm('template', chart, '--values', file, '--kube-version', '1.28.0'),
    )
    await expect(rendering).rejects.toThrow(
      'chart requires kubeVersion: >=1.29.0-0 which is incompatible with Kubernetes v1.28.0',
    )
  })

  it('accepts the required values alone', async () => {
    expect((await withValues(required, (file) => render(file))).length).toBeGreaterThan(5)
  })
})
