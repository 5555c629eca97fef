// One card for each call: folded, with what it was asked, what it printed, and what it made.

import { button, codeBox, copy, fill, h, icon, iconButton } from './dom.js';
import { unified } from './diff.js';
import { baseName, duration, iconOf, many, number, oneLine, size, typeOf, LANGUAGES, visible } from './format.js';
import { highlight } from './highlight.js';
import { streamBox } from './output.js';
import { download, filePath } from './store.js';

const running = new Set();
setInterval(() => running.forEach((card) => card.tick()), 1000);

const KINDS = {
	execute_bash: { icon: 'run', now: 'Running a command', past: 'Ran a command', subject: (args) => args.command },
	write_file: { icon: 'write', now: 'Writing a file', past: 'Wrote a file', subject: (args) => args.file_path },
	read_file: { icon: 'read', now: 'Reading a file', past: 'Read a file', subject: (args) => args.file_path },
	read_docstring: { icon: 'read', now: 'Reading a description', past: 'Read a description', subject: (args) => `${args.function_name ?? ''} ${args.file_path ?? ''}` },
};

export function parsedArguments(event) {
	try {
		const value = JSON.parse(event.arguments || '{}');
		return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
	} catch {
		return undefined;
	}
}

export const absolute = (path) => (String(path).startsWith('/') ? String(path) : `/workspace/${path}`);

/** A text in a box, with a name and a button that copies it. */
export function box(title, text, language) {
	return codeBox(h('span', title), `Copy: ${title}`, text, h('pre', { tabindex: 0, 'aria-label': title }, h('code', highlight(text, language))));
}

export class CallCard {
	#ended;
	#built = false;
	#progress = '';

	/** @param context open(name), link(id), before(path, place): the text that this conversation last wrote there */
	constructor(event, context, place) {
		this.started = event;
		this.context = context;
		this.place = place;
		this.args = parsedArguments(event);
		this.kind = Object.hasOwn(KINDS, event.name) ? KINDS[event.name] : { icon: 'tool', subject: (args) => Object.values(args).find((one) => typeof one === 'string') };
		this.since = Date.parse(event.time) || Date.now();
		this.verb = h('span.verb');
		this.state = h('span.state');
		this.live = h('span.live', { 'aria-hidden': 'true' });
		this.body = h('div.card-body');
		const subject = this.args && this.kind.subject(this.args);
		this.node = h('details.card', { 'data-state': 'running', toggle: () => this.#build() },
			h('summary', icon(this.kind.icon), this.verb, subject && h('code.subject', oneLine(subject)), this.state, this.live),
			this.body);
		this.node.dataset.call = event.id;
		this.#label();
		running.add(this);
	}

	#label() {
		const name = `${this.started.server ? `${visible(this.started.server)}: ` : ''}${visible(this.started.name)}`;
		const verb = this.#ended ? this.kind.past ?? `Used ${name}` : this.kind.now ?? `Using ${name}`;
		this.verb.textContent = verb.slice(0, 120);
	}

	tick() {
		// Its conversation was closed.
		if (!this.node.isConnected) running.delete(this);
		const seconds = Math.floor((Date.now() - this.since) / 1000);
		if (seconds > 0) this.state.textContent = `${seconds} s`;
	}

	progress(event) {
		this.#progress = event.message;
		this.live.textContent = oneLine(event.message.trimEnd().split('\n').at(-1));
	}

	end(event) {
		this.#ended = event;
		running.delete(this);
		this.live.remove();
		const failed = event.is_error || event.timed_out || event.exit_code > 0;
		this.node.dataset.state = failed ? 'failed' : 'done';
		fill(this.state, failed && icon('fail'), this.outcome());
		this.#label();
		if (this.#built) {
			this.#built = false;
			this.#build();
		}
	}

	/** Marks a call that has not ended, once its run has. */
	abandon() {
		if (!running.delete(this)) return;
		this.live.remove();
		this.node.dataset.state = 'failed';
		this.state.textContent = 'ended with the run';
	}

	outcome() {
		const { exit_code: code, is_error: isError, timed_out: late, seconds } = this.#ended;
		const words = late ? 'timed out' : Number.isInteger(code) ? `exit ${code}` : isError ? 'failed' : 'done';
		return [words, duration(seconds)].filter(Boolean).join(' · ');
	}

	/** What a screen reader says. */
	words() {
		return `${this.verb.textContent}, ${this.outcome()}`;
	}

	#build() {
		if (!this.node.open || this.#built) return;
		this.#built = true;
		const event = this.#ended;
		const parts = this.#arguments();
		if (!event && this.#progress) parts.push(box('So far', this.#progress));
		if (event) parts.push(...this.#result(event));
		parts.push(h('p.row.quiet',
			event && `${new Date(this.since).toLocaleTimeString('en-GB')}, ${duration(event.seconds)}`,
			iconButton('link', 'Copy a link to this call', (click) => copy(this.context.link(this.started.id), click.currentTarget))));
		fill(this.body, parts);
	}

	#arguments() {
		const { args, started } = this;
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
			const previous = this.context.before(absolute(path), this.place);
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

	#result(event) {
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
		if (event.artifacts?.length) parts.push(chips(event.artifacts, this.context));
		if (!parts.length) parts.push(h('p.quiet', 'It printed nothing.'));
		if (event.truncated && !event.output_path) parts.push(h('p.quiet', 'The output was longer than what is kept.'));
		return parts;
	}
}

/** Files that a call made or changed. */
export function chips(artifacts, context) {
	return h('ul.chips', { 'aria-label': 'Files made' }, artifacts.map((one) =>
		h('li', button([icon(iconOf(one.name)), visible(one.name), h('span.quiet', ` ${one.change === 'changed' ? 'changed' : 'new'}${Number.isFinite(one.size) ? `, ${size(one.size)}` : ''}`)], () => context.open(one.name), 'chip'))));
}

export const tokens = (usage) => `${number((usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0))} tokens`;
