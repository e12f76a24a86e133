/** Everything that the audit log tells of. A test sees each of them written. */
export const auditActions = [
  'project.created',
  'project.updated',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'secrets.rotated',
  'connection.created',
  'connection.updated',
  'connection.verified',
  'connection.deleted',
  'job.submitted',
  'job.updated',
  'job.cancel_requested',
  'job.resolved',
  'environment.submitted',
  'environment.imported',
  'environment.updated',
  'environment.accessed',
  'environment.start_requested',
  'environment.stop_requested',
  'environment.delete_requested',
  'environment.resolved',
  'request.refused',
] as const

export type AuditAction = (typeof auditActions)[number]
