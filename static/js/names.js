// The case page: who has the key (the address fragment, which is told to nobody) sees their own names instead of the stand-ins.
(function () {
  "use strict";
  // htmx tells the server the whole address of the page; the key in its fragment is nobody's business.
  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["HX-Current-URL"] = window.location.href.split("#")[0];
  });
  var box = document.getElementById("names"), key = /^#k=([\w-]{43})$/.exec(window.location.hash);
  if (!box || !key || !window.crypto.subtle) return;
  var before = new Map(), names, pattern; // text nodes as the server sent them

  function bytes(base64) {
    return Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), function (one) { return one.charCodeAt(0); });
  }
  function opened(sealed) {
    return window.crypto.subtle.importKey("raw", bytes(key[1]), "AES-GCM", false, ["decrypt"])
      .then(function (made) { return window.crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.slice(0, 12) }, made, sealed.slice(12)); })
      .then(function (plain) { return JSON.parse(new TextDecoder().decode(plain)); });
  }
  function show() {
    var walk = document.createTreeWalker(document.getElementById("case"), NodeFilter.SHOW_TEXT), node;
    while ((node = walk.nextNode())) {
      var text = node.nodeValue, own = text.replace(pattern, function (made) { return names[made]; });
      if (own === text) continue;
      before.set(node, text);
      node.nodeValue = own;
    }
  }
  function restore() {
    before.forEach(function (text, node) { node.nodeValue = text; });
    before.clear();
  }
  opened(bytes(box.dataset.sealed)).then(function (found) {
    var on = box.querySelector("input");
    names = found;
    // An address must not be found within a longer one; `<token-1>` ends by itself.
    pattern = new RegExp(Object.keys(names).map(function (made) { return made.replace(/\./g, "\\.") + (made[0] === "<" ? "" : "(?![0-9a-f])"); }).join("|"), "g");
    on.addEventListener("change", function () { (on.checked ? show : restore)(); });
    document.addEventListener("htmx:afterSettle", function () { before.clear(); if (on.checked) show(); });
    box.hidden = false;
  }, function () { box.querySelector("[role=status]").textContent = box.dataset.failed; box.hidden = false; box.querySelector("label").hidden = true; });
})();
