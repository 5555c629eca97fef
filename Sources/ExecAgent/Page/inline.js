// The inline part of Markdown, straight into nodes: code, emphasis, links, pictures, formulas.

import { h } from './dom.js';
import { formula } from './formula.js';

const PUNCTUATION = /[\p{P}\p{S}]/u;
const SPACE = /\s/;
const ENTITIES = { __proto__: null, amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', reg: '®', hellip: '…', mdash: '—', ndash: '–', times: '×', deg: '°', euro: '€', rarr: '→', larr: '←', middot: '·', bull: '•' };
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/y;
const ANGLE = /<([a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]{0,2000}|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>/y;
const BARE = /(?:https?:\/\/|www\.)[^\s<]{1,2000}/y;
const BREAK = /<br *\/?>/iy;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const DEEPEST = 24;
const LONGEST_FORMULA = 1000;
// Bounds that ordinary text stays under: deeper nesting would exhaust the browser's stack.
const LONGEST_RUN = 32;
const WIDEST = 64;

/** What surrounds a text: definitions of links, and how a link or a picture is shown. */
export class Inline {
	constructor(references, show) {
		this.references = references;
		this.show = show;
	}

	/** The nodes of a text. */
	render(text, depth = 0) {
		return new Reader(text, this, depth).read();
	}
}

class Reader {
	constructor(text, context, depth) {
		Object.assign(this, { text, context, depth, at: 0, out: document.createDocumentFragment(), runs: [], brackets: [] });
		this.plain = '';
		this.missing = new Set();
	}

	read() {
		const { text } = this;
		while (this.at < text.length) {
			const sign = text[this.at];
			const handler = HANDLERS[sign];
			if (!handler || !handler.call(this, sign)) {
				this.plain += sign;
				this.at += 1;
			}
		}
		this.flush();
		this.emphasize(0);
		return this.out;
	}

	flush() {
		if (this.plain) this.out.append(this.plain);
		this.plain = '';
	}

	push(node) {
		this.flush();
		this.out.append(node);
		return true;
	}

	match(pattern) {
		pattern.lastIndex = this.at;
		return pattern.exec(this.text);
	}

	escape() {
		const next = this.text[this.at + 1];
		if (next === '\n') {
			this.at += 2;
			return this.push(h('br'));
		}
		if ((next === '(' || next === '[') && this.formula(`\\${next}`, next === '(' ? '\\)' : '\\]', next === '[')) return true;
		if (!next || !ESCAPABLE.test(next)) return false;
		this.plain += next;
		this.at += 2;
		return true;
	}

	entity() {
		const found = this.match(ENTITY);
		if (!found) return false;
		const code = found[1] ? Number(found[1]) : parseInt(found[2], 16);
		let sign = found[3] ? ENTITIES[found[3]] : '\ufffd';
		if (!found[3] && code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff)) sign = String.fromCodePoint(code);
		if (sign === undefined) return false;
		this.plain += sign;
		this.at += found[0].length;
		return true;
	}

	code() {
		const { text } = this;
		const open = /`+/y;
		open.lastIndex = this.at;
		const ticks = open.exec(text)[0];
		let end = this.missing.has(ticks) ? -1 : this.at + ticks.length;
		while (end >= 0) {
			end = text.indexOf(ticks, end);
			if (end < 0) break;
			let stop = end + ticks.length;
			if (text[stop] !== '`' && text[end - 1] !== '`') break;
			while (text[stop] === '`') stop += 1;
			end = stop;
		}
		if (end < 0) {
			this.missing.add(ticks);
			this.plain += ticks;
			this.at += ticks.length;
			return true;
		}
		let inside = text.slice(this.at + ticks.length, end).replace(/\n/g, ' ');
		if (inside.startsWith(' ') && inside.endsWith(' ') && inside.trim()) inside = inside.slice(1, -1);
		this.at = end + ticks.length;
		return this.push(h('code', inside));
	}

	formula(open, close, display) {
		const start = this.at + open.length;
		const end = this.missing.has(close) ? -1 : this.text.indexOf(close, start);
		if (end < 0 || end === start) {
			if (end < 0) this.missing.add(close);
			return false;
		}
		this.at = end + close.length;
		return this.push(formula(this.text.slice(start, end), display));
	}

	dollar() {
		const { text, at } = this;
		if (text[at + 1] === '$') return this.formula('$$', '$$', true);
		if (!text[at + 1] || SPACE.test(text[at + 1]) || this.missing.has('$')) return false;
		let end = at;
		do end = text.indexOf('$', end + 1); while (end > 0 && (text[end - 1] === '\\' || SPACE.test(text[end - 1])) && end - at < LONGEST_FORMULA);
		if (end < 0) this.missing.add('$');
		if (end < 0 || end - at >= LONGEST_FORMULA || end === at + 1 || /\d/.test(text[end + 1] ?? '') || text.slice(at, end).includes('\n\n')) return false;
		this.at = end + 1;
		return this.push(formula(text.slice(at + 1, end), false));
	}

	newline() {
		const hard = /  +$/.test(this.plain);
		this.plain = this.plain.replace(/ +$/, '');
		this.at += 1;
		while (this.text[this.at] === ' ') this.at += 1;
		if (hard) return this.push(h('br'));
		this.plain += '\n';
		return true;
	}

	angle() {
		if (this.match(BREAK)) {
			this.at = BREAK.lastIndex;
			return this.push(h('br'));
		}
		const found = this.match(ANGLE);
		if (!found) return false;
		this.at += found[0].length;
		const mail = !/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(found[1]);
		return this.push(this.context.show.link(mail ? `mailto:${found[1]}` : found[1], [found[1]]));
	}

	bare() {
		const before = this.text[this.at - 1];
		const found = (!before || /[\s*_~(]/.test(before)) && this.match(BARE);
		if (!found || this.brackets.some((one) => one.active && !one.picture)) return false;
		let shown = found[0].replace(/[?!.,:*_~'"]+$/, '');
		while (shown.endsWith(')') && shown.split(')').length > shown.split('(').length) shown = shown.slice(0, -1);
		if (shown.length < 5) return false;
		this.at += shown.length;
		return this.push(this.context.show.link(shown.startsWith('www.') ? `${SECURE}//${shown}` : shown, [shown]));
	}

	// -- Emphasis: the delimiter runs of CommonMark

	run(sign) {
		const { text, at } = this;
		let end = at;
		while (text[end] === sign) end += 1;
		const length = end - at;
		if ((sign === '~' && length > 2) || length > LONGEST_RUN) {
			this.plain += text.slice(at, end);
			this.at = end;
			return true;
		}
		const before = at ? text[at - 1] : ' ';
		const after = text[end] ?? ' ';
		const left = !SPACE.test(after) && (!PUNCTUATION.test(after) || SPACE.test(before) || PUNCTUATION.test(before));
		const right = !SPACE.test(before) && (!PUNCTUATION.test(before) || SPACE.test(after) || PUNCTUATION.test(after));
		const word = sign === '_';
		this.flush();
		const node = document.createTextNode(text.slice(at, end));
		this.out.append(node);
		this.runs.push({
			sign, node, length, whole: length,
			open: left && (!word || !right || PUNCTUATION.test(before)),
			close: right && (!word || !left || PUNCTUATION.test(after)),
		});
		this.at = end;
		return true;
	}

	emphasize(bottom) {
		const { runs } = this;
		const floors = {};
		for (let at = bottom; at < runs.length; at += 1) {
			const closer = runs[at];
			if (!closer.close || !closer.length) continue;
			const kind = closer.sign + closer.open + (closer.whole % 3);
			let from = at - 1;
			const floor = Math.max(floors[kind] ?? bottom, at - WIDEST);
			while (from >= floor && !this.fits(runs[from], closer)) from -= 1;
			if (from < floor) {
				floors[kind] = at;
				continue;
			}
			const opener = runs[from];
			const strong = opener.length > 1 && closer.length > 1;
			const used = closer.sign === '~' ? closer.length : 1 + strong;
			const node = h(closer.sign === '~' ? 'del' : strong ? 'strong' : 'em');
			while (opener.node.nextSibling !== closer.node) node.append(opener.node.nextSibling);
			opener.node.after(node);
			for (const one of [opener, closer]) {
				one.length -= used;
				one.node.data = one.sign.repeat(one.length);
			}
			for (let between = from + 1; between < at; between += 1) runs[between].length = 0;
			if (closer.length) at -= 1;
		}
		runs.length = bottom;
	}

	fits(opener, closer) {
		if (opener.sign !== closer.sign || !opener.open || !opener.length) return false;
		if (closer.sign === '~') return opener.length === closer.length;
		const mixed = (opener.close || closer.open) && (opener.whole + closer.whole) % 3 === 0;
		return !mixed || (opener.whole % 3 === 0 && closer.whole % 3 === 0);
	}

	// -- Links and pictures

	bracket() {
		const picture = this.text[this.at] === '!';
		if (picture && this.text[this.at + 1] !== '[') return false;
		this.flush();
		const node = document.createTextNode(picture ? '![' : '[');
		this.out.append(node);
		this.at += picture ? 2 : 1;
		this.brackets.push({ node, picture, active: true, start: this.at, runs: this.runs.length });
		return true;
	}

	unbracket() {
		const opener = this.brackets.pop();
		if (!opener) return false;
		const start = this.at + 1;
		const target = opener.active && this.depth + this.brackets.length < DEEPEST
			&& (this.destination(start) ?? this.reference(start, this.text.slice(opener.start, this.at)));
		if (!target) return false;
		this.flush();
		this.emphasize(opener.runs);
		const inside = [];
		while (opener.node.nextSibling) {
			inside.push(opener.node.nextSibling);
			opener.node.nextSibling.remove();
		}
		opener.node.remove();
		this.at = target.end;
		if (opener.picture) return this.push(this.context.show.picture(target.address, inside.map((node) => node.alt ?? node.textContent).join(''), target.title));
		for (const one of this.brackets) if (!one.picture) one.active = false;
		return this.push(this.context.show.link(target.address, inside, target.title));
	}

	destination(start) {
		const pattern = /\(\s*(?:<((?:[^<>\n\\]|\\.)*)>|((?:[^\s()<\\]|\\.|\((?:[^\s()\\]|\\.)*\))(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*)?)(?:\s+(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\(((?:[^()\\]|\\.)*)\)))?\s*\)/y;
		pattern.lastIndex = start;
		const found = this.text[start] === '(' && pattern.exec(this.text);
		if (!found) return undefined;
		const title = found[3] ?? found[4] ?? found[5];
		return { address: unescaped(found[1] ?? found[2] ?? ''), title: title && unescaped(title), end: pattern.lastIndex };
	}

	reference(start, inside) {
		const label = /\[((?:[^[\]\\]|\\.){0,999})\]/y;
		label.lastIndex = start;
		const found = this.text[start] === '[' && label.exec(this.text);
		const known = this.context.references.get(normalized(found?.[1] || inside));
		return known && { ...known, end: found ? label.lastIndex : start };
	}
}

const SECURE = 'https' + ':';
const DELIMITER = Reader.prototype.run;
const HANDLERS = {
	'\\': Reader.prototype.escape, '&': Reader.prototype.entity, '`': Reader.prototype.code, $: Reader.prototype.dollar,
	'\n': Reader.prototype.newline, '<': Reader.prototype.angle, h: Reader.prototype.bare, w: Reader.prototype.bare,
	'*': DELIMITER, _: DELIMITER, '~': DELIMITER,
	'[': Reader.prototype.bracket, '!': Reader.prototype.bracket, ']': Reader.prototype.unbracket,
};

export const normalized = (label) => label.trim().replace(/\s+/g, ' ').toLowerCase().toUpperCase();

/** A text without its backslashes and character references, as in an address or a title. */
export function unescaped(text) {
	return text.replace(/\\([!-/:-@[-`{-~])|&(?:#(\d{1,7})|([a-zA-Z]{2,8}));/g, (whole, sign, code, name) => {
		if (sign) return sign;
		if (code) return Number(code) > 0 && Number(code) < 0x110000 ? String.fromCodePoint(Number(code)) : '\ufffd';
		return ENTITIES[name] ?? whole;
	});
}
