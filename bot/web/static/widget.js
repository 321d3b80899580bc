/*
 * <rapport-chat>: the shop's assistant on any page, as one custom element without dependencies.
 * The promise: what the customer wrote is sent exactly once, or is visibly kept and offered again.
 * Everything that comes from outside is shown as text, never parsed as HTML. See docs/widget.md.
 */
(() => {
  "use strict";
  if (customElements.get("rapport-chat")) return;

  const SCRIPT = document.currentScript && document.currentScript.src;
  const ACK_PATIENCE = 10000; // ms until a send without acknowledgement is repeated by HTTP under the same key
  const READY_PATIENCE = 8000; // ms until a socket that does not get ready is given up
  const STALE = 30 * 60000; // ms after which a message found on loading is offered again instead of sent by itself
  const PAGE = 20; // a page of history this long may have a next one
  const KEPT = 400; // messages kept in the document; older ones are dropped from view

  const KEYS =
    "open close chat log you assistant operator write send choices chosen typing sending waiting unsent again remove connecting offline lost busy out fresh automated person unread jump intro failed".split(" ");
  const WORDS = {
    en: "Open chat|Close chat|Chat|Conversation|You|Assistant (automated)|Support team (a person)|Write a message|Send|Choose an answer|chosen|Typing…|Sending…|Waiting for the connection|Not sent|Try again|Delete|Connecting…|You are offline. Messages are kept and sent when you are back.|No connection. Messages are kept; trying again…|Too much at once. Sending again in {n} s.|You are signed out. Sign in again to go on.|Your earlier chat is no longer available. This is a new one.|Automated assistant|A person is answering|{n} new|New messages|You are talking to an automated assistant. You can ask for a person at any time.|That did not work.",
    "zh-Hans": "打开聊天|关闭聊天|聊天|对话|你|助手（自动）|客服（真人）|输入消息|发送|请选择一个回答|已选|正在输入…|正在发送…|等待连接|未发送|重试|删除|正在连接…|你已离线。消息会保留，恢复连接后发送。|没有连接。消息已保留，正在重试…|发送过快，{n} 秒后重试。|你已退出登录。请重新登录后继续。|之前的聊天已不可用，这是新的聊天。|自动助手|现在由真人回复|{n} 条新消息|新消息|你正在与自动助手对话。你可以随时要求转接真人。|操作未成功。",
    "zh-Hant": "開啟聊天|關閉聊天|聊天|對話|你|助手（自動）|客服（真人）|輸入訊息|傳送|請選擇一個回答|已選|正在輸入…|正在傳送…|等待連線|未傳送|重試|刪除|正在連線…|你已離線。訊息會保留，恢復連線後傳送。|沒有連線。訊息已保留，正在重試…|傳送過快，{n} 秒後重試。|你已登出。請重新登入後繼續。|先前的聊天已無法使用，這是新的聊天。|自動助手|現在由真人回覆|{n} 則新訊息|新訊息|你正在與自動助手對話。你可以隨時要求轉接真人。|操作未成功。",
    de: "Chat öffnen|Chat schließen|Chat|Unterhaltung|Sie|Assistent (automatisch)|Kundendienst (ein Mensch)|Nachricht schreiben|Senden|Antwort auswählen|gewählt|Schreibt…|Wird gesendet…|Wartet auf Verbindung|Nicht gesendet|Erneut versuchen|Löschen|Verbindet…|Sie sind offline. Nachrichten bleiben erhalten und werden später gesendet.|Keine Verbindung. Nachrichten bleiben erhalten; neuer Versuch…|Zu viel auf einmal. Neuer Versuch in {n} s.|Sie sind abgemeldet. Bitte melden Sie sich erneut an.|Ihr früherer Chat ist nicht mehr verfügbar. Dies ist ein neuer.|Automatischer Assistent|Ein Mensch antwortet|{n} neu|Neue Nachrichten|Sie sprechen mit einem automatischen Assistenten. Sie können jederzeit einen Menschen verlangen.|Das hat nicht geklappt.",
    es: "Abrir chat|Cerrar chat|Chat|Conversación|Usted|Asistente (automático)|Atención al cliente (una persona)|Escriba un mensaje|Enviar|Elija una respuesta|elegido|Escribiendo…|Enviando…|Esperando la conexión|No enviado|Reintentar|Eliminar|Conectando…|Está sin conexión. Los mensajes se guardan y se envían después.|Sin conexión. Los mensajes se guardan; reintentando…|Demasiados a la vez. Nuevo intento en {n} s.|Ha cerrado la sesión. Vuelva a iniciarla para seguir.|Su chat anterior ya no está disponible. Este es nuevo.|Asistente automático|Responde una persona|{n} nuevos|Mensajes nuevos|Habla con un asistente automático. Puede pedir una persona en cualquier momento.|No ha funcionado.",
    fr: "Ouvrir le chat|Fermer le chat|Chat|Conversation|Vous|Assistant (automatique)|Service client (une personne)|Écrire un message|Envoyer|Choisir une réponse|choisi|Écrit…|Envoi…|En attente de connexion|Non envoyé|Réessayer|Supprimer|Connexion…|Vous êtes hors ligne. Les messages sont gardés et partiront à votre retour.|Pas de connexion. Les messages sont gardés ; nouvel essai…|Trop à la fois. Nouvel essai dans {n} s.|Vous êtes déconnecté. Reconnectez-vous pour continuer.|Votre ancien chat n’est plus disponible. En voici un nouveau.|Assistant automatique|Une personne répond|{n} nouveaux|Nouveaux messages|Vous parlez à un assistant automatique. Vous pouvez demander une personne à tout moment.|Cela n’a pas marché.",
  };

  /** The name of the word table that serves a language tag best. */
  const tableFor = (tag) => {
    const low = tag.toLowerCase();
    if (low.startsWith("zh")) return /hant|tw|hk|mo/.test(low) ? "zh-Hant" : "zh-Hans";
    return WORDS[low.slice(0, 2)] ? low.slice(0, 2) : "en";
  };

  const LIGHT = "--bg:#fff;--fg:#1d2326;--dim:#586368;--tint:#eff3f4;--edge:#d3dcdf;--acc:#17606a;--on:#fff;--bad:#a32020;color-scheme:light";
  const DARK = "--bg:#14191b;--fg:#e9eff0;--dim:#a2afb3;--tint:#232b2e;--edge:#3a464a;--acc:#84cdd8;--on:#06272c;--bad:#ffaaa2;color-scheme:dark";
  const CSS = `
:host{${LIGHT};display:block}
@media(prefers-color-scheme:dark){:host{${DARK}}}
:host([theme=light]){${LIGHT}}
:host([theme=dark]){${DARK}}
:host([hidden]),[hidden]{display:none!important}
:host([inline]){height:100%;min-height:22rem}
.all{--s:var(--rapport-surface,var(--bg));--t:var(--rapport-text,var(--fg));--m:var(--rapport-muted,var(--dim));
--b:var(--rapport-bubble,var(--tint));--l:var(--rapport-line,var(--edge));--a:var(--rapport-accent,var(--acc));
--o:var(--rapport-on-accent,var(--on));--e:var(--rapport-error,var(--bad));--r:var(--rapport-radius,16px);
font:15px/1.45 var(--rapport-font,system-ui,sans-serif);color:var(--t);height:100%}
*{box-sizing:border-box}
button,textarea{font:inherit;color:inherit;margin:0}
button{cursor:pointer}
p{margin:0}
:focus{outline:none}
:focus-visible{outline:2px solid var(--a);outline-offset:2px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
svg{width:1.4em;height:1.4em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;display:block}
.launch{position:fixed;z-index:var(--rapport-z,2147483000);right:var(--rapport-offset,20px);bottom:var(--rapport-offset,20px);
width:56px;height:56px;border:0;border-radius:50%;background:var(--a);color:var(--o);display:grid;place-items:center;box-shadow:0 4px 18px #0005;font-size:18px}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 6px;border-radius:11px;background:var(--e);color:var(--s);font-size:13px;line-height:22px;font-weight:600}
.panel{display:flex;flex-direction:column;position:relative;background:var(--s);height:100%;overflow:hidden}
.all:not(.in) .panel{position:fixed;z-index:var(--rapport-z,2147483000);right:var(--rapport-offset,20px);bottom:calc(var(--rapport-offset,20px) + 68px);
width:var(--rapport-width,384px);height:var(--rapport-height,620px);max-height:calc(100dvh - 2*var(--rapport-offset,20px) - 68px);
border:1px solid var(--l);border-radius:var(--r);box-shadow:0 12px 44px #0004}
@media(max-width:479px){.all:not(.in) .panel{inset:0;width:auto;height:100dvh;max-height:none;border:0;border-radius:0}.all:not(.in).up .launch{display:none}}
header{display:flex;align-items:center;gap:12px;padding:12px 16px;border-bottom:1px solid var(--l)}
.face{flex:none;width:38px;height:38px;border-radius:50%;background:var(--a);color:var(--o);display:grid;place-items:center}
.name{font-weight:650;line-height:1.25;overflow-wrap:anywhere}
.sub{font-size:13px;color:var(--m)}
.grow{flex:1;min-width:0}
.bare{border:0;background:none;border-radius:10px;width:40px;height:40px;display:grid;place-items:center;flex:none;color:var(--m)}
.bare:hover{background:var(--b);color:var(--t)}
.log{flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px;overflow-wrap:anywhere;position:relative}
.log:focus-visible{outline-offset:-3px}
.intro{color:var(--m);font-size:14px;text-align:center;text-wrap:balance;padding:4px 12px 8px}
.msg{margin-top:4px;display:flex;flex-direction:column;align-items:flex-start}
.msg.first{margin-top:14px}
.msg:not(.first)>.who{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.who,.note,.when{font-size:12.5px;color:var(--m)}
.who{padding:0 4px 3px}
.note{padding:3px 4px 0}
.note button{border:0;background:none;text-decoration:underline;padding:4px 6px;min-height:28px;color:var(--t)}
.when{align-self:center;padding:6px 0 10px}
.bub{max-width:88%;padding:9px 13px;border-radius:var(--r);border-end-start-radius:5px;background:var(--b);white-space:pre-wrap}
.bub a{color:inherit}
.mine{align-items:flex-end}
.mine>.bub{background:var(--a);color:var(--o);border-end-start-radius:var(--r);border-end-end-radius:5px}
.wait>.bub{opacity:.8}
.bad>.bub{background:none;color:var(--t);border:1.5px dashed var(--e);opacity:1}
.operator>.bub{box-shadow:inset 3px 0 var(--a)}
.set{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px;max-width:100%}
.set button{border:1.5px solid var(--a);background:var(--s);color:var(--a);border-radius:20px;padding:7px 15px;min-height:40px;text-align:start;font-weight:550;max-width:100%}
.set button:hover{background:var(--b)}
.old .set button{border-color:var(--l);color:var(--t);font-weight:400}
.set button[aria-disabled]{cursor:default;border-color:var(--l);color:var(--m);background:none;font-weight:400}
.set button.yes{border-color:var(--a);color:var(--t);background:var(--b);font-weight:550}
.yes::before{content:"✓ "/""}
.starts{justify-content:center}
.cards{display:grid;gap:10px;margin-top:8px;width:100%}
.card{border:1px solid var(--l);border-radius:var(--r);padding:12px;display:grid;grid-template-columns:auto 1fr;column-gap:12px;align-items:start}
.card img{width:72px;height:72px;object-fit:cover;border-radius:10px;background:var(--b)}
.card .body{grid-column:2;min-width:0}
.card:not(.pic) .body{grid-column:1/-1}
.card .set{grid-column:1/-1}
.title{font-weight:600}
.price{font-weight:600;font-variant-numeric:tabular-nums;padding-top:2px}
.dots{display:inline-flex;gap:5px;margin-top:12px;padding:13px 14px}
.dots i{width:7px;height:7px;border-radius:50%;background:var(--m)}
.jump{position:absolute;left:50%;translate:-50%;bottom:100%;margin-bottom:8px;border:1px solid var(--l);background:var(--s);border-radius:18px;padding:5px 14px;box-shadow:0 2px 10px #0003;font-size:13.5px}
.foot{position:relative;border-top:1px solid var(--l);padding:10px 12px}
.state{font-size:13px;color:var(--m)}
.state:not(:empty){padding:0 4px 8px}
.state.bad{color:var(--e)}
.state button{border:0;background:none;text-decoration:underline;padding:2px 6px;min-height:24px}
form{display:flex;align-items:flex-end;gap:8px}
textarea{flex:1;min-width:0;resize:none;border:1.5px solid var(--l);border-radius:20px;background:var(--s);padding:8px 14px;min-height:42px;max-height:8.5em;display:block}
textarea::placeholder{color:var(--m);opacity:1}
textarea:focus-visible{outline-offset:-1.5px}
.go{flex:none;width:42px;height:42px;border:0;border-radius:50%;background:var(--a);color:var(--o);display:grid;place-items:center}
@media(pointer:coarse){textarea{font-size:16px}}
@media(prefers-reduced-motion:no-preference){
.log{scroll-behavior:smooth}
.dots i{animation:d 1.2s infinite}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes d{30%{translate:0 -4px;opacity:.5}60%{translate:0}}
.msg.new{animation:n .18s ease-out}@keyframes n{from{opacity:0;translate:0 6px}}}
@media(forced-colors:active){.bub,.go,.launch,.face{border:1px solid}}
`;

  /** An element with attributes, listeners (on...) and children; strings among them become text. */
  const h = (tag, props = {}, ...kids) => {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
      if (value == null || value === false) continue;
      if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
      else el.setAttribute(name, value === true ? "" : value);
    }
    el.append(...kids.filter((kid) => kid != null && kid !== ""));
    return el;
  };

  const icon = (d) => {
    const make = (tag, name, value) => {
      const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
      el.setAttribute(name, value);
      return el;
    };
    const svg = make("svg", "viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(make("path", "d", d));
    return svg;
  };

  /** Text with its web addresses as links. */
  const linked = (text) =>
    text
      .split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/)
      .map((part, i) => (i % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));

  /** localStorage, or this page's memory where the browser refuses it. */
  const shelf = (() => {
    try {
      localStorage.setItem("rapport:probe", "1");
      localStorage.removeItem("rapport:probe");
      return localStorage;
    } catch {
      const kept = {};
      return Object.defineProperties(kept, {
        getItem: { value: (k) => kept[k] ?? null },
        setItem: { value: (k, v) => void (kept[k] = v) },
        removeItem: { value: (k) => void delete kept[k] },
      });
    }
  })();
  const keep = (key, value) => {
    try {
      shelf.setItem(key, value);
    } catch {
      /* A full store costs the survival of a reload, nothing else. */
    }
  };

  // randomUUID exists on secure pages only.
  const uuid = () =>
    crypto.randomUUID?.() ??
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  /** A short fingerprint, so that names in the browser's store show no customer id or token. */
  const print = (text) => {
    let a = 0x811c9dc5;
    let b = 0x1000193;
    for (const ch of text) {
      a = Math.imul(a ^ ch.codePointAt(0), 0x1000193);
      b = Math.imul(b + ch.codePointAt(0), 0x85ebca6b) ^ (b >>> 13);
    }
    return (a >>> 0).toString(36) + (b >>> 0).toString(36);
  };

  /** Whose token it is: the subject of a JWT, else the token itself. Only the server verifies it. */
  const subject = (token) => {
    try {
      return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub || token;
    } catch {
      return token;
    }
  };

  const jitter = (tries, cap) => Math.min(cap, 400 * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);

  class RapportChat extends HTMLElement {
    static observedAttributes = ["server", "token", "lang", "open", "inline", "heading", "starters"];

    #ui = {};
    #words = {};
    #provider = null;
    #token = null;
    #scope = null; // whose messages these are; names the entries in the browser's store
    #run = 0; // grows when the customer changes; what an older run awaited is ignored
    #socket = null;
    #ready = false;
    #opening = false;
    #refused = false; // the last token was refused
    #halted = false; // no token will do until someone signs in
    #tries = 0;
    #poll = false; // HTTP works although the socket does not
    #timers = {};
    #conversation = null;
    #last = 0;
    #floor = 0;
    #seen = 0;
    #shown = new Map();
    #outbox = [];
    #pumping = false;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
      this.#build(root);
    }

    // ---- public

    get tokenProvider() {
      return this.#provider;
    }
    set tokenProvider(provider) {
      this.#provider = provider;
      if (this.isConnected) this.#reset();
    }
    get open() {
      return this.hasAttribute("open");
    }
    set open(on) {
      this.toggleAttribute("open", !!on);
    }
    /** Says something in the customer's name. */
    send(text) {
      if (text.trim()) this.#say({ text: text.trim() });
    }
    /** Fetches at once what may have been missed. */
    refresh() {
      this.#tries = 0;
      return this.#ready ? this.#catchUp() : this.#connect();
    }
    /** Forgets the visitor and whatever this browser keeps of this chat; the next message starts a new one. */
    forget() {
      for (const key of Object.keys(shelf)) {
        if (key === this.#visitorKey() || (this.#scope && key.startsWith(this.#key("")))) shelf.removeItem(key);
      }
      this.#reset();
    }

    // ---- life

    connectedCallback() {
      for (const name of ["tokenProvider"]) {
        if (Object.hasOwn(this, name)) {
          const value = this[name]; // set before this script had loaded
          delete this[name];
          this.#provider = value;
        }
      }
      this.#label();
      this.#face();
      addEventListener("online", this.#wake);
      addEventListener("offline", this.#wake);
      addEventListener("storage", this.#stored);
      document.addEventListener("visibilitychange", this.#wake);
      this.#reset();
    }

    disconnectedCallback() {
      removeEventListener("online", this.#wake);
      removeEventListener("offline", this.#wake);
      removeEventListener("storage", this.#stored);
      document.removeEventListener("visibilitychange", this.#wake);
      this.#run++;
      this.#drop();
    }

    attributeChangedCallback(name, before, now) {
      if (!this.isConnected || before === now) return;
      if (name === "open" || name === "inline") this.#face(name === "open");
      else if (name === "token" && now && this.#scope === print(this.#base() + subject(now))) this.#renewed(now);
      else if (name === "token" || name === "server") this.#reset();
      else this.#label();
    }

    #wake = (event) => {
      if (event.type === "offline" || document.visibilityState === "hidden") return this.#tell();
      if (!this.#token) return;
      if (event.type === "online") this.refresh();
      else if (this.#ready) this.#catchUp();
      else this.#connect();
    };

    /** Another tab has delivered a message that this one also keeps. */
    #stored = (event) => {
      if (event.newValue !== null || !event.key) return;
      const entry = this.#outbox.find((e) => this.#key("out:" + e.key) === event.key);
      if (entry && !entry.settle) this.#done(entry);
    };

    #base() {
      const given = this.getAttribute("server");
      const url = given ? new URL(given.replace(/\/*$/, "/"), location.href) : new URL(".", SCRIPT || location.href);
      return url.href;
    }
    #visitorKey() {
      return "rapport:visitor:" + print(this.#base());
    }
    #key(rest) {
      return `rapport:${this.#scope}:${rest}`;
    }

    /** Starts afresh as whoever the token says. It connects at once only where there already is a conversation. */
    #reset() {
      this.#run++;
      this.#drop();
      this.#token = this.#scope = this.#conversation = null;
      this.#halted = this.#refused = this.#poll = this.#pumping = false;
      this.#outbox = [];
      this.#tries = 0;
      this.#clear();
      this.#charge("assistant");
      const token = this.getAttribute("token");
      if (!this.#provider) this.#own(token ? subject(token) : "visitor");
      const known = this.#scope && (this.#outbox.length || shelf.getItem(this.#key("seen")) || (!token && shelf.getItem(this.#visitorKey())));
      this.#tell("");
      if (this.#isOpen() || known) this.#connect();
    }

    #renewed(token) {
      this.#token = token;
      this.#halted = this.#refused = false;
      if (!this.#socket) this.#connect();
    }

    /** Takes up what this browser keeps for this customer. */
    #own(who) {
      const scope = print(this.#base() + who);
      if (scope === this.#scope) return;
      if (this.#scope) {
        this.#outbox = [];
        this.#clear();
      }
      this.#scope = scope;
      for (const entry of this.#outbox) this.#keep(entry); // written before it was known who writes
      const prefix = this.#key("out:");
      const kept = Object.keys(shelf)
        .filter((key) => key.startsWith(prefix) && !this.#outbox.some((e) => prefix + e.key === key))
        .map((key) => ({ ...JSON.parse(shelf.getItem(key)), key: key.slice(prefix.length), tried: true }))
        .sort((a, b) => a.at - b.at);
      for (const entry of kept) {
        entry.held = Date.now() - entry.at > STALE;
        this.#outbox.push(entry);
        this.#paint(entry);
      }
    }

    // ---- token

    async #getToken(run) {
      if (this.#token) return this.#token;
      const attribute = this.getAttribute("token");
      let token = attribute;
      if (this.#provider) token = await this.#provider({ renew: this.#refused });
      else if (!attribute) token = shelf.getItem(this.#visitorKey()) || (await this.#visit());
      if (run !== this.#run) throw new Error("superseded");
      if (!token) return this.#halt();
      this.#own(attribute || this.#provider ? subject(token) : "visitor");
      return (this.#token = token);
    }

    async #visit() {
      const reply = await fetch(new URL("api/visitors", this.#base()), { method: "POST", credentials: "omit" });
      if (!reply.ok) throw new Error("no visitor");
      const { token } = await reply.json();
      const other = shelf.getItem(this.#visitorKey()); // another tab was faster
      if (!other) keep(this.#visitorKey(), token);
      return other || token;
    }

    /** After a refused token: true when it is worth another try. */
    #renew(bad) {
      if (this.#token && this.#token !== bad) return true;
      const again = this.#refused;
      this.#token = null;
      this.#refused = true;
      if (this.#provider) return again ? this.#halt() : true;
      if (this.hasAttribute("token") || again) return this.#halt();
      if (shelf.getItem(this.#visitorKey()) === bad) shelf.removeItem(this.#visitorKey());
      const had = this.#shown.size;
      this.#clear();
      if (had) this.#ui.list.append(h("p", { class: "intro" }, this.#words.fresh));
      return true;
    }

    #halt() {
      this.#halted = true;
      this.#drop();
      this.#tell("out");
      return false;
    }

    // ---- connection

    async #connect() {
      clearTimeout(this.#timers.connect);
      if (this.#socket || this.#opening || this.#halted || !this.isConnected) return;
      const run = this.#run;
      this.#opening = true;
      if (!this.#tries) this.#tell("connecting");
      let socket;
      let token;
      try {
        token = await this.#getToken(run);
        if (run !== this.#run || !token) return;
        const url = new URL("api/chat/socket", this.#base());
        url.protocol = url.protocol.replace("http", "ws");
        socket = this.#socket = new WebSocket(url);
      } catch {
        if (run === this.#run) this.#lost();
        return;
      } finally {
        if (run === this.#run) this.#opening = false;
      }
      this.#timers.ready = setTimeout(() => socket === this.#socket && this.#drop(true), READY_PATIENCE);
      socket.onopen = () => socket.send(JSON.stringify({ token, after: this.#last }));
      socket.onmessage = (event) => {
        if (socket !== this.#socket) return;
        try {
          this.#frame(JSON.parse(event.data));
        } catch (error) {
          console.error("rapport-chat: a frame could not be shown", error);
        }
      };
      socket.onclose = (event) => {
        if (socket !== this.#socket) return;
        this.#drop();
        if (event.code !== 4401) this.#lost();
        else if (this.#renew(token)) this.#connect();
      };
    }

    /** Lets go of the socket; sends that waited on it are told. */
    #drop(lost) {
      const socket = this.#socket;
      this.#socket = null;
      this.#ready = this.#opening = false;
      for (const timer of Object.values(this.#timers)) clearTimeout(timer);
      this.#typing(false);
      socket?.close();
      for (const entry of this.#outbox) entry.settle?.("lost");
      if (lost) this.#lost();
    }

    async #lost() {
      const run = this.#run;
      const wait = this.#tries++ ? jitter(this.#tries, this.#poll ? 10000 : 30000) : jitter(0, 400);
      this.#timers.connect = setTimeout(() => this.#connect(), wait);
      if (!this.#poll) this.#tell("lost");
      if (this.#tries < 2 || !this.#token) return;
      this.#poll = await this.#catchUp();
      if (run !== this.#run || this.#ready) return;
      this.#tell(this.#poll ? "" : "lost");
      if (this.#poll) this.#pump();
    }

    #frame(frame) {
      const entry = frame.key && this.#outbox.find((e) => e.key === frame.key);
      if (frame.type === "ready") {
        clearTimeout(this.#timers.ready);
        this.#ready = true;
        this.#refused = this.#poll = false;
        this.#tries = 0;
        this.#met(frame);
        this.#tell("");
        this.#pump();
      } else if (frame.type === "message") this.#show(frame.message, frame.key, true);
      else if (frame.type === "typing") this.#typing(frame.on);
      else if (frame.type === "in_charge") this.#charge(frame.in_charge);
      else if (frame.type === "ack") entry?.settle ? entry.settle("ack") : entry && this.#done(entry);
      else if (frame.type === "error") {
        // By HTTP the same refusal comes with its status and with the time to wait.
        if (entry) entry.settle?.("error");
        else this.#tell("failed", frame.error?.message);
      }
    }

    /** Notes which conversation this is; when it is not the one shown, what is shown goes. */
    #met({ conversation, in_charge }) {
      const other = this.#conversation && conversation !== this.#conversation;
      this.#conversation = conversation;
      if (other) {
        this.#clear();
        this.#catchUp();
      }
      const [kept, seen] = JSON.parse(shelf.getItem(this.#key("seen")) || "[]");
      this.#seen = kept === conversation ? seen : 0;
      this.#charge(in_charge);
      this.#look();
    }

    async #call(path, init = {}) {
      const run = this.#run;
      for (;;) {
        const token = await this.#getToken(run);
        if (!token) throw new Error("signed out");
        const reply = await fetch(new URL(path, this.#base()), {
          ...init,
          credentials: "omit",
          headers: { ...init.headers, Authorization: "Bearer " + token },
          signal: AbortSignal.timeout(15000),
        });
        if (run !== this.#run) throw new Error("superseded");
        if (reply.status !== 401) {
          this.#refused = false;
          return reply;
        }
        if (!this.#renew(token)) throw new Error("signed out");
      }
    }

    /** Fetches by HTTP what came after the newest message shown; false when that fails. */
    async #catchUp() {
      try {
        for (;;) {
          const before = this.#last;
          const reply = await this.#call("api/chat/history?after=" + before);
          if (!reply.ok) return false;
          const body = await reply.json();
          if (!this.#ready) this.#met(body);
          for (const message of body.messages) this.#show(message, null, true);
          if (body.messages.length < PAGE || this.#last <= before) break;
        }
        for (const entry of this.#outbox.filter((e) => e.acked)) this.#done(entry);
        return true;
      } catch {
        return false;
      }
    }

    // ---- sending

    #say(said, set) {
      const entry = { ...said, key: uuid(), at: Date.now(), set };
      this.#outbox.push(entry);
      if (this.#scope) this.#keep(entry);
      this.#paint(entry);
      this.#bottom();
      this.#connect();
      this.#pump();
    }

    #keep({ key, text, choice, at }) {
      keep(this.#key("out:" + key), JSON.stringify({ text, choice, at }));
    }

    /** Sends what waits, one after the other, so that it arrives in the order in which it was written. */
    async #pump() {
      if (this.#pumping) return;
      const run = this.#run;
      this.#pumping = true;
      clearTimeout(this.#timers.pump);
      let entry;
      while ((entry = this.#outbox.find((e) => !e.held && !e.acked))) {
        const settled = await this.#deliver(entry, run);
        if (run !== this.#run) return;
        if (!settled) break;
      }
      this.#pumping = false;
    }

    /** True when the entry needs no more sending now; false when a later pump has to go on. */
    async #deliver(entry, run) {
      if (this.#ready) {
        entry.tried = true;
        this.#paint(entry);
        const how = await new Promise((settle) => {
          const timer = setTimeout(() => entry.settle?.("late"), ACK_PATIENCE);
          entry.settle = (result) => {
            clearTimeout(timer);
            entry.settle = null;
            settle(result);
          };
          const { key, text, choice } = entry;
          this.#socket.send(JSON.stringify(choice ? { type: "say", key, choice } : { type: "say", key, text }));
        });
        if (run !== this.#run) return false;
        if (how === "ack") return this.#acked(entry);
        if (how === "late") this.#drop(true);
      } else if (!this.#tries) return false; // the first socket is on its way
      return this.#post(entry, run);
    }

    async #post(entry, run) {
      const { key, text, choice } = entry;
      const body = JSON.stringify(choice ? { choice } : { text });
      entry.tried = true;
      this.#paint(entry);
      this.#typing(true);
      let reply;
      try {
        reply = await this.#call("api/chat", {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": key },
          body,
        });
      } catch {
        if (run === this.#run) {
          this.#typing(false);
          this.#paint(entry);
        }
        return false; // the reconnection pumps again
      }
      this.#typing(false);
      if (reply.ok) {
        this.#acked(entry);
        if (!this.#ready) await this.#catchUp();
        return true;
      }
      if (reply.status === 429) return this.#pause(entry, reply.headers.get("Retry-After"));
      entry.fails = (entry.fails || 0) + 1;
      if ((reply.status >= 500 || [408, 409, 425].includes(reply.status)) && entry.fails < 6) {
        this.#later(jitter(entry.fails, 15000));
        return false;
      }
      const answer = await reply.json().catch(() => ({}));
      this.#hold(entry, answer.error?.message);
      return true;
    }

    #pause(entry, header) {
      const seconds = Math.ceil(Number(header) || (Date.parse(header) - Date.now()) / 1000 || 5);
      const wait = Math.min(Math.max(seconds, 1), 3600);
      this.#paint(entry);
      this.#tell("busy", this.#words.busy.replace("{n}", wait));
      this.#later(wait * 1000, true);
      return false;
    }

    #later(wait, quiet) {
      clearTimeout(this.#timers.pump);
      this.#timers.pump = setTimeout(() => {
        if (quiet) this.#tell("");
        this.#pump();
      }, wait);
    }

    /** The server has it. Its own copy normally replaces the bubble at once; else history is asked. */
    #acked(entry) {
      if (!entry.el) return this.#done(entry);
      entry.acked = true;
      shelf.removeItem(this.#key("out:" + entry.key));
      this.#paint(entry);
      setTimeout(() => this.#outbox.includes(entry) && this.#catchUp(), 3000);
      return true;
    }

    #done(entry) {
      shelf.removeItem(this.#key("out:" + entry.key));
      this.#outbox = this.#outbox.filter((e) => e !== entry);
      entry.el?.remove();
      this.#order();
      return true;
    }

    #hold(entry, why) {
      entry.held = true;
      entry.why = why;
      if (entry.set) this.#mark(entry.set, null);
      this.#paint(entry);
    }

    // ---- showing

    #build(root) {
      const ui = this.#ui;
      const bubble = "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.6A8.5 8.5 0 1 1 21 11.5z";
      ui.badge = h("span", { class: "badge", hidden: true });
      ui.launch = h("button", { class: "launch", part: "launcher", type: "button", "aria-controls": "panel", onclick: () => (this.open = !this.open) }, icon(bubble), ui.badge);
      ui.name = h("p", { class: "name", id: "name", dir: "auto" });
      ui.sub = h("p", { class: "sub" });
      ui.close = h("button", { class: "bare", type: "button", onclick: () => (this.open = false) }, icon("M6 6l12 12M18 6L6 18"));
      ui.intro = h("p", { class: "intro" });
      ui.starts = h("div", { class: "set starts", role: "group" });
      ui.list = h("div");
      ui.waits = h("div");
      ui.dotsText = h("span", { class: "sr" });
      ui.dots = h("p", { class: "bub dots", hidden: true }, h("i"), h("i"), h("i"), ui.dotsText);
      ui.log = h("div", { class: "log", part: "log", role: "log", "aria-live": "polite", tabindex: 0, onscroll: () => this.#look() }, ui.intro, ui.starts, ui.list, ui.waits, ui.dots);
      ui.jump = h("button", { class: "jump", type: "button", hidden: true, onclick: () => this.#bottom() });
      ui.state = h("p", { class: "state", role: "status" });
      ui.box = h("textarea", { rows: 1, dir: "auto", enterkeyhint: "send", autocomplete: "off", oninput: () => this.#fit(), onkeydown: (e) => this.#typed(e) });
      ui.go = h("button", { class: "go", type: "submit" }, icon("M12 20V5M5 11l7-7 7 7"));
      const form = h("form", { onsubmit: (e) => (e.preventDefault(), this.#submit()) }, ui.box, ui.go);
      ui.panel = h(
        "section",
        { class: "panel", part: "panel", id: "panel", "aria-labelledby": "name", tabindex: -1 },
        h("header", { part: "header" }, h("span", { class: "face", "aria-hidden": "true" }, icon(bubble)), h("div", { class: "grow" }, ui.name, ui.sub), ui.close),
        ui.log,
        h("div", { class: "foot" }, ui.jump, ui.state, form),
      );
      ui.all = h("div", { class: "all", onkeydown: (e) => e.key === "Escape" && !e.isComposing && this.#isOpen() && (this.open = false) }, ui.panel, ui.launch);
      root.append(ui.all);
    }

    /** Words in the chosen language, heading and starters. */
    #label() {
      const ui = this.#ui;
      const tag = this.getAttribute("lang") || this.closest("[lang]")?.lang || navigator.language || "en";
      const table = tableFor(tag);
      const said = WORDS[table].split("|");
      const t = (this.#words = Object.fromEntries(KEYS.map((key, i) => [key, said[i]])));
      ui.all.lang = table;
      ui.name.textContent = this.getAttribute("heading") || t.chat;
      ui.intro.textContent = t.intro;
      ui.dotsText.textContent = t.typing;
      ui.jump.textContent = t.jump;
      ui.box.placeholder = t.write;
      ui.box.setAttribute("aria-label", t.write);
      ui.go.setAttribute("aria-label", t.send);
      ui.close.setAttribute("aria-label", t.close);
      ui.log.setAttribute("aria-label", t.log);
      ui.starts.setAttribute("aria-label", t.choices);
      const starters = (this.getAttribute("starters") || "").split("|").filter((s) => s.trim());
      ui.starts.replaceChildren(...starters.map((s) => h("button", { type: "button", dir: "auto", onclick: () => this.send(s) }, s.trim())));
      this.#charge();
      this.#look();
      this.#order();
    }

    #isOpen() {
      return this.open || this.hasAttribute("inline");
    }

    /** Opens or closes the panel as the attributes say, and puts the focus where a keyboard expects it. */
    #face(told) {
      const ui = this.#ui;
      const inline = this.hasAttribute("inline");
      const open = this.#isOpen();
      const inside = this.shadowRoot.activeElement;
      ui.all.classList.toggle("in", inline);
      ui.all.classList.toggle("up", open);
      ui.panel.setAttribute("role", inline ? "region" : "dialog");
      ui.panel.hidden = !open;
      ui.launch.hidden = ui.close.hidden = inline;
      ui.launch.setAttribute("aria-expanded", open);
      this.#look();
      if (!told || inline) return;
      if (open) {
        this.#bottom();
        // On a touch screen the keyboard would cover what is to be read first.
        (matchMedia("(pointer:coarse)").matches ? ui.panel : ui.box).focus();
        this.#connect();
      } else if (inside) ui.launch.focus();
      this.#emit("open", { open });
    }

    #emit(name, detail) {
      this.dispatchEvent(new CustomEvent("rapport:" + name, { detail, bubbles: true, composed: true }));
    }

    #typed(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    }

    #submit() {
      const { box } = this.#ui;
      this.send(box.value);
      box.value = "";
      this.#fit();
      box.focus();
    }

    #fit() {
      const { box } = this.#ui;
      box.style.height = "auto";
      box.style.height = box.scrollHeight + 3 + "px";
    }

    #clear() {
      this.#last = this.#floor = this.#seen = 0;
      this.#shown.clear();
      this.#ui.list.replaceChildren();
      this.#ui.waits.replaceChildren(...this.#outbox.map((e) => e.el).filter(Boolean));
      this.#typing(false);
      this.#order();
    }

    /** One line on how things stand; silence means that all is well. */
    #tell(what = this.state, text) {
      this.state = what;
      const { state } = this.#ui;
      const shown = text || this.#words[what === "lost" && !navigator.onLine ? "offline" : what] || "";
      const retry = what === "out" && this.#provider && h("button", { type: "button", onclick: () => this.#reset() }, this.#words.again);
      if (state.textContent !== shown || retry) state.replaceChildren(...[shown, retry].filter(Boolean));
      state.classList.toggle("bad", what === "out" || what === "failed");
      for (const entry of this.#outbox) this.#paint(entry);
      if (this.told !== what) this.#emit("state", { state: what || "online" });
      this.told = what;
    }

    #charge(who = this.inCharge || "assistant") {
      this.inCharge = who;
      this.#ui.sub.textContent = this.#words[who === "operator" ? "person" : "automated"] || "";
    }

    #typing(on) {
      clearTimeout(this.#timers.typing);
      const show = (visible) => {
        const stick = this.#near();
        this.#ui.dots.hidden = !visible;
        if (visible && stick) this.#bottom();
      };
      if (!on) return show(false);
      // An answer usually comes within a moment; dots that flash by would only disturb.
      this.#timers.typing = setTimeout(() => {
        show(true);
        this.#timers.typing = setTimeout(show, 20000, false);
      }, 250);
    }

    #near() {
      const { log } = this.#ui;
      return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    }

    #bottom() {
      this.#ui.log.scrollTop = this.#ui.log.scrollHeight;
    }

    /** Notes what has been seen, for the badge and the "new messages" button. */
    #look() {
      const { jump, badge, launch, panel } = this.#ui;
      if (!panel.hidden && this.#near()) {
        jump.hidden = true;
        if (this.#last > this.#seen) {
          this.#seen = this.#last;
          if (this.#scope && this.#conversation) keep(this.#key("seen"), JSON.stringify([this.#conversation, this.#seen]));
        }
      }
      const unread = [...this.#shown.values()].filter((s) => s.message.from !== "customer" && s.message.id > this.#seen).length;
      badge.hidden = !unread || !panel.hidden;
      badge.textContent = unread > 99 ? "99+" : unread;
      const t = this.#words;
      launch.setAttribute("aria-label", panel.hidden ? t.open + (unread ? ", " + t.unread?.replace("{n}", unread) : "") : t.close);
    }

    /** Who speaks is written above the first of several messages; only the newest choices stand out. */
    #order() {
      const { list, waits, intro, starts } = this.#ui;
      let before = "";
      let newest = null;
      for (const el of [...list.children, ...waits.children]) {
        const from = el.dataset.from || "";
        el.classList.toggle("first", from !== before || !!el.querySelector(".when"));
        el.classList.add("old");
        if (el.querySelector(".set")) newest = el;
        before = from;
      }
      newest?.classList.remove("old");
      intro.hidden = !!before;
      starts.hidden = !!before || !starts.childElementCount;
    }

    /** Shows a message once, at its place; the customer's own copy of it gives way. */
    #show(message, key, live) {
      const { id, from } = message;
      const text = message.text || "";
      const pending =
        from === "customer" && this.#outbox.find((e) => (key ? e.key === key : e.tried && e.el && e.text.trim() === text.trim()));
      if (pending) {
        if (pending.held && !key) pending.held = false; // it did arrive; the next send under its key only confirms that
        pending.el?.remove();
        pending.el = null;
        if (pending.acked) this.#done(pending);
      }
      if (this.#shown.has(id) || id <= this.#floor) return;
      const { list, log, jump } = this.#ui;
      const stick = this.#near() || from === "customer";
      const next = id < this.#last && [...list.children].find((el) => Number(el.dataset.id) > id);
      const el = this.#message(message);
      list.insertBefore(el, next || null);
      this.#shown.set(id, { el, message });
      this.#last = Math.max(this.#last, id);
      if (from === "customer") this.#infer(el, text);
      else this.#typing(false);
      while (this.#shown.size > KEPT) {
        this.#floor = Number(list.firstElementChild.dataset.id) || 0;
        this.#shown.delete(this.#floor);
        list.firstElementChild.remove();
      }
      this.#order();
      // What is taller than the view is read from its beginning.
      if (stick) log.scrollTop = el.offsetHeight > log.clientHeight ? el.offsetTop - 12 : log.scrollHeight;
      else jump.hidden = false;
      this.#look();
      if (live) this.#emit("message", { message });
      if (pending && !pending.acked) this.#pump();
    }

    #message({ id, from, text, choices, cards, at }) {
      const t = this.#words;
      const mine = from === "customer";
      return h(
        "div",
        { class: `msg new ${mine ? "mine" : from}`, "data-id": id, "data-from": from },
        this.#when(id, at),
        h("p", { class: "who" }, mine ? t.you : from === "operator" ? t.operator : t.assistant),
        text && h("div", { class: "bub", dir: "auto" }, ...linked(text)),
        cards?.length ? h("div", { class: "cards" }, ...cards.map((card) => this.#card(card))) : null,
        this.#choices(choices),
      );
    }

    /** The time, where a conversation begins or goes on after a pause. */
    #when(id, at) {
      const time = new Date(at);
      if (!at || isNaN(time)) return null;
      const before = [...this.#shown.values()].filter((s) => s.message.id < id).pop();
      if (before && time - new Date(before.message.at) < 3600000) return null;
      const today = time.toDateString() === new Date().toDateString();
      const parts = today ? {} : { weekday: "short", day: "numeric", month: "short" };
      const format = new Intl.DateTimeFormat(this.#ui.all.lang, { ...parts, hour: "2-digit", minute: "2-digit" });
      return h("time", { class: "when", datetime: at }, format.format(time));
    }

    #card({ title, subtitle, image, price, choices }) {
      let src = null;
      try {
        const url = image && new URL(image, this.#base());
        if (url && /^https?:$/.test(url.protocol)) src = url.href;
      } catch {
        /* An address that cannot be read shows no picture. */
      }
      const card = h("article", { class: src ? "card pic" : "card" });
      const drop = (event) => (event.target.remove(), card.classList.remove("pic"));
      card.append(
        ...[
          src && h("img", { src, alt: "", loading: "lazy", referrerpolicy: "no-referrer", onerror: drop }),
          h(
            "div",
            { class: "body" },
            h("p", { class: "title", dir: "auto" }, title),
            subtitle && h("p", { class: "sub", dir: "auto" }, subtitle),
            price != null && h("p", { class: "price" }, String(price)),
          ),
          this.#choices(choices, title),
        ].filter(Boolean),
      );
      return card;
    }

    #choices(choices, of) {
      if (!choices?.length) return null;
      const set = h("div", { class: "set", role: "group", "aria-label": this.#words.choices + (of ? ": " + of : "") });
      for (const { title, choice } of choices) {
        const choose = () => {
          if (button.hasAttribute("aria-disabled")) return;
          this.#mark(set, button);
          this.#say({ text: title, choice }, set);
        };
        const button = h("button", { type: "button", dir: "auto", onclick: choose }, title);
        set.append(button);
      }
      return set;
    }

    /** Marks a set as used (the focus stays on the button), or as free again. */
    #mark(set, chosen) {
      for (const button of set.children) {
        button.classList.toggle("yes", button === chosen);
        if (chosen) button.setAttribute("aria-disabled", "true");
        else button.removeAttribute("aria-disabled");
        button.querySelector(".sr")?.remove();
      }
      chosen?.append(h("span", { class: "sr" }, ` (${this.#words.chosen})`));
    }

    /** After a reload, or from another tab: an answer that equals a choice has used that set. */
    #infer(el, text) {
      let at = el.previousElementSibling;
      while (at && !at.querySelector(".set")) at = at.previousElementSibling;
      for (const set of at?.querySelectorAll(".set") || []) {
        const chosen = [...set.children].find((button) => button.textContent === text);
        if (chosen && !chosen.hasAttribute("aria-disabled")) return this.#mark(set, chosen);
      }
    }

    /** The customer's own message until the server's copy takes its place. */
    #paint(entry) {
      if (entry.el === null) return; // the server's copy is already shown
      const t = this.#words;
      const old = entry.el;
      const button = (word, act) => h("button", { type: "button", onclick: act }, word);
      const note = entry.acked
        ? null
        : entry.held
          ? h(
              "p",
              { class: "note" },
              entry.why ? `${t.unsent}: ${entry.why}` : t.unsent,
              button(t.again, () => {
                entry.held = entry.why = null;
                entry.fails = 0;
                this.#paint(entry);
                this.#connect();
                this.#pump();
              }),
              button(t.remove, () => (this.#done(entry), this.#ui.box.focus())),
            )
          : h("p", { class: "note" }, this.#ready || this.#poll ? t.sending : t.waiting);
      entry.el = h(
        "div",
        { class: `msg mine ${entry.held ? "bad" : entry.acked ? "" : "wait"}`, "data-from": "customer" },
        h("p", { class: "who" }, t.you),
        h("div", { class: "bub", dir: "auto" }, entry.text),
        note,
      );
      if (old) old.replaceWith(entry.el);
      else this.#ui.waits.append(entry.el);
      this.#order();
    }
  }

  customElements.define("rapport-chat", RapportChat);
})();
