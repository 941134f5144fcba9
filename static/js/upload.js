// Upload page and front page: hides secrets before anything is sent, shows what is sent, and gives the sender alone the key
// to the names.
(function () {
  "use strict";
  var form = document.querySelector("form[data-redaction]");
  if (!form || !window.UnhangRedactor || !window.DataTransfer) return;
  var panel = form.querySelector(".redaction"), words = panel.dataset, status = panel.querySelector("[role=status]");
  var on = panel.querySelector("input[type=checkbox]"), button = panel.querySelector("button"), preview = panel.querySelector(".preview");
  var area = form.querySelector("textarea"), input = form.querySelector('input[type="file"]'), map = form.querySelector('input[name="private_map"]');
  var canEncrypt = Boolean(window.crypto && window.crypto.subtle); // not over plain HTTP
  panel.querySelector("[data-plain]").hidden = canEncrypt;
  var MOST = 4 << 20, LINES_SHOWN = 400, LINES_AT_ONCE = 2000;
  var PACKED = ["1f8b", "504b", "425a68", "fd377a58", "28b52ffd", "377abcaf", "52617221"];
  var asked, table; // the rules, once they are wanted; and once they are there
  function rules() {
    return asked = asked || fetch(words.rules).then(function (answer) { if (!answer.ok) throw answer; return answer.json(); })
      .then(function (found) { return table = found; });
  }
  function wanted() { rules().catch(failed); }
  ["focusin", "input", "files-chosen"].forEach(function (name) { form.addEventListener(name, wanted, { once: true }); });

  // The text of a file that can be read here, or null: archives, other encodings and large files are the server's.
  function textOf(file) {
    if (file.size > MOST) return Promise.resolve(null);
    return file.arrayBuffer().then(function (bytes) {
      var head = Array.prototype.map.call(new Uint8Array(bytes.slice(0, 4)), function (byte) { return (byte < 16 ? "0" : "") + byte.toString(16); }).join("");
      if (PACKED.some(function (magic) { return head.indexOf(magic) === 0; })) return null;
      try {
        var text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        return text.indexOf("\0") < 0 ? text : null;
      } catch (other) { return null; }
    });
  }
  function hide(redactor, text) {
    redactor.startText(text);
    var lines = text.split("\n"), at = 0;
    return new Promise(function (done) {
      (function go() {
        for (var end = Math.min(at + LINES_AT_ONCE, lines.length); at < end; at++) lines[at] = redactor.line(lines[at]);
        if (at < lines.length) setTimeout(go); else done(lines.join("\n"));
      })();
    });
  }
  // Everything chosen, as it would be sent: [{name, text or null, file}], and the redactor that knows the names.
  function hidden() {
    var chosen = Array.prototype.slice.call(input.files);
    return rules().then(function (found) {
      var redactor = new window.UnhangRedactor(found), made = [];
      return chosen.reduce(function (before, file) {
        return before.then(function () { return textOf(file); }).then(function (text) {
          redactor.startText(file.name);
          var name = redactor.line(file.name);
          if (text === null) { made.push({ name: name, text: null, file: file }); return null; }
          return hide(redactor, text).then(function (safe) { made.push({ name: name, text: safe, file: file }); });
        });
      }, Promise.resolve()).then(function () { return hide(redactor, area.value); }).then(function (safe) {
        return { files: made, pasted: safe, redactor: redactor };
      });
    });
  }
  function said(all) {
    var count = all.redactor.standIns.size, left = all.files.filter(function (one) { return one.text === null; });
    var names = left.map(function (one) { return one.name; }).join(", ");
    return words.hidden.replace("{n}", count) + (left.length ? " " + words.left.replace("{names}", names) : "");
  }

  // ---- the preview: the lines with stand-ins, each of them marked
  function marked(target, text, pattern) {
    var at = 0, match;
    pattern.lastIndex = 0;
    while ((match = pattern.exec(text))) {
      target.appendChild(document.createTextNode(text.slice(at, match.index)));
      var mark = document.createElement("mark");
      mark.textContent = match[0];
      target.appendChild(mark);
      at = pattern.lastIndex;
    }
    target.appendChild(document.createTextNode(text.slice(at)));
    return at > 0;
  }
  function show(all) {
    var made = Array.from(all.redactor.standIns.values()).filter(function (one) { return one[0] !== "<"; });
    var pattern = new RegExp(["<[a-z][a-z-]*(?:-\\d+)?>"].concat(made.map(function (one) { return one.replace(/[.]/g, "\\.") + "(?![0-9a-f])"; })).join("|"), "g");
    preview.textContent = "";
    var shown = 0;
    all.files.concat([{ name: words.pasted, text: all.pasted }]).forEach(function (one) {
      if (!one.text) return;
      var title = document.createElement("h3"), list = document.createElement("ol");
      title.textContent = one.name;
      one.text.split("\n").forEach(function (line, at) {
        if (shown >= LINES_SHOWN) return;
        var row = document.createElement("li"), code = document.createElement("code");
        if (!marked(code, line, pattern)) return;
        row.value = at + 1;
        row.appendChild(code);
        list.appendChild(row);
        shown++;
      });
      if (list.children.length) { preview.appendChild(title); preview.appendChild(list); }
    });
    preview.hidden = !shown;
    status.textContent = said(all) + (shown >= LINES_SHOWN ? " " + words.more.replace("{n}", LINES_SHOWN) : "");
  }
  button.addEventListener("click", function () { hidden().then(show, failed); });
  function failed() { status.textContent = words.failed; }
  function stale() { preview.hidden = true; status.textContent = ""; }
  area.addEventListener("input", stale);
  form.addEventListener("files-chosen", stale);
  on.addEventListener("change", function () { button.disabled = !on.checked; stale(); });

  // ---- words typed into the front page's box look for articles while one types, and with the button: hidden there as well
  function safeWords(text) {
    var redactor = new window.UnhangRedactor(table);
    redactor.startText(text);
    return text.split("\n").map(function (line) { return redactor.line(line); }).join("\n");
  }
  document.addEventListener("htmx:confirm", function (event) {
    if (event.target !== area || !on.checked || table) return;
    event.preventDefault(); // not before the rules are there
    rules().then(function () { event.detail.issueRequest(true); }, failed);
  });
  document.addEventListener("htmx:configRequest", function (event) {
    if (event.target === area && on.checked) event.detail.parameters[area.name] = safeWords(area.value);
  });
  function find(button) {
    rules().then(function () {
      window.location = button.formAction + "?" + new URLSearchParams([[area.name, safeWords(area.value)]]);
    }).catch(failed);
  }

  // ---- the names, encrypted; the key goes into the address fragment, which no browser sends
  function base64(bytes) {
    var text = "";
    new Uint8Array(bytes).forEach(function (byte) { text += String.fromCharCode(byte); });
    return btoa(text);
  }
  function encrypted(names) {
    if (!canEncrypt || !Object.keys(names).length) return Promise.resolve(null);
    var salt = window.crypto.getRandomValues(new Uint8Array(12)), content = new TextEncoder().encode(JSON.stringify(names)), key;
    return window.crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"])
      .then(function (made) { key = made; return window.crypto.subtle.encrypt({ name: "AES-GCM", iv: salt }, key, content); })
      .then(function (sealed) {
        var both = new Uint8Array(12 + sealed.byteLength);
        both.set(salt);
        both.set(new Uint8Array(sealed), 12);
        return window.crypto.subtle.exportKey("raw", key).then(function (raw) {
          return { sealed: base64(both), key: base64(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") };
        });
      });
  }
  form.addEventListener("submit", function (event) {
    if (!on.checked) return;
    event.preventDefault();
    if (event.submitter && event.submitter.formMethod === "get") return find(event.submitter);
    status.textContent = words.working;
    hidden().then(function (all) {
      return encrypted(all.redactor.privateMap()).then(function (names) {
        var files = new DataTransfer();
        all.files.forEach(function (one) {
          files.items.add(one.text === null && one.name === one.file.name ? one.file : new File([one.text === null ? one.file : one.text], one.name));
        });
        input.files = files.files;
        area.value = all.pasted;
        map.value = names ? names.sealed : "";
        if (names) form.action = form.action.split("#")[0] + "#k=" + names.key; // kept when the answer leads on to the case
        form.submit();
      });
    }).catch(failed);
  });
})();
