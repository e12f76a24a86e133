/**
 * Every call carries the unmodified token:
 * https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest.html#make-an-api-request
 */
export function authorizationOf(token: string): { authorization: string } {
  return { authorization: `token ${token}` }
}
