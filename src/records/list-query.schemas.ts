import { Type } from '@sinclair/typebox'
import { idSchema } from '../vocabulary/ids.ts'

const optionalTime = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

/** Filters of a list. */
export function workloadFilter(statuses: readonly string[]) {
  return {
    status: Type.Optional(
      Type.Array(Type.Unsafe<string>({ type: 'string', enum: statuses }), {
        maxItems: 20,
        description: 'Filter by status (repeatable).',
      }),
    ),
    label: Type.Optional(
      // A value may contain line breaks, which a dot does not match.
      Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}:[\\s\\S]{0,128}$' }), {
        maxItems: 8,
        description: 'Filter by label, `key:value` (repeatable; all must match).',
      }),
    ),
    provider: Type.Optional(Type.String({ maxLength: 32, description: 'Filter by provider id.' })),
    connectionId: Type.Optional(idSchema('connection', 'Filter by connection.')),
    remoteId: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'Filter by remote id.' })),
    active: Type.Optional(
      Type.Boolean({
        description:
          '`true`: only active records. `false`: only finished ones, including environments whose creation failed.',
      }),
    ),
    namePrefix: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Name prefix; sorts by name.' })),
    createdAfter: optionalTime('Only records created at or after this time.'),
    createdBefore: optionalTime('Only records created before this time.'),
    ids: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        minItems: 1,
        maxItems: 100,
        description: 'Filter by id (repeatable).',
      }),
    ),
  }
}

/** Query of a list. Query values are text; a repeated one is a list. */
export function workloadQuery(statuses: readonly string[]) {
  return {
    ...workloadFilter(statuses),
    order: Type.Optional(
      Type.Unsafe<'asc' | 'desc'>({
        type: 'string',
        enum: ['asc', 'desc'],
        default: 'desc',
        description: 'Sort order by creation time.',
      }),
    ),
    view: Type.Optional(
      Type.Unsafe<'basic' | 'full'>({
        type: 'string',
        enum: ['basic', 'full'],
        default: 'basic',
        description: '`full` includes large request fields such as `script` and `environmentVariables`.',
      }),
    ),
  }
}
