import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../../real/requirements.ts'
import { type CliBench, jobYaml, startCliBench } from '../../support/cli-bench.ts'
import { type Nginx, startNginx } from '../../support/nginx.ts'
import { testApiKey } from '../../support/switchyard.ts'

const hasNginx = hasProgram('nginx')
const skipped = hasNginx ? '' : ' [skipped: it needs nginx; get it with: apt-get install nginx]'
if (!hasNginx) process.stderr.write(`CLI behind nginx${skipped}\n`)

describe.skipIf(!hasNginx)(`CLI with a service behind an nginx path prefix${skipped}`, () => {
  let bench: CliBench
  let nginx: Nginx

  beforeAll(async () => {
    bench = await startCliBench()
    nginx = await startNginx([Number(new URL(bench.url).port)], { prefix: '/ml/switchyard/' })
  })

  afterAll(async () => {
    await nginx?.stop()
    await bench?.stop()
  })

  const run: CliBench['cli']['run'] = (args, options = {}) =>
    bench.cli.run(args, { ...options, env: { SWITCHYARD_URL: `${nginx.url}/ml/switchyard/` } })

  it('follows job statuses through nginx', async () => {
    const { code, stdout, stderr } = await run(['jobs', 'submit', '-f', '-', '--wait', '-o', 'json'], {
      input: jobYaml('sleep 2; exit 4'),
    })
    expect([code, JSON.parse(stdout)]).toMatchObject([4, { status: 'failed', exitCode: 4 }])
    expect(stderr).toMatch(/queued\n[\s\S]*running\n[\s\S]*failed/)
  })

  it('reads all pages of a list', async () => {
    await Promise.all(
      Array.from({ length: 3 }, (_, index) => bench.switchyard.api.ok('POST', '/projects', { name: `page-${index}` })),
    )
    const { stdout } = await run(['admin', 'projects', '-o', 'name', '--all'])
    expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(4)
  })

  it('logs in with the prefix and rejects a wrong URL', async () => {
    const login = await run(['login', '--key-file', '-'], { input: `${testApiKey}\n` })
    expect([login.code, login.stderr]).toEqual([0, expect.stringContaining(`Logged in to ${nginx.url}/ml/switchyard.`)])
    const wrong = await bench.cli.run(['jobs', 'list', '--url', `${nginx.url}/ml`])
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('Check the URL of the service')])
  })
})
