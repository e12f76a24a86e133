import { Type } from '@sinclair/typebox'
import { cursorQuery, limitQuery, pageOf } from '../http/schemas.ts'
import { WorkloadErrorSchema } from '../records/record.schemas.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import { maxResolutions } from '../workloads/actions/resolve-attention.ts'
import { type AttentionState, attentionStates } from '../workloads/store/attention.repository.ts'

const time = (description: string) => Type.String({ format: 'date-time', description })
const text = (description: string) => Type.String({ description })
const word = (description: string) => Type.String({ pattern: '^[a-z][a-z0-9_]*$', description })
const kind = (description: string) => Type.Unsafe<Kind>({ type: 'string', enum: [...kinds], description })
const states = Type.Unsafe<AttentionState>({ type: 'string', enum: [...attentionStates] })

/** Id of a job or an environment. */
export const workloadId = Type.String({
  pattern: '^(job|env)_[0-7][0-9a-hjkmnp-tv-z]{25}$',
  description: 'Id of the job or the environment.',
  examples: ['job_01h455vb4pex5vsknk084sn02q'],
})

const filters = {
  provider: Type.Optional(Type.String({ minLength: 1, maxLength: 32, description: 'Filter by provider id.' })),
  connectionId: Type.Optional(idSchema('connection', 'Filter by connection.')),
  projectId: Type.Optional(idSchema('project', 'Filter by project.')),
  kind: Type.Optional(kind('Filter by kind.')),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Filter by `code`.' })),
  sinceBefore: Type.Optional(time('Only those whose `since` is before this time.')),
}
const stateList = Type.Array(states, {
  minItems: 1,
  maxItems: attentionStates.length,
  description: 'Filter by state; `parked` and `unknown` if absent.',
})

export const attentionQuery = Type.Object(
  {
    state: Type.Optional({
      ...stateList,
      description: 'Filter by state (repeatable); `parked` and `unknown` if absent.',
    }),
    ...filters,
    limit: Type.Optional(limitQuery),
    cursor: Type.Optional(cursorQuery),
  },
  { additionalProperties: false },
)

const ResolveCall = Type.Object(
  {
    description: text('What the request says.'),
    method: text('HTTP method.'),
    path: text('Path.'),
    body: Type.Record(Type.String(), Type.String(), {
      description: 'Request body. `<remote id>` stands for the id of the object at the provider.',
    }),
    command: text('The same as a command line.'),
    possibleFrom: Type.Optional(time('The request is rejected before this time.')),
  },
  { $id: 'ResolveCall', description: 'Request that resolves a workload.' },
)

const LastAttempt = Type.Object(
  {
    number: Type.Integer({ description: 'Number of the attempt, starting at 1.' }),
    startedAt: time('Started at.'),
    endedAt: Type.Optional(time('Completed at.')),
    outcome: Type.Optional(word('Outcome, as in `Attempt`.')),
    remoteId: Type.Optional(text('Id of the created object at the provider.')),
    error: Type.Optional(WorkloadErrorSchema),
  },
  { $id: 'LastAttempt', description: 'Latest creation attempt.' },
)

const ProviderCall = Type.Object(
  {
    operation: word('`create`, `read` or `action`.'),
    at: time('Timestamp.'),
    error: Type.Optional(WorkloadErrorSchema),
  },
  { $id: 'LastProviderCall', description: 'Latest recorded call to the provider.' },
)

const AttentionItem = Type.Object(
  {
    id: workloadId,
    kind: kind('Kind.'),
    projectId: text('Project id.'),
    provider: text('Provider id.'),
    connectionId: text('Connection id.'),
    name: text('Name.'),
    state: word(
      '`parked`: waits for an operator. `unknown`: a job that ended with an unknown outcome. `recovering`: still searched for or retried.',
    ),
    status: word('Status.'),
    statusReason: Type.Optional(word('Reason of the status.')),
    statusMessage: Type.Optional(text('Message for people.')),
    code: Type.Optional(word('Error code of the last failed call, or else the reason.')),
    since: time('Since when it has its status.'),
    createdAt: time('Created at.'),
    correlationTag: text('Correlation tag on the remote object.'),
    remoteId: Type.Optional(text('Id at the provider.')),
    remoteState: Type.Optional(text('Raw provider state.')),
    error: Type.Optional(WorkloadErrorSchema),
    lastProviderCall: Type.Optional(Type.Ref('LastProviderCall')),
    attempts: Type.Integer({ description: 'Number of creation attempts.' }),
    lastAttempt: Type.Optional(Type.Ref('LastAttempt')),
    calls: Type.Array(Type.Ref('ResolveCall'), { description: 'The requests that can resolve it.' }),
  },
  { $id: 'AttentionItem', description: 'Job or environment that an operator may have to decide about.' },
)

const Candidate = Type.Object(
  {
    remoteId: text('Id at the provider.'),
    remoteName: Type.Optional(text('Name at the provider.')),
    state: text('Raw provider state.'),
    hasTag: Type.Boolean({ description: 'Whether it has the correlation tag.' }),
    isOwned: Type.Boolean({ description: 'Whether another record holds or held it.' }),
  },
  { $id: 'Candidate', description: 'Object at the provider that the create may have made.' },
)

const CandidateReport = Type.Object(
  {
    id: workloadId,
    correlationTag: text('Correlation tag that was searched for.'),
    isComplete: Type.Boolean({ description: 'Whether the search read everything.' }),
    message: Type.Optional(text('Why the search is not conclusive.')),
    candidates: Type.Array(Type.Ref('Candidate'), { description: 'Objects found, at most 100.' }),
    calls: Type.Array(Type.Ref('ResolveCall'), { description: 'The requests that can resolve it.' }),
  },
  { $id: 'CandidateReport', description: 'Result of a search at the provider.' },
)

const outcomes = {
  status: Type.Optional(
    Type.Unsafe<string>({
      type: 'string',
      enum: ['succeeded', 'failed', 'canceled'],
      description: 'Final status of a job with an unknown outcome.',
    }),
  ),
  outcome: Type.Optional(
    Type.Unsafe<string>({
      type: 'string',
      enum: ['not_created', 'retry'],
      description:
        '`not_created`: nothing was created; the create is sent again. `retry`: process a parked workload again.',
    }),
  ),
}
const exactlyOne = { additionalProperties: false, minProperties: 1, maxProperties: 1 }

const WorkloadResolution = Type.Object(
  {
    remoteId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Id of the object that was created.' }),
    ),
    ...outcomes,
  },
  { $id: 'WorkloadResolution', ...exactlyOne, description: 'Operator resolution: exactly one property.' },
)

const SharedResolution = Type.Object(outcomes, {
  $id: 'SharedResolution',
  ...exactlyOne,
  description: 'Operator resolution of many workloads: exactly one property.',
})

const AttentionFilter = Type.Object(
  { state: Type.Optional(stateList), ...filters },
  {
    $id: 'AttentionFilter',
    additionalProperties: false,
    minProperties: 1,
    description: 'Filters of GET /attention; all must match. At least one is required.',
  },
)

const AttentionResolveRequest = Type.Object(
  {
    filter: Type.Ref('AttentionFilter'),
    resolution: Type.Ref('SharedResolution'),
    dryRun: Type.Optional(
      Type.Boolean({ description: '`true`: returns what would be resolved and changes nothing. `false` if absent.' }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxResolutions,
        description: `Maximum number of workloads in this request; ${maxResolutions} if absent.`,
      }),
    ),
    cursor: Type.Optional({ ...cursorQuery, description: '`nextCursor` from the previous request.' }),
  },
  { $id: 'AttentionResolveRequest', additionalProperties: false, description: 'Workloads to resolve.' },
)

const ResolvedItem = Type.Object(
  {
    id: workloadId,
    kind: kind('Kind.'),
    projectId: text('Project id.'),
    provider: text('Provider id.'),
    state: word('State before.'),
    result: word(
      '`resolved`; `resolvable` in a dry run; `not_applicable`: the resolution does not fit, or it changed meanwhile; `too_early`: the create may still be executed; `failed`: internal error, repeat the request.',
    ),
    detail: Type.Optional(text('Why it was not resolved.')),
  },
  { $id: 'ResolvedItem', description: 'Result for one workload.' },
)

const AttentionResolveResult = Type.Object(
  {
    dryRun: Type.Boolean({ description: 'Whether this was a dry run.' }),
    matched: Type.Integer({ description: 'Number of workloads in this request that match the filter.' }),
    resolved: Type.Integer({ description: 'Number of workloads that were resolved or, in a dry run, would be.' }),
    items: Type.Array(Type.Ref('ResolvedItem'), { description: 'Result of each workload.' }),
    nextCursor: Type.Optional(
      Type.String({ description: 'Cursor to continue with the same filter; absent if no workload is left.' }),
    ),
  },
  { $id: 'AttentionResolveResult', description: 'Result of a bulk resolve.' },
)

const ResolvedWorkload = Type.Object(
  {
    id: workloadId,
    kind: kind('Kind.'),
    projectId: text('Project id.'),
    status: word('Status.'),
    statusReason: Type.Optional(word('Reason of the status.')),
    version: Type.Integer({ description: 'Version of the record.' }),
  },
  { $id: 'ResolvedWorkload', description: 'Workload after its resolution.' },
)

export const attentionSchemas = [
  ...[ResolveCall, LastAttempt, ProviderCall, AttentionItem, Candidate, CandidateReport],
  pageOf('AttentionItem', 'AttentionPage', 'Page of workloads, longest waiting first.'),
  ...[WorkloadResolution, SharedResolution, AttentionFilter, AttentionResolveRequest],
  ...[ResolvedItem, AttentionResolveResult, ResolvedWorkload],
]
