// The manager's page: sheets, acts with a request id made before the send, the bell, minutes that run.
// What the page shows comes over the line from what is committed; an act only adds one sentence.
"use strict";

(() => {
  const TRIES = 5;
  const RETRY_MS = 1200;
  const ANSWER_MS = 9000;
  const RING_MS = 4000;
  const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const csrf = document.querySelector("meta[name=csrf]").content;
  const page = document.getElementById("say");
  const sheet = document.getElementById("sheet");
  const body = document.getElementById("sheet-body");
  const bell = document.getElementById("bell");
  const clock = document.querySelector("[data-clock]");
  const shape = document.getElementById("headline").dataset.shape;
  const name = document.title;
  let busy = false;
  let shown = ""; // the address of the sheet that is open
  let audio = null;
  let heard = 0;

  // ---------------------------------------------------------------- time

  let base = Number(clock.dataset.clock) - performance.now();

  function span(minutes) {
    return minutes >= 60 ? `${Math.floor(minutes / 60)}时${minutes % 60}分` : `${minutes}分`;
  }

  function tick() {
    const now = performance.now() + base;
    for (const spot of document.querySelectorAll("[data-since]")) {
      const text = span(Math.max(0, Math.floor((now - Number(spot.dataset.since)) / 60000)));
      if (spot.textContent !== text) spot.textContent = text;
    }
  }

  // ---------------------------------------------------------------- telling

  function tell(kind, sentence) {
    const dialog = document.querySelector("dialog[open]");
    const spot = (dialog && dialog.querySelector(".say")) || page;
    spot.className = `say ${kind}`;
    spot.textContent = sentence;
    clearTimeout(spot.timer);
    spot.timer = setTimeout(() => { spot.textContent = ""; }, kind === "good" ? 6000 : 15000);
  }

  // ---------------------------------------------------------------- acts

  function ulid() {
    let time = Date.now();
    const head = [];
    for (let i = 0; i < 10; i++, time = Math.floor(time / 32)) head.unshift(CROCKFORD[time % 32]);
    return head.join("") + [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => CROCKFORD[byte % 32]).join("");
  }

  function wait(ms) {
    return new Promise((go) => setTimeout(go, ms));
  }

  async function post(act, fields) {
    const text = JSON.stringify({ request: ulid(), ...fields });
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const cut = new AbortController();
      const timer = setTimeout(() => cut.abort(), ANSWER_MS);
      try {
        const response = await fetch(`/manager/do/${act}`, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": csrf }, body: text, signal: cut.signal });
        if (response.status === 401) return location.reload();
        const answer = await response.json();
        if (response.ok) return answer;
        if (response.status !== 503) throw new Error(answer.sentence || "操作未完成，请再试");
      } catch (error) {
        if (!(error instanceof TypeError) && error.name !== "AbortError" && error.name !== "SyntaxError") throw error;
      } finally {
        clearTimeout(timer);
      }
      tell("bad", "连接中断，正在重试…"); // nobody knows whether it arrived: the same request again
      await wait(RETRY_MS);
    }
    throw new Error("未得到确认，请以画面为准，核对后重新操作");
  }

  async function act(name, fields, button) {
    if (busy) return;
    busy = true;
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await post(name, fields);
      const small = document.querySelector("dialog[open]:not(#sheet)");
      if (small) small.close();
      if (sheet.open) await load(shown);
      tell("good", answer.sentence);
      if (small && small.id === "dialog-notice") setTimeout(() => location.reload(), 1500);
    } catch (error) {
      tell("bad", error.message);
    } finally {
      busy = false;
      button?.removeAttribute("aria-busy");
    }
  }

  function fieldsOf(form, submitter) {
    const fields = {};
    for (const [name, value] of new FormData(form, submitter)) {
      if (name.startsWith("skill:")) {
        if (Number(value)) (fields.skills ??= {})[name.slice(6)] = Number(value);
      } else if (name === "level") fields.skills = { level: Number(value) };
      else if (["minutes", "times", "every"].includes(name)) fields[name] = Number(value);
      else if (["park", "board", "confirmed"].includes(name)) fields[name] = true;
      else if (name === "stations") (fields.stations ??= []).push(value);
      else if (name === "kind") fields.urgent = value === "urgent";
      else fields[name] = value;
    }
    for (const name of ["window", "service", "subject"]) if (form.dataset[name]) fields[name] = form.dataset[name];
    return [submitter?.dataset.instead || form.dataset.act, fields];
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.id === "find") {
      event.preventDefault();
      const number = form.elements.number.value.trim().toUpperCase();
      if (number) open("number", number).then(() => form.reset(), () => tell("bad", "打不开，请检查网络后再试"));
      return;
    }
    if (!form.dataset.act) return;
    event.preventDefault();
    if (form.dispatchEvent(new CustomEvent("before-act", { cancelable: true, detail: event.submitter })) === false) return;
    const [name, fields] = fieldsOf(form, event.submitter);
    act(name, fields, event.submitter);
  });

  // ---------------------------------------------------------------- sheets

  async function load(address) {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (response.status === 401) return location.reload();
    body.innerHTML = await response.text();
    shown = address;
    tick();
  }

  async function open(kind, subject) {
    await load(`/manager/${kind}s/${encodeURIComponent(subject)}`);
    sheet.querySelector(".say").textContent = "";
    if (!sheet.open) sheet.showModal();
    sheet.scrollTop = 0;
  }

  async function why(button) {
    const response = await fetch(`/manager/why/${encodeURIComponent(button.dataset.why)}`);
    const answer = await response.json();
    body.querySelector(".why-said").textContent = answer.sentence;
    body.querySelector(".why-said").scrollIntoView({ block: "nearest" });
  }

  function pick(button) {
    const form = body.querySelector(".end-ticket");
    form.hidden = false;
    form.elements.subject.value = button.dataset.pick;
    form.querySelector(".picked").textContent = button.dataset.number;
    form.elements.reason.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const data = button.dataset;
    if ("close" in data) return button.closest("dialog").close();
    if (data.open) return document.getElementById(data.open).showModal();
    if (data.sheet) return open(data.sheet, data.subject).catch(() => tell("bad", "打不开，请检查网络后再试"));
    if (data.why) return why(button).catch(() => tell("bad", "打不开，请检查网络后再试"));
    if (data.pick) return pick(button);
    if (button === bell) return arm();
    if (!data.act || event.detail > 1) return;
    const fields = {};
    for (const name of ["window", "service", "subject"]) if (data[name]) fields[name] = data[name];
    act(data.act, fields, button);
  });

  // ---------------------------------------------------------------- the bell

  function arm() {
    audio ??= new AudioContext();
    audio.resume().then(ring);
    bell.setAttribute("aria-pressed", "true");
    bell.textContent = "铃声已开";
  }

  function ring() {
    const calls = document.querySelectorAll("[data-ring]");
    const title = calls.length ? `紧急求助 ${calls.length} · ${name}` : name;
    if (document.title !== title) document.title = title;
    if (!calls.length || !audio || audio.state !== "running" || performance.now() - heard < RING_MS) return;
    heard = performance.now();
    for (const [start, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      tone.frequency.value = pitch;
      loud.gain.value = 0.25;
      tone.connect(loud).connect(audio.destination);
      tone.start(audio.currentTime + start);
      tone.stop(audio.currentTime + start + 0.18);
    }
  }

  bell.hidden = !("AudioContext" in window);

  // ---------------------------------------------------------------- the line

  Line.idle = () => !busy && !document.querySelector("dialog[open]");
  Line.onNote((news) => {
    if (typeof news.at_ms === "number") base = news.at_ms - performance.now();
  });
  Line.onSwap(() => {
    tick();
    ring();
    if (document.getElementById("headline").dataset.shape !== shape && Line.idle()) location.reload();
  });
  tick();
  setInterval(() => { tick(); ring(); }, 1000);
})();
