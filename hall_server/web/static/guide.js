// The guide's page: take and end calls; ring, shake and blink when a new one comes.
"use strict";

(() => {
  const RETRY_MS = 1000;
  const GIVE_UP_MS = 30000;
  const say = document.getElementById("say");
  const sound = document.getElementById("sound");
  const dialog = document.getElementById("done");
  const form = dialog.querySelector("form");
  const title = document.title;
  let known = new Set(waiting().map((ask) => ask.dataset.call));
  let audio = null;
  let quiet = null;
  const mine = document.getElementById("line").dataset.account;
  const busy = new Set();

  function waiting() {
    return [...document.querySelectorAll("#guide-calls [data-taken=no]")];
  }

  function tell(kind, sentence) {
    say.className = `say ${kind}`;
    say.textContent = sentence;
    clearTimeout(quiet);
    quiet = setTimeout(() => { say.className = "say"; say.textContent = ""; }, 8000);
  }

  // ---------------------------------------------------------------- take, end

  async function press(address, text, more = {}) {
    if (busy.has(address)) return;
    if (!Line.up) return tell("bad", `连接中断，“${text}”未提交`);
    busy.add(address);
    paint();
    const body = { request: Press.ulid(), ...more };
    const begun = performance.now();
    for (;;) {
      try {
        const { ok, status, answer } = await Press.post(address, body);
        if (status === 401) return location.reload();
        if (ok || status !== 503) {
          if (!ok) tell("bad", answer.sentence || "操作未完成，请再试");
          else if (dialog.dataset.post === address) form.reset();
          break;
        }
      } catch { /* nobody knows whether it arrived: the same request again */ }
      if (performance.now() - begun > GIVE_UP_MS) {
        tell("bad", `“${text}”未得到确认，请以画面为准`);
        break;
      }
      tell("bad", `连接中断，“${text}”未提交，恢复后自动重试`);
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
    busy.delete(address);
    paint();
  }

  function paint() {
    for (const button of document.querySelectorAll("#guide-calls [data-post]")) {
      const under = busy.has(button.dataset.post);
      button.setAttribute("aria-busy", String(under));
      button.hidden = "by" in button.dataset && button.dataset.by !== mine; // only who went says that it is done
      button.textContent = under ? "正在提交…" : button.dataset.text;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-post], [data-say], [data-close]");
    if (!button || button === dialog || event.detail > 1) return;
    if (button.hasAttribute("data-close")) return dialog.close();
    if (button.dataset.say) return add(button.dataset.say);
    if (button.hasAttribute("data-ask")) return ask(button);
    press(button.dataset.post, button.dataset.text);
  });

  // ---------------------------------------------------------------- done: what came of it, and for which number

  function ask(button) {
    if (busy.has(button.dataset.post)) return;
    if (dialog.dataset.post !== button.dataset.post) form.reset(); // what a refusal left stays
    dialog.dataset.post = button.dataset.post;
    dialog.querySelector(".whom").textContent = button.dataset.ask;
    form.elements.number.value ||= button.dataset.number;
    dialog.showModal();
    dialog.querySelector("[type=submit]").focus();
  }

  function add(words) {
    const note = form.elements.note, known = note.value.split("；").filter(Boolean);
    note.value = (known.includes(words) ? known.filter((one) => one !== words) : [...known, words]).join("；");
    shown();
  }

  function shown() {
    const known = form.elements.note.value.split("；");
    for (const one of form.querySelectorAll("[data-say]")) one.setAttribute("aria-pressed", String(known.includes(one.dataset.say)));
  }

  form.addEventListener("input", shown);
  form.addEventListener("reset", () => setTimeout(shown));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const note = form.elements.note.value.trim();
    press(dialog.dataset.post, "完成", { note, number: note ? form.elements.number.value.trim() : "" });
  });

  // ---------------------------------------------------------------- a new call: colour and title always, sound when allowed

  sound.addEventListener("click", () => {
    if (audio) { // again: off
      audio.close();
      audio = null;
    } else {
      audio = new AudioContext();
      ring();
    }
    sound.setAttribute("aria-pressed", String(audio !== null));
    sound.textContent = audio ? "提示音和振动已开启（点此关闭）" : "开启提示音和振动";
  });

  function ring() {
    if (navigator.vibrate && audio) navigator.vibrate([300, 150, 300]);
    if (!audio) return;
    for (const [n, pitch] of [880, 660, 880].entries()) {
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      const from = audio.currentTime + n * 0.28;
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0.25, from);
      gain.gain.exponentialRampToValueAtTime(0.001, from + 0.26);
      tone.connect(gain).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.27);
    }
  }

  function news() {
    paint();
    const calls = waiting();
    const fresh = calls.filter((ask) => !known.has(ask.dataset.call));
    known = new Set([...document.querySelectorAll("#guide-calls [data-call]")].map((ask) => ask.dataset.call));
    document.title = calls.length ? `（${calls.length}）人求助 · ${title}` : title;
    document.body.toggleAttribute("data-asked", calls.length > 0);
    if (fresh.length) {
      tell("new", `新的求助：${fresh.map((ask) => ask.querySelector(".where").textContent).join("、")}`);
      ring();
    }
  }

  Line.idle = () => busy.size === 0 && !dialog.open;
  Line.onSwap(news);
  news();
})();
