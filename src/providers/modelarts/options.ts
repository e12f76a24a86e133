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
    description: "Workspace; the connection's where absent. Lists of the connection do not show another workspace.",
  }),
)

const annotations = Type.Optional(
  Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String({ maxLength: 1024 }), {
    maxProperties: 32,
    description: "The vendor's map of labels and switches.",
  }),
)

/** One object for both APIs of environments: which of them a connection uses is not known where requests are described. */
export const environmentOptions = Type.Object(
  {
    workspaceId,
    aiProjectId: text(64, 'ai_project.id, reserved by the vendor. Only `demanager`.'),
    annotations,
    autoStopPrompt: Type.Optional(
      Type.Boolean({
        description:
          "spec.auto_stop.prompt: whether the vendor's console asks again before it stops. Only `demanager`.",
      }),
    ),
    extendStorage: Type.Optional(
      Type.Array(
        Type.Object({ type: Type.String({ maxLength: 32 }), path: Type.String({ maxLength: 2048 }) }, closed),
        {
          maxItems: 8,
          description: 'spec.extend_storage: only `obsfs`, and in some dedicated pools. Only `demanager`.',
        },
      ),
    ),
    pool: Type.Optional(
      Type.Object(
        {
          type: text(64, 'pool.type: USER_DEFINED is a dedicated pool.'),
          name: text(128, 'pool.name'),
          ownerProjectId: text(64, 'pool.owner.project_id'),
        },
        { ...closed, description: 'Beside pool.id, which is `queue`. Only `demanager`.' },
      ),
    ),
    volume: Type.Optional(
      Type.Object(
        {
          ownership: Type.Optional(choice(['MANAGED', 'DEDICATED'])),
          id: text(128, 'volume.id: the file system behind `storage.source`, for EFS and SFS.'),
          dewSecretName: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z0-9_-]{1,64}$',
              description: 'volume.dew_secret_name: the DEW secret that holds the keys to the bucket, for OBS.',
            }),
          ),
        },
        { ...closed, description: 'Only `notebooks`.' },
      ),
    ),
    endpoints: Type.Optional(
      Type.Array(
        Type.Object(
          {
            service: choice(['NOTEBOOK', 'SSH']),
            keyPairNames: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 10 })),
            allowedAccessIps: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 5 })),
          },
          closed,
        ),
        { maxItems: 2, description: 'Details of the ways in that `interfaces` names. Only `notebooks`.' },
      ),
    ),
  },
  closed,
)

/** Options that only one of the two APIs takes. */
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
          id: text(64, 'An algorithm of the project.'),
          subscriptionId: text(64, 'A subscribed algorithm; with itemVersionId.'),
          itemVersionId: text(64, 'Its version.'),
          codeDir: text(1024, 'An OBS directory with code; with bootFile.'),
          bootFile: text(1024, 'The file in it that is started.'),
          localCodeDir: text(1024, 'Where the code is put in the container, below /home.'),
        },
        { ...closed, description: 'One of id, subscriptionId with itemVersionId, codeDir with bootFile.' },
      ),
    ),
    engine: Type.Optional(
      Type.Object(
        {
          id: text(128, 'A preset framework, by id.'),
          name: text(128, 'A preset framework, by name; with version.'),
          version: text(128, 'Its version.'),
        },
        { ...closed, description: 'The framework that code runs in; `image` where it is an image.' },
      ),
    ),
    parameters: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 256 }), value: Type.String({ maxLength: 4096 }) },
          closed,
        ),
        { maxItems: 100, description: 'Running parameters of the algorithm.' },
      ),
    ),
    logPath: text(1024, 'The OBS directory that logs are exported to.'),
  },
  closed,
)

/** The vendor's options of a request; read field by field, as an answer is. */
export function optionsOf(spec: JobSpec | EnvironmentSpec): JsonObject {
  return (spec.providerOptions?.modelarts ?? {}) as JsonObject
}
