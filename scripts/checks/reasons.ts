import { listFiles, readFile } from './tree.ts'

const REASON = /^\s+'([a-z_]+\.[a-z0-9_]+)':\s*'[a-z_]+'/gm

/** Every reason that the server can give, by the `errors.ts` that declares it. */
export function listReasons(root: string): Map<string, string> {
  const reasons = new Map<string, string>()
  for (const path of listFiles(root, /^packages\/.*errors\.ts$|^apps\/server\/.*errors\.ts$/)) {
    for (const [, reason] of readFile(root, path).matchAll(REASON)) reasons.set(reason as string, path)
  }
  return reasons
}
