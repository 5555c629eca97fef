// A look at a file. Its contents never become part of the page: pictures are pictures, texts are texts, and web pages are
// shown in a frame without scripts.

import { address, beginning, blob, send } from './api.js';
import { box } from './details.js';
import { unified } from './diff.js';
import { button, dialog, fill, h, iconButton } from './dom.js';
import { LANGUAGES, baseName, isImage, kindOf, many, number, size, typeOf, visible } from './format.js';
import { node as rendered, inlineOf, shower } from './render.js';
import { parse } from './markdown.js';
import { artifactPath, download, emit, filePath, pictureAddress, store } from './store.js';

const MOST_TEXT = 300_000;
const MOST_ROWS = 200;
const MOST_COLUMNS = 100;
const MOST_SEEN = 20;
/** Texts of files, by user and name, as they were when they were last looked at. */
const seen = new Map();

/** The rows of a CSV text; quotes may hold line ends. */
export function table(text, separator) {
	const rows = [[]];
	let field = '';
	let quoted = false;
	for (let at = 0; at < text.length && rows.length <= MOST_ROWS + 2; at += 1) {
		const sign = text[at];
		if (quoted) {
			if (sign !== '"') field += sign;
			else if (text[at + 1] === '"') {
				field += '"';
				at += 1;
			} else quoted = false;
		} else if (sign === '"' && field === '') quoted = true;
		else if (sign === separator) {
			rows.at(-1).push(field);
			field = '';
		} else if (sign === '\n') {
			rows.at(-1).push(field.replace(/\r$/, ''));
			rows.push([]);
			field = '';
		} else field += sign;
	}
	if (field || rows.at(-1).length) rows.at(-1).push(field);
	return rows.filter((row) => row.length);
}

function tableView(text, name) {
	const [head = [], ...rows] = table(text, /\.tsv$/i.test(name) ? '\t' : ',');
	const cut = (row) => row.slice(0, MOST_COLUMNS);
	const shown = rows.slice(0, MOST_ROWS);
	const side = (cell) => /^\s*-?[\d.,]+%?\s*$/.test(cell ?? '') && 'to-right';
	return [h('div.wide-table', { tabindex: 0, role: 'region', 'aria-label': `Table: ${visible(name)}` }, h('table',
		h('thead', h('tr', cut(head).map((cell, at) => h('th', { scope: 'col', class: side(shown[0]?.[at]) }, cell)))),
		h('tbody', shown.map((row) => h('tr', cut(row).map((cell) => h('td', { class: side(cell) }, cell))))))),
	h('p.quiet', rows.length > MOST_ROWS ? `The first ${MOST_ROWS} rows are shown.` : many(rows.length, 'row'))];
}

function views(name, text) {
	const type = typeOf(name);
	const source = box(visible(baseName(name)), type === 'application/json' ? pretty(text) : text, LANGUAGES[type]);
	if (type === 'text/csv' || type === 'text/tab-separated-values') return [['Table', () => tableView(text, name)], ['Text', () => source]];
	if (type === 'text/markdown') {
		return [['Page', () => {
			const { blocks, references } = parse(text);
			const inline = inlineOf(references, shower({ has: () => false }));
			return h('div.prose', blocks.map((block) => rendered(block, inline)));
		}], ['Text', () => source]];
	}
	return [['Text', () => source]];
}

function pretty(text) {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}

function pages(target, scripts) {
	const place = h('div.frame');
	const load = async (withScripts) => {
		try {
			const { url } = await send('POST', 'previews', { ...target, scripts: withScripts });
			fill(place, h('iframe', { src: address(`..${url}`), sandbox: withScripts ? 'allow-scripts' : '', title: withScripts ? 'Preview with scripts' : 'Preview without scripts', referrerpolicy: 'no-referrer' }));
		} catch (error) {
			fill(place, h('p.problem', error.message));
		}
	};
	load(false);
	const warning = scripts && h('details', h('summary', 'Scripts are off'),
		h('p', 'Scripts in this page would run in your browser, outside of the sandbox. They cannot read your data here, but they can send what the file contains to other computers.'),
		button('Run its scripts', (event) => {
			event.target.disabled = true;
			load(true);
		}));
	return [place, warning || h('p.quiet', 'Shown without scripts and without network.')];
}

function switcher(place, all) {
	const show = (make, control) => {
		fill(place, make());
		for (const one of tabs) one.setAttribute('aria-pressed', String(one === control));
	};
	const tabs = all.map(([name, make]) => button(name, (event) => show(make, event.currentTarget), 'link.tab'));
	if (tabs.length) show(all[0][1], tabs[0]);
	return tabs.length > 1 ? h('p.row', { role: 'group', 'aria-label': 'View' }, tabs) : '';
}

function preview({ name, path, target, bytes, picture, old }) {
	const place = h('div.preview', h('p.working', 'Loading'));
	const choice = h('div');
	const get = () => download(path, name);
	dialog(visible(baseName(name)), [h('p.quiet', [kindOf(name), size(bytes)].filter(Boolean).join(' · ')), choice, place],
		{ wide: true, actions: [iconButton('down', 'Download this file', get)] });
	const nothing = (text) => fill(place, h('div.blank', h('p', text), button('Download', get)));
	const load = async () => {
		if (isImage(name)) {
			const url = await picture();
			const image = h('img', { alt: `Picture: ${visible(baseName(name))}`, class: 'whole', error: () => nothing('This picture cannot be shown.') });
			image.src = url;
			fill(place, image);
			return;
		}
		const type = typeOf(name);
		if (!/^text\/|json$/.test(type)) {
			nothing(type === 'application/pdf' ? 'PDF files are not shown here.' : 'There is no preview of this kind of file.');
			return;
		}
		const { text, cut } = await beginning(path, MOST_TEXT);
		const key = `${store.status?.user?.name}\n${name}`;
		const before = old && seen.get(key);
		const all = views(name, text);
		if (old && before?.digest !== old) seen.set(key, { text, digest: old, before: before?.text });
		const earlier = old && seen.get(key).before;
		if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
		const changes = earlier !== undefined && unified(earlier, text);
		if (changes) all.push(['Changes since you looked', () => box('Changes', changes, 'diff')]);
		if (type === 'text/html') all.unshift(['Page', () => pages(target, store.status?.artifact_scripts === 'ask')]);
		fill(choice, switcher(place, all), cut && h('p.quiet', `Only the first ${number(MOST_TEXT)} characters are shown as text.`));
	};
	load().catch((error) => nothing(error.status === 404 ? 'This file is not there any more.' : error.message));
}

export function previewArtifact(name) {
	const one = store.artifacts.get(name);
	store.marks.delete(name);
	emit('artifacts');
	preview({ name, path: artifactPath(name), target: { artifact: name }, bytes: one?.size, picture: () => pictureAddress(name), old: one?.digest ?? one?.modified });
}

export function previewFile(path) {
	const picture = async () => URL.createObjectURL(await blob(filePath(path), typeOf(path)));
	preview({ name: path, path: filePath(path), target: { path }, picture });
}
