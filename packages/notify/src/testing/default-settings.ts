import { type NotifySettings, notifySettings } from '../config.ts'

/** What the settings are where nothing is set. */
export function defaultNotifySettings(): NotifySettings {
  const entries = Object.entries(notifySettings.settings).map(([key, spec]) => [
    key,
    'default' in spec ? spec.default : undefined,
  ])
  return Object.fromEntries(entries) as NotifySettings
}
