/*
 * <rapport-chat>: the shop's assistant on any page. See docs/widget.md.
 * The promise: what the customer wrote is sent exactly once, or is visibly kept and offered again.
 * What comes from outside is shown as text, never parsed as HTML.
 */
(() => {
  "use strict";
  if (customElements.get("rapport-chat")) return;

  const SCRIPT = document.currentScript?.src;
  const ACK_PATIENCE = 10000; // ms until an unacknowledged send is repeated by HTTP
  const READY_PATIENCE = 8000; // ms until a socket is given up
  const STALE = 30 * 60000; // ms after which a kept message is offered again, not just sent
  const PAGE = 20; // a page of history this long may have a next one
  const KEPT = 400; // messages kept in the document; older ones are dropped from view

  const KEYS =
    "open close log you assistant operator write send choices chosen typing sending waiting unsent again remove connecting offline lost busy out fresh automated person unread jump intro failed";
  const WORDS = {
    en: "Open chat|Close chat|Conversation|You|Assistant (automated)|Support team (a person)|Write a message|Send|Choose an answer|chosen|Typing…|Sending…|Waiting for the connection|Not sent|Try again|Delete|Connecting…|You are offline. Messages are kept.|No connection. Messages are kept; trying again…|Too much at once. Sending again in {n} s.|You are signed out. Sign in again to go on.|The earlier chat is gone. This is a new one.|Automated assistant|A person is answering|{n} new|New messages|This is an automated assistant. You can ask for a person at any time.|That did not work.",
    "zh-Hans": "打开聊天|关闭聊天|对话|你|助手（自动）|客服（真人）|输入消息|发送|请选择一个回答|已选|正在输入…|正在发送…|等待连接|未发送|重试|删除|正在连接…|你已离线。消息已保留。|没有连接。消息已保留，正在重试…|发送过快，{n} 秒后重试。|你已退出登录。请重新登录后继续。|之前的聊天已不在，这是新的聊天。|自动助手|现在由真人回复|{n} 条新消息|新消息|这是自动助手。你可以随时要求转接真人。|操作未成功。",
    "zh-Hant": "開啟聊天|關閉聊天|對話|你|助手（自動）|客服（真人）|輸入訊息|傳送|請選擇一個回答|已選|正在輸入…|正在傳送…|等待連線|未傳送|重試|刪除|正在連線…|你已離線。訊息已保留。|沒有連線。訊息已保留，正在重試…|傳送過快，{n} 秒後重試。|你已登出。請重新登入後繼續。|先前的聊天已不在，這是新的聊天。|自動助手|現在由真人回覆|{n} 則新訊息|新訊息|這是自動助手。你可以隨時要求轉接真人。|操作未成功。",
    de: "Chat öffnen|Chat schließen|Unterhaltung|Sie|Assistent (automatisch)|Kundendienst (ein Mensch)|Nachricht schreiben|Senden|Antwort wählen|gewählt|Schreibt…|Wird gesendet…|Wartet auf Verbindung|Nicht gesendet|Erneut versuchen|Löschen|Verbindet…|Sie sind offline. Nachrichten bleiben erhalten.|Keine Verbindung. Nachrichten bleiben erhalten; neuer Versuch…|Zu viel auf einmal. Neuer Versuch in {n} s.|Sie sind abgemeldet. Bitte melden Sie sich erneut an.|Der frühere Chat ist nicht mehr da. Dies ist ein neuer.|Automatischer Assistent|Ein Mensch antwortet|{n} neu|Neue Nachrichten|Dies ist ein automatischer Assistent. Sie können jederzeit einen Menschen verlangen.|Das hat nicht geklappt.",
    es: "Abrir chat|Cerrar chat|Conversación|Usted|Asistente (automático)|Atención al cliente (una persona)|Escriba un mensaje|Enviar|Elija una respuesta|elegido|Escribiendo…|Enviando…|Esperando la conexión|No enviado|Reintentar|Eliminar|Conectando…|Está sin conexión. Los mensajes se guardan.|Sin conexión. Los mensajes se guardan; reintentando…|Demasiado a la vez. Nuevo intento en {n} s.|Su sesión ha terminado. Iníciela de nuevo para seguir.|El chat anterior ya no está. Este es nuevo.|Asistente automático|Responde una persona|{n} nuevos|Mensajes nuevos|Este es un asistente automático. Puede pedir una persona en cualquier momento.|No ha funcionado.",
    fr: "Ouvrir le chat|Fermer le chat|Conversation|Vous|Assistant (automatique)|Service client (une personne)|Écrire un message|Envoyer|Choisir une réponse|choisi|Écrit…|Envoi…|En attente de connexion|Non envoyé|Réessayer|Supprimer|Connexion…|Vous êtes hors ligne. Les messages sont gardés.|Pas de connexion. Les messages sont gardés ; nouvel essai…|Trop à la fois. Nouvel essai dans {n} s.|Vous êtes déconnecté. Reconnectez-vous pour continuer.|L’ancien chat n’est plus là. En voici un nouveau.|Assistant automatique|Une personne répond|{n} nouveaux|Nouveaux messages|Ceci est un assistant automatique. Vous pouvez demander une personne à tout moment.|Cela n’a pas marché.",
  };

  /** The name of the word table that serves a language tag best. */
  const tableFor = (tag) => {
    const short = tag.slice(0, 2).toLowerCase();
    if (short === "zh") return /hant|tw|hk|mo/i.test(tag) ? "zh-Hant" : "zh-Hans";
    return WORDS[short] ? short : "en";
  };

  const LIGHT = "--bg:#fff;--fg:#1d2326;--dim:#586368;--tint:#eff3f4;--edge:#d3dcdf;--acc:#17606a;--on:#fff;--bad:#a32020;color-scheme:light";
  const DARK = "--bg:#14191b;--fg:#e9eff0;--dim:#a2afb3;--tint:#232b2e;--edge:#3a464a;--acc:#84cdd8;--on:#06272c;--bad:#ffaaa2;color-scheme:dark";
  const CSS = `
:host{${LIGHT};display:block}
@media(prefers-color-scheme:dark){:host{${DARK}}}
:host([theme=light]){${LIGHT}}
:host([theme=dark]){${DARK}}
:host([hidden]),[hidden],.starts:empty{display:none!important}
:host([inline]){height:100%;min-height:22rem}
.all{--s:var(--rapport-surface,var(--bg));--t:var(--rapport-text,var(--fg));--m:var(--rapport-muted,var(--dim));
--b:var(--rapport-bubble,var(--tint));--l:var(--rapport-line,var(--edge));--a:var(--rapport-accent,var(--acc));
--o:var(--rapport-on-accent,var(--on));--e:var(--rapport-error,var(--bad));--r:var(--rapport-radius,16px);
font:15px/1.45 var(--rapport-font,system-ui,sans-serif);color:var(--t);height:100%}
*{box-sizing:border-box}
button,textarea{font:inherit;color:inherit;margin:0}
button{cursor:pointer}
p{margin:0}
:focus-visible{outline:2px solid var(--a);outline-offset:2px}
.sr,.mine+.mine:not(:has(>.when))>.who,.assistant+.assistant:not(:has(>.when))>.who,.operator+.operator:not(:has(>.when))>.who{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
svg{width:1.4em;height:1.4em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;display:block}
.launch,:host(:not([inline])) .panel{position:fixed;z-index:var(--rapport-z,2147483000);right:var(--rapport-offset,20px);bottom:var(--rapport-offset,20px)}
.launch,.face,.bare,.go{display:grid;place-items:center;flex:none;width:42px;height:42px;border:0;border-radius:50%;background:var(--a);color:var(--o)}
.launch{width:56px;height:56px;box-shadow:0 4px 18px #0005;font-size:18px}
.bare{background:none;color:var(--m)}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;border-radius:11px;background:var(--e);color:var(--s);font-size:13px;line-height:22px}
.panel{display:flex;flex-direction:column;background:var(--s);height:100%;overflow:hidden}
:host(:not([inline])) .panel{width:var(--rapport-width,384px);height:var(--rapport-height,620px);max-height:calc(100dvh - 2*var(--rapport-offset,20px));
border:1px solid var(--l);border-radius:var(--r);box-shadow:0 12px 44px #0004}
@media(max-width:479px){:host(:not([inline])) .panel{inset:0;width:auto;height:100dvh;max-height:none;border:0;border-radius:0}}
header{display:flex;align-items:center;gap:12px;padding:12px 16px;border-bottom:1px solid var(--l)}
.name{font-weight:600;line-height:1.25;overflow-wrap:anywhere}
.grow{flex:1;min-width:0}
.bare:hover{background:var(--b);color:var(--t)}
.log{flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px;overflow-wrap:anywhere;position:relative}
.log:focus-visible{outline-offset:-3px}
.intro{color:var(--m);text-align:center;text-wrap:balance;padding:4px 12px 8px}
.msg{margin-top:4px;display:flex;flex-direction:column;align-items:flex-start}
.msg:has(>.when),.msg:has(.set)+.msg,.mine:not(.mine+.mine),.assistant:not(.assistant+.assistant),.operator:not(.operator+.operator){margin-top:14px}
.sub,.who,.note,.when,.state{font-size:13px;color:var(--m)}
.who{padding:0 4px 3px}
.note{padding:3px 4px 0;text-align:end}
.when{align-self:center;padding:6px 0 10px}
.bub{max-width:88%;padding:9px 13px;border-radius:var(--r);border-end-start-radius:5px;background:var(--b);white-space:pre-wrap}
.bub a{color:inherit}
.mine{align-items:flex-end}
.mine>.bub{background:var(--a);color:var(--o);border-end-start-radius:var(--r);border-end-end-radius:5px}
.bad>.bub{background:none;color:var(--t);border:1.5px dashed var(--e)}
.operator>.bub{box-shadow:inset 3px 0 var(--a)}
.set{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px;max-width:100%}
.set button{border:1.5px solid var(--a);background:var(--s);color:var(--a);border-radius:20px;padding:7px 15px;min-height:40px;text-align:start;font-weight:600;max-width:100%}
.set button:hover{background:var(--b)}
.msg:where(:has(~.mine)) .set button{border-color:var(--l);color:var(--t);font-weight:400}
.set button[aria-disabled]{cursor:default;border-color:var(--l);color:var(--m);background:none;font-weight:400}
.set button.yes{border-color:var(--a);color:var(--t);background:var(--b);font-weight:600}
.yes::before{content:"✓ ";content:"✓ "/""}
.starts{justify-content:center}
.start:has(~* .msg){display:none}
.cards{display:grid;gap:10px;margin-top:8px;width:100%}
.card{border:1px solid var(--l);border-radius:var(--r);padding:12px;display:flex;flex-wrap:wrap;gap:0 12px}
.card img{width:72px;height:72px;object-fit:cover;border-radius:10px;background:var(--b)}
.body{flex:1;min-width:50%}
.card .set{flex-basis:100%}
.title,.price{font-weight:600}
.dots{display:inline-flex;gap:5px;margin-top:12px;padding:13px 14px}
.dots i{width:7px;height:7px;border-radius:50%;background:var(--m)}
.jump{position:absolute;left:50%;translate:-50%;bottom:100%;margin-bottom:8px;border:1px solid var(--l);background:var(--s);border-radius:18px;padding:5px 14px;box-shadow:0 2px 10px #0003}
.foot{position:relative;border-top:1px solid var(--l);padding:10px 12px}
.state:not(:empty){padding:0 4px 8px}
.state.bad{color:var(--e)}
p button{border:0;background:none;text-decoration:underline;padding:2px 6px;min-height:28px;color:var(--t)}
form{display:flex;align-items:flex-end;gap:8px}
textarea{flex:1;min-width:0;resize:none;border:1.5px solid var(--m);border-radius:20px;background:var(--s);padding:8px 14px;min-height:42px;max-height:8.5em;display:block}
textarea::placeholder{color:var(--m);opacity:1}
textarea:focus-visible{outline-offset:-1.5px}
@media(pointer:coarse){textarea{font-size:16px}}
@media(prefers-reduced-motion:no-preference){
.log{scroll-behavior:smooth}
.dots i{animation:d 1.2s infinite}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}
@keyframes d{30%{translate:0 -4px;opacity:.5}60%{translate:0}}
.msg.new{animation:n .18s ease-out}@keyframes n{from{opacity:0;translate:0 6px}}}
@media(forced-colors:active){.bub,.go,.launch,.face{border:1px solid}}
`;

  /** An element with attributes, listeners (on...) and children. */
  const h = (tag, props = {}, ...kids) => {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
      if (value == null || value === false) continue;
      if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
      else el.setAttribute(name, value === true ? "" : value);
    }
    el.append(...kids.filter(Boolean));
    return el;
  };

  const icon = (d) => {
    const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.ariaHidden = "true";
    path.setAttribute("d", d);
    svg.append(path);
    return svg;
  };

  /** Text with its web addresses as links. */
  const linked = (text) =>
    text
      .split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/)
      .map((part, i) => (i % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));

  // Without the browser's store nothing survives a reload; all else works.
  const attempt = (act) => {
    try {
      return act();
    } catch {
      return null;
    }
  };
  const kept = (key) => attempt(() => localStorage.getItem(key));
  const keep = (key, value) => attempt(() => (value == null ? localStorage.removeItem(key) : localStorage.setItem(key, value)));
  const keptUnder = (prefix) => attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(prefix))) || [];

  /** A random UUID; crypto.randomUUID exists on secure pages only. */
  const uuid = () =>
    "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));

  /** A short fingerprint, so that names in the browser's store show no customer id or token. */
  const print = (text) => {
    let hash = 7n;
    for (const ch of text) hash = BigInt.asUintN(64, (hash ^ BigInt(ch.codePointAt(0))) * 0x100000001b3n);
    return hash.toString(36);
  };

  /** Whose token it is: the subject of a JWT, else the token itself. Only the server verifies it. */
  const subject = (token) =>
    attempt(() => JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub) || token;

  /** Milliseconds until the next try: ever longer, and not the same for all who lost the server. */
  const jitter = (tries, cap) => Math.min(cap, 400 * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);

  class RapportChat extends HTMLElement {
    static observedAttributes = ["server", "token", "lang", "open", "inline", "heading", "starters"];

    #ui = {};
    #words = {};
    #lang; // of what the customer writes
    #provider = null;
    #token = null;
    #scope = null; // whose messages these are; names the entries in the browser's store
    #run = 0; // grows when the customer changes: what an older run awaited is ignored
    #socket = null;
    #ready = false;
    #opening = false;
    #refused = false; // the last token was refused
    #halted = false; // no token will do until someone signs in
    #tries = 0;
    #byHttp = false; // requests work although the socket does not
    #notBefore = 0;
    #timers = {};
    #conversation = null;
    #last = 0;
    #floor = 0;
    #seen = 0;
    #follow = true;
    #top = 0;
    #shown = new Map();
    #outbox = [];
    #pumping = false;
    #state = "";
    #told = "";
    #inCharge = "assistant";

    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      root.append(this.#build(this.#ui));
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
    /** Forgets the visitor and what this browser keeps of the chat; the next message starts a new one. */
    forget() {
      for (const key of [this.#visitorKey(), ...keptUnder(this.#key(""))]) keep(key);
      this.#reset();
    }

    // ---- life

    connectedCallback() {
      if (Object.hasOwn(this, "tokenProvider")) {
        this.#provider = this.tokenProvider; // set before this script had loaded
        delete this.tokenProvider;
      }
      this.#label();
      this.#listen(addEventListener);
      this.#reset();
      this.#face();
    }

    disconnectedCallback() {
      this.#listen(removeEventListener);
      this.#run++;
      this.#drop();
    }

    attributeChangedCallback(name, before, now) {
      if (!this.isConnected || before === now) return;
      if (name === "open" || name === "inline") this.#face(name);
      else if (name === "token" && now && this.#scope === this.#scopeOf(subject(now))) this.#renewed(now);
      else if (name === "token" || name === "server") this.#reset();
      else this.#label();
    }

    #listen(how) {
      for (const name of ["online", "offline", "visibilitychange"]) how(name, this.#wake);
      how("storage", this.#stored);
    }

    #wake = ({ type }) => {
      if (type === "offline" || document.hidden) this.#tell();
      else if (this.#ready) this.#catchUp();
      else if (this.#token) {
        this.#tries = 0;
        this.#connect();
      }
    };

    /** Another tab has delivered a message that this one also keeps. */
    #stored = ({ key, newValue }) => {
      const entry = newValue === null && this.#outbox.find((e) => this.#key("out:" + e.key) === key);
      if (entry && !entry.settle) this.#done(entry);
    };

    #base() {
      const server = this.getAttribute("server");
      return server ? new URL(server.replace(/\/*$/, "/"), location.href).href : new URL(".", SCRIPT || location.href).href;
    }
    #visitorKey() {
      return "rapport:visitor:" + print(this.#base());
    }
    #scopeOf(who) {
      return print(this.#base() + who);
    }
    #key(rest) {
      return `rapport:${this.#scope}:${rest}`;
    }
    #isOpen() {
      return this.open || this.hasAttribute("inline");
    }

    /** Starts afresh as whoever the token says. A closed chat connects only where something was said before. */
    #reset() {
      this.#run++;
      this.#drop();
      this.#token = this.#scope = this.#conversation = null;
      this.#halted = this.#refused = this.#byHttp = this.#pumping = false;
      this.#tries = this.#notBefore = 0;
      this.#outbox = [];
      this.#clear();
      this.#charge("assistant");
      this.#tell("");
      const token = this.getAttribute("token");
      if (!this.#provider) this.#own(token ? subject(token) : "visitor");
      if (this.#isOpen() || this.#outbox.length || kept(this.#key("seen"))) this.#connect();
    }

    /** Takes up what this browser keeps for this customer. */
    #own(who) {
      const scope = this.#scopeOf(who);
      if (scope === this.#scope) return;
      if (this.#scope) {
        this.#outbox = [];
        this.#clear();
      }
      this.#scope = scope;
      for (const entry of this.#outbox) this.#keep(entry); // written before it was known who writes
      const prefix = this.#key("out:");
      keptUnder(prefix)
        .filter((key) => !this.#outbox.some((e) => prefix + e.key === key))
        .map((key) => ({ ...attempt(() => JSON.parse(kept(key))), key: key.slice(prefix.length), tried: true }))
        .filter((entry) => entry.text)
        .sort((a, b) => a.at - b.at)
        .forEach((entry) => {
          entry.held = Date.now() - entry.at > STALE;
          this.#outbox.push(entry);
          this.#paint(entry);
        });
    }

    // ---- token

    async #getToken(run) {
      if (this.#token) return this.#token;
      let token = this.getAttribute("token");
      const visitor = !token && !this.#provider;
      if (this.#provider) token = await this.#provider({ renew: this.#refused });
      else if (visitor) token = kept(this.#visitorKey()) || (await this.#visit());
      if (run !== this.#run) throw Error("superseded");
      if (!token) return this.#halt();
      this.#own(visitor ? "visitor" : subject(token));
      this.#token = token;
      const visitor_token = !visitor && kept(this.#visitorKey());
      if (visitor_token) {
        keep(this.#visitorKey()); // the chat asks whether what was said comes along
        const headers = { "Content-Type": "application/json" };
        this.#call("api/me/link", { method: "POST", headers, body: JSON.stringify({ visitor_token }) }).catch(() => null);
      }
      return token;
    }

    async #visit() {
      const reply = await fetch(new URL("api/visitors", this.#base()), { method: "POST", credentials: "omit" });
      if (!reply.ok) throw Error("no visitor");
      const { token } = await reply.json();
      const other = kept(this.#visitorKey()); // another tab was faster
      if (!other) keep(this.#visitorKey(), token);
      return other || token;
    }

    /** After a refused token: true when it is worth another try. */
    #renew(bad) {
      if (this.#token && this.#token !== bad) return true;
      const again = this.#refused;
      this.#token = null;
      this.#refused = true;
      if (again || (this.hasAttribute("token") && !this.#provider)) return this.#halt();
      if (this.#provider) return true;
      if (kept(this.#visitorKey()) === bad) keep(this.#visitorKey());
      const had = this.#shown.size;
      this.#conversation = null;
      this.#clear();
      if (had) this.#ui.list.prepend(h("p", { class: "when", "data-id": 0 }, this.#words.fresh));
      return true;
    }

    #renewed(token) {
      this.#token = token;
      this.#halted = this.#refused = false;
      this.#connect();
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
      // Nobody yet: a visitor is made when the first word is said, not when a page is looked at.
      const nobody = !this.#provider && !this.hasAttribute("token") && !this.#outbox.length && !kept(this.#visitorKey());
      if (this.#socket || this.#opening || this.#halted || !this.isConnected || nobody) return;
      const run = this.#run;
      let socket;
      let token;
      this.#opening = true;
      if (!this.#tries) this.#timers.slow = setTimeout(() => this.#tell("connecting"), 800);
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
      this.#timers.ready = setTimeout(() => this.#drop(true), READY_PATIENCE);
      socket.onopen = () => socket.send(JSON.stringify({ token, after: this.#last }));
      socket.onmessage = ({ data }) => socket === this.#socket && this.#frame(JSON.parse(data));
      socket.onclose = ({ code }) => {
        if (socket !== this.#socket) return;
        this.#drop(code !== 4401);
        if (code === 4401 && this.#renew(token)) this.#connect();
      };
    }

    /** Lets go of the socket; a send that waited on it is told. */
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
      const wait = this.#tries++ ? jitter(this.#tries, this.#byHttp ? 10000 : 30000) : jitter(0, 400);
      clearTimeout(this.#timers.slow);
      this.#timers.connect = setTimeout(() => this.#connect(), wait);
      if (!this.#byHttp) this.#tell("lost");
      if (this.#tries < 2 || !this.#token) return;
      const works = await this.#catchUp();
      if (run !== this.#run || this.#ready || this.#halted) return;
      this.#byHttp = works;
      this.#tell(works ? "" : "lost");
      if (works) this.#pump();
    }

    #frame({ type, key, message, on, in_charge, conversation, language, error }) {
      const entry = key && this.#outbox.find((e) => e.key === key);
      if (type === "ready") {
        clearTimeout(this.#timers.ready);
        clearTimeout(this.#timers.slow);
        this.#ready = true;
        this.#refused = this.#byHttp = false;
        this.#tries = 0;
        this.#met(conversation, in_charge);
        this.#tell("");
        this.#pump();
      } else if (type === "message") this.#show(message, key);
      else if (type === "typing") this.#typing(on);
      else if (type === "in_charge") this.#charge(in_charge);
      else if (type === "language") this.#label((this.#lang = language));
      else if (type === "ack" && entry) entry.settle ? entry.settle("ack") : this.#done(entry);
      // By HTTP the same refusal comes with its status and with the time to wait.
      else if (type === "error") entry ? entry.settle?.("error") : this.#tell("failed", error?.message);
    }

    /** Notes which conversation this is; when it is not the one shown, what is shown goes. */
    #met(conversation, inCharge) {
      const other = this.#conversation && conversation !== this.#conversation;
      this.#conversation = conversation;
      if (other) {
        this.#clear();
        this.#catchUp();
      }
      const [of, seen] = attempt(() => JSON.parse(kept(this.#key("seen")))) || [];
      this.#seen = of === conversation ? seen : 0;
      this.#charge(inCharge);
      this.#look();
      if (this.#last || this.#outbox.length) return;
      // The history is not to be read aloud.
      this.#ui.log.ariaBusy = "true";
      setTimeout(() => (this.#ui.log.ariaBusy = "false"), 500);
    }

    async #call(path, init = {}) {
      const run = this.#run;
      for (;;) {
        const token = await this.#getToken(run);
        if (!token) throw Error("signed out");
        const headers = { ...init.headers, Authorization: "Bearer " + token };
        const signal = AbortSignal.timeout(15000);
        const reply = await fetch(new URL(path, this.#base()), { ...init, credentials: "omit", headers, signal });
        if (run !== this.#run) throw Error("superseded");
        if (reply.status !== 401) {
          this.#refused = false;
          return reply;
        }
        if (!this.#renew(token)) throw Error("signed out");
      }
    }

    /** Fetches by HTTP what came after the newest message shown; false when that fails. */
    async #catchUp() {
      try {
        for (let before = -1; before < this.#last; ) {
          before = this.#last;
          const reply = await this.#call("api/chat/history?after=" + before);
          if (!reply.ok) return false;
          const { conversation, in_charge, messages } = await reply.json();
          if (!this.#ready) this.#met(conversation, in_charge);
          for (const message of messages) this.#show(message);
          if (messages.length < PAGE) break;
        }
        for (const entry of this.#outbox.filter((e) => e.acked)) this.#done(entry);
        return true;
      } catch {
        return false;
      }
    }

    // ---- sending

    #say(said, set) {
      const entry = { ...said, key: uuid(), at: Date.now(), after: this.#last, set };
      this.#outbox.push(entry);
      this.#ui.log.ariaBusy = "false";
      if (this.#scope) this.#keep(entry);
      this.#paint(entry);
      this.#bottom();
      this.#connect();
      this.#pump();
    }

    #keep({ key, text, choice, at, after }) {
      keep(this.#key("out:" + key), JSON.stringify({ text, choice, at, after }));
    }

    /** Sends what waits, one after the other, so that it arrives in the order in which it was written. */
    async #pump() {
      if (this.#pumping) return;
      if (this.#notBefore > Date.now()) return this.#later(this.#notBefore - Date.now());
      if (this.#state === "busy") this.#tell("");
      const run = this.#run;
      this.#pumping = true;
      let entry;
      while ((entry = this.#outbox.find((e) => !e.held && !e.acked))) {
        const settled = await this.#deliver(entry, run);
        if (run !== this.#run) return;
        if (!settled) break;
      }
      this.#pumping = false;
    }

    #later(wait) {
      this.#notBefore = Date.now() + wait;
      clearTimeout(this.#timers.pump);
      this.#timers.pump = setTimeout(() => this.#pump(), wait);
      return false;
    }

    /** True when the entry needs no more sending now; false when a later pump has to go on. */
    async #deliver(entry, run) {
      const { key, text, choice } = entry;
      const said = choice ? { choice } : { text };
      if (!this.#ready && !this.#tries) return false; // the first socket is on its way
      entry.tried = true;
      if (this.#ready) {
        const how = await new Promise((settle) => {
          const timer = setTimeout(() => entry.settle?.("late"), ACK_PATIENCE);
          entry.settle = (result) => {
            clearTimeout(timer);
            entry.settle = null;
            settle(result);
          };
          this.#socket.send(JSON.stringify({ type: "say", key, ...said }));
        });
        if (run !== this.#run) return false;
        if (how === "ack") return this.#acked(entry);
        if (how === "late") this.#drop(true);
      }
      this.#typing(true);
      const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
      const reply = await this.#call("api/chat", { method: "POST", headers, body: JSON.stringify(said) }).catch(() => null);
      if (run !== this.#run) return false;
      this.#typing(false);
      if (!reply) return this.#ready && this.#later(2000); // without a socket the reconnection goes on
      if (!reply.ok) return this.#denied(entry, reply);
      this.#acked(entry);
      if (!this.#ready) await this.#catchUp();
      return true;
    }

    /** Waits where waiting helps; else the customer decides. */
    async #denied(entry, reply) {
      const { status } = reply;
      if (status === 429) {
        const told = reply.headers.get("Retry-After");
        const seconds = Math.ceil(Math.max(1, Number(told) || (Date.parse(told) - Date.now()) / 1000 || 5));
        this.#tell("busy", this.#words.busy.replace("{n}", seconds));
        return this.#later(seconds * 1000);
      }
      entry.fails = (entry.fails || 0) + 1;
      if ((status >= 500 || [408, 409, 425].includes(status)) && entry.fails < 6) return this.#later(jitter(entry.fails, 15000));
      const { error } = await reply.json().catch(() => ({}));
      entry.held = true;
      entry.why = error?.message;
      if (entry.set) this.#mark(entry.set);
      this.#paint(entry);
      return true;
    }

    /** The server has it. Its own copy normally takes the bubble's place at once; else history is asked. */
    #acked(entry) {
      if (!entry.el) return this.#done(entry);
      entry.acked = true;
      keep(this.#key("out:" + entry.key));
      this.#paint(entry);
      setTimeout(() => this.#outbox.includes(entry) && this.#catchUp(), 3000);
      return true;
    }

    #done(entry) {
      keep(this.#key("out:" + entry.key));
      this.#outbox = this.#outbox.filter((e) => e !== entry);
      entry.el?.remove();
      return true;
    }

    // ---- showing

    #build(ui) {
      const button = (name, onclick, ...kids) => h("button", { class: name, type: "button", onclick }, ...kids);
      const bubble = "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.6A8.5 8.5 0 1 1 21 11.5z";
      ui.badge = h("span", { class: "badge", hidden: true });
      ui.launch = button("launch", () => (this.open = true), icon(bubble), ui.badge);
      ui.launch.part = "launcher";
      ui.name = h("p", { class: "name", id: "name", dir: "auto" });
      ui.sub = h("p", { class: "sub" });
      ui.close = button("bare", () => (this.open = false), icon("M6 6l12 12M18 6L6 18"));
      ui.intro = h("p", { class: "intro" });
      ui.starts = h("div", { class: "set starts", role: "group" });
      ui.list = h("div");
      ui.dotsText = h("span", { class: "sr" });
      ui.dots = h("p", { class: "bub dots", hidden: true }, h("i"), h("i"), h("i"), ui.dotsText);
      ui.log = h(
        "div",
        { class: "log", role: "log", "aria-live": "polite", tabindex: 0, onscroll: () => this.#scrolled() },
        h("div", { class: "start" }, ui.intro, ui.starts),
        ui.list,
        ui.dots,
      );
      ui.jump = button("jump", () => this.#bottom());
      ui.state = h("p", { class: "state", role: "status" });
      ui.box = h("textarea", {
        rows: 1,
        dir: "auto",
        enterkeyhint: "send",
        autocomplete: "off",
        oninput: () => this.#fit(),
        onkeydown: (e) => {
          // 229: the Enter that only confirms what an input method has composed.
          if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return;
          e.preventDefault();
          this.#submit();
        },
      });
      ui.go = h("button", { class: "go", type: "submit" }, icon("M12 20V5M5 11l7-7 7 7"));
      ui.panel = h(
        "section",
        { class: "panel", part: "panel", "aria-labelledby": "name", tabindex: -1 },
        h("header", { part: "header" }, h("span", { class: "face" }, icon(bubble)), h("div", { class: "grow" }, ui.name, ui.sub), ui.close),
        ui.log,
        h("div", { class: "foot" }, ui.jump, ui.state, h("form", { onsubmit: (e) => (e.preventDefault(), this.#submit()) }, ui.box, ui.go)),
      );
      ui.all = h("div", { class: "all", onkeydown: (e) => e.key === "Escape" && !e.isComposing && (this.open = false) }, ui.panel, ui.launch);
      return ui.all;
    }

    #label() {
      const ui = this.#ui;
      const table = tableFor(this.#lang || this.closest("[lang]")?.lang || navigator.language);
      const said = WORDS[table].split("|");
      const t = (this.#words = Object.fromEntries(KEYS.split(" ").map((key, i) => [key, said[i]])));
      ui.all.lang = table;
      ui.name.textContent = this.getAttribute("heading") || t.log;
      ui.intro.textContent = t.intro;
      ui.dotsText.textContent = t.typing;
      ui.jump.textContent = t.jump;
      ui.box.placeholder = ui.box.ariaLabel = t.write;
      ui.go.ariaLabel = t.send;
      ui.close.ariaLabel = t.close;
      ui.log.ariaLabel = t.log;
      ui.starts.ariaLabel = t.choices;
      const starters = (this.getAttribute("starters") || "").split("|").filter((s) => s.trim());
      ui.starts.replaceChildren(...starters.map((s) => h("button", { type: "button", dir: "auto", onclick: () => this.send(s) }, s.trim())));
      this.#charge();
      this.#look();
    }

    /** Opens or closes the panel as the attributes say, and puts the focus where a keyboard expects it. */
    #face(changed) {
      const ui = this.#ui;
      const inline = this.hasAttribute("inline");
      const open = this.#isOpen();
      const inside = this.shadowRoot.activeElement;
      ui.panel.setAttribute("role", inline ? "region" : "dialog");
      ui.panel.hidden = !open;
      ui.launch.hidden = open;
      ui.close.hidden = inline;
      if (open) this.#bottom();
      this.#look();
      if (!changed) return;
      if (open) this.#connect();
      if (inline || changed !== "open") return;
      // On a touch screen the keyboard would cover what is to be read first.
      if (open) (matchMedia("(pointer:coarse)").matches ? ui.panel : ui.box).focus();
      else if (inside) ui.launch.focus();
      this.#emit("open", { open });
    }

    #emit(name, detail) {
      this.dispatchEvent(new CustomEvent("rapport:" + name, { detail, bubbles: true, composed: true }));
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
      this.#ui.list.replaceChildren(...this.#outbox.map((e) => e.el).filter(Boolean));
      this.#typing(false);
    }

    /** One line on how things stand; none when all is well. */
    #tell(what = this.#state, text) {
      const { state } = this.#ui;
      const shown = text || this.#words[what === "lost" && !navigator.onLine ? "offline" : what] || "";
      const retry = what === "out" && this.#provider;
      if (state.textContent !== shown) state.replaceChildren(shown, retry ? h("button", { type: "button", onclick: () => this.#reset() }, this.#words.again) : "");
      state.classList.toggle("bad", what === "out" || what === "failed");
      this.#state = what;
      for (const entry of this.#outbox) this.#paint(entry);
      if (this.#told !== what) this.#emit("state", { state: what || "online" });
      this.#told = what;
    }

    #charge(who = this.#inCharge) {
      this.#inCharge = who;
      this.#ui.sub.textContent = this.#words[who === "operator" ? "person" : "automated"];
    }

    #typing(on) {
      const show = (visible) => {
        this.#ui.dots.hidden = !visible;
        if (visible && this.#follow) this.#bottom();
      };
      clearTimeout(this.#timers.typing);
      if (!on) return show(false);
      // Dots that flash by would only disturb.
      this.#timers.typing = setTimeout(() => {
        show(true);
        this.#timers.typing = setTimeout(show, 20000);
      }, 250);
    }

    #bottom() {
      this.#follow = true;
      this.#ui.log.scrollTop = this.#ui.log.scrollHeight;
    }

    /** New messages are followed until one scrolls back, and again from the end. */
    #scrolled() {
      const { log } = this.#ui;
      const near = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      this.#follow = near || (this.#follow && log.scrollTop >= this.#top);
      this.#top = log.scrollTop;
      this.#look();
    }

    /** Notes what has been seen. */
    #look() {
      const { jump, badge, launch, panel } = this.#ui;
      const t = this.#words;
      if (!panel.hidden && this.#follow && this.#last > this.#seen) {
        this.#seen = this.#last;
        keep(this.#key("seen"), JSON.stringify([this.#conversation, this.#seen]));
      }
      const unread = [...this.#shown.values()].filter(({ id, from }) => from !== "customer" && id > this.#seen).length;
      jump.hidden = this.#follow || !unread;
      badge.hidden = !unread;
      badge.textContent = unread;
      launch.ariaLabel = t.open + (unread ? ", " + t.unread.replace("{n}", unread) : "");
    }

    /** Shows a message once, at its place; the customer's own copy of it gives way. */
    #show(message, key) {
      const { id, from, text } = message;
      const { list, log } = this.#ui;
      const pending = from === "customer" && this.#outbox.find((e) => (key ? e.key === key : e.tried && e.el && id > e.after && e.text === text));
      if (pending) {
        pending.held = false; // it did arrive; one more send under its key only confirms that
        pending.el?.remove();
        pending.el = null;
        this.#follow = true;
        if (pending.acked) this.#done(pending);
        else this.#pump();
      }
      if (this.#shown.has(id) || id <= this.#floor) return;
      const el = this.#message(message);
      if (!pending) el.classList.add("new");
      list.insertBefore(el, [...list.children].find((e) => !e.dataset.id || (id < this.#last && e.dataset.id > id)) || null);
      this.#shown.set(id, message);
      this.#last = Math.max(this.#last, id);
      if (from !== "customer") this.#typing(false);
      else if (!pending?.set) this.#infer(el, text);
      if (this.#shown.size > KEPT) {
        this.#floor = Math.min(...this.#shown.keys());
        this.#shown.delete(this.#floor);
        list.firstElementChild.remove();
      }
      if (this.#follow) this.#read(el);
      this.#look();
      this.#emit("message", { message, replayed: log.ariaBusy === "true" });
    }

    /** A reply taller than the view, of one message or several, is read from its beginning. */
    #read(el) {
      const { list, log } = this.#ui;
      const top = ([...list.querySelectorAll(".mine")].pop()?.nextElementSibling || el).offsetTop - 12;
      this.#follow = log.ariaBusy === "true" || log.scrollHeight - top <= log.clientHeight;
      log.scrollTop = this.#follow ? log.scrollHeight : top;
    }

    #message({ id, from, text, choices, cards, at }) {
      const t = this.#words;
      const mine = from === "customer";
      return h(
        "div",
        { class: "msg " + (mine ? "mine" : from), "data-id": id },
        this.#when(id, at),
        h("p", { class: "who" }, mine ? t.you : t[from]),
        text && h("div", { class: "bub", dir: "auto" }, ...linked(text)),
        cards?.length && h("div", { class: "cards" }, ...cards.map((card) => this.#card(card))),
        this.#choices(choices),
      );
    }

    /** The time, after a pause. */
    #when(id, at) {
      const time = new Date(at);
      const before = this.#shown.get(Math.max(...[...this.#shown.keys()].filter((other) => other < id)));
      if (!at || time - new Date(before?.at) < 3600000) return null;
      const day = time.toDateString() === new Date().toDateString() ? {} : { weekday: "short", day: "numeric", month: "short" };
      return h("time", { class: "when" }, time.toLocaleString(this.#ui.all.lang, { ...day, hour: "2-digit", minute: "2-digit" }));
    }

    #card({ title, subtitle, image, price, choices }) {
      const url = image && attempt(() => new URL(image, this.#base()));
      const src = url && /^https?:$/.test(url.protocol) && url.href;
      const line = (name, text) => text != null && h("p", { class: name, dir: "auto" }, String(text));
      return h(
        "article",
        { class: "card" },
        src && h("img", { src, alt: "", loading: "lazy", referrerpolicy: "no-referrer", onerror: (e) => e.target.remove() }),
        h("div", { class: "body" }, line("title", title), line("sub", subtitle), line("price", price)),
        this.#choices(choices, title),
      );
    }

    #choices(choices, of) {
      if (!choices?.length) return null;
      const set = h("div", { class: "set", role: "group", "aria-label": this.#words.choices + (of ? ": " + of : "") });
      for (const { title, choice } of choices) {
        const onclick = ({ currentTarget }) => {
          if (currentTarget.ariaDisabled) return;
          this.#mark(set, currentTarget);
          this.#say({ text: title, choice }, set);
        };
        set.append(h("button", { type: "button", dir: "auto", onclick }, title));
      }
      return set;
    }

    /** Marks a set as used (the focus stays on the button), or as free again. */
    #mark(set, chosen) {
      set.querySelector(".sr")?.remove();
      for (const button of set.children) {
        button.classList.toggle("yes", button === chosen);
        button.ariaDisabled = chosen ? "true" : null;
      }
      chosen?.append(h("span", { class: "sr" }, ` (${this.#words.chosen})`));
    }

    /** After a reload, or from another tab: an answer that equals a choice has used that set. */
    #infer(el, text) {
      while (el && !el.querySelector(".set")) el = el.previousElementSibling;
      for (const set of el?.querySelectorAll(".set") || []) {
        const chosen = [...set.children].find((button) => button.textContent === text && !button.ariaDisabled);
        if (chosen) return this.#mark(set, chosen);
      }
    }

    /** The customer's own message until the server's copy takes its place. */
    #paint(entry) {
      const t = this.#words;
      const how = entry.acked ? "" : entry.held ? "unsent" : this.#ready || this.#byHttp ? "sending" : "waiting";
      if (entry.el === null || entry.how === how) return;
      entry.how = how;
      // Not to be read out again when the server's copy comes.
      entry.el ||= h("div", { class: "msg mine", "aria-live": "off" }, h("p", { class: "who" }, t.you), h("div", { class: "bub", dir: "auto" }, entry.text), h("p"));
      const note = h("p", { class: "note", role: entry.held ? "alert" : null, hidden: how === "sending" }, how && t[how], entry.why && ": " + entry.why);
      if (how === "sending") setTimeout(() => (note.hidden = false), 700);
      if (entry.held) {
        const again = () => {
          entry.held = entry.why = entry.fails = 0;
          this.#paint(entry);
          this.#connect();
          this.#pump();
        };
        const remove = () => this.#done(entry) && this.#ui.box.focus();
        note.append(h("button", { type: "button", onclick: again }, t.again), h("button", { type: "button", onclick: remove }, t.remove));
      }
      entry.el.lastChild.replaceWith(note);
      entry.el.classList.toggle("bad", !!entry.held);
      if (!entry.el.parentNode) this.#ui.list.append(entry.el);
    }
  }

  customElements.define("rapport-chat", RapportChat);
})();
