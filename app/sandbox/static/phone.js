"use strict";
/* Asks /phone/state for the chats about once a second, and draws the two halves of the page. */

const POLL = 700;

let version = -1;
let current = decodeURIComponent(location.hash.slice(1));
let numbers = [];
let drawn = "";
let shown = null;

/* The sandbox's time: it goes on by itself, or stands until it is advanced. */
let moment = { now: Date.now() / 1000, at: performance.now(), flows: true };
const sandboxNow = () => moment.now + (moment.flows ? (performance.now() - moment.at) / 1000 : 0);

/* The two halves of the page */

const businessOf = (key) => numbers.find((number) => number.id === key.split(":")[0]);

function drawChats(chats) {
  const rows = chats.map((chat) => make("button", {
    class: "row", type: "button", "aria-current": chat.key === current ? "true" : "false", "data-key": chat.key,
    onclick: () => choose(chat.key),
  },
  avatar(make("span", { class: "avatar" }), chat.name || chat.customer.slice(-2), chat.customer),
  make("strong", {}, ...(chat.name ? [make("bdi", {}, chat.name), " · "] : []), make("bdi", {}, chat.phone)),
  make("time", {}, clockOf(chat.at)),
  make("span", { class: "last" },
    chat.direction === "out" ? ticks(chat.status) : null,
    make("span", { dir: "auto" }, numbers.length > 1 ? `${businessOf(chat.key)?.name ?? ""}: ` : "", ...summary(chat)))));
  const none = make("p", { class: "none" }, numbers.length ? words.no_chats : words.no_accounts);
  byId("chats").replaceChildren(...(rows.length ? rows : [none]));
}

function drawNumbers() {
  const select = byId("new-number");
  const chosen = select.value;
  select.replaceChildren(...numbers.map((number) => make("option", { value: number.id }, `${number.name} (${number.phone})`)));
  select.classList.toggle("single", numbers.length < 2);
  if (numbers.some((number) => number.id === chosen)) select.value = chosen;
}

function drawFaults(on) {
  byId("faults").classList.toggle("on", on);
  byId("faults").title = on ? words.faults_on : "";
}

/* What changes with time alone. */
function drawMoment() {
  const now = sandboxNow();
  const typing = shown?.typing_until > now;
  byId("subtitle").textContent = typing ? words.typing : words.business_account;
  byId("subtitle").classList.toggle("typing", typing);
  const left = (shown?.window_until ?? 0) - now;
  byId("window").className = left > 0 ? "window open" : "window";
  byId("window").textContent = left > 0
    ? `${words.window_open} ${momentOf(shown.window_until)} · ${spanOf(left)} ${words.window_left}`
    : words.window_closed;
}

const spanOf = (seconds) => {
  const minutes = Math.ceil(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return [hours ? `${hours} ${words.hours}` : "", minutes % 60 ? `${minutes % 60} ${words.minutes}` : ""].filter(Boolean).join(" ");
};

function drawChat(chat) {
  const business = businessOf(current);
  shown = chat;
  byId("settings").hidden = !chat;
  byId("chat").hidden = !business;
  byId("empty").hidden = Boolean(business);
  document.body.classList.toggle("opened", Boolean(business));
  if (!business) return;
  byId("name").textContent = business.name;
  avatar(byId("avatar"), business.name, business.id);
  drawMoment();
  const messages = chat?.messages ?? [];
  const fingerprint = JSON.stringify([current, messages]);
  if (fingerprint === drawn) return;
  const log = byId("log");
  const atEnd = !drawn.startsWith(JSON.stringify([current]).slice(0, -1)) || log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  drawn = fingerprint;
  const parts = [make("div", { class: "notice" }, words.notice)];
  let day = "";
  for (const message of messages) {
    if (dayOf(message.at) !== day) {
      day = dayOf(message.at);
      parts.push(make("div", { class: "day" }, day));
    }
    parts.push(message.alone ? drawMessage(message, messages) : drawAside(message));
  }
  log.replaceChildren(...parts.filter(Boolean));
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  if (!atEnd) return;
  toEnd();
  for (const image of log.querySelectorAll("img")) image.addEventListener("load", toEnd);
}

async function choose(key) {
  settled = true;
  current = key;
  version = -1;
  byId("sheet").hidden = true;
  compose(null);
  history.replaceState(null, "", `#${encodeURIComponent(key)}`);
  if (key) {
    const [number, customer] = key.split(":");
    await post(`/phone/chats/${encodeURIComponent(number)}/${encodeURIComponent(customer)}/open`);
  } else {
    await poll();
  }
}

let lost = false;
/* Where there is room for both halves, the page opens on the newest chat. */
let settled = false;
async function poll() {
  try {
    const answer = await fetch(`/phone/state?since=${version}&chat=${encodeURIComponent(current)}`);
    const state = await answer.json();
    lost = false;
    if (state.version === version || state.chats === undefined) return;
    version = state.version;
    numbers = state.numbers;
    moment = { now: state.now, at: performance.now(), flows: state.flows };
    if (!current && !settled && state.chats.length && window.innerWidth > 820) {
      await choose(state.chats[0].key);
      return;
    }
    drawNumbers();
    drawFaults(state.faults);
    drawChats(state.chats);
    drawChat(state.chat);
    if (current && !document.hidden && state.chat?.messages.some((message) => message.direction === "out" && message.status === "delivered")) seen();
  } catch {
    if (!lost) toast(words.offline);
    lost = true;
  }
}

/* Looking at a chat reads it; asked for a moment later, so that the grey ticks can be seen. */
let seenTimer;
function seen() {
  const [number, customer] = current.split(":");
  clearTimeout(seenTimer);
  seenTimer = setTimeout(() => post(`/phone/chats/${encodeURIComponent(number)}/${encodeURIComponent(customer)}/open`), 600);
}

byId("new").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = byId("new-customer").value.replace(/\D/g, "");
  const hint = byId("hint");
  hint.hidden = digits.length >= 8 && digits.length <= 15 && numbers.length > 0;
  hint.textContent = numbers.length ? words.bad_number : words.no_accounts;
  if (!hint.hidden) return;
  byId("new-customer").value = "";
  choose(`${byId("new-number").value}:${digits}`);
});

byId("back").addEventListener("click", () => choose(""));

function tick() {
  byId("clock").textContent = clockOf(sandboxNow());
  if (shown) drawMoment();
}
setInterval(tick, 1000);
tick();
setInterval(() => { if (!document.hidden) poll(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
poll();
