/* <kogda-inbox token="…">: a bell with a count, and the customer's messages. No framework, nothing from elsewhere. */
(() => {
  "use strict";
  const HOST = new URL(document.currentScript.src).origin;
  const WORDS = {
    en: { title: "Messages", unread: (n) => `${n} unread`, none: "No messages yet", more: "Show older ones",
          all: "Mark all as read", close: "Close", trouble: "The messages cannot be shown right now.", isNew: "New" },
    ru: { title: "Сообщения", unread: (n) => `непрочитанных: ${n}`, none: "Сообщений пока нет",
          more: "Показать более ранние", all: "Отметить всё прочитанным", close: "Закрыть",
          trouble: "Сейчас сообщения показать не удаётся.", isNew: "Новое" },
  };
  const STYLE = `
    :host { display: inline-block; position: relative; font: 16px/1.4 system-ui, sans-serif; color: #16181d; }
    button { font: inherit; color: inherit; cursor: pointer; }
    :focus-visible { outline: 3px solid #1a5fd0; outline-offset: 2px; }
    .bell { position: relative; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 22px; background: none; }
    .bell svg { width: 24px; height: 24px; vertical-align: middle; }
    .count { position: absolute; top: 2px; right: 0; min-width: 20px; padding: 0 5px; border-radius: 10px;
             background: #b3261e; color: #fff; font-size: 12px; line-height: 20px; box-sizing: border-box; }
    .panel { position: absolute; z-index: 2147483000; right: 0; top: 48px; width: min(360px, calc(100vw - 24px));
             max-height: min(70vh, 560px); overflow: auto; background: #fff; border: 1px solid #d5d7db;
             border-radius: 10px; box-shadow: 0 8px 28px rgb(0 0 0 / .18); }
    [hidden] { display: none !important; }
    header { display: flex; align-items: center; gap: 8px; padding: 10px 14px; border-bottom: 1px solid #e4e6e9; }
    h2 { margin: 0; flex: 1; font-size: 17px; }
    .plain { min-height: 32px; border: 1px solid #c3c7cd; border-radius: 6px; padding: 4px 10px; background: #fff; font-size: 14px; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { padding: 12px 14px; border-bottom: 1px solid #eceef0; }
    li.unread { background: #eef4ff; }
    h3 { margin: 0 0 2px; font-size: 15px; }
    h3 a { color: #174ea6; }
    .tag { display: inline-block; margin-right: 6px; padding: 0 6px; border-radius: 4px; background: #174ea6; color: #fff; font-size: 12px; font-weight: 400; }
    p { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
    time { display: block; margin-top: 4px; color: #5b616b; font-size: 13px; }
    img { display: block; max-width: 100%; max-height: 160px; margin: 6px 0; border-radius: 6px; }
    .note { padding: 18px 14px; color: #4a4f57; }
    .more { display: block; width: 100%; padding: 12px; border: 0; background: none; color: #174ea6; }
  `;
  const BELL = "M12 22a2.5 2.5 0 0 0 2.4-2h-4.8A2.5 2.5 0 0 0 12 22Zm7-6v-5a7 7 0 0 0-5.5-6.8V3.5a1.5 1.5 0 0 0-3 0v.7A7 7 0 0 0 5 11v5l-2 2v1h18v-1Z";

  const make = (name, values = {}, ...inside) => {
    const element = Object.assign(document.createElement(name), values);
    element.append(...inside);
    return element;
  };
  /* Only addresses of pages: anything else could run in this page. */
  const page = (address) => {
    try {
      const url = new URL(address);
      return ["https:", "http:"].includes(url.protocol) ? url.href : null;
    } catch { return null; }
  };

  class KogdaInbox extends HTMLElement {
    static observedAttributes = ["token"];
    #messages = new Map(); #unread = 0; #next = null; #stream = null; #again = 0; #waits = 1000; #asked = false;

    connectedCallback() {
      if (!this.shadowRoot) this.#build();
      this.#begin();
    }

    disconnectedCallback() {
      this.#end();
      document.removeEventListener("click", this.#outside);
    }

    attributeChangedCallback(_, before, after) {
      if (this.isConnected && this.shadowRoot && before !== after) this.#begin();
    }

    #words() {
      const language = (this.getAttribute("lang") || this.closest("[lang]")?.lang || navigator.language || "en");
      return WORDS[language.slice(0, 2).toLowerCase()] || WORDS.en;
    }

    #build() {
      const root = this.attachShadow({ mode: "open" }), words = this.#words(), sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      icon.setAttribute("viewBox", "0 0 24 24"); icon.setAttribute("aria-hidden", "true");
      path.setAttribute("d", BELL); path.setAttribute("fill", "currentColor"); icon.append(path);
      this.count = make("span", { className: "count", hidden: true, ariaHidden: "true" });
      this.bell = make("button", { type: "button", className: "bell" }, icon, this.count);
      this.bell.setAttribute("aria-haspopup", "dialog");
      this.list = make("ul");
      this.none = make("p", { className: "note", textContent: words.none, hidden: true });
      this.trouble = make("p", { className: "note", textContent: words.trouble, hidden: true });
      this.trouble.setAttribute("role", "status");
      this.more = make("button", { type: "button", className: "more", textContent: words.more, hidden: true });
      const all = make("button", { type: "button", className: "plain", textContent: words.all });
      const close = make("button", { type: "button", className: "plain", textContent: "✕", ariaLabel: words.close });
      this.panel = make("div", { className: "panel", hidden: true, tabIndex: -1 },
        make("header", {}, make("h2", { id: "title", textContent: words.title }), all, close),
        this.trouble, this.none, this.list, this.more);
      this.panel.setAttribute("role", "dialog"); this.panel.setAttribute("aria-labelledby", "title");
      this.said = make("span", { className: "said" });
      this.said.setAttribute("role", "status");
      Object.assign(this.said.style, { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" });
      root.append(this.bell, this.said, this.panel);
      this.bell.addEventListener("click", () => this.#show(this.panel.hidden));
      close.addEventListener("click", () => this.#show(false));
      all.addEventListener("click", () => this.#readAll());
      this.more.addEventListener("click", () => this.#look(this.#next));
      root.addEventListener("keydown", (event) => { if (event.key === "Escape" && !this.panel.hidden) this.#show(false); });
      document.addEventListener("click", this.#outside);
      this.#shown();
    }

    #outside = (event) => {
      if (!this.panel.hidden && !event.composedPath().includes(this)) this.#show(false, false);
    };

    #show(open, back = true) {
      this.panel.hidden = !open;
      this.bell.setAttribute("aria-expanded", String(open));
      if (open) this.#place();
      if (open) this.panel.focus(); else if (back) this.bell.focus();
    }

    /* Under the bell, and inside the window wherever the bell is. */
    #place() {
      this.panel.style.right = "0";
      const { left } = this.panel.getBoundingClientRect();
      if (left < 8) this.panel.style.right = `${left - 8}px`;
    }

    async #begin() {
      this.#end();
      this.#messages.clear(); this.#asked = false;
      await this.#look(null);
    }

    #end() {
      clearTimeout(this.#again);
      this.#stream?.close();
      this.#stream = null;
    }

    /* A page that stays open outlives its token: token-url says where the shop's backend gives another. */
    async #renew() {
      const where = this.getAttribute("token-url");
      if (!where || this.#asked) return false;
      this.#asked = true;
      const answer = await fetch(where, { credentials: "same-origin", cache: "no-store" });
      const token = answer.ok ? (await answer.text()).trim() : "";
      if (!token || token === this.getAttribute("token")) return false;
      this.setAttribute("token", token);
      return true;
    }

    async #ask(path, options = {}) {
      const token = this.getAttribute("token") || "";
      const answer = await fetch(`${HOST}/v1/inbox${path}`, {
        ...options, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
      if (answer.status === 401 && await this.#renew()) return null;
      if (!answer.ok) throw new Error(`inbox: ${answer.status}`);
      return answer.json();
    }

    async #look(before) {
      try {
        const said = await this.#ask(before ? `?before=${before}` : "");
        if (!said) return;
        for (const each of said.messages) this.#messages.set(each.id, each);
        this.#unread = said.unread; this.#next = said.next; this.#waits = 1000; this.#asked = false;
        this.trouble.hidden = true;
        this.#shown();
        if (!this.#stream) this.#listen();
      } catch {
        this.trouble.hidden = false;
        this.#lookLater();
      }
    }

    #lookLater() {
      clearTimeout(this.#again);
      if (!this.isConnected) return;
      this.#waits = Math.min(this.#waits * 2, 60000);
      this.#again = setTimeout(() => this.#begin(), this.#waits * (0.5 + Math.random()));
    }

    #listen() {
      const newest = Math.max(0, ...[...this.#messages.values()].map((each) => each.cursor));
      const asked = new URLSearchParams({ token: this.getAttribute("token") || "", after: newest });
      this.#stream = new EventSource(`${HOST}/v1/inbox/stream?${asked}`);
      this.#stream.addEventListener("message", (event) => {
        const one = JSON.parse(event.data);
        const isNew = !this.#messages.has(one.id);
        this.#messages.set(one.id, one);
        this.#shown();
        if (isNew) {
          this.said.textContent = `${this.#words().isNew}: ${one.title}`;
          this.dispatchEvent(new CustomEvent("kogda-message", { detail: one, bubbles: true }));
        }
      });
      this.#stream.addEventListener("unread", (event) => {
        this.#unread = JSON.parse(event.data).unread;
        this.#shown();
      });
      /* The browser itself comes again after a broken connection; after a refusal it does not. */
      this.#stream.addEventListener("error", () => {
        if (this.#stream?.readyState === EventSource.CLOSED) { this.#stream = null; this.#lookLater(); }
      });
    }

    #shown() {
      const words = this.#words();
      const items = [...this.#messages.values()].sort((one, other) => other.cursor - one.cursor);
      this.count.textContent = this.#unread > 99 ? "99+" : String(this.#unread);
      this.count.hidden = !this.#unread;
      this.bell.setAttribute("aria-label", this.#unread ? `${words.title}, ${words.unread(this.#unread)}` : words.title);
      this.none.hidden = items.length > 0 || !this.trouble.hidden;
      this.more.hidden = !this.#next;
      const focused = this.shadowRoot.activeElement?.dataset?.message;
      this.list.replaceChildren(...items.map((each) => this.#item(each, words)));
      if (focused) this.list.querySelector(`[data-message="${focused}"]`)?.focus();
    }

    #item(each, words) {
      const title = make("h3"), link = each.link && page(each.link), image = each.image && page(each.image);
      if (!each.read) title.append(make("span", { className: "tag", textContent: words.isNew }));
      if (link) {
        const follow = make("a", { href: link, textContent: each.title || link });
        follow.dataset.message = each.id;
        follow.addEventListener("click", () => this.#read(each, "clicked"));
        title.append(follow);
      } else title.append(each.title);
      const item = make("li", { className: each.read ? "" : "unread" }, title);
      if (image) item.append(make("img", { src: image, alt: "", loading: "lazy", referrerPolicy: "no-referrer" }));
      item.append(make("p", { textContent: each.text }),
        make("time", { dateTime: each.at, textContent: new Date(each.at).toLocaleString(this.lang || undefined, { dateStyle: "medium", timeStyle: "short" }) }));
      if (!each.read) item.addEventListener("click", () => this.#read(each, "read"));
      return item;
    }

    /* The page may be gone the next moment: kept alive, and plain enough to need no preflight. */
    #read(each, how) {
      if (each.read && how === "read") return;
      if (!each.read) this.#unread = Math.max(0, this.#unread - 1);
      each.read = true;
      const asked = new URLSearchParams({ token: this.getAttribute("token") || "" });
      fetch(`${HOST}/v1/inbox/${each.id}/${how}?${asked}`, { method: "POST", keepalive: true }).catch(() => {});
      this.#shown();
    }

    async #readAll() {
      const until = Math.max(0, ...[...this.#messages.values()].map((each) => each.cursor));
      try {
        await this.#ask("/read", { method: "POST", body: JSON.stringify({ until }) });
        for (const each of this.#messages.values()) each.read = true;
        this.#unread = 0;
        this.#shown();
      } catch { this.trouble.hidden = false; }
    }
  }

  if (!customElements.get("kogda-inbox")) customElements.define("kogda-inbox", KogdaInbox);
})();
