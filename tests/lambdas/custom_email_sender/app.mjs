// Hands a message to the company's own mail service: here, a folder.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const handler = async (event, context) => {
  const key = context.clientContext.custom.idempotency_key
  const name = `${event.triggerSource}-${event.userName}-${key}`
  writeFileSync(join(process.env.RECORDS, name), JSON.stringify(event))
}
