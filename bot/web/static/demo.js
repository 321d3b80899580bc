/*
 * The demo page: who one is, the simulated messaging app, the shop's clock, and what to try.
 * The promise: the page only ever shows what the assistant answered; it makes nothing up.
 */
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const chat = $("chat");
  const VISITOR = { customer: "", name: "A new visitor", about: "Nobody the shop knows. The chat keeps the conversation in this browser only.", address: "" };
  const POLL = 5000; // ms between looks at the phone's messages, for those that come unasked

  let person = VISITOR;
  let shown = []; // the phone's messages, as the assistant reports them
  let unsent = null; // {text, key}: a text message that did not get through
  const done = new Set();
  chat.tokenProvider = () => new Promise(() => {}); // until it is known who one is

  const post = async (path, body) => {
    const reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!reply.ok) throw new Error((await reply.json().catch(() => null))?.error?.message || `The server answered ${reply.status}.`);
    return reply.json();
  };

  const uuid = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

  // ---- who one is

  async function meet() {
    let people;
    try {
      const reply = await fetch("demo/customers");
      if (!reply.ok) throw new Error(reply.status);
      people = await reply.json();
    } catch {
      $("about").textContent = "The assistant does not answer yet. Trying again…";
      return setTimeout(meet, 2000);
    }
    people = [...people, VISITOR];
    const last = sessionStorage.getItem("person");
    const first = people.find((p) => p.customer === last) || people[0];
    $("people").replaceChildren(
      ...people.map((who) => {
        const input = document.createElement("input");
        Object.assign(input, { type: "radio", name: "person", value: who.customer, checked: who === first });
        input.addEventListener("change", () => become(who, true));
        const name = document.createElement("span");
        name.textContent = who.name;
        const label = document.createElement("label");
        label.append(input, name);
        return label;
      }),
    );
    become(first, false);
  }

  function become(who, anew) {
    person = who;
    sessionStorage.setItem("person", who.customer);
    $("about").textContent = who.about || "";
    let token = null;
    chat.tokenProvider = who.customer
      ? async ({ renew }) => (token = renew || !token ? (await post("demo/token", { customer: who.customer })).token : token)
      : null;
    if (!who.customer && anew) chat.forget();
    unsent = null;
    $("trouble").replaceChildren();
    phone(true);
  }

  // ---- the phone

  const hint = () =>
    person.address
      ? "No messages yet. Text only here: choices come as numbered lines, and you answer with a number or in your own words."
      : "The shop knows no number of a new visitor. Be one of the customers to use the phone.";

  function bubble({ from, text }) {
    const line = document.createElement("p");
    const who = document.createElement("span");
    who.className = "sr";
    who.textContent = from === "customer" ? "You: " : from === "operator" ? "Support team: " : "Assistant: ";
    if (from === "customer") line.className = "mine";
    line.dir = "auto";
    line.append(who, text);
    return line;
  }

  /** Shows what the assistant has for this number; only what is new is added, so that it alone is read out. */
  async function phone(afresh = false) {
    const { address } = person;
    const texts = $("texts");
    $("number").textContent = address || "Text messages";
    for (const field of $("texting").elements) field.disabled = !address;
    if (afresh) draw([], true);
    if (!address) return;
    const reply = await fetch("demo/messaging?address=" + encodeURIComponent(address)).catch(() => null);
    if (!reply?.ok || address !== person.address) return;
    draw((await reply.json()).messages, false);

    function draw(messages, anew) {
      const same = !anew && shown.every((m, i) => m.text === messages[i]?.text);
      const fresh = same ? messages.slice(shown.length) : messages;
      if (!same || !shown.length) texts.replaceChildren();
      shown = messages;
      texts.append(...fresh.map(bubble));
      if (!messages.length) {
        const line = document.createElement("p");
        line.className = "hint";
        line.textContent = hint();
        texts.replaceChildren(line);
      }
      if (fresh.length) texts.scrollTop = texts.scrollHeight;
    }
  }

  async function text(words, key = uuid()) {
    const trouble = $("trouble");
    const { address } = person;
    trouble.replaceChildren("Sending…");
    try {
      await post("demo/messaging", { address, text: words, key });
      unsent = null;
      trouble.replaceChildren();
      tick("phone");
    } catch (error) {
      unsent = { words, key };
      const again = document.createElement("button");
      again.type = "button";
      again.textContent = "Send again";
      again.addEventListener("click", () => text(unsent.words, unsent.key));
      trouble.replaceChildren(`“${words}” was not sent. ${error.message} `, again);
    }
    await phone();
  }

  $("texting").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = $("text").value.trim();
    if (!words) return;
    $("text").value = "";
    text(words);
  });
  setInterval(() => document.visibilityState === "visible" && phone(), POLL);

  // ---- what to try

  function tick(step) {
    done.add(step);
    const items = [...$("steps").children];
    for (const item of items) item.classList.toggle("done", done.has(item.id.slice(5)));
    const next = items.find((item) => !item.classList.contains("done"));
    for (const item of items) item.classList.toggle("next", item === next);
  }

  async function pass() {
    try {
      const { now } = (await post("demo/clock", { hours: 49 })) || {};
      const at = now && new Date(now).toLocaleString(undefined, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
      $("clock").textContent = at ? `In the shop it is now ${at}.` : "In the shop two days have passed.";
      tick("clock");
    } catch (error) {
      $("clock").textContent = `The clock did not move. ${error.message}`;
    }
  }

  function ask(words) {
    chat.send(words);
    chat.scrollIntoView({ block: "nearest" });
  }

  const acts = {
    order: () => ask("A large latte, please"),
    clock: pass,
    phone: () => ($("texts").scrollIntoView({ block: "nearest" }), person.address ? text("hi") : $("people").querySelector("input").focus()),
    know: () => ask("What do you know about me?"),
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.ask) return ask(button.dataset.ask);
    if (!button?.dataset.do) return;
    button.disabled = true; // one tap, one message
    await acts[button.dataset.do]();
    button.disabled = false;
    if (document.activeElement === document.body) button.focus({ preventScroll: true });
  });
  chat.addEventListener("rapport:message", ({ detail }) => {
    if (detail.replayed || detail.message.from !== "customer") return;
    tick("order");
    if (/know about me/i.test(detail.message.text)) tick("know");
  });

  $("steps").firstElementChild.classList.add("next");
  customElements.whenDefined("rapport-chat").then(meet);
})();
