// What a command printed: colours of terminals, and long texts folded in their middle.

import { button, codeBox, h } from './dom.js';
import { many, number, size } from './format.js';

const HEAD = 200;
const TAIL = 300;
const LONGEST_LINE = 4000;
const PIECE = 1000;
const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** A text with the colours that its escape sequences ask for; everything else of them is dropped. */
function ansi(text) {
	const out = document.createDocumentFragment();
	if (!/[\x1b\r\b]/.test(text)) {
		out.append(text);
		return out;
	}
	const seen = text.replace(/^[^\n]*\r(?=[^\n])/gm, '').replace(/\r/g, '');
	let classes = new Set();
	for (const part of seen.split(/(\x1b\[[\d;]*m)/)) {
		const codes = /^\x1b\[([\d;]*)m$/.exec(part);
		if (codes) {
			classes = styled(classes, codes[1].split(';').map(Number));
			continue;
		}
		const plain = part.replace(/\x1b(?:\[[\d;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
		if (plain) out.append(classes.size ? h('span', { class: [...classes].join(' ') }, plain) : plain);
	}
	return out;
}

function styled(before, codes) {
	let classes = new Set(before);
	const colour = (name) => {
		for (const one of classes) if (one.startsWith('c-')) classes.delete(one);
		if (name) classes.add(`c-${name}`);
	};
	for (let at = 0; at < codes.length; at += 1) {
		const code = codes[at];
		if (code === 0) classes = new Set();
		else if (code === 1) classes.add('bold');
		else if (code === 2) classes.add('quiet');
		else if (code === 22) ['bold', 'quiet'].forEach((one) => classes.delete(one));
		else if (code === 4) classes.add('underlined');
		else if (code === 24) classes.delete('underlined');
		else if (code === 38 || code === 48) at += codes[at + 1] === 5 ? 2 : 4;
		else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour(NAMES[code % 10]);
		else if (code === 39) colour();
	}
	return classes;
}

const short = (line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} … (${number(line.length - LONGEST_LINE)} characters more in this line)` : line);

/** Lines in a box; of many only the first and the last, and the rest in steps. */
function lines(text, pre) {
	const all = text.replace(/\n$/, '').split('\n').map(short);
	const shown = (from, to) => ansi(all.slice(from, to).join('\n'));
	if (all.length <= HEAD + TAIL) {
		pre.append(shown(0, all.length));
		return;
	}
	let next = HEAD;
	const end = all.length - TAIL;
	const more = button('', () => {
		const step = Math.min(end, next + PIECE);
		more.before(shown(next, step), '\n');
		next = step;
		if (next >= end) more.remove();
		else label();
	}, 'link.more');
	const label = () => {
		more.textContent = `Show more (${many(end - next, 'line')} between)`;
	};
	label();
	pre.append(shown(0, HEAD), '\n', more, '\n', shown(end, all.length));
}

/** A stream of a call: `{head, tail, omitted}`. */
export function streamBox(title, stream, { bytes, whole, kind } = {}) {
	const text = (stream.head ?? '') + (stream.tail ?? '');
	const pre = h('pre', { class: `output ${kind ?? ''}`, tabindex: 0, 'aria-label': title });
	if (stream.omitted > 0) {
		lines(stream.head ?? '', pre);
		pre.append(h('span.cut', `\n… ${size(stream.omitted)} are not shown here …\n`));
		lines(stream.tail ?? '', pre);
	} else lines(text, pre);
	const caption = [h('span', title, h('span.quiet', bytes > 1000 ? ` ${size(bytes)}` : '')), whole && button('Save the whole output', whole, 'link')];
	return codeBox(caption, `Copy: ${title}`, text, pre);
}
