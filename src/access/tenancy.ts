import type { AuthHooksDeps } from '../http/auth-hooks.ts'
import type { PrismaClient } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { Statements } from '../infra/statements.ts'
import { makeApiKeysRepository } from './api-keys.repository.ts'
import { makeAuditRepository } from './audit.repository.ts'
import { makeAuditExportRepository } from './audit-export.repository.ts'
import { makeAuditExport } from './audit-export.ts'
import { makeAuthenticate } from './authenticate.ts'
import { makeOidcVerifier, type OidcSettings } from './oidc.ts'
import { makeProjectService } from './project-service.ts'
import { makeProjectsRepository } from './projects.repository.ts'
import type { ProjectRoutesDeps } from './projects.routes.ts'

interface Deps {
  prisma: PrismaClient
  sql: Statements
  clock: { now(): Date; monotonicMs(): number }
  log: Logger
  /** Absent: only API keys are accepted. */
  oidc?: OidcSettings
  /** For requests to the issuer. */
  fetch: typeof fetch
}

/** Assembles the module: authentication, projects, keys, and the audit log. */
export function makeTenancy({ prisma, sql, clock, log, oidc, fetch }: Deps) {
  const projects = makeProjectsRepository(prisma)
  const keys = makeApiKeysRepository(prisma)
  const audit = makeAuditRepository(prisma)
  const verifyToken =
    oidc === undefined ? null : makeOidcVerifier({ settings: oidc, projectOf: projects.idOf, fetch, clock })
  const authHooks: AuthHooksDeps = {
    authenticate: makeAuthenticate({ keys, verifyToken, clock, log }),
    onDenied: async ({ projectId, by }, request) => {
      const { method, routeOptions } = request
      const data = { method, route: routeOptions.url }
      await audit.write({ projectId, by, action: 'request.refused', outcome: 'refused', data })
    },
  }
  const service = makeProjectService({ projects, keys })
  const exportAudit = makeAuditExport(makeAuditExportRepository(sql))
  const routes: ProjectRoutesDeps = { service, audit, exportAudit }
  return { authHooks, routes, audit }
}
