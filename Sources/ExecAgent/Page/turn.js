// One turn: what the person asked, and what the agent said and did, in its order.

import { CallCard, absolute, chips, tokens } from './cards.js';
import { button, copy, fill, h, icon, iconButton } from './dom.js';
import { baseName, clock, duration, isImage, many, number, size, visible } from './format.js';
import { MarkdownView } from './render.js';

const ENDS = {
	cut: 'The answer is cut off: the model reached its own limit.',
	stopped: 'Stopped.',
	limit: 'A limit of this run was reached.',
};

export class TurnView {
	#cards = new Map();
	#text = '';
	#view;
	#group;
	#usages = [];
	#made = new Map();
	#texts = [];
	#dirty = false;

	/** @param context shows pictures and artifacts, asks questions, and knows the conversation */
	constructor(turn, context) {
		this.turn = turn;
		this.context = context;
		this.state = 'running';
		this.tools = h('div.row');
		this.working = h('p.working', h('span.dots', { 'aria-hidden': 'true' }), 'Working');
		this.gallery = h('div.gallery');
		this.foot = h('footer.row');
		this.answer = h('div.answer');
		const id = `turn-${turn.index}`;
		const files = turn.attachments ?? [];
		this.node = h('li.turn',
			h('article.you', { 'aria-labelledby': `${id}-you` },
				h('h2', { id: `${id}-you` }, 'You', turn.created && h('time.quiet', { datetime: turn.created }, ` ${clock(turn.created)}`)),
				h('p.said', turn.text),
				files.length > 0 && h('ul.chips', { 'aria-label': 'Attachments' }, files.map((file) => h('li.chip', icon('clip'), visible(file.name), h('span.quiet', ` ${size(file.size)}`)))),
				this.tools),
			h('article.agent', { 'aria-labelledby': `${id}-agent` }, h('h2', { id: `${id}-agent` }, 'Agent'), this.answer, this.gallery, this.working, this.foot));
		for (const event of turn.events ?? []) this.apply(event);
		if (turn.events_omitted > 0) this.answer.prepend(h('p.note', `${many(turn.events_omitted, 'older event')} of this run are no longer kept.`));
		if (turn.state && turn.state !== 'running' && this.state === 'running') this.finish(turn);
		this.flush();
	}

	get answerText() {
		return [...this.#texts, this.#text].filter(Boolean).join('\n\n');
	}

	/** Takes an event; @returns what a screen reader is to say. */
	apply(event) {
		switch (event.type) {
		case 'text':
			this.#group = undefined;
			this.#text += event.text;
			this.#dirty = true;
			return undefined;
		case 'tool_started': {
			this.#endText();
			if (!this.#group) this.answer.append((this.#group = h('div.cards')));
			const card = new CallCard(event, this.context, placeOf(this.turn.index, event.seq));
			this.#cards.set(event.id, card);
			this.#group.append(card.node);
			return card.verb.textContent;
		}
		case 'tool_progress':
			this.#cards.get(event.id)?.progress(event);
			return undefined;
		case 'tool_ended': {
			if (!this.#cards.has(event.id)) this.apply({ ...event, type: 'tool_started', arguments: '{}' });
			const card = this.#cards.get(event.id);
			card.end(event);
			const { args } = card;
			if (card.started.name === 'write_file' && !event.is_error && args?.file_path) {
				this.context.wrote(absolute(args.file_path), String(args.content ?? ''), placeOf(this.turn.index, event.seq));
			}
			for (const one of event.artifacts ?? []) this.#made.set(one.name, one);
			if (event.artifacts?.length) this.#showMade();
			return card.words();
		}
		case 'retrying':
			this.#note(`The model did not answer: ${event.reason} Trying again in ${duration(event.seconds)}.`);
			return 'The model did not answer. Trying again';
		case 'notice':
			this.#note(event.message);
			return event.message;
		case 'gap':
			this.#note('Some older activity of this run is no longer kept.');
			return undefined;
		case 'turn_usage':
			this.#usages.push(event);
			return undefined;
		case 'question':
		case 'question_closed':
			return this.context.question(event);
		case 'finished':
			return this.finish(event);
		default:
			return undefined;
		}
	}

	#note(text) {
		this.#endText();
		this.#group = undefined;
		this.answer.append(h('p.note', visible(text)));
	}

	#endText() {
		if (this.#text) {
			this.#render(true);
			this.#texts.push(this.#text);
		}
		this.#text = '';
		this.#view = undefined;
	}

	#render(isWhole) {
		if (!this.#view) {
			this.#view = new MarkdownView(this.context.show, () => this.#made.size && this.#showMade());
			this.answer.append(this.#view.node);
		}
		return this.#view.update(this.#text, isWhole);
	}

	/** Shows the text that has come; once a frame is enough. */
	flush() {
		if (!this.#dirty) return;
		this.#dirty = !this.#render(false);
		if (this.#dirty) this.context.later();
	}

	#showMade() {
		const made = [...this.#made.values()];
		const pictures = made.filter((one) => isImage(one.name) && !this.answer.querySelector(`[data-picture="${CSS.escape(one.name)}"]`));
		const others = made.filter((one) => !isImage(one.name));
		fill(this.gallery, pictures.map((one) => this.context.show.pictureOf(one.name, one.name, true)), others.length > 0 && chips(others, this.context));
	}

	finish({ state, error, usage, seconds }) {
		this.#dirty = false;
		this.#endText();
		this.state = state;
		this.working.remove();
		for (const card of this.#cards.values()) card.abandon();
		this.context.question({ type: 'question_closed' });
		if (this.#made.size) this.#showMade();
		if (state === 'failed') {
			this.answer.append(h('div.problem', icon('fail'), h('p', visible(error?.message ?? 'The run failed.'))));
		} else if (ENDS[state]) this.answer.append(h('p.note', visible(error?.message ?? ENDS[state])));
		const text = this.answerText;
		const used = usage ?? this.#usages.reduce((sum, one) => ({ prompt_tokens: sum.prompt_tokens + (one.prompt_tokens || 0), completion_tokens: sum.completion_tokens + (one.completion_tokens || 0) }), { prompt_tokens: 0, completion_tokens: 0 });
		const facts = [Number.isFinite(seconds) && duration(seconds), used.prompt_tokens + used.completion_tokens > 0 && tokens(used)].filter(Boolean).join(' · ');
		const control = text && iconButton('copy', 'Copy the answer', () => copy(text, control));
		fill(this.foot, control, this.#usages.length > 1
			? h('details.quiet', h('summary', facts), h('ol', this.#usages.map((one) => h('li', `${number(one.prompt_tokens)} tokens in, ${number(one.completion_tokens)} out, ${duration(one.seconds)}`))))
			: h('span.quiet', facts));
		const said = { answered: `Answer complete, ${many(text.split(/\s+/).filter(Boolean).length, 'word')}`, stopped: 'Stopped', failed: `Failed: ${error?.message ?? ''}` };
		return said[state] ?? ENDS[state];
	}

	/** The last message can be changed and sent again. */
	offer({ edit, again }) {
		fill(this.tools, edit && button('Edit', edit, 'link', { 'aria-label': 'Edit and send again' }),
			again && ['failed', 'stopped', 'limit', 'cut'].includes(this.state) && button('Send again', again, 'link'));
	}
}

/** How a conversation shows pictures of artifacts: loaded when they come near the window. */
export function pictureOf(name, text, open, load, captioned) {
	const image = h('img', { alt: captioned ? 'Picture' : text || baseName(name) });
	const node = button([image, captioned && h('span.quiet', visible(name))], () => open(name), 'picture', { 'data-picture': name, title: 'Open' });
	const seen = new IntersectionObserver((entries) => {
		if (!entries.some((one) => one.isIntersecting)) return;
		seen.disconnect();
		load(name).then((url) => (image.src = url), () => node.replaceWith(h('span.note', `${visible(name)} is not there any more.`)));
	}, { rootMargin: '400px' });
	seen.observe(node);
	return node;
}

/** Where an event is in its conversation: a number that grows. */
export const placeOf = (turn, sequence = 0) => turn * 1e9 + sequence;
