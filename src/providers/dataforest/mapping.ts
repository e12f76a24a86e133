import type { EnvironmentSpec, JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagDescription } from '../kit/correlation-tags.ts'
import { given } from '../kit/given.ts'
import { quoteWord } from '../kit/shell.ts'
import type { AiAppData, AiAppDocker, AiAppResource, CreateAiWorkspace, SubmitAiApp } from './wire.ts'

type AnySpec = JobSpec | EnvironmentSpec

/** Fields that jobs and environments share: both describe a container with AiAppDocker, AiAppResource and AiAppData. */
export function commonAccepts(defaultQueue: string): Accepts {
  return {
    image: {
      to: 'docker.image',
      required: true,
      pattern: '^(dataforest/)?([a-z0-9._-]{1,30}):([a-z0-9._-]{1,20})$',
      note: "an image of Data Forest with its tag, without a registry's host",
    },
    command: { to: 'docker.command, docker.args', note: 'the first word is the command, the rest is quoted into args' },
    script: { to: 'docker.command' },
    environmentVariables: { to: 'docker.env' },
    workingDirectory: { to: 'docker.workdir' },
    queue: { to: 'queueName', default: defaultQueue, note: 'a YARN queue' },
    'resources.cpus': { to: 'resource.cpuCount', note: 'defaults to 1' },
    'resources.memoryMiB': { to: 'resource.memoryMb', note: 'defaults to 15 GB' },
    'resources.accelerator': { to: 'resource.gpuCount, resource.gpuModel' },
    'resources.accelerator.kind': { to: '', values: ['gpu'] },
    'resources.accelerator.model': { to: 'resource.gpuModel', note: 'defaults to V100; the documents also show T4' },
    'resources.accelerator.count': { to: 'resource.gpuCount', minimum: 1, maximum: 8 },
    inputs: { to: 'data.input' },
    'inputs.source': { to: 'data.input[].hdfs', note: 'an HDFS path' },
    'inputs.path': { to: 'data.input[].path' },
    outputs: { to: 'data.output' },
    'outputs.destination': { to: 'data.output[].hdfs', note: 'an HDFS path' },
    'outputs.path': { to: 'data.output[].path' },
    'outputs.overwrite': { to: 'data.output[].overwrite' },
    ports: { to: 'docker.exposeTcpPorts' },
    'ports.port': { to: 'docker.exposeTcpPorts[]' },
    'ports.protocol': { to: '', values: ['tcp'] },
  }
}

/** `docker.command` is required. */
export function programErrors(spec: AnySpec): readonly SpecError[] {
  if (spec.command !== undefined || spec.script !== undefined) return []
  return [
    { pointer: '/command', detail: 'Data Forest requires a program (docker.command): send `command` or `script`.' },
  ]
}

/** The body of `aiworkspaces/create`. */
export function workspaceOf(
  { spec, correlationTag }: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>,
  { accountId, defaultQueue }: { accountId: string; defaultQueue: string },
): CreateAiWorkspace {
  const packageUri = option(spec, 'userPackageUri')
  const hasData = spec.inputs !== undefined || spec.outputs !== undefined
  return {
    accountId,
    configuration: {
      ...(hasData ? { data: dataOf(spec) } : {}),
      docker: dockerOf(spec),
      name: option(spec, 'configurationName') ?? spec.name,
      queueName: spec.queue ?? defaultQueue,
      ...(spec.resources === undefined ? {} : { resource: resourceOf(spec) }),
      ...(packageUri === undefined ? {} : { userPackageUri: packageUri }),
    },
    description: tagDescription(spec.description, correlationTag),
    name: spec.name,
  }
}

/** The body of `aiapps/submit`, which requires `data` and `resource` even if empty. */
export function appOf(intent: Intent<'job'>, defaultQueue: string): SubmitAiApp {
  return {
    aiWorkspaceId: intent.environmentRemoteId ?? '',
    data: dataOf(intent.spec),
    docker: dockerOf(intent.spec),
    namePrefix: namePrefixOf(intent),
    queueName: intent.spec.queue ?? defaultQueue,
    resource: resourceOf(intent.spec),
  }
}

/** The prefix of the app's name: the client's, or the correlation tag. The vendor adds `-xxxx-xxxx`. */
export function namePrefixOf({ spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>): string {
  return pinnedPrefixOf(spec) ?? correlationTag
}

export function pinnedPrefixOf(spec: JobSpec): string | undefined {
  return option(spec, 'namePrefix')
}

function dataOf(spec: AnySpec): AiAppData {
  return {
    input: (spec.inputs ?? []).map(({ source, path }) => ({ hdfs: source, path })),
    output: (spec.outputs ?? []).map(({ destination, overwrite = false, path }) => ({
      hdfs: destination,
      overwrite,
      path,
    })),
  }
}

/**
 * A script is sent as the command, as in the vendor's example ("script or command"). The rest of an argv becomes
 * `args`.
 */
function dockerOf(spec: AnySpec): AiAppDocker {
  const [program = '', ...rest] = spec.command ?? []
  const ports = (spec.ports ?? []).map(({ port }) => port)
  const variables = spec.environmentVariables ?? {}
  return {
    ...(rest.length === 0 ? {} : { args: rest.map(quoteWord).join(' ') }),
    command: spec.script ?? quoteWord(program),
    ...(Object.keys(variables).length === 0 ? {} : { env: { ...variables } }),
    ...(ports.length === 0 ? {} : { exposeTcpPorts: ports }),
    image: spec.image ?? '',
    ...(spec.workingDirectory === undefined ? {} : { workdir: spec.workingDirectory }),
  }
}

function resourceOf({ resources = {} }: AnySpec): AiAppResource {
  const { cpus, memoryMiB, accelerator } = resources
  return {
    ...given({ cpuCount: cpus, gpuCount: accelerator?.count, gpuModel: accelerator?.model, memoryMb: memoryMiB }),
  }
}

function option(spec: AnySpec, name: string): string | undefined {
  const value = spec.providerOptions?.dataforest?.[name]
  return typeof value === 'string' ? value : undefined
}
