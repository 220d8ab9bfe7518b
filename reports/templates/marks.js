"use strict";
// What is marked inside a reply: hidden characters, the right answer, the learnt style, what is recited from a
// training row, and what differs from another arm's reply. Each kind has a line or a frame of its own.
const marks = (() => {
  const CLOSERS = "[」』）)】\\]\"'”’*♪♡☆★〜~ー…・、,\\s]*";
  const CONTROL = /⟨U\+[0-9A-F]{4,6}⟩/g;
  const COMPARED = 600;
  const KANA = /[\u3040-\u30ff]/;
  const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff]/;

  const make = (tag, className, content) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined) node.textContent = content;
    return node;
  };

  // An option such as --base is kept on one line.
  const put = (node, text) => {
    const parts = text.split(/(?<![\w-])(--[a-z][a-z0-9-]{0,30}|-[a-z])(?![\w-])/);
    node.replaceChildren(...parts.map((part, place) => (place % 2 ? make("span", "whole", part) : part)));
    return node;
  };

  const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&").replace(/\s+/g, "\\s+");
  const pattern = (source) => { try { return new RegExp(source, "giu"); } catch { return null; } };

  const ofMarkers = (markers) => markers.filter((marker) => marker[1]).map(([kind, text]) => {
    if (kind === "ending") return pattern(`${escaped(text)}(?=${CLOSERS}(?:[。．！？!?.\\n]|$))`);
    if (kind === "opening") return pattern(`^\\s*${escaped(text)}`);
    return pattern(escaped(text));
  }).filter(Boolean);

  const ofAnswers = (answers) => answers.filter(Boolean).map((answer) => pattern(
    (/^[A-Za-z]/.test(answer) ? "(?<![A-Za-z])" : "") + escaped(answer) + (/[A-Za-z]$/.test(answer) ? "(?![A-Za-z])" : ""),
  )).filter(Boolean);

  const matched = (patterns, text) => {
    const spans = [];
    for (const one of patterns) for (const match of text.matchAll(one)) spans.push([match.index, match.index + match[0].length]);
    return spans;
  };

  // Characters to compare, folded and without spaces and points, each with its place in the text.
  const folded = (text) => {
    const letters = [], places = [];
    for (let i = 0; i < text.length; i += 1) {
      for (const letter of text[i].normalize("NFKC").toLowerCase()) {
        if (/[\p{L}\p{N}]/u.test(letter)) { letters.push(letter); places.push(i); }
      }
    }
    return [letters.join(""), places];
  };

  // Stretches that stand in a training reply too: eight characters of Japanese, or some five words, at least.
  const recited = (text, reference) => {
    const [mine, places] = folded(text);
    const [theirs] = folded(reference);
    const size = JAPANESE.test(reference) ? 8 : 24;
    const known = new Set();
    for (let i = 0; i + size <= theirs.length; i += 1) known.add(theirs.slice(i, i + size));
    const spans = [];
    for (let i = 0; i + size <= mine.length; i += 1) {
      if (!known.has(mine.slice(i, i + size))) continue;
      const last = spans[spans.length - 1], end = places[i + size - 1] + 1;
      if (last && places[i] <= last[1]) last[1] = end;
      else spans.push([places[i], end]);
    }
    return spans;
  };

  const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter("ja", { granularity: "word" }) : null;
  const words = (text) => (segmenter ? [...segmenter.segment(text)].map((part) => part.segment)
    : text.match(/[A-Za-z0-9]+|\s+|./gsu) || []);

  // What a text says that another one does not: the words outside their longest common subsequence.
  const differing = (text, other) => {
    const mine = words(text).slice(0, COMPARED), theirs = words(other).slice(0, COMPARED);
    const wide = theirs.length + 1;
    const common = new Uint16Array((mine.length + 1) * wide);
    for (let i = mine.length - 1; i >= 0; i -= 1) {
      for (let j = theirs.length - 1; j >= 0; j -= 1) {
        common[i * wide + j] = mine[i] === theirs[j] ? common[(i + 1) * wide + j + 1] + 1
          : Math.max(common[(i + 1) * wide + j], common[i * wide + j + 1]);
      }
    }
    const spans = [];
    let at = 0, j = 0;
    for (let i = 0; i < mine.length; i += 1) {
      while (j < theirs.length && mine[i] !== theirs[j] && common[i * wide + j + 1] >= common[(i + 1) * wide + j]) j += 1;
      const end = at + mine[i].length, last = spans[spans.length - 1];
      if (j < theirs.length && mine[i] === theirs[j]) j += 1;
      else if (last && last[1] === at) last[1] = end;
      else spans.push([at, end]);
      at = end;
    }
    return spans.filter(([from, to]) => text.slice(from, to).trim());
  };

  // Put a text into a node, each stretch of one set of kinds in an element of its own.
  const fill = (node, text, kinds = {}) => {
    const found = new Array(text.length).fill("");
    for (const [kind, spans] of Object.entries({ ...kinds, control: matched([CONTROL], text) })) {
      for (const [from, to] of spans) for (let i = from; i < to && i < text.length; i += 1) {
        if (kind === "control") found[i] = "control";
        else if (!found[i].split(" ").includes(kind)) found[i] = `${found[i]} ${kind}`.trim();
      }
    }
    for (let start = 0; start < text.length;) {
      let end = start + 1;
      while (end < text.length && found[end] === found[start]) end += 1;
      const part = text.slice(start, end);
      if (!found[start]) node.append(part);
      else node.append(make(found[start] === "control" ? "span" : "mark", found[start], part));
      start = end;
    }
    return node;
  };

  // The language of one text: an English question may be answered in Japanese, and the other way round.
  const languageOf = (text, asked) => {
    if (KANA.test(text)) return "ja";
    if (asked === "ja" && /[A-Za-z]/.test(text) && !JAPANESE.test(text)) return "en";
    return asked === "other" ? "und" : asked;
  };

  return { make, put, ofMarkers, ofAnswers, matched, recited, differing, fill, languageOf };
})();
