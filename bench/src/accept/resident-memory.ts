import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * Resident memory of a process and all its descendants, in MiB: the sum of their proportional set sizes (Pss in
 * /proc/…/smaps_rollup), which counts a page that several of them share once. Undefined where there is no such file.
 *
 * @param counts which of them count, by the name of their command. Default: all.
 */
export function residentMiB(
  root: number,
  counts: (command: string) => boolean = () => true,
): number | undefined {
  if (!existsSync('/proc/self/smaps_rollup')) return undefined
  const children = childrenByParent()
  let kib = 0
  const rest = [root]
  for (let pid = rest.pop(); pid !== undefined; pid = rest.pop()) {
    if (counts(readIfAlive(`/proc/${pid}/comm`).trim())) kib += pssKib(pid)
    rest.push(...(children.get(pid) ?? []))
  }
  return kib / 1024
}

function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // The fields after the command, which may itself hold spaces and brackets: state, parent, …
    const stat = readIfAlive(`/proc/${name}/stat`)
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  return children
}

function pssKib(pid: number): number {
  return Number(/^Pss: +(\d+) kB/m.exec(readIfAlive(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
}

/** Processes end while we look at them: one that is gone holds nothing. */
function readIfAlive(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
