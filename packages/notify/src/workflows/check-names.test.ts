import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkNames } from './check-names.ts'
import { readDefinition } from './definition/read.ts'

it('attack: a workflow of thousands of steps asks the database for none of their templates', async () => {
  const steps = Array.from({ length: 3000 }, (_, index) => ({
    id: `s${index}`,
    channel: 'sms',
    template: 't',
  }))
  const { definition, problems } = readDefinition({ name: 'a-bomb', category: 'offers', steps })
  assert.match(problems[0]?.description ?? '', /3000 steps/)
  const asked = () => assert.fail('nothing is looked up')
  const found = await checkNames(definition, '', { renderer: { find: asked }, findCategory: asked })
  assert.deepEqual(found, [])
})
