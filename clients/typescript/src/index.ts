export type { CallOptions, ChangeOptions, CreateOptions, HttpClient, PreviewOptions } from './api.ts'
export {
  ConnectionError,
  type ErrorCode,
  isSwitchyardError,
  type Problem,
  SwitchyardError,
  TimeoutError,
  UnexpectedStatusError,
} from './errors.ts'
export type { StreamOptions } from './event-streams.ts'
export type { LogText } from './followed-logs.ts'
export type { components, paths } from './generated/api.ts'
export type { List, Page } from './paging.ts'
export type { ApiKeys, Audit, Projects } from './resources/access.ts'
export type { Connections } from './resources/connections.ts'
export type { Environments, EnvironmentWaitOptions, PendingEnvironment } from './resources/environments.ts'
export type { Events, ProjectStreamOptions } from './resources/events.ts'
export type { FollowOptions, Jobs, JobWaitOptions, RecordStreamOptions, SubmitOptions } from './resources/jobs.ts'
export type { Attention, CreationHolds } from './resources/operator.ts'
export type { Providers } from './resources/providers.ts'
export type { WebhookEndpoints } from './resources/webhook-endpoints.ts'
export type { SwitchyardOptions } from './settings.ts'
export { finishedJobStatuses, isFinished, isSettled, settledEnvironmentStatuses } from './statuses.ts'
export { Switchyard } from './switchyard.ts'
export type * from './types.ts'
export type { Pending, WaitOptions } from './waiting.ts'
export { verifyWebhook, type WebhookEvent, type WebhookEventData, WebhookVerificationError } from './webhooks.ts'
