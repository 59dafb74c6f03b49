export { type Bus, type BusOptions, createBus, MAX_PAYLOAD_BYTES } from './bus.ts'
