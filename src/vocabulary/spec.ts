import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'

/**
 * The vocabulary of a request: what a client asks for, in portable words. `jobFields` and `environmentFields` are the
 * one definition from which the API's schemas, the OpenAPI document and the types come.
 */
const text = (minLength: number, maxLength: number, description: string) =>
  Type.String({ minLength, maxLength, description })

export const namePattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'
export const labelKeyPattern = '^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$'
const variablePattern = '^[A-Za-z_][A-Za-z0-9_]{0,127}$'
const maxInt32 = 2_147_483_647

export const Labels = Type.Record(Type.String({ pattern: labelKeyPattern }), Type.String({ maxLength: 128 }), {
  maxProperties: 32,
  additionalProperties: false,
  description: 'Key-value pairs of your own, to find workloads by. Kept in Switchyard, never sent to a provider.',
  examples: [{ team: 'vision', stage: 'dev' }],
})

const Accelerator = Type.Object(
  {
    kind: Type.Optional(
      Type.Unsafe<'gpu' | 'npu' | 'dcu' | 'mlu'>({
        type: 'string',
        enum: ['gpu', 'npu', 'dcu', 'mlu'],
        default: 'gpu',
      }),
    ),
    model: Type.Optional(text(1, 64, "The model, in the provider's own word.")),
    count: Type.Integer({ minimum: 1, maximum: 64 }),
  },
  { additionalProperties: false, description: 'Accelerators per node.' },
)

const Resources = Type.Object(
  {
    flavor: Type.Optional(
      text(1, 128, 'A named machine type of the provider; excludes cpus, memoryMiB and accelerator.'),
    ),
    cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    memoryMiB: Type.Optional(Type.Integer({ minimum: 1, maximum: maxInt32 })),
    accelerator: Type.Optional(Accelerator),
    nodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1 })),
  },
  { additionalProperties: false, description: 'What it runs on. Everything but `nodes` is per node.' },
)

const Input = Type.Object(
  {
    name: Type.Optional(text(1, 64, 'A name, where the provider wants one.')),
    source: text(1, 2048, "The provider's native path, or `scheme:…` where it has several stores."),
    path: text(1, 1024, 'Where it appears inside.'),
  },
  { additionalProperties: false },
)

const Output = Type.Object(
  {
    name: Type.Optional(text(1, 64, 'A name, where the provider wants one.')),
    destination: text(1, 2048, "The provider's native path, or `scheme:…` where it has several stores."),
    path: text(1, 1024, 'Where it is read from, inside.'),
    overwrite: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
)

const Mount = Type.Object(
  {
    source: text(1, 2048, "The provider's native path."),
    path: text(1, 1024, 'Where it is mounted.'),
    type: Type.Optional(text(1, 32, "The provider's kind of mount.")),
    readOnly: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
)

const Port = Type.Object(
  {
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    protocol: Type.Optional(
      Type.Unsafe<'tcp' | 'http' | 'ssh'>({ type: 'string', enum: ['tcp', 'http', 'ssh'], default: 'tcp' }),
    ),
  },
  { additionalProperties: false },
)

const variables = (more: { description?: string; writeOnly?: true } = {}) =>
  Type.Record(Type.String({ pattern: variablePattern }), Type.String({ maxLength: 4096 }), {
    maxProperties: 100,
    additionalProperties: false,
    ...more,
  })

/** Beside the fields of a request: never part of a spec, a record or a log. */
export const secretFields = {
  secretVariables: Type.Optional(
    variables({
      writeOnly: true,
      description:
        'Environment variables that are encrypted here, sent to the provider, and never shown again; its answers and logs are shown without them.',
    }),
  ),
}

/** What the record shows of them. */
export const secretNameFields = {
  secretVariableNames: Type.Optional(
    Type.Array(Type.String(), { description: 'Names of the secret variables; their values are never shown.' }),
  ),
}

const commonFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: namePattern,
    description: "A name. The provider's own rule may be narrower.",
  }),
  description: Type.Optional(text(0, 512, 'Free text.')),
  image: Type.Optional(text(1, 512, "A container image or the provider's own name of one.")),
  command: Type.Optional(
    Type.Array(Type.String({ maxLength: 65_536 }), {
      maxItems: 256,
      description: 'The program and its arguments, 64 KiB in all; excludes `script`.',
    }),
  ),
  script: Type.Optional(text(1, 65_536, 'Shell text; excludes `command`.')),
  environmentVariables: Type.Optional(variables()),
  workingDirectory: Type.Optional(text(1, 1024, 'The directory it starts in.')),
  queue: Type.Optional(
    text(1, 128, 'The named capacity it competes for: YARN queue, partition, resource group, pool.'),
  ),
  resources: Type.Optional(Resources),
  inputs: Type.Optional(Type.Array(Input, { maxItems: 64, description: 'Copied in before the start.' })),
  outputs: Type.Optional(Type.Array(Output, { maxItems: 64, description: 'Copied out at the end.' })),
  mounts: Type.Optional(Type.Array(Mount, { maxItems: 32, description: 'Live storage.' })),
  ports: Type.Optional(Type.Array(Port, { maxItems: 32, description: 'Ports to open.' })),
}

export const jobFields = {
  ...commonFields,
  timeLimitSeconds: Type.Optional(
    Type.Integer({
      minimum: 60,
      maximum: 31_536_000,
      description: 'The longest it may run, counted from `startedAt`. Switchyard ends it where the provider cannot.',
    }),
  ),
  stdoutPath: Type.Optional(text(1, 1024, 'Where standard output is written.')),
  stderrPath: Type.Optional(text(1, 1024, 'Where standard error is written.')),
}

export const environmentFields = {
  ...commonFields,
  interfaces: Type.Optional(
    Type.Array(
      Type.Unsafe<'ssh' | 'jupyter' | 'vscode' | 'rstudio'>({
        type: 'string',
        enum: ['ssh', 'jupyter', 'vscode', 'rstudio'],
      }),
      {
        maxItems: 4,
        uniqueItems: true,
        description: 'The ways in.',
      },
    ),
  ),
  storage: Type.Optional(
    Type.Object(
      {
        type: Type.Optional(text(1, 32, "The provider's kind of storage.")),
        source: Type.Optional(text(1, 2048, "The provider's native path.")),
        sizeGiB: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
      },
      { additionalProperties: false },
    ),
  ),
  autoStop: Type.Optional(
    Type.Object(
      {
        afterSeconds: Type.Integer({ minimum: 300, maximum: 31_536_000 }),
        basis: Type.Optional(
          Type.Unsafe<'running' | 'idle'>({ type: 'string', enum: ['running', 'idle'], default: 'running' }),
        ),
      },
      { additionalProperties: false, description: 'Stops by itself; absent = never.' },
    ),
  ),
  startupScript: Type.Optional(text(1, 65_536, 'Shell text that runs at each start.')),
  startupScriptScope: Type.Optional(
    Type.Unsafe<'all' | 'first'>({ type: 'string', enum: ['all', 'first'], default: 'all' }),
  ),
}

type ProviderOptions = { providerOptions?: { readonly [provider: string]: { readonly [option: string]: unknown } } }
type FieldsOf<F extends Record<string, TSchema>> = Static<TObject<F>>

/** What was asked of a job, defaults filled in. Immutable but for `description`. */
export type JobSpec = FieldsOf<typeof jobFields & typeof secretNameFields> & ProviderOptions
/** What was asked of an environment, defaults filled in. */
export type EnvironmentSpec = FieldsOf<typeof environmentFields & typeof secretNameFields> & ProviderOptions

/** Fields that lists leave out unless `view=full`. */
export const longFields = [
  'command',
  'script',
  'environmentVariables',
  'secretVariableNames',
  'inputs',
  'outputs',
  'mounts',
  'providerOptions',
  'startupScript',
] as const

/**
 * Every place of a spec that a provider honours or not. A path of two steps reaches into an object or into each item
 * of a list (`outputs.overwrite` = overwrite of each output).
 */
export const fieldPaths = [
  'name',
  'description',
  'image',
  'command',
  'script',
  'environmentVariables',
  'workingDirectory',
  'queue',
  'resources.flavor',
  'resources.cpus',
  'resources.memoryMiB',
  'resources.accelerator',
  'resources.accelerator.kind',
  'resources.accelerator.model',
  'resources.accelerator.count',
  'resources.nodes',
  'inputs',
  'inputs.name',
  'inputs.source',
  'inputs.path',
  'outputs',
  'outputs.name',
  'outputs.destination',
  'outputs.path',
  'outputs.overwrite',
  'mounts',
  'mounts.source',
  'mounts.path',
  'mounts.type',
  'mounts.readOnly',
  'ports',
  'ports.port',
  'ports.protocol',
  'timeLimitSeconds',
  'stdoutPath',
  'stderrPath',
  'interfaces',
  'storage',
  'storage.type',
  'storage.source',
  'storage.sizeGiB',
  'autoStop',
  'autoStop.afterSeconds',
  'autoStop.basis',
  'startupScript',
  'startupScriptScope',
] as const

export type FieldPath = (typeof fieldPaths)[number]
