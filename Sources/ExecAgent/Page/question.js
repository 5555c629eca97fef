// What a tool's server asks during a run: whether a call may run, a form, or a page to visit. It does not take the focus:
// who is typing must not answer by accident.

import { send } from './api.js';
import { $, add, button, fill, h, say } from './dom.js';
import { many, visible } from './format.js';
import { safeAddress } from './render.js';
import { store } from './store.js';

const open = new Map();
let shown;

const WORDS = { once: 'Allow once', session: 'Allow for this session', always: 'Always allow' };

function draw() {
	const next = open.values().next().value;
	if (next?.id === shown) return;
	shown = next?.id;
	const place = $('question');
	const hadFocus = place.contains(document.activeElement);
	fill(place);
	if (!next) {
		if (hadFocus) $('text').focus();
		return;
	}
	const problem = h('p.bad', { role: 'alert' });
	let busy = false;
	const respond = async (action, content) => {
		// A button that is disabled would lose the focus.
		if (busy) return;
		busy = true;
		try {
			await send('POST', `../v1/sessions/${encodeURIComponent(store.status.user.name)}/questions/${encodeURIComponent(next.id)}`, { action, ...(content && { content }) });
			open.delete(next.id);
		} catch (error) {
			if (error.status === 404) open.delete(next.id);
			problem.textContent = error.message;
		}
		busy = false;
		draw();
	};
	const title = next.approval ? `${visible(next.server)} asks for your approval` : `${visible(next.server)} asks you something`;
	const body = next.approval ? approval(next, respond) : next.mode === 'url' ? visit(next, respond) : form(next, respond, problem);
	place.append(h('section', { role: 'dialog', 'aria-labelledby': 'question-title', class: 'question' },
		h('h2', { id: 'question-title', tabindex: -1 }, title, open.size > 1 && h('span.quiet', ` 1 of ${open.size}`)), body, problem));
	say(`${title}. The run waits. The question is before the message field.`);
}

function approval(question, respond) {
	const { approval: asked, schema } = question;
	const offered = options(schema?.properties?.decision ?? {}).map(([value]) => value);
	const all = asked.arguments ?? [];
	return [
		h('p', 'The agent wants to call ', h('strong', visible(`${asked.server}.${asked.tool}`)), (asked.count ?? all.length) > 1 && ` ${many(asked.count ?? all.length, 'time')}`, asked.reason ? `: ${visible(asked.reason)}` : '.'),
		h('div.asked', { tabindex: 0, role: 'region', 'aria-label': 'Arguments' }, all.map((one, at) => h('pre', visible(JSON.stringify(one, null, 2)), asked.counts?.[at] > 1 && h('span.quiet', `  × ${asked.counts[at]}`)))),
		asked.rule && h('p.quiet', `Rule: ${visible(asked.rule)}`),
		h('p.row', button('Deny', () => respond('decline'), 'button.danger'),
			['once', 'session', 'always'].filter((one) => offered.includes(one)).map((one) => button(WORDS[one], () => respond('accept', { decision: one }), one === 'once' ? 'button.first' : 'button'))),
	];
}

function visit(question, respond) {
	const url = safeAddress(question.url);
	const isPage = url && url.host;
	return [
		h('p', visible(question.message)),
		isPage ? h('p', 'It asks you to open a page at ', h('strong', url.host), ': ', h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer' }, visible(url.href))) : h('p.bad', `It names an address that is not opened: ${visible(question.url)}`),
		h('p.row', button('Decline', () => respond('decline')), isPage && button('I have done it', () => respond('accept'), 'button.first')),
	];
}

/** The options of a selection, [value, title]. */
function options(schema) {
	const titled = schema.oneOf ?? schema.anyOf;
	if (Array.isArray(titled)) return titled.map((one) => [String(one.const), String(one.title ?? one.const)]);
	return (Array.isArray(schema.enum) ? schema.enum : []).map((one, at) => [String(one), String(schema.enumNames?.[at] ?? one)]);
}

const SORTS = { email: 'email', uri: 'url', date: 'date', 'date-time': 'datetime-local' };

function field(name, schema, required, id) {
	const title = visible(schema.title || name);
	const note = schema.description && h('span.quiet', { id: `${id}-note` }, visible(schema.description));
	const common = { id, name, required, 'aria-describedby': note && `${id}-note` };
	const mark = required ? ' (needed)' : '';
	let control;
	let read;
	if (schema.type === 'boolean') {
		control = h('input', { ...common, required: false, type: 'checkbox', checked: schema.default === true });
		return { node: h('p', h('label.row', control, title), note), read: () => control.checked };
	}
	if (schema.type === 'array') {
		const boxes = options(schema.items ?? {}).map(([value, text]) => [value, h('input', { type: 'checkbox', checked: schema.default?.includes?.(value) }), text]);
		return {
			node: h('fieldset', h('legend', title, mark), note, boxes.map(([, one, text]) => h('label.row', one, visible(text)))),
			read: () => boxes.filter(([, one]) => one.checked).map(([value]) => value),
		};
	}
	if (schema.enum || schema.oneOf) {
		control = h('select', common, !required && h('option', { value: '' }, 'No choice'), options(schema).map(([value, text]) => h('option', { value, selected: schema.default === value }, visible(text))));
		read = () => control.value || undefined;
	} else if (schema.type === 'number' || schema.type === 'integer') {
		control = h('input', { ...common, type: 'number', step: schema.type === 'integer' ? 1 : 'any', min: schema.minimum, max: schema.maximum, value: schema.default });
		read = () => (control.value === '' ? undefined : Number(control.value));
	} else {
		control = h('input', { ...common, type: SORTS[schema.format] ?? 'text', minlength: schema.minLength, maxlength: schema.maxLength, value: schema.default, autocomplete: 'off' });
		read = () => (control.value === '' && !required ? undefined : control.value);
	}
	return { node: h('p.field', h('label', { for: id }, title, mark), note, control), read };
}

function form(question, respond, problem) {
	const { properties = {}, required = [] } = question.schema ?? {};
	const fields = Object.entries(properties).slice(0, 64).map(([name, schema], at) => [name, field(name, schema ?? {}, required.includes(name), `field-${at}`)]);
	const node = h('form', {
		novalidate: true,
		submit: (event) => {
			event.preventDefault();
			const bad = [...node.querySelectorAll('input, select')].find((one) => !one.checkValidity());
			if (bad) {
				problem.textContent = bad.validationMessage;
				bad.focus();
				return;
			}
			respond('accept', Object.fromEntries(fields.map(([name, one]) => [name, one.read()]).filter(([, value]) => value !== undefined)));
		},
	});
	add(node, [h('p', visible(question.message)), fields.map(([, one]) => one.node),
		h('p.row', button('Decline', () => respond('decline')), h('button.button.first', 'Send'))]);
	return node;
}

/** Shows a question, or removes it; without an id, all of them. */
export function take(event) {
	if (event.type === 'question') open.set(event.id, event);
	else if (event.id === undefined) open.clear();
	else open.delete(event.id);
	draw();
}
