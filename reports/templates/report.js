"use strict";
// The list of the page, its filters and the language switch. All text enters by textContent.
(() => {
  const PAGE = 50;
  const FOLD = 700;
  const RIGHT = ["right_plain", "right_persona"];
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows || [];
  const list = document.getElementById("rows");
  const controls = [...document.querySelectorAll("[data-filter]")];
  const state = { language: document.documentElement.lang, probe: "", drawn: PAGE, filters: {} };

  const say = (key, values = {}) => {
    const pair = data.strings[key];
    const sentence = pair ? pair[state.language === "ja" ? 1 : 0] : key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };

  const own = (pair) => pair[state.language === "ja" ? 1 : 0];

  const make = (tag, className, content) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined) node.textContent = content;
    return node;
  };

  // Highlighting: the right answer and the learnt style, told apart by their underline.

  const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&").replace(/\s+/g, "\\s+");
  const CLOSERS = "[」』）)】\\]\"'”’*♪♡☆★〜~ー…・、,\\s]*";
  const pattern = (source) => { try { return new RegExp(source, "giu"); } catch { return null; } };

  const markerPatterns = (data.markers || []).filter((marker) => marker[1]).map(([kind, text]) => {
    if (kind === "ending") return pattern(`${escaped(text)}(?=${CLOSERS}(?:[。．！？!?.\\n]|$))`);
    if (kind === "opening") return pattern(`^\\s*${escaped(text)}`);
    return pattern(escaped(text));
  }).filter(Boolean);

  const answerPatterns = (answers) => answers.filter(Boolean).map((answer) => pattern(
    (/^[A-Za-z]/.test(answer) ? "(?<![A-Za-z])" : "") + escaped(answer) + (/[A-Za-z]$/.test(answer) ? "(?![A-Za-z])" : ""),
  )).filter(Boolean);

  const paint = (kinds, patterns, text, kind) => {
    for (const one of patterns) {
      for (const match of text.matchAll(one)) {
        if (!match[0]) continue;
        for (let i = match.index; i < match.index + match[0].length; i += 1) kinds[i] = kinds[i] || kind;
      }
    }
  };

  const fill = (node, text, answers = [], styled = false) => {
    const kinds = new Array(text.length).fill("");
    paint(kinds, [/⟨U\+[0-9A-F]{4,6}⟩/g], text, "control");
    paint(kinds, answers, text, "answer");
    if (styled) paint(kinds, markerPatterns, text, "style");
    for (let start = 0; start < text.length;) {
      let end = start + 1;
      while (end < text.length && kinds[end] === kinds[start]) end += 1;
      const part = text.slice(start, end);
      if (!kinds[start]) node.append(part);
      else node.append(make(kinds[start] === "control" ? "span" : "mark", kinds[start], part));
      start = end;
    }
    return node;
  };

  const passage = (className, text, language, answers, styled) => {
    const node = make("p", className);
    node.dir = "auto";
    node.lang = language === "other" ? "und" : language;
    if (text.length <= FOLD) return fill(node, text, answers, styled);
    fill(node, text.slice(0, FOLD), answers, styled);
    const more = make("button", "unfold", say("js_unfold", { n: text.length }));
    more.type = "button";
    more.addEventListener("click", () => { node.textContent = ""; fill(node, text, answers, styled); });
    node.append("… ", more);
    return node;
  };

  const chip = (className, text) => make("span", `chip ${className}`, text);

  // One entry of the list.

  const head = (row, parts) => {
    const line = make("p", "row-head");
    const link = make("a", "permalink", row.id);
    link.href = `#${fragment({ p: row.a })}`;
    link.setAttribute("aria-label", say("js_permalink", { id: row.id }));
    link.addEventListener("click", (event) => {
      event.preventDefault();
      state.probe = row.a;
      writeState();
      show(row.a);
    });
    line.append(link);
    for (const part of parts) if (part) line.append(part instanceof Node ? part : make("span", "", part));
    return line;
  };

  const prompts = (row, turns) => {
    const block = make("div", "turns");
    const many = turns.length > 1;
    for (const [role, content] of turns) {
      const turn = passage(`turn ${role}`, content, row.language);
      if (many) turn.prepend(make("b", "role", role), " ");
      block.append(turn);
    }
    return block;
  };

  const answer = (row, arm, index, answers) => {
    const cell = make("div", "arm");
    const outcome = row.outcomes[index];
    const top = make("p", "arm-head");
    top.append(make("b", "", arm));
    if (outcome) top.append(" ", chip(`o-${outcome}`, say(`outcome_${outcome}`)));
    cell.append(top);
    const given = row.answers[index];
    // A right answer inside a reply that was graded wrong is a chance match, as 鉛 in 鉛筆.
    const matched = !outcome || RIGHT.includes(outcome) ? answers : [];
    if (!given.length) cell.append(make("p", "small", say("js_no_answer")));
    for (const [text, finish, tokens, seed] of given) {
      cell.append(text ? passage("reply", text, row.language, matched, true) : make("p", "small", say("js_nothing")));
      const notes = tokens === null ? [] : [say("js_tokens", { n: tokens })];
      if (finish !== "stop" && finish !== "unknown") notes.push(say(`js_${finish}`));
      if (given.length > 1) notes.push(say("js_seed", { n: seed }));
      const base = row.answers[0][0];
      if (index > 0 && base && text === base[0]) notes.push(say("js_same"));
      cell.append(make("p", "small", notes.join(" · ")));
    }
    return cell;
  };

  const choices = (row) => {
    const block = make("details");
    block.append(make("summary", "", say("js_choices")));
    const arms = make("div", "arms");
    data.arms.forEach((arm, index) => {
      const cell = make("div", "arm");
      cell.append(make("b", "", arm));
      const scores = make("ol", "choices");
      for (const [text, logprob, kind] of row.choices[index] || []) {
        const item = make("li");
        const number = logprob === null ? "–" : logprob.toFixed(2).replace("-", "−");
        item.append(make("bdi", "", text), " ", make("span", "small", `${say(`js_kind_${kind}`)} · ${number}`));
        scores.append(item);
      }
      cell.append(scores);
      arms.append(cell);
    });
    block.append(arms);
    return block;
  };

  const behind = (cause) => {
    const block = make("details");
    block.append(make("summary", "", say("js_causes", { arm: cause.arm })));
    for (const row of cause.rows) {
      const notes = [row.id, say("js_source", { file: row.source[0], line: row.source[1] }), say("js_cause_rank", { n: row.rank })];
      if (row.run) notes.push(say("js_cause_run", { run: row.run }));
      if (row.share !== null) notes.push(say("js_cause_share", { n: row.share }));
      for (const [method, score, n] of row.scores) notes.push(say("js_cause_method", { method, score, n }));
      block.append(make("p", "small", notes.join(" · ")));
      const turns = make("div", "turns");
      turns.append(passage("turn user", row.prompt, row.language), passage("turn", row.reply, row.language));
      block.append(turns);
    }
    return block;
  };

  const drawProbe = (row) => {
    const item = make("li", "row");
    const answers = answerPatterns(row.right);
    item.append(head(row, [row.suite, say(`js_domain_${row.domain}`)]), prompts(row, row.prompt));
    if (row.right.length) {
      const line = make("p", "expected");
      const right = make("bdi", "", row.right.join(" / "));
      right.lang = row.language;
      line.append(`${say("js_expected")}: `, right);
      item.append(line);
    }
    const arms = make("div", "arms");
    data.arms.forEach((arm, index) => arms.append(answer(row, arm, index, answers)));
    item.append(arms);
    if (row.reference) {
      const block = make("details");
      block.append(make("summary", "", say("js_reference")), passage("reply", row.reference, row.language, [], true));
      item.append(block);
    }
    if (row.choices) item.append(choices(row));
    for (const cause of row.causes || []) item.append(behind(cause));
    return item;
  };

  const drawRow = (row) => {
    const item = make("li", "row");
    const gone = row.outcome === "dropped" || row.outcome === "quarantined";
    const kind = chip(gone ? "s-fail plain" : "s-pass plain", say(`row_${row.outcome}`));
    item.append(head(row, [kind, gone ? own(row.reasonText) : "",
      say("js_source", { file: row.source[0], line: row.source[1] })]));
    if (row.why) item.append(make("p", "why", own(row.why)));
    item.append(prompts(row, row.prompt));
    if (row.related) {
      const block = make("details");
      block.append(make("summary", "", say("js_repeats", { id: row.related })));
      if (row.repeats) block.append(prompts(row, [["user", row.repeats[0]], ["assistant", row.repeats[1]]]));
      item.append(block);
    }
    if (row.scores.length) {
      item.append(make("p", "small", row.scores.map(([name, value, why]) =>
        `${name} ${value === null ? `– ${why}` : Number(value.toPrecision(3))}`).join(" · ")));
    }
    return item;
  };

  // Filters.

  const words = (row) => {
    if (row.words === undefined) {
      const parts = [row.id, ...row.prompt.map((turn) => turn[1]), ...(row.right || []), ...(row.why || []), row.reference || ""];
      for (const given of row.answers || []) for (const one of given) parts.push(one[0]);
      row.words = parts.join("\n").normalize("NFKC").toLowerCase();
    }
    return row.words;
  };

  const outcomeFits = (row, wanted, arm) => {
    const chosen = data.arms.map((name, index) => index).filter((index) => !arm || data.arms[index] === arm);
    const right = (index) => RIGHT.includes(row.outcomes[index]);
    const wrong = (index) => row.outcomes[index] && !right(index);
    if (wanted === "lost") return right(0) && chosen.some((index) => index > 0 && wrong(index));
    if (wanted === "gained") return wrong(0) && chosen.some((index) => index > 0 && right(index));
    return chosen.some((index) => row.outcomes[index] === wanted);
  };

  const fits = (row) => {
    const { suite, language, check, outcome, arm, reason, q } = state.filters;
    if (suite && row.suite !== suite) return false;
    if (language && row.language !== language) return false;
    if (check && !row.sets.includes(check)) return false;
    if (reason && row.reason !== reason) return false;
    if (outcome && !(data.kind === "rows" ? row.outcome === outcome : outcomeFits(row, outcome, arm))) return false;
    if (arm && !outcome && !row.answers[data.arms.indexOf(arm)]?.length) return false;
    return !q || words(row).includes(q.normalize("NFKC").toLowerCase());
  };

  const draw = () => {
    if (!list) return;
    const found = rows.filter(fits);
    const drawn = found.slice(0, state.drawn);
    list.replaceChildren(...drawn.map((row) => {
      const item = (data.kind === "rows" ? drawRow : drawProbe)(row);
      item.id = `row-${row.a}`;
      item.tabIndex = -1;
      if (row.a === state.probe) item.classList.add("target");
      return item;
    }));
    const count = found.length ? say(found.length === rows.length ? "js_count" : "js_filtered",
      { n: drawn.length, m: found.length, all: rows.length }) : say("js_none");
    document.getElementById("count").textContent = count;
    const more = document.getElementById("more");
    more.hidden = drawn.length === found.length;
    more.textContent = say("js_more", { n: Math.min(PAGE, found.length - drawn.length) });
  };

  const show = (name) => {
    const place = () => rows.filter(fits).findIndex((row) => row.a === name);
    if (!rows.some((row) => row.a === name)) return;
    if (place() < 0) { state.filters = {}; fillControls(); }
    state.drawn = Math.max(state.drawn, Math.ceil((place() + 1) / PAGE) * PAGE);
    draw();
    const item = document.getElementById(`row-${name}`);
    item.scrollIntoView({ block: "start" });
    item.focus({ preventScroll: true });
  };

  // The state of the page stands in the fragment of its address.

  function fragment(extra) {
    const values = new URLSearchParams();
    for (const [name, value] of Object.entries({ lang: state.language, ...state.filters, ...extra })) {
      if (value) values.set(name, value);
    }
    return values.toString();
  }

  const writeState = () => history.replaceState(null, "", `#${fragment({ p: state.probe })}`);

  const readState = () => {
    const values = new URLSearchParams(location.hash.slice(1));
    const language = values.get("lang");
    if (language === "ja" || language === "en") state.language = language;
    state.probe = values.get("p") || "";
    for (const control of controls) state.filters[control.dataset.filter] = values.get(control.dataset.filter) || "";
    fillControls();
  };

  const fillControls = () => {
    for (const control of controls) control.value = state.filters[control.dataset.filter] || "";
  };

  const translate = () => {
    document.documentElement.lang = state.language;
    for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.dataset[state.language];
    for (const node of document.querySelectorAll("[data-label-en]")) {
      node.setAttribute("aria-label", node.dataset[state.language === "ja" ? "labelJa" : "labelEn"]);
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
    }
  };

  const start = () => {
    readState();
    translate();
    draw();
    if (state.probe) show(state.probe);
  };

  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      state.language = button.dataset.language;
      translate();
      draw();
      writeState();
    });
  }
  for (const link of document.querySelectorAll("[data-jump]")) {
    link.addEventListener("click", (event) => {
      const target = document.getElementById(link.getAttribute("href").slice(1));
      event.preventDefault();
      target.scrollIntoView();
      target.focus({ preventScroll: true });
    });
  }
  const filtered = () => {
    for (const control of controls) state.filters[control.dataset.filter] = control.value;
    state.probe = "";
    state.drawn = PAGE;
    draw();
    writeState();
  };
  const form = document.getElementById("filters");
  if (form) {
    form.addEventListener("input", filtered);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filtered));
    document.getElementById("more").addEventListener("click", () => {
      const first = state.drawn;
      state.drawn += PAGE;
      draw();
      list.children[first]?.focus();
    });
  }
  window.addEventListener("hashchange", start);
  start();
})();
