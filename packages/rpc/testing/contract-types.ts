import type { DescMessage } from '@bufbuild/protobuf'
import { file_mainstay_access_v1_access } from '@mainstay/proto/access/v1'
import { file_mainstay_notify_v1_notify } from '@mainstay/proto/notify/v1'
import { file_mainstay_system_v1_system } from '@mainstay/proto/system/v1'
import { file_mainstay_conformance_v1_conformance } from './gen/mainstay/conformance/v1/conformance_pb.js'

/** Every message type of the contracts and of the conformance contract. */
export const messageTypes: readonly DescMessage[] = [
  file_mainstay_access_v1_access,
  file_mainstay_notify_v1_notify,
  file_mainstay_system_v1_system,
  file_mainstay_conformance_v1_conformance,
].flatMap((file) => file.messages)
