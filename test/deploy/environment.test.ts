import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig, secretVariables } from '../../src/config/config.ts'
import { configSchema } from '../../src/config/schema.ts'
import {
  type EnvironmentVariable,
  type Manifest,
  prepare,
  reasonToSkip,
  render,
  renderWith,
  required,
} from './chart.ts'

const everything = join(import.meta.dirname, 'values/everything.yaml')
const secretValues: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgresql://db/switchyard',
  DATABASE_DIRECT_URL: 'postgresql://db/switchyard',
  REDIS_URL: 'redis://cache',
  SECRETS_KEY: 'ab'.repeat(32),
  BOOTSTRAP_API_KEY: 'k'.repeat(40),
}
const keys = Object.fromEntries([...secretVariables].map((name) => [name, name]))

/** Environment variables of the container of a Deployment or Job. */
function environmentOf(manifests: readonly Manifest[], component: string): readonly EnvironmentVariable[] {
  const found = manifests.find(
    ({ spec, metadata }) => spec?.template !== undefined && metadata.name === `switchyard-${component}`,
  )
  const [container] = found?.spec.template?.spec.containers ?? []
  if (container === undefined) throw new Error(`${component} has no container.`)
  return container.env
}

/** The environment of a process, with secret references resolved. */
function resolved(variables: readonly EnvironmentVariable[]): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value ?? secretValues[name] ?? '']))
}

describe.skipIf(reasonToSkip !== '')('Helm chart environment variables', () => {
  beforeAll(prepare)

  it.each(['api', 'worker', 'migration'])('of the %s are known settings without duplicates', async (component) => {
    const names = environmentOf(await render(everything), component).map(({ name }) => name)
    expect(names.filter((name) => name !== 'NODE_EXTRA_CA_CERTS' && !(name in configSchema.properties))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(['api', 'worker', 'migration'])('of the %s form a valid configuration', async (component) => {
    const environment = resolved(environmentOf(await render(everything), component))
    const config = readConfig(environment)
    expect(settingsOf(config).edge.trustedProxies).toEqual(['10.244.0.0/16'])
    expect(config).toMatchObject({
      LOG_LEVEL: 'warn',
      HOST: '0.0.0.0',
      PORT: 8080,
      PUBLIC_URL: 'https://switchyard.example.com',
    })
  })

  it('can include every setting except DATA_DIR', async () => {
    const examples: Readonly<Record<string, unknown>> = {
      ...{ PAUSED_PROVIDERS: 'slurm', EGRESS_ALLOW: 'hub.example.internal', OIDC_ISSUER: 'https://login.example.com' },
      ...{ PUBLIC_URL: 'https://example.com', CORS_ORIGINS: 'https://example.com', REDIS_SENTINEL_TLS: true },
      ...{ AUDIT_LOG: 'stdout', EVENT_LOG: 'stdout' },
    }
    const config = Object.entries(configSchema.properties)
      .filter(([name]) => !secretVariables.has(name) && !['ROLE', 'PORT', 'METRICS_PORT', 'DATA_DIR'].includes(name))
      .map(([name, schema]) => [
        name,
        examples[name] ??
          ('default' in schema ? schema.default : undefined) ??
          (schema.type === 'integer' ? schema.minimum : 'text'),
      ])
    const manifests = await renderWith({
      config: Object.fromEntries(config),
      secrets: { ...required.secrets, keys },
    })
    const names = environmentOf(manifests, 'api').map(({ name }) => name)
    expect(names.sort()).toEqual(
      Object.keys(configSchema.properties)
        .filter((name) => name !== 'DATA_DIR')
        .sort(),
    )
  })

  it('preserve false, 0 and large numbers', async () => {
    const api = resolved(environmentOf(await render(everything), 'api'))
    expect(api).toMatchObject({ DOCS_ENABLED: 'false', REQUEST_RATE_LIMIT: '0', BATCH_BODY_LIMIT_BYTES: '16777216' })
  })

  it('of a component override shared ones', async () => {
    const manifests = await render(everything)
    expect(resolved(environmentOf(manifests, 'api'))).toMatchObject({ ROLE: 'api', DATABASE_POOL_SIZE: '32' })
    expect(resolved(environmentOf(manifests, 'worker'))).toMatchObject({
      ...{ ROLE: 'worker', DATABASE_POOL_SIZE: '8', WORKER_CONCURRENCY: '64' },
    })
  })

  it('reference secrets and omit the bootstrap API key in workers', async () => {
    const manifests = await renderWith({ secrets: { existingSecret: 'mine', keys } })
    const references = (component: string) =>
      environmentOf(manifests, component).flatMap(({ name, value, valueFrom }) => {
        if (!secretVariables.has(name)) return []
        expect({ value, name: valueFrom?.secretKeyRef.name }).toEqual({ value: undefined, name: 'mine' })
        return [valueFrom?.secretKeyRef.key]
      })
    expect(references('api').sort()).toEqual([...secretVariables].sort())
    expect(references('worker')).not.toContain('BOOTSTRAP_API_KEY')
  })

  it('set PORT and METRICS_PORT for every process', async () => {
    const manifests = await renderWith({ metrics: { port: 9464 } })
    for (const component of ['api', 'worker'])
      expect(readConfig(resolved(environmentOf(manifests, component)))).toMatchObject({
        PORT: 8080,
        METRICS_PORT: 9464,
      })
  })
})
