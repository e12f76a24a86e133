import { hubPrograms } from './jupyterhub-install.ts'
import { describeHub } from './jupyterhub-suite.ts'

const version = '5.5.4'
describeHub(version, await hubPrograms(version))
