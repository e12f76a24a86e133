import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../../support/certificate-authority.ts'
import { type CliBench, startCliBench } from '../../support/cli-bench.ts'

let bench: CliBench

beforeAll(async () => {
  bench = await startCliBench()
})

afterAll(() => bench.stop())

describe.skipIf(!hasOpenssl)(`connections with certificates${opensslSkipped}`, () => {
  const input = 'accessKey: a\nsecretKey: b\n'
  const settings = ['baseUrl=https://api.example.com', 'accountId=6COytUeFj7b8eOhq2L5zL']
  const create = (name: string, ...more: string[]) => {
    const set = settings.flatMap((setting) => ['--set', `settings.${setting}`])
    const args = ['--provider', 'dataforest', '--name', name, '--credentials-file', '-', ...set, ...more]
    return bench.cli.run(['connections', 'create', ...args, '--json'], { input })
  }

  it('are created from PEM files', async () => {
    const ca = makeCertificateAuthority()
    const pair = ca.issue('team-a')
    const files = { ca: ca.certificate, cert: pair.certificate, key: pair.key }
    const paths = Object.fromEntries(Object.keys(files).map((name) => [name, join(bench.cli.home, `${name}.pem`)]))
    await mkdir(bench.cli.home, { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(paths[name] ?? '', text)
    const client = ['--client-certificate-file', paths.cert ?? '', '--client-key-file', paths.key ?? '']
    const { code, stdout, stderr } = await create('mtls', '--ca-certificate-file', paths.ca ?? '', ...client)
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      network: { caCertificates: [{ subject: 'CN=Test CA' }], clientCertificate: { subject: 'CN=team-a' } },
    })
  })

  it('require both certificate and key and reject secrets as arguments', async () => {
    expect(await create('half', '--client-key-file', '/dev/null')).toMatchObject({ code: 2 })
    const secret = await create('secret', '--set', 'network.proxy.password=hunter2')
    expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining('Secrets cannot be arguments')])
  })
})
