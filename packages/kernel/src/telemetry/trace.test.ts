import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  childTrace,
  continueTrace,
  currentTrace,
  formatTraceparent,
  newTrace,
  parseTraceparent,
  withTrace,
} from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('traceparent', () => {
  it('reads the specification’s own example', () => {
    assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), {
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
    })
    assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled, false)
  })

  it('refuses what the specification refuses', () => {
    for (const bad of [
      '',
      `ff-${TRACE}-${SPAN}-01`, // version ff is forbidden
      `00-${TRACE}-${SPAN}-01-what`, // version 00 ends after the flags
      `00-${TRACE}-${SPAN}-01-`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`, // upper case
      `00-${'0'.repeat(32)}-${SPAN}-01`, // all-zero trace
      `00-${TRACE}-${'0'.repeat(16)}-01`, // all-zero parent
      `00-${TRACE.slice(1)}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-1`,
      `00-${TRACE}-${SPAN}-0g`,
      `00-${TRACE}-${SPAN}`,
      ` 00-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01\n`,
      `cc-${TRACE}-${SPAN}-01.what`,
    ]) {
      assert.equal(parseTraceparent(bad), undefined, JSON.stringify(bad))
    }
  })

  it('reads the known fields of a later version', () => {
    assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)?.traceId, TRACE)
    assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-holds`)?.spanId, SPAN)
  })

  it('keeps only the sampled flag', () => {
    const trace = parseTraceparent(`00-${TRACE}-${SPAN}-fe`)
    assert.equal(trace && formatTraceparent(trace), `00-${TRACE}-${SPAN}-00`)
  })

  it('survives a round trip, and any text at all', () => {
    fc.assert(
      fc.property(fc.boolean(), (sampled) => {
        const trace = newTrace(sampled)
        assert.deepEqual(parseTraceparent(formatTraceparent(trace)), trace)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined))
  })
})

describe('traces', () => {
  it('continue a caller’s trace in a span of their own, with its tracestate', () => {
    const trace = continueTrace(`00-${TRACE}-${SPAN}-00`, 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')
    assert.equal(trace.traceId, TRACE)
    assert.equal(trace.parentSpanId, SPAN)
    assert.notEqual(trace.spanId, SPAN)
    assert.equal(trace.sampled, false)
    assert.equal(trace.state, 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')
  })

  it('start anew, without tracestate, when the header is broken', () => {
    const trace = continueTrace('nonsense', 'congo=1')
    assert.equal(trace.parentSpanId, undefined)
    assert.equal(trace.state, undefined)
    assert.notEqual(trace.traceId, continueTrace(undefined).traceId)
  })

  it('drop a tracestate that is too long or has control characters', () => {
    assert.equal(continueTrace(`00-${TRACE}-${SPAN}-01`, `a=${'x'.repeat(600)}`).state, undefined)
    assert.equal(continueTrace(`00-${TRACE}-${SPAN}-01`, 'a=\r\nx: y').state, undefined)
  })

  it('follow the code across awaits and do not mix', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, () => {
        const trace = newTrace()
        return withTrace(trace, async () => {
          await new Promise((resolve) => setImmediate(resolve))
          return currentTrace() === trace && childTrace().traceId === trace.traceId
        })
      }),
    )
    assert.deepEqual(
      seen,
      seen.map(() => true),
    )
    assert.equal(currentTrace(), undefined)
  })
})
