import { type Clock, type Db, type Executor, type Sealer, toTypeId } from '@mainstay/kernel'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { IdentitySettings } from '../config.ts'
import {
  deleteOldSigningKeys,
  insertSigningKey,
  listKeysToRotate,
  listSigningKeys,
  type SigningKeyRow,
} from './store.ts'

/** ES256: HAProxy 2.6 verifies it, and not EdDSA (RFC 7518 §3.4). */
export const ALGORITHM = 'ES256'
/** A new key is published for this long before it signs, so that who caches the key set has it in time. */
const PUBLISH_AHEAD_MS = 3_600_000
/** No access token lasts longer than an hour; a key that signs no more is published for two. */
const PUBLISH_AFTER_MS = 7_200_000
/** How old a process' view of a project's keys may be: well under `PUBLISH_AHEAD_MS`. */
const VIEW_TTL_MS = 300_000
/** A token with an unknown key id makes a process look, but not more often than this. */
const LOOK_AGAIN_MS = 5_000
const PURPOSE = 'identity.signing_keys'

export interface KeyRing {
  signing: { keyId: string; privateKey: CryptoKey }
  /** By key id. */
  verifying: ReadonlyMap<string, CryptoKey>
  /** RFC 7517 §5. */
  jwks: { keys: JWK[] }
}

/** A project that is not there has no keys, and gets none. */
export class NoProjectError extends Error {}

export interface KeysDeps {
  db: Db
  clock: Clock
  sealer: Pick<Sealer, 'seal' | 'open'>
  settings: Pick<IdentitySettings, 'keyRotationMs'>
}

/** The keys of each project and mode, made when they are first needed. */
export function createKeys({ db, clock, sealer, settings }: KeysDeps) {
  const views = new Map<string, { ring: Promise<KeyRing>; readMs: number }>()

  const open = async (rows: readonly SigningKeyRow[]): Promise<KeyRing> => {
    const nowMs = clock.nowMs()
    const signing = rows.find(({ sign_time }) => sign_time.getTime() <= nowMs) ?? rows.at(-1)
    if (signing === undefined) throw new NoProjectError()
    const jwk = JSON.parse(sealer.open(PURPOSE, signing.key_id, signing.private_jwk).toString()) as JWK
    const verifying = new Map<string, CryptoKey>()
    for (const row of rows) verifying.set(row.key_id, await toKey(row.public_jwk))
    return {
      signing: { keyId: signing.key_id, privateKey: await toKey(jwk) },
      verifying,
      jwks: {
        keys: rows.map(({ public_jwk, key_id }) => ({
          ...public_jwk,
          ...{ kid: key_id, alg: ALGORITHM, use: 'sig' },
        })),
      },
    }
  }

  const read = async (projectId: string, live: boolean): Promise<KeyRing> => {
    const rows = await listSigningKeys(db, projectId, live)
    if (rows.length > 0) return await open(rows)
    await insertSigningKey(db, projectId, live, await makeKey(1, clock.now()))
    return await open(await listSigningKeys(db, projectId, live))
  }

  const makeKey = async (sequence: number, signTime: Date): Promise<SigningKeyRow> => {
    const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
    const publicJwk = await exportJWK(publicKey)
    const keyId = await calculateJwkThumbprint(publicJwk)
    return {
      sequence,
      key_id: keyId,
      public_jwk: publicJwk,
      private_jwk: sealer.seal(PURPOSE, keyId, JSON.stringify(await exportJWK(privateKey))),
      create_time: clock.now(),
      sign_time: signTime,
    }
  }

  const view = (projectId: string, live: boolean, maxAgeMs = VIEW_TTL_MS): Promise<KeyRing> => {
    const name = `${projectId}/${live}`
    const known = views.get(name)
    if (known !== undefined && clock.nowMs() - known.readMs < maxAgeMs) return known.ring
    const ring = read(projectId, live)
    views.set(name, { ring, readMs: clock.nowMs() })
    ring.catch(() => views.delete(name))
    return ring
  }

  return {
    /** The keys to sign and to publish with. */
    ring: (projectId: string, live: boolean): Promise<KeyRing> => view(projectId, live),

    /** The key of an id. Undefined when the project has none: it is looked for again, but not at every call. */
    async find(projectId: string, live: boolean, keyId: string): Promise<CryptoKey | undefined> {
      const known = (await view(projectId, live)).verifying.get(keyId)
      return known ?? (await view(projectId, live, LOOK_AGAIN_MS)).verifying.get(keyId)
    },

    /** Makes the next keys where it is time, and forgets those that nothing is signed with any more. For a job every hour or so. */
    async rotate(executor: Executor = db): Promise<string[]> {
      const nowMs = clock.nowMs()
      const due = await listKeysToRotate(
        executor,
        new Date(nowMs - settings.keyRotationMs + PUBLISH_AHEAD_MS),
      )
      const made: string[] = []
      for (const { project_id, live, sequence } of due) {
        const key = await makeKey(sequence + 1, new Date(nowMs + PUBLISH_AHEAD_MS))
        if (await insertSigningKey(executor, project_id, live, key)) made.push(toTypeId('prj', project_id))
        views.delete(`${project_id}/${live}`)
      }
      await deleteOldSigningKeys(executor, new Date(nowMs - PUBLISH_AFTER_MS))
      return made
    },
  }
}

export type Keys = ReturnType<typeof createKeys>

async function toKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM)
  if (key instanceof Uint8Array) throw new TypeError('A signing key is no secret')
  return key
}
