// Usage: node segment.mjs URL KEY. Sends what the test expects to find, and ends.
import { Analytics } from "@segment/analytics-node"

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, flushAt: 4, flushInterval: 100, maxRetries: 5 })
analytics.on("error", (error) => console.error(JSON.stringify(error)))

analytics.identify({ userId: "42", anonymousId: "anonymous-1", messageId: "identify-1", traits: { email: "a@b.c", firstName: "Ann" } })
for (let number = 0; number < 10; number++) {
  analytics.track({
    userId: "42",
    event: "Order Completed",
    messageId: `track-${number}`,
    properties: { total: 12.5, number, note: "Ёлка 🎄" },
    context: { timezone: "Europe/Moscow" },
  })
}
analytics.page({ userId: "42", name: "Home", messageId: "page-1" })
analytics.screen({ userId: "42", name: "Cart", messageId: "screen-1" })
analytics.group({ userId: "42", groupId: "acme", traits: { plan: "gold" }, messageId: "group-1" })
analytics.alias({ userId: "42", previousId: "anonymous-2", messageId: "alias-1" })
await analytics.closeAndFlush()
