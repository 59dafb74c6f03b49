import { create, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Call } from '../call-state.ts'
import { refuse } from '../errors.ts'
import type { HttpBinding } from '../http-rule/bindings.ts'
import { createRouter, type Router } from '../http-rule/router.ts'
import type { Method } from '../method.ts'
import type { Pipeline } from '../pipeline.ts'
import { errorBody, httpStatus } from './error-body.ts'

interface Target {
  method: Method
  binding: HttpBinding
}

/** Serves every method that has an HTTP rule. */
export function registerRest(
  app: FastifyInstance,
  methods: readonly Method[],
  pipeline: Pipeline,
  maxTimeoutMs: number,
): void {
  const router: Router<Target> = createRouter()
  for (const method of methods) {
    for (const binding of method.bindings)
      router.add(binding.httpMethod, binding.template, { method, binding })
  }
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/v1/*',
    handler: (request, reply) => handle(request, reply),
  })

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const [path = '', query = ''] = (request.raw.url ?? '').split('?', 2)
    const match = router.find(request.method, path)
    if (match === undefined || 'allowed' in match) {
      const error = refuse('rpc.route_not_found', 'There is nothing here.')
      return reply.code(404).send(errorBody(error, ''))
    }
    const { method, binding } = match.target
    const call = new Call(
      {
        method,
        protocol: 'rest',
        headers: request.raw.headers,
        clientAddress: request.ip,
        timeoutMs: undefined,
        onDisconnect: (listener) => reply.raw.once('close', listener),
      },
      maxTimeoutMs,
    )
    try {
      await pipeline.admit(call)
      const json: JsonObject = {}
      if (binding.body === 'whole') Object.assign(json, request.body)
      else if (binding.body !== 'none') json[binding.body.jsonName] = request.body as JsonObject
      for (const [name, value] of new URLSearchParams(query)) put(json, name.split('.'), value)
      binding.template.variables.forEach((variable, i) => {
        const raw = match.segments.slice(variable.start, variable.end).join('/')
        put(
          json,
          (binding.pathFields[i] ?? []).map((field) => field.jsonName),
          decodeURIComponent(raw),
        )
      })
      const message = fromJson(method.input, json)
      const answer = await pipeline.answer(call, message)
      pipeline.finish(call)
      reply.code(method.successStatus).header('x-request-id', call.requestId)
      return reply.send(toJson(method.output, create(method.output, answer)))
    } catch (thrown) {
      const error = pipeline.finish(call, thrown) ?? refuse('rpc.request_malformed', '')
      return reply
        .code(httpStatus(error))
        .header('x-request-id', call.requestId)
        .send(errorBody(error, call.requestId))
    }
  }
}

function put(json: JsonObject, path: string[], value: string): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) json[name] = value
  else {
    json[name] ??= {}
    put(json[name] as JsonObject, rest, value)
  }
}
