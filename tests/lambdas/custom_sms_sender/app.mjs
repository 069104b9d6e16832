// Hands a text message to the company's own gateway, having read the code: here, to a folder.

import { buildDecrypt } from '@aws-crypto/decrypt-node'
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from '@aws-crypto/raw-aes-keyring-node'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { decrypt } = buildDecrypt()
const keyring = new RawAesKeyringNode({
  keyNamespace: 'cenote',
  keyName: 'custom-sender',
  unencryptedMasterKey: Uint8Array.from(Buffer.from(process.env.SENDER_KEY, 'base64')),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
})

export const handler = async (event, context) => {
  const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(event.request.code, 'base64'))
  if (messageHeader.encryptionContext['userpool-id'] !== event.userPoolId) throw new Error('not of this pool')
  const key = context.clientContext.custom.idempotency_key
  const name = `${event.triggerSource}-${event.userName}-${key}`
  writeFileSync(join(process.env.RECORDS, name), JSON.stringify({ ...event, code: plaintext.toString() }))
}
