/* kogdaPush.subscribe(…): asks the browser for a subscription, and tells Kogda whose it is. */
(() => {
  "use strict";
  const HOST = new URL(document.currentScript.src).origin;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const same = (one, other) => one && one.byteLength === other.byteLength && new Uint8Array(one).every((each, at) => each === other[at]);

  const tell = async (method, whose, content) => {
    const { writeKey, token, userId, anonymousId } = whose;
    const answer = await fetch(`${HOST}/v1/contacts`, {
      method, headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel: "push", writeKey, token, userId, anonymousId, ...content }),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || `Kogda answered ${answer.status}`);
  };

  const isSupported = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  /* "unsupported", "denied", "subscribed" or "none". */
  const state = async () => {
    if (!isSupported()) return "unsupported";
    if (Notification.permission === "denied") return "denied";
    const registration = await navigator.serviceWorker.getRegistration();
    return (await registration?.pushManager.getSubscription()) ? "subscribed" : "none";
  };

  /* Call it from a press of a button: browsers refuse a question that nobody asked for. */
  const subscribe = async ({ worker = "/kogda-sw.js", ...whose }) => {
    if (!isSupported()) throw new Error("this browser takes no push messages");
    if (await Notification.requestPermission() !== "granted") return false;
    const asked = await fetch(`${HOST}/v1/push/key`);
    if (!asked.ok) throw new Error("push to browsers is not set up");
    const { key } = await asked.json(), applicationServerKey = bytes(key);
    await navigator.serviceWorker.register(worker);
    const { pushManager } = await navigator.serviceWorker.ready;
    let subscription = await pushManager.getSubscription();
    if (subscription && !same(subscription.options.applicationServerKey, applicationServerKey)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    await tell("POST", whose, { subscription: subscription.toJSON(), key });
    return true;
  };

  const unsubscribe = async (whose) => {
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = await registration?.pushManager.getSubscription();
    if (!subscription) return;
    await tell("DELETE", whose, { subscription: subscription.toJSON() });
    await subscription.unsubscribe();
  };

  window.kogdaPush = { isSupported, state, subscribe, unsubscribe };
})();
