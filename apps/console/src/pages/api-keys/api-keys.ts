import { type ApiKey, Mode } from '@mainstay/proto/access/v1'
import { useQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'
import type { Tone } from '../../components/state-mark/state-mark.tsx'
import { toMs } from '../../format/time.ts'

/** The project's API keys, newest first. */
export function useApiKeys(showInactive: boolean) {
  const [project] = useScope()
  return useQuery({
    queryKey: ['api-keys', project, showInactive],
    async queryFn({ signal }) {
      const keys: ApiKey[] = []
      for await (const key of mainstay().access.listApiKeys({ showInactive, pageSize: 500 }, { signal }))
        keys.push(key)
      return keys
    },
    refetchInterval: 30_000,
  })
}

/** Whether a key works, in a word. */
export function keyState(key: ApiKey, nowMs: number): { word: string; tone: Tone; active: boolean } {
  if (key.revokeTime) return { word: 'Revoked', tone: 'bad', active: false }
  const end = toMs(key.expireTime)
  if (end !== undefined && end <= nowMs) return { word: 'Expired', tone: 'warn', active: false }
  return { word: 'Active', tone: 'ok', active: true }
}

export function modeWord(mode: Mode): 'Live' | 'Test' {
  return mode === Mode.LIVE ? 'Live' : 'Test'
}
