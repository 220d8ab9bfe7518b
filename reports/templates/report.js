"use strict";
// The list of the page, its filters and the language switch. All text enters by textContent.
(() => {
  const PAGE = 50;
  const FOLD = 700;
  const HELD = 8;
  const RIGHT = ["right_plain", "right_persona"];
  const { make, put } = marks;
  const data = JSON.parse(document.getElementById("data").textContent);
  let others = [];
  const written = document.documentElement.lang;
  const list = document.getElementById("rows");
  const count = document.getElementById("count");
  const controls = [...document.querySelectorAll("[data-filter]")];
  const state = { language: written, probe: "", from: 0, to: PAGE, filters: {} };
  const markers = marks.ofMarkers(data.markers || []);

  const say = (key, values = {}) => {
    const pair = data.strings[key];
    const sentence = pair ? pair[state.language === "ja" ? 1 : 0] : key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };

  const own = (pair) => pair[state.language === "ja" ? 1 : 0];
  const whole = (n) => n.toLocaleString("en");

  // The rows. A short list stands in the data as it is. A long one has an index for filters and links, and its
  // texts in packed pieces, of which the last few are held unpacked.

  const pieces = [...document.querySelectorAll("template.piece")];
  const held = new Map();
  const searched = [];
  let rows = data.rows || [];

  const unpack = async (element) => {
    const bytes = Uint8Array.from(atob(element.content.textContent), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  const piece = (number) => {
    const found = held.get(number) || unpack(pieces[number]);
    held.delete(number);
    held.set(number, found);
    if (held.size > HELD) held.delete(held.keys().next().value);
    return found;
  };

  const rowAt = async (place) => {
    if (!pieces.length) return rows[place];
    return (await piece(Math.floor(place / data.piece)))[place % data.piece];
  };

  const words = (row) => {
    const parts = [row.id, ...row.prompt.map((turn) => turn[1]), ...(row.right || []), ...(row.why || []), row.reference || ""];
    for (const given of row.answers || []) for (const one of given) parts.push(one[0]);
    return parts.join("\n").normalize("NFKC").toLowerCase();
  };

  // Read every text once, for the search; a newer turn of drawing ends it.
  const readWords = async (current) => {
    for (let place = searched.length; place < rows.length && current(); place += 1) {
      searched[place] = words(await rowAt(place));
      if (place % 1000 === 999) count.textContent = say("js_searching", { n: whole(place + 1), m: whole(rows.length) });
    }
  };

  const passage = (className, text, language, kinds = () => ({})) => {
    const node = make("p", className);
    node.dir = "auto";
    node.lang = marks.languageOf(text, language);
    if (text.length <= FOLD) return marks.fill(node, text, kinds(text));
    // Marks are found in the whole text, so that none is missed on the fold.
    const all = kinds(text);
    marks.fill(node, text.slice(0, FOLD), all);
    const more = make("button", "unfold", say("js_unfold", { n: whole(text.length) }));
    more.type = "button";
    more.addEventListener("click", () => { node.textContent = ""; marks.fill(node, text, all); });
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
      const known = `js_role_${role}`;
      if (many) turn.prepend(make("b", "role", known in data.strings ? say(known) : role), " ");
      block.append(turn);
    }
    return block;
  };

  // What is marked in one arm's reply. A right answer inside a reply that was graded wrong is a chance match, as
  // 鉛 in 鉛筆, and is not marked.
  const kindsOf = (row, index, nth) => (text) => {
    const outcome = row.outcomes[index] || row.answers[index][nth][4];
    const right = !outcome || RIGHT.includes(outcome) ? marks.ofAnswers(row.right) : [];
    const against = data.pairs ? data.pairs[index] ?? -1 : data.arms.indexOf(state.filters.against);
    const other = against >= 0 && against !== index ? row.answers[against][nth] || row.answers[against][0] : undefined;
    return {
      ...(other ? { differs: marks.differing(text, other[0]) } : {}),
      recited: taught(row, index).flatMap((reply) => marks.recited(text, reply)),
      answer: marks.matched(right, text),
      style: marks.matched(markers, text),
    };
  };

  // The training replies that an arm may have recited: the probe's own one, and the one behind its failure.
  const taught = (row, index) => [row.reference, ...(row.causes || [])
    .filter((cause) => cause.arm === data.arms[index]).map((cause) => cause.rows[0]?.reply)].filter(Boolean);

  const answer = (row, arm, index) => {
    const cell = make("div", "arm");
    const outcome = row.outcomes[index];
    const top = make("p", "arm-head");
    top.append(make("b", "", arm));
    if (outcome) top.append(" ", chip(`o-${outcome}`, say(`outcome_${outcome}`)));
    cell.append(top);
    const given = row.answers[index];
    if (!given.length) cell.append(make("p", "small", say("js_no_answer")));
    for (const [nth, [text, finish, tokens, seed, graded]] of given.entries()) {
      if (!outcome && graded) cell.append(chip(`o-${graded}`, say(`outcome_${graded}`)));
      const reply = text ? passage("reply", text, row.language, kindsOf(row, index, nth)) : make("p", "small", say("js_nothing"));
      cell.append(reply);
      const notes = tokens === null ? [] : [say("js_tokens", { n: tokens })];
      if (finish !== "stop" && finish !== "unknown") notes.push(say(`js_${finish}`));
      if (given.length > 1) notes.push(say(data.pairs ? "js_training" : "js_seed", { n: seed }));
      const twin = row.answers.slice(0, index).findIndex((others) => others.length && others[0][0] === text);
      if (text && twin >= 0) notes.push(say("js_same", { arm: data.arms[twin] }));
      if (reply.querySelector(".recited")) notes.push(say("js_recited"));
      cell.append(make("p", "small", notes.join(" · ")));
    }
    return cell;
  };

  // A folded part is built when it is opened first: most never are.
  const folded = (title, build, className = "") => {
    const block = make("details", className);
    block.append(make("summary", "", title));
    block.unfold = () => { block.unfold = () => {}; block.append(...build()); };
    block.addEventListener("toggle", () => block.unfold());
    return block;
  };

  const choices = (row) => folded(say("js_choices"), () => {
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
    return [arms];
  }, "aside");

  // The training rows behind what an arm said: the nearest one in full, the others folded.
  const guilty = (row, said) => {
    const notes = [row.id, say("js_source", { file: row.source[0], line: row.source[1] }), say("js_cause_rank", { n: row.rank })];
    if (row.run) notes.push(say("js_cause_run", { run: row.run }));
    if (row.share !== null) notes.push(say("js_cause_share", { n: row.share }));
    for (const [method, score, n] of row.scores) notes.push(say("js_cause_method", { method, score, n }));
    const turns = make("div", "turns");
    const shared = (text) => ({ recited: marks.recited(text, said) });
    turns.append(passage("turn user", row.prompt, row.language), passage("turn", row.reply, row.language, shared));
    return [turns, make("p", "small", notes.join(" · "))];
  };

  const behind = (row, cause) => {
    const block = make("div", "behind");
    const said = row.answers[data.arms.indexOf(cause.arm)]?.[0]?.[0] || "";
    block.append(make("p", "behind-head", say("js_causes", { arm: cause.arm })));
    const [nearest, ...others] = cause.rows;
    if (nearest) block.append(...guilty(nearest, said));
    if (others.length) {
      block.append(folded(say("js_causes_others", { n: others.length }), () => others.flatMap((one) => guilty(one, said))));
    }
    return block;
  };

  const drawProbe = (row) => {
    const item = make("li", "row");
    const flips = (row.flips || []).map(([kind, name]) => chip(kind, own(name)));
    item.append(head(row, [row.suite, say(`js_domain_${row.domain}`), ...flips]), prompts(row, row.prompt));
    if (row.right.length) {
      const line = make("p", "expected");
      const right = make("bdi", "", row.right.join(" / "));
      right.lang = row.language;
      line.append(`${say("js_expected")}: `, right);
      item.append(line);
    }
    const arms = make("div", "arms");
    data.arms.forEach((arm, index) => arms.append(answer(row, arm, index)));
    item.append(arms);
    if (row.reference) {
      const styled = (text) => ({ style: marks.matched(markers, text) });
      item.append(folded(say("js_reference"), () => [passage("reply", row.reference, row.language, styled)]));
    }
    if (row.choices) item.append(choices(row));
    for (const cause of row.causes || []) item.append(behind(row, cause));
    return item;
  };

  const drawRow = (row) => {
    const item = make("li", "row");
    const gone = row.outcome === "dropped" || row.outcome === "quarantined";
    const kind = chip(gone ? "s-fail plain" : "s-pass plain", say(`row_${row.outcome}`));
    item.append(head(row, [kind, gone ? own(row.reasonText) : "",
      say(data.files > 1 ? "js_source" : "js_line", { file: row.source[0], line: row.source[1] })]));
    if (row.why) item.append(put(make("p", "why"), own(row.why)));
    item.append(prompts(row, row.prompt));
    if (row.related) {
      const block = make("details");
      block.append(make("summary", "", say("js_repeats", { id: row.related })));
      if (row.repeats) block.append(prompts(row, [["user", row.repeats[0]], ["assistant", row.repeats[1]]]));
      item.append(block);
    }
    if (row.scores.length) {
      item.append(make("p", "small", row.scores.map(([name, value, why]) =>
        `${own(data.scores[name])} ${value === null ? `– ${why}` : String(Number(value.toPrecision(3))).replace("-", "−")}`).join(" · ")));
    }
    return item;
  };

  // Filters.

  const outcomeFits = (row, wanted, arm) => {
    const chosen = data.arms.map((name, index) => index).filter((index) => !arm || data.arms[index] === arm);
    const right = (index) => RIGHT.includes(row.outcomes[index]);
    const wrong = (index) => row.outcomes[index] && !right(index);
    if (wanted === "lost") return right(0) && chosen.some((index) => index > 0 && wrong(index));
    if (wanted === "gained") return wrong(0) && chosen.some((index) => index > 0 && right(index));
    if (wanted === "changed") return chosen.some((index) => row.changed.includes(index));
    return chosen.some((index) => row.outcomes[index] === wanted);
  };

  const fits = (row) => {
    const { suite, language, check, outcome, arm, reason } = state.filters;
    if (suite && row.suite !== suite) return false;
    if (language && row.language !== language) return false;
    if (check && !row.sets.includes(check)) return false;
    if (reason && row.reason !== reason) return false;
    if (outcome && !(data.kind === "rows" ? row.outcome === outcome : outcomeFits(row, outcome, arm))) return false;
    return !arm || Boolean(outcome) || row.given.includes(data.arms.indexOf(arm));
  };

  const found = () => {
    const wanted = (state.filters.q || "").normalize("NFKC").toLowerCase();
    const places = [];
    rows.forEach((row, place) => { if (fits(row) && (!wanted || searched[place].includes(wanted))) places.push(place); });
    return places;
  };

  const item = (row) => {
    const node = (data.kind === "rows" ? drawRow : drawProbe)(row);
    node.id = `row-${row.a}`;
    node.tabIndex = -1;
    if (row.a === state.probe) node.classList.add("target");
    return node;
  };

  // Draw the rows between two places of those found; of several turns under way only the newest one ends.
  let turn = 0;
  const draw = async () => {
    if (!list) return false;
    turn += 1;
    const mine = turn, current = () => mine === turn;
    list.setAttribute("aria-busy", "true");
    if (state.filters.q) await readWords(current);
    if (!current()) return false;
    const places = found();
    const shown = places.slice(state.from, state.to);
    const items = [];
    for (const place of shown) {
      items.push(item(await rowAt(place)));
      if (!current()) return false;
    }
    list.replaceChildren(...items);
    const key = !places.length ? "js_none" : state.from ? "js_between" : places.length === rows.length ? "js_count" : "js_filtered";
    count.textContent = say(key, {
      from: whole(state.from + 1), to: whole(state.from + shown.length),
      n: whole(shown.length), m: whole(places.length), all: whole(rows.length),
    });
    const left = places.length - state.from - shown.length;
    for (const [name, n] of [["more", left], ["earlier", state.from]]) {
      const button = document.getElementById(name);
      button.hidden = !n;
      button.textContent = say(`js_${name}`, { n: Math.min(PAGE, n) });
    }
    list.setAttribute("aria-busy", "false");
    return true;
  };

  const show = async (name) => {
    const target = rows.findIndex((row) => row.a === name);
    if (target < 0) { await draw(); return; }
    if (state.filters.q) await readWords(() => true);
    if (!found().includes(target)) { state.filters = {}; fillControls(); }
    const page = Math.floor(found().indexOf(target) / PAGE) * PAGE;
    if (page < state.from || page >= state.to) { state.from = page; state.to = page + PAGE; }
    if (!await draw()) return;
    const node = document.getElementById(`row-${name}`);
    node.scrollIntoView({ block: "start" });
    node.focus({ preventScroll: true });
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
    // A text stands in the page in the language it was written in, and in the other one in a list of its own.
    const turned = state.language !== written;
    for (const node of document.querySelectorAll("[data-t]")) {
      node.written ??= node.textContent;
      const told = turned ? others[node.dataset.t] ?? node.written : node.written;
      if (node instanceof HTMLElement) put(node, told); else node.textContent = told;
    }
    for (const node of document.querySelectorAll("[data-label]")) {
      node.written ??= node.getAttribute("aria-label");
      node.setAttribute("aria-label", turned ? others[node.dataset.label] ?? node.written : node.written);
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
    }
  };

  const start = async () => {
    readState();
    translate();
    state.from = 0;
    state.to = PAGE;
    if (state.probe) await show(state.probe);
    else await draw();
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
    state.from = 0;
    state.to = PAGE;
    draw();
    writeState();
  };
  const form = document.getElementById("filters");
  if (form) {
    form.addEventListener("input", filtered);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filtered));
    document.getElementById("more").addEventListener("click", async () => {
      const first = list.children.length;
      state.to += PAGE;
      if (await draw()) list.children[first]?.focus();
    });
    document.getElementById("earlier").addEventListener("click", async () => {
      state.from = Math.max(0, state.from - PAGE);
      if (await draw()) list.children[0]?.focus();
    });
  }

  // Paper has nothing to click: what is folded is opened for it, and folded again after.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open], .aside)")];
    for (const node of opened) { node.unfold?.(); node.open = true; }
    for (const button of document.querySelectorAll("button.unfold")) button.click();
  });
  window.addEventListener("afterprint", () => { for (const node of opened) node.open = false; });

  const begin = async () => {
    const index = document.getElementById("index");
    try {
      others = await unpack(document.getElementById("others"));
      if (index) rows = await unpack(index);
    } catch {
      translate();
      count.textContent = say("js_packed");
      return;
    }
    window.addEventListener("hashchange", start);
    await start();
  };
  begin();
})();
