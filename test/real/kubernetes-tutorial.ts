import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { buildKubernetes, buildLimitMs } from './kubernetes-build.ts'
import type { KubernetesCluster } from './kubernetes-cluster.ts'
import type { KubernetesFixture } from './kubernetes-fixture.ts'
import { image } from './kubernetes-image.ts'
import { describeReal } from './requirements.ts'
import { tutorialRequirements, walkTutorial } from './tutorial.ts'

/** The server applies rights some time after it has stored them, which is shorter than a reader needs. */
const untilAllowed =
  'until kubectl auth can-i list pods -n tutorial --as system:serviceaccount:tutorial:switchyard; do sleep 0.2; done'

const rights = fileURLToPath(new URL('../../examples/kubernetes/rights.yaml', import.meta.url))

/** The tutorial, on a cluster with a node instead of one that kind makes. */
export function describeTutorial(fixtureOf: () => KubernetesFixture): void {
  describeReal('tutorial', tutorialRequirements, () => {
    const runsJob = async () => {
      const { cluster, switchyard } = fixtureOf()
      const kubectl = await buildKubernetes('kubectl')
      const printed = await walkTutorial({
        ...{ page: 'providers/kubernetes.md', from: 'kind create cluster', to: 'JOB=', switchyard },
        replacements: {
          'kind create cluster': 'true',
          // The cluster has the namespace of the tutorial already.
          'examples/kubernetes/rights.yaml': `<(sed 's/: training/: tutorial/' ${rights})\n${untilAllowed}`,
          'EGRESS_ALLOW=127.0.0.1,localhost,192.168.0.0/16 npm start': 'true',
          'API=http://127.0.0.1:8080 KEY=$(cat .data/api.key)': '',
          'create namespace training': 'create namespace tutorial',
          '-n training': '-n tutorial',
          '"training"': '"tutorial"',
          'busybox:1.36': image,
        },
        env: { PATH: `${dirname(kubectl)}:${process.env.PATH}`, KUBECONFIG: kubeconfigWithAuthority(cluster) },
      })
      expect(printed).toContain('{"ok":true}')
      expect(printed).toContain('"status":"succeeded"')
      expect(printed).toMatch(/hello from hello-sy\S+\n/)
      expect(printed).toMatch(/^hello-sy\S+ +Complete +1\/1/m)
    }
    it('runs its job', runsJob, buildLimitMs)
  })
}

/** A kubeconfig as kind writes it, with the authority of the server. */
function kubeconfigWithAuthority({ directory, url, adminToken, caCertificate }: KubernetesCluster): string {
  const path = join(directory, 'kubeconfig-with-authority')
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') }
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'kind' },
    clusters: [{ name: 'kind', cluster }],
    users: [{ name: 'kind', user: { token: adminToken } }],
    contexts: [{ name: 'kind', context: { cluster: 'kind', user: 'kind' } }],
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
