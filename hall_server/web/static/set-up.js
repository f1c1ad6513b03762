// Set-up pages: ask before something is thrown away, send a file with the session's token, show its mistakes.
"use strict";

for (const form of document.querySelectorAll("form[data-sure]")) {
  form.addEventListener("submit", event => {
    if (!window.confirm(form.dataset.sure)) event.preventDefault();
  });
}

for (const own of document.querySelectorAll(".colours input.short")) {
  own.addEventListener("input", () => { own.closest("label").querySelector("input[type=radio]").checked = true; });
}

const upload = document.querySelector("form[data-upload]");
if (upload) upload.addEventListener("submit", send);

async function send(event) {
  event.preventDefault();
  const wrong = upload.querySelector(".upload-wrong"), button = upload.querySelector("button");
  const file = upload.elements.file.files[0];
  wrong.hidden = true;
  if (!file) return tell(wrong, "请先选择文件");
  if (file.size > 5 * 1024 * 1024 - 4096) return tell(wrong, "文件超过 5 MB，请减少内容后再导入");
  button.disabled = true;
  try {
    const answer = await fetch(upload.action, {
      method: "POST",
      body: new FormData(upload),
      headers: {"X-CSRF": document.querySelector("meta[name=csrf]").content, "Accept": "text/html"},
    });
    if (answer.redirected) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("mistakes");
    if (!found) return tell(wrong, page.querySelector("main")?.innerText.trim() || "没有导入，请重试");
    document.getElementById("mistakes").replaceWith(document.adoptNode(found));
  } catch {
    tell(wrong, "连接中断，没有导入，请重试");
  } finally {
    button.disabled = false;
  }
}

function tell(place, sentence) {
  place.textContent = sentence;
  place.hidden = false;
}
