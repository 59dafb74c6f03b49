import { readFile } from './tree.ts'

/** One package of package-lock.json, as far as we read it. */
export interface LockEntry {
  version?: string
  resolved?: string
  dev?: boolean
  link?: boolean
  optionalDependencies?: Record<string, string>
  [field: string]: unknown
}

export interface Lock {
  packages: Record<string, LockEntry>
  [field: string]: unknown
}

export function readLock(root: string): Lock {
  return JSON.parse(readFile(root, 'package-lock.json')) as Lock
}

/** The lock serves every platform, and any machine's registry. */
export function checkLock(root: string): string[] {
  const lock = readLock(root)
  const problems = findGaps(lock).map(
    ({ name, parent }) =>
      `package-lock.json lacks ${name}, which ${parent} has on some platform: run npm run lock`,
  )
  for (const [path, { resolved }] of Object.entries(lock.packages)) {
    if (resolved?.startsWith('http') && !resolved.startsWith('https://registry.npmjs.org/'))
      problems.push(`package-lock.json takes ${path} from ${new URL(resolved).host}: run npm run lock`)
  }
  return problems
}

export interface Gap {
  name: string
  version: string
  parent: string
  dev: boolean
}

/** Optional dependencies that the lock names but does not hold: npm ci refuses such a lock where they exist. */
export function findGaps({ packages }: Lock): Gap[] {
  const held = new Set(Object.keys(packages).map((path) => path.split('node_modules/').pop()))
  return Object.entries(packages).flatMap(([path, { optionalDependencies, dev }]) =>
    Object.entries(optionalDependencies ?? {})
      .filter(([name]) => !held.has(name))
      .map(([name, version]) => ({
        name,
        version,
        parent: path.replace('node_modules/', ''),
        dev: dev === true,
      })),
  )
}
