/** What has gone over a link, in messages and in bytes before compression. */
export class LinkTraffic {
  messagesReceived = 0
  bytesReceived = 0
  messagesSent = 0
  bytesSent = 0
}

/** Over a link that is silent. */
export const noTraffic: Readonly<LinkTraffic> = Object.freeze(new LinkTraffic())
