"use strict";
/* What the customer does: writes, taps, reacts, thinks better of it. Everything goes by the control API. */

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const EDITABLE = new Set(["text", "image", "video", "document"]);
const DAY = 86400;
const SHOWCASE = { place: "Galata Kulesi", latitude: "41.0256", longitude: "28.9744" };

const post = (path, body) => ask("POST", path, body);

/* Whether it was taken. */
async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    toast(words[`no_${problem.code}`] ?? problem.detail ?? `${answer.status}`);
  }
  await poll();
  return answer.ok;
}

function say(fields) {
  const [number, customer] = current.split(":");
  return post("/control/inbound", { from: customer, phone_number_id: number, ...fields });
}

/* The sheet that comes up from below */

let opener = null;

function openSheet(...children) {
  const sheet = byId("sheet");
  opener = document.activeElement;
  sheet.replaceChildren(make("div", {}, ...children, make("button", { type: "button", class: "close", onclick: closeSheet }, words.close)));
  sheet.hidden = false;
  sheet.querySelector("input, button")?.focus({ preventScroll: true });
}

function closeSheet() {
  byId("sheet").hidden = true;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}

/* An entry of it: closes it, and does something. */
function choice(name, label, act) {
  return make("button", { type: "button", "data-act": name, onclick: async () => { closeSheet(); await act(); } }, label);
}

function fieldOf(name, label, value, options = {}) {
  return make("label", {}, make("span", {}, label), make("input", { name, value, "aria-label": label, ...options }));
}

/* A form in it. `act` gives false for what it cannot take, and the sheet stays. */
function formOf(label, act, ...fields) {
  return make("form", {
    class: "fields", autocomplete: "off",
    onsubmit: async (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(event.target));
      if (await act(values) !== false) closeSheet();
    },
  }, ...fields, make("button", { type: "submit" }, label));
}

function openList(message, list) {
  const rows = list.sections.flatMap((section) => [
    section.title ? make("h4", { dir: "auto" }, section.title) : null,
    ...section.rows.map((row) => {
      const entry = choice("row", row.title, () => say({ kind: "list_reply", id: row.id, context: message.wamid }));
      entry.dir = "auto";
      if (row.description) entry.append(make("small", {}, row.description));
      return entry;
    }),
  ]);
  openSheet(...rows);
}

/* The menu of one message */

function openMenu(wamid) {
  const message = shown?.messages.find((each) => each.wamid === wamid);
  if (!message) return;
  const mine = message.reactions.find((reaction) => reaction.direction === "in")?.emoji;
  const react = (emoji) => say({ kind: "reaction", content: { message_id: wamid, emoji: emoji === mine ? "" : emoji } });
  const emoji = EMOJI.map((each) => make("button", {
    type: "button", "aria-pressed": each === mine ? "true" : "false", "aria-label": `${words.react} ${each}`,
    onclick: async () => { closeSheet(); await react(each); },
  }, each));
  const own = message.direction === "in";
  const canEdit = own && EDITABLE.has(message.type) && message.view.body && sandboxNow() <= message.edit_until;
  const canDelete = own && sandboxNow() <= message.revoke_until;
  openSheet(
    make("div", { class: "emoji", role: "group", "aria-label": words.react }, ...emoji),
    choice("reply", words.reply, () => compose("reply", message)),
    canEdit ? choice("edit", words.edit_message, () => compose("edit", message)) : null,
    canDelete ? choice("delete", words.delete, () => say({ kind: "revoke", content: { original_message_id: wamid } })) : null,
  );
}

/* The composer: a new message, an answer to one, or one's own anew */

let about = null;

function compose(mode, message) {
  if (about?.mode === "edit" && mode !== "edit") byId("text").value = "";
  about = mode ? { mode, wamid: message.wamid } : null;
  byId("about").hidden = !about;
  byId("attach").hidden = mode === "edit";
  if (!about) return;
  const what = message.view.body || words[KINDS[message.type] ?? message.type] || "";
  byId("about").replaceChildren(
    make("div", {}, make("b", {}, mode === "edit" ? words.editing : words.replying), make("span", { dir: "auto" }, what)),
    make("button", { type: "button", "aria-label": words.cancel, title: words.cancel, onclick: () => { compose(null); } }));
  const text = byId("text");
  if (mode === "edit") text.value = message.view.body;
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

async function submitText() {
  const field = byId("text");
  const text = field.value.trim();
  if (!text) return;
  const { mode, wamid } = about ?? {};
  compose(null);
  field.value = "";
  await say(mode === "edit"
    ? { kind: "edit", text, content: { original_message_id: wamid } }
    : { kind: "text", text, context: wamid });
}

/* What is not text */

const TYPES = {
  image: ["image/jpeg", "image/png"],
  sticker: ["image/webp"],
  video: ["video/mp4", "video/3gpp"],
  audio: ["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
};
const kindOf = (type) => Object.keys(TYPES).find((kind) => TYPES[kind].includes(type)) ?? "document";

async function sendFile(file) {
  const context = about?.wamid;
  const kind = kindOf(file.type);
  const caption = EDITABLE.has(kind) && byId("text").value.trim() ? byId("text").value.trim() : undefined;
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  const content = { data: address.slice(address.indexOf(",") + 1), mime_type: file.type || undefined, caption };
  if (kind === "document") content.filename = file.name;
  if (!(await say({ kind, content, context }))) return;
  compose(null);
  if (caption) byId("text").value = "";
}

function openAttach() {
  const context = about?.wamid;
  openSheet(
    choice("file", words.photo_or_file, () => byId("file").click()),
    choice("place", words.location, () => openPlace(context)),
    choice("card", words.contact, () => openCard(context)),
  );
}

function openPlace(context) {
  openSheet(formOf(words.send, ({ place, latitude, longitude }) => {
    const [north, east] = [latitude, longitude].map((each) => Number(each.replace(",", ".")));
    if (!(Math.abs(north) <= 90 && Math.abs(east) <= 180)) { toast(words.bad_place); return false; }
    compose(null);
    return say({ kind: "location", content: { latitude: north, longitude: east, name: place || undefined }, context });
  },
  fieldOf("place", words.place, SHOWCASE.place),
  fieldOf("latitude", words.latitude, SHOWCASE.latitude, { inputmode: "decimal", required: true }),
  fieldOf("longitude", words.longitude, SHOWCASE.longitude, { inputmode: "decimal", required: true })));
}

const cardOf = (name, digits) => ({ name: { formatted_name: name }, phones: [{ phone: `+${digits}`, wa_id: digits, type: "CELL" }] });

function openCard(context) {
  openSheet(formOf(words.send, ({ who, phone }) => {
    const digits = phone.replace(/\D/g, "");
    if (digits.length < 8 || digits.length > 15) { toast(words.bad_number); return false; }
    compose(null);
    return say({ kind: "contacts", content: [cardOf(who, digits)], context });
  },
  fieldOf("who", words.card_name, "", { required: true }),
  fieldOf("phone", words.card_phone, "", { inputmode: "tel", required: true })));
}

function shareOwnCard(context) {
  const customer = current.split(":")[1];
  return say({ kind: "contacts", content: [cardOf(shown?.name || `+${customer}`, customer)], context });
}

/* A form's own screens live at Meta; here it has one question. */
function openForm(context, button) {
  openSheet(formOf(words.send, ({ answer }) => say({
    kind: "nfm_reply", context, content: { response_json: { flow_token: button.flow_token ?? "unused", answer } },
  }), fieldOf("answer", button.text, "", { required: true })));
}

/* What the customer does apart from the chat: another number, hiding it, no more marketing. And time. */
function openSettings() {
  if (!shown) return;
  const [number, customer] = shown.key.split(":");
  const address = `/control/customers/${encodeURIComponent(customer)}`;
  const field = make("input", { id: "new-phone", inputmode: "tel", placeholder: words.new_number, "aria-label": words.new_number });
  const change = make("form", {
    autocomplete: "off",
    onsubmit: async (event) => {
      event.preventDefault();
      const digits = field.value.replace(/\D/g, "");
      if (digits.length < 8 || digits.length > 15) return toast(words.bad_number);
      closeSheet();
      await ask("POST", `${address}/number`, { to: digits });
      await choose(`${number}:${digits}`);
    },
  }, field, make("button", { type: "submit" }, words.change_number));
  const { hidden, stopped } = shown;
  openSheet(
    change,
    choice("hide", hidden ? words.show_number : words.hide_number, () => ask("PUT", `${address}/privacy`, { hidden: !hidden })),
    choice("marketing", stopped ? words.resume_marketing : words.stop_marketing,
      () => ask("POST", `${address}/marketing`, { phone_number_id: number, value: stopped ? "resume" : "stop" })),
    choice("day", words.pass_day, () => post("/control/clock/advance", { seconds: DAY })),
  );
}

byId("composer").addEventListener("submit", (event) => { event.preventDefault(); submitText(); });
byId("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submitText();
});
byId("attach").addEventListener("click", openAttach);
byId("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) await sendFile(file);
});
byId("settings").addEventListener("click", openSettings);
byId("sheet").addEventListener("click", (event) => { if (event.target === byId("sheet")) closeSheet(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!byId("sheet").hidden) closeSheet();
  else if (about) compose(null);
});
