// The blocks of Markdown: CommonMark's common part and GitHub's tables and task lists. Text in, plain objects out.

import { normalized, unescaped } from './inline.js';

const DEEPEST = 24;
const LONGEST_FORMULA = 200;
const LOOK_BACK = 200;
const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*?)[ \t]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +|$)/;
const DEFINITION = /^ {0,3}\[((?:[^[\]\\]|\\.){1,999})\]:\s*(?:<([^<>]*)>|(\S+))(?:\s+(?:"([^"]*)"|'([^']*)'|\(([^()]*)\)))?\s*$/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const MATH = /^ {0,3}(\$\$|\\\[)/;

const isBlank = (line) => !/\S/.test(line);
const indent = (line) => /^ */.exec(line)[0].length;
const startsBlock = (line) => FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line);

/** Tabs before the text become spaces; those after it stay. */
function untabbed(line) {
	if (!line.includes('\t')) return line;
	let column = 0;
	let at = 0;
	let spaces = '';
	for (; line[at] === ' ' || line[at] === '\t'; at += 1) {
		const width = line[at] === '\t' ? 4 - (column % 4) : 1;
		spaces += ' '.repeat(width);
		column += width;
	}
	return spaces + line.slice(at);
}

/** The blocks of a text, each with the line it starts at, and the definitions of links. */
export function parse(text) {
	const lines = text.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd').split('\n').map(untabbed);
	const references = new Map();
	return { blocks: blocksOf(lines, references, 0), references };
}

function blocksOf(lines, references, depth) {
	const blocks = [];
	let at = 0;
	const push = (block, next, start = at) => {
		blocks.push({ line: start, ...block });
		at = next;
	};
	while (at < lines.length) {
		const line = lines[at];
		let found;
		if (isBlank(line)) at += 1;
		else if (indent(line) >= 4) push(...indented(lines, at));
		else if ((found = FENCE.exec(line))) push(...fence(lines, at, found));
		else if ((found = HEADING.exec(line))) push({ type: 'heading', level: found[1].length, text: (found[2] ?? '').trim() }, at + 1);
		else if (RULE.test(line)) push({ type: 'rule' }, at + 1);
		else if (QUOTE.test(line) && depth < DEEPEST) push(...quote(lines, at, references, depth));
		else if (ITEM.test(line) && depth < DEEPEST) push(...list(lines, at, references, depth));
		else if (MATH.test(line) && (found = math(lines, at))) push(...found);
		else if ((found = table(lines, at))) push(...found);
		else if ((found = DEFINITION.exec(line))) {
			const label = normalized(found[1]);
			const title = found[4] ?? found[5] ?? found[6];
			if (!references.has(label)) references.set(label, { address: unescaped(found[2] ?? found[3]), title: title && unescaped(title) });
			at += 1;
		} else push(...paragraph(lines, at));
	}
	return blocks;
}

function indented(lines, start) {
	let at = start;
	while (at < lines.length && (isBlank(lines[at]) || indent(lines[at]) >= 4)) at += 1;
	while (isBlank(lines[at - 1])) at -= 1;
	return [{ type: 'code', text: lines.slice(start, at).map((line) => line.slice(4)).join('\n') }, at];
}

function fence(lines, start, [, margin, mark, info]) {
	const close = new RegExp(`^ {0,3}${mark[0] === '`' ? '`' : '~'}{${mark.length},}[ \\t]*$`);
	const strip = new RegExp(`^ {0,${margin.length}}`);
	let at = start + 1;
	while (at < lines.length && !close.test(lines[at])) at += 1;
	const text = lines.slice(start + 1, at).map((line) => line.replace(strip, '')).join('\n');
	const language = unescaped(info).split(/\s/)[0].toLowerCase();
	return [{ type: 'code', text, language, fenced: true, open: at >= lines.length }, at + 1];
}

/** Whether a line ends a paragraph. */
function interrupts(line) {
	if (startsBlock(line)) return true;
	const item = ITEM.exec(line);
	return Boolean(item) && item[0].length < line.length && (item[3] === undefined || Number(item[3]) === 1);
}

/** Whether what was read last is a paragraph that a line without its marks still continues. */
function continues(inside, line) {
	if (isBlank(line) || interrupts(line) || ITEM.test(line)) return false;
	const last = inside.at(-1) ?? '';
	if (isBlank(last) || /^ {0,3}(#{1,6}([ \t]|$)|`{3}|~{3})/.test(last) || RULE.test(last)) return false;
	const fences = inside.slice(-LOOK_BACK).filter((one) => /^[ >]*(`{3,}[^`]*|~{3,}.*)$/.test(one)).length;
	return fences % 2 === 0 && (indent(last) < 4 || inside.length > 1);
}

function quote(lines, start, references, depth) {
	const inside = [];
	let at = start;
	for (; at < lines.length; at += 1) {
		if (QUOTE.test(lines[at])) inside.push(untabbed(lines[at].replace(QUOTE, '')));
		else if (continues(inside, lines[at])) inside.push(lines[at].trimStart().replace(/^(=+|-+)\s*$/, '\\$1'));
		else break;
	}
	return [{ type: 'quote', blocks: blocksOf(inside, references, depth + 1) }, at];
}

function list(lines, start, references, depth) {
	const [, , mark, ordinal] = ITEM.exec(lines[start]);
	const kind = mark.at(-1);
	const items = [];
	let loose = false;
	let at = start;
	while (at < lines.length) {
		const found = ITEM.exec(lines[at]);
		if (!found || found[2].at(-1) !== kind || RULE.test(lines[at])) break;
		const empty = found[0].length === lines[at].length;
		const gap = found[4].length > 4 || empty ? 1 : found[4].length;
		const width = found[1].length + found[2].length + gap;
		const inside = [lines[at].slice(width)];
		at += 1;
		if (empty && at < lines.length && isBlank(lines[at])) {
			items.push({ blocks: [] });
		} else {
			for (; at < lines.length; at += 1) {
				if (isBlank(lines[at])) inside.push('');
				else if (indent(lines[at]) >= width) inside.push(lines[at].slice(width));
				else if (continues(inside, lines[at])) inside.push(lines[at].trimStart());
				else break;
			}
			items.push(item(inside, references, depth));
		}
		let blank = 0;
		while (inside.length > 1 && inside.at(-1 - blank) === '') blank += 1;
		while (at < lines.length && isBlank(lines[at])) {
			at += 1;
			blank += 1;
		}
		const next = at < lines.length && ITEM.exec(lines[at]);
		const goesOn = next && next[2].at(-1) === kind && !RULE.test(lines[at]);
		if (items.at(-1).loose || (goesOn && blank)) loose = true;
		if (!goesOn) break;
	}
	return [{ type: 'list', start: ordinal === undefined ? undefined : Number(ordinal), items, loose }, at];
}

function item(inside, references, depth) {
	const task = /^\[([ xX])\] +(?=\S)/.exec(inside[0]);
	if (task) inside[0] = inside[0].slice(task[0].length);
	const blocks = blocksOf(inside, references, depth + 1);
	const loose = blocks.some((block, at) => at > 0 && isBlank(inside[block.line - 1]));
	return { blocks, loose, done: task ? task[1] !== ' ' : undefined };
}

function math(lines, start) {
	const open = MATH.exec(lines[start])[1];
	const close = open === '$$' ? '$$' : '\\]';
	const first = lines[start].trimStart().slice(2);
	const same = first.indexOf(close);
	if (same >= 0) return isBlank(first.slice(same + 2)) ? [{ type: 'math', text: first.slice(0, same) }, start + 1] : undefined;
	for (let at = start + 1; at < Math.min(lines.length, start + LONGEST_FORMULA) && !isBlank(lines[at]); at += 1) {
		const end = lines[at].indexOf(close);
		if (end >= 0) {
			if (!isBlank(lines[at].slice(end + 2))) return undefined;
			return [{ type: 'math', text: [first, ...lines.slice(start + 1, at), lines[at].slice(0, end)].join('\n') }, at + 1];
		}
	}
	return undefined;
}

/** The cells of a row; a bar after a backslash belongs to its cell. */
export function cells(row) {
	const found = [''];
	const text = row.trim().replace(/^\|/, '');
	for (let at = 0; at < text.length; at += 1) {
		if (text[at] === '\\' && text[at + 1] === '|') {
			found[found.length - 1] += '|';
			at += 1;
		} else if (text[at] === '|') found.push('');
		else found[found.length - 1] += text[at];
	}
	if (text.endsWith('|') && !text.endsWith('\\|')) found.pop();
	return found.map((cell) => cell.trim());
}

function table(lines, start) {
	const marks = lines[start + 1];
	if (marks === undefined || !lines[start].includes('|') || !marks.includes('-') || !DELIMITERS.test(marks)) return undefined;
	const head = cells(lines[start]);
	const sides = cells(marks).map((mark) => (/:$/.test(mark) ? (/^:/.test(mark) ? 'center' : 'right') : undefined));
	if (head.length !== sides.length) return undefined;
	let at = start + 2;
	const rows = [];
	for (; at < lines.length && !isBlank(lines[at]) && !interrupts(lines[at]); at += 1) rows.push(cells(lines[at]).slice(0, head.length));
	return [{ type: 'table', head, sides, rows }, at];
}

function paragraph(lines, start) {
	let at = start + 1;
	for (; at < lines.length && !isBlank(lines[at]); at += 1) {
		const under = /^ {0,3}(=+|-+)[ \t]*$/.exec(lines[at]);
		if (under) return [{ type: 'heading', level: under[1][0] === '=' ? 1 : 2, text: joined(lines, start, at) }, at + 1];
		if (interrupts(lines[at]) || (MATH.test(lines[at]) && math(lines, at)) || table(lines, at)) break;
	}
	return [{ type: 'paragraph', text: joined(lines, start, at) }, at];
}

const joined = (lines, start, end) => lines.slice(start, end).map((line) => line.trimStart()).join('\n').trimEnd();
