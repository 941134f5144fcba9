// What scripts add to pages that work without them: copy buttons, dropping files, the theme switch, small comforts.
(function () {
  "use strict";
  var root = document.documentElement;
  var chinese = root.lang.indexOf("zh") === 0;
  var words = chinese
    ? { copy: "复制", copied: "已复制", press: "请按 Ctrl/⌘ C", empty: "空文件", remove: "移除 ", away: "服务器没有应答。本页会自动再试；已输入的内容还在。", offline: "网络已断开。已输入的内容还在，恢复后再发送。" }
    : { copy: "Copy", copied: "Copied", press: "Press Ctrl/⌘ C", empty: "empty", remove: "Remove ", away: "The server does not answer. This page tries again by itself; what you typed is still here.", offline: "There is no network. What you typed is still here; send it when the network is back." };

  // ---- what happens out of sight is said to screen readers
  var spoken = document.createElement("p");
  spoken.className = "unseen";
  spoken.setAttribute("role", "status");
  document.body.appendChild(spoken);
  function say(text) {
    spoken.textContent = "";
    setTimeout(function () { spoken.textContent = text; }, 50); // the same words twice are said twice
  }

  // ---- no answer, no network: said above the page until it is over
  var notice = document.createElement("p");
  notice.className = "away";
  notice.setAttribute("role", "alert");
  notice.hidden = true;
  document.body.insertBefore(notice, document.body.firstChild);
  function away(text) { notice.textContent = text; notice.hidden = !text; }
  window.addEventListener("offline", function () { away(words.offline); });
  window.addEventListener("online", function () { away(""); });
  document.addEventListener("htmx:sendError", function () { away(navigator.onLine ? words.away : words.offline); });
  document.addEventListener("htmx:timeout", function () { away(words.away); });
  document.addEventListener("htmx:responseError", function (event) { if (event.detail.xhr.status >= 500) away(words.away); });
  document.addEventListener("htmx:beforeSwap", function () { away(""); });
  document.addEventListener("submit", function (event) {
    if (navigator.onLine !== false) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    away(words.offline);
  }, true);

  // ---- copying
  var COPIED = ".prose pre > code.language-sh, .prose pre > code.language-bash, .prose pre > code.language-ini, .prose pre > code.language-yaml, .prose pre > code.language-json, .prose pre > code.language-python";

  function select(node) {
    var range = document.createRange();
    range.selectNodeContents(node);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
  function told(button, text, did) {
    button.textContent = text;
    button.classList.toggle("did", did);
    say(text);
    setTimeout(function () { button.textContent = button.dataset.words; button.classList.remove("did"); }, 2500);
  }
  function copy(text, button, node) {
    function refused() { if (node) select(node); told(button, words.press, false); }
    if (!navigator.clipboard) return refused();
    navigator.clipboard.writeText(text).then(function () { told(button, words.copied, true); }, refused);
  }
  function addCopyButtons(within) {
    var blocks = Array.prototype.slice.call(within.querySelectorAll("pre[data-copy]"));
    within.querySelectorAll(COPIED).forEach(function (code) { blocks.push(code.parentNode); });
    blocks.forEach(function (block) {
      if (block.parentNode.classList.contains("copied")) return;
      var frame = document.createElement("div");
      frame.className = "copied";
      block.parentNode.insertBefore(frame, block);
      frame.appendChild(block);
      var button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = button.dataset.words = words.copy;
      button.addEventListener("click", function () { copy(block.textContent.replace(/\n$/, ""), button, block); });
      frame.appendChild(button);
    });
  }

  // ---- what each part of a page needs; run again on what htmx brings
  function enhance(within) {
    addCopyButtons(within);
    within.querySelectorAll("[data-submit-on-change]").forEach(function (form) {
      form.addEventListener("change", function (event) {
        if (event.target.tagName === "SELECT") form.requestSubmit ? form.requestSubmit() : form.submit();
      });
    });
    within.querySelectorAll("[data-print]").forEach(function (button) {
      button.addEventListener("click", function () { window.print(); });
    });
    within.querySelectorAll("a[data-copy-from]").forEach(function (link) {
      link.dataset.words = link.textContent;
      link.addEventListener("click", function (event) {
        if (!navigator.clipboard || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        fetch(link.dataset.copyFrom, { headers: { Accept: "text/markdown" } })
          .then(function (answer) { if (!answer.ok) throw answer; return answer.text(); })
          .then(function (text) { return navigator.clipboard.writeText(text); })
          .then(function () { told(link, words.copied, true); }, function () { window.location = link.href; });
      });
    });
  }
  // A report that has come: its headline is the page's title, and where a keyboard that was nowhere goes on from.
  function arrived(heading) {
    if (!heading) return;
    document.title = heading.textContent.trim() + " · Unhang";
    if (document.activeElement && document.activeElement !== document.body) return say(heading.textContent.trim());
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  enhance(document);
  document.addEventListener("htmx:afterSwap", function (event) {
    enhance(event.detail.target.isConnected ? event.detail.target : document);
    var told = document.querySelector("#" + event.detail.target.id + " [data-said]");
    if (told) say(told.dataset.said);
  });
  // Settled, not swapped: until then htmx shows the new element with the classes of the old one.
  document.addEventListener("htmx:afterSettle", function () {
    var report = document.querySelector("#case.report");
    if (report) arrived(report.querySelector("h1"));
  });

  // ---- theme
  document.querySelectorAll("button.theme").forEach(function (button) {
    button.addEventListener("click", function () {
      var dark = root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch (refused) { /* kept for this page only */ }
    });
  });

  // ---- files: dropped anywhere on the form, shown with their sizes
  function size(bytes) {
    if (!bytes) return words.empty;
    var units = ["B", "KB", "MB", "GB"], n = 0;
    while (bytes >= 1000 && n < 3) { bytes /= 1000; n++; }
    return (n && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[n];
  }
  document.querySelectorAll("form[data-files]").forEach(function (form) {
    var input = form.querySelector('input[type="file"]');
    var list = form.querySelector(".chosen");
    var target = form.querySelector("[data-drop]") || form;
    function show() {
      list.textContent = "";
      Array.prototype.forEach.call(input.files, function (file, at) {
        var row = document.createElement("li"), bytes = document.createElement("span"), off = document.createElement("button");
        row.textContent = file.name;
        bytes.textContent = size(file.size);
        off.type = "button";
        off.textContent = "×";
        off.setAttribute("aria-label", words.remove + file.name);
        off.addEventListener("click", function () { remove(at); });
        row.appendChild(bytes);
        row.appendChild(off);
        list.appendChild(row);
      });
      form.dispatchEvent(new CustomEvent("files-chosen"));
    }
    function remove(at) {
      var left = new DataTransfer();
      Array.prototype.forEach.call(input.files, function (file, n) { if (n !== at) left.items.add(file); });
      input.files = left.files;
      show();
      (list.querySelectorAll("button")[Math.min(at, left.files.length - 1)] || input).focus();
    }
    function add(files) {
      var all = new DataTransfer();
      Array.prototype.forEach.call(input.files, function (file) { all.items.add(file); });
      Array.prototype.forEach.call(files, function (file) { all.items.add(file); });
      input.files = all.files;
      show();
    }
    input.addEventListener("change", show);
    form.addEventListener("paste", function (event) {
      if (event.clipboardData && event.clipboardData.files.length) { event.preventDefault(); add(event.clipboardData.files); }
    });
    var depth = 0;
    ["dragenter", "dragover", "dragleave", "drop"].forEach(function (name) {
      document.addEventListener(name, function (event) {
        if (!event.dataTransfer || Array.prototype.indexOf.call(event.dataTransfer.types, "Files") < 0) return;
        event.preventDefault();
        if (name === "dragenter") depth++;
        if (name === "dragleave") depth--;
        if (name === "drop") { depth = 0; add(event.dataTransfer.files); }
        target.classList.toggle("over", depth > 0);
      });
    });
  });

  // ---- the front page's box: one line searches, several lines or files diagnose
  var box = document.querySelector("form[data-box]");
  if (box) {
    var area = box.querySelector("textarea"), search = box.querySelector("[data-search]"), send = box.querySelector("[data-send]");
    var files = box.querySelector('input[type="file"]'), before = box.querySelector("[data-before-sending]");
    var found = document.getElementById("found");
    var refresh = function () {
      var several = area.value.trim().indexOf("\n") >= 0 || files.files.length > 0;
      search.hidden = several;
      send.className = several ? "" : "quiet";
      if (before) before.hidden = !several; // the switch of what is hidden; it holds for one line too
      if (several && found) found.textContent = "";
    };
    area.addEventListener("input", refresh);
    box.addEventListener("files-chosen", refresh);
    area.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || area.value.indexOf("\n") >= 0 || !area.value.trim()) return;
      event.preventDefault();
      search.click();
    });
    refresh();
  }
})();
