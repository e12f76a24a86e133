import type { Sandbox } from '../sandbox/server.ts'

/** How to reach each sandbox provider: what a client would send to `POST /connections`. */
export function sandboxConnections({ urls, accounts }: Pick<Sandbox, 'urls' | 'accounts'>) {
  const { dataforest, aitems } = accounts
  return [
    {
      name: 'sandbox-dataforest',
      settings: { dataforest: { baseUrl: urls.dataforest, accountId: dataforest.accountId } },
      credentials: { dataforest: { accessKey: dataforest.accessKey, secretKey: dataforest.secretKey } },
    },
    {
      name: 'sandbox-aitems',
      settings: { aitems: { baseUrl: urls.aitems } },
      credentials: { aitems: { accessKey: aitems.accessKey, secretKey: aitems.secretKey } },
    },
  ]
}
