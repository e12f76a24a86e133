/**
 * Reasons for the status of a workload. Statuses are a closed list; reasons are an open one (clients must expect new
 * values), so a reason is a plain string in the API. These are the reasons of this version.
 */
export const reasons = {
  // waiting, not sent yet
  held: 'On hold: suspended by an operator or by a pause.',
  environment_not_ready: 'Waiting for the environment to run.',
  environment_busy: 'Waiting: the environment runs one job at a time.',
  provider_unavailable: 'The provider did not respond or returned a server error. Retried automatically.',
  egress_denied:
    "The provider's host does not exist, or the operator of this installation does not allow calls to it. Retried automatically.",
  rate_limited: 'The provider limits the request rate. Retried automatically.',
  quota_exceeded: 'The quota of the account or the capacity of the provider is exhausted. Retried automatically.',
  credentials_rejected:
    'The provider rejected the credentials of the connection. Retried automatically once they are corrected.',
  outcome_unknown: 'A create was sent and its outcome is unknown. Switchyard searches for the object.',
  // at the provider
  suspended: 'Suspended by the provider.',
  requeued: 'Requeued by the provider.',
  updating: 'The provider is applying a change.',
  datasets_required: 'Datasets not bound.',
  start_required: 'Must be started before it can be used.',
  disabled: 'Disabled at the provider.',
  unrecognized_remote_state: 'The provider reports a state that this version does not know. See `remote.state`.',
  remote_not_found: 'Not found at the provider; confirming.',
  // ended
  environment_failed: 'The environment failed or was deleted before the job was sent.',
  provider_refused: 'Rejected by the provider. See `error`.',
  nonzero_exit: 'Nonzero exit code.',
  out_of_memory: 'Out of memory.',
  node_failure: 'Node failure.',
  preempted: 'Preempted: the provider reclaimed the resources.',
  launch_failed: 'The provider could not start it.',
  time_limit: 'Exceeded `timeLimitSeconds`.',
  auto_stopped: 'Stopped by the `autoStop` policy.',
  canceled_remotely: 'Canceled at the provider, not through Switchyard.',
  stopped_remotely: 'Stopped at the provider, not through Switchyard.',
  deleted_remotely: 'Deleted at the provider, not through Switchyard.',
  outcome_not_reported: 'Finished with unreported outcome.',
  remote_record_lost: 'The provider no longer has a record of it; the outcome is unknown.',
  partially_succeeded: 'Some of the tasks succeeded.',
  internal_error: 'Repeated internal errors; operator action required.',
} as const

export type Reason = keyof typeof reasons
