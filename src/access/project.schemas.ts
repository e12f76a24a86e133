import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { type Scope, scopes } from '../vocabulary/scopes.ts'

const maxInt = 2_147_483_647
const atMost = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: maxInt, description }))
const time = (description: string) => Type.String({ format: 'date-time', description })

const QuotaSchema = Type.Object(
  {
    activeWorkloads: atMost('Maximum number of active jobs and environments.'),
    accelerators: atMost(
      'Maximum number of accelerators requested by active jobs and environments in `resources.accelerator`. Accelerators of flavors, queues or whole nodes are not counted.',
    ),
    connections: atMost('Maximum number of connections.'),
  },
  { $id: 'Quota', additionalProperties: false, description: 'Concurrent limits of a project; no limit if absent.' },
)
const name = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
  description: 'Name.',
})
const scopeList = Type.Array(
  Type.Unsafe<Scope>({ type: 'string', title: 'Scope', enum: [...scopes], description: 'Scope of a key.' }),
  {
    minItems: 1,
    maxItems: scopes.length,
    uniqueItems: true,
    description: 'Scopes of the key. `admin` includes all scopes in all projects.',
  },
)
const expiresAt = (absent: string) => Type.Optional(time(`Expires at. Defaults to ${absent}.`))

const ProjectRequest = Type.Object(
  { name, quota: Type.Optional(Type.Ref('Quota')) },
  { $id: 'ProjectRequest', additionalProperties: false, description: 'Project to create.' },
)
const ProjectPatch = Type.Object(
  { name: Type.Optional(name), quota: Type.Optional(Type.Ref('Quota')) },
  {
    $id: 'ProjectPatch',
    additionalProperties: false,
    minProperties: 1,
    description: 'Changes to a project. The quota is replaced as a whole.',
  },
)
const ProjectSchema = Type.Object(
  {
    id: idSchema('project', 'Project id.'),
    name: Type.String({ description: 'Project name.' }),
    quota: Type.Ref('Quota'),
    createdAt: time('Created at.'),
  },
  { $id: 'Project', description: 'Isolated tenant.' },
)

const keyFields = {
  id: idSchema('apiKey', 'Key id (not the secret).'),
  projectId: idSchema('project', 'Project of the key.'),
  name: Type.String({ description: 'Key name.' }),
  scopes: Type.Array(Type.String(), { description: 'Scopes of the key.' }),
  createdAt: time('Created at.'),
  expiresAt: Type.Optional(time('Expires at.')),
  revokedAt: Type.Optional(time('Revoked at.')),
  lastUsedAt: Type.Optional(time('Last used at, with minute precision.')),
}
const ApiKeySchema = Type.Object(keyFields, { $id: 'ApiKey', description: 'API key without the secret.' })
const ApiKeyWithSecret = Type.Object(
  { ...keyFields, key: Type.String({ description: 'Secret key; shown only once, stored as a hash.' }) },
  { $id: 'ApiKeyWithSecret', description: 'API key with its secret, returned on creation and rotation.' },
)
const ApiKeyRequest = Type.Object(
  {
    name,
    projectId: Type.Optional(idSchema('project', 'Project of the key. Defaults to the project of the caller.')),
    scopes: scopeList,
    expiresAt: expiresAt('no expiry'),
  },
  { $id: 'ApiKeyRequest', additionalProperties: false, description: 'API key to create.' },
)
const ApiKeyRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        default: 86_400,
        description: 'How long the old key stays valid, in seconds.',
      }),
    ),
    expiresAt: expiresAt('the lifetime of the old key'),
  },
  { $id: 'ApiKeyRotation', additionalProperties: false, description: 'Rotation of an API key.' },
)

const AuditEntrySchema = Type.Object(
  {
    id: idSchema('audit', 'Entry id.'),
    at: time('Timestamp.'),
    projectId: Type.String({ description: 'Project id.' }),
    subject: Type.String({
      description: 'Actor: API key id, `oidc:<subject>`, `shell:<user>`, `bootstrap`, or `system` for Switchyard.',
    }),
    address: Type.String({ description: 'Source address.' }),
    requestId: Type.String({ description: 'Id of the request.' }),
    action: Type.String({ description: 'Action.', examples: ['job.submitted'] }),
    objectId: Type.Optional(Type.String({ description: 'Id of the object, if there is one.' })),
    outcome: Type.String({
      enum: ['done', 'refused'],
      description: '`done`, or `refused` if the request was denied.',
    }),
    data: Type.Record(Type.String(), Type.Unknown(), { description: 'Details of the action.' }),
  },
  { $id: 'AuditEntry', description: 'Audit log entry; append-only.' },
)

export const projectSchemas = [
  QuotaSchema,
  ProjectRequest,
  ProjectPatch,
  ProjectSchema,
  pageOf('Project', 'ProjectPage', 'Page of projects, oldest first.'),
  ApiKeySchema,
  ApiKeyWithSecret,
  ApiKeyRequest,
  ApiKeyRotation,
  pageOf('ApiKey', 'ApiKeyPage', 'Page of API keys, oldest first.'),
  AuditEntrySchema,
  pageOf('AuditEntry', 'AuditPage', 'Page of audit log entries, newest first.'),
]

const page = { limit: Type.Optional(limitQuery), cursor: Type.Optional(cursorQuery) }
const closed = { additionalProperties: false }
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }))

export const pageQuery = Type.Object(page, closed)
export const keyQuery = Type.Object(
  { ...page, projectId: Type.Optional(idSchema('project', 'Filter by project.')) },
  closed,
)
const auditFilters = {
  projectId: Type.Optional(idSchema('project', 'Filter by project.')),
  subject: text('Filter by actor.'),
  objectId: text('Filter by object id.'),
  action: text('Filter by action.'),
}
export const auditQuery = Type.Object({ ...page, ...auditFilters }, closed)
export const auditExportQuery = Type.Object(
  {
    ...auditFilters,
    after: Type.Optional(idSchema('audit', 'Id of the last entry received; the export starts after it.')),
  },
  closed,
)
