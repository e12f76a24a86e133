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

/** Creates the complete application without connections. Only routes that need neither database nor queue work. */
export async function makeUnconnectedApp({ environment = {}, deps = {}, prepare }: Options = {}): Promise<HttpServer> {
  // Avoids failures on a busy machine.
  const unconnected = makeUnconnected({ MAX_EVENT_LOOP_DELAY_MS: '0', ...environment })
  const initialization = channel('fastify.initialization')
  const onInitialization = (message: unknown) => prepare?.((message as { fastify: FastifyInstance }).fastify)
  initialization.subscribe(onInitialization)
  const app = await makeApp({ ...unconnected.deps, ...deps }).finally(() =>
    initialization.unsubscribe(onInitialization),
  )
  app.addHook('onClose', unconnected.close)
  await app.ready()
  return app
}

/** All served routes in the form `GET /jobs/{id}`, including those absent from the contract. */
export async function servedRoutes(): Promise<readonly string[]> {
  const routes: string[] = []
  const app = await makeUnconnectedApp({
    prepare: (server) =>
      server.addHook('onRoute', ({ method, url }) => {
        for (const each of [method].flat()) routes.push(`${each} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
      }),
  })
  await app.close()
  return routes
}
