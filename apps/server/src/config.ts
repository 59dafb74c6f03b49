import { accessSettings } from '@mainstay/access'
import { identitySettings } from '@mainstay/identity'
import { defineSettings, kernelSettings, type LoadedSettings, loadSettings } from '@mainstay/kernel'
import { limitsSettings } from '@mainstay/limits'
import { notifySettings } from '@mainstay/notify'
import { rpcSettings } from '@mainstay/rpc'

/** The server's own settings: where it listens and how it ends. */
const serverSettings = defineSettings('server', {
  httpHost: {
    env: 'HTTP_HOST',
    type: 'string',
    default: '127.0.0.1',
    min: 1,
    doc: 'The address that HTTP listens on. `0.0.0.0` makes it reachable from other machines: put TLS in front of it.',
  },
  httpPort: {
    env: 'HTTP_PORT',
    type: 'integer',
    default: 8080,
    min: 0,
    max: 65535,
    doc: 'The port of the API, the console and the docs. 0 takes a free one.',
  },
  grpcHost: {
    env: 'GRPC_HOST',
    type: 'string',
    default: '127.0.0.1',
    min: 1,
    doc: 'The address that gRPC listens on.',
  },
  grpcPort: {
    env: 'GRPC_PORT',
    type: 'integer',
    default: 8081,
    min: 0,
    max: 65535,
    doc: 'The port of gRPC over unencrypted HTTP/2. 0 takes a free one.',
  },
  drainTimeoutMs: {
    env: 'DRAIN_TIMEOUT_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 0,
    max: 600_000,
    doc: 'How long a stop waits for requests under way before it ends their connections. Deliveries have NOTIFY_DELIVER_DRAIN_TIMEOUT_MS.',
  },
})

/** Every setting of the program, from the ground up. */
export const settingsTables = [
  kernelSettings,
  serverSettings,
  rpcSettings,
  accessSettings,
  limitsSettings,
  notifySettings,
  identitySettings,
] as const

export type ServerSettings = LoadedSettings<typeof settingsTables>

/** Reads the environment. Throws SettingsError with every problem at once. */
export function readSettings(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServerSettings {
  return loadSettings(settingsTables, env)
}

/** Which settings' variables the environment sets, for the settings page. */
export function readOverridden(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ReadonlySet<string> {
  return new Set(Object.keys(env).filter((name) => env[name] !== ''))
}

/** Whether a person reads our output. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true
}
