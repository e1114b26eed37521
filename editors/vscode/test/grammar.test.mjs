// The grammar as an editor runs it: words of both languages, and what must not be coloured like one.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const wasm = await readFile(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));

const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () =>
    textmate.parseRawGrammar(
      await readFile(new URL("../syntaxes/kogda.tmLanguage.json", import.meta.url), "utf8"),
      "kogda.tmLanguage.json",
    ),
});
const grammar = await registry.loadGrammar("source.kogda");

/** The innermost scope of each piece of a text that has one. */
function scopes(text) {
  const found = {};
  let stack = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const read = grammar.tokenizeLine(line, stack);
    stack = read.ruleStack;
    for (const token of read.tokens) {
      const word = line.slice(token.startIndex, token.endIndex).trim();
      if (word) found[word] = token.scopes.slice(1).join(" ");
    }
  }
  return found;
}

test("English words are what they do", () => {
  const found = scopes(
    `rule "Left cart"
  when cart_updated where event.total >= 15 EUR after 1h
  only if customer.city is "Berlin"
  stop when order_placed
  once per 7 days
  send email "cart" # now
  wait until monday 10:00
  split 45% "A": exit`,
  );

  assert.match(found['"Left cart"'], /entity\.name\.function/);
  assert.match(found["when"], /keyword\.control\.item/);
  assert.equal(found["cart_updated"], "");
  assert.match(found["event"], /variable\.language/);
  assert.match(found["total"], /variable\.other\.property/);
  assert.match(found["15 EUR"], /constant\.numeric\.money/);
  assert.match(found["1h"], /constant\.numeric\.duration/);
  assert.match(found["only if"], /keyword\.other\.clause/);
  assert.match(found["stop when"], /keyword\.other\.clause/);
  assert.match(found["is"], /keyword\.operator\.word/);
  assert.match(found["send"], /support\.function\.step/);
  assert.match(found["email"], /support\.constant\.channel/);
  assert.match(found['"cart"'], /string\.quoted/);
  assert.match(found["# now"], /comment\.line/);
  assert.match(found["monday"], /constant\.language\.calendar/);
  assert.match(found["10:00"], /constant\.numeric\.time/);
  assert.match(found["45%"], /constant\.numeric\.percent/);
});

test("Russian words are what they do", () => {
  const found = scopes(
    `# language: ru
правило «Брошенная корзина»
  когда cart_updated где событие.total >= 700 RUB через 2 часа
  только если клиент.stage равно "читатель"
  прекратить при order_placed
  отправить письмо "korzina" если не order_placed
  ждать до завтра 10:00
  разделить 45% "А": выйти`,
  );

  assert.match(found["правило"], /keyword\.control\.item/);
  assert.match(found["«Брошенная корзина»"], /entity\.name\.function/);
  assert.match(found["когда"], /keyword\.control\.item/);
  assert.match(found["событие"], /variable\.language/);
  assert.match(found["2 часа"], /constant\.numeric\.duration/);
  assert.match(found["только если"], /keyword\.other\.clause/);
  assert.match(found["прекратить при"], /keyword\.other\.clause/);
  assert.match(found["отправить"], /support\.function\.step/);
  assert.match(found["письмо"], /support\.constant\.channel/);
  assert.match(found["если не"], /keyword\.other\.clause/);
  assert.match(found["завтра"], /constant\.language/);
});

test("a word inside of another is no word", () => {
  const found = scopes("when whenever send_off customers_left если_бы");

  assert.equal(found["whenever send_off customers_left если_бы"], "");
});

test("a property that is spelt like a word is a property", () => {
  assert.match(scopes("event.when")["when"], /variable\.other\.property/);
  assert.match(scopes("клиент.когда")["когда"], /variable\.other\.property/);
});

test("words in texts and comments are neither", () => {
  assert.match(scopes('send email "when send"')['"when send"'], /string\.quoted/);
  assert.match(scopes("# when send")["# when send"], /comment\.line/);
});

test("minutes and months are lengths of time, whatever is behind the number", () => {
  for (const length of ["5 min", "3 months", "1 день", "10 минут", "30d"]) {
    assert.match(scopes(`after ${length} send`)[length], /constant\.numeric\.duration/);
  }
});

test("snippets are listed in both languages", async () => {
  const found = JSON.parse(await readFile(new URL("../snippets/kogda.json", import.meta.url), "utf8"));
  const prefixes = new Set(Object.values(found).map((snippet) => snippet.prefix));

  assert.ok(prefixes.has("rule") && prefixes.has("правило") && prefixes.has("test") && prefixes.has("тест"));
});
