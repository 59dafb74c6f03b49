import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  GetTrackingSettingsRequestSchema,
  UpdateTrackingSettingsRequestSchema,
} from '@mainstay/proto/notify/v1/tracking'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { implementTracking } from './api.ts'

describe('what a project tracks', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })

  function project() {
    const projectId = newId()
    const call = async (name: string, request: never, testMode = false) => {
      const { methods } = implementTracking({ db: database.db, clock: systemClock })
      const found = methods.find(({ method }) => method.localName === name)
      assert.ok(found !== undefined)
      const answer = await found.handle(request, testCall({ projectId, testMode }))
      const { trackOpens, trackClicks } = answer as { trackOpens: boolean; trackClicks: boolean }
      return [trackOpens, trackClicks]
    }
    return {
      get: () => call('getTrackingSettings', create(GetTrackingSettingsRequestSchema) as never),
      update: (
        trackingSettings: MessageInitShape<typeof UpdateTrackingSettingsRequestSchema>['trackingSettings'] &
          object,
        paths?: string[],
        testMode = false,
      ) =>
        call(
          'updateTrackingSettings',
          create(UpdateTrackingSettingsRequestSchema, {
            trackingSettings,
            ...(paths === undefined ? {} : { updateMask: { paths } }),
          }) as never,
          testMode,
        ),
    }
  }

  it('is nothing until it is switched on, part by part', async () => {
    const one = project()
    assert.deepEqual(await one.get(), [false, false])
    assert.deepEqual(await one.update({ trackClicks: true }, ['track_clicks']), [false, true])
    assert.deepEqual(await one.update({ trackOpens: true }, ['track_opens']), [true, true])
    assert.deepEqual(await one.update({ trackOpens: true }), [true, false])
    assert.deepEqual(await one.get(), [true, false])
    assert.deepEqual(await project().get(), [false, false])
  })

  it('is changed by live callers only, and only in the fields there are', async () => {
    const one = project()
    await assert.rejects(one.update({ trackOpens: true }, undefined, true), {
      reason: 'notify.mode_not_allowed',
    })
    await assert.rejects(one.update({ trackOpens: true }, ['track_everything']), {
      reason: 'notify.request_invalid',
    })
    assert.deepEqual(await one.get(), [false, false])
  })
})
