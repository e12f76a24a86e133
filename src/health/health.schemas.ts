import { type TSchema, Type } from '@sinclair/typebox'
import { idSchema } from '../vocabulary/ids.ts'
import { failureCodes } from './call-codes.ts'
import { windowSeconds } from './provider-health.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const milliseconds = (description: string) => Type.Number({ minimum: 0, description })
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

const CallLatency = Type.Object(
  {
    meanMs: milliseconds('Mean duration in milliseconds.'),
    p50Ms: milliseconds(
      'Median duration in milliseconds, interpolated between the bounds of a histogram, as the others.',
    ),
    p95Ms: milliseconds('95th percentile in milliseconds.'),
    p99Ms: milliseconds('99th percentile in milliseconds. At most 120000: longer calls count as that.'),
  },
  { $id: 'CallLatency', description: 'Duration of calls, whatever their outcome.' },
)

const CallCodeCount = Type.Object(
  {
    code: Type.String({ description: 'Error code. Extensible; expect new values.' }),
    calls: count('Calls that ended with it.'),
  },
  { $id: 'CallCodeCount', description: 'Number of calls with an error code.' },
)

const statistics = {
  total: count('All calls.'),
  failed: count(
    `Calls that failed because of the provider, the connection or the network: ${failureCodes.map((code) => `\`${code}\``).join(', ')}.`,
  ),
  rejected: count('Calls whose request the provider rejected, with any other error code.'),
  errorRate: Type.Number({ minimum: 0, maximum: 1, description: 'Share of failed calls, 0 to 1; 0 without calls.' }),
  errors: Type.Array(Type.Ref('CallCodeCount'), { description: 'Calls by error code, most frequent first.' }),
  latency: Type.Optional(Type.Ref('CallLatency')),
}

const CallStatistics = Type.Object(statistics, {
  $id: 'CallStatistics',
  description: 'Calls to the provider in the window, by all processes.',
})

const OperationStatistics = Type.Object(
  {
    operation: Type.String({
      description: 'Operation of the driver, such as `create` or `list`. Extensible; expect new values.',
    }),
    ...statistics,
  },
  { $id: 'OperationStatistics', description: 'Calls of one operation in the window.' },
)

const failure = {
  at: Type.String({ format: 'date-time', description: 'When the call ended.' }),
  operation: Type.String({ description: 'Operation of the driver.' }),
  code: Type.String({ description: 'Error code. Extensible; expect new values.' }),
  httpStatus: Type.Optional(Type.Integer({ description: 'HTTP status of the response, if there was one.' })),
  providerCode: Type.Optional(Type.String({ description: "The provider's error code." })),
  message: Type.Optional(
    Type.String({
      description:
        'Error message without secrets. Absent if the provider rejected a call about one workload other than its create or update; the record of the workload has it.',
    }),
  ),
}

const CallFailure = Type.Object(
  { connectionId: idSchema('connection', 'Connection of the call.'), ...failure },
  { $id: 'CallFailure', description: 'The last failed call, also if it was before the window.' },
)

const WorkloadCounts = Type.Object(
  {
    live: count('Jobs and environments that have not ended.'),
    parked: count('Jobs and environments that wait for an operator; see resolve.'),
    outcomeUnknown: count(
      'Jobs and environments whose create has an unknown outcome, parked ones included. Unlike jobs with the status `unknown`, they have not ended.',
    ),
  },
  { $id: 'WorkloadCounts', description: 'Jobs and environments by what they wait for.' },
)

const ConnectionCounts = Type.Object(
  {
    total: count('Connections of the project.'),
    held: count('Connections whose calls are suspended by `held`.'),
    paused: count('Connections that are paused after errors.'),
  },
  { $id: 'ConnectionCounts', description: 'Connections of the project to the provider.' },
)

const state = {
  calls: Type.Ref('CallStatistics'),
  workloads: Type.Ref('WorkloadCounts'),
  lastSucceededAt: time('When a call last succeeded, also if it was before the window.'),
  lastFailure: Type.Optional(Type.Ref('CallFailure')),
  scanLagSeconds: Type.Number({
    minimum: 0,
    description: 'How late scans of the provider lists are: time since the oldest one was due, in seconds.',
  }),
  lastScannedAt: time('When a provider list was last read completely.'),
}

const measured = {
  measuredAt: Type.String({ format: 'date-time', description: 'Time of the measurement, by the database clock.' }),
  windowSeconds: Type.Integer({
    description: `Length of the window in seconds (${windowSeconds}). It ends with the current minute.`,
  }),
}

const pauseReason = Type.Optional(Type.String({ description: 'Reason of the pause. Extensible; expect new values.' }))

const ProviderHealth = Type.Object(
  {
    provider: Type.String({ description: 'Provider id.' }),
    connections: Type.Ref('ConnectionCounts'),
    pausedUntil: time('End of the pause that ends last; absent if no connection is paused.'),
    pauseReason,
    ...state,
  },
  { $id: 'ProviderHealth', description: "Health of the project's connections to a provider." },
)

const ProviderHealthList = Type.Object(
  {
    data: Type.Array(Type.Ref('ProviderHealth'), {
      description: 'Providers that the project has connections to, by id.',
    }),
    ...measured,
  },
  { $id: 'ProviderHealthList', description: 'Health by provider.' },
)

const ConnectionHealth = Type.Object(
  {
    connectionId: idSchema('connection', 'Connection id.'),
    provider: Type.String({ description: 'Provider id.' }),
    held: Type.Boolean({ description: 'Whether an operator suspended all calls over the connection.' }),
    pausedUntil: time('Paused until; absent if the connection is not paused.'),
    pauseReason,
    ...state,
    operations: Type.Array(Type.Ref('OperationStatistics'), { description: 'Calls by operation.' }),
    ...measured,
  },
  { $id: 'ConnectionHealth', description: 'Health of a connection.' },
)

export const healthSchemas: readonly TSchema[] = [
  ...[CallLatency, CallCodeCount, CallStatistics, OperationStatistics, CallFailure, WorkloadCounts, ConnectionCounts],
  ...[ProviderHealth, ProviderHealthList, ConnectionHealth],
]
