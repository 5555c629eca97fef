// Blocks of Markdown as nodes, also while they are still being written.

import { button, codeBox, h, pause } from './dom.js';
import { visible } from './format.js';
import { formula } from './formula.js';
import { highlight } from './highlight.js';
import { Inline } from './inline.js';
import { parse } from './markdown.js';

const LONGEST_ROWS = 2000;
const SLICE = 8;

/** The address of a link that may be followed; undefined if it isn't a page or a mail. */
export function safeAddress(text) {
	let url;
	try {
		url = new URL(text);
	} catch {
		return undefined;
	}
	return /^(https?|mailto):$/.test(url.protocol) ? url : undefined;
}

/** The name of the artifact that an address in a text means; undefined if it can't mean one. */
function artifactName(address) {
	let path = String(address).replace(/^(sandbox|file):(\/\/)?/, '');
	if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(path)) return undefined;
	try {
		path = decodeURIComponent(path);
	} catch {
		return undefined;
	}
	return path.replace(/^(\.\/)?(\/?artifacts\/)?/, '').replace(/[?#].*$/, '');
}

/** How links and pictures are shown. `artifacts` knows what this user has, and shows it. */
export function shower(artifacts) {
	const link = (address, inside, title) => {
		const name = artifactName(address);
		if (name !== undefined && artifacts.has(name)) {
			return button(inside, () => artifacts.open(name), 'link', { title: visible(name) });
		}
		const url = safeAddress(address);
		if (!url) return h('span.no-link', { title: visible(address).slice(0, 300) }, inside);
		const node = h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow', title: visible(title ?? url.href).slice(0, 500) }, inside);
		const said = node.textContent.trim().split(/\s/)[0];
		const named = safeAddress(said) ?? safeAddress(`${url.protocol}//${said}`);
		// A text that looks like an address must not hide another one.
		if (/^(\w+:\/\/|www\.)/i.test(said) && !(named?.host === url.host && said.includes(url.host))) node.append(h('span.host', ` (${url.host || url.pathname})`));
		return node;
	};
	const picture = (address, text, title) => {
		const name = artifactName(address);
		if (name !== undefined && artifacts.has(name)) return artifacts.picture(name, text);
		const url = safeAddress(address);
		const shown = link(address, [text || 'Picture'], title);
		if (url?.host) shown.append(h('span.host', ` (picture at ${url.host}, not loaded)`));
		return shown;
	};
	return { link, picture };
}

function code(block) {
	const inside = h('code');
	if (block.open) inside.textContent = block.text;
	else inside.append(highlight(block.text, block.language));
	return codeBox(h('span', visible(block.language || 'text').slice(0, 40)), 'Copy this code', block.text, h('pre', { tabindex: 0, 'aria-label': 'Code' }, inside));
}

function table(block, inline) {
	const cell = (tag, text, at) => h(tag, { class: block.sides[at] && `to-${block.sides[at]}`, scope: tag === 'th' && 'col' }, inline.render(text ?? ''));
	const row = (texts, tag) => h('tr', block.head.map((_, at) => cell(tag, texts[at], at)));
	return h('div.wide-table', { tabindex: 0, role: 'region', 'aria-label': 'Table' }, h('table',
		h('thead', row(block.head, 'th')), h('tbody', block.rows.slice(0, LONGEST_ROWS).map((texts) => row(texts, 'td')))));
}

function item(entry, block, inline) {
	const inside = entry.blocks.map((one) => (one.type === 'paragraph' && !block.loose ? [inline.render(one.text), '\n'] : node(one, inline)));
	if (entry.done === undefined) return h('li', inside);
	const box = h('input', { type: 'checkbox', disabled: true, checked: entry.done, 'aria-label': entry.done ? 'Done' : 'To do' });
	return h('li.task', box, ' ', inside);
}

/** A block as a node. The headings of an answer begin below those of the page. */
export function node(block, inline) {
	switch (block.type) {
	case 'heading': return h(`h${Math.min(6, Math.max(inline.top, block.level + (inline.top > 1)))}`, { class: `level-${block.level}` }, inline.render(block.text));
	case 'rule': return h('hr');
	case 'code': return code(block);
	case 'math': return h('div.formula', { tabindex: 0, role: 'region', 'aria-label': 'Formula' }, formula(block.text, true));
	case 'quote': return h('blockquote', block.blocks.map((one) => node(one, inline)));
	case 'table': return table(block, inline);
	case 'list': {
		const start = block.start !== undefined && block.start !== 1 ? block.start : undefined;
		return h(block.start === undefined ? 'ul' : 'ol', { start }, block.items.map((entry) => item(entry, block, inline)));
	}
	default: return h('p', inline.render(block.text));
	}
}

export function inlineOf(references, show, top = 3) {
	const inline = new Inline(references, show);
	inline.top = top;
	return inline;
}

/** A text that grows: what is finished stays, only its last block is made again. A long one is made in slices. */
export class MarkdownView {
	#show;
	#done;
	#text = '';
	#stable = 0;
	#last = [];
	#due = 0;
	#references;

	/** @param done is called when all of a whole text is shown */
	constructor(show, done) {
		this.#show = show;
		this.#done = done;
		this.node = h('div.prose');
		this.isDone = false;
	}

	/** @returns whether all of it is shown; if not, it is to be called again */
	update(text, isWhole) {
		const start = performance.now();
		if (!isWhole && start < this.#due) return false;
		if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
		this.#text = text;
		if (isWhole && !this.#references) {
			({ references: this.#references } = parse(text));
			if (this.#references.size) {
				this.node.replaceChildren();
				this.#stable = 0;
				this.#last = [];
			}
		}
		const isShown = this.#tail(isWhole, start);
		const taken = performance.now() - start;
		this.#due = taken > SLICE ? start + taken * 2 : 0;
		if (isWhole && !isShown) pause().then(() => this.update(text, true));
		if (isWhole && isShown && !this.isDone) {
			this.isDone = true;
			this.#done?.();
		}
		return isShown;
	}

	#tail(isWhole, start) {
		const rest = this.#text.slice(this.#stable);
		const { blocks, references } = parse(rest);
		const open = blocks.length === 1 && blocks[0].open && !isWhole && this.#last[0]?.querySelector(':scope > pre > code');
		if (open && open.childNodes.length === 1 && blocks[0].text.startsWith(open.firstChild.data)) {
			open.firstChild.appendData(blocks[0].text.slice(open.firstChild.data.length));
			return true;
		}
		const from = (block) => (block.line ? rest.split('\n', block.line).join('\n').length + 1 : 0);
		const inline = inlineOf(this.#references ?? references, this.#show);
		for (const one of this.#last) one.remove();
		const made = [];
		for (const block of blocks) {
			if (made.length && performance.now() - start > SLICE) {
				this.#last = [];
				this.#stable += from(block);
				return false;
			}
			made.push(node(block, inline));
			this.node.append(made.at(-1));
		}
		// A line that is not finished may still belong to the block before it.
		const keep = blocks.at(-1)?.line === rest.split('\n').length - 1 ? 2 : 1;
		this.#last = isWhole ? [] : made.slice(-keep);
		if (isWhole) this.#stable = this.#text.length;
		else if (blocks.length > keep) this.#stable += from(blocks.at(-keep));
		return true;
	}
}
