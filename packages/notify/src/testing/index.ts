/** What benchmarks and other packages' tests need of ours. */
export { findWrongTransitions, watchStates } from './crash-crew.ts'
export { type Act, type Point, startSmtpPeer } from './smtp-peer.ts'
