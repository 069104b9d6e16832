// Keeps out who is on a list.

const barred = process.env.BARRED.split(',')

export const handler = async (event) => {
  if (barred.includes(event.userName)) throw new Error('not today')
  return event
}
