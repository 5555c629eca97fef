// What is inside of a card: what the call was asked, what it printed, and what it made.

import { chips, absolute } from './cards.js';
import { unified } from './diff.js';
import { codeBox, copy, h, icon, iconButton } from './dom.js';
import { baseName, duration, many, typeOf, LANGUAGES, visible } from './format.js';
import { highlight } from './highlight.js';
import { streamBox } from './output.js';
import { download, filePath } from './store.js';

/** A text in a box, with a name and a button that copies it. */
export function box(title, text, language) {
	return codeBox(h('span', title), `Copy: ${title}`, text, h('pre', { tabindex: 0, 'aria-label': title }, h('code', highlight(text, language))));
}

/** The nodes inside of a card. */
export function details(card) {
	const { context, ended, printed, since, started } = card;
	return [
		asked(card),
		!ended && printed && box('So far', printed),
		ended && result(ended, context),
		h('p.row.quiet', ended && `${new Date(since).toLocaleTimeString('en-GB')}, ${duration(ended.seconds)}`,
			iconButton('link', 'Copy a link to this call', (click) => copy(context.link(started.id), click.currentTarget))),
	];
}

function asked({ args, context, place, started }) {
	if (!args) return [box('Arguments', started.arguments ?? '', 'json')];
	const parts = [];
	const rest = { ...args };
	const take = (name) => {
		const value = rest[name];
		delete rest[name];
		return value;
	};
	if (started.name === 'execute_bash') parts.push(box('Command', String(take('command') ?? ''), 'bash'));
	if (started.name === 'write_file') {
		const path = String(take('file_path') ?? '');
		const content = String(take('content') ?? '');
		const previous = context.before(absolute(path), place);
		const changes = previous !== undefined && unified(previous, content);
		const whole = box(visible(path), content, LANGUAGES[typeOf(path)]);
		if (changes) parts.push(box(`Changes in ${visible(baseName(path))}`, changes, 'diff'), h('details', h('summary', 'The whole file'), whole));
		else parts.push(whole);
	}
	const fields = Object.entries(rest);
	if (fields.length) {
		parts.push(h('dl.fields', fields.map(([name, value]) => [
			h('dt', visible(name)),
			h('dd', typeof value === 'string' ? value : h('code', JSON.stringify(value, null, 1))),
		])));
	}
	return parts;
}

function result(event, context) {
	const parts = [];
	const whole = event.output_path && (() => download(filePath(event.output_path), event.output_path, 'The whole output is gone: it is kept only while the sandbox runs.'));
	if (event.text) parts.push(streamBox('Result', event.text, { kind: event.is_error && 'bad' }));
	const has = (stream) => stream && (stream.head || stream.tail || stream.omitted);
	if (has(event.stdout)) parts.push(streamBox('Output', event.stdout, { bytes: event.stdout_bytes, whole }));
	if (has(event.stderr)) parts.push(streamBox('Errors and messages (stderr)', event.stderr, { bytes: event.stderr_bytes, whole: !has(event.stdout) && whole, kind: event.exit_code ? 'bad' : '' }));
	if (event.calls?.length) {
		parts.push(h('p.label', `${many(event.calls.length, 'call')} of tools from within`), h('ul.calls', event.calls.map((one) =>
			h('li', { class: one.ok ? '' : 'bad' }, icon(one.ok ? 'check' : 'fail'), h('code', visible(`${one.server}.${one.tool}`)), ` ${one.ok ? 'done' : 'failed'} · ${duration(one.seconds)}`))));
	}
	if (event.artifacts?.length) parts.push(chips(event.artifacts, context));
	if (!parts.length) parts.push(h('p.quiet', 'It printed nothing.'));
	if (event.truncated && !event.output_path) parts.push(h('p.quiet', 'The output was longer than what is kept.'));
	return parts;
}
