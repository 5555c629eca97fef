// The list of conversations, and what can be done with one.

import { get, send } from './api.js';
import { $, button, confirm, dialog, fill, h, iconButton, menu, roving } from './dom.js';
import { ago, many } from './format.js';
import { startNew, talk } from './conversation.js';
import { attempt, on, part, store, tellTabs } from './store.js';

let enter;

export async function loadConversations() {
	const { conversations } = await get('conversations');
	store.conversations = conversations;
	draw();
}

const soon = () => loadConversations().catch(() => {});

function draw() {
	const place = $('conversations');
	const focused = place.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
	if (!store.conversations.length) {
		fill(place, h('p.hint', 'Your conversations will be listed here.'));
		return;
	}
	fill(place, h('ul', store.conversations.map((one) => {
		const more = iconButton('more', `More for ${one.title}`, () => actions(more, one), { 'aria-haspopup': 'menu' });
		return h('li', { class: one.id === talk.id && 'current' },
			h('a', { href: `#/c/${one.id}`, 'data-id': one.id, 'aria-current': one.id === talk.id && 'page', tabindex: -1 },
				h('span.name', one.title || 'Conversation'),
				h('span.quiet', one.run_id ? 'at work' : `${ago(one.updated)} · ${many(one.turns, 'message')}`),
				one.run_id && h('span.light', { 'data-state': 'busy' })),
			more);
	})));
	enter?.();
	if (focused) place.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

export function actions(anchor, one) {
	menu(anchor, [
		['Rename', () => rename(one)],
		...['Markdown', 'JSON', 'script', 'notebook'].map((kind) => [`Export as ${kind}`, () => part(import('./export.js'), ({ exportAs }) => attempt(async () => exportAs(kind, await whole(one))))]),
		['Delete', () => remove(one), 'danger'],
	]);
}

const path = (one) => `conversations/${encodeURIComponent(one.id)}`;
const whole = (one) => get(path(one), { patient: true });

function rename(one) {
	const field = h('input', { id: 'new-title', value: one.title, maxlength: 200, autofocus: true, autocomplete: 'off' });
	const node = dialog('Rename', h('form', {
		submit: async (event) => {
			event.preventDefault();
			node.close();
			const title = field.value.trim();
			if (!title) return;
			if (!(await attempt(() => send('PATCH', path(one), { title })))) return;
			if (talk.id === one.id) {
				talk.title = title;
				$('title').textContent = title;
			}
			soon();
			tellTabs({ type: 'list' });
		},
	}, h('label', { for: 'new-title' }, 'Title'), field, h('p.row.end', button('Cancel', () => node.close()), h('button.button.first', 'Save'))));
	field.select();
}

async function remove(one) {
	if (!(await confirm('Delete this conversation?', `“${one.title}” and its activity are deleted for good. Files in the sandbox stay.`, 'Delete'))) return;
	if (!(await attempt(() => send('DELETE', path(one))))) return;
	if (talk.id === one.id) {
		history.pushState(null, '', '#/');
		startNew();
	}
	soon();
	tellTabs({ type: 'list' });
}

export function wireHistory() {
	enter = roving($('conversations'), 'a');
	on('started', soon);
	on('ended', soon);
	on('talk', draw);
	on('tab', soon);
}
