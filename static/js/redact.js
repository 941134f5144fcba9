// The published rule table, applied in the browser: gives what the server's own redaction gives (diagnosis/redact.py).
(function () {
  "use strict";
  var BEFORE = 40, KEY_LINES = 400, WRAPPED_FROM = 60;
  var CONTINUATION = /^[\t-\r ]*([A-Za-z0-9_\-./+=]{4,})(["',;]?)[\t-\r ]*$/;
  var COLOURS = /\x1b(?:\[[0-9;:?]*[ -\/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHMNOZ])/g;
  var SPELT_COLOURS = /(?:\^\[|#033|\\033|\\x1b|\\u001b|\\e)\[[0-9;]*[mKHJ]/gi;
  var NETS = ["203.0.113", "198.51.100", "192.0.2"];
  for (var a = 18; a < 20; a++) for (var b = 0; b < 256; b++) NETS.push("198." + a + "." + b);

  function compiled(rule) {
    function optional(pattern, flags) { return pattern ? new RegExp(pattern, flags) : null; }
    return {
      name: rule.name, group: rule.group,
      pattern: new RegExp(rule.pattern, "gd" + rule.flags), anywhere: new RegExp(rule.after || rule.pattern, "m" + (rule.after ? "i" : rule.flags)),
      keep: optional(rule.keep, "i"), keepMatch: optional(rule.keep_match, "i"),
      keepBefore: optional(rule.keep_before, ""), keepAfter: optional(rule.keep_after, "i"), after: optional(rule.after, "i"),
      until: optional(rule.until, ""), body: optional(rule.body, "")
    };
  }
  function uncoloured(text) {
    return text.indexOf("[") < 0 ? text : text.replace(COLOURS, "").replace(SPELT_COLOURS, "");
  }
  function has(pattern, text) { return Boolean(pattern) && pattern.test(text); }

  function Redactor(table) {
    this.rules = table.map(compiled);
    this.standIns = new Map(); // secret → what stands for it
    this.numbers = {};
    this.subnets = new Map();
    this.startText("");
  }
  // The rules that can speak nowhere in `text` are left out for its lines.
  Redactor.prototype.startText = function (text) {
    var plain = uncoloured(text);
    this.chosen = this.rules.filter(function (rule) { return rule.anywhere.test(text) || (plain !== text && rule.anywhere.test(plain)); });
    this.block = null;
    this.above = this.wrapped = "";
  };
  Redactor.prototype.line = function (text) {
    text = uncoloured(text);
    if (this.block) {
      var inside = this.insideBlock(text);
      if (inside !== null) return inside;
    }
    var above = this.above, wrapped = this.wrapped, rest;
    this.above = this.wrapped = "";
    if (wrapped && (rest = CONTINUATION.exec(text))) {
      var at = text.indexOf(rest[1]);
      return text.slice(0, at) + wrapped + text.slice(at + rest[1].length);
    }
    for (var n = 0; n < this.chosen.length; n++) {
      var rule = this.chosen[n];
      if (rule.until) text = this.openBlock(rule, text);
      else if (rule.after) {
        if (has(rule.after, text)) this.above = text;
        if (above && has(rule.after, above)) text = this.apply(rule, text);
      } else text = this.apply(rule, text);
    }
    return text;
  };
  Redactor.prototype.apply = function (rule, text) {
    var out = "", at = 0, match;
    rule.pattern.lastIndex = 0;
    while ((match = rule.pattern.exec(text))) {
      if (match.index === rule.pattern.lastIndex) rule.pattern.lastIndex++;
      var span = match.indices[rule.group || last(match)], secret = text.slice(span[0], span[1]);
      if (span[0] < at || !secret || keeps(rule, match, text, secret, span[1])) continue;
      var made = this.standIn(rule.name, secret);
      if (span[1] === text.length && span[1] >= WRAPPED_FROM) this.wrapped = made;
      out += text.slice(at, span[0]) + made;
      at = span[1];
    }
    return out + text.slice(at);
  };
  function last(match) { // the group that took part, or all of it
    for (var n = match.length - 1; n > 0; n--) if (match[n] !== undefined) return n;
    return 0;
  }
  function keeps(rule, match, text, secret, end) {
    return has(rule.keep, secret) || has(rule.keepAfter, text.slice(end)) || has(rule.keepMatch, match[0]) ||
      has(rule.keepBefore, text.slice(Math.max(0, match.index - BEFORE), match.index));
  }
  Redactor.prototype.openBlock = function (rule, text) {
    rule.pattern.lastIndex = 0;
    var match = rule.pattern.exec(text);
    if (!match) return text;
    var rest = text.slice(match.index + match[0].length), end = rule.until.exec(rest);
    if (!end) this.block = { rule: rule, taken: 0 };
    return text.slice(0, match.index) + "<" + rule.name + ">" + (end ? rest.slice(end.index + end[0].length) : "");
  };
  Redactor.prototype.insideBlock = function (text) {
    var block = this.block, end = block.rule.until.exec(text);
    this.block = null;
    if (end) return "<" + block.rule.name + ">" + text.slice(end.index + end[0].length);
    if (block.taken >= KEY_LINES || !has(block.rule.body, text)) return null;
    this.block = { rule: block.rule, taken: block.taken + 1 };
    return "<" + block.rule.name + ">";
  };
  Redactor.prototype.standIn = function (name, secret) {
    var known = this.standIns.get(secret);
    if (known === undefined) {
      if (name === "ipv4") known = this.publicIpv4(secret);
      else if (name === "ipv6") known = this.publicIpv6(secret);
      else known = "<" + name + "-" + (this.numbers[name] = (this.numbers[name] || 0) + 1) + ">";
      this.standIns.set(secret, known);
    }
    return known;
  };
  Redactor.prototype.publicIpv4 = function (address) {
    var net = this.subnet(address.slice(0, address.lastIndexOf(".")), NETS);
    return net.standIn + "." + (net.hosts++ % 254 + 1);
  };
  Redactor.prototype.publicIpv6 = function (address) {
    var parts = address.split("::")[0].split(":").concat(["0", "0", "0", "0"]).slice(0, 4);
    var net = this.subnet(parts.join(":"), null);
    return "2001:db8:" + net.standIn + "::" + (++net.hosts).toString(16);
  };
  Redactor.prototype.subnet = function (prefix, nets) {
    if (!this.subnets.has(prefix)) {
      var wide = prefix.indexOf(":") >= 0, at = 0;
      this.subnets.forEach(function (_, known) { if ((known.indexOf(":") >= 0) === wide) at++; });
      this.subnets.set(prefix, { standIn: nets ? nets[at % nets.length] : (at + 1).toString(16), hosts: 0 });
    }
    return this.subnets.get(prefix);
  };
  // Stand-in → what it stands for.
  Redactor.prototype.privateMap = function () {
    var map = {};
    this.standIns.forEach(function (made, secret) { map[made] = secret; });
    return map;
  };
  window.UnhangRedactor = Redactor;
})();
