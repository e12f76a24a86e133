import { hubPrograms } from './jupyterhub-install.ts'
import { describeHub } from './jupyterhub-suite.ts'

const version = '6.1.1'
describeHub(version, await hubPrograms(version))
