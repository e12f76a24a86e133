import { Type } from '@sinclair/typebox'
import { type Kind, kinds } from '../vocabulary/kinds.ts'

const event = {
  id: Type.String(),
  seq: Type.Integer({ description: 'Counts the events of one record, without gaps.' }),
  type: Type.String({ description: '`job.running`, `environment.updated`, … An open list.' }),
  at: Type.String({ format: 'date-time' }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'The status after it, and why.' }),
}

export const EventSchema = Type.Object(event, { $id: 'Event', description: 'One change of one record.' })

export const ProjectEventSchema = Type.Object(
  {
    ...event,
    kind: Type.Unsafe<Kind>({ type: 'string', enum: [...kinds] }),
    recordId: Type.String({ description: 'The job or environment that changed.' }),
  },
  { $id: 'ProjectEvent', description: 'One change of one record of the project.' },
)

export const ProjectEventPage = Type.Object(
  {
    data: Type.Array(Type.Ref('ProjectEvent')),
    nextCursor: Type.Optional(Type.String({ description: 'There is more already: send it as `cursor`.' })),
    endCursor: Type.String({
      description: 'Where this page ended: sent as `cursor` later on, it answers what has happened since.',
    }),
  },
  { $id: 'ProjectEventPage', description: 'What happened in the project, in order.' },
)
