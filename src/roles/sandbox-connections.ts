import type { Sandbox } from '../sandbox/server.ts'
import type { JsonObject } from '../vocabulary/json.ts'

/** How to reach each sandbox provider: what a client would send to `POST /connections`. */
export function sandboxConnections({ urls, accounts }: Pick<Sandbox, 'urls' | 'accounts'>) {
  const { dataforest, aitems, modelarts, scnet, jupyterhub, slurm } = accounts
  return [
    connection('dataforest', { baseUrl: urls.dataforest, accountId: dataforest.accountId }, keysOf(dataforest)),
    connection('aitems', { baseUrl: urls.aitems }, keysOf(aitems)),
    connection(
      'modelarts',
      { baseUrl: urls.modelarts, iamUrl: urls.modelarts, region: modelarts.region, projectId: modelarts.projectId },
      keysOf(modelarts),
    ),
    connection(
      'scnet',
      {
        loginUrl: urls.scnet,
        platformUrl: urls.scnet,
        user: scnet.user,
        clusterId: scnet.clusterId,
        defaultQueue: 'kshcnormal',
      },
      keysOf(scnet),
    ),
    connection(
      'jupyterhub',
      { baseUrl: urls.jupyterhub, username: jupyterhub.username, optionKeys: { image: 'image', flavor: 'profile' } },
      { token: jupyterhub.token },
    ),
    connection(
      'slurm',
      { baseUrl: urls.slurm, user: slurm.user, defaultWorkingDirectory: '/home/sandbox01' },
      { key: slurm.key },
    ),
  ]
}

function connection(provider: string, settings: JsonObject, credentials: JsonObject) {
  return { name: `sandbox-${provider}`, settings: { [provider]: settings }, credentials: { [provider]: credentials } }
}

function keysOf({ accessKey, secretKey }: { accessKey: string; secretKey: string }) {
  return { accessKey, secretKey }
}
