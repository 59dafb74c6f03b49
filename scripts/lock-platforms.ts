import { findGaps, type Gap, type Lock, type LockEntry } from './checks/lock.ts'

const PLATFORM =
  /(?:(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-)?(arm64|armv7|arm|ia32|loong64|ppc64|riscv64|s390x|wasm32|x64)(?:-(\w+))?$/

/**
 * The lock with every platform's variant of every package, and no registry's address.
 *
 * npm leaves out variants that the registry at hand does not carry, and `npm ci` then refuses the lock wherever they
 * exist. Such a variant's version is the one that its parent names, its platform stands in its name; its checksum we
 * do not have, and npm adds it at the next `npm install` on that platform.
 */
export function completeLock(lock: Lock): Lock {
  const added = findGaps(lock).map((gap): [string, LockEntry] => [`node_modules/${gap.name}`, variant(gap)])
  const kept = Object.entries(lock.packages).map(([path, { resolved, ...entry }]): [string, LockEntry] => [
    path,
    // npm writes `resolved` after the version.
    resolved?.startsWith('http') || resolved === undefined ? entry : insertResolved(entry, resolved),
  ])
  const packages = Object.fromEntries([...kept, ...added].sort(([a], [b]) => a.localeCompare(b, 'en')))
  return { ...lock, packages }
}

function insertResolved({ version, ...entry }: LockEntry, resolved: string): LockEntry {
  return { ...(version === undefined ? {} : { version }), resolved, ...entry }
}

function variant({ name, version, dev }: Gap): LockEntry {
  const [, os, cpu, abi] = PLATFORM.exec(name) ?? []
  if (cpu === undefined || !/^\d+\.\d+\.\d+\S*$/.test(version))
    throw new Error(`${name}@${version} does not name a platform and one version: add it to the lock by hand`)
  const libc = abi === 'gnu' ? 'glibc' : abi?.startsWith('musl') ? 'musl' : undefined
  return {
    version,
    cpu: [cpu === 'armv7' ? 'arm' : cpu],
    ...(dev ? { dev } : {}),
    ...(libc ? { libc: [libc] } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  }
}
