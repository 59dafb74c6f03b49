/**
 * The URL of an endpoint that is called by somebody's wish, or why it is not called. `http://` is for installations that
 * allow private addresses; a user name in it would be lost on the way, so it is refused.
 */
export function readEndpointUrl(text: string, allowPrivate: boolean): URL | { refused: string } {
  const url = URL.parse(text)
  if (url === null) return { refused: 'The address is not a URL.' }
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
    return { refused: 'The address does not begin with https://.' }
  }
  if (url.username !== '' || url.password !== '') {
    return { refused: 'The address has a user name or password in it.' }
  }
  return url
}
