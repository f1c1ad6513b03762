// The catalogue's forms: an upload with its progress, an import followed to its end, large forms sent with their token.
"use strict";
(() => {
  const token = document.querySelector('meta[name="csrf"]').content;

  const upload = document.getElementById("upload");
  if (upload) upload.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = upload.elements.file.files[0];
    const bar = document.getElementById("sent");
    const trouble = document.getElementById("trouble");
    const button = upload.querySelector("button");
    const failed = (sentence) => {
      trouble.textContent = sentence;
      trouble.hidden = false;
      bar.hidden = true;
      button.disabled = false;
    };
    const request = new XMLHttpRequest();
    request.open("POST", "/manage/catalogue/uploads");
    request.setRequestHeader("X-CSRF", token);
    request.setRequestHeader("X-Name", encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (sent) => { bar.value = sent.total ? (100 * sent.loaded) / sent.total : 0; });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* told below */ }
      if (request.status === 200) location.href = answer.href;
      else if (request.status === 413) failed("文件太大，请分批导入");
      else failed(answer.sentence || "上传没有成功，请重试");
    });
    request.addEventListener("error", () => failed("网络不通，文件没有上传，请重试"));
    trouble.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    request.send(file);
  });

  const running = document.getElementById("running");
  if (running) {
    const bar = document.getElementById("bar");
    const far = document.getElementById("how-far");
    const lines = new EventSource(running.dataset.progress);
    lines.addEventListener("message", (event) => {
      const now = JSON.parse(event.data);
      const done = now.done || 0;
      if (now.total) bar.value = Math.min(100, (100 * done) / now.total);
      else bar.removeAttribute("value");
      far.textContent = now.phase + (now.total ? ` ${done} / ${now.total}` : done ? ` ${done} 行` : "…")
        + (now.bad ? `，有误 ${now.bad} 行` : "");
    });
    lines.addEventListener("over", () => { lines.close(); location.reload(); });
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-send]")) return;
    event.preventDefault();
    const button = event.submitter;
    if (button && button.dataset.ask && !confirm(button.dataset.ask)) return;
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form, button)),
        headers: { "X-CSRF": token, Accept: "text/html" },
      });
    } catch {
      told("网络不通，没有保存，请重试");
      return;
    }
    if (answer.redirected) { location.href = answer.url; return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!fresh) { told("没有保存，请刷新页面后重试"); return; }
    document.querySelector("main").replaceWith(fresh);
    if (button && button.value.startsWith("more-")) {
      const inputs = fresh.querySelectorAll(button.value === "more-papers" ? ".paper .name input" : ".question input");
      const first = [...inputs].find((input) => !input.value);
      if (first) first.focus();
    } else {
      fresh.querySelector("#told").focus();
      scrollTo(0, 0);
    }
  });

  function told(sentence) {
    const line = document.createElement("p");
    line.className = "wrong";
    line.setAttribute("role", "alert");
    line.textContent = sentence;
    document.getElementById("told").replaceChildren(line);
    scrollTo(0, 0);
  }
})();
