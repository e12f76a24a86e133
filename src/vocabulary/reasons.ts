/**
 * Why a workload is where it is. A status is a closed list; a reason is an open one (clients must expect new words),
 * so the type of a reason in the API is a plain string. This list is what this version says.
 */
export const reasons = {
  // waiting, not sent yet
  held: 'An operator or a pause holds it.',
  environment_not_ready: 'The job waits for its environment.',
  environment_busy: 'The environment takes one job at a time.',
  provider_unavailable: 'The provider did not answer or answered with a fault; it is tried again by itself.',
  egress_denied:
    "The provider's host does not exist, or the operator of this installation does not allow calls to it; retried automatically.",
  rate_limited: 'The provider asked to slow down; it is tried again by itself.',
  quota_exceeded: "The account's quota or the provider's capacity is used up; it is tried again by itself.",
  credentials_rejected: "The provider rejected the connection's credentials. Correct them; it goes on by itself.",
  outcome_unknown: 'A create was sent and its outcome is not known yet; it is being looked for.',
  // at the provider
  suspended: 'The provider suspended it.',
  requeued: 'The provider put it back into its queue.',
  updating: 'The provider is changing it.',
  datasets_required: 'It needs its datasets bound.',
  start_required: 'The provider waits until it is started.',
  disabled: 'The provider disabled it.',
  unrecognized_remote_state:
    'The provider reports a state that this version does not know; the raw word is in `remote.state`.',
  remote_not_found: 'The provider does not show it any more; being confirmed.',
  // ended
  environment_failed: 'The environment failed or was deleted before the job could be sent.',
  provider_refused: 'The provider refused the request; `error` has its words.',
  nonzero_exit: 'The program ended with an exit code other than 0.',
  out_of_memory: 'It was ended for using too much memory.',
  node_failure: 'The node it ran on failed.',
  preempted: 'The provider took its resources for other work.',
  launch_failed: 'The provider could not start it.',
  time_limit: 'It ran longer than `timeLimitSeconds`.',
  auto_stopped: 'It was stopped by its `autoStop` rule.',
  canceled_remotely: 'It was canceled at the provider, not through Switchyard.',
  stopped_remotely: 'It was stopped at the provider, not through Switchyard.',
  deleted_remotely: 'It was deleted at the provider, not through Switchyard.',
  outcome_not_reported: 'It ended and the provider does not say how.',
  remote_record_lost: "The provider's record of it is gone, so how it ended cannot be told.",
  partially_succeeded: 'A part of its tasks succeeded.',
  internal_error: 'Switchyard failed on it repeatedly; an operator has to look.',
} as const

export type Reason = keyof typeof reasons
