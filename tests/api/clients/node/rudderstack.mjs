// Usage: node rudderstack.mjs URL KEY. Sends what the test expects to find, and ends.
import RudderAnalytics from "@rudderstack/rudder-sdk-node"

const [dataPlaneUrl, writeKey] = process.argv.slice(2)
const client = new RudderAnalytics(writeKey, { dataPlaneUrl, flushAt: 4, flushInterval: 100, logLevel: "error" })

client.identify({ userId: "42", anonymousId: "anonymous-1", messageId: "identify-1", traits: { email: "a@b.c", firstName: "Ann" } })
for (let number = 0; number < 10; number++) {
  client.track({
    userId: "42",
    event: "Order Completed",
    messageId: `track-${number}`,
    properties: { total: 12.5, number, note: "Ёлка 🎄" },
    context: { timezone: "Europe/Moscow" },
  })
}
client.page({ userId: "42", name: "Home", messageId: "page-1" })
client.screen({ userId: "42", name: "Cart", messageId: "screen-1" })
client.group({ userId: "42", groupId: "acme", traits: { plan: "gold" }, messageId: "group-1" })
client.alias({ userId: "42", previousId: "anonymous-2", messageId: "alias-1" })
await client.flush()
await new Promise((resolve) => setTimeout(resolve, 300))
await client.flush()
