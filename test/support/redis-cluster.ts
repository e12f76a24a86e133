import { execFileSync } from 'node:child_process'
import { freePorts } from './free-ports.ts'
import { type RedisDirectives, type RedisProgram, startRedisProgram, volatile } from './redis-programs.ts'

/** Three primaries, each with a replica. */
export interface TestCluster {
  ports: readonly number[]
  node(port: number): RedisProgram
  stop(): Promise<void>
}

const count = 6

/** @param more directives of each node */
export async function startRedisCluster(more: RedisDirectives = {}): Promise<TestCluster> {
  const first = await freePorts(2 * count)
  const ports = Array.from({ length: count }, (_, index) => first + index)
  const directivesOf = (port: number) => ({
    ...{ ...volatile, 'cluster-enabled': 'yes', 'cluster-node-timeout': 1000, 'cluster-port': port + count },
    'cluster-require-full-coverage': 'no',
    ...more,
  })
  const nodes = new Map<number, RedisProgram>()
  await Promise.all(ports.map(async (port) => nodes.set(port, await startRedisProgram(port, directivesOf(port)))))
  const addresses = ports.map((port) => `127.0.0.1:${port}`)
  const options = ['--cluster-replicas', '1', '--cluster-yes', ...tlsOptionsOf(more)]
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, ...options])
  return {
    ports,
    node(port) {
      const node = nodes.get(port)
      if (node === undefined) throw new Error(`There is no node on port ${port}.`)
      return node
    },
    stop: async () => void (await Promise.all([...nodes.values()].map((each) => each.stop()))),
  }
}

/** Options of `redis-cli` for nodes with these directives. */
function tlsOptionsOf(directives: RedisDirectives): readonly string[] {
  const files = ['ca-cert', 'cert', 'key'].flatMap((name) => {
    const file = directives[`tls-${name}-file`]
    return file === undefined ? [] : [`--${name.replace('-', '')}`, String(file)]
  })
  return files.length === 0 ? [] : ['--tls', ...files]
}
