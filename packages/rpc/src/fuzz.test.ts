import { test } from 'node:test'
import { createConformanceService } from '../testing/conformance-service.ts'
import { fuzz } from '../testing/fuzz.ts'
import { Conformance } from '../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { startTestServer } from '../testing/harness.ts'

test('no request, however wrong, makes a failure of ours', async () => {
  const server = await startTestServer([createConformanceService().implementation], {
    limits: { requestTimeoutMs: 100 },
  })
  try {
    // `Fail` fails as asked and `Wait` waits as long as asked: what they answer with is the request's own wish.
    const methods = server.rpc.methods.filter(
      ({ descriptor }) => descriptor !== Conformance.method.fail && descriptor !== Conformance.method.wait,
    )
    await fuzz({ ...server, methods, headers: { authorization: 'Bearer tester' }, runs: 12 })
  } finally {
    await server.stop()
  }
})
