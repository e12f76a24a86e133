import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'

const time = (description: string) => Type.String({ format: 'date-time', description })

export const holdId = idSchema('creationHold', 'Id of the hold.')

const scope = {
  provider: Type.Optional(
    Type.String({ pattern: '^[a-z][a-z0-9]{1,31}$', description: 'Provider id; any provider if absent.' }),
  ),
  connectionId: Type.Optional(idSchema('connection', 'Connection; any connection if absent.')),
  projectId: Type.Optional(idSchema('project', 'Project; any project if absent.')),
}

const CreationHoldRequest = Type.Object(
  {
    ...scope,
    note: Type.Optional(
      Type.String({ maxLength: 500, default: '', description: 'Why, for operators. Not shown to clients.' }),
    ),
  },
  {
    $id: 'CreationHoldRequest',
    additionalProperties: false,
    minProperties: 1,
    description: 'Creates to hold: those that match all given fields, of which at least one is required.',
  },
)

const CreationHoldSchema = Type.Object(
  {
    id: holdId,
    ...scope,
    note: Type.String({ description: 'Why, for operators.' }),
    createdBy: Type.String({ description: 'Actor, as in the audit log.' }),
    createdAt: time('Created at.'),
    releasedAt: Type.Optional(time('Released at; absent while the hold is active.')),
  },
  { $id: 'CreationHold', description: 'Hold of new creates.' },
)

export const creationHoldSchemas = [
  CreationHoldRequest,
  CreationHoldSchema,
  pageOf('CreationHold', 'CreationHoldPage', 'Page of holds, oldest first.'),
]

export const creationHoldQuery = Type.Object(
  {
    active: Type.Optional(
      Type.Boolean({ description: '`true`: only active holds. `false`: only released ones. All if absent.' }),
    ),
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)
