// What the programs of this folder share: parameters come as JSON on standard input, the result leaves as JSON on
// standard output, and anything unexpected ends the program with exit code 1 and a stack trace.

import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';

// Runs the scenario that the parameters name, and ends: some libraries leave timers of minutes behind.
export async function run(scenarios) {
  const { scenario, ...parameters } = JSON.parse(await text(process.stdin));
  const result = await scenarios[scenario](parameters);
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}

// The newest code sent to an address, as a person reads it from their mail.
export async function newestCode(url, address) {
  const response = await fetch(`${url}/_cenote/outbox.json?to=${encodeURIComponent(address)}`);
  const messages = await response.json();
  if (!messages.length) throw new Error(`nothing was sent to ${address}`);
  return messages.at(-1).code;
}

// A code of the right form that is not the given one.
export function wrongCode(code) {
  return code === '000000' ? '000001' : '000000';
}

// How the client shows that it was refused, by the name of the error or else of its class; it is an error if it
// was not refused.
export async function refusal(attempt) {
  let answer;
  try {
    answer = await attempt();
  } catch (error) {
    const name = error.name === 'Error' ? error.constructor.name : error.name;
    return { name, message: error.message };
  }
  throw new Error(`this was to be refused, but gave ${JSON.stringify(answer)}`);
}

// The code of an authenticator app, `later` steps from when the program began: so it does not matter if a step ends.
const began = Math.floor(Date.now() / 30000);
export function totp(secret, later = 0) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(began + later));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
}
