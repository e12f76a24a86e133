import { Type } from '@sinclair/typebox'
import type { JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec, JobSpec } from '../../vocabulary/spec.ts'
import { choice } from '../kit/choice.ts'

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }))
const closed = { additionalProperties: false }

const workspaceId = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    description:
      'Workspace id. Defaults to the workspace of the connection, whose lists do not include other workspaces.',
  }),
)

const annotations = Type.Optional(
  Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String({ maxLength: 1024 }), {
    maxProperties: 32,
    description: 'Vendor-defined labels and switches.',
  }),
)

/** One schema for both APIs of environments: validation does not know which one a connection uses. */
export const environmentOptions = Type.Object(
  {
    workspaceId,
    aiProjectId: text(
      64,
      'AI project id (`ai_project.id`), reserved by the vendor. Requires `environmentApi: demanager`.',
    ),
    annotations,
    autoStopPrompt: Type.Optional(
      Type.Boolean({
        description:
          "Whether the vendor's console asks for confirmation before an auto-stop (`spec.auto_stop.prompt`). Requires `environmentApi: demanager`.",
      }),
    ),
    extendStorage: Type.Optional(
      Type.Array(
        Type.Object(
          {
            type: Type.String({ maxLength: 32, description: 'Storage type.' }),
            path: Type.String({ maxLength: 2048, description: 'Storage path.' }),
          },
          { ...closed, description: 'Additional storage.' },
        ),
        {
          maxItems: 8,
          description:
            'Additional storage (`spec.extend_storage`): `obsfs`, available in some dedicated pools. Requires `environmentApi: demanager`.',
        },
      ),
    ),
    pool: Type.Optional(
      Type.Object(
        {
          type: text(64, 'Pool type (`pool.type`); `USER_DEFINED` is a dedicated pool.'),
          name: text(128, 'Pool name (`pool.name`).'),
          ownerProjectId: text(64, 'Project that owns the pool (`pool.owner.project_id`).'),
        },
        { ...closed, description: 'Pool details; `queue` sets `pool.id`. Requires `environmentApi: demanager`.' },
      ),
    ),
    volume: Type.Optional(
      Type.Object(
        {
          ownership: Type.Optional(
            choice(['MANAGED', 'DEDICATED'], { description: 'Volume ownership (`volume.ownership`).' }),
          ),
          id: text(128, 'File system id (`volume.id`) for EFS and SFS; `storage.source` is its path.'),
          dewSecretName: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z0-9_-]{1,64}$',
              description: 'DEW secret with the bucket keys (`volume.dew_secret_name`), for OBS.',
            }),
          ),
        },
        { ...closed, description: 'Volume details. Requires `environmentApi: notebooks`.' },
      ),
    ),
    endpoints: Type.Optional(
      Type.Array(
        Type.Object(
          {
            service: choice(['NOTEBOOK', 'SSH'], { description: 'Access service.' }),
            keyPairNames: Type.Optional(
              Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
                maxItems: 10,
                description: 'Names of SSH key pairs.',
              }),
            ),
            allowedAccessIps: Type.Optional(
              Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
                maxItems: 5,
                description: 'IP addresses allowed to connect.',
              }),
            ),
          },
          { ...closed, description: 'Settings of an access interface.' },
        ),
        {
          maxItems: 2,
          description:
            'Settings of the access interfaces listed in `interfaces`. Requires `environmentApi: notebooks`.',
        },
      ),
    ),
  },
  closed,
)

/** Options that only one of the two APIs supports. */
export const foreignOptions = {
  demanager: ['volume', 'endpoints'],
  notebooks: ['aiProjectId', 'annotations', 'autoStopPrompt', 'extendStorage', 'pool'],
} as const

export const jobOptions = Type.Object(
  {
    workspaceId,
    annotations,
    algorithm: Type.Optional(
      Type.Object(
        {
          id: text(64, 'Id of an algorithm of the project.'),
          subscriptionId: text(64, 'Id of a subscribed algorithm. Requires `itemVersionId`.'),
          itemVersionId: text(64, 'Version.'),
          codeDir: text(1024, 'OBS directory with the code. Requires `bootFile`.'),
          bootFile: text(1024, 'File in `codeDir` to start.'),
          localCodeDir: text(1024, 'Directory below `/home` in the container where the code is placed.'),
        },
        {
          ...closed,
          description: 'Algorithm: one of `id`, `subscriptionId` with `itemVersionId`, or `codeDir` with `bootFile`.',
        },
      ),
    ),
    engine: Type.Optional(
      Type.Object(
        {
          id: text(128, 'Framework id.'),
          name: text(128, 'Framework name. Requires `version`.'),
          version: text(128, 'Version.'),
        },
        { ...closed, description: 'Preset framework to run the code in. Use `image` for a container image.' },
      ),
    ),
    parameters: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 256, description: 'Parameter name.' }),
            value: Type.String({ maxLength: 4096, description: 'Parameter value.' }),
          },
          { ...closed, description: 'Parameter of the algorithm.' },
        ),
        { maxItems: 100, description: 'Parameters passed to the algorithm.' },
      ),
    ),
    logPath: text(1024, 'OBS directory for exported logs.'),
  },
  closed,
)

/** The vendor's options of a request, read field by field like a response. */
export function optionsOf(spec: JobSpec | EnvironmentSpec): JsonObject {
  return (spec.providerOptions?.modelarts ?? {}) as JsonObject
}
