import { Type } from '@sinclair/typebox'
import { type Kind, kinds } from '../vocabulary/kinds.ts'

const event = {
  id: Type.String({ description: 'Event id.' }),
  seq: Type.Integer({ description: 'Gapless sequence number within the record.' }),
  type: Type.String({
    description: 'Event type, such as `job.running` or `environment.updated`. Extensible; expect new values.',
  }),
  at: Type.String({ format: 'date-time', description: 'Occurred at.' }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'Resulting status and reason.' }),
}

export const EventSchema = Type.Object(event, { $id: 'Event', description: 'State change of a job or environment.' })

export const ProjectEventSchema = Type.Object(
  {
    ...event,
    kind: Type.Unsafe<Kind>({ type: 'string', enum: [...kinds], 'x-closed': true, description: 'Kind of the record.' }),
    recordId: Type.String({ description: 'Id of the job or environment that changed.' }),
  },
  { $id: 'ProjectEvent', description: 'State change of a job or environment of the project.' },
)

export const ProjectEventPage = Type.Object(
  {
    data: Type.Array(Type.Ref('ProjectEvent'), { description: 'Events of the page.' }),
    nextCursor: Type.Optional(
      Type.String({ description: 'Cursor of the next page; absent if there are no further events yet.' }),
    ),
    endCursor: Type.String({
      description: 'Cursor for polling: send it later to get the events since this page.',
    }),
  },
  { $id: 'ProjectEventPage', description: 'Events of the project, oldest first.' },
)
