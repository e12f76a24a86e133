import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { given } from '../kit/given.ts'
import { entrypointOf, maxEntrypointBytes } from './entrypoint.ts'
import type { RayOptions, RuntimeEnvOptions } from './options.ts'
import type { RaySettings } from './settings.ts'
import type { JobSubmitRequest, RuntimeEnv } from './wire.ts'

export const tagLength = 12

const bytesPerMiB = 1_048_576

/** Ray's names of resources that have a portable field. */
const portableResources = /^(CPU|GPU|NPU|TPU|HPU|MLU|DCU|memory|object_store_memory|accelerator_type:.*)$/i

/** https://docs.ray.io/en/latest/cluster/running-applications/job-submission/api.html */
export const jobAccepts: Accepts = {
  name: { to: 'metadata.job_name' },
  description: { to: 'metadata.description' },
  image: {
    to: 'runtime_env.image_uri',
    note: 'experimental in Ray: the nodes need podman; excludes `providerOptions.ray.runtimeEnv`',
  },
  command: { to: 'entrypoint', note: 'run by /bin/sh' },
  script: { to: 'entrypoint', note: 'run by /bin/sh, or by the interpreter that its first line names' },
  environmentVariables: {
    to: 'runtime_env.env_vars',
    note: 'Ray returns them in clear to every caller of its API',
  },
  workingDirectory: { to: 'entrypoint', pattern: '^/', note: 'must exist on the node' },
  'resources.cpus': { to: 'entrypoint_num_cpus', note: 'reserved for the entrypoint, not for its tasks' },
  'resources.memoryMiB': { to: 'entrypoint_memory', note: 'in bytes; a reservation, not a limit' },
  'resources.accelerator': { to: 'entrypoint_num_gpus' },
  'resources.accelerator.kind': { to: 'entrypoint_num_gpus', values: ['gpu', 'npu'] },
  'resources.accelerator.model': {
    to: 'entrypoint_resources',
    pattern: '^[A-Za-z0-9_.-]+$',
    note: 'the name behind `accelerator_type:` in the resources of a node',
  },
  'resources.accelerator.count': { to: 'entrypoint_num_gpus' },
  timeLimitSeconds: { to: '', note: 'enforced by Switchyard' },
}

/** The id of a job at Ray. The client chooses it; it contains only the correlation tag. */
export function submissionIdOf(correlationTag: string): string {
  return `sy-${correlationTag}`
}

/** The correlation tag in an id; null if another client chose the id. */
export function tagOfSubmission(submissionId: string): string | null {
  return /^sy-([a-z][a-z0-9]{11})$/.exec(submissionId)?.[1] ?? null
}

const optionsOf = ({ providerOptions }: JobSpec) => (providerOptions?.ray ?? {}) as RayOptions

/** Requires a program, and rejects what Ray rejects or cannot start. */
export function jobErrors(spec: JobSpec, settings: RaySettings): readonly SpecError[] {
  const errors: SpecError[] = []
  if (spec.command === undefined && spec.script === undefined) {
    errors.push({ pointer: '/command', detail: 'Ray requires a program: send `command` or `script`.' })
  }
  const bytes = Buffer.byteLength(entrypointOf(spec))
  if (bytes > maxEntrypointBytes) {
    const detail = `The entrypoint has ${bytes} bytes with its quotes, and Linux starts no program with an argument of more than ${maxEntrypointBytes}. Shorten it, or send the program in \`providerOptions.ray.runtimeEnv.workingDir\`.`
    errors.push({ pointer: spec.script === undefined ? '/command' : '/script', detail })
  }
  return [...errors, ...runtimeEnvErrors(spec, settings), ...resourceErrors(optionsOf(spec))]
}

function runtimeEnvErrors(spec: JobSpec, settings: RaySettings): readonly SpecError[] {
  const pointer = '/providerOptions/ray/runtimeEnv'
  const { runtimeEnv } = optionsOf(spec)
  if (spec.image !== undefined && runtimeEnv !== undefined && Object.keys(runtimeEnv).length > 0) {
    return [{ pointer, detail: 'Ray combines `image` with variables only: remove `runtimeEnv` or `image`.' }]
  }
  const { pip, uv, conda } = { ...settings.runtimeEnv, ...runtimeEnv }
  const managers = Object.keys(given({ pip, uv, conda }))
  if (spec.image !== undefined || managers.length < 2) return []
  const detail = `Ray takes one of \`pip\`, \`uv\` and \`conda\`, and this job has ${managers.join(' and ')}, partly from the connection's \`runtimeEnv\`.`
  return [{ pointer, detail }]
}

/** Accelerators must be requested by the portable field, which counts against the project's quota. */
function resourceErrors({ resources = {}, metadata = {} }: RayOptions): readonly SpecError[] {
  const names = Object.keys(resources).filter((name) => portableResources.test(name))
  const reserved = ['job_name', 'description', 'job_submission_id'].filter((name) => Object.hasOwn(metadata, name))
  return [
    ...names.map((name) => ({
      pointer: `/providerOptions/ray/resources/${name}`,
      detail: `\`${name}\` is not a custom resource: use \`resources\`.`,
    })),
    ...reserved.map((name) => ({
      pointer: `/providerOptions/ray/metadata/${name}`,
      detail: `\`${name}\` is reserved: use \`name\` or \`description\`.`,
    })),
  ]
}

/** The body of a submit. Pure. */
export function submitOf(
  { spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>,
  settings: RaySettings,
): JobSubmitRequest {
  const { labelSelector, metadata } = optionsOf(spec)
  const { cpus, memoryMiB, accelerator } = spec.resources ?? {}
  const resources = customResources(spec)
  const runtimeEnv = runtimeEnvOf(spec, settings)
  return {
    entrypoint: entrypointOf(spec),
    submission_id: submissionIdOf(correlationTag),
    metadata: { ...metadata, job_name: spec.name, ...given({ description: spec.description }) },
    ...(Object.keys(runtimeEnv).length === 0 ? {} : { runtime_env: runtimeEnv }),
    ...given({
      entrypoint_num_cpus: cpus,
      entrypoint_num_gpus: accelerator?.kind === 'npu' ? undefined : accelerator?.count,
      entrypoint_memory: memoryMiB === undefined ? undefined : memoryMiB * bytesPerMiB,
    }),
    ...(Object.keys(resources).length === 0 ? {} : { entrypoint_resources: resources }),
    ...given({ entrypoint_label_selector: labelSelector }),
  }
}

/** A node with an accelerator has a resource named after its model, of which a job takes a thousandth by convention. */
function customResources(spec: JobSpec): Readonly<Record<string, number>> {
  const { accelerator } = spec.resources ?? {}
  return {
    ...optionsOf(spec).resources,
    ...(accelerator?.kind === 'npu' ? { NPU: accelerator.count } : {}),
    ...(accelerator?.model === undefined ? {} : { [`accelerator_type:${accelerator.model}`]: 0.001 }),
  }
}

function runtimeEnvOf(spec: JobSpec, settings: RaySettings): RuntimeEnv {
  const variables = spec.environmentVariables ?? {}
  const packages: RuntimeEnvOptions = { ...settings.runtimeEnv, ...optionsOf(spec).runtimeEnv }
  const { workingDir, pyModules, pip, uv, conda, setupTimeoutSeconds } = packages
  return {
    ...(spec.image === undefined
      ? {
          ...given({ working_dir: workingDir, py_modules: pyModules, pip, uv, conda }),
          ...(setupTimeoutSeconds === undefined ? {} : { config: { setup_timeout_seconds: setupTimeoutSeconds } }),
        }
      : { image_uri: spec.image }),
    ...(Object.keys(variables).length === 0 ? {} : { env_vars: variables }),
  }
}
