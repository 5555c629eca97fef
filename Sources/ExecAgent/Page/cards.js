// One card for each call: folded, with what it was asked, what it printed, and what it made.

import { button, fill, h, icon } from './dom.js';
import { duration, iconOf, number, oneLine, size, visible } from './format.js';
import { part } from './store.js';

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

export class CallCard {
	#built = false;

	/** @param context open(name), link(id), before(path, place): the text that this conversation last wrote there */
	constructor(event, context, place) {
		this.started = event;
		this.context = context;
		this.place = place;
		this.args = parsedArguments(event);
		this.kind = Object.hasOwn(KINDS, event.name) ? KINDS[event.name] : { icon: 'tool', subject: (args) => Object.values(args).find((one) => typeof one === 'string') };
		this.ended = undefined;
		this.printed = '';
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
		const verb = this.ended ? this.kind.past ?? `Used ${name}` : this.kind.now ?? `Using ${name}`;
		this.verb.textContent = verb.slice(0, 120);
	}

	tick() {
		// Its conversation was closed.
		if (!this.node.isConnected) running.delete(this);
		const seconds = Math.floor((Date.now() - this.since) / 1000);
		if (seconds > 0) this.state.textContent = `${seconds} s`;
	}

	progress(event) {
		this.printed = event.message;
		this.live.textContent = oneLine(event.message.trimEnd().split('\n').at(-1));
	}

	end(event) {
		this.ended = event;
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
		const { exit_code: code, is_error: isError, timed_out: late, seconds } = this.ended;
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
		part(import('./details.js'), ({ details }) => fill(this.body, details(this)));
	}
}

/** Files that a call made or changed. */
export function chips(artifacts, context) {
	return h('ul.chips', { 'aria-label': 'Files made' }, artifacts.map((one) =>
		h('li', button([icon(iconOf(one.name)), visible(one.name), h('span.quiet', ` ${one.change === 'changed' ? 'changed' : 'new'}${Number.isFinite(one.size) ? `, ${size(one.size)}` : ''}`)], () => context.open(one.name), 'chip'))));
}

export const tokens = (usage) => `${number((usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0))} tokens`;
