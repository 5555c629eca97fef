// The events of a run: a stream of Server-Sent Events that is resumed where it broke off.

import { APIError, request } from './api.js';
import { slices } from './dom.js';

const SILENCE = 45000;
const LONGEST_WAIT = 10000;

/** Reads one response to its end and hands over each event; pauses so that the page stays responsive. */
async function readEvents(body, onEvent, onSign) {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	const breathe = slices();
	let rest = '';
	let data = [];
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		onSign();
		const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
		rest = lines.pop();
		for (const line of lines) {
			if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
			else if (line === '' && data.length) {
				const text = data.join('\n');
				data = [];
				const event = parsed(text);
				if (event) onEvent(event);
				await breathe();
			}
		}
	}
}

function parsed(text) {
	try {
		const event = JSON.parse(text);
		return event !== null && typeof event === 'object' ? event : undefined;
	} catch {
		return undefined;
	}
}

export class RunStream {
	#after;
	#controller;
	#wake;
	#closed = false;

	/** @param told is told 'live' or 'lost' */
	constructor(run, after, { event, told, gone }) {
		Object.assign(this, { run, event, told, gone });
		this.#after = after;
	}

	async start() {
		let wait = 300;
		let empty = 0;
		while (!this.#closed) {
			this.#controller = new AbortController();
			let timer;
			const sign = () => {
				clearTimeout(timer);
				timer = setTimeout(() => this.#controller.abort(), SILENCE);
			};
			try {
				sign();
				const response = await request('GET', `runs/${encodeURIComponent(this.run)}/events?after=${this.#after}`,
					{ signal: this.#controller.signal, accept: 'text/event-stream', patient: true });
				this.told('live');
				empty += 1;
				await readEvents(response.body, (one) => {
					empty = 0;
					wait = 300;
					if (Number.isInteger(one.seq)) {
						if (one.seq <= this.#after) return;
						this.#after = one.seq;
					}
					if (one.type === 'gap' && Number.isInteger(one.to)) this.#after = one.to;
					if (this.#closed) return;
					if (one.type === 'finished') this.#closed = true;
					this.event(one);
				}, sign);
			} catch (error) {
				if (this.#closed) return;
				if (error instanceof APIError && [401, 403, 404].includes(error.status)) {
					this.#closed = true;
					this.gone(error);
					return;
				}
			} finally {
				clearTimeout(timer);
			}
			if (this.#closed) return;
			// Streams that end without an event: the run has ended, and its `finished` event was never written.
			if (empty > 1) {
				this.#closed = true;
				this.gone(new APIError(404, ''));
				return;
			}
			this.told('lost');
			await new Promise((resolve) => {
				this.#wake = resolve;
				setTimeout(resolve, wait);
			});
			wait = Math.min(wait * 2, LONGEST_WAIT);
		}
	}

	/** Tries at once, for example when the network is back. */
	hurry() {
		this.#wake?.();
	}

	close() {
		this.#closed = true;
		this.#controller?.abort();
		this.#wake?.();
	}
}
