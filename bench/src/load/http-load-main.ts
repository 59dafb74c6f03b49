/** The process that loads: answers each `HttpLoad` it is sent with what it measured. */
import { type HttpLoad, loadHttp } from './http-load.ts'

process.on('message', async (load: HttpLoad) => process.send?.(await loadHttp(load)))
process.send?.('ready')
