import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plotColumns, type TimeSeries } from './time-series.ts'

const chart: TimeSeries = {
  startMs: [0, 60_000, 120_000],
  spanMs: 60_000,
  running: true,
  series: [{ label: 'Accepted', colour: '--series-1', values: [5, 7, 2] }],
}

test('the span under way is a line of its own that starts where the whole spans end', () => {
  assert.deepEqual(plotColumns(chart), [
    [0, 60_000, 120_000],
    [5, 7, null],
    [null, 7, 2],
  ])
})

test('a chart of whole spans has nothing under way', () => {
  assert.deepEqual(plotColumns({ ...chart, running: false }), [
    [0, 60_000, 120_000],
    [5, 7, 2],
    [null, null, null],
  ])
})
