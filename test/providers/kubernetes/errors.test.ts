import { expect, it } from 'vitest'
import { failureOf, isRejectedCreate } from '../../../src/providers/kubernetes/errors.ts'

const denied =
  'jobs.batch is forbidden: User "system:serviceaccount:lab:sy" cannot create resource "jobs" in API group "batch" in the namespace "lab"'
const role = 'clusterrole.rbac.authorization.k8s.io'

function failure(message: string) {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason: 'Forbidden', code: 403 }
  const response = { status: 403, headers: {}, text: JSON.stringify(body) }
  const clock = { now: () => new Date(0) }
  return failureOf(response as never, { clock: clock as never, secrets: [], credential: 'token' })
}

it.each([
  ['missing permissions', denied, 'permission_denied'],
  [
    'missing permissions and a binding without its role',
    `${denied}: RBAC: ${role} "lab-admin" not found`,
    'permission_denied',
  ],
  [
    'roles that the server has not loaded yet',
    `${denied}: RBAC: [${role} "system:discovery" not found, ${role} "system:basic-user" not found]`,
    'unavailable',
  ],
])('maps a denial because of %s to its code', (_, message, code) => {
  const error = failure(message)
  expect(error.code).toBe(code)
  expect(isRejectedCreate(error)).toBe(true)
})
