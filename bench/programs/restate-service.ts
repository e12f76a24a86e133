import { makeBareDriver } from './bare-driver.ts'

// Handler of the peer: does nothing, or makes the signed call as one durable step. The SDK is not a dependency of the
// project, so its path is passed in. Each message returns the number of completed handlers.

interface Sdk {
  service(definition: object): unknown
  serve(options: { services: unknown[]; port: number }): Promise<number>
}
interface Context {
  rand: { uuidv4(): string }
  run<T>(name: string, action: () => Promise<T>): Promise<T>
}

process.once('disconnect', () => process.exit(0))
const { SDK = '', PORT, HANDLER, CONNECTION = '' } = process.env
const sdk = (await import(SDK)) as Sdk
const create = makeBareDriver(CONNECTION)
let handled = 0

async function run(context: Context, spec: Parameters<typeof create>[1]): Promise<string | null> {
  const id = context.rand.uuidv4()
  const remoteId = HANDLER === 'call' ? await context.run('create', () => create(id, spec)) : null
  handled += 1
  return remoteId
}

await sdk.serve({ services: [sdk.service({ name: 'jobs', handlers: { run } })], port: Number(PORT) })
process.on('message', () => process.send?.(handled))
process.send?.({})
