// Inside the frame: tells the page around it how tall the content is, and takes its theme. Nothing secret is sent.
(function () {
  "use strict";
  var root = document.documentElement, inner = document.getElementById("frame"), last = 0, waiting = false;
  root.classList.add("scripted");
  if (window.parent === window || !inner) return;

  function tell() {
    waiting = false;
    // The inner wrapper, not the document: a frame that measures itself grows without end.
    var style = getComputedStyle(document.body);
    var height = Math.ceil(inner.getBoundingClientRect().height + parseFloat(style.paddingTop) + parseFloat(style.paddingBottom));
    if (Math.abs(height - last) <= 1) return;
    last = height;
    window.parent.postMessage({ type: "gpukb:resize", v: 1, height: height }, "*");
    window.parent.postMessage({ confluenceFrameHeight: height }, "*"); // a user macro that many Confluence sites have
  }
  function soon() { if (!waiting) { waiting = true; requestAnimationFrame(tell); } }
  if (window.ResizeObserver) new ResizeObserver(soon).observe(inner);
  window.addEventListener("load", soon);

  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || !event.data) return;
    var theme = event.data.type === "gpukb:theme" ? event.data.theme : event.data.confluenceColorMode;
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  });
})();
