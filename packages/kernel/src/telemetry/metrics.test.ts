import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMetrics } from './metrics.ts'
import { registerProcessMetrics } from './process-metrics.ts'

describe('metrics', () => {
  it('render counters, gauges and histograms as Prometheus reads them', () => {
    const metrics = createMetrics()
    const requests = metrics.counter({
      name: 'requests_total',
      help: 'Requests.',
      labels: ['method', 'code'],
    })
    requests.inc({ method: 'GET', code: 200 })
    requests.with({ method: 'GET', code: 200 }).inc(2)
    requests.inc({ method: 'POST', code: 500 })
    metrics.gauge({ name: 'queue_depth', help: 'Waiting.' }).set(7)
    const seconds = metrics.histogram({ name: 'call_seconds', help: 'Calls.', buckets: [0.1, 1] })
    for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe(value)
    assert.equal(
      metrics.render(),
      `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{method="GET",code="200"} 3
requests_total{method="POST",code="500"} 1
# HELP queue_depth Waiting.
# TYPE queue_depth gauge
queue_depth 7
# HELP call_seconds Calls.
# TYPE call_seconds histogram
call_seconds_bucket{le="0.1"} 2
call_seconds_bucket{le="1"} 3
call_seconds_bucket{le="+Inf"} 4
call_seconds_sum 3.65
call_seconds_count 4
`,
    )
  })

  it('escape what would break a line', () => {
    const metrics = createMetrics()
    metrics
      .counter({ name: 'a_total', help: 'one\\two\nthree "four"', labels: ['l'] })
      .inc({ l: 'a\\b\n"c"' })
    assert.equal(
      metrics.render(),
      '# HELP a_total one\\\\two\\nthree "four"\n# TYPE a_total counter\na_total{l="a\\\\b\\n\\"c\\""} 1\n',
    )
  })

  it('show infinities and NaN as the format spells them', () => {
    const metrics = createMetrics()
    const gauge = metrics.gauge({ name: 'g', help: 'g', labels: ['l'] })
    gauge.set(Number.POSITIVE_INFINITY, { l: 1 })
    gauge.set(Number.NEGATIVE_INFINITY, { l: 2 })
    gauge.set(Number.NaN, { l: 3 })
    assert.match(metrics.render(), /g\{l="1"\} \+Inf\ng\{l="2"\} -Inf\ng\{l="3"\} NaN\n/)
  })

  it('ask gauges for their value at the moment of the scrape', () => {
    const metrics = createMetrics()
    let open = 1
    metrics.gauge({ name: 'open', help: 'Open.' }).collect((gauge) => gauge.set(open))
    assert.equal(metrics.read('open'), 1)
    open = 5
    assert.match(metrics.render(), /^open 5$/m)
  })

  it('hand out the same metric twice, but not as something else', () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'x_total', help: 'x' }).inc()
    metrics.counter({ name: 'x_total', help: 'x' }).inc()
    assert.equal(metrics.read('x_total'), 2)
    assert.throws(() => metrics.gauge({ name: 'x_total', help: 'x' }), /exists already/)
    assert.throws(() => metrics.counter({ name: 'bad name', help: '' }), /no name for a metric/)
    assert.throws(() => metrics.counter({ name: 'y', help: '', labels: ['le'] }), /no name for a label/)
    assert.throws(() => metrics.histogram({ name: 'z', help: '', buckets: [2, 1] }), /must rise/)
    assert.throws(() => metrics.counter({ name: 'x_total', help: 'x' }).inc(undefined, -1), /cannot go down/)
  })

  it('stay bounded when somebody labels by an id', () => {
    const metrics = createMetrics()
    const counter = metrics.counter({ name: 'ids_total', help: 'ids', labels: ['id'] })
    for (let id = 0; id < 10_000; id++) counter.inc({ id })
    assert.equal(metrics.render().split('\n').length < 2_100, true)
    assert.equal(metrics.read('ids_total', { id: 'other' }), 8_000)
  })

  it('tell about the process itself', () => {
    const metrics = createMetrics()
    const stop = registerProcessMetrics(metrics)
    assert.ok(metrics.read('process_resident_memory_bytes') > 1_000_000)
    metrics.render()
    assert.ok(metrics.read('process_cpu_seconds_total') > 0)
    assert.ok(metrics.read('nodejs_eventloop_lag_p99_seconds') >= 0)
    stop()
  })
})
