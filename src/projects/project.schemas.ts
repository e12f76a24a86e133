import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { type Scope, scopes } from '../vocabulary/scopes.ts'

const mostInt = 2_147_483_647
const atMost = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: mostInt, description }))
const time = (description: string) => Type.String({ format: 'date-time', description })

const QuotaSchema = Type.Object(
  {
    activeWorkloads: atMost('Jobs and environments that have not ended.'),
    accelerators: atMost(
      'Accelerators that those ask for together, by `resources.accelerator`. What a flavor, a queue or a whole node has is not counted.',
    ),
    connections: atMost('Accounts at providers.'),
  },
  { $id: 'Quota', additionalProperties: false, description: 'What a project may have at a time; absent: no limit.' },
)
const name = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$' })
const scopeList = Type.Array(Type.Unsafe<Scope>({ type: 'string', enum: [...scopes] }), {
  minItems: 1,
  maxItems: scopes.length,
  uniqueItems: true,
  description: '`admin` includes every other scope, in every project.',
})
const expiresAt = (absent: string) => Type.Optional(time(`From then on it opens nothing. Absent: ${absent}.`))

const ProjectRequest = Type.Object(
  { name, quota: Type.Optional(Type.Ref('Quota')) },
  { $id: 'ProjectRequest', additionalProperties: false },
)
const ProjectPatch = Type.Object(
  { name: Type.Optional(name), quota: Type.Optional(Type.Ref('Quota')) },
  {
    $id: 'ProjectPatch',
    additionalProperties: false,
    minProperties: 1,
    description: 'A quota is replaced as a whole.',
  },
)
const ProjectSchema = Type.Object(
  {
    id: idSchema('project', 'The project.'),
    name: Type.String(),
    quota: Type.Ref('Quota'),
    createdAt: time('When it was made.'),
  },
  { $id: 'Project', description: 'Whom things belong to. What one project has, no other sees.' },
)

const keyFields = {
  id: idSchema('apiKey', 'The key, as it is named; it opens nothing.'),
  projectId: idSchema('project', 'The project it opens.'),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: time('When it was made.'),
  expiresAt: Type.Optional(time('From then on it opens nothing.')),
  revokedAt: Type.Optional(time('Since then it opens nothing.')),
  lastUsedAt: Type.Optional(time('To the minute.')),
}
const ApiKeySchema = Type.Object(keyFields, { $id: 'ApiKey', description: 'A key, without the key itself.' })
const ApiKeyWithSecret = Type.Object(
  { ...keyFields, key: Type.String({ description: 'The key itself: shown this once, and stored nowhere.' }) },
  { $id: 'ApiKeyWithSecret', description: 'A key that was just made.' },
)
const ApiKeyRequest = Type.Object(
  {
    name,
    projectId: Type.Optional(idSchema('project', "Absent: the caller's own.")),
    scopes: scopeList,
    expiresAt: expiresAt('until it is revoked'),
  },
  { $id: 'ApiKeyRequest', additionalProperties: false },
)
const ApiKeyRotation = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        default: 86_400,
        description: 'How long the old key still works.',
      }),
    ),
    expiresAt: expiresAt('it lasts as long as the old one did'),
  },
  { $id: 'ApiKeyRotation', additionalProperties: false },
)

const AuditEntrySchema = Type.Object(
  {
    id: idSchema('audit', 'The entry.'),
    at: time('When.'),
    projectId: Type.String(),
    subject: Type.String({
      description:
        "Who: an API key's id, `oidc:` and a token's subject, `shell:` and the user who ran a command, `bootstrap`, or `system`: Switchyard itself.",
    }),
    address: Type.String({ description: 'From where.' }),
    requestId: Type.String(),
    action: Type.String({ examples: ['job.submitted'] }),
    objectId: Type.Optional(Type.String({ description: 'Of what.' })),
    outcome: Type.String({ enum: ['done', 'refused'] }),
    data: Type.Object({}, { additionalProperties: true }),
  },
  { $id: 'AuditEntry', description: 'Who did what. Written with the change it tells of, and never changed.' },
)

export const projectSchemas = [
  QuotaSchema,
  ProjectRequest,
  ProjectPatch,
  ProjectSchema,
  pageOf('Project', 'ProjectPage', 'Projects, oldest first.'),
  ApiKeySchema,
  ApiKeyWithSecret,
  ApiKeyRequest,
  ApiKeyRotation,
  pageOf('ApiKey', 'ApiKeyPage', 'Keys, oldest first.'),
  AuditEntrySchema,
  pageOf('AuditEntry', 'AuditPage', 'What was done, newest first.'),
]

const page = { limit: Type.Optional(limitQuery), cursor: Type.Optional(cursorQuery) }
const closed = { additionalProperties: false }
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }))

export const pageQuery = Type.Object(page, closed)
export const keyQuery = Type.Object(
  { ...page, projectId: Type.Optional(idSchema('project', 'Keys of this project alone.')) },
  closed,
)
export const auditQuery = Type.Object(
  {
    ...page,
    projectId: Type.Optional(idSchema('project', 'In this project.')),
    subject: text('By whom.'),
    objectId: text('Of what.'),
    action: text('What was done.'),
  },
  closed,
)
