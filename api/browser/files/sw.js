/* Shows what is pushed, and opens where it leads. The shop's own worker imports this: see docs/push.md. */
(() => {
"use strict";
const HOST = self.KOGDA_HOST;

const page = (address) => {
  try {
    const url = new URL(address, self.location.origin);
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch { return null; }
};

self.addEventListener("push", (event) => {
  let said = null;
  try { said = event.data.json(); } catch { /* of somebody else */ }
  if (!said || !said.message) return;
  const { title, text, link, image, message, clicked, data } = said;
  event.waitUntil(self.registration.showNotification(title || text, {
    body: title ? text : "", tag: message, image: image && page(image) || undefined, data: { kogda: message, link, clicked, data },
  }));
});

self.addEventListener("notificationclick", (event) => {
  const { kogda, link, clicked } = event.notification.data || {};
  if (!kogda) return;
  event.notification.close();
  const told = clicked ? fetch(`${HOST}/v1/push/clicked`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ clicked }),
  }).catch(() => {}) : null;
  event.waitUntil(Promise.all([told, self.clients.openWindow(link && page(link) || "/")]));
});
})();
