// Before the first paint: the reader's chosen theme, if any, and the sign that scripts run. No cookie.
(function () {
  var root = document.documentElement;
  root.classList.add("scripted");
  try {
    var theme = localStorage.getItem("theme");
    if (!root.dataset.theme && (theme === "light" || theme === "dark")) root.dataset.theme = theme;
  } catch (refused) { /* a frame without storage follows the system */ }
})();
