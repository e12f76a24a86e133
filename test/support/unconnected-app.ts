import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { type AppDeps, makeApp } from '../../src/app.ts'
import { makeUnconnected } from '../../src/commands/openapi.ts'
import type { HttpServer } from '../../src/http/server.ts'

interface Options {
  environment?: NodeJS.ProcessEnv
  deps?: Partial<AppDeps>
  /** Called with the empty server, so that its hooks see every route. */
  prepare?(server: FastifyInstance): void
}

/** Creates the complete application without connections; only what requires neither database nor queue works. */
export async function makeUnconnectedApp({ environment = {}, deps = {}, prepare }: Options = {}): Promise<HttpServer> {
  // A busy machine must not fail a test.
  const unconnected = makeUnconnected({ MAX_EVENT_LOOP_DELAY_MS: '0', ...environment })
  const made = channel('fastify.initialization')
  const onMade = (message: unknown) => prepare?.((message as { fastify: FastifyInstance }).fastify)
  made.subscribe(onMade)
  const app = await makeApp({ ...unconnected.deps, ...deps }).finally(() => made.unsubscribe(onMade))
  app.addHook('onClose', unconnected.close)
  await app.ready()
  return app
}

/** All served routes, as `GET /jobs/{id}`, including those absent from the contract. */
export async function servedRoutes(): Promise<readonly string[]> {
  const routes: string[] = []
  const app = await makeUnconnectedApp({
    prepare: (server) =>
      server.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) routes.push(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
      }),
  })
  await app.close()
  return routes
}
