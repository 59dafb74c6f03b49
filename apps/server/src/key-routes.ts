import type { Identity } from '@mainstay/identity'
import { fromTypeId } from '@mainstay/kernel'
import type { FastifyInstance, FastifyReply } from 'fastify'

/**
 * The public keys that a project's access tokens are signed with (RFC 7517 §5), under the issuer that the tokens name: services
 * that check tokens by themselves read them here. A new key stands here for an hour before it signs.
 */
export function serveKeys(http: FastifyInstance, identity: Pick<Identity, 'jwks'>): void {
  const serve = async (project: string, live: boolean, reply: FastifyReply): Promise<FastifyReply> => {
    const projectId = fromTypeId('prj', project)
    const keys = projectId === undefined ? undefined : await identity.jwks(projectId, live)
    reply.header('access-control-allow-origin', '*')
    if (keys === undefined) return await reply.code(404).send({ error: 'There is no such project.' })
    return await reply.header('cache-control', 'public, max-age=300').send(keys)
  }
  http.get<{ Params: { project: string } }>('/oauth/:project/jwks.json', ({ params }, reply) =>
    serve(params.project, true, reply),
  )
  http.get<{ Params: { project: string } }>('/oauth/:project/test/jwks.json', ({ params }, reply) =>
    serve(params.project, false, reply),
  )
}
