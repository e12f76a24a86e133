import { type Static, Type } from '@sinclair/typebox'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import type { Quota } from '../vocabulary/quota.ts'
import { registerApiKeys } from './api-keys.routes.ts'
import { type AuditRoutesDeps, registerAudit } from './audit.routes.ts'
import { pageQuery, projectSchemas } from './project.schemas.ts'
import type { ProjectService } from './project-service.ts'
import type { Project } from './projects.repository.ts'

export interface ProjectRoutesDeps extends AuditRoutesDeps {
  service: ProjectService
}

const tags = ['Administration']
const config = { scopes: ['admin'] as const }
const params = Type.Object({ id: idSchema('project', 'Project id.') })

/** Registers projects, API keys and the audit log, for administrators, who see every project. */
export async function registerProjects(server: HttpServer, { service, ...audit }: ProjectRoutesDeps): Promise<void> {
  for (const schema of projectSchemas) server.addSchema(schema)
  registerCollection(server, service)
  registerOne(server, service)
  registerApiKeys(server, service)
  registerAudit(server, audit)
}

function registerCollection(server: HttpServer, service: ProjectService): void {
  server.post(
    '/projects',
    {
      config,
      schema: {
        tags,
        operationId: 'createProject',
        summary: 'Create a project',
        description: 'Creates an isolated tenant. Create API keys for it with POST /api-keys.',
        body: Type.Ref('ProjectRequest'),
        response: { 201: withHeaders(Type.Ref('Project'), 'Location'), ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { name, quota = {} } = request.body as { name: string; quota?: Quota }
      const project = await service.createProject({ name, quota }, request.caller.by)
      return reply.code(201).header('location', `/projects/${project.id}`).send(viewOf(project))
    },
  )
  server.get(
    '/projects',
    {
      config,
      schema: {
        tags,
        operationId: 'listProjects',
        summary: 'List projects',
        description: 'All projects of the installation, oldest first.',
        querystring: pageQuery,
        response: { 200: Type.Ref('ProjectPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query as Static<typeof pageQuery>
      const list = { name: 'projects', filters: {} }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      return pageResponse(await service.listProjects({ after, limit: limit + 1 }), { limit, list, view: viewOf })
    },
  )
}

function registerOne(server: HttpServer, service: ProjectService): void {
  server.get(
    '/projects/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getProject',
        summary: 'Get a project',
        description: 'Returns the name and the quota of the project.',
        params,
        response: { 200: Type.Ref('Project'), ...errorResponses(404) },
      },
    },
    async (request) => viewOf(await service.project((request.params as { id: string }).id)),
  )
  server.patch(
    '/projects/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'updateProject',
        summary: 'Update a project',
        description: 'Existing resources are kept, even above the new quota.',
        params,
        body: Type.Ref('ProjectPatch'),
        response: { 200: Type.Ref('Project'), ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request) => {
      const { id } = request.params as { id: string }
      return viewOf(
        await service.changeProject(id, request.body as { name?: string; quota?: Quota }, request.caller.by),
      )
    },
  )
}

function viewOf({ id, name, quota, createdAt }: Project) {
  return { id, name, quota, createdAt: createdAt.toISOString() }
}
