import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { mapOf } from './map-of.ts'

/**
 * Portable fields of a request. `jobFields` and `environmentFields` are the single source of the API schemas, the
 * OpenAPI document and the types.
 */
const text = (minLength: number, maxLength: number, description: string) =>
  Type.String({ minLength, maxLength, description })

export const namePattern = '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'
export const labelKeyPattern = '^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$'
const variablePattern = '^[A-Za-z_][A-Za-z0-9_]{0,127}$'
const maxInt32 = 2_147_483_647

export const Labels = mapOf(labelKeyPattern, Type.String({ maxLength: 128 }), {
  maxProperties: 32,
  description:
    'User-defined key-value pairs for filtering. Keys have up to 63 lower-case letters, digits, `.`, `_` and `-`, such as `team`. Stored in Switchyard, never sent to a provider.',
  examples: [{ team: 'vision', stage: 'dev' }],
})

const Accelerator = Type.Object(
  {
    kind: Type.Optional(
      Type.Unsafe<'gpu' | 'npu' | 'dcu' | 'mlu'>({
        type: 'string',
        enum: ['gpu', 'npu', 'dcu', 'mlu'],
        default: 'gpu',
        description: 'Accelerator type.',
      }),
    ),
    model: Type.Optional(text(1, 64, 'Accelerator model, as named by the provider.')),
    count: Type.Integer({ minimum: 1, maximum: 64, description: 'Accelerators per node.' }),
  },
  { title: 'Accelerator', additionalProperties: false, description: 'Accelerators per node.' },
)

const Resources = Type.Object(
  {
    flavor: Type.Optional(
      text(1, 128, 'Machine type of the provider. Excludes `cpus`, `memoryMiB` and `accelerator`.'),
    ),
    cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: 'CPU cores per node.' })),
    memoryMiB: Type.Optional(Type.Integer({ minimum: 1, maximum: maxInt32, description: 'Memory per node in MiB.' })),
    accelerator: Type.Optional(Accelerator),
    nodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1, description: 'Number of nodes.' })),
  },
  {
    title: 'Resources',
    additionalProperties: false,
    description: 'Compute resources. Values are per node, except `nodes`.',
  },
)

const Input = Type.Object(
  {
    name: Type.Optional(text(1, 64, 'Name of the item, if the provider requires one.')),
    source: text(1, 2048, 'Storage path at the provider, or `scheme:…` if the provider has several stores.'),
    path: text(1, 1024, 'Path inside the job or environment.'),
  },
  { title: 'Input', additionalProperties: false, description: 'Item that is staged in before the start.' },
)

const Output = Type.Object(
  {
    name: Type.Optional(text(1, 64, 'Name of the item, if the provider requires one.')),
    destination: text(1, 2048, 'Storage path at the provider, or `scheme:…` if the provider has several stores.'),
    path: text(1, 1024, 'Source path inside the job or environment.'),
    overwrite: Type.Optional(Type.Boolean({ default: false, description: 'Whether to overwrite existing files.' })),
  },
  { title: 'Output', additionalProperties: false, description: 'Item that is staged out at the end.' },
)

const Mount = Type.Object(
  {
    source: text(1, 2048, 'Storage path at the provider.'),
    path: text(1, 1024, 'Mount path.'),
    type: Type.Optional(text(1, 32, 'Mount type, as named by the provider.')),
    readOnly: Type.Optional(Type.Boolean({ default: false, description: 'Whether the mount is read-only.' })),
  },
  { title: 'Mount', additionalProperties: false, description: 'Volume mount.' },
)

const Port = Type.Object(
  {
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'Port number.' }),
    protocol: Type.Optional(
      Type.Unsafe<'tcp' | 'http' | 'ssh'>({
        type: 'string',
        enum: ['tcp', 'http', 'ssh'],
        default: 'tcp',
        description: 'Protocol.',
      }),
    ),
  },
  { title: 'Port', additionalProperties: false, description: 'Exposed port.' },
)

const variables = (more: { description: string; writeOnly?: true }) =>
  mapOf(variablePattern, Type.String({ maxLength: 4096 }), { maxProperties: 100, ...more })

/** Request fields with secrets: never part of a spec, a record or a log. */
export const secretFields = {
  secretVariables: Type.Optional(
    variables({
      writeOnly: true,
      description:
        'Secret environment variables: encrypted, sent to the provider, never returned, and redacted from logs and payloads. Names as in `environmentVariables`.',
    }),
  ),
}

/** Fields of a record that list the names of its secrets. */
export const secretNameFields = {
  secretVariableNames: Type.Optional(
    Type.Array(Type.String(), { description: 'Names of the secret variables. Values are never returned.' }),
  ),
}

const commonFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: namePattern,
    description: 'Name. Provider limits may be stricter.',
    examples: ['train-1'],
  }),
  description: Type.Optional(text(0, 512, 'Free-form description.')),
  image: Type.Optional(text(1, 512, 'Container image, or the name of an image of the provider.')),
  command: Type.Optional(
    Type.Array(Type.String({ maxLength: 65_536 }), {
      maxItems: 256,
      description: 'Program and arguments, up to 64 KiB in total. Excludes `script`.',
    }),
  ),
  script: Type.Optional(text(1, 65_536, 'Shell script. Excludes `command`.')),
  environmentVariables: Type.Optional(
    variables({
      description:
        'Environment variables. Names have letters, digits and `_` and do not start with a digit, such as `DATA_DIR`.',
    }),
  ),
  workingDirectory: Type.Optional(text(1, 1024, 'Working directory.')),
  queue: Type.Optional(text(1, 128, 'Queue, partition, resource group or pool.')),
  resources: Type.Optional(Resources),
  inputs: Type.Optional(Type.Array(Input, { maxItems: 64, description: 'Files staged in before the start.' })),
  outputs: Type.Optional(Type.Array(Output, { maxItems: 64, description: 'Files staged out at the end.' })),
  mounts: Type.Optional(Type.Array(Mount, { maxItems: 32, description: 'Volume mounts.' })),
  ports: Type.Optional(Type.Array(Port, { maxItems: 32, description: 'Exposed ports.' })),
}

export const jobFields = {
  ...commonFields,
  timeLimitSeconds: Type.Optional(
    Type.Integer({
      minimum: 60,
      maximum: 31_536_000,
      description:
        'Maximum run time in seconds, counted from `startedAt`. Enforced by the provider, otherwise by Switchyard.',
    }),
  ),
  stdoutPath: Type.Optional(text(1, 1024, 'File path for standard output.')),
  stderrPath: Type.Optional(text(1, 1024, 'File path for standard error.')),
}

export const environmentFields = {
  ...commonFields,
  interfaces: Type.Optional(
    Type.Array(
      Type.Unsafe<'ssh' | 'jupyter' | 'vscode' | 'rstudio'>({
        type: 'string',
        title: 'AccessInterface',
        enum: ['ssh', 'jupyter', 'vscode', 'rstudio'],
        description: 'Access interface.',
      }),
      {
        maxItems: 4,
        uniqueItems: true,
        description: 'Access interfaces.',
      },
    ),
  ),
  storage: Type.Optional(
    Type.Object(
      {
        type: Type.Optional(text(1, 32, 'Storage type, as named by the provider.')),
        source: Type.Optional(text(1, 2048, 'Storage path at the provider.')),
        sizeGiB: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Size in GiB.' })),
      },
      { title: 'Storage', additionalProperties: false, description: 'Persistent storage of the environment.' },
    ),
  ),
  autoStop: Type.Optional(
    Type.Object(
      {
        afterSeconds: Type.Integer({
          minimum: 300,
          maximum: 31_536_000,
          description: 'Stop after this many seconds.',
        }),
        basis: Type.Optional(
          Type.Unsafe<'running' | 'idle'>({
            type: 'string',
            enum: ['running', 'idle'],
            default: 'running',
            description: '`running`: counted from the start. `idle`: counted while the environment is idle.',
          }),
        ),
      },
      { title: 'AutoStop', additionalProperties: false, description: 'Auto-stop policy; never stops if absent.' },
    ),
  ),
  startupScript: Type.Optional(text(1, 65_536, 'Shell script that runs at each start.')),
  startupScriptScope: Type.Optional(
    Type.Unsafe<'all' | 'first'>({
      type: 'string',
      enum: ['all', 'first'],
      default: 'all',
      description: 'Nodes that run `startupScript`: all of them or only the first.',
    }),
  ),
}

type ProviderOptions = { providerOptions?: { readonly [provider: string]: { readonly [option: string]: unknown } } }
type FieldsOf<F extends Record<string, TSchema>> = Static<TObject<F>>

/** Requested job with defaults applied. Immutable except `description`. */
export type JobSpec = FieldsOf<typeof jobFields & typeof secretNameFields> & ProviderOptions
/** Requested environment with defaults applied. */
export type EnvironmentSpec = FieldsOf<typeof environmentFields & typeof secretNameFields> & ProviderOptions

/** Fields omitted from lists unless `view=full`. */
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
